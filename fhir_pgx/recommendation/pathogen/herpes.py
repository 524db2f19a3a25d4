"""Herpesviruses and adenovirus by published fold changes.

A median fold change of two or more is called reduced susceptibility: our threshold, no breakpoint.
Source: HerpesDRG-DB.
"""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from fhir_pgx.model.pathogen import (
    OUTCOMES,
    Change,
    DrugVerdict,
    FoldRow,
    Organism,
    Outcome,
)
from fhir_pgx.model.therapy import Provenance, TherapyDrug
from fhir_pgx.recommendation.pathogen.notes import NO_TARGET, SEVERAL_FOLDS, UNREAD, note
from fhir_pgx.recommendation.pathogen.seen import Seen

THRESHOLD = Decimal(2)
_Hit = tuple[Change, Seen, FoldRow]


class FoldTable:
    """The rows, indexed once by virus, gene and change."""

    def __init__(
        self,
        rows: Iterable[FoldRow],
        provenance: Provenance,
        targets: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._provenance = provenance
        self._rows: dict[tuple[str, str, str], list[FoldRow]] = {}
        self._drugs: dict[str, dict[str, str]] = {}
        self._targets = targets
        for row in rows:
            if row.key:
                self._rows.setdefault((row.virus, row.gene, row.key), []).append(row)
            self._drugs.setdefault(row.virus, {})[row.drug] = row.rxcui

    @property
    def viruses(self) -> frozenset[str]:
        return frozenset(self._drugs)

    def verdicts(self, virus: Organism, genes: Mapping[str, Seen]) -> list[DrugVerdict]:
        """Every drug that the table tests against the virus."""
        by_drug: dict[str, list[_Hit]] = {}
        for gene, seen in genes.items():
            for change in seen.changes.values():
                for key in change.keys:
                    for row in self._rows.get((virus, gene, key), ()):
                        by_drug.setdefault(row.drug, []).append((change, seen, row))
        return [
            self._verdict(virus, drug, by_drug.get(drug, []), genes) for drug in self._drugs[virus]
        ]

    def _verdict(
        self, virus: Organism, drug: str, hits: list[_Hit], genes: Mapping[str, Seen]
    ) -> DrugVerdict:
        own = self._targets[f"{virus}:{drug}"]
        looked = [genes[gene] for gene in own if gene in genes]
        outcome, words = _said(hits, looked, own)
        telling = [hit for hit in hits if outcome_of(hit[2])[0] == outcome] or hits
        caveats = [each for change, _, _ in telling for each in change.caveats]
        caveats += [
            note(NO_TARGET, change=change.name, drug=drug)
            for change, _, _ in telling
            if outcome in ("reduced", "resistant") and change.gene not in own
        ]
        if len({change.name for change, _, row in hits if row.fold}) > 1 and outcome == "reduced":
            caveats.append(note(SEVERAL_FOLDS))
        for seen in looked:
            if seen.unread:
                caveats.append(note(UNREAD, gene=seen.gene, what=", ".join(seen.unread)))
        first = telling[0][2] if telling else None
        about = self._provenance
        return DrugVerdict(
            organism=virus,
            drug=TherapyDrug(drug, self._drugs[virus][drug]),
            outcome=outcome,
            words=words,
            provenance=Provenance(
                about.source,
                about.system,
                "fold change" if first else "",
                first.id if first else about.id,
                url=f"https://{first.references[0]}" if first and first.references else about.url,
                licence=about.licence,
                as_of=about.as_of,
            ),
            genes=tuple(dict.fromkeys(change.gene for change, _, _ in telling)) or own,
            because=tuple(f"{change.name} {outcome_of(row)[1]}" for change, _, row in hits),
            changes=tuple(dict.fromkeys(change.name for change, _, _ in telling)),
            caveats=tuple(dict.fromkeys(caveats)),
            derived_from=tuple(
                dict.fromkeys(r for change, seen, _ in telling for r in seen.sources[change.name])
            ),
        )


def outcome_of(row: FoldRow) -> tuple[Outcome, str]:
    """What one row comes to, and how it is told."""
    words = set(row.words)
    reports = f"{row.reports} report{'s' if row.reports > 1 else ''}"
    if not row.fold:
        if words == {"resistant"}:
            return "resistant", f"reported as resistant, without a figure ({reports})"
        if words == {"polymorphism"}:
            return "not-associated", f"reported as a polymorphism ({reports})"
        return "undecided", f"reports without a figure do not agree ({reports})"
    span = f"{row.low} to {row.high}, " if row.low != row.high else ""
    figure = f"{_short(row.fold)}-fold ({span}{reports})"
    if Decimal(row.fold) >= THRESHOLD:
        if "polymorphism" in words:
            return "undecided", f"{figure}; another report calls it a polymorphism"
        return "reduced", figure
    if "resistant" in words or Decimal(row.high) >= THRESHOLD:
        also = "; also called resistant" if "resistant" in words else ""
        return "undecided", f"{figure}: the reports do not agree{also}"
    return "not-associated", f"{figure}, below our threshold of 2"


def _said(hits: list[_Hit], looked: list[Seen], own: tuple[str, ...]) -> tuple[Outcome, str]:
    graded = {change.name for change, _, _ in hits}
    told = [outcome_of(row) for _, _, row in hits]
    worst = min((each for each, _ in told), key=OUTCOMES.index, default=None)
    if worst == "resistant":
        return worst, "reported as resistant"
    if worst == "reduced":
        folds = [Decimal(row.fold) for _, _, row in hits if row.fold]
        most = _short(str(max(folds)))
        return worst, f"reduced susceptibility, up to {most}-fold (median of reports)"
    unlisted = [name for seen in looked for name in seen.changes if name not in graded]
    unlisted += [f"{seen.gene}: {name}" for seen in looked for name in seen.unread]
    if worst == "undecided":
        return worst, "the reports do not agree"
    if unlisted:
        return "unlisted", f"{', '.join(unlisted)}: no report of its effect is held"
    if worst is not None:
        return worst, "no reduced susceptibility reported for what was found"
    answered = [seen.gene for seen in looked if seen.is_answered]
    missing = [gene for gene in own if gene not in answered]
    if answered:
        more = f"; {', '.join(missing)} not sequenced" if missing else ""
        return "none-found", f"nothing found in {', '.join(answered)}{more}"
    if any(seen.failed for seen in looked):
        return "no-call", "the test gave no answer"
    return "not-tested", f"{', '.join(own) or 'its genes'} not sequenced"


def _short(number: str) -> str:
    return number.removesuffix(".0")
