"""`$interpret` and `$recommend` over HTTP: of what is sent, or of what is stored of a patient."""

from collections.abc import Callable
from typing import Final

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from fhir_pgx.fhir.json import write_json
from fhir_pgx.operations.reports import (
    REPORT_OPERATIONS,
    ReportOperation,
    answer,
    read_options,
    sent_entries,
    stored_entries,
)
from fhir_pgx.web.callers import caller, rights_of
from fhir_pgx.web.fhir_media import fhir_response, read_sent
from fhir_pgx.web.site import Site

_FHIR: Final = "/fhir"


def reports_blueprint(site: Site) -> Blueprint:
    """`/fhir/$interpret` and `/fhir/$recommend`, and the same at a patient's address."""
    bp = Blueprint("reports", __name__)
    for operation in REPORT_OPERATIONS:
        named = f"${operation.name}"
        of_sent, of_stored = _of_sent(operation, site), _of_stored(operation, site)
        bp.add_url_rule(
            f"{_FHIR}/{named}", f"{operation.name}-sent", of_sent,
            methods=("POST",), strict_slashes=False,
        )  # fmt: skip
        bp.add_url_rule(
            f"{_FHIR}/Patient/<patient>/{named}", f"{operation.name}-stored", of_stored,
            methods=("GET", "POST"), strict_slashes=False,
        )  # fmt: skip
    return bp


def _of_sent(operation: ReportOperation, site: Site) -> Callable[[], ResponseReturnValue]:
    def run() -> ResponseReturnValue:
        document = read_sent(request, site.settings).resource
        options = read_options(operation, request.args.items(multi=True), document)
        found = answer(operation, site.pipeline, sent_entries(document), options)
        return fhir_response(write_json(found))

    return run


def _of_stored(operation: ReportOperation, site: Site) -> Callable[[str], ResponseReturnValue]:
    def run(patient: str) -> ResponseReturnValue:
        has_body = request.method == "POST" and bool(request.get_data().strip())
        document = read_sent(request, site.settings).resource if has_body else None
        options = read_options(operation, request.args.items(multi=True), document)
        rights = rights_of(site.store, caller())
        rights.check("s", "Observation")
        reads = site.store.reads(tenant=caller().tenant, view=rights.view("s"))
        entries = stored_entries(reads, patient)
        return fhir_response(write_json(answer(operation, site.pipeline, entries, options)))

    return run
