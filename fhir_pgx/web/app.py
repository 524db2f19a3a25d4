"""The application: everything mounted in a Flask app, our own or somebody else's."""

from dataclasses import replace
from typing import Final

from flask import Blueprint, Flask, Response, request
from flask.globals import request_ctx
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from fhir_pgx.plugins import load_pages
from fhir_pgx.settings import Settings, settings_from_environment
from fhir_pgx.storage import SqlStore, Store
from fhir_pgx.web.access import load_registered, verifiers_of
from fhir_pgx.web.api import api_blueprint
from fhir_pgx.web.body import limit_sent
from fhir_pgx.web.cds import cds_blueprint
from fhir_pgx.web.cors import cors_headers
from fhir_pgx.web.definitions import definitions_blueprint
from fhir_pgx.web.demo_authorization import demo_blueprint, demo_launch_blueprint
from fhir_pgx.web.demo_server import open_demo, with_demo
from fhir_pgx.web.derivation import with_derivation
from fhir_pgx.web.door import guard
from fhir_pgx.web.errors import register_errors
from fhir_pgx.web.fhir import fhir_blueprint
from fhir_pgx.web.fhir_media import is_fhir
from fhir_pgx.web.fhir_metadata import smart_blueprint
from fhir_pgx.web.headers import security_headers
from fhir_pgx.web.health import health_blueprint
from fhir_pgx.web.launch import launch_blueprint
from fhir_pgx.web.logs import hide_addresses
from fhir_pgx.web.openapi.routes import openapi_blueprint
from fhir_pgx.web.operations import operations_blueprint
from fhir_pgx.web.own_keys import own_keys_blueprint
from fhir_pgx.web.rate_limits import counting
from fhir_pgx.web.reports import reports_blueprint
from fhir_pgx.web.site import Pipeline, Site, open_site
from fhir_pgx.web.slashes import SingleSlashes
from fhir_pgx.web.trail import check_audit, name_requests, record_accesses
from fhir_pgx.web.validate import validate_blueprint

_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_WRITING: Final = ("POST", "PUT", "PATCH", "DELETE")

# Where our trees end: addresses that no route takes, and methods that the address does not take.
_ENDS: Final = (
    ("/cds-services", _WRITING),
    ("/cds-services/<path:rest>", _METHODS),
    ("/api", _METHODS),
    ("/api/<path:rest>", _METHODS),
    ("/health", _METHODS),
    ("/health/<path:rest>", _METHODS),
    ("/metrics", _WRITING),
    ("/fhir", tuple(method for method in _METHODS if method != "POST")),
    ("/fhir/<path:rest>", _METHODS),
    ("/.well-known/smart-configuration", _WRITING),
    ("/.well-known/jwks.json", _WRITING),
    ("/openapi.json", _WRITING),
    ("/app", _WRITING),
    ("/app/<path:rest>", _METHODS),
    ("/assets/<path:rest>", _METHODS),
    ("/card/<path:rest>", _METHODS),
    ("/workbench/<path:rest>", _METHODS),
    ("/console/<path:rest>", _METHODS),
    ("/subject-operations/<path:rest>", _METHODS),
    ("/population-operations/<path:rest>", _METHODS),
)
_ROOTS: Final = tuple(rule for rule, _ in _ENDS if "<" not in rule)


class FhirPgx:
    """All of fhir_pgx as a Flask extension: `FhirPgx(app, url_prefix="/pgx")`.

    What is not given is made from the settings of this process. Raises InvalidSetting,
    InvalidAccess, BrokenKnowledge, BrokenPlugin or StoreFailure at start rather than at the first
    patient.
    """

    def __init__(
        self,
        app: Flask | None = None,
        url_prefix: str = "",
        *,
        settings: Settings | None = None,
        pipeline: Pipeline | None = None,
        store: Store | None = None,
    ) -> None:
        self.settings, self.pipeline, self.store = settings, pipeline, store
        if app is not None:
            self.init_app(app, url_prefix)

    def init_app(self, app: Flask, url_prefix: str = "") -> None:
        """Mount every address under `url_prefix`; the host app's own pages stay untouched."""
        settings = self.settings or settings_from_environment()
        demo = open_demo(settings)
        registered = with_demo(load_registered(settings), demo)
        check_audit(settings, registered)
        pipeline = self.pipeline or _pipeline(settings)
        store = self.store or SqlStore(settings.database, settings.audit_salt)
        if settings.derive_reports == "on":
            store = with_derivation(store, pipeline, settings)
        site = replace(open_site(settings, pipeline, store, registered), demo=demo)
        app.extensions["fhir_pgx"] = site
        app.register_blueprint(_everything(site, url_prefix), url_prefix=url_prefix or None)
        roots = tuple(url_prefix.rstrip("/") + root for root in _ROOTS)
        app.wsgi_app = SingleSlashes(app.wsgi_app, roots)  # type: ignore[method-assign]


def create_app(
    settings: Settings | None = None,
    *,
    pipeline: Pipeline | None = None,
    store: Store | None = None,
) -> Flask:
    """A Flask app of its own, with an OperationOutcome also where no route is."""
    app = Flask("fhir_pgx", static_folder=None)
    hide_addresses(app.name)
    FhirPgx(app, settings=settings, pipeline=pipeline, store=store)
    site: Site = app.extensions["fhir_pgx"]
    register_errors(app)
    add_cors = cors_headers(site.settings.cors_origins)
    add_security = security_headers(site.settings)

    @app.after_request
    def finish(answer: Response) -> Response:
        # Answers of our routes have been through the blueprint's own.
        return answer if request.blueprint else add_security(add_cors(answer))

    return app


def _pipeline(settings: Settings) -> Pipeline:
    from fhir_pgx.pipeline import Pipeline as Stages  # noqa: PLC0415 - loads all knowledge

    return Stages.load(settings)


def _everything(site: Site, prefix: str) -> Blueprint:
    root = Blueprint("fhir_pgx", __name__)
    register_errors(root)
    name_requests(root)  # before anything else looks at them
    root.after_request(cors_headers(site.settings.cors_origins, prefix))
    root.after_request(security_headers(site.settings, prefix))

    root.before_request(guard(site, verifiers_of(site), prefix.rstrip("/")))  # before any body

    @root.before_request
    def begin() -> Response | None:
        if request.method == "OPTIONS":
            # Also where nothing is: the browser then shows its page the error of the call itself.
            preflight = Response(status=204, headers={"Allow": ", ".join(_allowed())})
            del preflight.headers["Content-Type"]
            return preflight
        settings = site.settings
        most = settings.max_fhir_bytes if is_fhir(request) else settings.max_body_bytes
        limit_sent(request, most)
        return None

    root.before_request(counting(site.limits, site.settings))  # behind the door: it knows who calls
    record_accesses(root, site)

    for blueprint in (
        cds_blueprint(site),
        api_blueprint(site),
        operations_blueprint(site),
        reports_blueprint(site),
        validate_blueprint(site),
        fhir_blueprint(site),
        smart_blueprint(site),
        definitions_blueprint(site),
        health_blueprint(site),
        own_keys_blueprint(site),
        openapi_blueprint(site),
        *((launch_blueprint(site), *load_pages(site)) if site.settings.pages == "on" else ()),
    ):
        root.register_blueprint(blueprint)
    if site.demo is not None:
        root.register_blueprint(demo_blueprint(site, site.demo))
        root.register_blueprint(demo_launch_blueprint(site.demo))
    for rule, methods in _ENDS:
        # A preflight of what is there belongs to the route of it.
        root.add_url_rule(
            rule,
            "nowhere",
            _nowhere,
            methods=methods,
            strict_slashes=False,
            provide_automatic_options=False,
        )
    return root


def _nowhere(rest: str = "") -> ResponseReturnValue:
    """An address in our trees that no route takes, or not with this method.

    Errors of routing never reach a blueprint's handlers, and the host app's 404 page is HTML: so
    our trees end in a route.
    """
    if allowed := _allowed():
        raise MethodNotAllowed(valid_methods=allowed)
    raise NotFound


def _allowed() -> list[str]:
    """The methods that the address takes; none where there is nothing at it."""
    taken = [method for method in _METHODS if method != "OPTIONS" and _is_taken(method)]
    return [*taken, "OPTIONS"] if taken else []


def _is_taken(method: str) -> bool:
    adapter = request_ctx.url_adapter
    if adapter is None:
        return False
    try:
        rule, _ = adapter.match(method=method, return_rule=True)
    except HTTPException:
        return False
    return not rule.endpoint.endswith("nowhere")
