"""`/console/sign-in` and `/console/sign-out`: the operator's token for a session of a browser."""

import re
from typing import Final

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from fhir_pgx.web.addresses import client_address
from fhir_pgx.web.forms import check_csrf
from fhir_pgx.web.noted import note_caller
from fhir_pgx.web.operators import (
    OPERATOR,
    SIGN_IN,
    is_operator_token,
    needs_sign_in,
    sign_in,
    sign_out,
)
from fhir_pgx.workbench.page import Pages, errors_as_pages

# A page of ours and nothing else: `//host` and `/\host` are other hosts to a browser.
_OURS: Final = re.compile(
    r"/(?:[A-Za-z0-9._~-]+(?:/[A-Za-z0-9._~-]+)*/?)?(?:\?[A-Za-z0-9._~&=%-]*)?"
)


def sign_in_blueprint(pages: Pages) -> Blueprint:
    """The way in and out."""
    bp = Blueprint("sign_in", __name__)
    errors_as_pages(bp, pages)
    site = pages.site

    @bp.get(SIGN_IN)
    def ask() -> ResponseReturnValue:
        return _form(pages, request.args.get("to", ""))

    @bp.post(SIGN_IN)
    def enter() -> ResponseReturnValue:
        check_csrf(request, site.settings)
        to = request.form.get("to", "")
        if not is_operator_token(site, request.form.get("token", "").strip()):
            # Raises TooManyRequests where the address failed too often.
            site.limits.count_failure(client_address(request, site.settings.trusted_proxies))
            return _form(pages, to, is_wrong=True)
        note_caller(OPERATOR)
        answer = Response(status=303, headers={"Location": pages.at(_ours(to))})
        return sign_in(site, answer)

    @bp.post("/console/sign-out")
    def leave() -> ResponseReturnValue:
        check_csrf(request, site.settings)
        answer = Response(status=303, headers={"Location": pages.at("/")})
        return sign_out(site, answer)

    return bp


def _form(pages: Pages, to: str, *, is_wrong: bool = False) -> Response:
    settings = pages.site.settings
    return pages.answer(
        "sign_in.html",
        status=403 if is_wrong else 200,
        to=_ours(to),
        is_wrong=is_wrong,
        has_token=bool(settings.operator_token),
        is_needed=needs_sign_in(pages.site),
    )


def _ours(to: str) -> str:
    return to if _OURS.fullmatch(to) else "/console"
