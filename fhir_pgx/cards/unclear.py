"""The card for an order whose codes and words name different drugs: no advice may choose."""

import uuid

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.headline import LIMIT
from fhir_pgx.cards.markdown import cut, escape, plain
from fhir_pgx.cards.source import EXTENSION, SOURCES, topic
from fhir_pgx.model.card import Card, Source
from fhir_pgx.model.drug import MedicationOrder


def unclear_card(order: MedicationOrder, context: CardContext) -> Card | None:
    """A warning that the order is ambiguous; None where it is not."""
    match = order.match
    if match is None or match.ingredients or not match.candidates:
        return None
    named = [" + ".join(drug.name for drug in drugs) for drugs in match.candidates]
    label, url = SOURCES["CPIC"]
    subject = topic("order", "drug unclear", (), "clarify")
    said = f"This order names different drugs ({', '.join(named)}): no genetic advice was given."
    return Card(
        uuid=str(uuid.uuid5(context.namespace, f"{order.reference} {subject.code}")),
        summary=cut(plain(said, 400), LIMIT),
        indicator="warning",
        source=Source(label, url, subject),
        detail=(
            f"**Order** {escape(order.concept.label)}\n\nIts codes and words resolve to "
            f"{escape(' or to '.join(named), 400)}. Pharmacogenomic guidance exists for at least "
            "one of them; correct the order to receive it."
        ),
        orders=(order.reference,),
        extension={EXTENSION: {"orders": [order.reference]}},
    )
