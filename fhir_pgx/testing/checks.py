"""What is wrong with a message of CDS Hooks, where, and how to mend it."""

import json
from collections.abc import Mapping
from typing import Any

from fhir_pgx.errors import Issue
from fhir_pgx.knowledge.profiles import Message
from fhir_pgx.validation import validate_document
from fhir_pgx.validation.messages import message_kind

_NAMES: Mapping[Message, str] = {
    "request": "a request to a service",
    "discovery": "a discovery answer",
    "feedback": "feedback",
}
_MEMBERS: Mapping[Message, str] = {
    "request": "hook, hookInstance and context",
    "discovery": "services",
    "feedback": "feedback",
}


class Findings(tuple[Issue, ...]):
    """Every finding; empty where all is well. `assert not findings.errors` lets warnings pass.

    A test that fails shows each with its place and its mending.
    """

    __slots__ = ()

    @property
    def errors(self) -> "Findings":
        """What breaks the specification."""
        return Findings(each for each in self if each.severity in ("fatal", "error"))

    @property
    def warnings(self) -> "Findings":
        """What is accepted, and better mended: FHIR that is not quite FHIR, another form of id."""
        return Findings(each for each in self if each.severity == "warning")

    def __repr__(self) -> str:
        if not self:
            return "no finding"
        return "\n".join(("", *(_line(each) for each in self)))


def _line(issue: Issue) -> str:
    where = f" at {issue.where}" if issue.where else ""
    mend = f"; to mend it: {issue.mend}" if issue.mend else ""
    return f"  {issue.severity}{where}: {issue.text}{mend}"


def check_hook_request(document: Any) -> Findings:
    """Every finding in a request to a service, in the FHIR that it holds too.

    `document` is the request as Python values, as text or as bytes.
    """
    return _checked(document, "request")


def check_discovery(document: Any) -> Findings:
    """Every finding in a discovery answer."""
    return _checked(document, "discovery")


def check_feedback(document: Any) -> Findings:
    """Every finding in a feedback message."""
    return _checked(document, "feedback")


def _checked(document: Any, message: Message) -> Findings:
    data = _as_bytes(document)
    found = Findings(validate_document(data, "application/json"))
    if found and not _is_readable(data):
        return found
    if message_kind(json.loads(data)) == message:
        return found
    wrong = Issue(
        f"this is not {_NAMES[message]}",
        mend=f"send an object with {_MEMBERS[message]}",
        kind="structure",
    )
    return Findings((wrong,))


def _is_readable(data: bytes) -> bool:
    """Whether it is one JSON object: what is not has been told already."""
    try:
        return isinstance(json.loads(data), dict)
    except ValueError:
        return False


def _as_bytes(document: Any) -> bytes:
    if isinstance(document, bytes):
        return document
    if isinstance(document, str):
        return document.encode()
    return json.dumps(document).encode()
