"""`/app`: the passport of the patient for whom the app was launched; `/app/logout`."""

import logging
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from flask import Blueprint, Response, current_app, request
from flask.typing import ResponseReturnValue

from fhir_pgx.errors import (
    DataUnavailable,
    Forbidden,
    LaunchFailed,
    MixedPatients,
    PgxError,
    StoreFailure,
)
from fhir_pgx.web.app_sessions import asked_once, drop_cookie, handle_in
from fhir_pgx.web.errors import incident
from fhir_pgx.web.forms import check_csrf
from fhir_pgx.web.opened import Opened, Sessions
from fhir_pgx.workbench.page import Pages
from fhir_pgx.workbench.passport.shown import clinician_values, patient_values
from fhir_pgx.workbench.words import LANGUAGES, words_in

log = logging.getLogger("fhir_pgx.launch")

# What went wrong, as people say it, and the status; what to do comes with the error.
_TROUBLES: Final[tuple[tuple[type[PgxError], str, int], ...]] = (
    (MixedPatients, "The data are not of one patient", 502),
    (DataUnavailable, "The data could not be read", 502),
    (StoreFailure, "The server cannot answer now", 503),
    (Forbidden, "That form was not taken", 403),
    (LaunchFailed, "The session is over", 403),
)
_MENDS: Final = {
    MixedPatients: "nothing is shown; tell the EHR's support that the answer held another "
    "patient's data, and launch the application again",
    StoreFailure: "try again in a moment; if it fails again, tell the operator",
}
_READERS: Final = ("clinician", "patient")


def passport_blueprint(pages: Pages) -> Blueprint:
    """The app's page and the way out of it."""
    bp = Blueprint("passport", __name__, url_prefix="/app")
    sessions = Sessions(pages.site)

    @bp.get("")
    def page() -> ResponseReturnValue:
        handle = handle_in(asked_once("session"))
        session = sessions.find(handle)
        if session is None:
            return pages.answer("passport/not_launched.html")
        opened = sessions.open(handle, session)
        if asked_once("for") == "patient":
            return _for_patient(opened)
        return pages.answer(
            "passport/clinician.html",
            **clinician_values(opened),
            **_links(opened.handle),
            has_wallet=_has_wallet(),
            is_demo=pages.site.demo is not None,
        )

    @bp.post("/logout")
    def logout() -> ResponseReturnValue:
        check_csrf(request, pages.site.settings)
        handle = handle_in(request.form.get("session", ""))
        sessions.end(handle)
        answer = pages.answer("passport/logged_out.html")
        drop_cookie(answer, pages.site.settings, handle)
        return answer

    def _for_patient(opened: Opened) -> Response:
        words = words_in(asked_once("language"))
        languages = [(each, words_in(each)("language-name")) for each in LANGUAGES]
        return pages.answer(
            "passport/patient.html",
            **patient_values(opened, words),
            **_links(opened.handle),
            languages=languages,
            is_demo=pages.site.demo is not None,
        )

    def _links(handle: str) -> dict[str, Any]:
        def link(**more: str) -> str:
            return f"{pages.at('/app')}?{urlencode({'session': handle, **more})}"

        return {"link": link, "handle": handle}

    def _has_wallet() -> bool:
        under = urlsplit(pages.site.settings.base_url).path.rstrip("/")
        return any(
            each.rule in ("/app/card", f"{under}/app/card")
            for each in current_app.url_map.iter_rules()
        )

    @bp.errorhandler(PgxError)
    def refused(error: PgxError) -> ResponseReturnValue:
        for kind, title, status in _TROUBLES:
            if isinstance(error, kind):
                log.warning("a page of the app was refused: %s", error.code)
                mend = _MENDS.get(kind, error.mend)
                text = "" if kind in (StoreFailure,) else error.text
                return _trouble(title, text, mend, error.code, status)
        return broken(error)

    @bp.errorhandler(Exception)
    def broken(error: Exception) -> ResponseReturnValue:
        told = incident(error)
        return _trouble("The page could not be made", told.text, told.mend, told.code, 500)

    def _trouble(title: str, text: str, mend: str, code: str, status: int) -> Response:
        handle = handle_in(request.args.get("session", ""))
        return pages.answer(
            "passport/trouble.html",
            status=status,
            problem=title,
            text=text,
            mend=mend,
            code=code,
            again=f"{pages.at('/app')}?{urlencode({'session': handle})}" if handle else "",
        )

    return bp
