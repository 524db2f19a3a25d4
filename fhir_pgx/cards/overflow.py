"""The last card where there are more than a client should show."""

import uuid
from collections.abc import Sequence

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.markdown import escape, items
from fhir_pgx.cards.source import EXTENSION, source_of, topic
from fhir_pgx.model.card import Card


def _what(left: Sequence[Card]) -> str:
    is_precise = any(card.facets is not None and card.facets.domain for card in left)
    return "Genomic findings" if is_precise else "Pharmacogenomics"


def overflow_card(left: Sequence[Card], context: CardContext) -> Card:
    """A card that names what the left-out cards say; as weighty as the weightiest of them."""
    subject = topic("PGX", "further orders", (), "more")
    return Card(
        uuid=str(uuid.uuid5(context.namespace, f"{subject.code} {len(left)}")),
        summary=f"{_what(left)}: {len(left)} more cards for these orders.",
        indicator=left[0].indicator,
        source=source_of((), subject),
        detail=items([escape(card.summary) for card in left]),
        orders=tuple(dict.fromkeys(order for card in left for order in card.orders)),
        rules=tuple(dict.fromkeys(rule for card in left for rule in card.rules)),
        extension={
            EXTENSION: {
                "orders": list(dict.fromkeys(order for card in left for order in card.orders)),
                "rules": list(dict.fromkeys(rule for card in left for rule in card.rules)),
            }
        },
    )
