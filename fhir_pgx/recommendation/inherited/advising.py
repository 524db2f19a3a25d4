"""A row that fits becomes advice: what the source says, of which finding, and what stays open."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from fhir_pgx.model.finding import Caveat, SourceClass
from fhir_pgx.model.inherited import Alarm, InheritedFinding, InheritedRow
from fhir_pgx.model.patient import PatientContext
from fhir_pgx.model.therapy import ContextFit, Effect, TherapyAdvice, TherapyDrug
from fhir_pgx.recommendation.inherited.known import Fit, Known

SOURCE_UNKNOWN = Caveat(
    "PGX-800",
    "The report does not say whether the variant is inherited or of a tumour; it is judged as "
    "inherited, and a germline test settles it.",
)
UNCERTAIN = Caveat(
    "PGX-801",
    "A variant of uncertain or conflicting significance changes no treatment; it is named so that "
    "nobody takes it for one that does.",
)
# About half of the reads show an inherited variant; below a third, doubt it. Our own limit.
LEAST_FRACTION = Decimal("0.3")
_STEPS: dict[Effect, int] = {
    "contraindicated": 3, "avoid": 2, "not-indicated": 2, "limited-effect": 2, "caution": 1,
}  # fmt: skip
_ALARMS: tuple[Alarm, ...] = ("info", "info", "warning", "critical")

Age = Literal["fits", "too-young", "too-old", "unknown"]
Weight = Literal["fits", "too-light", "unknown"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A row with its fit, the need that the patient's condition leaves open included."""

    row: InheritedRow
    fit: Fit
    has_condition: bool | None  # None: nothing recorded


def step_of(effect: Effect) -> int:
    """How loud an effect is told, 3 the loudest; 0 of what is no hazard."""
    return _STEPS.get(effect, 0)


def alarm_of(step: int) -> Alarm:
    return _ALARMS[max(0, min(step, 3))]


def has_condition(row: InheritedRow, known: Known) -> bool | None:
    """True where the patient's problems name the row's condition; None where none does: a list of
    problems is never known to be whole."""
    return True if not known.conditions.isdisjoint(row.condition_names) else None


def age_of(row: InheritedRow, patient: PatientContext) -> Age:
    """How the patient's age stands to the row's."""
    if row.min_age is None and row.max_age is None:
        return "fits"
    if patient.age_years is None:
        return "unknown"
    if row.min_age is not None and patient.age_years < row.min_age:
        return "too-young"
    if row.max_age is not None and patient.age_years > row.max_age:
        return "too-old"
    return "fits"


def weight_of(row: InheritedRow, patient: PatientContext) -> Weight:
    """How the patient's weight stands to the row's."""
    if row.min_weight is None:
        return "fits"
    if patient.weight is None:
        return "unknown"
    return "fits" if patient.weight.value >= row.min_weight else "too-light"


def age_words(row: InheritedRow) -> str:
    """`from 12 years`, `under 2 years`, `from 4 to 17 years`."""
    if row.min_age is not None and row.max_age is not None:
        return f"from {row.min_age} to {row.max_age} years"
    if row.max_age is not None:
        return f"under {row.max_age + 1} years"
    return f"from {row.min_age} years"


def finding_words(findings: Sequence[InheritedFinding]) -> str:
    """`KCNH2 p.Ala561Val, likely pathogenic, heterozygous`; several apart by semicolons."""
    said = []
    for finding in findings:
        parts = [finding.label, finding.significance.replace("-", " "), finding.zygosity]
        said.append(", ".join(part for part in parts if part))
    return "; ".join(dict.fromkeys(said))


def labels(findings: Sequence[InheritedFinding]) -> str:
    return " and ".join(dict.fromkeys(finding.label for finding in findings))


def profile_of(row: InheritedRow) -> str:
    """What a row asks for, in our words: `RPE65, both copies`."""
    criterion = row.criterion
    genes = " or ".join(criterion.genes) or row.condition
    what = ", ".join(criterion.changes)
    if criterion.exon_deletions:
        spans = [f"{a}-{b}" if a != b else str(a) for a, b in criterion.exon_deletions]
        what = f"deletion of exons {', '.join(spans)}"
    copies = {"two": "both copies", "two-or-hemizygous": "both copies, or the only one"}
    parts = [genes, what or criterion.only.replace("-", " "), copies.get(criterion.copies, "")]
    return ", ".join(part for part in parts if part)


def low_fraction(finding: InheritedFinding) -> Caveat | None:
    """That a finding was in too few reads for an inherited one; None where it was not."""
    if finding.frequency is None or finding.frequency >= LEAST_FRACTION:
        return None
    text = (
        f"{finding.label}: found in {finding.frequency:.0%} of the reads, and an inherited "
        "variant shows in about half. It may be a mosaic, or of blood cells alone."
    )
    return Caveat("PGX-838", text)


def caveats_of(findings: Sequence[InheritedFinding]) -> tuple[Caveat, ...]:
    found = [
        caveat
        for finding in findings
        for caveat in finding.caveats
        if caveat.code != "PGX-835"  # ours below says what is made of it
    ]
    found += [caveat for f in findings if (caveat := low_fraction(f)) is not None]
    if any(f.source_class is SourceClass.UNKNOWN for f in findings):
        found.append(SOURCE_UNKNOWN)
    if any(f.significance in ("uncertain", "conflicting") for f in findings):
        found.append(UNCERTAIN)
    return tuple(dict.fromkeys(found))


def advice_of(
    hit: Hit,
    patient: PatientContext,
    *,
    drugs: tuple[TherapyDrug, ...] | None = None,
    effect: Effect | None = None,
    finding: str = "",
    summary: str = "",
    is_choice: bool = False,
) -> TherapyAdvice:
    """The row's advice for the patient, or with another effect, finding or summary where the order
    was judged against it. `is_choice`: the `drugs` given are alternatives."""
    row, fit = hit.row, hit.fit
    needs = list(fit.needs)
    if row.criterion.needs_condition and not hit.has_condition:
        needs.append(f"the patient has {row.condition} (the genotype alone is not the disease)")
    age = age_of(row, patient)
    if age == "unknown":
        needs.append(f"age {age_words(row)} (not stated)")
    elif age != "fits":
        needs.append(f"age {age_words(row)}: the patient is {patient.age_years}")
    weight = weight_of(row, patient)
    if weight != "fits":
        has = "not stated" if patient.weight is None else f"{patient.weight.value:f} kg on record"
        needs.append(f"weight {row.min_weight} kg or more ({has})")
    context_fit: ContextFit = "any" if row.criterion.implied else "unknown"
    said = summary or " ".join((row.says, *(f"{_capital(line)}." for line in row.lines)))
    return TherapyAdvice(
        domain="inherited",
        drugs=row.drugs if drugs is None else drugs,
        effect=effect or row.effect,
        finding=finding or finding_words(fit.findings) or _without_finding(row),
        profile=profile_of(row),
        context=row.condition,
        context_fit="same" if hit.has_condition else context_fit,
        provenance=row.provenance,
        summary=said,
        # What was ordered together (estradiol and dienogest) is no choice between them.
        any_of=is_choice or (row.any_of and drugs is None and len(row.drugs) > 1),
        genes=tuple(dict.fromkeys(f.gene for f in fit.findings)) or row.criterion.genes,
        needs=tuple(dict.fromkeys(needs)),
        market=row.market,
        serious=row.serious,
        caveats=caveats_of(fit.findings),
        derived_from=tuple(dict.fromkeys(f.origin.reference for f in fit.findings)),
    )


def _without_finding(row: InheritedRow) -> str:
    """What a row holds for that asks for no finding of a gene."""
    if row.criterion.phenotypes:
        return row.condition
    return row.when or "whatever the genotype"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
