"""FHIR R4 over HTTP: read, write, search, history, batch and transaction at `/fhir`."""

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from fhir_pgx.errors import InvalidBundle, InvalidInteraction, UnknownType, UnsupportedMedia
from fhir_pgx.operations.given import given_in_resource
from fhir_pgx.rest.answer import Answer, read_answer
from fhir_pgx.rest.batch import run_batch
from fhir_pgx.rest.everything import everything
from fhir_pgx.rest.interactions import create, delete, delete_matching, update, update_matching
from fhir_pgx.rest.reading import Parameters, history, read, read_version
from fhir_pgx.rest.searching import search, search_compartment
from fhir_pgx.rest.server import Server
from fhir_pgx.rest.transaction import run_transaction
from fhir_pgx.rest.versions import is_unchanged
from fhir_pgx.web.errors import batch_failure
from fhir_pgx.web.fhir_headers import read_conditions, read_prefer
from fhir_pgx.web.fhir_media import empty_response, fhir_response, read_sent
from fhir_pgx.web.fhir_metadata import add_metadata
from fhir_pgx.web.fhir_server import called_server, server_of
from fhir_pgx.web.site import Site

Called = Callable[[], Server]  # the server as the caller of this request may use it
_FORM = "application/x-www-form-urlencoded"
_PREFIX = "/fhir"
# How an answer is written, not what is asked.
_OF_THE_FORM = ("_format", "_pretty")


def fhir_blueprint(site: Site) -> Blueprint:
    """Every address of the FHIR server but those of its operations; trailing slashes tolerated."""
    bp = Blueprint("fhir", __name__, url_prefix=_PREFIX)
    at = partial(called_server, server_of(site))
    add_metadata(bp, site)
    _add_base(bp, at, site)
    _add_reads(bp, at)
    _add_writes(bp, at, site)
    _add_searches(bp, at, site)
    _add_unknown_operations(bp)
    return bp


def _add_base(bp: Blueprint, at: Called, site: Site) -> None:
    @bp.post("", strict_slashes=False)
    def bundle() -> ResponseReturnValue:
        return _carry_out(at(), read_sent(request, site.settings).resource)

    @bp.get("/_history", strict_slashes=False)
    def system_history() -> ResponseReturnValue:
        server = at()
        return fhir_response(history(server, server.reads("s"), _parameters()))


def _carry_out(server: Server, document: Any) -> Response:
    """A batch or transaction. Raises InvalidBundle for anything else."""
    kind = document.get("resourceType") if isinstance(document, dict) else None
    if kind != "Bundle":
        raise InvalidBundle(
            "what is sent to the base of a FHIR server is a Bundle",
            where="resourceType",
            mend="send a resource to the address of its type: POST /fhir/Observation",
        )
    wanted = read_prefer(request).returns
    match document.get("type"):
        case "transaction":
            return fhir_response(run_transaction(server, document, wanted))
        case "batch":
            return fhir_response(run_batch(server, document, batch_failure, wanted))
    raise InvalidBundle(
        "the Bundle is neither a batch nor a transaction",
        where="Bundle.type",
        mend="change type to transaction and give each entry a request, or keep the Bundle as a "
        "document: POST it to /fhir/Bundle",
    )


def _add_reads(bp: Blueprint, at: Called) -> None:
    @bp.get("/<type_>/<id_>", strict_slashes=False)
    def read_one(type_: str, id_: str) -> ResponseReturnValue:
        server = at()
        stored = read(server, server.reads(), type_, id_)
        headers = request.headers
        if is_unchanged(
            stored, headers.get("If-None-Match", ""), headers.get("If-Modified-Since", "")
        ):
            return empty_response(304, _headers(server, read_answer(stored)))
        return _respond(server, read_answer(stored))

    # The second address too: else `_history` would be a type in a patient's compartment.
    @bp.get("/<type_>/<id_>/_history", strict_slashes=False)
    @bp.get("/Patient/<id_>/_history", strict_slashes=False)
    def instance_history(id_: str, type_: str = "Patient") -> ResponseReturnValue:
        server = at()
        return fhir_response(history(server, server.reads(), _parameters(), type_, id_))

    @bp.get("/<type_>/<id_>/_history/<version>", strict_slashes=False)
    def read_old(type_: str, id_: str, version: str) -> ResponseReturnValue:
        server = at()
        stored = read_version(server, server.reads(), type_, id_, version)
        return _respond(server, read_answer(stored))

    @bp.get("/<type_>/_history", strict_slashes=False)
    def type_history(type_: str) -> ResponseReturnValue:
        server = at()
        return fhir_response(history(server, server.reads("s"), _parameters(), type_))


def _add_writes(bp: Blueprint, at: Called, site: Site) -> None:
    @bp.post("/<type_>", strict_slashes=False)
    def create_one(type_: str) -> ResponseReturnValue:
        sent = read_sent(request, site.settings)
        wanted = read_prefer(request).returns
        server = at()
        return _respond(server, create(server, type_, sent, read_conditions(request), wanted))

    @bp.put("/<type_>/<id_>", strict_slashes=False)
    def update_one(type_: str, id_: str) -> ResponseReturnValue:
        sent = read_sent(request, site.settings)
        wanted = read_prefer(request).returns
        server = at()
        return _respond(server, update(server, type_, id_, sent, read_conditions(request), wanted))

    @bp.put("/<type_>", strict_slashes=False)
    def update_found(type_: str) -> ResponseReturnValue:
        sent = read_sent(request, site.settings)
        wanted = read_prefer(request).returns
        conditions = read_conditions(request)
        server = at()
        answer = update_matching(server, type_, _criteria(), sent, conditions, wanted)
        return _respond(server, answer)

    @bp.delete("/<type_>/<id_>", strict_slashes=False)
    def delete_one(type_: str, id_: str) -> ResponseReturnValue:
        wanted = read_prefer(request).returns
        server = at()
        return _respond(server, delete(server, type_, id_, read_conditions(request), wanted))

    @bp.delete("/<type_>", strict_slashes=False)
    def delete_found(type_: str) -> ResponseReturnValue:
        wanted = read_prefer(request).returns
        conditions = read_conditions(request)
        server = at()
        return _respond(server, delete_matching(server, type_, _criteria(), conditions, wanted))


def _add_searches(bp: Blueprint, at: Called, site: Site) -> None:
    def find(type_: str) -> ResponseReturnValue:
        is_strict = read_prefer(request).is_strict
        server = at()
        reads = server.reads("s")
        return fhir_response(search(server, reads, type_, _parameters(), is_strict=is_strict))

    def find_of_patient(patient: str, type_: str) -> ResponseReturnValue:
        is_strict = read_prefer(request).is_strict
        server = at()
        return fhir_response(
            search_compartment(
                server, server.reads("s"), patient, type_, _parameters(), is_strict=is_strict
            )
        )

    def find_everything(patient: str) -> ResponseReturnValue:
        asked = _parameters_sent(site) if request.method == "POST" else _parameters()
        server = at()
        return fhir_response(everything(server, server.reads("s"), patient, asked))

    def add(rule: str, name: str, view: Callable[..., ResponseReturnValue], *methods: str) -> None:
        bp.add_url_rule(rule, name, view, methods=methods, strict_slashes=False)

    add("/<type_>", "search", find, "GET")
    add("/<type_>/_search", "search-by-post", find, "POST", "GET")
    add("/Patient/<patient>/<type_>", "compartment", find_of_patient, "GET")
    add("/Patient/<patient>/<type_>/_search", "compartment-by-post", find_of_patient, "POST", "GET")
    add("/Patient/<patient>/$everything", "everything", find_everything, "GET", "POST")


def _add_unknown_operations(bp: Blueprint) -> None:
    """What begins with `$` and is no operation of ours is said to be that, and no unknown id."""

    def refuse(**_: str) -> ResponseReturnValue:
        raise UnknownType(
            "this operation is not offered at this address",
            mend="GET /fhir/metadata lists the operations",
        )

    for number, rule in enumerate(
        ("/$<operation>", "/<type_>/$<operation>", "/<type_>/<id_>/$<operation>")
    ):
        bp.add_url_rule(
            rule, f"unknown-{number}", refuse, methods=("GET", "POST"), strict_slashes=False
        )


# The request, and the answer to it


def _parameters() -> Parameters:
    """The parameters of the address and of a posted form, in their order.

    Raises UnsupportedMedia where the body is no form.
    """
    pairs = parse_qsl(request.query_string.decode("utf-8", "replace"), keep_blank_values=True)
    if request.method == "POST":
        body = request.get_data(cache=False)
        if body.strip() and request.mimetype not in (_FORM, ""):
            raise UnsupportedMedia(
                "the body of a search is no form", where="Content-Type", mend=f"send {_FORM}"
            )
        pairs += parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return [(name, value) for name, value in pairs if name not in _OF_THE_FORM]


def _parameters_sent(site: Site) -> Parameters:
    """Those of an operation: a form is tolerated, FHIR sends Parameters. Raises as `read_sent`
    and `given_in_resource`."""
    if request.mimetype == _FORM or not request.get_data().strip():
        return _parameters()
    given = given_in_resource(read_sent(request, site.settings).resource)
    in_address = parse_qsl(request.query_string.decode("utf-8", "replace"), keep_blank_values=True)
    pairs = [*in_address, *((each.name, ",".join(each.items)) for each in given)]
    return [(name, value) for name, value in pairs if name not in _OF_THE_FORM]


def _criteria() -> str:
    """The criteria in the address of a conditional update or delete."""
    text = request.query_string.decode("utf-8", "replace")
    kept = [part for part in text.split("&") if part.partition("=")[0] not in _OF_THE_FORM]
    criteria = "&".join(filter(None, kept))
    if not criteria:
        raise InvalidInteraction(
            "the address names neither an id nor criteria",
            where="url",
            mend="send it to Type/id, or to Type?identifier=system|value",
        )
    return criteria


def _respond(server: Server, answer: Answer) -> Response:
    headers = _headers(server, answer)
    if answer.body:
        return fhir_response(answer.body, answer.status, headers)
    return empty_response(answer.status, headers)


def _headers(server: Server, answer: Answer) -> dict[str, str]:
    headers = {"ETag": answer.etag, "Last-Modified": answer.last_modified}
    if answer.location:
        headers["Location" if answer.status == 201 else "Content-Location"] = (
            f"{server.base}/{answer.location}"
        )
    return {name: value for name, value in headers.items() if value}
