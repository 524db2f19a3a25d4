"""A document as it comes in: JSON or XML, FHIR or a CDS Hooks message; all findings in it.

Nothing is refused here: what cannot be read is a finding too. fhir.resources, slow and strict, is
used here and never on the way of a clinical request.
"""

import codecs
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from fhir_pgx.errors import Issue, PgxError
from fhir_pgx.fhir.bundle import References, entries_of
from fhir_pgx.fhir.json import read_json
from fhir_pgx.fhir.xml import parse_xml_with_notes
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.validation.check import listed
from fhir_pgx.validation.messages import message_issues, message_kind
from fhir_pgx.validation.places import joined
from fhir_pgx.validation.resource import resource_issues

MAX_BYTES = 64 * 1024 * 1024

_MARKS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_FHIR_IN_MESSAGES = ("context", "prefetch", "cards", "systemActions")


def validate_document(
    data: bytes,
    media: str | None = None,
    *,
    vocabulary: Vocabulary | None = None,
    max_bytes: int = MAX_BYTES,
) -> list[Issue]:
    """Every finding in a FHIR resource, Bundle or CDS Hooks message; empty where all is well.

    The content decides between JSON and XML, `media` only where it does not. A vocabulary adds
    the checks of gene and LOINC codes against their displays. FHIR inside a CDS Hooks message is
    checked too, with warnings: services read it tolerantly. Raises nothing of PgxError.
    """
    try:
        if _is_xml(data, media):
            reading = parse_xml_with_notes(data, max_bytes=max_bytes)
            notes = (replace(note, severity="error") for note in reading.skipped)
            issues = itertools.chain(notes, validate_resource(reading.resource, vocabulary))
            return listed(issues)
        if not _may_be_json(data):
            text = "neither JSON nor XML"
            return [Issue(text, "", "send a FHIR resource or a CDS Hooks message", "structure")]
        return listed(_json_issues(read_json(data, max_bytes=max_bytes), vocabulary))
    except PgxError as error:
        return list(error.issues)


def validate_resource(
    resource: Mapping[str, Any], vocabulary: Vocabulary | None = None
) -> Iterator[Issue]:
    """Every finding in a FHIR resource in JSON form, as `$validate` reports them."""
    kind = resource.get("resourceType")
    return resource_issues(resource, joined("", kind) if isinstance(kind, str) else "", vocabulary)


def _start(data: bytes) -> bytes:
    """The first character that is no blank, in whichever Unicode encoding."""
    start = data[:1000]
    for mark in _MARKS:
        start = start.removeprefix(mark)
    return start.replace(b"\0", b"").lstrip()[:1]


def _is_xml(data: bytes, media: str | None) -> bool:
    start = _start(data)
    return start == b"<" or ("xml" in (media or "") and start not in (b"{", b"["))


def _may_be_json(data: bytes) -> bool:
    return _start(data) in (b"{", b"[", b"")


def _json_issues(document: Any, vocabulary: Vocabulary | None) -> Iterator[Issue]:
    if isinstance(document, list):
        yield Issue("a list of resources is not FHIR", "", "put them into a Bundle", "structure")
        for i, item in enumerate(document):
            if isinstance(item, Mapping):
                yield from resource_issues(item, f"[{i}]", vocabulary)
        return
    if not isinstance(document, Mapping):
        text = "neither a FHIR resource nor a CDS Hooks message"
        yield Issue(text, "", "send a JSON object", "structure")
        return
    message = message_kind(document)
    if message is None:
        yield from validate_resource(document, vocabulary)
        return
    yield from message_issues(document, message)
    resources = list(_resources(document))
    beside = References(entry for path, found in resources for entry in entries_of(found, path))
    for path, resource in resources:
        for issue in resource_issues(resource, path, vocabulary, beside):
            yield replace(issue, severity="warning") if issue.severity == "error" else issue


def _resources(message: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The outermost FHIR resources of a message, with their paths."""
    waiting = [(name, message.get(name)) for name in reversed(_FHIR_IN_MESSAGES)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, Mapping):
            if isinstance(value.get("resourceType"), str):
                yield path, value
                continue
            members = [(joined(path, name), inner) for name, inner in value.items()]
            waiting.extend(reversed(members))
        elif isinstance(value, list):
            waiting.extend((f"{path}[{i}]", value[i]) for i in reversed(range(len(value))))
