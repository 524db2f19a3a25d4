"""An advice's doses in numbers for one patient, and the order held against them.

`dose_numbers.py` makes each number; here they are put together, judged as one advice, and turned
into a changed dose where that may be offered. `docs/methods/doses.md` holds the rules.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from fhir_pgx.model.dates import days_of
from fhir_pgx.model.dose import DoseForPatient, DoseKind, Judgement, OrderedDose
from fhir_pgx.model.knowledge import Dose
from fhir_pgx.model.patient import PatientContext
from fhir_pgx.recommendation.dose_measure import by_surface, by_weight
from fhir_pgx.recommendation.dose_numbers import (
    ONE_DOSE,
    amount_of,
    amounts,
    ceilings_of,
    holds_for,
    in_mass,
    is_usual,
    share_of,
)
from fhir_pgx.recommendation.dose_words import rounded
from fhir_pgx.recommendation.population import LONG_USE_DAYS


def doses_for_patient(
    doses: Sequence[Dose],
    ordered: Sequence[OrderedDose],
    patient: PatientContext,
    *,
    today: date | None = None,
) -> tuple[DoseForPatient, ...]:
    """Each amount of one advice in numbers for this patient; levels, risks and times are left out.

    `doses` are those of one advice: numbers of two sources or populations are not alternatives of
    each other. `today` tells how old a weight is; without it none counts as recent. By a weight
    that is missing or old nothing is judged.
    """
    # What is stated for another age is no number for this patient.
    held = {dose: holds_for(dose, patient.age_years) for dose in amounts(doses)}
    found = [dose for dose, holds in held.items() if holds is not False]
    factors = {"kg": by_weight(patient, today), "m2": by_surface(patient, today)}
    by_mass = [in_mass(order, factors) for order in ordered]
    usual = next((d for d in found if is_usual(d)), None)
    stated = {
        dose: amount_of(dose, ordered, by_mass, factors) for dose in found if dose.unit != "%"
    }
    ceilings = ceilings_of((dose, each) for dose, each in stated.items() if held[dose])
    results = {
        dose: stated.get(dose) or share_of(dose, ordered, by_mass, usual, ceilings)
        for dose in found
    }
    return tuple(
        replace(result, conditional=held[dose] is None) for dose, result in results.items()
    )


def judge(doses_for: Sequence[DoseForPatient]) -> Judgement:
    """The advice as a whole, of one source and population.

    A ceiling that the order exceeds decides, and of ceilings under conditions all of them. Then
    the doses that hold without a condition: every one must be judged the same, a percentage and
    an unknown among them leave the whole unknown, so that nothing is "within" by half. What holds
    under a condition never makes an order "within". Thresholds count where nothing else is stated.
    """

    def judged(*kinds: DoseKind, conditional: bool | None = None) -> list[Judgement]:
        return [
            each.judgement
            for each in doses_for
            if each.kind in kinds and conditional in (None, each.conditional)
        ]

    ceilings = judged("ceiling")
    if "above" in judged("ceiling", conditional=False) or set(ceilings) == {"above"}:
        return "above"
    staged = judged("target", conditional=True)
    firm = _targets(doses_for) + judged("percent", "reference", "computed")
    if firm:
        whole = _all_one(firm)
        if whole == "within":
            return _all_one([whole, *judged("ceiling", conditional=False)])
        # A dose that the advice names for a later stage may be that stage.
        return "unknown" if "within" in staged else whole
    if ceilings or staged:
        conditional = judged("ceiling", "target", conditional=True)
        return "unknown" if conditional else _all_one(ceilings)
    thresholds = judged("threshold")
    return "above" if "above" in thresholds else _all_one(thresholds)


def _targets(doses_for: Sequence[DoseForPatient]) -> list[Judgement]:
    """The doses without a condition, one judgement for each thing they speak of: two starting
    doses are a choice, and an order at either is within."""
    by_what: dict[str, list[Judgement]] = {}
    for each in doses_for:
        if each.kind == "target" and not each.conditional:
            by_what.setdefault(each.what, []).append(each.judgement)
    return ["within" if "within" in found else _all_one(found) for found in by_what.values()]


def _all_one(found: Sequence[Judgement]) -> Judgement:
    return found[0] if len(set(found)) == 1 else "unknown"


def in_use_since(patient: PatientContext, rxcui: str, today: date | None) -> str:
    """The day from which a medicine has been in use for more than three months, as far as the
    record says; empty where it is not, or where nobody says since when."""
    if today is None:
        return ""
    for medicine in patient.medicines:
        if medicine.state == "active" and any(drug.rxcui == rxcui for drug in medicine.drugs):
            begun = medicine.since[:10]
            days = days_of(begun)
            if days is not None and (today - days[1]).days > LONG_USE_DAYS:
                return begun
    return ""


def is_settled(
    patient: PatientContext,
    rxcui: str,
    doses: Iterable[Sequence[DoseForPatient]],
    today: date | None,
) -> bool:
    """Whether a drug is in use for more than three months and no advice's ceiling is exceeded: what
    is said of its dose then informs, since it may have been found by titration. `doses` are those
    of each advice; what is grave is for the caller to warn of all the same."""
    exceeded = any(
        each.kind == "ceiling" and not each.conditional and each.judgement == "above"
        for advice in doses
        for each in advice
    )
    return not exceeded and bool(in_use_since(patient, rxcui, today))


def suggested_amount(
    doses_for: Sequence[DoseForPatient], ordered: Sequence[OrderedDose]
) -> Decimal | None:
    """The single dose in mg that brings the order to the advice, for the prescriber to confirm.

    Only where the order is above a ceiling, or above the one dose that the advice states without
    a condition, stated by the source in mg; never from a percentage or a weight. None unless the
    order is one plain dose in mg, and unless the number comes out even.
    """
    if len(ordered) != 1 or judge(doses_for) != "above":
        return None
    (order,) = ordered
    if order.unit != "mg" or order.amount is None or order.amount_low is not None:
        return None
    if order.per_day is None or order.as_needed or order.role:
        return None
    # Half the usual dose, and at most 10 mg: the half is for the prescriber to find. What an
    # equation comes to is where to start, and no dose to click.
    if any(each.kind in ("percent", "computed") for each in doses_for):
        return None
    held = [each for each in doses_for if not each.conditional]
    ceilings = [each for each in held if each.kind == "ceiling" and each.judgement == "above"]
    targets = [each for each in held if each.kind == "target"]
    chosen = ceilings or (targets if len(targets) == 1 else [])
    if any(each.low not in (None, each.high) for each in chosen):
        return None  # which dose of a range is not ours to say
    # `<` names a number to stay below, and none to take. A number by weight wants rounding to
    # what can be dispensed, which a pharmacist does.
    if any(each.strict or each.measured_by or each.unit not in ("mg", "mg/d") for each in chosen):
        return None
    singles = [_single(each, order.per_day) for each in chosen if each.high is not None]
    return _even(min(singles), order.amount) if singles else None


def _single(dose: DoseForPatient, per_day: Decimal) -> Decimal:
    high = dose.high or Decimal(0)
    return high if dose.what in ONE_DOSE else high / per_day


def _even(value: Decimal, ordered: Decimal) -> Decimal | None:
    """A dose of at most three digits and less than the ordered one; else None."""
    return value if 0 < value < ordered and value == rounded(value, ROUND_HALF_UP) else None
