"""CDS Hooks messages: known by their shape, checked against the published schemas."""

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema_rs

from fhir_pgx.errors import Issue, IssueType
from fhir_pgx.knowledge.profiles import Message, schema
from fhir_pgx.validation.places import place

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MARKS: tuple[tuple[str, Message], ...] = (
    ("hookInstance", "request"),
    ("hook", "request"),
    ("cards", "response"),
    ("services", "discovery"),
    ("feedback", "feedback"),
)


def message_kind(document: Mapping[str, Any]) -> Message | None:
    """Which CDS Hooks message a document is; None for anything else, FHIR included."""
    if "resourceType" in document:
        return None
    return next((message for mark, message in _MARKS if mark in document), None)


@functools.cache
def _validator(message: Message) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(schema(message))


def message_issues(document: Mapping[str, Any], message: Message) -> Iterator[Issue]:
    """Every breach of the message's schema, in our words: the validator's quote values."""
    for fault in _validator(message).iter_errors(document):
        yield _issue(fault.kind.name, getattr(fault.kind, "value", None), fault)
    instance = document.get("hookInstance")
    if message == "request" and isinstance(instance, str) and not _UUID.fullmatch(instance):
        yield Issue(
            "not a UUID; accepted, as some clients send others",
            "hookInstance",
            "send a UUID, new for each invocation of the hook",
            severity="warning",
        )


def _issue(keyword: str, value: Any, fault: jsonschema_rs.ValidationError) -> Issue:
    where = place("", fault.instance_path)
    kind: IssueType = "value"
    text, mend = "this breaks the CDS Hooks specification", "see the message's schema"
    if keyword == "required":
        where = place(where, [str(value)])
        text, mend, kind = "a required member is missing", "add it", "required"
    elif keyword == "additionalProperties":
        text, kind = "a member that CDS Hooks does not define", "structure"
        mend = "remove it, or put it under extension"
    elif keyword == "type":
        allowed = value if isinstance(value, list) else [value]
        expected = " or ".join(_TYPES.get(str(one), str(one)) for one in allowed)
        text, mend, kind = f"this should be {expected}", f"write {expected}", "structure"
    elif keyword in ("enum", "const"):
        options = value if isinstance(value, list) else [value]
        text, mend = "not one of the values allowed", f"write {' or '.join(map(str, options))}"
    elif keyword == "maxLength":
        text, mend = "the text is too long", f"write at most {value} characters"
    elif keyword in ("minLength", "minItems", "minProperties"):
        text, mend = "this is empty", "leave the member out rather than empty"
    elif keyword == "pattern":
        text, mend = "the text is not in the form prescribed", f"write it to fit {value}"
    elif keyword == "not":
        text, kind = "a member that this type of link or action must not have", "invariant"
        mend = "remove it: appContext is for smart links, resourceId for delete"
    elif keyword == "contains":
        text, kind = "more than one suggestion is recommended", "invariant"
        mend = "recommend one at most where selectionBehavior is at-most-one"
    elif keyword == "anyOf":
        text, mend, kind = "in none of the forms allowed here", "send a FHIR resource", "structure"
    return Issue(text, where, mend, kind)


_TYPES = {
    "string": "text",
    "object": "an object",
    "array": "a list",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
