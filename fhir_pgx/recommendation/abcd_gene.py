"""The ABCD-GENE score: who is likely to respond too little to clopidogrel.

Points for age, body mass index, kidneys, diabetes and CYP2C19 alleles without function. What is
not known counts neither as nothing nor as a yes: the total is a range, and a verdict is given
only where it is the same at both ends.

Source: `knowledge/dosing/abcd-gene.yaml` (Angiolillo 2020, PMID 32139218).
"""

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

from fhir_pgx.model.dosing import Dosing, ScoreItem, ScoreResult, ScoreRules
from fhir_pgx.model.patient import Measurement, PatientContext
from fhir_pgx.model.phenotype import DiplotypeResult, GeneResult, Status
from fhir_pgx.recommendation.dose_measure import too_old

ADULT_AGE = 18  # years
_NO_FUNCTION = "No function"
_WITH_FUNCTION = ("Normal function", "Increased function")
# CPIC's terms that tell how many alleles have no function; "Likely …" and others do not.
_BY_PHENOTYPE = {
    "Ultrarapid Metabolizer": 0,
    "Rapid Metabolizer": 0,
    "Normal Metabolizer": 0,
    "Intermediate Metabolizer": 1,
    "Poor Metabolizer": 2,
}
_FILTRATION = ("mL/min/{1.73_m2}", "mL/min")


def abcd_gene(
    result_cyp2c19: GeneResult | None,
    patient: PatientContext,
    dosing: Dosing,
    *,
    today: date | None = None,
) -> ScoreResult | None:
    """The score of an adult, each item with what is known of it; None for a child. `today` tells
    how old a weight is: an old one counts, and is called so."""
    rules = dosing.abcd_gene
    if patient.age_years is not None and patient.age_years < ADULT_AGE:
        return None
    items = (
        _age(patient, rules),
        _body_mass(patient, rules, today),
        _kidney(patient, rules),
        _diabetes(patient, rules),
        _alleles(result_cyp2c19, rules),
    )
    low, high = sum(item.low for item in items), sum(item.high for item in items)
    verdict: Literal["higher", "lower", "undecided"] = "undecided"
    if low >= rules.cutoff:
        verdict = "higher"
    elif high < rules.cutoff:
        verdict = "lower"
    text = _text(rules, items, verdict)
    return ScoreResult(rules.id, items, low, high, rules.cutoff, verdict, text, rules.source)


def _age(patient: PatientContext, rules: ScoreRules) -> ScoreItem:
    age, limit = patient.age_years, rules.limits["age"]
    if age is None:
        return _unknown("age", rules, f"age (over {limit} years)")
    return _known("age", rules, f"age {age}", age > int(limit))


def _body_mass(patient: PatientContext, rules: ScoreRules, today: date | None) -> ScoreItem:
    height, weight = _of_unit(patient.height, "cm"), _of_unit(patient.weight, "kg")
    limit = rules.limits["bmi"]
    if height is None or weight is None:
        return _unknown("bmi", rules, f"body mass index (over {limit} kg/m2)")
    index = weight / (height / 100) ** 2
    shown = f"body mass index {index.quantize(Decimal('0.1'), ROUND_HALF_UP)} kg/m2"
    age = too_old(patient.weight, patient, today) if patient.weight else ""
    shown += f" by a weight {age}" if age else ""
    return _known("bmi", rules, shown, index > Decimal(limit))


def _of_unit(found: Measurement | None, unit: str) -> Decimal | None:
    return found.value if found is not None and found.unit == unit and found.value > 0 else None


def _kidney(patient: PatientContext, rules: ScoreRules) -> ScoreItem:
    """The measured filtration decides; a stage of kidney disease alone may lie above the limit."""
    limit, measured = rules.limits["kidney"], patient.egfr
    if measured is not None and measured.unit in _FILTRATION:
        when = f" of {measured.when}" if measured.when else ", not dated"
        shown = f"filtration {measured.value} mL/min{when}"
        return _known("kidney", rules, shown, measured.value < Decimal(limit))
    if patient.has("dialysis"):
        return _known("kidney", rules, "dialysis", True)
    if patient.has("chronic-kidney-disease"):
        listed = f"chronic kidney disease listed, filtration (below {limit} mL/min)"
        return _unknown("kidney", rules, listed)
    return _unknown("kidney", rules, f"filtration (below {limit} mL/min)")


def _diabetes(patient: PatientContext, rules: ScoreRules) -> ScoreItem:
    if patient.has("diabetes"):
        return _known("diabetes", rules, "diabetes", True)
    # A problem list without diabetes is not a statement that there is none.
    return _unknown("diabetes", rules, "diabetes")


def _alleles(result: GeneResult | None, rules: ScoreRules) -> ScoreItem:
    """CYP2C19 alleles without function: a range where one's function is not sure."""
    points = {
        0: 0,
        1: rules.points["one-loss-of-function"],
        2: rules.points["two-loss-of-function"],
    }
    low, high = 0, 2
    named = "CYP2C19"
    if result is not None and result.status not in (Status.NOT_TESTED, Status.NOT_CALLED):
        counts = list(_counts(result))
        low, high = min(count[0] for count in counts), max(count[1] for count in counts)
        names = " or ".join(dict.fromkeys(each.name for each in result.diplotypes))
        named = f"CYP2C19 {names or result.phenotype or ''}".strip()
    if low == high:
        return ScoreItem("alleles", points[low], points[low], f"{named}: {points[low]}")
    text = f"{named} ({points[low]} to {points[high]})"
    return ScoreItem("alleles", points[low], points[high], text)


def _counts(result: GeneResult) -> Iterator[tuple[int, int]]:
    """The least and the most alleles without function, of each reading the result allows."""
    for diplotype in result.diplotypes:
        yield _count(diplotype)
    if not result.diplotypes:
        known = _BY_PHENOTYPE.get(result.phenotype or "")
        # A conflict's phenotype is one of several that are stated.
        yield (known, known) if known is not None and result.status is Status.CALLED else (0, 2)


def _count(diplotype: DiplotypeResult) -> tuple[int, int]:
    lost = sum(function == _NO_FUNCTION for function in diplotype.functions)
    kept = sum(function in _WITH_FUNCTION for function in diplotype.functions)
    return lost, max(lost, 2 - kept)


def _known(name: str, rules: ScoreRules, text: str, applies: bool) -> ScoreItem:
    points = rules.points[name] if applies else 0
    return ScoreItem(name, points, points, f"{text}: {points}")


def _unknown(name: str, rules: ScoreRules, text: str) -> ScoreItem:
    return ScoreItem(name, 0, rules.points[name], f"{text} would add {rules.points[name]}")


def _text(
    rules: ScoreRules,
    items: tuple[ScoreItem, ...],
    verdict: Literal["higher", "lower", "undecided"],
) -> str:
    """One line: the total or its range, the verdict, what is known and what is not."""
    low, high = sum(item.low for item in items), sum(item.high for item in items)
    total = f"{low}" if low == high else f"{low} to {high}"
    says = {
        "higher": f"{rules.cutoff} or more: {rules.higher}",
        "lower": f"below {rules.cutoff}: {rules.lower}",
        "undecided": f"undecided: {rules.cutoff} or more is a {rules.higher}",
    }[verdict]
    known = ", ".join(item.text for item in items if item.is_known)
    unknown = "; ".join(item.text for item in items if not item.is_known)
    parts = [f"{rules.label} score {total} ({says})."]
    parts += [f"Known: {known}."] if known else []
    parts += [f"Not known: {unknown}."] if unknown else []
    return " ".join(parts)
