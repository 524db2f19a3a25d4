"""The drugs that guidelines name for a problem, judged by one patient's results.

No recommendation of a treatment: which drugs a problem is treated with is not ours to say. It tells
which of the drugs with guidance these results speak against, before one of them is ordered.
"""

from collections.abc import Callable, Iterable

from fhir_pgx.model.judged_drug import JudgedDrug
from fhir_pgx.model.problem import NamedDrug
from fhir_pgx.model.recommendation import DrugAdvice
from fhir_pgx.recommendation.rulebook import DrugGroup, Rulebook

_AGAINST = ("contraindicated", "avoid", "alternative")


def judge_named(
    drugs: Iterable[NamedDrug], rulebook: Rulebook, judge: Callable[[DrugGroup], DrugAdvice]
) -> tuple[JudgedDrug, ...]:
    """Each drug that a source of this site has rows for, those advised against first.

    `judge` gives the advice of a drug for the patient, with the problem as its indication.
    """
    judged = []
    for named in drugs:
        group = group_of(named.drug.rxcui, rulebook)
        if group is not None:
            advice = judge(group)
            title = next(
                (e.guideline.title for e in group.entries if e.guideline.id == named.guideline), ""
            )
            judged.append(JudgedDrug(named, title, advice, _is_against(advice)))
    return tuple(sorted(judged, key=lambda each: not each.is_against))


def group_of(rxcui: str, rulebook: Rulebook) -> DrugGroup | None:
    """The guidance of one ingredient alone; None where the site's sources hold none."""
    entries = rulebook.entries_of(rxcui)
    found = rulebook.for_ingredients([entries[0].drug]) if entries else ()
    return next((group for group in found if group.ingredients == (rxcui,)), None)


def _is_against(advice: DrugAdvice) -> bool:
    """By the recommendation that fits the patient best: it stands first."""
    found = advice.recommendations
    return bool(found) and found[0].action in _AGAINST
