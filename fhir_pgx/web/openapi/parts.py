"""What several operations of the document have in common: answers, errors, parameters."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from fhir_pgx.web.openapi.schemas import COMPONENTS

Part = dict[str, Any]

JSON: Final = "application/json"
FHIR_JSON: Final = "application/fhir+json"
_OUTCOME: Final = "Outcome"
# Why each status comes; the texts of the errors themselves stand in docs/errors.md.
_WHY: Final[Mapping[int, str]] = {
    400: "What was sent cannot be read, misses something, or speaks of two patients.",
    401: "A credential that holds is needed. A CDS client gets the status alone.",
    403: "Who calls may not do this.",
    404: "There is nothing at this address.",
    405: "The address does not take this method; `Allow` says which it takes.",
    412: "Data that the answer needs could not be obtained. It is no empty answer.",
    413: "The body is larger than the limit.",
    415: "The body's media type is not read here.",
    422: "The data can be read, and no answer can be given: a drug that is not known.",
    429: "Too many requests; `Retry-After` says in seconds when the next may come.",
    500: "A fault of ours. The answer has an incident's id, which the log has too.",
    503: "The store does not answer; `Retry-After` says when to try again.",
}


def ref(name: str) -> Part:
    return {"$ref": COMPONENTS + name}


def content(media: str, schema: Part, examples: Mapping[str, Part] | None = None) -> Part:
    """A body of one media type; `examples` by name."""
    return {media: {"schema": schema, **({"examples": dict(examples)} if examples else {})}}


def example(value: Any, summary: str) -> Part:
    return {"summary": summary, "value": value}


def answered(description: str, body: Part) -> Part:
    return {"description": description, "content": body}


def refusals(
    *statuses: int, media: str = FHIR_JSON, examples: Mapping[int, Mapping[str, Part]] | None = None
) -> dict[str, Part]:
    """The errors that an operation can answer with, as OperationOutcomes."""
    found: dict[str, Part] = {}
    for status in statuses:
        shown = (examples or {}).get(status)
        body = {"content": content(media, ref(_OUTCOME), shown)}
        found[str(status)] = {"description": _WHY[status], **body}
        if status in (429, 503):
            found[str(status)]["headers"] = {
                "Retry-After": {"description": "Seconds.", "schema": {"type": "string"}}
            }
    return found


def query(
    name: str, description: str, schema: Part, *, many: bool = False, example: Any = None
) -> Part:
    """A parameter of the query; one that may be repeated is `many`."""
    found: Part = {"name": name, "in": "query", "description": description}
    found["schema"] = {"type": "array", "items": schema} if many else schema
    if many:
        found |= {"style": "form", "explode": True}
    return found if example is None else {**found, "example": example}


def header(name: str, description: str, schema: Part) -> Part:
    return {"name": name, "in": "header", "description": description, "schema": schema}


def one_of(values: Sequence[str], default: str) -> Part:
    return {"type": "string", "enum": list(values), "default": default}


PURPOSE: Final = header(
    "X-Purpose-Of-Use",
    "Why the data are asked for, a code such as `TREAT` (the default) or `BTG`, which breaks the "
    "glass where the caller may: docs/consent.md.",
    {"type": "string", "pattern": "^([A-Za-z][A-Za-z0-9_-]{0,31})?$", "default": "TREAT"},
)
