"""`/fhir/metadata` and where a SMART app learns of the authorization server."""

from datetime import UTC, datetime
from typing import Final

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue

from fhir_pgx.errors import Issue, UnknownResource
from fhir_pgx.fhir.json import write_json
from fhir_pgx.fhir.operation_outcome import to_operation_outcome
from fhir_pgx.operations.all import OPERATIONS
from fhir_pgx.operations.reports import REPORT_OPERATIONS
from fhir_pgx.rest.capability import (
    About,
    Authorization,
    Offered,
    capability_statement,
    smart_configuration,
)
from fhir_pgx.rest.types import is_kept
from fhir_pgx.settings import Settings
from fhir_pgx.version import __version__
from fhir_pgx.web.body import JSON, json_answer
from fhir_pgx.web.cors import allow_every_origin
from fhir_pgx.web.demo_server import demo_authorization
from fhir_pgx.web.fhir_media import fhir_response
from fhir_pgx.web.site import Site

SMART: Final = "/.well-known/smart-configuration"
OPENID: Final = "/.well-known/openid-configuration"
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

    _add_well_known(bp, about)


def smart_blueprint(site: Site) -> Blueprint:
    """SMART's configuration where we are mounted: some clients look for it beside the base."""
    bp = Blueprint("smart", __name__)
    _add_well_known(bp, _about(site))
    return bp


def _add_well_known(bp: Blueprint, about: About) -> None:
    bp.add_url_rule(SMART, "smart", lambda: smart_answer(about), strict_slashes=False)
    bp.add_url_rule(OPENID, "openid", openid_answer, strict_slashes=False)

    @bp.after_request
    def open_to_all(answer: Response) -> Response:
        # SMART: an app in any browser may read where to authorize itself.
        ends = (request.endpoint or "").rpartition(".")[2]
        return allow_every_origin(answer) if ends in ("smart", "openid", "metadata") else answer


def _about(site: Site) -> About:
    demo = site.demo
    return About(
        f"{site.settings.base_url}/fhir",
        __version__,
        datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        demo_authorization(demo) if demo else authorization_of(site.settings),
        is_guarded=bool(site.registered.token_issuers),
    )


def authorization_of(settings: Settings) -> Authorization | None:
    """The authorization server that the settings name; None where they name no token address."""
    if not settings.smart_token_url:
        return None
    return Authorization(
        settings.smart_token_url,
        settings.smart_authorize_url,
        settings.smart_introspect_url,
        settings.smart_revoke_url,
        settings.smart_register_url,
        settings.smart_manage_url,
        settings.smart_issuer,
        settings.smart_jwks_url,
        settings.smart_grant_types,
        settings.smart_capabilities,
    )


def smart_answer(about: About) -> Response:
    """SMART's configuration, JSON whatever Accept says. Raises UnknownResource where no
    authorization server is set."""
    found = smart_configuration(about)
    if found is None:
        raise UnknownResource(
            "no authorization server is configured",
            mend="set smart_authorize_url and smart_token_url",
        )
    answer = json_answer(found, media=JSON)
    answer.headers["Cache-Control"] = "public, max-age=300"
    return answer


def openid_answer() -> Response:
    """Clients that ask for it here learn in JSON that this server is nobody's identity provider."""
    issue = Issue(
        "this server issues no identities",
        mend="see smart-configuration for the authorization server",
        kind="not-found",
        code=UnknownResource.code,
    )
    return json_answer(to_operation_outcome((issue,)), 404, media=JSON)


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
