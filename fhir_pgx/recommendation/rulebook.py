"""The drug rules, indexed once at start so that a call only looks up."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from fhir_pgx.model.drug import Drug
from fhir_pgx.model.knowledge import DrugRules, Guideline, Knowledge, Row

_GRADED = ("Strong", "Moderate")
PRECEDENCE = ("CPIC", "DPWG", "FDA")  # as shipped; a site may set its own
NOT_CALLED = "Not Called"  # shown where a gene was tested without an answer; the key is the same
NO_RESULT = "No Result"  # CPIC's key for a gene of a two-gene guideline that was not tested


@dataclass(frozen=True, slots=True)
class DrugEntry:
    """One drug by one source, ready for lookup.

    `rows` maps a population (the source's string) to its rows by the tuple of keys in the order
    of `rules.genes`; `keys` holds, per gene, every key that any row asks for; `by_diplotype` the
    genes of which some rows name a diplotype (`*2/*3`).
    """

    rules: DrugRules
    guideline: Guideline
    rows: Mapping[str, Mapping[tuple[str, ...], Row]]
    keys: Mapping[str, frozenset[str]]
    important: bool  # some advice can matter much: a missing result is then worth saying
    by_diplotype: frozenset[str] = frozenset()

    @property
    def drug(self) -> Drug:
        return Drug(self.rules.rxcui, self.rules.drug)


@dataclass(frozen=True, slots=True)
class DrugGroup:
    """One drug and what every source holds for it, in the site's order of sources.

    A source may have several entries for a drug, one for each set of genes. `deciding` are all
    genes whose results can change the answer, those of the named alternatives among them;
    `told_apart` the guidelines, of the drug and its alternatives, with several populations.
    """

    drug: Drug
    ingredients: tuple[str, ...]
    entries: tuple[DrugEntry, ...]
    deciding: tuple[str, ...]
    told_apart: tuple[Guideline, ...]
    needs: frozenset[str]  # what their populations turn on: `any_condition`, `age_at_least`, …

    by_equation: tuple[str, ...] = ()  # genes that an equation asks for where others have rows

    @property
    def genes(self) -> tuple[str, ...]:
        rows = [gene for entry in self.entries for gene in entry.rules.genes]
        return tuple(dict.fromkeys((*rows, *self.by_equation)))

    @property
    def only_alone(self) -> bool:
        return any(entry.guideline.only_alone for entry in self.entries)

    @property
    def important(self) -> bool:
        return any(entry.important for entry in self.entries)


def _entry(rules: DrugRules, guideline: Guideline) -> DrugEntry:
    rows: dict[str, dict[tuple[str, ...], Row]] = {}
    keys: dict[str, set[str]] = {gene: set() for gene in rules.genes}
    for row in rules.rows:
        # A row that leaves a gene out holds whatever that gene is: it is filed under No Result.
        key = tuple(row.keys.get(gene, NO_RESULT) for gene in rules.genes)
        rows.setdefault(row.population, {})[key] = row
        for gene, value in row.keys.items():
            keys[gene].add(value)
    return DrugEntry(
        rules,
        guideline,
        rows,
        {gene: frozenset(values) for gene, values in keys.items()},
        any(_matters(row, guideline) for row in rules.rows),
        frozenset(gene for gene, values in keys.items() if any("/" in key for key in values)),
    )


def _matters(row: Row, guideline: Guideline) -> bool:
    advice = guideline.advice[row.advice]
    weighty = advice.action in ("contraindicated", "avoid") and row.strength in _GRADED
    return advice.serious or weighty


class Rulebook:
    """Every drug with its entries, found by ingredient, by name or by gene."""

    def __init__(self, knowledge: Knowledge, precedence: Sequence[str] = PRECEDENCE) -> None:
        """`precedence` are the sources a site reads, the one it follows first."""
        self.precedence = tuple(precedence)
        entries = [
            _entry(rules, knowledge.guidelines[rules.guideline])
            for rules in knowledge.drugs
            if rules.source in self.precedence
        ]
        entries.sort(key=lambda entry: self.precedence.index(entry.rules.source))
        self.entries = tuple(entries)
        held: dict[tuple[str, ...], list[DrugEntry]] = {}
        for entry in entries:
            # A drug without an RxNorm code can only be known by its name.
            held.setdefault(entry.rules.ingredients or (entry.rules.drug,), []).append(entry)
        self._alone = {key[0]: tuple(each) for key, each in held.items() if len(key) == 1}
        groups = [self._group(each) for each in held.values()]
        self.groups = tuple(self._with_equation(groups, knowledge))
        self._by_ingredient: dict[str, list[DrugGroup]] = {}
        self._by_name: dict[str, list[DrugGroup]] = {}
        self._by_gene: dict[str, list[DrugGroup]] = {}
        for group in self.groups:
            for code in group.ingredients[:1]:
                self._by_ingredient.setdefault(code, []).append(group)
            named = [entry.rules.drug for entry in group.entries] or [group.drug.name]
            for name in dict.fromkeys(named):
                self._by_name.setdefault(name, []).append(group)
            for gene in group.genes:
                self._by_gene.setdefault(gene, []).append(group)

    def _with_equation(
        self, groups: Iterable[DrugGroup], knowledge: Knowledge
    ) -> Iterator[DrugGroup]:
        """The groups, and warfarin also where no source but CPIC is read, which has no row of it
        and an equation."""
        rules = knowledge.dosing.warfarin if knowledge.dosing else None
        asked = rules is not None and "CPIC" in self.precedence
        for group in groups:
            if rules is not None and asked and group.ingredients == (rules.rxcui,):
                deciding = tuple(dict.fromkeys((*group.deciding, *rules.genes)))
                yield replace(group, by_equation=rules.genes, deciding=deciding)
                asked = False
            else:
                yield group
        if rules is not None and asked:
            drug = Drug(rules.rxcui, rules.drug)
            genes, nothing = rules.genes, frozenset[str]()
            yield DrugGroup(drug, (rules.rxcui,), (), genes, (), nothing, by_equation=genes)

    def _group(self, entries: list[DrugEntry]) -> DrugGroup:
        genes = {gene: None for entry in entries for gene in entry.rules.genes}
        guidelines = {entry.guideline.id: entry.guideline for entry in entries}
        for entry in entries:
            for advice in {row.advice: None for row in entry.rules.rows}:
                for named in entry.guideline.advice[advice].alternatives:
                    for other in self.entries_of(named.rxcui):
                        guidelines[other.guideline.id] = other.guideline
                        genes.update(dict.fromkeys(other.rules.genes))
        first = entries[0]
        ingredients = first.rules.ingredients
        told_apart = tuple(
            each
            for each in guidelines.values()
            if any(population.fits for population in each.populations.values())
        )
        needs = frozenset(
            need
            for each in told_apart
            for population in each.populations.values()
            for need in population.fits
        )
        return DrugGroup(first.drug, ingredients, tuple(entries), tuple(genes), told_apart, needs)

    def entries_of(self, rxcui: str) -> tuple[DrugEntry, ...]:
        """The entries of one ingredient alone, in the site's order of sources."""
        return self._alone.get(rxcui, ()) if rxcui else ()

    def for_ingredients(self, ingredients: Iterable[Drug]) -> tuple[DrugGroup, ...]:
        """The groups whose every ingredient is among these (a combination needs all of its)."""
        codes = [drug.rxcui for drug in ingredients]
        held = set(codes)
        found: dict[int, DrugGroup] = {}
        for code in codes:
            for group in self._by_ingredient.get(code, ()):
                if held.issuperset(group.ingredients) and not (
                    group.only_alone and len(held) > len(group.ingredients)
                ):
                    found.setdefault(id(group), group)
        return tuple(found.values())

    def named(self, name: str) -> tuple[DrugGroup, ...]:
        """The groups of a drug by a source's own name (some have no RxNorm code)."""
        return tuple(self._by_name.get(name.strip().lower(), ()))

    def for_gene(self, gene: str) -> tuple[DrugGroup, ...]:
        return tuple(self._by_gene.get(gene, ()))
