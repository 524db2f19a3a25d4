"""An ordered therapy held against the genotype that its label turns on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from fhir_pgx.model.inherited import Alarm, InheritedRow, JudgedInherited
from fhir_pgx.model.patient import PatientContext
from fhir_pgx.model.phenotype import Status
from fhir_pgx.model.therapy import Effect, TherapyDrug
from fhir_pgx.recommendation.inherited.advising import (
    Hit,
    advice_of,
    age_of,
    age_words,
    finding_words,
    has_condition,
)
from fhir_pgx.recommendation.inherited.book import InheritedBook, own_keys
from fhir_pgx.recommendation.inherited.known import Known
from fhir_pgx.recommendation.inherited.matching import fit_of, skip_is_impossible

_BEST = ("met", "possible", "excluded", "carrier", "uncertain", "other", "absent", "unanswered",
         "untested")  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What an order that does not fit is told: how loud, as what effect, and why."""

    alarm: Alarm
    effect: Effect
    why: str


def judge_order(
    drugs: Sequence[TherapyDrug],
    book: InheritedBook,
    known: Known,
    patient: PatientContext,
    *,
    proposed: bool,
) -> JudgedInherited | None:
    """What must be said of an ordered therapy; None where the genotype on file carries it, or where
    its label does not turn on one. `proposed`: a draft; of a medicine in use no test is asked."""
    rows = _of_order(book.rows_for(drugs), drugs, book)
    if not any(row.decides for row in rows):
        return _market(rows, known, patient)
    hits = [Hit(row, fit_of(row, known), has_condition(row, known)) for row in rows]
    excluded = [
        h for h in hits if h.fit.state == "excluded" and h.row.excluded == "contraindicated"
    ]
    if excluded:
        return _said(excluded[0], patient, _excluded(excluded[0]))
    fitting = [hit for hit in hits if hit.fit.state == "met"]
    if fitting:
        if any(age_of(hit.row, patient) in ("fits", "unknown") for hit in fitting):
            return _market(rows, known, patient)
        why = f"the label is {age_words(fitting[0].row)}, the patient is {patient.age_years}"
        return _said(fitting[0], patient, _Verdict("warning", "not-indicated", why))
    decided = [hit for hit in hits if hit.row.decides or hit.fit.state == "possible"]
    hit = min(decided, key=lambda each: _BEST.index(each.fit.state))
    verdict = _verdict(hit, proposed=proposed, is_answered=_has_result(hit.row, known))
    return _said(hit, patient, verdict) if verdict else None


def _of_order(
    rows: Iterable[InheritedRow], drugs: Sequence[TherapyDrug], book: InheritedBook
) -> list[InheritedRow]:
    """The therapy rows that are of this order: those of the most of its ingredients, and of no
    ingredient that it lacks (ivacaftor alone is not the product of three). A partner sold by
    itself (miglustat) may stand in an order of its own."""
    found: list[tuple[int, InheritedRow]] = []
    for row in rows:
        if row.kind != "therapy":
            continue
        held = [drug for drug in row.drugs if any(_is_one(drug, each, book) for each in drugs)]
        if row.any_of or len(held) == len(row.drugs) or (held and held[0] == row.drugs[0]):
            found.append((len(held), row))
    most = max((count for count, _ in found), default=0)
    return [row for count, row in found if count == most]


def _is_one(drug: TherapyDrug, ordered: TherapyDrug, book: InheritedBook) -> bool:
    return not set(book.keys_of(ordered)).isdisjoint(own_keys(drug))


def _market(
    rows: Sequence[InheritedRow], known: Known, patient: PatientContext
) -> JudgedInherited | None:
    """A drug that is not sold any more is told of, whatever the genotype."""
    gone = next((row for row in rows if row.market), None)
    if gone is None:
        return None
    hit = Hit(gone, fit_of(gone, known), has_condition(gone, known))
    return _said(hit, patient, _Verdict("info", "caution", gone.market))


def _has_result(row: InheritedRow, known: Known) -> bool:
    results = (known.results.get(gene) for gene in row.criterion.genes)
    return any(found and found.status is not Status.NOT_TESTED for found in results)


def _excluded(hit: Hit) -> _Verdict:
    loud = hit.row.excluded == "contraindicated"
    why = "rules it out by its label"
    return _Verdict("critical" if loud else "warning", hit.row.excluded, why)


def _verdict(hit: Hit, *, proposed: bool, is_answered: bool) -> _Verdict | None:
    """What to say; `is_answered`: the gene has a result as a pharmacogene, and speaks there."""
    genes = " or ".join(hit.row.criterion.genes[:5])
    match hit.fit.state:
        case "excluded":
            return _excluded(hit)
        case "possible":
            return _Verdict("info", "unknown", f"only if {'; '.join(hit.fit.needs)}")
        case "carrier":
            why = "one copy; two are needed: not met by what is on file"
            if hit.row.criterion.copies == "two-or-hemizygous":
                why = "one of two copies, a carrier: not met by what is on file"
            return _Verdict("warning", "not-indicated", why)
        case "uncertain":
            why = "of uncertain significance; the label asks for a pathogenic variant"
            return _Verdict("info", "unknown", why)
        case "other":
            if hit.row.criterion.skips and skip_is_impossible(hit.row.criterion, hit.fit.findings):
                why = f"not beside exon {hit.row.criterion.skips}, which it skips"
                return _Verdict("warning", "not-indicated", why)
            if any(finding.change == "copy-number" for finding in hit.fit.findings):
                why = f"{genes} is not lost on both copies, which the label asks for"
                return _Verdict("info", "unknown", why)
            why = "not among the variants held here that the label asks for"
            return _Verdict("info", "unknown", why)
        case "absent":
            why = f"{genes} tested, and no variant reported that the label asks for"
            return _Verdict("info", "unknown", why)
        case "unanswered":
            why = f"{genes} looked at without an answer (no call, or results that differ)"
            return _Verdict("info", "test-first", why)
        case _:
            if not proposed or is_answered:
                return None
            return _Verdict(
                "info", "test-first", f"no {genes} result on file, which its label asks for"
            )


def _said(hit: Hit, patient: PatientContext, verdict: _Verdict) -> JudgedInherited:
    advice = advice_of(
        hit,
        patient,
        effect=verdict.effect,
        finding=finding_words(hit.fit.findings) or "No result on file",
        summary=f"{verdict.why[:1].upper()}{verdict.why[1:]}. {hit.row.says}",
    )
    return JudgedInherited(advice, verdict.alarm, hit.fit.state, "therapy", (verdict.why,))
