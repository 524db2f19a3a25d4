"""What a Consent asks of the caller and of the moment: who, what for, what they do, when.

Each is answered yes, no or unknown: for a denial unknown is yes, for a permission it is no.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final, Literal

from fhir_pgx.model.access import Caller
from fhir_pgx.model.dates import days_of
from fhir_pgx.security.consent_reading import Reading
from fhir_pgx.security.consent_values import all_codes, codes_in, dicts_in, text_of, type_and_id
from fhir_pgx.security.purposes import is_known, is_within

Answer = Literal["yes", "no", "unknown"]

# Identifiers by which a Consent names who calls us exactly.
CLIENT: Final = "urn:fhir-pgx:client"
ISSUER: Final = "urn:fhir-pgx:issuer"
# What a caller of ours does with data: the rest (collect, correct) is not for a reader.
READING = frozenset(("access", "use", "disclose"))
_NOT_READING = frozenset(("collect", "correct"))
_RECIPIENTS = frozenset(("PRCP", "IRCP", "RCT", "recipient", "RECIP"))
_PERSONS = ("Practitioner", "Patient", "RelatedPerson", "Person")
_FURTHEST_EAST, _FURTHEST_WEST = timedelta(hours=14), timedelta(hours=12)


def is_in_period(period: Any, path: str, reading: Reading) -> Answer:
    """Whether now is within a Period; without one, always."""
    if period is None:
        return "yes"
    if not isinstance(period, Mapping):
        reading.missed(path)
        return "unknown"
    answer: Answer = "yes"
    for name in ("start", "end"):
        if period.get(name) is None:
            continue
        moments = _moments(text_of(period[name]), is_end=name == "end")
        if moments is None:
            reading.missed(f"{path}.{name}")
            answer = "unknown"
            continue
        earliest, latest = moments
        if reading.now > latest if name == "end" else reading.now < earliest:
            return "no"
        if reading.now > earliest if name == "end" else reading.now < latest:
            answer = "unknown"
    return answer


def _moments(text: str, *, is_end: bool) -> tuple[datetime, datetime] | None:
    """The earliest and the latest moment that a written one can mean: a day begins and ends at
    another hour in each time zone. None where it is no date."""
    days = days_of(text)
    if days is None:
        return None
    if len(text) > 10:
        try:
            stated = datetime.fromisoformat(text)
        except ValueError:
            return None
        if stated.tzinfo is not None:
            return stated, stated
        written = stated
    else:
        written = datetime.combine(days[1] if is_end else days[0], time.max if is_end else time.min)
    aware = written.replace(tzinfo=UTC)
    return aware - _FURTHEST_EAST, aware + _FURTHEST_WEST


def is_actor(actors: Any, path: str, reading: Reading, *, permits: bool) -> Answer:
    """Whether the caller is any of the actors; without any, everybody is."""
    stated = dicts_in(actors)
    if not stated:
        return "yes" if actors is None else "unknown"
    answers = {_is_one(each, reading.caller, permits=permits) for each in stated}
    if any(not _is_named(each) for each in stated):
        reading.missed(path)
    return "yes" if "yes" in answers else "unknown" if "unknown" in answers else "no"


def _is_named(actor: Mapping[str, Any]) -> bool:
    return isinstance(actor.get("reference"), Mapping) and bool(actor["reference"])


def _is_one(actor: Mapping[str, Any], caller: Caller, *, permits: bool) -> Answer:
    """Whether the caller is an actor of a Consent. Nobody verifies who calls an open service: there
    a permission is never somebody's own."""
    reference = actor.get("reference")
    if not isinstance(reference, Mapping) or not reference:
        return "unknown"
    answer = _is_whom(reference, caller)
    roles = codes_in(actor.get("role"))
    if answer == "yes" and roles and roles.isdisjoint(_RECIPIENTS):
        return "unknown"  # named, and not as one who receives
    if answer == "yes" and permits and caller.kind == "open":
        return "unknown"
    return answer


def _is_whom(reference: Mapping[str, Any], caller: Caller) -> Answer:
    identifier = reference.get("identifier")
    if isinstance(identifier, Mapping):
        system, value = text_of(identifier.get("system")), text_of(identifier.get("value"))
        if system == CLIENT:
            return "yes" if caller.client and value == caller.client else "no"
        if system == ISSUER:
            return "yes" if caller.issuer and value == caller.issuer else "no"
    kind, identity = type_and_id(text_of(reference.get("reference")))
    own_kind, own_id = type_and_id(caller.user)
    if kind and identity and (kind, identity) == (own_kind, own_id):
        return "unknown" if _is_of_another_server(reference, caller) else "yes"
    if kind == "Device" and identity == caller.client:
        return "yes"
    display = text_of(reference.get("display"))
    if not kind and display and display in (caller.client, caller.issuer):
        return "yes"
    if _is_of_another_server(reference, caller):
        return "unknown"  # one person has another id with each server
    if kind in _PERSONS and identity and own_kind in _PERSONS:
        return "no"  # somebody else
    return "unknown"


def _is_of_another_server(reference: Mapping[str, Any], caller: Caller) -> bool:
    """Whether the user is known by the address that another server gave, and the reference is not
    that: the same id may be somebody else's there. (One of ours has no address any more.)"""
    return "://" in caller.user and text_of(reference.get("reference")) != caller.user


def is_reading(actions: Any, path: str, reading: Reading) -> Answer:
    """Whether the actions are any that a caller of ours takes; without any, all are."""
    if actions is None:
        return "yes"
    stated = all_codes(actions)
    if stated & READING:
        return "yes"
    if stated and stated <= _NOT_READING:
        return "no"
    reading.missed(path)
    return "unknown"


def is_for(purposes: Any, path: str, reading: Reading) -> Answer:
    """Whether the caller\'s purpose is any of those stated, or a kind of it."""
    if purposes is None:
        return "yes"
    stated, own = all_codes(purposes), reading.caller.purpose
    if any(is_within(own, each) for each in stated):
        return "yes"
    unknown = [each for each in stated if not is_known(each)]
    if unknown or not stated:
        reading.missed(path)
        return "unknown"
    # A narrower purpose than the one stated may be the true one.
    is_wider = any(is_within(each, own) for each in stated)
    return "unknown" if is_wider or not is_known(own) else "no"
