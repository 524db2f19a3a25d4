"""The Genomics Operations over HTTP: every address at which a client may look for one.

The guide fixes no address (its definitions name no resource), so that each operation is offered at
the base, at Observation, at the patient, and at the paths of the public implementation.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, cast

from flask import Blueprint, Request, request
from flask.typing import ResponseReturnValue

from fhir_pgx.fhir.json import write_json
from fhir_pgx.operations.all import OPERATIONS
from fhir_pgx.operations.asking import answer
from fhir_pgx.operations.given import Given, given_in_query, given_in_resource
from fhir_pgx.operations.operation import Context, Judgement, Operation
from fhir_pgx.web.callers import caller, rights_of
from fhir_pgx.web.fhir_media import fhir_response, read_sent
from fhir_pgx.web.site import Site

_FORMS: Final = frozenset(("application/x-www-form-urlencoded", "multipart/form-data"))
_METHODS: Final = ("GET", "POST")
_FHIR: Final = "/fhir"


def operations_blueprint(site: Site) -> Blueprint:
    """All operations, at all their addresses, by GET and POST, JSON and XML."""
    bp = Blueprint("operations", __name__)
    for operation in OPERATIONS:
        answering = _answering(operation, site)
        for i, path in enumerate(paths_of(operation)):
            name = f"{operation.name}-{i}"
            bp.add_url_rule(path, name, answering, methods=_METHODS, strict_slashes=False)
    return bp


def paths_of(operation: Operation) -> tuple[str, ...]:
    """The paths of an operation below where we are mounted."""
    named = f"${operation.name}"
    of_patient = (f"{_FHIR}/Patient/<subject>/{named}",) if operation.about == "subject" else ()
    return (
        f"{_FHIR}/{named}",
        f"{_FHIR}/Observation/{named}",
        *of_patient,
        f"{_FHIR}{operation.legacy_path}",
        operation.legacy_path,
    )


def _answering(operation: Operation, site: Site) -> Callable[..., ResponseReturnValue]:
    def run(subject: str | None = None) -> ResponseReturnValue:
        given = read_given(request, site)
        rights = rights_of(site.store, caller())
        rights.check("s", "Observation")
        if operation.about == "population":
            rights.check_population()
        pipeline = cast("Judgement", site.pipeline)
        at = Context(
            reads=site.store.reads(tenant=caller().tenant, view=rights.view("s")),
            genome=pipeline.both_builds,
            pipeline=pipeline,
            base_url=f"{site.settings.base_url}{_FHIR}",
            now=datetime.now(UTC),
            own_bases=(base_called(request, operation), *site.settings.store_servers),
        )
        return fhir_response(write_json(answer(operation, given, at, subject=subject)))

    return run


def base_called(asked: Request, operation: Operation) -> str:
    """The FHIR base as the caller wrote it, whichever of an operation's addresses was called."""
    before = asked.base_url.rstrip("/").removesuffix(operation.name).rpartition("/")[0]
    family = operation.legacy_path.rpartition("/")[0]
    before = before.removesuffix(family)
    root, found, _ = before.rpartition(_FHIR)
    return f"{root if found else before}{_FHIR}"


def read_given(asked: Request, site: Site) -> list[Given]:
    """The parameters of the address, and of a posted form or Parameters resource.

    A body that comes with GET is not looked at; some clients send a type without a body. Raises
    UnsupportedMedia, InvalidParameter, and what reading the body raises.
    """
    given = given_in_query(asked.args.items(multi=True))
    if asked.method != "POST":
        return given
    if asked.mimetype in _FORMS:
        return [*given, *given_in_query(asked.form.items(multi=True))]
    if not asked.get_data().strip():
        return given
    return [*given, *given_in_resource(read_sent(asked, site.settings).resource)]
