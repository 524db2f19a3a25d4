"""A batch: each entry by itself, with an outcome of its own (FHIR R4, batch)."""

from collections.abc import Callable, Mapping
from typing import Any

from fhir_pgx.rest.answer import Answer, Return
from fhir_pgx.rest.bodies import bundle_of
from fhir_pgx.rest.getting import get
from fhir_pgx.rest.interactions import (
    Sent,
    create,
    delete,
    delete_matching,
    update,
    update_matching,
)
from fhir_pgx.rest.requests import Request, entries_in, read_request
from fhir_pgx.rest.responses import response_entry
from fhir_pgx.rest.server import Server

Fail = Callable[[Exception], Answer]


def run_batch(server: Server, bundle: Mapping[str, Any], fail: Fail, wanted: Return = "") -> bytes:
    """Carry out every entry and return the batch-response. `fail` makes the answer of an error.

    Deletions come first, then creations, updates and reads, as in a transaction.
    """
    entries = entries_in(bundle, server.max_entries)
    answers: dict[int, Answer] = {}
    calls = []
    for index, item in enumerate(entries):
        try:
            calls.append(read_request(item, index, server.base))
        except Exception as error:  # noqa: BLE001 - each entry fails by itself
            answers[index] = fail(error)
    order = ("DELETE", "POST", "PUT", "GET", "HEAD")
    for request in sorted(calls, key=lambda each: order.index(each.method)):
        try:
            answers[request.index] = _answer(server, request, wanted or "minimal")
        except Exception as error:  # noqa: BLE001 - as above
            answers[request.index] = fail(error)
    return bundle_of("batch-response", [response_entry(answers[i]) for i in range(len(entries))])


def _answer(server: Server, request: Request, wanted: Return) -> Answer:
    conditions, type_ = request.conditions, request.type
    sent = Sent(request.resource, place=f"{request.place}.resource")
    if request.method in ("GET", "HEAD") or request.path[-1].startswith(("_", "$")):
        return get(server, server.reads, request)
    if request.method == "POST":
        return create(server, type_, sent, conditions, wanted)
    if request.method == "PUT" and request.id:
        return update(server, type_, request.id, sent, conditions, wanted)
    if request.method == "PUT":
        return update_matching(server, type_, request.query, sent, conditions, wanted)
    if request.id:
        return delete(server, type_, request.id, conditions, wanted)
    return delete_matching(server, type_, request.query, conditions, wanted)
