"""`/docs`: a list of what can be asked; `?operation=` shows one in full, `?schema=` one schema."""

from functools import cache
from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from fhir_pgx.workbench.api_docs.shown import (
    as_command,
    bodies_of,
    credentials_of,
    get_operation,
    get_schema,
    kind_of,
    members_of,
    operations_of,
    ticked,
)
from fhir_pgx.workbench.page import Pages, errors_as_pages


def api_docs_blueprint(pages: Pages) -> Blueprint:
    """The page, written from the document that `/openapi.json` answers with."""
    bp = Blueprint("api_docs", __name__)
    errors_as_pages(bp, pages)
    site = pages.site

    @cache
    def document() -> dict[str, Any]:
        from fhir_pgx.web.openapi.document import build  # noqa: PLC0415 - reads every example

        return build(site)

    @bp.get("/docs", strict_slashes=False)
    def docs() -> ResponseReturnValue:
        held = document()
        operation, schema = request.args.get("operation", ""), request.args.get("schema", "")
        if operation:
            found = get_operation(held, operation)
            return pages.answer(
                "api_docs/operation.html",
                operation=found,
                credentials=credentials_of(found, held),
                is_open=site.registered.is_open,
                command=as_command(found, site.settings.base_url),
                bodies_of=bodies_of,
                kind_of=kind_of,
                ticked=ticked,
            )
        if schema:
            shown = get_schema(held, schema)
            return pages.answer(
                "api_docs/schema.html",
                title=schema,
                schema=shown,
                members=members_of(shown),
                kind=kind_of(shown),
                ticked=ticked,
            )
        return pages.answer(
            "api_docs/index.html",
            document=held,
            operations=operations_of(held),
            schemas=[each for each in held["components"]["schemas"] if "." not in each],
            ticked=ticked,
        )

    return bp
