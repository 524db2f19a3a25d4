"""Facts of a patient or an order that nobody stated, and that decide between populations.

Each is tried at every value that a guideline's populations tell apart; what is known already is
never changed, save that an order's own indication stands above the problem list.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from fhir_pgx.model.change import Change
from fhir_pgx.model.knowledge import Population
from fhir_pgx.model.phenotype import GeneResult
from fhir_pgx.model.recommendation import ACTIONS, DrugAdvice, Fit
from fhir_pgx.recommendation.population import LONG_USE_DAYS, Situation, fits_of
from fhir_pgx.recommendation.rulebook import DrugGroup
from fhir_pgx.recommendation.what_if import OUTCOMES, Ask, differs, listed, rank, said

_ADULT = 18
_ADULTS = ("adult_or_over_kg", "adult_or_at_least_kg", "child_below_kg")
_STEP = Decimal("0.1")  # kg
_FACTS = {
    "indication": "State the indication",
    "birth-date": "Record the birth date",
    "weight": "Record a weight",
    "daily-dose": "State the daily dose",
    "earlier-use": "State earlier use",
}


Ages = tuple[int | None, int | None]  # from, up to but not with


@dataclass(frozen=True, slots=True)
class Unstated:
    """One fact, one value that it may have, and the situation that would be."""

    code: str
    words: str
    situation: Situation
    ages: Ages | None = None


def unstated(group: DrugGroup, situation: Situation) -> tuple[Unstated, ...]:
    """Every value of every unstated fact that a guideline of this drug turns on."""
    if not group.told_apart:
        return ()
    # A guideline of several drugs has populations of each.
    populations = [
        [entry.guideline.populations[name] for name in entry.rows] for entry in group.entries
    ]
    found: dict[tuple[str, str], Unstated] = {}
    for several in populations:
        for each in _of(several, situation):
            found.setdefault((each.code, each.words), each)
    everybody = [p for several in populations for p in several]
    for each in (*_by_weight(everybody, situation), *_by_age(everybody, situation)):
        found[each.code, each.words] = each
    return tuple(found.values())


def hypothetical_fits(
    group: DrugGroup, facts: Iterable[Unstated], results: Mapping[str, GeneResult]
) -> tuple[tuple[str, str, tuple[Fit, ...]], ...]:
    """How every population would fit by each fact: with the present fits and the results, all that
    can decide what would change."""
    return tuple(
        (
            each.code,
            each.words,
            tuple(
                fit
                for guideline in group.told_apart
                for fit in fits_of(guideline, each.situation, results).values()
            ),
        )
        for each in facts
    )


def by_situation(
    group: DrugGroup, facts: Iterable[Unstated], advice: DrugAdvice, ask: Ask
) -> list[Change]:
    """What stating each fact would leave of the advice, or bring."""
    told: dict[str, dict[str, list[Unstated]]] = {}
    ranks: dict[str, int] = {}
    for each in facts:
        new = ask(situation=each.situation)
        if differs(new, advice, group, for_whom=False):
            told.setdefault(each.code, {}).setdefault(said(new, advice), []).append(each)
            ranks[each.code] = min(ranks.get(each.code, len(ACTIONS)), rank(new, advice))
    return [
        Change(
            code,
            f"{_FACTS[code]}. "
            + " ".join(
                f"{_words(values)}: {text}" for text, values in list(outcomes.items())[:OUTCOMES]
            ),
            ranks[code],
        )
        for code, outcomes in told.items()
    ]


def _words(values: Sequence[Unstated]) -> str:
    """The values in words, ages that follow each other as one."""
    words: list[str] = [each.words for each in values if each.ages is None]
    spans: list[Ages] = []
    for low, high in (each.ages for each in values if each.ages is not None):
        if spans and spans[-1][1] == low:
            spans[-1] = (spans[-1][0], high)
        else:
            spans.append((low, high))
    text = listed([*words, *(_years(*span) for span in spans)])
    return text[:1].upper() + text[1:]


def _of(populations: Sequence[Population], situation: Situation) -> Iterator[Unstated]:
    for population in populations:
        for name in population.fits.get("any_condition", ()):
            if not situation.reasons:
                stated = replace(situation, reasons=frozenset((name,)))
                yield Unstated("indication", f"for {population.label}", stated)
        codes = population.fits.get("taken_long", ())
        # Codes of one drug stand for each other (phenytoin, and fosphenytoin which becomes it).
        if codes and not set(codes) & situation.days_taken.keys():
            days = {**situation.days_taken, codes[0]: LONG_USE_DAYS + 1}
            yield Unstated("earlier-use", population.label, replace(situation, days_taken=days))
        for bound in population.fits.get("daily_mg_at_most", ()):
            if situation.daily_dose is None:
                for dose, words in ((bound, f"up to {bound} mg"), (f"{bound}.1", "above that")):
                    stated = replace(situation, daily_dose=Decimal(dose))
                    yield Unstated("daily-dose", words, stated)


def _by_weight(populations: Iterable[Population], situation: Situation) -> Iterator[Unstated]:
    """Every span of weights that the guidelines together tell apart: of two that draw the line at
    one weight, one may count the weight itself and the other not."""
    if situation.weight is not None or (situation.age_years or 0) >= _ADULT:
        return
    needs = [need for population in populations for need in population.fits.items()]
    over = {v[0] for need, v in needs if need == "adult_or_over_kg"}
    from_ = {v[0] for need, v in needs if need in ("adult_or_at_least_kg", "child_below_kg")}
    for kilo in sorted(over | from_, key=Decimal):
        line = Decimal(kilo)
        spans = [
            (line + _STEP, f"from {kilo} kg" if kilo not in over else f"above {kilo} kg"),
            (line, f"of {kilo} kg"),
            (line - _STEP, f"up to {kilo} kg" if kilo not in from_ else f"below {kilo} kg"),
        ]
        for weight, words in spans if kilo in over & from_ else (spans[0], spans[2]):
            yield Unstated("weight", words, replace(situation, weight=weight))


def _by_age(populations: Iterable[Population], situation: Situation) -> Iterator[Unstated]:
    """Every span of ages that the guidelines together tell apart."""
    needs = [need for population in populations for need in population.fits.items()]
    bounds = {int(v[0]) for need, v in needs if need in ("age_at_least", "age_below")}
    bounds |= {_ADULT for need, _ in needs if need in _ADULTS}
    if situation.age_years is not None or not bounds:
        return
    ordered = sorted(bounds)
    spans: list[Ages] = list(zip([None, *ordered], [*ordered, None], strict=True))
    for low, high in spans:
        age = high - 1 if high is not None else ordered[-1]
        yield Unstated(
            "birth-date", _years(low, high), replace(situation, age_years=age), (low, high)
        )


def _years(low: int | None, high: int | None) -> str:
    if low is None:
        return f"below {high} years"
    return f"from {low} years" if high is None else f"from {low} to {high - 1} years"
