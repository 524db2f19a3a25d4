"""M. tuberculosis by the WHO catalogue: groups 1, 2 and 5, kinds of change, the rpoB rule.

A specific row comes before a row for a kind of change. Groups 1 and 2 are resistance, 2 an interim
grading; 5 is not associated with it. A change that no row names is neither.
Source: WHO-UCN-TB-2023.7, second edition.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.pathogen import Change, DrugVerdict, Outcome, TbKnowledge, TbRow
from fhir_pgx.model.therapy import Provenance, TherapyDrug
from fhir_pgx.recommendation.pathogen.notes import BORDERLINE, NOT_HELD, ONE_SITE, UNREAD, note
from fhir_pgx.recommendation.pathogen.seen import Seen

RULE = "expert rule"
RIFAMPICIN = "rifampicin"
_UNTRANSLATED = "coding_sequence_variant"  # bases are named, and no amino acid
_LOST = frozenset(("frameshift_variant", "stop_gained", "start_lost", "feature_ablation"))
_GROUPS = {"1": "group 1", "2": "group 2, interim", "5": "group 5", RULE: "the rpoB expert rule"}


@dataclass(frozen=True, slots=True)
class Hit:
    """A change and what grades it for one drug: a row, or the rpoB rule (`row` None)."""

    change: Change
    seen: Seen
    drug: str
    rxcui: str
    group: str
    row: TbRow | None
    is_active: bool | None  # None: the condition of the row is open

    @property
    def is_resistant(self) -> bool:
        return self.group in ("1", "2", RULE) and self.is_active is not False


class TbCatalogue:
    """The rows, indexed once."""

    def __init__(self, knowledge: TbKnowledge) -> None:
        self.knowledge = knowledge
        self._named: dict[str, list[TbRow]] = {}
        self._kinds: dict[tuple[str, str], list[TbRow]] = {}
        self._drugs = {row.drug: row.rxcui for row in knowledge.rows}
        for row in knowledge.rows:
            if row.kind == "class":
                self._kinds.setdefault((row.gene, row.name), []).append(row)
                continue
            for key in {f"{row.gene}:{row.name}", row.alias} - {""}:
                self._named.setdefault(key, []).append(row)

    def rows_of(self, change: Change) -> list[TbRow]:
        """For each drug the row that grades the change: by its name, else by its kind."""
        found: dict[str, TbRow] = {}
        for key in change.keys:
            for row in self._named.get(key, ()):
                found.setdefault(row.drug, row)
        for kind in change.kinds:
            by_kind = self._kinds.get((change.gene, kind), [])
            for row in sorted(by_kind, key=lambda each: each.group):
                found.setdefault(row.drug, row)
        return list(found.values())

    def is_in_region(self, change: Change) -> bool:
        """Whether the change alters rpoB within the rifampicin resistance-determining region."""
        first, last = self.knowledge.codons
        if change.gene != "rpoB" or change.position is None:
            return False
        end = change.end or change.position
        return change.position <= last and end >= first and "synonymous_variant" not in change.kinds

    def hits(self, genes: Mapping[str, Seen]) -> list[Hit]:
        found: list[Hit] = []
        for seen in genes.values():
            for change in seen.changes.values():
                rows = self.rows_of(change)
                for row in rows:
                    active = self._is_active(row, genes)
                    found.append(Hit(change, seen, row.drug, row.rxcui, row.group, row, active))
                    found += [
                        Hit(change, seen, drug, "", row.group, row, active) for drug in row.cross
                    ]
                if self.is_in_region(change) and all(row.drug != RIFAMPICIN for row in rows):
                    code = self._drugs[RIFAMPICIN]
                    found.append(Hit(change, seen, RIFAMPICIN, code, RULE, None, True))
        return found

    def verdicts(self, genes: Mapping[str, Seen]) -> list[DrugVerdict]:
        """Every drug of the catalogue, and those that a row names for cross-resistance."""
        by_drug: dict[str, list[Hit]] = {}
        for hit in self.hits(genes):
            by_drug.setdefault(hit.drug, []).append(hit)
        made = [self._verdict(drug, by_drug.get(drug, []), genes) for drug in self._drugs]
        made += [
            self._verdict(drug, hits, genes)
            for drug, hits in by_drug.items()
            if drug not in self._drugs
        ]
        return [*made, *self._related(made)]

    def _is_active(self, row: TbRow, genes: Mapping[str, Seen]) -> bool | None:
        """Whether the gene that the row needs is functional; None where nobody looked."""
        if not row.needs_functional:
            return True
        seen = genes.get(row.needs_functional)
        if seen is None or not seen.is_answered:
            return None
        return all(_LOST.isdisjoint(change.kinds) for change in seen.changes.values())

    def _verdict(self, drug: str, hits: list[Hit], genes: Mapping[str, Seen]) -> DrugVerdict:
        own = self.knowledge.drug_genes.get(drug, ())
        looked = [genes[gene] for gene in own if gene in genes]
        outcome, words = self._outcome(drug, hits, looked, own)
        resistant = [hit for hit in hits if hit.is_resistant]
        told = resistant or hits
        caveats = [*_caveats_of(resistant)]
        caveats += [
            note(UNREAD, gene=seen.gene, what=", ".join(seen.unread))
            for seen in looked
            if seen.unread
        ]
        if outcome in ("unlisted", "none-found"):
            caveats.append(note(NOT_HELD))
        is_of_rule = bool(told) and all(hit.group == RULE for hit in told)
        return DrugVerdict(
            organism="M. tuberculosis",
            drug=TherapyDrug(drug, self._code(drug, hits)),
            outcome=outcome,
            words=words,
            provenance=self._provenance(told, rule=is_of_rule),
            genes=tuple(dict.fromkeys(hit.change.gene for hit in told)) or own,
            because=tuple(dict.fromkeys(_because(hit) for hit in told)),
            changes=tuple(dict.fromkeys(hit.change.name for hit in told)),
            needs=tuple(dict.fromkeys(need for hit in resistant for need in _open(hit))),
            caveats=tuple(dict.fromkeys(caveats)),
            derived_from=tuple(
                dict.fromkeys(r for hit in told for r in hit.seen.sources[hit.change.name])
            )
            or tuple(dict.fromkeys(r for seen in looked for r in seen.references)),
        )

    def _outcome(
        self, drug: str, hits: list[Hit], looked: list[Seen], own: tuple[str, ...]
    ) -> tuple[Outcome, str]:
        resistant = [hit for hit in hits if hit.is_resistant]
        if resistant:
            groups = [hit.group for hit in resistant]
            best = min(groups, key=lambda group: "12".find(group) if group in "12" else 9)
            degree = {hit.row.degree for hit in resistant if hit.row is not None} - {""}
            said = "high-level resistance" if "high" in degree else "resistance"
            if degree == {"low"} and len(resistant) == 1:
                said = "low-level resistance"
            return "resistant", f"{said}, WHO {_GROUPS[best]}"
        inactive = [hit for hit in hits if hit.is_active is False]
        if inactive:
            row = inactive[0].row
            assert row is not None
            gene = row.needs_functional
            return "undecided", f"resistance is not expected, since {gene} is not functional"
        graded = {hit.change.name for hit in hits}
        unlisted = [
            name for seen in looked for name, each in seen.changes.items() if name not in graded
            and "synonymous_variant" not in each.kinds
        ]  # fmt: skip
        if unlisted:
            named = ", ".join(unlisted)
            if all(re.search(r" c\.\d", name) for name in unlisted):
                return "unlisted", f"{named}: bases alone are named, which we do not translate"
            return "unlisted", f"{named}: not in the groups that we hold, so not graded"
        unread = [f"{seen.gene}: {name}" for seen in looked for name in seen.unread]
        if unread:
            return "unlisted", f"{', '.join(unread)}; not graded"
        answered = [seen.gene for seen in looked if seen.is_answered]
        if hits and answered:
            return "not-associated", "what was found is not associated with resistance (group 5)"
        if answered:
            rest = [gene for gene in own if gene not in answered]
            more = f"; {len(rest)} other genes were not reported" if rest else ""
            return "none-found", f"nothing graded was found in {', '.join(answered)}{more}"
        failed = [seen.gene for seen in looked if seen.failed]
        if failed:
            return "no-call", f"{', '.join(failed)} gave no answer"
        return "not-tested", "none of its genes was reported"

    def _code(self, drug: str, hits: list[Hit]) -> str:
        return self._drugs.get(drug, "")

    def _provenance(self, hits: list[Hit], *, rule: bool) -> Provenance:
        if rule and self.knowledge.rule_provenance is not None:
            return self.knowledge.rule_provenance
        named = [hit for hit in hits if hit.row is not None]
        if not named:
            return self.knowledge.provenance
        first = min(named, key=lambda hit: hit.group)
        assert first.row is not None
        return replace(self.knowledge.provenance, level=first.group, id=first.row.id)

    def _related(self, made: list[DrugVerdict]) -> Iterator[DrugVerdict]:
        """Drugs that the catalogue does not grade and whose relative is met with resistance."""
        by_name = {each.drug.name: each for each in made}
        for related in self.knowledge.related:
            graded = by_name[related.graded]
            if graded.outcome != "resistant":
                continue
            yield replace(
                graded,
                drug=TherapyDrug(related.drug, related.rxcui),
                outcome="undecided",
                related_to=related.graded,
                words=f"not graded itself; {graded.words} to {related.graded} ({related.why})",
            )


def words_of(verdicts: Iterable[DrugVerdict]) -> tuple[str, ...]:
    """What the whole is called, from resistance that is graded 1 or 2 (or by the rpoB rule)."""
    told = list(verdicts)
    against = {each.drug.name for each in told if each.outcome == "resistant"}
    if RIFAMPICIN not in against:
        return ("isoniazid-resistant",) if "isoniazid" in against else ()
    base = "multidrug-resistant (MDR)" if "isoniazid" in against else "rifampicin-resistant (RR)"
    if not against & {"levofloxacin", "moxifloxacin"}:
        return (base,)
    last = [each for each in told if each.drug.name in against & {"bedaquiline", "linezolid"}]
    if last:
        # Where the condition of every row that decides is open, so is the word.
        open_ones = [need for each in last for need in each.needs]
        holds = f" if {open_ones[0]}" if all(each.needs for each in last) else ""
        return (f"extensively drug-resistant (XDR){holds}", base)
    return ("pre-extensively drug-resistant (pre-XDR)", base)


def _open(hit: Hit) -> Iterator[str]:
    """The conditions of a hit that nobody has settled."""
    if hit.row is not None and hit.is_active is None:
        yield f"{hit.row.needs_functional} is functional (nobody looked)"
    if hit.row is None and _UNTRANSLATED in hit.change.kinds:
        yield f"{hit.change.name} changes the amino acid (the name does not say)"


def _because(hit: Hit) -> str:
    said = f"{hit.change.name} {_GROUPS.get(hit.group, hit.group)}"
    if hit.row is None:
        return said
    if hit.row.degree:
        said += f", {hit.row.degree}-level"
    if hit.drug in hit.row.cross:
        said += f", cross-resistance stated with {hit.row.drug}"
    if hit.row.kind == "class":
        said += f" (as {hit.row.name.replace('_', ' ')})"
    return said


def _caveats_of(hits: Iterable[Hit]) -> Iterator[Caveat]:
    for hit in hits:
        yield from hit.change.caveats
        if hit.row is not None and hit.row.borderline:
            yield note(BORDERLINE, change=hit.change.name)
        if hit.row is not None and hit.row.one_site:
            yield note(ONE_SITE, change=hit.change.name)
