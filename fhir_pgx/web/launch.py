"""The SMART app's addresses: `/app/launch`, `/app/callback`, `/app`, `/app/logout`.

Each launch and each session has a cookie of its own, named by a handle that stands in the address:
two patients in two windows stay apart. The cookie holds a random secret and nothing else; it is
set anew when a launch becomes a session, so that nobody can have known it before.
"""

import logging
import re
import secrets
from typing import Final

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from fhir_pgx.errors import Forbidden, LaunchFailed, PgxError, StoreFailure
from fhir_pgx.model.access import Caller
from fhir_pgx.security.launch import LAUNCH_SECONDS, SESSION_SECONDS, Session
from fhir_pgx.settings import Settings
from fhir_pgx.web.forms import check_csrf, csrf_field
from fhir_pgx.web.noted import note_caller, note_patients
from fhir_pgx.web.site import Site
from fhir_pgx.web.smart_app import Opened, SmartApp

log = logging.getLogger("fhir_pgx.launch")

_COOKIE: Final = "fhir_pgx_app"
_HANDLE: Final = re.compile(r"[0-9a-f]{16}")
_MOST_COOKIES: Final = 12  # of ours in one browser; more would outgrow a request's headers

_PAGE: Final = Markup(
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
    "<body><main><h1>{title}</h1>{body}</main></body></html>"
)


def launch_blueprint(site: Site) -> Blueprint:
    """The addresses of our SMART app."""
    bp = Blueprint("launch", __name__, url_prefix="/app")
    app, settings = SmartApp(site), site.settings

    @bp.get("/launch")
    def launch() -> ResponseReturnValue:
        handle = secrets.token_hex(8)
        address, secret = app.begin(_once("iss"), _once("launch"), handle)
        answer = Response(status=303, headers={"Location": address})
        _forget_surplus(answer, settings)
        _set_cookie(answer, settings, handle, secret, seconds=LAUNCH_SECONDS)
        return answer

    @bp.get("/callback")
    def callback() -> ResponseReturnValue:
        handle = _launched_handle()
        opened = app.finish(_secret(settings, handle), list(request.args.items(multi=True)))
        _note(opened.session)
        new = secrets.token_hex(8)
        page = f"{settings.base_url}/app?session={new}"
        answer = Response(status=303, headers={"Location": page})
        _drop_cookie(answer, settings, handle)
        _set_cookie(answer, settings, new, opened.secret, seconds=SESSION_SECONDS)
        return answer

    @bp.get("")
    def page() -> ResponseReturnValue:
        handle = _handle(_once("session"))
        opened = app.find(_secret(settings, handle))
        if opened is None:
            text = "Nobody has launched this application in this window. Open it from the EHR."
            return _page("Not launched", Markup("<p>{}</p>").format(text), 200)
        _note(opened.session)
        return _page(_title(opened.session), _told(opened, handle, settings), 200)

    @bp.post("/logout")
    def logout() -> ResponseReturnValue:
        check_csrf(request, settings)
        handle = _handle(request.form.get("session", ""))
        app.end(_secret(settings, handle))
        text = "The session is over. Its tokens are forgotten here."
        answer = _page("Logged out", Markup("<p>{}</p>").format(text), 200)
        _drop_cookie(answer, settings, handle)
        return answer

    @bp.errorhandler(LaunchFailed)
    @bp.errorhandler(Forbidden)
    def failed(error: PgxError) -> ResponseReturnValue:
        log.warning("a launch or logout was refused: %s", error.text)  # which quotes nothing sent
        answer = _failure(error, 403 if isinstance(error, Forbidden) else 400)
        if request.path.endswith("/callback"):
            _drop_cookie(answer, settings, _launched_handle())  # its launch is over
        return answer

    @bp.errorhandler(StoreFailure)
    def unavailable(error: StoreFailure) -> ResponseReturnValue:
        log.error("a launch could not be kept: %s", error)
        return _failure(LaunchFailed("the server cannot take up a launch now"), 503)

    return bp


def _once(name: str) -> str:
    """A query parameter; empty where it is not there. Raises LaunchFailed where it stands twice."""
    found = request.args.getlist(name)
    if len(found) > 1:
        raise LaunchFailed(f"{name} stands twice", where=name)
    return found[0] if found else ""


def _launched_handle() -> str:
    """The handle of the launch that an answer is to, as it stands in its state."""
    return _handle(request.args.get("state", "").partition(".")[0])


def _handle(text: str) -> str:
    """The handle, where it has the shape of one: it becomes part of a cookie's name."""
    return text if _HANDLE.fullmatch(text) else ""


def _cookie_name(settings: Settings, handle: str) -> str:
    """`__Host-`: no neighbour under the same domain, and no page without TLS, can set it."""
    name = f"{_COOKIE}_{handle}"
    return f"__Host-{name}" if _is_https(settings) else name


def _secret(settings: Settings, handle: str) -> str:
    return request.cookies.get(_cookie_name(settings, handle), "") if handle else ""


def _set_cookie(
    answer: Response, settings: Settings, handle: str, secret: str, *, seconds: int
) -> None:
    is_https = _is_https(settings)
    # In a frame of an EHR only a cookie that is open to it is sent; Partitioned keeps it apart for
    # each EHR. Without frames the stricter rule holds, which lets the way back from a login pass.
    is_framed = is_https and bool(settings.frame_ancestors)
    answer.set_cookie(
        _cookie_name(settings, handle),
        secret,
        max_age=seconds,
        path="/",
        secure=is_https,
        httponly=True,
        samesite="None" if is_framed else "Lax",
        partitioned=is_framed,
    )


def _drop_cookie(answer: Response, settings: Settings, handle: str) -> None:
    if handle:
        _set_cookie(answer, settings, handle, "", seconds=0)


def _forget_surplus(answer: Response, settings: Settings) -> None:
    """Make the browser forget sessions where it holds very many: their cookies would one day make
    every request to this server too large."""
    prefix = _cookie_name(settings, "")
    handles = [
        _handle(name.removeprefix(prefix)) for name in request.cookies if name.startswith(prefix)
    ]
    if len(handles) >= _MOST_COOKIES:
        for handle in handles:
            _drop_cookie(answer, settings, handle)


def _is_https(settings: Settings) -> bool:
    return settings.base_url.startswith("https:")


def _note(session: Session) -> None:
    """For the record of accesses: the door does not know who uses a session of our own."""
    note_caller(
        Caller(
            "application",
            issuer=session.fhir,
            client=session.client_id,
            user=session.user,
            tenant=session.tenant,
        )
    )
    note_patients([session.patient])


def _title(session: Session) -> str:
    return f"Launched for Patient/{session.patient}" if session.patient else "Launched"


def _told(opened: Opened, handle: str, settings: Settings) -> Markup:
    """What we know of a session, without its tokens, and the way out of it."""
    session = opened.session
    rows = (
        ("EHR", session.fhir),
        ("User", session.user or "not stated"),
        ("Encounter", session.encounter or "none"),
        ("Scope", session.scope),
    )
    listed = Markup("").join(Markup("<dt>{}</dt><dd>{}</dd>").format(*row) for row in rows)
    form = Markup(
        '<form method="post" action="{}/app/logout">{}'
        '<input type="hidden" name="session" value="{}"><button>Log out</button></form>'
    ).format(settings.base_url, csrf_field(settings), handle)
    return Markup("<dl>{}</dl>{}").format(listed, form)


def _page(title: str, body: Markup, status: int) -> Response:
    written = _PAGE.format(title=title, body=body)
    return Response(written, status=status, content_type="text/html; charset=utf-8")


def _failure(error: PgxError, status: int) -> Response:
    """What went wrong, as text that no browser reads as anything else."""
    told = f"{error.text}\n{error.mend}\n" if error.mend else f"{error.text}\n"
    return Response(
        f"The application was not launched ({error.code}): {told}",
        status=status,
        content_type="text/plain; charset=utf-8",
    )
