"""Findings to a FHIR OperationOutcome (R4)."""

from collections.abc import Iterable
from typing import Any

from fhir_pgx.errors import Issue

SYSTEM = "urn:fhir-pgx:error"
_SHORT = 120


def to_operation_outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    """An OperationOutcome in FHIR JSON; with no issue, one of severity `information` says so.

    `diagnostics` is the finding and how to mend it, `expression` where it is (FHIRPath, or a line
    of the text), `details` a short text and our code of docs/errors.md.
    """
    written = [_issue(issue) for issue in issues]
    return {"resourceType": "OperationOutcome", "issue": written or [_ALL_OK]}


_ALL_OK: dict[str, Any] = {
    "severity": "information",
    "code": "informational",
    "details": {"text": "All OK"},
    "diagnostics": "nothing to correct was found",
}


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
