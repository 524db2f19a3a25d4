"""The SMART app's way in: `/app/launch` and `/app/callback`. The page itself is `/app`
(`workbench/passport/`).

Each launch and each session has a cookie of its own (`app_sessions.py`). It is set anew when a
launch becomes a session, so that nobody can have known it before.
"""

import logging
import secrets

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from fhir_pgx.errors import Forbidden, LaunchFailed, PgxError, StoreFailure
from fhir_pgx.security.launch import LAUNCH_SECONDS, SESSION_SECONDS
from fhir_pgx.web.app_sessions import (
    asked_once,
    drop_cookie,
    forget_surplus,
    launched_handle,
    note_session,
    secret_of,
    set_cookie,
)
from fhir_pgx.web.site import Site
from fhir_pgx.web.smart_app import SmartApp

log = logging.getLogger("fhir_pgx.launch")


def launch_blueprint(site: Site) -> Blueprint:
    """The addresses that a launch goes through."""
    bp = Blueprint("launch", __name__, url_prefix="/app")
    app, settings = SmartApp(site), site.settings

    @bp.get("/launch")
    def launch() -> ResponseReturnValue:
        handle = secrets.token_hex(8)
        address, secret = app.begin(asked_once("iss"), asked_once("launch"), handle)
        answer = Response(status=303, headers={"Location": address})
        forget_surplus(answer, settings)
        set_cookie(answer, settings, handle, secret, seconds=LAUNCH_SECONDS)
        return answer

    @bp.get("/callback")
    def callback() -> ResponseReturnValue:
        handle = launched_handle()
        opened = app.finish(secret_of(settings, handle), list(request.args.items(multi=True)))
        note_session(opened.session)
        new = secrets.token_hex(8)
        # A card's link opens at what the card speaks of.
        place = f"#{opened.session.app_context}" if opened.session.app_context else ""
        page = f"{settings.base_url}/app?session={new}{place}"
        answer = Response(status=303, headers={"Location": page})
        drop_cookie(answer, settings, handle)
        set_cookie(answer, settings, new, opened.secret, seconds=SESSION_SECONDS)
        return answer

    @bp.errorhandler(LaunchFailed)
    @bp.errorhandler(Forbidden)
    def failed(error: PgxError) -> ResponseReturnValue:
        log.warning("a launch was refused: %s", error.text)  # which quotes nothing sent
        answer = _failure(error, 403 if isinstance(error, Forbidden) else 400)
        if request.path.endswith("/callback"):
            drop_cookie(answer, settings, launched_handle())  # its launch is over
        return answer

    @bp.errorhandler(StoreFailure)
    def unavailable(error: StoreFailure) -> ResponseReturnValue:
        log.error("a launch could not be kept: %s", error)
        return _failure(LaunchFailed("the server cannot take up a launch now"), 503)

    return bp


def _failure(error: PgxError, status: int) -> Response:
    """What went wrong, as text that no browser reads as anything else."""
    told = f"{error.text}\n{error.mend}\n" if error.mend else f"{error.text}\n"
    return Response(
        f"The application was not launched ({error.code}): {told}",
        status=status,
        content_type="text/plain; charset=utf-8",
    )
