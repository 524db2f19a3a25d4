"""Findings to a FHIR OperationOutcome (R4)."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from fhir_pgx.errors import Issue

SYSTEM = "urn:fhir-pgx:error"
_SHORT = 120
_TAG = re.compile(r"<(?=[A-Za-z/!?])")


def to_operation_outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    """An OperationOutcome in FHIR JSON; with no issue, one of severity `information` says so.

    `diagnostics` is the finding and how to mend it, `expression` where it is (FHIRPath, or a line
    of the text), `details` a short text and our code of docs/errors.md.
    """
    written = [_issue(_harmless(issue)) for issue in issues]
    return {"resourceType": "OperationOutcome", "issue": written or [_ALL_OK]}


_ALL_OK: dict[str, Any] = {
    "severity": "information",
    "code": "informational",
    "details": {"text": "All OK"},
    "diagnostics": "nothing to correct was found",
}


def _harmless(issue: Issue) -> Issue:
    """The finding in signs that can be seen and without the beginning of a tag: some texts repeat a
    name that the request held, and a page may show an outcome as it is."""
    text, where, mend = map(_plain, (issue.text, issue.where, issue.mend))
    return replace(issue, text=text, where=where, mend=mend)


def _plain(text: str) -> str:
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else " " for sign in text)
    return _TAG.sub("‹", text) if "<" in text else text


def _issue(issue: Issue) -> dict[str, Any]:
    details: dict[str, Any] = {"text": _shortened(issue.text)}
    if issue.code:
        details = {"coding": [{"system": SYSTEM, "code": issue.code}], **details}
    mend = f". To mend it: {issue.mend}" if issue.mend else ""
    written: dict[str, Any] = {
        "severity": issue.severity,
        "code": issue.kind,
        "details": details,
        "diagnostics": f"{issue.text}{mend}",
    }
    if issue.where:
        written["expression"] = [issue.where]
    return written


def _shortened(text: str) -> str:
    if len(text) <= _SHORT:
        return text
    return text[:_SHORT].rsplit(" ", 1)[0] + " …"
