"""Forms on our pages: only a form that we showed to this browser is taken.

Two things must hold. `Origin`, or `Sec-Fetch-Site`, which pages cannot forge, says that the form
was sent from a page of ours. And the form repeats a random value that we put into it and into a
cookie which no other site can read or set: `__Host-` keeps neighbours under the same domain from
setting it, where the server is reached by https.
"""

import re
import secrets
from hmac import compare_digest
from typing import Final
from urllib.parse import urlsplit

from flask import Request, Response, after_this_request, g, request
from markupsafe import Markup

from fhir_pgx.errors import Forbidden
from fhir_pgx.settings import Settings
from fhir_pgx.web.headers import origin_of

FIELD: Final = "csrf_token"
_COOKIE: Final = "fhir_pgx_form"
_SHAPE: Final = re.compile(r"[A-Za-z0-9_-]{43}")  # of the text of 32 random bytes
_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_MEND: Final = "open the page again and send its own form"


def csrf_field(settings: Settings) -> Markup:
    """A hidden field for a form that is sent by POST; its cookie goes with the answer.

    The value of a browser stays the same, so that forms in several of its windows all hold.
    """
    value: str = g.get(_COOKIE, "") or _valid(request.cookies.get(cookie_name(settings), ""))
    if not value:
        value = secrets.token_urlsafe(32)
    if _COOKIE not in g:
        setattr(g, _COOKIE, value)
        after_this_request(lambda answer: _with_cookie(answer, value, settings))
    return Markup('<input type="hidden" name="{}" value="{}">').format(FIELD, value)


def check_csrf(asked: Request, settings: Settings) -> None:
    """Raises Forbidden where a posted form is not one that we showed to this browser.

    Fails closed: without the cookie, the field, or any word of where it came from.
    """
    if not _is_from_us(asked, settings):
        raise Forbidden("the form was not sent from a page of this server", mend=_MEND)
    kept = _valid(asked.cookies.get(cookie_name(settings), ""))
    sent = asked.form.getlist(FIELD)
    if not kept or len(sent) != 1 or not compare_digest(kept.encode(), sent[0].encode()):
        raise Forbidden("the form does not belong to this browser's page", mend=_MEND)


def cookie_name(settings: Settings) -> str:
    """With the prefix that makes browsers refuse the cookie from anybody else, where it can be."""
    return f"__Host-{_COOKIE}" if _is_https(settings) else _COOKIE


def _is_from_us(asked: Request, settings: Settings) -> bool:
    site = asked.headers.get("Sec-Fetch-Site")
    origin = asked.headers.get("Origin")
    if site is not None and site != "same-origin":
        return False
    if origin is not None and origin == origin_of(settings.base_url):
        return True
    if not may_be_called(asked.host, settings):
        return False
    return origin == f"{asked.scheme}://{asked.host}" if origin is not None else bool(site)


def may_be_called(host: str, settings: Settings) -> bool:
    """Whether a host that a request names may be ours. A server of this machine alone goes by
    loopback names: any other was led here by its owner, and all of its pages with it (DNS
    rebinding)."""
    try:
        return not settings.is_local or urlsplit(f"//{host}").hostname in _LOOPBACK
    except ValueError:
        return False


def _with_cookie(answer: Response, value: str, settings: Settings) -> Response:
    is_https = _is_https(settings)
    # In a frame of an EHR only a cookie that is open to it is sent, kept apart for each EHR.
    is_framed = is_https and bool(settings.frame_ancestors)
    answer.set_cookie(
        cookie_name(settings),
        value,
        path="/",
        secure=is_https,
        httponly=True,
        samesite="None" if is_framed else "Lax",
        partitioned=is_framed,
    )
    return answer


def _valid(value: str) -> str:
    """The value where it has the shape of ours, else nothing: it is written into a page."""
    return value if _SHAPE.fullmatch(value) else ""


def _is_https(settings: Settings) -> bool:
    return settings.base_url.startswith("https:")
