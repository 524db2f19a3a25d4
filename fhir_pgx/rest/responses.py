"""Answers as entries of a batch-response or transaction-response."""

from http import HTTPStatus
from typing import Any

from fhir_pgx.rest.answer import Answer, outcome


def response_entry(answer: Answer) -> dict[str, Any]:
    """`resource` and `outcome` are bytes of JSON (see `bodies.bundle_of`)."""
    response: dict[str, Any] = {
        "status": f"{answer.status} {HTTPStatus(answer.status).phrase}",
        "location": answer.location,
        "etag": answer.etag,
        "lastModified": answer.last_updated,
    }
    is_outcome = answer.body.startswith(b'{"resourceType":"OperationOutcome"')
    if is_outcome:
        response["outcome"] = answer.body
    elif answer.issues:
        response["outcome"] = outcome(*answer.issues)
    entry: dict[str, Any] = {"response": {name: part for name, part in response.items() if part}}
    if answer.body and not is_outcome:
        entry["resource"] = answer.body
    return entry
