"""A CDS Hooks request, read: checked against its hook, sorted, and of one patient.

The envelope is strict (CDS Hooks 3.0, Calling a CDS Service: what the hook requires is required);
the resources in it are taken as they come. Everything wrong is reported at once, with its path and
how to mend it. The access token is never kept in the call that is read.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from fhir_pgx.errors import InvalidHookRequest, Issue, IssueType, MixedPatients
from fhir_pgx.fhir.bundle import Entry, entries_of, type_and_id
from fhir_pgx.model.hook import NOT_A_UUID, HookCall
from fhir_pgx.services.hooks import HOOKS, Hook, Member
from fhir_pgx.services.patient_check import check_patient
from fhir_pgx.services.prefetch import read_prefetch
from fhir_pgx.services.service import Service

_UUID = re.compile(r"(?:urn:uuid:)?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_WEB_ADDRESS = re.compile(r"https?://[^\s/@]+(?:/\S*)?", re.IGNORECASE)

_KINDS = {
    "id": "a text: the bare logical id",
    "reference": "a text: a relative reference such as Practitioner/123",
    "references": "an array of texts: relative references such as MedicationRequest/123",
    "resources": "an object: a FHIR Bundle",
}


@dataclass(slots=True)
class _Envelope:
    """What is found while reading: faults, all of them, and tolerated oddities."""

    document: Mapping[str, Any]
    issues: list[Issue] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)

    def fault(self, text: str, where: str, mend: str, kind: IssueType = "required") -> None:
        self.issues.append(Issue(text, where, mend, kind, "error", InvalidHookRequest.code))

    def raise_faults(self) -> None:
        if self.issues:
            first = self.issues[0]
            raise InvalidHookRequest(
                first.text, where=first.where, mend=first.mend, issues=tuple(self.issues)
            )


def read_hook_call(document: Any, service: Service) -> HookCall:
    """Read the body of a service call.

    Raises InvalidHookRequest with every fault of the envelope, MixedPatients where any resource is
    about another patient than `context.patientId`, TooDeep for Bundles in Bundles without end.
    Source: CDS Hooks 3.0, HTTP Request; the hook's own page for its context.
    """
    if not isinstance(document, dict):
        raise InvalidHookRequest(
            "the request is not a JSON object", mend="send the CDS Hooks request as one object"
        )
    hook = HOOKS[service.hook]
    envelope = _Envelope(document)
    instance = _hook_instance(envelope, hook)
    context = _context(envelope, hook)
    patient_id = _patient_id(envelope, context)
    prefetch = _optional_object(envelope, "prefetch")
    server = _fhir_server(envelope)
    authorized_patient = _authorized_patient(envelope)
    envelope.raise_faults()
    if authorized_patient and authorized_patient != patient_id:
        raise MixedPatients(
            "the access token is for another patient than the one in context",
            where="fhirAuthorization.patient",
            mend="send the context and the authorization of one patient",
        )
    orders, others = _context_entries(context, hook)
    supplied = read_prefetch(prefetch)
    checked = check_patient((*orders, *others, *supplied.entries), patient_id)
    drafts = checked.keep(orders)
    evidence = checked.keep((*others, *supplied.entries))
    flags = (*envelope.flags, *supplied.flags, *checked.flags)
    selections = None
    if hook.has_selections:
        selections, bare = _selections(context["selections"], drafts)
        if bare:
            flags = (*flags, "selection-without-type")
        if not selections <= {entry.reference for entry in drafts}:
            flags = (*flags, "selection-not-among-orders")
    call = HookCall(
        service_id=service.id,
        hook=hook.name,
        hook_instance=instance,
        patient_id=patient_id,
        user_id=_text(context.get("userId")),
        encounter_id=_text(context.get("encounterId")),
        fhir_server=server,
        context=context,
        drafts=drafts,
        selections=selections,
        evidence=evidence,
        genomics=supplied.genomics,
        medications=supplied.medications,
        incomplete=supplied.incomplete,
        unavailable_reason=supplied.unavailable_reason,
        looked_for=supplied.looked_for,
        lists=supplied.lists,
        partial=supplied.partial,
        notes=checked.left_out,
        flags=tuple(dict.fromkeys(flags)),
    )
    return with_dispatched(call)


def with_dispatched(call: HookCall) -> HookCall:
    """The call with the orders that its hook names by reference, from among the data supplied; any
    other call as it is. To be asked again whenever more data came."""
    hook = HOOKS[call.hook]
    if not hook.orders_by_reference:
        return call
    member = next(member for member in hook.members if member.names[0] == hook.orders)
    _, value = _named(call.context, member)
    named = dict.fromkeys(_type_id(item) for item in ([value] if isinstance(value, str) else value))
    supplied = (*call.drafts, *call.evidence)
    drafts = tuple(entry for entry in supplied if entry.reference in named)
    found = {entry.reference for entry in drafts}
    return replace(
        call,
        drafts=drafts,
        evidence=tuple(entry for entry in supplied if entry.reference not in named),
        not_found=tuple(reference for reference in named if reference not in found),
    )


def _hook_instance(envelope: _Envelope, hook: Hook) -> str:
    name = envelope.document.get("hook")
    if name != hook.name:
        what = "is missing" if name is None else "is not the hook of this service"
        envelope.fault(
            f"hook {what}",
            "hook",
            f'send "hook": "{hook.name}", or call the service of the hook you mean',
            "required" if name is None else "value",
        )
    instance = envelope.document.get("hookInstance")
    if not isinstance(instance, str) or not instance.strip():
        envelope.fault(
            "hookInstance is missing or not a text",
            "hookInstance",
            "send a UUID, new for each firing",
        )
        return ""
    if not _UUID.fullmatch(instance):
        envelope.flags.append(NOT_A_UUID)
    return instance[:200]


def _context(envelope: _Envelope, hook: Hook) -> Mapping[str, Any]:
    context = envelope.document.get("context")
    if not isinstance(context, dict):
        envelope.fault(
            "context is missing or not an object",
            "context",
            f"send the context that the hook {hook.name} defines",
        )
        return {}
    for member in hook.members:
        _check_member(envelope, context, member)
    return context


def _check_member(envelope: _Envelope, context: Mapping[str, Any], member: Member) -> None:
    name, value = _named(context, member)
    if value is None:
        if member.required:
            envelope.fault(
                f"context.{name} is missing",
                f"context.{name}",
                f"send {_KINDS[member.kind]}; the hook requires it",
            )
    elif _is_of_kind(value, member):
        if member.types and type_and_id(value)[0] not in member.types:
            envelope.flags.append(f"{name}-not-a-known-reference")
        # A selection may be an id alone, or the fullUrl of an entry.
        if member.kind == "references" and name != "selections":
            named = [value] if isinstance(value, str) else value
            if not named or not all(type_and_id(item)[0] for item in named):
                envelope.flags.append(f"{name}-not-a-known-reference")
    elif member.required:
        envelope.fault(
            f"context.{name} has the wrong type",
            f"context.{name}",
            f"send {_KINDS[member.kind]}",
            "structure",
        )
    else:
        envelope.flags.append(f"{name}-mistyped")


def _named(context: Mapping[str, Any], member: Member) -> tuple[str, Any]:
    """The member under its published name or one met in the wild, and its value."""
    for name in member.names:
        if context.get(name) is not None:
            return name, context[name]
    return member.names[0], None


def _is_of_kind(value: Any, member: Member) -> bool:
    if member.kind == "resources":
        items = value if isinstance(value, list) else [value]
        # An array is met for a Bundle where it holds something; an empty one says nothing.
        return bool(items) and all(isinstance(i, dict) and _holds_resources(i) for i in items)
    if member.kind == "references":
        # `order` of order-dispatch 1.0 was one reference.
        if isinstance(value, str):
            return len(member.names) > 1 and value.strip() != ""
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    return isinstance(value, str) and value.strip() != ""


def _holds_resources(value: Mapping[str, Any]) -> bool:
    return (
        isinstance(value.get("resourceType"), str)
        or isinstance(value.get("entry"), list)
        or isinstance(value.get("resource"), dict)
    )


def _patient_id(envelope: _Envelope, context: Mapping[str, Any]) -> str:
    """The bare id in context. `Patient/123` breaks the hook definitions, yet is unmistakable."""
    stated = _text(context.get("patientId"))
    kind, identity = type_and_id(stated)
    if kind == "Patient":
        envelope.flags.append("patient-id-with-type")
        return identity
    if "/" in stated:
        envelope.fault(
            "context.patientId is not the id of a Patient",
            "context.patientId",
            "send the bare logical id",
            "value",
        )
    return stated


def _optional_object(envelope: _Envelope, name: str) -> Mapping[str, Any]:
    value = envelope.document.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        envelope.fault(
            f"{name} is not an object", name, "send an object, or leave it out", "structure"
        )
        return {}
    return value


def _fhir_server(envelope: _Envelope) -> str:
    value = envelope.document.get("fhirServer")
    if value is None:
        return ""
    if not isinstance(value, str):
        envelope.fault("fhirServer is not a text", "fhirServer", "send the base URL", "structure")
        return ""
    if not _WEB_ADDRESS.fullmatch(value.strip()):
        envelope.flags.append("fhir-server-not-a-url")
        return ""
    return value.strip().rstrip("/")


def _authorized_patient(envelope: _Envelope) -> str:
    """The patient that the access token is limited to; empty where it is not."""
    authorization = _optional_object(envelope, "fhirAuthorization")
    if not authorization:
        return ""
    if envelope.document.get("fhirServer") is None:
        envelope.fault(
            "fhirServer is missing beside fhirAuthorization",
            "fhirServer",
            "send the base URL of the server that the token is for",
        )
    if not _text(authorization.get("access_token")):
        envelope.flags.append("authorization-without-token")
    patient = authorization.get("patient")
    if patient is not None and not isinstance(patient, str):
        envelope.fault(
            "fhirAuthorization.patient is not a text",
            "fhirAuthorization.patient",
            "send the bare logical id",
            "structure",
        )
    stated = _text(patient)
    kind, identity = type_and_id(stated)
    return identity if kind == "Patient" else stated


def _context_entries(
    context: Mapping[str, Any], hook: Hook
) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    """The resources of the hook's order member, and those of every other context member."""
    orders: list[Entry] = []
    others: list[Entry] = []
    for name, value in context.items():
        if isinstance(value, (dict, list)):
            home = orders if name == hook.orders else others
            home.extend(entries_of(value, f"context.{name}"))
    return tuple(orders), tuple(others)


def _selections(selected: list[str], drafts: tuple[Entry, ...]) -> tuple[frozenset[str], bool]:
    """The selections as `Type/id`, and whether one was made by an id alone.

    A selection by the entry's fullUrl is known; by a bare id it means every draft of that id.
    """
    by_url = {entry.full_url: entry.reference for entry in drafts if entry.full_url}
    by_id: dict[str, list[str]] = {}
    for entry in drafts:
        if entry.container is None and entry.id:
            by_id.setdefault(entry.id, []).append(entry.reference)
    found: set[str] = set()
    bare = False
    for item in selected:
        if item in by_url:
            found.add(by_url[item])
        elif "/" not in item and item in by_id:
            found.update(by_id[item])
            bare = True
        else:
            found.add(_type_id(item))
    return frozenset(found), bare


def _type_id(reference: str) -> str:
    kind, identity = type_and_id(reference)
    return f"{kind}/{identity}" if kind else reference


def _text(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
