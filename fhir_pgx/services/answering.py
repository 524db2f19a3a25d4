"""A service call from its document to its cards, as the server and the command both run it."""

from typing import Any

from fhir_pgx.model.hook import HookAnswer, HookCall
from fhir_pgx.services.call import read_hook_call
from fhir_pgx.services.gather import Sources, gather
from fhir_pgx.services.remember import audience_of, ordered_digest, said_digest
from fhir_pgx.services.service import Service
from fhir_pgx.storage.store import IssuedCard


def read_call(document: Any, service: Service, sources: Sources) -> HookCall:
    """The call with all that may be known of its patient. Raises as `read_hook_call` does."""
    return gather(read_hook_call(document, service), document, service, sources)


def record_answer(
    call: HookCall, answer: HookAnswer, sources: Sources, *, remember: bool = False
) -> None:
    """Note the cards that leave the house, as they leave it, so that feedback on them can be
    counted; with `remember`, also what `leave_out_shown` needs to know them by."""
    if sources.store is None or not answer.cards:
        return
    audience = audience_of(call, sources.caller.client) if remember else ""
    sources.store.record_cards(
        IssuedCard(
            uuid=card.uuid,
            topic=card.source.topic.code,
            rules=card.rules,
            hook=call.hook,
            service=call.service_id,
            patient="" if sources.is_rehearsal else call.patient_id,
            indicator=card.indicator,
            source=card.facets.source if card.facets else "",
            drug=card.facets.drug if card.facets else "",
            knowledge=card.knowledge,
            audience=audience,
            ordered=ordered_digest(call, card) if audience else "",
            said=said_digest(card) if audience else "",
        )
        for card in answer.cards
    )
