"""Operators signed in at our own pages: the operator's token once, then a session of this browser.

The session is a random secret in a cookie that no script reads and no other site's request carries.
What it opens is kept in the store, so that every worker knows it and nobody can name it.
"""

import hashlib
import secrets
from collections.abc import Mapping
from hmac import compare_digest
from typing import Any, Final

from flask import Response, g, request

from fhir_pgx.model.access import ANYBODY, Caller
from fhir_pgx.settings import Settings
from fhir_pgx.web.site import Site

SIGN_IN: Final = "/console/sign-in"
SESSION_SECONDS: Final = 8 * 3600  # a shift
OPERATOR: Final = Caller("operator", grants=())  # sees no patient

_COOKIE: Final = "fhir_pgx_operator"
_FOUND: Final = "is_signed_in"
_BEGAN_BY: Final = "began-by"  # of a session: the digest of the token that it began with


def is_operator_token(site: Site, sent: str) -> bool:
    """Whether a text is the operator's token; never where none is set."""
    wanted = site.settings.operator_token
    return bool(wanted) and compare_digest(sent.encode(), wanted.encode())


def is_signed_in(site: Site) -> bool:
    """Whether this browser holds a session; looked up once a request."""
    if _FOUND not in g:
        secret = request.cookies.get(_cookie_name(site.settings), "")
        found = site.store.sessions.find(secret, "operator") if secret else None
        setattr(g, _FOUND, found is not None and _is_of_this_token(site, found))
    return bool(g.get(_FOUND))


def needs_sign_in(site: Site) -> bool:
    """Whether the console asks who is there: not on a server that is open and names no token."""
    return bool(site.settings.operator_token) or not site.registered.is_open


def page_caller(site: Site, *, is_console: bool) -> Caller | None:
    """Who looks at a page; None where they have to sign in first.

    The workbench of an open server shows what its interfaces give to anybody.
    """
    if not needs_sign_in(site) or (site.registered.is_open and not is_console):
        return ANYBODY
    return OPERATOR if is_signed_in(site) else None


def sign_in(site: Site, answer: Response) -> Response:
    """Begin a session with the answer. Raises StoreFailure."""
    secret = secrets.token_urlsafe(32)
    body = {_BEGAN_BY: _digest(site.settings.operator_token)}
    site.store.sessions.keep(secret, "operator", body, seconds=SESSION_SECONDS)
    return _with_cookie(answer, site.settings, secret, SESSION_SECONDS)


def sign_out(site: Site, answer: Response) -> Response:
    """End the session of this browser, if there is one."""
    secret = request.cookies.get(_cookie_name(site.settings), "")
    if secret:
        site.store.sessions.remove(secret, "operator")
    return _with_cookie(answer, site.settings, "", 0)


def _is_of_this_token(site: Site, session: Mapping[str, Any]) -> bool:
    """Whether a session began with the token of today: another one, or none, ends it."""
    wanted, token = session.get(_BEGAN_BY), site.settings.operator_token
    return bool(token) and isinstance(wanted, str) and compare_digest(wanted, _digest(token))


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _cookie_name(settings: Settings) -> str:
    return f"__Host-{_COOKIE}" if _is_https(settings) else _COOKIE


def _with_cookie(answer: Response, settings: Settings, secret: str, seconds: int) -> Response:
    answer.set_cookie(
        _cookie_name(settings),
        secret,
        max_age=seconds,
        path="/",
        secure=_is_https(settings),
        httponly=True,
        samesite="Strict",
    )
    return answer


def _is_https(settings: Settings) -> bool:
    return settings.base_url.startswith("https:")
