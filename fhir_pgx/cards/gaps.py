"""What could not be looked at, told apart: a list that was not sent, one that could not be
obtained, a part of one, a medicine that names nothing.

None of these is an empty answer, and no card may read as if it were.
"""

import uuid
from collections.abc import Iterable, Mapping, Sequence

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.detail import INCOMPLETE, section, told
from fhir_pgx.cards.headline import LIMIT
from fhir_pgx.cards.markdown import cut
from fhir_pgx.cards.source import EXTENSION, source_of, topic
from fhir_pgx.cards.summary import Moment
from fhir_pgx.model.card import Card
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.patient import Listed, PatientContext

NO_MEDICINES = Caveat(
    "PGX-625",
    "Medicines in use did not reach this service: interactions with them were not looked for.",
)
MEDICINES_FAILED = Caveat(
    "PGX-625",
    "The list of medicines in use could not be obtained: interactions with them were not looked "
    "for.",
)
MEDICINES_IN_PART = Caveat(
    "PGX-625",
    "The list of medicines in use could not be obtained in full: interactions were looked for "
    "with those alone that came.",
)
_JUDGED_BY: Mapping[Listed, str] = {
    "problems": "the problem list",
    "measures": "weight, height, kidney function and the like",
}


def medicines_not_seen(patient: PatientContext) -> Caveat | None:
    """What must be said where medicines in use were not all looked at."""
    if patient.failed("medicines"):
        return MEDICINES_IN_PART if patient.medicines_known else MEDICINES_FAILED
    return None if patient.medicines_known else NO_MEDICINES


def unreadable_medicines(orders: Iterable[MedicationOrder | None]) -> Caveat | None:
    """That medicines in use stand on file without a name or a code that came along."""
    count = sum(order is not None and order.concept.names_nothing for order in orders)
    if not count:
        return None
    return Caveat(
        "PGX-626",
        f"{_medicines(count)} in use could not be read: which drug it is did not come along.",
    )


def lists_not_obtained(patient: PatientContext) -> Caveat | None:
    """That lists which tell one kind of patient from another were asked for and did not come."""
    failed = [name for listed, name in _JUDGED_BY.items() if patient.failed(listed)]
    if not failed:
        return None
    what = ", and ".join(failed)
    return Caveat(
        "PGX-627",
        f"Could not be obtained: {what}. What turns on them was not looked at, or not in full.",
    )


def limits_of_chart(
    orders: Iterable[MedicationOrder], context: CardContext, patient: PatientContext | None = None
) -> list[Caveat]:
    """What limits a card about a whole chart."""
    found = [INCOMPLETE] if context.incomplete else []
    unread = unreadable_medicines(orders)
    failed = lists_not_obtained(patient) if patient is not None else None
    return [*found, *(each for each in (unread, failed) if each is not None)]


def gap_card(
    orders: Sequence[MedicationOrder], context: CardContext, moment: Moment
) -> Card | None:
    """An info card that not all medicines in use could be looked at; None where all could.

    For the moments at which silence would read as "looked at, and nothing found".
    """
    limits = limits_of_chart(orders, context)
    if not limits:
        return None
    subject = topic("PGX", "medicines in use", (), f"{moment.action}-not-seen")
    unread = sum(order.concept.names_nothing for order in orders)
    said = (
        f"{_medicines(unread)} in use could not be read: no advice was given on "
        f"{'it' if unread == 1 else 'them'}."
        if unread
        else "a part of the data did not come; by what came, no medicine in use is concerned."
    )
    return Card(
        uuid=str(uuid.uuid5(context.namespace, subject.code)),
        summary=cut(f"Pharmacogenomics: {said}", LIMIT),
        indicator="info",
        source=source_of((), subject),
        detail="\n\n".join(
            (
                section("What was not looked at", [told(each) for each in limits]),
                "What was not looked at is neither free of concern nor a warning: look into the "
                "chart.",
                f"**Source** what reached this service; knowledge release "
                f"{context.knowledge_release}. This informs; the prescriber decides.",
            )
        ),
        orders=tuple(order.reference for order in orders if order.concept.names_nothing),
        extension={EXTENSION: {"knowledge": {"release": context.knowledge_release}}},
    )


def _medicines(count: int) -> str:
    return "1 medicine" if count == 1 else f"{count} medicines"
