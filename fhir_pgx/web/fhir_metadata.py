"""`/fhir/metadata` and where a SMART app learns of the authorization server."""

from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, Response, current_app
from flask.typing import ResponseReturnValue

from fhir_pgx.errors import UnknownResource
from fhir_pgx.fhir.json import write_json
from fhir_pgx.operations.all import OPERATIONS
from fhir_pgx.operations.reports import REPORT_OPERATIONS
from fhir_pgx.rest.capability import About, Offered, capability_statement, smart_configuration
from fhir_pgx.rest.types import is_kept
from fhir_pgx.version import __version__
from fhir_pgx.web.body import JSON, json_answer
from fhir_pgx.web.fhir_media import fhir_response
from fhir_pgx.web.site import Site

SMART: Final = "/.well-known/smart-configuration"
_ROOT: Final = "/fhir/"
# Operations of FHIR itself that are offered here.
_OF_FHIR: Final = {
    "everything": "http://hl7.org/fhir/OperationDefinition/Patient-everything",
    "validate": "http://hl7.org/fhir/OperationDefinition/Resource-validate",
}


def add_metadata(bp: Blueprint, site: Site) -> None:
    """Routes at the FHIR base: the statement, and SMART's configuration."""
    about = _about(site)

    @bp.get("/metadata", strict_slashes=False)
    def metadata() -> ResponseReturnValue:
        statement = capability_statement(
            about, operation_definitions(about.base), published_types()
        )
        return fhir_response(write_json(statement))

    bp.add_url_rule(SMART, "smart", lambda: smart_answer(about), strict_slashes=False)


def smart_blueprint(site: Site) -> Blueprint:
    """SMART's configuration where we are mounted: some clients look for it beside the base."""
    bp = Blueprint("smart", __name__)
    about = _about(site)
    bp.add_url_rule(SMART, "smart", lambda: smart_answer(about), strict_slashes=False)
    return bp


def _about(site: Site) -> About:
    return About(
        f"{site.settings.base_url}/fhir",
        __version__,
        datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        site.settings.smart_authorize_url,
        site.settings.smart_token_url,
    )


def smart_answer(about: About) -> Response:
    """SMART's configuration. Raises UnknownResource where no authorization server is set."""
    found = smart_configuration(about)
    if found is None:
        raise UnknownResource(
            "no authorization server is configured",
            mend="set smart_authorize_url and smart_token_url",
        )
    return json_answer(found, media=JSON)


def published_types() -> list[str]:
    """The types that have an address of their own to read, and are not kept in the store."""
    found: dict[str, None] = {}
    for rule in current_app.url_map.iter_rules():
        path = rule.rule.rpartition(_ROOT)[2] if _ROOT in rule.rule else ""
        type_, _, rest = path.partition("/")
        is_read = rest.startswith("<") and "/" not in rest and "GET" in (rule.methods or ())
        if is_read and type_[:1].isupper() and not is_kept(type_):
            found[type_] = None
    return list(found)


def operation_definitions(base: str) -> list[Offered]:
    """Every operation that has an address under the FHIR base of this app, by its routes."""
    canonicals = {each.name: each.canonical for each in OPERATIONS}
    canonicals |= {each.name: each.canonical for each in REPORT_OPERATIONS} | _OF_FHIR
    found: dict[tuple[str, str], Offered] = {}
    for rule in current_app.url_map.iter_rules():
        path = rule.rule.rpartition(_ROOT)[2] if _ROOT in rule.rule else ""
        steps = path.strip("/").split("/")
        name = steps[-1].removeprefix("$")
        if not steps[-1].startswith("$") or "<" in name or len(steps) > 3:
            continue
        of_type = steps[0] if len(steps) > 1 else ""
        if of_type.startswith("<") or "-operations" in of_type:
            continue
        definition = canonicals.get(name, f"{base}/OperationDefinition/{name}")
        found[of_type, name] = Offered(name, definition, of_type)
    return list(found.values())
