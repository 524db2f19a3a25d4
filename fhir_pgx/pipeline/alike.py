"""Orders of the same drug for which one answer holds: each drug is judged and told of once.

A chart may hold the same medicine twenty times over, and a bundle of drafts the same drug twice.
What can make the answers differ is the ingredients, the reason of an order, its dose where the
advice has numbers, and whether it is for local use.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from fhir_pgx.cards.form import is_for_local_use
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.recommendation import DrugGroup

Guided = Sequence[tuple[MedicationOrder, tuple[DrugGroup, ...]]]


class Decisive(Protocol):
    def __call__(self, order: MedicationOrder, group: DrugGroup) -> Hashable: ...


@dataclass(frozen=True, slots=True)
class Alike:
    """The orders of one drug that nothing tells apart, in the order of the call."""

    group: DrugGroup
    orders: tuple[MedicationOrder, ...]

    @property
    def first(self) -> MedicationOrder:
        return self.orders[0]


def alike(guided: Guided, decisive: Decisive) -> list[Alike]:
    """Each drug with its orders, where their first stands; `decisive` is what of an order can
    decide the answer."""
    found: dict[Hashable, tuple[DrugGroup, list[MedicationOrder]]] = {}
    for order, groups in guided:
        for group in groups:
            key = (id(group), ingredients_of(order), is_for_local_use(order), order.proposed)
            found.setdefault(key, (group, []))[1].append(order)
    return [
        Alike(group, several)
        for group, orders in found.values()
        for several in apart(orders, partial(decisive, group=group))
    ]


def apart(
    orders: Iterable[MedicationOrder], by: Callable[[MedicationOrder], Hashable]
) -> list[tuple[MedicationOrder, ...]]:
    """The orders parted by what `by` says of each; one alone is not asked about."""
    orders = tuple(orders)
    if len(orders) == 1:
        return [orders]
    found: dict[Hashable, list[MedicationOrder]] = {}
    for order in orders:
        found.setdefault(by(order), []).append(order)
    return [tuple(each) for each in found.values()]


def ingredients_of(order: MedicationOrder) -> frozenset[str] | str:
    """A drug that is known by its name alone has no ingredients."""
    if order.match is None:
        return order.concept.label.strip().lower()
    return frozenset(drug.rxcui or drug.name for drug in order.match.ingredients)
