"""What an EHR's FHIR server answers to a read or a search, from one patient's chart.

As much of FHIR search as prefetch templates use: patient, code, category, status, `_id`. A token is
compared exactly, as a server does: what a search does not find here, an EHR would not find either.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from fhir_pgx.fhir.bundle import as_dicts, as_text
from fhir_pgx.workbench.ehr.record import Record, Resource

_PAGE: Final = "_page"
_PATIENT: Final = frozenset(("patient", "subject"))
_TOKENS: Final = frozenset(("code", "category", "status", "_id"))


@dataclass(frozen=True, slots=True)
class Answered:
    """An HTTP status and the resource in the body."""

    status: int
    body: Resource


def answer_query(
    record: Record, base: str, query: str, *, page_size: int | None = None, says_none: bool = False
) -> Answered:
    """What `query` (`Type/id` or `Type?…`, relative to the base) gives."""
    path, mark, text = query.partition("?")
    if not mark and "/" in path:
        return _read(record, path)
    return Answered(200, _found(record, base, path, text, page_size, says_none=says_none))


def matches(resource: Mapping[str, Any], record: Record, query: str) -> bool:
    """Whether a template, filled in, asks for a resource."""
    path, mark, text = query.partition("?")
    if not mark:
        return path == f"{resource['resourceType']}/{resource['id']}"
    return resource["resourceType"] == path and _is_asked(resource, record, parse_qsl(text))


def outcome(code: str, text: str, severity: str = "error") -> Resource:
    issue = {"severity": severity, "code": code, "details": {"text": text}}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def _read(record: Record, path: str) -> Answered:
    for resource in record.resources:
        if path == f"{resource['resourceType']}/{resource['id']}":
            return Answered(200, resource)
    return Answered(404, outcome("not-found", "There is no such resource."))


def _found(
    record: Record, base: str, kind: str, text: str, size: int | None, *, says_none: bool
) -> Resource:
    stated = parse_qsl(text)
    asked = [(name, value) for name, value in stated if name != _PAGE]
    found = [
        each
        for each in record.resources
        if each["resourceType"] == kind and _is_asked(each, record, asked)
    ]
    page = next((int(value) for name, value in stated if name == _PAGE and value.isdecimal()), 1)
    size = size or max(len(found), 1)
    shown = found[(page - 1) * size : page * size]
    links = [{"relation": "self", "url": _address(base, kind, stated)}]
    if page * size < len(found):
        following = _address(base, kind, [*asked, (_PAGE, str(page + 1))])
        links.append({"relation": "next", "url": following})
    entries = [_entry(base, each) for each in shown]
    if says_none and not found:
        none = outcome("processing", "Resource request returns no results.", "warning")
        entries.append({"resource": none, "search": {"mode": "outcome"}})
    bundle: Resource = {
        "resourceType": "Bundle", "type": "searchset", "total": len(found), "link": links,
    }  # fmt: skip
    return {**bundle, "entry": entries} if entries else bundle


def _entry(base: str, resource: Resource) -> Resource:
    url = f"{base}/{resource['resourceType']}/{resource['id']}"
    return {"fullUrl": url, "resource": resource, "search": {"mode": "match"}}


def _address(base: str, kind: str, parameters: Sequence[tuple[str, str]]) -> str:
    # As our templates have them: a comma and a bar are as plain as a letter.
    return f"{base}/{kind}?{urlencode(parameters, safe=',|')}"


def _is_asked(
    resource: Mapping[str, Any], record: Record, asked: Sequence[tuple[str, str]]
) -> bool:
    return all(_meets(resource, record, name, value) for name, value in asked)


def _meets(resource: Mapping[str, Any], record: Record, name: str, value: str) -> bool:
    """Whether a resource meets one parameter; one that we do not know narrows nothing, as a lenient
    server has it."""
    if name in _PATIENT:
        return value.removeprefix("Patient/") == record.patient_id
    if name not in _TOKENS:
        return True
    held = _tokens(resource.get(name.removeprefix("_")))
    return any(_is_among(wanted, held) for wanted in value.split(","))


def _tokens(value: Any) -> set[tuple[str, str]]:
    if isinstance(value, str):
        return {("", value)}
    return {
        (as_text(coding.get("system")), as_text(coding.get("code")))
        for concept in as_dicts(value)
        for coding in as_dicts(concept.get("coding"))
    }


def _is_among(wanted: str, held: set[tuple[str, str]]) -> bool:
    system, bar, code = wanted.rpartition("|")
    if bar:
        return (system, code) in held
    return any(each == wanted for _, each in held)
