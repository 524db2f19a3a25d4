"""The CDS Hooks addresses in the document: discovery, each service, its feedback."""

from collections.abc import Mapping
from typing import Any, Final

from fhir_pgx.knowledge.example_files import HookExample, hook_examples
from fhir_pgx.knowledge.profiles import schema
from fhir_pgx.services.clients import HEADER
from fhir_pgx.services.service import Service
from fhir_pgx.settings import CLIENTS
from fhir_pgx.web.openapi.parts import (
    JSON,
    PURPOSE,
    Part,
    answered,
    content,
    example,
    header,
    ref,
    refusals,
)
from fhir_pgx.web.openapi.schemas import Schema, components

TAG: Final = "CDS Hooks"
REQUEST, RESPONSE, DISCOVERY, FEEDBACK = "Request", "Response", "Discovery", "Feedback"
_REFUSED: Final = "refused-missing-context"
_FEEDBACK_EXAMPLE: Final = "order-sign-clopidogrel"
_CLIENT: Final = header(
    HEADER,
    "What the client can do, where the settings do not say it.",
    {"type": "string", "enum": list(CLIENTS)},
)


def hook_schemas() -> dict[str, Schema]:
    """The messages of CDS Hooks: what we accept, and what we answer."""
    request = dict(schema("request"))
    # Each hook asks for a context of its own; in this document each service says which.
    del request["allOf"]
    return {
        **components(REQUEST, request),
        **components(RESPONSE, schema("response")),
        **components(DISCOVERY, schema("discovery")),
        **components(FEEDBACK, schema("feedback")),
    }


def hook_paths(services: tuple[Service, ...], discovery: Any) -> dict[str, Part]:
    """Discovery, and for each service its address and that of its feedback."""
    found: dict[str, Part] = {"/cds-services": {"get": _discover(discovery)}}
    for service in services:
        found[f"/cds-services/{service.id}"] = {"post": _invoke(service)}
        found[f"/cds-services/{service.id}/feedback"] = {"post": _feedback(service)}
    return found


def _discover(discovery: Any) -> Part:
    shown = {"services": example(discovery, "The services of this server")}
    return {
        "tags": [TAG],
        "operationId": "discover",
        "summary": "Which services there are, on which hooks, and what they ask to be prefetched",
        "responses": {
            "200": answered("The services.", content(JSON, ref(DISCOVERY), shown)),
            **refusals(401, 429, media=JSON),
        },
    }


def _invoke(service: Service) -> Part:
    found = _examples_of(service)
    sent = {each.name: example(each.document, each.shows) for each in found}
    answers = {each.name: example(each.answered, each.shows) for each in found}
    return {
        "tags": [TAG],
        "operationId": service.id,
        "summary": service.title or service.id,
        "description": service.description,
        "parameters": [_CLIENT, PURPOSE],
        "requestBody": {
            "required": True,
            "content": content(JSON, _request_of(service), sent),
        },
        "responses": {
            "200": answered(
                "The cards; an empty list means that there is nothing to say.",
                content(JSON, ref(RESPONSE), answers),
            ),
            **refusals(400, 401, 403, 404, 412, 413, 415, 429, 500, 503, media=JSON,
                       examples={400: _refusal()} if found else None),
        },
    }  # fmt: skip


def _request_of(service: Service) -> Part:
    members: Part = {"hook": {"type": "string", "enum": [service.hook]}}
    if service.hook in schema("request")["$defs"]:
        members["context"] = ref(f"{REQUEST}.{service.hook}")
    return {"allOf": [ref(REQUEST), {"type": "object", "properties": members}]}


def _examples_of(service: Service) -> list[HookExample]:
    """A call that gets a card, with a suggestion where there is such a one, and one that gets
    none; of each kind the first of the examples."""
    held = [each for each in hook_examples() if each.service == service.id and each.status == 200]
    quiet = [each for each in held if not each.answered["cards"]]
    loud = [each for each in held if each.answered["cards"]]
    loud.sort(key=lambda each: not any("suggestions" in card for card in each.answered["cards"]))
    return [*loud[:1], *quiet[:1]]


def _refusal() -> Mapping[str, Part]:
    (found,) = (each for each in hook_examples() if each.name == _REFUSED)
    return {found.name: example(found.answered, found.shows)}


def _feedback(service: Service) -> Part:
    return {
        "tags": [TAG],
        "operationId": f"{service.id}-feedback",
        "summary": f"What became of the cards of {service.id}",
        "description": "A message is taken whole or not at all.",
        "requestBody": {
            "required": True,
            "content": content(JSON, ref(FEEDBACK), _feedback_examples()),
        },
        "responses": {
            "200": answered("It was taken.", content(JSON, {"type": "object"})),
            **refusals(400, 401, 403, 404, 413, 415, 429, 500, 503, media=JSON),
        },
    }


def _feedback_examples() -> dict[str, Part]:
    """Feedback on the card of an example, its ids those of that answer."""
    (shown,) = (each for each in hook_examples() if each.name == _FEEDBACK_EXAMPLE)
    card = shown.answered["cards"][0]
    about = {"card": card["uuid"], "outcomeTimestamp": "2026-11-23T12:00:00Z"}
    taken = {"acceptedSuggestions": [{"id": card["suggestions"][0]["uuid"]}]}
    reason = {name: card["overrideReasons"][0][name] for name in ("system", "code", "display")}
    why = {"overrideReason": {"reason": reason}}
    return {
        "accepted": example(
            {"feedback": [{**about, "outcome": "accepted", **taken}]}, "A suggestion was taken"
        ),
        "overridden": example(
            {"feedback": [{**about, "outcome": "overridden", **why}]},
            "The card was overridden, with a reason",
        ),
    }
