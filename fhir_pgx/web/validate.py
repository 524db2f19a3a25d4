"""`$validate` over HTTP: on a body, or on what is stored."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from fhir_pgx.errors import Issue
from fhir_pgx.fhir.json import read_json
from fhir_pgx.fhir.operation_outcome import to_operation_outcome
from fhir_pgx.fhir.xml import parse_xml_with_notes
from fhir_pgx.knowledge import load_knowledge
from fhir_pgx.rest.reading import read
from fhir_pgx.validation.asked import asked_issues, read_question
from fhir_pgx.web.body import uncompressed
from fhir_pgx.web.fhir_media import outcome_response, read_sent
from fhir_pgx.web.fhir_server import called_server, server_of
from fhir_pgx.web.site import Site


def validate_blueprint(site: Site) -> Blueprint:
    """`POST /fhir/$validate`, `/fhir/{Type}/$validate`, `/fhir/{Type}/{id}/$validate`; the last
    also by GET, and then of the resource as it is stored."""
    bp = Blueprint("validate", __name__, url_prefix="/fhir")

    @bp.post("/$validate", strict_slashes=False)
    def validate_any() -> ResponseReturnValue:
        return answer(*sent())

    @bp.post("/<type_>/$validate", strict_slashes=False)
    def validate_type(type_: str) -> ResponseReturnValue:
        return answer(*sent(), type_=type_)

    # Named by its type too, or `/fhir/Patient/[id]/[type]`, a compartment, would come first.
    @bp.route(
        "/Patient/<id_>/$validate",
        methods=("GET", "POST"),
        strict_slashes=False,
        defaults={"type_": "Patient"},
    )
    @bp.route("/<type_>/<id_>/$validate", methods=("GET", "POST"), strict_slashes=False)
    def validate_one(type_: str, id_: str) -> ResponseReturnValue:
        if request.method == "GET" or not request.get_data().strip():
            return answer(stored(type_, id_), type_=type_, id_=id_)
        return answer(*sent(), type_=type_, id_=id_)

    def answer(
        document: Any, notes: Sequence[Issue] = (), *, type_: str = "", id_: str = ""
    ) -> ResponseReturnValue:
        question = read_question(document, request.args, type_=type_, id_=id_)
        issues = [*notes, *asked_issues(question, load_knowledge().vocabulary)]
        return outcome_response(to_operation_outcome(issues), 200)

    def sent() -> tuple[Any, Sequence[Issue]]:
        """What the body holds, and what of XML was passed over in reading it."""
        body = request.get_data()  # kept, for it is read twice
        read = read_sent(request, site.settings)
        if read.body:
            return read.resource, ()
        most, encoding = site.settings.max_fhir_bytes, request.headers.get("Content-Encoding", "")
        data = uncompressed(body, encoding, most)
        reading = parse_xml_with_notes(data, max_bytes=most, max_depth=site.settings.max_depth)
        # An element that FHIR does not define is passed over where XML is read, and no fault there.
        return reading.resource, [replace(note, severity="error") for note in reading.skipped]

    def stored(type_: str, id_: str) -> Any:
        server = called_server(server_of(site))
        found = read(server, server.reads(), type_, id_)
        most = max(len(found.body), 1)
        return read_json(found.body, max_bytes=most, max_depth=site.settings.max_depth)

    return bp
