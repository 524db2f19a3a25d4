"""The demonstration's authorization server over HTTP: its pages and its addresses for machines."""

from collections.abc import Sequence
from typing import Any, Final

from flask import Blueprint, Response, redirect, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from fhir_pgx.errors import PgxError
from fhir_pgx.fhir.bundle import as_dicts, as_text
from fhir_pgx.fhir.json import read_json
from fhir_pgx.model.search import Query
from fhir_pgx.rest.types import is_id
from fhir_pgx.security.demo_authorization import (
    Asked,
    BadClient,
    DemoAuthorization,
    with_query,
)
from fhir_pgx.security.demo_clients import Refused
from fhir_pgx.storage.store import StoredResource
from fhir_pgx.web.body import json_answer
from fhir_pgx.web.callers import caller
from fhir_pgx.web.cors import allow_every_origin
from fhir_pgx.web.demo_server import PREFIX
from fhir_pgx.web.forms import check_csrf, csrf_field
from fhir_pgx.web.headers import allow_form_targets
from fhir_pgx.web.noted import note_patients
from fhir_pgx.web.site import Site

_FORM: Final = "application/x-www-form-urlencoded"
_MOST_LISTED: Final = 100
_LARGEST: Final = 64_000  # bytes of a form or a registration
# What an app in a browser calls with scripts; the rest are pages.
_FOR_SCRIPTS: Final = ("token", "introspect", "revoke", "jwks", "openid")
_ANY_DEPTH: Final = 1_000  # what is stored was within the limits when it came

_PAGE: Final = Markup(
    "<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title>"
    '<link rel=icon href="data:,">'
    "<h1>{title}</h1><p>This is a demonstration: nobody is asked who they are.</p>{body}</html>"
)
_CHOICE: Final = Markup(
    "<p>The app <strong>{name}</strong> asks for:</p><ul>{scopes}</ul>"
    '<form method=post action="{action}">{csrf}<input type=hidden name=ticket value="{ticket}">'
    "{patients}<p><button name=answer value=allow>Allow</button> "
    "<button name=answer value=deny>Deny</button></form>"
)
_LAUNCHES: Final = Markup(
    '<form method=post action="{action}">{csrf}<fieldset><legend>App</legend>{apps}</fieldset>'
    "{patients}<p><button>Launch</button></form>"
)
_RADIO: Final = Markup('<p><label><input type=radio name={name} value="{value}" required> {label}')
_LINE: Final = Markup("<li>{}")
_PATIENTS: Final = Markup("<fieldset><legend>Patient</legend>{}</fieldset>")


def demo_blueprint(site: Site, server: DemoAuthorization) -> Blueprint:
    """Every address of the server, under `/demo-authorization`."""
    bp = Blueprint("demo_authorization", __name__, url_prefix=PREFIX)
    bp.register_error_handler(Refused, _refused)
    bp.register_error_handler(BadClient, _bad_client)
    bp.before_request(_limit)
    bp.after_request(_finish)
    _add_pages(bp, site, server)
    _add_machines(bp, server)
    return bp


def demo_launch_blueprint(server: DemoAuthorization) -> Blueprint:
    """What the public CDS Hooks sandbox asks before it opens a card's link to an app: a launch id
    for its patient (HSPC's launch service, in no standard). Behind the door of the FHIR server."""
    bp = Blueprint("demo_launch", __name__)
    bp.register_error_handler(Refused, _refused)

    @bp.post("/fhir/_services/smart/Launch")
    def launch() -> ResponseReturnValue:
        request.max_content_length = _LARGEST
        asked = read_json(request.get_data(), max_bytes=_LARGEST)
        parameters = asked.get("parameters") if isinstance(asked, dict) else None
        given = parameters if isinstance(parameters, dict) else {}
        patient = as_text(given.get("patient")).removeprefix("Patient/")
        if not is_id(patient) or caller().patient not in ("", patient):
            raise Refused("invalid_request", "no patient is named whom the token may see")
        note_patients([patient])
        app_context = as_text(given.get("appContext"))
        return json_answer({"launch_id": server.launch(patient, app_context)})

    return bp


def _add_pages(bp: Blueprint, site: Site, server: DemoAuthorization) -> None:
    @bp.get("/", strict_slashes=False)
    def index() -> ResponseReturnValue:
        body = _LAUNCHES.format(
            action=f"{server.issuer}/launch",
            csrf=csrf_field(site.settings),
            apps=Markup().join(
                _RADIO.format(name="app", value=each.id, label=each.name)
                for each in server.clients.all_launched()
            ),
            patients=_patients(site),
        )
        return _page("Launch an app for a patient", body)

    @bp.post("/launch")
    def launch() -> ResponseReturnValue:
        check_csrf(request, site.settings)
        client = server.clients.find(request.form.get("app", ""))
        if client is None or not client.launch_url:
            raise BadClient("the app is unknown, or cannot be launched")
        id_ = server.launch(_chosen_patient(site))
        return redirect(with_query(client.launch_url, {"iss": server.base, "launch": id_}), 303)

    @bp.route("/authorize", methods=("GET", "POST"))
    def authorize() -> ResponseReturnValue:
        sent = request.form if request.method == "POST" else request.args
        found = server.authorize(_pairs(sent))
        return redirect(found, 303) if isinstance(found, str) else _choice(site, server, found)

    @bp.post("/choose")
    def choose() -> ResponseReturnValue:
        check_csrf(request, site.settings)
        is_allowed = request.form.get("answer") == "allow"
        is_named = is_allowed and "patient" in request.form
        patient = _chosen_patient(site) if is_named else ""
        ticket = request.form.get("ticket", "")
        return redirect(server.chosen(ticket, patient, is_allowed=is_allowed), 303)


def _add_machines(bp: Blueprint, server: DemoAuthorization) -> None:
    @bp.post("/token")
    def token() -> ResponseReturnValue:
        return json_answer(server.token(_form()))

    @bp.post("/introspect")
    def introspect() -> ResponseReturnValue:
        return json_answer(server.introspect(_form()))

    @bp.post("/revoke")
    def revoke() -> ResponseReturnValue:
        server.revoke(_form())
        return json_answer({})

    @bp.post("/register")
    def register() -> ResponseReturnValue:
        if "Origin" in request.headers or "Sec-Fetch-Site" in request.headers:
            # A browser sends these with what a script asks. Any page that is open in it could make
            # itself a client, and with keys of its own read every patient.
            raise Refused("access_denied", "a web page registers no client here", 403)
        try:
            asked = read_json(request.get_data(), max_bytes=_LARGEST)
        except PgxError:
            raise Refused("invalid_client_metadata", "the body is not JSON") from None
        return json_answer(server.register(asked), 201)

    @bp.get("/jwks")
    def jwks() -> ResponseReturnValue:
        return json_answer(server.jwks())

    @bp.get("/.well-known/openid-configuration")
    def openid() -> ResponseReturnValue:
        return json_answer(
            {
                "issuer": server.issuer,
                "authorization_endpoint": f"{server.issuer}/authorize",
                "token_endpoint": server.token_url,
                "jwks_uri": f"{server.issuer}/jwks",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES384"],
                "code_challenge_methods_supported": ["S256"],
            }
        )


# Pages


def _page(title: str, body: Markup, status: int = 200) -> Response:
    answer = Response(_PAGE.format(title=title, body=body), status, mimetype="text/html")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _choice(site: Site, server: DemoAuthorization, asked: Asked) -> Response:
    # The form ends, over a redirect, at the app's own address, which is a registered one.
    allow_form_targets(asked.redirect_uri)
    body = _CHOICE.format(
        name=asked.client.name or asked.client.id,
        scopes=Markup().join(_LINE.format(each) for each in asked.scopes),
        action=f"{server.issuer}/choose",
        csrf=csrf_field(site.settings),
        ticket=server.choose(asked),
        patients=_patients(site) if asked.wants_patient else "",
    )
    return _page("Allow an app", body)


def _patients(site: Site) -> Markup:
    found = site.store.reads().search(Query("Patient", count=_MOST_LISTED, with_total=False))
    radios = [
        _RADIO.format(name="patient", value=each.id, label=_label(each)) for each in found.resources
    ]
    return _PATIENTS.format(Markup().join(radios)) if radios else Markup("<p>There is no patient.")


def _label(stored: StoredResource) -> str:
    """How a person tells a patient from another: a name, a birth date, and the id."""
    document = read_json(stored.body, max_bytes=len(stored.body), max_depth=_ANY_DEPTH)
    named = next(iter(as_dicts(document.get("name"))), {})
    given = named.get("given")
    parts = [as_text(each) for each in given] if isinstance(given, list) else []
    name = as_text(named.get("text")) or " ".join([*parts, as_text(named.get("family"))])
    words = (name, as_text(document.get("birthDate")), stored.id)
    return ", ".join(word.strip() for word in words if word.strip())


def _chosen_patient(site: Site) -> str:
    """The id of the patient chosen on a page. Raises BadClient for what is nobody's."""
    id_ = request.form.get("patient", "")
    stored = site.store.reads().read("Patient", id_) if is_id(id_) else None
    if stored is None or stored.is_deleted:
        raise BadClient("no patient was chosen, or one who is not there")
    return id_


# What is sent, and answered


def _pairs(sent: Any) -> list[tuple[str, str]]:
    return [(str(name), str(value)) for name, value in sent.items(multi=True)]


def _form() -> Sequence[tuple[str, str]]:
    """The parameters of a posted form; those in the address are never read: a secret there would
    be logged. Raises Refused."""
    if request.mimetype != _FORM or "Authorization" in request.headers:
        raise Refused("invalid_request", "send a form, and the client's assertion in it")
    return _pairs(request.form)


def _limit() -> None:
    request.max_content_length = _LARGEST


def _finish(answer: Response) -> Response:
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Pragma"] = "no-cache"
    ends = (request.endpoint or "").rpartition(".")[2]
    return allow_every_origin(answer) if ends in _FOR_SCRIPTS else answer


def _refused(refused: Refused) -> Response:
    told = {"error": refused.error, "error_description": refused.text}
    return json_answer(told, refused.status)


def _bad_client(bad: BadClient) -> Response:
    return _page("This cannot go on", Markup("<p>{}.").format(str(bad)), 400)
