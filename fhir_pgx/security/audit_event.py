"""An access as a FHIR R4 AuditEvent.

FHIR's own codes where there are any: the kind of a RESTful interaction, DICOM's events for
credentials, import and export. What FHIR has no code for (a hook call, feedback, an interpretation
of what was sent) is coded in AUDIT, as docs/audit.md lists it.
"""

import base64
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from fhir_pgx.model.access import TREATMENT, Caller
from fhir_pgx.model.audited import Access, CardAudited, Circumstances, Kind
from fhir_pgx.terminology import AUDIT, URI

Resource = dict[str, Any]

_UNREADABLE: Final = "(unreadable)"
MAX_QUERY: Final = 8_192  # of a search's text; what is longer is cut, and the entry says so
_MAX_TEXT: Final = 1_000

_EVENT_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_INTERACTION: Final = "http://hl7.org/fhir/restful-interaction"
_DICOM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_ENTITY_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_RESOURCE_TYPE: Final = "http://hl7.org/fhir/resource-types"
_ROLE: Final = "http://terminology.hl7.org/CodeSystem/object-role"
_REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_SOURCE_TYPE: Final = "http://terminology.hl7.org/CodeSystem/security-source-type"
_PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"

_REST: Final = (_EVENT_TYPE, "rest", "RESTful Operation")
_SUPPORT: Final = (AUDIT, "decision-support", "Decision support")
_BY_ITSELF: Final = (_DICOM, "110100", "Application Activity")
_TYPES: Final[Mapping[Kind, tuple[str, str, str]]] = {
    "hook-call": _SUPPORT,
    "feedback": _SUPPORT,
    "interpretation": _SUPPORT,
    "login": (_DICOM, "110114", "User Authentication"),
    "logout": (_DICOM, "110114", "User Authentication"),
    "export": (_DICOM, "110106", "Export"),
    "load": (_DICOM, "110107", "Import"),
    "pull": (_DICOM, "110107", "Import"),
    "derive": _BY_ITSELF,
    "other": _BY_ITSELF,
}
_OF_CREDENTIALS: Final[Mapping[Kind, tuple[str, str, str]]] = {
    "login": (_DICOM, "110122", "Login"),
    "logout": (_DICOM, "110123", "Logout"),
}
_EMERGENCY: Final = (_DICOM, "110127", "Emergency Override Started")
_ACTIONS: Final[Mapping[Kind, str]] = {
    "read": "R", "vread": "R", "export": "R",
    "history-instance": "R", "history-type": "R", "history-system": "R",
    "create": "C", "load": "C", "pull": "C", "derive": "C", "feedback": "C",
    "update": "U", "delete": "D",
}  # fmt: skip


def _coding(system: str, code: str, display: str = "") -> Resource:
    return {"system": system, "code": code} | ({"display": display} if display else {})


# Written over and over, so made once.
_APPLICATION: Final = {"coding": [_coding(_DICOM, "110150", "Application")]}
_RECIPIENT: Final = {"coding": [_coding(_PARTICIPATION, "IRCP", "information recipient")]}
_SERVER: Final = [_coding(_SOURCE_TYPE, "4", "Application Server")]
_PERSON: Final = _coding(_ENTITY_TYPE, "1", "Person")
_SYSTEM_OBJECT: Final = _coding(_ENTITY_TYPE, "2", "System Object")
_PATIENT: Final = _coding(_ROLE, "1", "Patient")
_DOMAIN_RESOURCE: Final = _coding(_ROLE, "4", "Domain Resource")
_JOB: Final = _coding(_ROLE, "20", "Job")
_QUERY: Final = _coding(_ROLE, "24", "Query")
_CARD: Final = _coding(AUDIT, "card")

_ID: Final = re.compile(r"[A-Za-z0-9.\-]{1,64}")
_REFERENCE: Final = re.compile(
    r"[A-Z][A-Za-z]{1,63}/[A-Za-z0-9.\-]{1,64}(?:/_history/[A-Za-z0-9.\-]{1,64})?"
)
# What cannot stand in a FHIR string, and has no place in a record.
_CONTROLS: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]+")


def write_audit_event(access: Access, at: Circumstances) -> Resource:
    """The AuditEvent of one access, without an id: its place in the record names it."""
    breaks_glass = at.caller.breaks_glass
    written: Resource = {
        "resourceType": "AuditEvent",
        "type": _coding(*_TYPES.get(access.kind, _REST)),
        "subtype": [*_subtypes(access), *([_coding(*_EMERGENCY)] if breaks_glass else [])],
        "action": _ACTIONS.get(access.kind, "E"),
        "recorded": at.recorded.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "outcome": access.outcome,
        "outcomeDesc": f"HTTP {access.status}" if access.status else "",
        "purposeOfEvent": [_purpose(at.caller)] if _has_purpose(at.caller) else [],
        "agent": list(_agents(access, at)),
        "source": {
            "site": _text(at.site) or "(unnamed)",
            "observer": {"display": _text(at.software)},
            "type": _SERVER,
        },
        "entity": list(_entities(access, at)),
    }
    return _present(written)


def told(access: Access) -> str:
    """An access in a few words, as a list of them shows it: `read Observation/g1`."""
    of_resource = bool(access.resources) and access.kind != "operation"
    whats = [access.what] if access.what and not of_resource else []
    more = f" and {len(access.resources) - 1} more" if len(access.resources) > 1 else ""
    return _text(" ".join((access.kind, *whats, *access.resources[:1]))) + more


def _subtypes(access: Access) -> Iterator[Resource]:
    if access.kind in _OF_CREDENTIALS:
        yield _coding(*_OF_CREDENTIALS[access.kind])
        return
    if access.kind in _TYPES:
        yield _coding(AUDIT, access.kind)
        return
    yield _coding(_INTERACTION, access.kind)
    if access.kind == "operation":
        yield _coding(AUDIT, _text(access.what))


# Who


def _agents(access: Access, at: Circumstances) -> Iterator[Resource]:
    """The program that called, and the person it calls for as far as one is named.

    The person asks where there is one (`requestor`), else the program does. Of a credential that
    did not hold nothing is believed.
    """
    if access.kind == "login" and access.outcome != "0":
        network = {"address": _text(at.address), "type": "2"} if at.address else {}
        name = "unknown: no credential, or one that does not hold"
        yield _present({"name": name, "requestor": True, "network": network})
        return
    caller = at.caller
    user = caller.user or at.user
    program: Resource = {
        "type": _APPLICATION,
        "who": _who(caller.issuer, caller.client) if caller.client else {},
        "name": _text(caller.client) or _NAMES[caller.kind],
        "requestor": not user,
        # AuditEvent.agent.network.type 2: an IP address
        "network": {"address": _text(at.address), "type": "2"} if at.address else {},
        "purposeOfUse": [_purpose(caller)] if _has_purpose(caller) and not user else [],
    }
    yield _present(program)
    if user:
        person: Resource = {
            "type": _RECIPIENT,
            "who": _who(caller.issuer, user),
            "requestor": True,
            "purposeOfUse": [_purpose(caller)] if _has_purpose(caller) else [],
        }
        yield _present(person)


_NAMES: Final = {
    "open": "anybody: nobody was identified",
    "cds-client": "CDS client",
    "application": "application",
    "operator": "operator",
}


def _who(issuer: str, name: str) -> Resource:
    """By identifier: a reference such as `Practitioner/7` is one of the caller's own server."""
    system = issuer if ":" in issuer and " " not in issuer else ""
    shown = _text(name) or _UNREADABLE
    identifier = ({"system": _text(system)} if system else {}) | {"value": shown}
    return {"identifier": identifier, "display": shown}


def _has_purpose(caller: Caller) -> bool:
    """Nobody states a purpose where nobody was asked who they are."""
    return caller.kind in ("cds-client", "application") or caller.purpose != TREATMENT


def _purpose(caller: Caller) -> Resource:
    return {"coding": [_coding(_REASON, _text(caller.purpose))]}


# What


def _entities(access: Access, at: Circumstances) -> Iterator[Resource]:
    if access.patient:
        yield {"what": _patient(access.patient), "type": _PERSON, "role": _PATIENT}
    for reference in access.resources:
        yield {"what": _what(reference), "type": _SYSTEM_OBJECT, "role": _DOMAIN_RESOURCE}
    if access.query:
        yield _query(access)
    # FHIR R4, AuditEvent, sev-1: an entity has a name or a query.
    job: Resource = {
        "type": _SYSTEM_OBJECT,
        "role": _JOB,
        "name": _text(access.what) or access.kind,
        "detail": list(_details(access, at)),
    }
    yield _present(job)
    for card in access.cards:
        yield _card(card)


def _patient(id_: str) -> Resource:
    if _ID.fullmatch(id_):
        return {"reference": f"Patient/{id_}"}
    return {
        "identifier": {"value": _text(id_) or _UNREADABLE}
    }  # of another server: an id by no rule of FHIR


def _what(reference: str) -> Resource:
    if _REFERENCE.fullmatch(reference):
        return {"reference": reference}
    return {"display": _text(reference) or _UNREADABLE}


def _query(access: Access) -> Resource:
    text = access.query.encode("utf-8", "replace")
    kind = _text(access.what) if access.what.isalpha() else ""
    written: Resource = {
        "type": _coding(_RESOURCE_TYPE, kind) if kind else _SYSTEM_OBJECT,
        "role": _QUERY,
        "query": base64.b64encode(text[:MAX_QUERY]).decode("ascii"),
    }
    if len(text) > MAX_QUERY:
        written["detail"] = [{"type": "query-cut-at", "valueString": str(MAX_QUERY)}]
    return written


def _details(access: Access, at: Circumstances) -> Iterator[Resource]:
    facts = (
        *access.details,
        ("request-id", at.request_id),
        ("token-id", at.caller.token_id),
        ("tenant", at.caller.tenant),
    )
    for name, value in facts:
        if shown := _text(value):
            yield {"type": name, "valueString": shown}


def _card(card: CardAudited) -> Resource:
    """A card by what it rests on. Its words speak of the patient and are not kept."""
    facts = [
        ("topic", card.topic), ("source", card.source), ("indicator", card.indicator),
        ("knowledge", card.knowledge), *(("rule", each) for each in card.rules),
    ]  # fmt: skip
    return {
        "what": {"identifier": {"system": URI, "value": f"urn:uuid:{_text(card.uuid)}"}},
        "type": _CARD,
        "detail": [
            {"type": name, "valueString": text} for name, value in facts if (text := _text(value))
        ],
    }


# How it is written


def _text(value: str) -> str:
    """On one line, without controls, cut: a caller must not write a second line into a record."""
    if len(value) <= _MAX_TEXT and value.isprintable():
        return value.strip()
    return _CONTROLS.sub(" ", value[:_MAX_TEXT]).strip()


def _present(members: Resource) -> Resource:
    """Without what is empty: FHIR has no empty members."""
    return {name: value for name, value in members.items() if value or value is False}
