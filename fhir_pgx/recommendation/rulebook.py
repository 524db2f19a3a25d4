"""The drug rules, indexed once at start so that a call only looks up."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from fhir_pgx.model.drug import Drug
from fhir_pgx.model.knowledge import DrugRules, Guideline, Knowledge, Row

_GRADED = ("Strong", "Moderate")
NOT_CALLED = "Not Called"  # shown where a gene was tested without an answer; the key is the same
NO_RESULT = "No Result"  # CPIC's key for a gene of a two-gene guideline that was not tested


@dataclass(frozen=True, slots=True)
class DrugEntry:
    """One drug by one source, ready for lookup.

    `rows` maps a population (the source's string) to its rows by the tuple of keys in the order
    of `rules.genes`; `keys` holds, per gene, every key that any row asks for.
    """

    rules: DrugRules
    guideline: Guideline
    rows: Mapping[str, Mapping[tuple[str, ...], Row]]
    keys: Mapping[str, frozenset[str]]
    important: bool  # some advice can matter much: a missing result is then worth saying

    @property
    def drug(self) -> Drug:
        return Drug(self.rules.rxcui, self.rules.drug)


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
    )


def _matters(row: Row, guideline: Guideline) -> bool:
    advice = guideline.advice[row.advice]
    weighty = advice.action in ("contraindicated", "avoid") and row.strength in _GRADED
    return advice.serious or weighty


class Rulebook:
    """Every drug entry, found by ingredient or by name."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.entries = tuple(
            _entry(rules, knowledge.guidelines[rules.guideline]) for rules in knowledge.drugs
        )
        self._by_ingredient: dict[str, list[DrugEntry]] = {}
        self._by_name: dict[str, list[DrugEntry]] = {}
        self._by_gene: dict[str, list[DrugEntry]] = {}
        for entry in self.entries:
            for code in entry.rules.ingredients[:1]:
                self._by_ingredient.setdefault(code, []).append(entry)
            self._by_name.setdefault(entry.rules.drug, []).append(entry)
            for gene in entry.rules.genes:
                self._by_gene.setdefault(gene, []).append(entry)
        self._deciding = {id(entry): self._genes_that_decide(entry) for entry in self.entries}

    def _genes_that_decide(self, entry: DrugEntry) -> tuple[str, ...]:
        genes = dict.fromkeys(entry.rules.genes)
        for advice in {row.advice for row in entry.rules.rows}:
            for named in entry.guideline.advice[advice].alternatives:
                for other in self.for_code(named.rxcui):
                    genes.update(dict.fromkeys(other.rules.genes))
        return tuple(genes)

    def deciding(self, entry: DrugEntry) -> tuple[str, ...]:
        """Every gene whose result can change the answer: the drug's and its alternatives'."""
        return self._deciding[id(entry)]

    def for_ingredients(self, ingredients: Iterable[Drug]) -> tuple[DrugEntry, ...]:
        """The entries whose every ingredient is among these (a combination needs all of its)."""
        codes = [drug.rxcui for drug in ingredients]
        held = set(codes)
        found: dict[str, DrugEntry] = {}
        for code in codes:
            for entry in self._by_ingredient.get(code, ()):
                if held.issuperset(entry.rules.ingredients):
                    found.setdefault(f"{entry.rules.source} {entry.rules.drug}", entry)
        return tuple(found.values())

    def for_code(self, rxcui: str) -> tuple[DrugEntry, ...]:
        """The entries of one ingredient alone."""
        return self.for_ingredients((Drug(rxcui, ""),)) if rxcui else ()

    def named(self, name: str) -> tuple[DrugEntry, ...]:
        """The entries of a drug by the source's own name (some have no RxNorm code)."""
        return tuple(self._by_name.get(name.strip().lower(), ()))

    def for_gene(self, gene: str) -> tuple[DrugEntry, ...]:
        return tuple(self._by_gene.get(gene, ()))
