"""One card for several orders of the same drug: every order named, each with its own change."""

import uuid
from collections.abc import Sequence
from dataclasses import replace

from fhir_pgx.cards.detail import matched
from fhir_pgx.cards.extras import NOTHING_MORE, Extras
from fhir_pgx.cards.markdown import escape, items, plain
from fhir_pgx.cards.source import EXTENSION
from fhir_pgx.cards.suggestion import suggestions
from fhir_pgx.model.card import Card, Suggestion
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.recommendation import Recommendation

MOST_CHANGED = 3  # orders for which a change is offered: a longer list is read by nobody


def of_several(
    card: Card,
    orders: Sequence[MedicationOrder],
    drug: str,
    answer: Sequence[Recommendation] = (),
    extras: Extras = NOTHING_MORE,
) -> Card:
    """The card of the first of these orders, made to speak of all of them; `answer` is what
    changes may be offered by. With more than three orders none is offered."""
    if len(orders) < 2:
        return card
    references = tuple(dict.fromkeys(order.reference for order in orders))
    first = f"**Order** {named(orders[0], drug)}"
    lines: dict[str, int] = {}
    for order in orders:
        line = named(order, drug)
        lines[line] = lines.get(line, 0) + 1
    listed = items([f"{line}{f', {n} times' if n > 1 else ''}" for line, n in lines.items()])
    offered = _offered(card, orders, drug, answer, extras)
    extension = dict(card.extension)
    extension[EXTENSION] = {**extension.get(EXTENSION, {}), "orders": list(references)}
    return replace(
        card,
        detail=f"**Orders** ({len(orders)})\n\n{listed}{card.detail.removeprefix(first)}",
        suggestions=offered,
        # Each order may be changed: one suggestion does not rule out that of the next order.
        selection_behavior="any" if offered else card.selection_behavior,
        orders=references,
        extension=extension,
    )


def named(order: MedicationOrder, drug: str) -> str:
    """An order as the details of cards name it."""
    return f"{escape(order.concept.label or drug)}{matched(order)}"


def _offered(
    card: Card,
    orders: Sequence[MedicationOrder],
    drug: str,
    answer: Sequence[Recommendation],
    extras: Extras,
) -> tuple[Suggestion, ...]:
    if len(orders) > MOST_CHANGED or not answer:
        return ()
    found: list[Suggestion] = []
    for place, order in enumerate(orders, 1):
        which = f"order {place} of {len(orders)}: {plain(order.concept.label or drug, 60)}"
        own = uuid.uuid5(uuid.UUID(card.uuid), f"order {place}")
        found += [_of_order(each, which) for each in suggestions(order, answer, extras, own)]
    return tuple(found)


def _of_order(suggestion: Suggestion, which: str) -> Suggestion:
    label = f"{suggestion.label} ({which})"
    actions = tuple(
        replace(action, description=action.description.replace(suggestion.label, label, 1))
        for action in suggestion.actions
    )
    return replace(suggestion, label=label, actions=actions)
