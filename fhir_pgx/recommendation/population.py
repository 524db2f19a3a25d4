"""For which of a guideline's populations a patient and an order stand.

A guideline tells its populations apart by indication, age, weight, dose or earlier use; what each
needs is data (`fits` in the guideline's file). The answer is one of four: it holds, it is likely
(the record speaks for it, the order does not say), it does not hold, or nobody knows. Rows of a
population that does not hold are dropped; what is not known is shown beside, labelled.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from fhir_pgx.model.knowledge import Guideline, Population
from fhir_pgx.model.phenotype import GeneResult
from fhir_pgx.model.recommendation import Fit

# Adverse reactions this early say nothing of a drug's tolerance (CPIC: "consistently for > 3
# months").
LONG_USE_DAYS = 92


@dataclass(frozen=True, slots=True)
class Situation:
    """What of a patient and an order can decide a population; no name, date or reference.

    `reasons` are the classes of the order's own indication, `conditions` those of the patient's
    problems. `days_taken` are days since a medicine in use began, by RxNorm code; None where its
    start is not known. `weight` is in kg, `daily_dose` in mg.
    """

    age_years: int | None = None
    weight: Decimal | None = None
    reasons: frozenset[str] = frozenset()
    conditions: frozenset[str] = frozenset()
    days_taken: Mapping[str, int | None] = field(default_factory=dict)
    taken_before: frozenset[str] = frozenset()  # over, and for how long is not recorded
    daily_dose: Decimal | None = None


ANYBODY = Situation()


_BODY = frozenset(
    {"age_at_least", "age_below", "adult_or_over_kg", "adult_or_at_least_kg", "child_below_kg"}
)


def only_by_body(population: Population) -> bool:
    """Whether age and weight alone make the group: who is outside has no advice from it. What was
    taken before is another matter: there the group is only not known well."""
    return bool(population.fits) and population.fits.keys() <= _BODY


def fits_of(
    guideline: Guideline, situation: Situation, results: Mapping[str, GeneResult]
) -> dict[str, Fit]:
    """How each population of a guideline fits, by the source's string; empty where there is only
    one for everybody."""
    populations = guideline.populations
    if all(not each.fits for each in populations.values()):
        return {}
    fits = {name: _fit(each, situation, results) for name, each in populations.items()}
    # The order's own indication decides between indications; the problem list only leans.
    by_reason = {
        name
        for name, each in populations.items()
        if _names(each, "any_condition") & situation.reasons
    }
    if by_reason:
        for name, each in populations.items():
            if name not in by_reason and "any_condition" in each.fits:
                fits[name] = "no"
    return fits


def _names(population: Population, need: str) -> frozenset[str]:
    return frozenset(population.fits.get(need, ()))


def _fit(population: Population, situation: Situation, results: Mapping[str, GeneResult]) -> Fit:
    found = [_one(need, values, situation, results) for need, values in population.fits.items()]
    worst: tuple[Fit, ...] = ("no", "unknown", "likely", "holds")
    return min(found, key=worst.index, default="holds")  # it asks for nothing: it is everybody's


def _one(
    need: str, values: tuple[str, ...], situation: Situation, results: Mapping[str, GeneResult]
) -> Fit:
    if need == "any_condition":
        if situation.reasons & set(values):
            return "holds"
        return "likely" if situation.conditions & set(values) else "unknown"
    if need == "adult_or_over_kg":
        return _either(_at_least(situation.age_years, "18"), _over(situation.weight, values[0]))
    if need == "adult_or_at_least_kg":
        return _from_kg(situation, values[0])
    if need == "child_below_kg":
        return _not(_from_kg(situation, values[0]))
    if need == "age_at_least":
        return _at_least(situation.age_years, values[0])
    if need == "age_below":
        return _not(_at_least(situation.age_years, values[0]))
    if need == "daily_mg_at_most":
        return _not(_over(situation.daily_dose, values[0]))
    if need == "never_taken":
        # One that is over and says no length may have been too short to count.
        return "no" if any(code in situation.days_taken for code in values) else "unknown"
    if need == "taken_long":
        return _taken_long(values, situation)
    if need == "several_variants":
        return _several_variants(results.get(values[0]))
    return "unknown"  # nothing in a record tells (no alternative is available)


def _several_variants(result: GeneResult | None) -> Fit:
    """Whether a result names two variants or more; one of known places on both copies counts too,
    since nothing in the result says what is known of the phase."""
    if result is None or not result.diplotypes:
        return "unknown"
    names = {
        name for d in result.diplotypes for name in d.haplotypes if name not in ("Reference", "*1")
    }
    return "unknown" if len(names) > 1 or any(" + " in name for name in names) else "no"


def _taken_long(codes: tuple[str, ...], situation: Situation) -> Fit:
    days = [situation.days_taken[code] for code in codes if code in situation.days_taken]
    if not days:
        return "unknown"
    known = [each for each in days if each is not None]
    if not known:
        return "likely"
    # A start on record shows neither that it was taken steadily nor that no reaction came.
    return "likely" if max(known) > LONG_USE_DAYS else "no"


def _at_least(value: int | Decimal | None, bound: str) -> Fit:
    if value is None:
        return "unknown"
    return "holds" if value >= Decimal(bound) else "no"


def _from_kg(situation: Situation, bound: str) -> Fit:
    """Adult, or a child of this weight or more."""
    return _either(_at_least(situation.age_years, "18"), _at_least(situation.weight, bound))


def _over(value: Decimal | None, bound: str) -> Fit:
    if value is None:
        return "unknown"
    return "holds" if value > Decimal(bound) else "no"


def _not(fit: Fit) -> Fit:
    turned: dict[Fit, Fit] = {"holds": "no", "no": "holds"}
    return turned.get(fit, fit)


def _either(one: Fit, two: Fit) -> Fit:
    order: tuple[Fit, ...] = ("holds", "likely", "unknown", "no")
    return min(one, two, key=order.index)
