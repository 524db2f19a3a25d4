"""What was told when an order was chosen is not told again when it is signed.

Off unless the site sets a window (`remember_shown`). A card stays unless everything that could
make it news is as it was: the same user, patient and server; topic, drug, rules and words of the
card; drug and dose of the order; an indicator no louder. A critical card always stays, and so does
everything where the store fails: told twice is a nuisance, told never is harm.
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from fhir_pgx.errors import StoreFailure
from fhir_pgx.fhir.bundle import Entry, References, reference_of
from fhir_pgx.model.card import INDICATORS, Card
from fhir_pgx.model.hook import HookCall
from fhir_pgx.model.policy import Kept, Muted
from fhir_pgx.storage.store import ShownCard, Store

log = logging.getLogger("fhir_pgx.remember")

FIRST, AGAIN = "order-select", "order-sign"

# The members of an order, of every FHIR release, that say which drug is given and how.
_ORDERED = (
    "medicationCodeableConcept", "medicationReference", "medication", "contained",
    "dosageInstruction", "dosage", "doNotPerform", "substitution",
)  # fmt: skip


def leave_out_shown(
    call: HookCall,
    cards: Sequence[Card],
    store: Store | None,
    *,
    minutes: int,
    now: datetime,
    client: str = "",
) -> Kept:
    """The cards without those that this user was shown for this patient in the last minutes.

    `cards` are as they would be sent, shaped for the client. `minutes` 0 leaves all. `client` is
    the registered name of who calls.
    """
    everything = Kept(tuple(cards))
    if store is None or minutes <= 0 or call.hook != AGAIN or not cards:
        return everything
    audience = audience_of(call, client)
    if not audience:
        return everything
    try:
        shown = store.recently_shown(audience, FIRST, now - timedelta(minutes=minutes))
    except StoreFailure as failure:
        log.warning("what was shown before is not known, so all is shown: %s", failure.text)
        return everything
    kept: list[Card] = []
    left: list[Card] = []
    for card in cards:
        (left if _is_repeated(call, card, shown) else kept).append(card)
    if left:
        log.info(
            "%d cards shown at %s in the last %d minutes were left out at %s: %s",
            len(left), FIRST, minutes, AGAIN, sorted({rule for c in left for rule in c.rules}),
        )  # fmt: skip
    muted = [Muted(c.rules, c.source.topic.code, c.indicator, "shown-before", FIRST) for c in left]
    return Kept(tuple(kept), tuple(muted))


def audience_of(call: HookCall, client: str = "") -> str:
    """Whom a call's cards are told: client, server, patient and user in one text; empty where the
    call names no user, who then cannot have been told before. What one client was told mutes
    nothing for another, which may name the same user."""
    if not call.user_id:
        return ""
    return json.dumps([client, call.fhir_server.rstrip("/"), call.patient_id, call.user_id])


def ordered_digest(call: HookCall, card: Card) -> str:
    """What the orders of a card ask for, drug and dose, as a digest; empty where that cannot be
    told: an order is not among those of the call, or its medication is not at hand."""
    orders: dict[str, Entry] = {entry.reference: entry for entry in call.drafts}
    told: list[object] = []
    for reference in card.orders:
        order = orders.get(reference)
        medication = _medication(call, order) if order is not None else None
        if order is None or medication is None:
            return ""
        told.append([{name: order.resource.get(name) for name in _ORDERED}, medication])
    return _digest(told) if told else ""


def _medication(call: HookCall, order: Entry) -> Mapping[str, Any] | None:
    """The resource that an order refers to for its drug: empty where it states the drug itself (or
    contains it), None where the resource is not at hand."""
    stated = order.resource.get("medicationReference") or order.resource.get("medication")
    reference = reference_of(stated)
    if not reference or reference.startswith("#"):
        return {}
    entry = References((*call.drafts, *call.evidence)).find(reference, order)
    return entry.resource if entry is not None else None


def said_digest(card: Card) -> str:
    """A card's words as a digest."""
    return _digest([card.summary, card.detail, *(each.label for each in card.suggestions)])


def _is_repeated(call: HookCall, card: Card, shown: Iterable[ShownCard]) -> bool:
    if card.indicator == "critical" or card.facets is None:
        return False
    ordered, said = ordered_digest(call, card), said_digest(card)
    if not ordered:
        return False
    rank = INDICATORS.index(card.indicator)
    return any(
        before.topic == card.source.topic.code
        and before.drug == card.facets.drug
        and set(before.rules) == set(card.rules)
        and before.indicator in INDICATORS
        and INDICATORS.index(before.indicator) <= rank
        and (before.ordered, before.said) == (ordered, said)
        for before in shown
    )


def _digest(value: Iterable[object]) -> str:
    written = json.dumps(list(value), sort_keys=True, default=str)
    return hashlib.sha256(written.encode("utf-8", "replace")).hexdigest()
