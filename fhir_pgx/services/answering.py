"""A service call from its document to its cards, as the server and the command both run it."""

from typing import Any

from fhir_pgx.model.hook import HookAnswer, HookCall
from fhir_pgx.services.call import read_hook_call
from fhir_pgx.services.gather import Sources, gather
from fhir_pgx.services.service import Service
from fhir_pgx.storage.store import IssuedCard


def read_call(document: Any, service: Service, sources: Sources) -> HookCall:
    """The call with all that may be known of its patient. Raises as `read_hook_call` does."""
    return gather(read_hook_call(document, service), document, service, sources)


def record_answer(call: HookCall, answer: HookAnswer, sources: Sources) -> None:
    """Note the cards that leave the house, so that feedback on them can be counted."""
    if sources.store is None or not answer.cards:
        return
    sources.store.record_cards(
        IssuedCard(
            uuid=card.uuid,
            topic=card.source.topic.code,
            rules=card.rules,
            hook=call.hook,
            service=call.service_id,
            patient=call.patient_id,
        )
        for card in answer.cards
    )
