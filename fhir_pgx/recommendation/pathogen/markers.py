"""The small hand set: resistance markers of HBV, HCV, influenza, malaria and bacteria.

A row may need other changes beside its own, a genotype of the virus, or a condition that no result
states. An influenza row without a subtype holds for all of them.
"""

import re
from collections.abc import Iterable, Mapping

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.pathogen import DrugVerdict, Organism, OtherRow, Outcome
from fhir_pgx.model.therapy import TherapyDrug
from fhir_pgx.recommendation.pathogen.notes import OTHER_GENOTYPE, UNREAD, note
from fhir_pgx.recommendation.pathogen.seen import Seen

_ANY_CHANGE = re.compile(r"([A-Z])(\d+)")


class Markers:
    """The rows, indexed once by organism."""

    def __init__(self, rows: Iterable[OtherRow]) -> None:
        self._rows: dict[str, list[OtherRow]] = {}
        for row in rows:
            self._rows.setdefault(row.organism, []).append(row)

    @property
    def organisms(self) -> frozenset[str]:
        return frozenset(self._rows)

    def rows_of(self, organism: str) -> list[OtherRow]:
        family = self._rows.get("Influenza A", []) if organism.startswith("Influenza A(") else []
        return [*self._rows.get(organism, []), *family]

    def verdicts(
        self, organism: Organism, genes: Mapping[str, Seen], genotype: str
    ) -> list[DrugVerdict]:
        """The worst verdict on every drug that a row of the organism names."""
        best: dict[str, DrugVerdict] = {}
        rank: dict[str, int] = {}
        for row in self.rows_of(organism):
            seen = genes.get(row.gene)
            known = self._known(organism, row.gene, seen)
            outcome, words, because, caveats, needs = _judged(row, seen, genotype, known)
            for name, code in row.drugs:
                place = _RANK[outcome]
                if rank.get(name, 99) <= place:
                    continue
                rank[name] = place
                best[name] = DrugVerdict(
                    organism=organism,
                    drug=TherapyDrug(name, code),
                    outcome=outcome,
                    words=words,
                    provenance=row.provenance,
                    genes=(row.gene,),
                    because=because,
                    changes=because,
                    needs=needs,
                    caveats=caveats,
                    derived_from=tuple(seen.references) if seen else (),
                )
        return list(best.values())

    def _known(self, organism: str, gene: str, seen: Seen | None) -> frozenset[str]:
        """The changes seen that a row of the gene names, of whatever drug."""
        if seen is None:
            return frozenset()
        return frozenset(
            name
            for row in self.rows_of(organism)
            if row.gene == gene
            for group in (row.changes, *row.needs)
            for name in _met(group, seen)
        )

    def spared_with(self, organism: str) -> dict[str, str]:
        """A drug, and the partner with which it stays active."""
        return {d: partner for row in self.rows_of(organism) for d, partner in row.spared_with}


_RANK: dict[Outcome, int] = {
    "resistant": 0, "reduced": 1, "undecided": 2, "unlisted": 3, "none-found": 4, "no-call": 5,
    "not-tested": 6,
}  # fmt: skip
_Judged = tuple[Outcome, str, tuple[str, ...], tuple[Caveat, ...], tuple[str, ...]]


def _judged(row: OtherRow, seen: Seen | None, genotype: str, known: frozenset[str]) -> _Judged:
    if seen is None:
        return "not-tested", f"{row.gene} was not reported", (), (), ()
    if not seen.is_answered:
        return "no-call", f"{row.gene} gave no answer", (), (), ()
    caveats: tuple[Caveat, ...] = ()
    if seen.unread:
        caveats = (note(UNREAD, gene=row.gene, what=", ".join(seen.unread)),)
    found = _met(row.changes, seen)
    if not found:
        others = [name for name in (*seen.changes, *seen.unread) if name not in known]
        if others:
            words = f"{', '.join(others)}: not a marker that we hold"
            return "unlisted", words, (), caveats, ()
        return "none-found", f"no marker of it was found in {row.gene}", (), caveats, ()
    beside = [_met(group, seen) for group in row.needs]
    if not all(beside):
        missing = [" or ".join(g) for g, met in zip(row.needs, beside, strict=True) if not met]
        words = f"{', '.join(found)} acts only with {' and '.join(missing)}, which was not found"
        return "undecided", words, found, caveats, ()
    caveats = (*caveats, *_spelling(seen, found))
    needs = tuple(row.conditions)
    if row.genotypes:
        if genotype and not any(genotype.lower().startswith(each) for each in row.genotypes):
            graded = " or ".join(row.genotypes)
            other = note(OTHER_GENOTYPE, change=found[0], graded=graded, stated=genotype)
            return "unlisted", f"not graded for genotype {genotype}", (), (*caveats, other), ()
        if not genotype:
            needs = (f"HCV genotype {' or '.join(row.genotypes)} (not stated)", *needs)
    told = tuple(dict.fromkeys((*found, *(name for met in beside for name in met))))
    words = "resistance" if row.effect == "resistant" else "reduced susceptibility"
    words += f"; {row.note}" if row.note else ""
    return ("resistant" if row.effect == "resistant" else "reduced"), words, told, caveats, needs


def _met(changes: Iterable[str], seen: Seen) -> tuple[str, ...]:
    """The names of changes seen that a row names: `M204V`, or `T184` for any change there."""
    found = []
    for wanted in changes:
        at = _ANY_CHANGE.fullmatch(wanted)
        for name, change in seen.changes.items():
            is_met = (
                change.position == int(at[2]) and bool(set(change.residues) - {at[1]})
                if at
                else (wanted if wanted == "present" else wanted[1:]) in change.keys
            )
            if is_met:
                found.append(name)
    return tuple(dict.fromkeys(found))


def _spelling(seen: Seen, names: Iterable[str]) -> tuple[Caveat, ...]:
    return tuple(each for name in names for each in seen.changes[name].caveats)
