"""By what it was decided whether a guideline's population is this patient's, in words."""

from collections.abc import Iterator, Mapping

from fhir_pgx.model.explained import PopulationFit
from fhir_pgx.model.phenotype import GeneResult
from fhir_pgx.recommendation.population import Situation, fits_of
from fhir_pgx.recommendation.rulebook import DrugGroup

_BY_WEIGHT = {
    "adult_or_over_kg": "adult or above",
    "adult_or_at_least_kg": "adult or at least",
    "child_below_kg": "child below",
}


def population_fits(
    group: DrugGroup, situation: Situation, results: Mapping[str, GeneResult]
) -> tuple[PopulationFit, ...]:
    """Every population that the drug's own guidelines tell apart, with its fit and the reasons."""
    found = []
    for guideline in {e.guideline.id: e.guideline for e in group.entries}.values():
        asked = {row for e in group.entries if e.guideline is guideline for row in e.rows}
        for name, fit in fits_of(guideline, situation, results).items():
            population = guideline.populations[name]
            if name in asked and population.fits:
                why = tuple(
                    _why(need, values, situation, results)
                    for need, values in population.fits.items()
                )
                found.append(
                    PopulationFit(guideline.id, population.code, population.label, fit, why)
                )
    return tuple(found)


def _why(
    need: str, values: tuple[str, ...], situation: Situation, results: Mapping[str, GeneResult]
) -> str:
    if need == "any_condition":
        return _of_indication(values, situation)
    if need in ("age_at_least", "age_below"):
        bound = "at least" if need == "age_at_least" else "below"
        return f"{bound} {values[0]} years: {_age(situation)}"
    if need in _BY_WEIGHT:
        weight = f"{situation.weight:f} kg" if situation.weight is not None else "weight not known"
        return f"{_BY_WEIGHT[need]} {values[0]} kg: {_age(situation)}, {weight}"
    if need == "daily_mg_at_most":
        dose = situation.daily_dose
        said = f"{dose:f} mg ordered" if dose is not None else "the ordered daily dose is not known"
        return f"at most {values[0]} mg a day: {said}"
    if need in ("never_taken", "taken_long"):
        asked = "never taken" if need == "never_taken" else "taken for more than 3 months"
        return f"{asked}: {', '.join(_use(values, situation))}"
    if need == "several_variants":
        result = results.get(values[0])
        names = " or ".join(d.name for d in result.diplotypes) if result else ""
        return f"several {values[0]} variants: {names or 'no diplotype is known'}"
    return "no record can tell whether another drug is available"


def _of_indication(values: tuple[str, ...], situation: Situation) -> str:
    if situation.reasons & set(values):
        return "the order's own indication"
    if situation.reasons:
        return "the order states another indication"
    if situation.conditions & set(values):
        return "the problem list speaks for it; the order states no indication"
    return "no indication is stated"


def _age(situation: Situation) -> str:
    age = situation.age_years
    return "age not known" if age is None else f"{age} years old"


def _use(codes: tuple[str, ...], situation: Situation) -> Iterator[str]:
    taken = [situation.days_taken[code] for code in codes if code in situation.days_taken]
    if not situation.taken_before.isdisjoint(codes):
        yield "taken before, for how long is not recorded"
    elif not taken:
        yield "no earlier use is on record"
    for days in taken:
        yield "in use since a day not stated" if days is None else f"in use for {days} days"
