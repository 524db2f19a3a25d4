"""A CDS Hooks call as the services see it: read, checked and sorted, not yet judged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_pgx.model.card import Card
from fhir_pgx.model.finding import NotUnderstood
from fhir_pgx.model.patient import Availability, Listed
from fhir_pgx.model.policy import Muted

__all__ = [
    "GLASS_BROKEN",
    "NOT_A_UUID",
    "NOT_UNDERSTOOD",
    "Availability",
    "HookAnswer",
    "HookCall",
    "Listed",
]

NOT_A_UUID = "hook-instance-not-uuid"  # the flag of a hookInstance that is some other text
GLASS_BROKEN = "glass-broken"  # an emergency set Consents or labels aside
NOT_UNDERSTOOD = "consent-not-understood"  # a part of a Consent was taken as restricting


@dataclass(frozen=True, slots=True)
class HookCall:
    """One call.

    `drafts` and `evidence` are tuples of `fhir.bundle.Entry` (the orders in the context; every
    resource of the prefetch, of the store and of call-backs). `selections` are the `Type/id` an
    order-select names, None for hooks without selections. `genomics` and `medications` say how
    far the data were obtainable; `unavailable_reason` is the client's own, without patient data.
    `lists` says the same of each list that helps to judge, as far as anything is known of it; a
    list of which any part could not be obtained is "unavailable", whatever else came of it.
    `partial` names those of which a part came and a part did not. `looked_for` names the resource
    types that somebody searched for and found none of; `not_found` the orders, as `Type/id`, that a
    hook names by reference and nobody sent. `is_limited`: a Consent or a label keeps a part of the
    record from whoever calls, whether or not anything is there; what it keeps is not in the call.
    """

    service_id: str
    hook: str
    hook_instance: str
    patient_id: str
    user_id: str = ""
    encounter_id: str = ""
    fhir_server: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    drafts: tuple[Any, ...] = ()
    selections: frozenset[str] | None = None
    evidence: tuple[Any, ...] = ()
    genomics: Availability = "missing"
    medications: Availability = "missing"
    incomplete: bool = False  # a prefetch Bundle has further pages that were not read
    unavailable_reason: str = ""
    lists: Mapping[Listed, Availability] = field(default_factory=dict)
    partial: frozenset[Listed] = frozenset()
    looked_for: frozenset[str] = frozenset()
    not_found: tuple[str, ...] = ()
    notes: tuple[NotUnderstood, ...] = ()
    is_limited: bool = False
    flags: tuple[str, ...] = ()  # tolerated oddities, for the log: `hook-instance-not-uuid`


@dataclass(frozen=True, slots=True)
class HookAnswer:
    """The cards of one call, best first; empty means nothing to say. `muted` are the cards that
    the site's policy, or the memory of what was shown, left out."""

    cards: tuple[Card, ...] = ()
    muted: tuple[Muted, ...] = ()
