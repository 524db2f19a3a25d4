"""`/openapi.json`: the document, for programs and for the page `/docs`."""

from functools import cache

from flask import Blueprint
from flask.typing import ResponseReturnValue

from fhir_pgx.fhir.json import write_json
from fhir_pgx.web.body import JSON
from fhir_pgx.web.site import Site


def openapi_blueprint(site: Site) -> Blueprint:
    """The document, built when it is first asked for."""
    bp = Blueprint("openapi", __name__)

    @cache
    def body() -> bytes:
        from fhir_pgx.web.openapi.document import build  # noqa: PLC0415 - reads every example

        return write_json(build(site))

    @bp.get("/openapi.json")
    def document() -> ResponseReturnValue:
        return body(), {"Content-Type": JSON, "Cache-Control": "public, max-age=300"}

    return bp
