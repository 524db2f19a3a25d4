"""Rows that say the opposite of one another, on the same drugs and findings.

A row on one exact change goes before a row on the class that it belongs to: EGFR
A763_Y764insFQEA is an exon 20 insertion, and sensitive all the same. Where neither is more
specific both are shown, and called conflicting. What stands on a label is never hidden so.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace

from fhir_pgx.model.therapy import Effect, TherapyDrug
from fhir_pgx.model.tumour_answer import Held
from fhir_pgx.recommendation.tumour.drugs import drug_name
from fhir_pgx.recommendation.tumour.tiers import is_label

_FOR: frozenset[Effect] = frozenset({"sensitive", "recommended"})
_AGAINST: frozenset[Effect] = frozenset(
    {"resistant", "reduced-sensitivity", "no-sensitivity", "not-indicated", "limited-effect"}
)
_EXACT, _CLASS = 2, 3


def drugs_key(drugs: Iterable[TherapyDrug]) -> frozenset[str]:
    """What tells whether two rows speak of the same drugs, in whatever order."""
    return frozenset(drug.rxcui or drug_name(drug.name) for drug in drugs)


def are_opposite(one: Effect, other: Effect) -> bool:
    pair = {one, other}
    if pair & _FOR and pair & _AGAINST:
        return True
    return pair == {"resistant", "no-resistance"}


def opposites_of(held: Sequence[Held]) -> dict[str, tuple[Held, ...]]:
    """For each row that another contradicts: the rows that say the opposite, by the row's id."""
    by_drug: defaultdict[frozenset[str], list[Held]] = defaultdict(list)
    for each in held:
        if each.is_met:
            by_drug[each.drugs].append(each)
    return {
        each.row.id: tuple(
            other
            for other in by_drug[each.drugs]
            if are_opposite(each.row.effect, other.row.effect) and _is_of_the_same(each, other)
        )
        for each in held
        if each.conflicts
    }


def settle(held: Sequence[Held]) -> list[Held]:
    """The rows with conflicts and overridden classes marked, in the order given."""
    by_drug: defaultdict[frozenset[str], list[int]] = defaultdict(list)
    for place, each in enumerate(held):
        if each.is_met:
            by_drug[each.drugs].append(place)
    settled = list(held)
    for places in by_drug.values():
        effects = {held[place].row.effect for place in places}
        if len(effects) < 2:
            continue
        for place in places:
            others = [held[other] for other in places if other != place]
            settled[place] = _marked(held[place], others)
    return settled


def _marked(each: Held, others: Sequence[Held]) -> Held:
    opposite = [other for other in others if are_opposite(each.row.effect, other.row.effect)]
    if any(_overrides(other, each) for other in opposite):
        return replace(each, is_overridden=True)
    if any(_is_of_the_same(each, other) for other in opposite):
        return replace(each, conflicts=True)
    return each


def _findings(held: Held) -> frozenset[int]:
    return frozenset(map(id, held.outcome.by))


def _overrides(specific: Held, general: Held) -> bool:
    """Whether an exact row speaks of all that a class row rests on, and of the same cancer."""
    if is_label(general.row.provenance):
        return False
    if specific.outcome.rank > _EXACT or general.outcome.rank < _CLASS:
        return False
    same_context = specific.fit in ("same", "any") or specific.fit == general.fit
    return same_context and _findings(general) <= _findings(specific)


def _is_of_the_same(one: Held, other: Held) -> bool:
    same_disease = one.row.doid == other.row.doid or {one.fit, other.fit} <= {"same", "any"}
    return same_disease and _findings(one) == _findings(other)
