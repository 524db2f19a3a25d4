"""The cards for an order of which nobody can tell the drug: its codes and words name different
ones, and no advice may choose; or what it refers to did not come along."""

import uuid

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.headline import LIMIT
from fhir_pgx.cards.markdown import cut, escape, plain
from fhir_pgx.cards.source import EXTENSION, source_of, topic
from fhir_pgx.model.card import Card
from fhir_pgx.model.drug import MedicationOrder


def unclear_card(order: MedicationOrder, context: CardContext) -> Card | None:
    """A warning that the order is ambiguous; None where it is not. What every reading of it
    contains was judged, and the rest was not."""
    match = order.match
    if match is None or not match.candidates:
        return None
    shared = " + ".join(drug.name for drug in match.ingredients)
    given = f"advice was given for {shared} alone" if shared else "no genetic advice was given"
    named = [" + ".join(drug.name for drug in drugs) for drugs in match.candidates]
    subject = topic("order", "drug unclear", (), "clarify")
    said = f"This order names different drugs ({', '.join(named)}): {given}."
    return Card(
        uuid=str(uuid.uuid5(context.namespace, f"{order.reference} {subject.code}")),
        summary=cut(plain(said, 400), LIMIT),
        indicator="warning",
        source=source_of((), subject),
        detail=(
            f"**Order** {escape(order.concept.label)}\n\nIts codes and words resolve to "
            f"{escape(' or to '.join(named), 400)}. "
            + (f"What they share, {escape(shared)}, was judged. " if shared else "")
            + "Pharmacogenomic guidance exists for at least one of them; correct the order to "
            "receive it."
        ),
        orders=(order.reference,),
        extension={EXTENSION: {"orders": [order.reference]}},
    )


def unreadable_card(order: MedicationOrder, context: CardContext) -> Card | None:
    """A warning that nobody could tell which medicine is ordered; None where the order names one.

    Silence would read as "nothing to say of this medicine".
    """
    if not order.concept.names_nothing:
        return None
    subject = topic("order", "drug unread", (), "send")
    return Card(
        uuid=str(uuid.uuid5(context.namespace, f"{order.reference} {subject.code}")),
        summary="This order's medicine could not be read: no genetic advice was given.",
        indicator="warning",
        source=source_of((), subject),
        detail=(
            f"**Order** {escape(order.reference, 80)}\n\nThe order names its medicine by a "
            "reference alone, and the Medication it refers to did not come along or names "
            "nothing. Whether a result concerns it is not known. For the analyst: send the "
            "Medication among the orders or the prefetched data, or a `display` with the reference."
        ),
        orders=(order.reference,),
        extension={EXTENSION: {"orders": [order.reference]}},
    )
