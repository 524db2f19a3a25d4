"""The door: which credential an address asks for, and who calls (`g.caller`).

Decided by the route that Flask matched and not by the text of the path, so that no spelling of an
address finds another door than the answer behind it. What no line here names is shut.
A CDS client that is refused gets the status alone (CDS Hooks, Trusting CDS Clients); everybody else
an OperationOutcome that does not say which check failed. That stands in the log, with what the
credential says of its issuer, tenant and id, and never the credential.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Final, Literal
from urllib.parse import quote, urlsplit

import msgspec
from flask import Response, g, request

from fhir_pgx.errors import Forbidden, InvalidParameter, Unauthenticated
from fhir_pgx.model.access import ANYBODY, TREATMENT, Caller
from fhir_pgx.security.assertions import check_purpose, claimed
from fhir_pgx.web.access import Verifiers
from fhir_pgx.web.addresses import client_address
from fhir_pgx.web.definitions import PUBLISHED
from fhir_pgx.web.errors import answer_pgx_error
from fhir_pgx.web.forms import may_be_called
from fhir_pgx.web.noted import note_caller, noted
from fhir_pgx.web.operators import OPERATOR, SIGN_IN, is_operator_token, page_caller
from fhir_pgx.web.site import Site

log = logging.getLogger("fhir_pgx.security")

PURPOSE: Final = "X-Purpose-Of-Use"
NOBODY_ASKED: Final = Caller("open", grants=())  # where no patient's data are: sees none

Door = Literal["open", "cds", "fhir", "either", "operator", "bench", "console", "shut"]

_OPEN: Final = frozenset(
    ("/health", "/health/live", "/health/ready", "/health/<path:rest>", "/fhir/metadata", "/app")
    + (SIGN_IN, "/docs", "/openapi.json")
    + tuple(f"/fhir/{kind}{rest}" for kind in PUBLISHED for rest in ("", "/<id_>", "/_search"))
)
# `/app` asks nobody for a credential of another door: it has sessions of its own (web/launch.py).
# `/demo-authorization` is there in a demonstration alone, and asks its callers for what they have.
_OPEN_UNDER: Final = (
    "/.well-known/", "/fhir/.well-known/", "/app/", "/demo-authorization/", "/assets/", "/card/",
)  # fmt: skip
_DOORS: Final[tuple[tuple[str, Door], ...]] = (
    ("/cds-services", "cds"),
    ("/fhir", "fhir"),
    ("/subject-operations", "fhir"),
    ("/population-operations", "fhir"),
    ("/api", "either"),
    ("/metrics", "operator"),
    ("/workbench", "bench"),
    ("/console", "console"),
    ("/pages", "console"),  # where pages of other packages are
)
_BEARER: Final = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9\-._~+/]+=*) *")
_CODE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
_TOLD: Final = 100  # characters of what a log line repeats
_UNTOLD: Final = re.compile(r"[^\x21-\x7e]")


@lru_cache(maxsize=1024)
def door_of(rule: str) -> Door:
    """The door of a route, by its rule without the prefix that we are mounted under."""
    if rule in _OPEN or rule.startswith(_OPEN_UNDER):
        return "open"
    if rule == "/":
        return "bench"
    for root, door in _DOORS:
        if rule == root or rule.startswith(f"{root}/"):
            return door
    return "shut"


def guard(site: Site, verifiers: Verifiers, prefix: str) -> Callable[[], Response | None]:
    """What runs before every request under `prefix`: it sets `g.caller`, or answers 401.

    Raises Forbidden for a purpose that the caller may not name, and StoreFailure where an
    assertion cannot be noted as used: then nobody comes in.
    """

    def enter() -> Response | None:
        g.caller = NOBODY_ASKED
        if request.method == "OPTIONS" or request.url_rule is None:
            return None
        door = door_of(request.url_rule.rule.removeprefix(prefix))
        if door == "open":
            return None
        _check_host(site)
        if door in ("bench", "console"):
            is_there = site.settings.pages == "on"
            is_console = door == "console"
            return _enter_page(site, prefix, is_console=is_console) if is_there else None
        try:
            g.caller = _caller(site, verifiers, door, request.path.removeprefix(prefix))
        except Unauthenticated as refused:
            return _refused(site, door, refused)
        except Forbidden as refused:
            if isinstance(refused.caller, Caller):
                note_caller(refused.caller)
            raise
        return None

    return enter


def _check_host(site: Site) -> None:
    """Raises Forbidden where nobody is asked who calls, this machine alone is to reach the server,
    and a browser was led here under another name: to it the page of that name and our answers are
    of one origin, whatever `cors_origins` says (DNS rebinding)."""
    if site.registered.is_open and not may_be_called(request.host, site.settings):
        raise Forbidden(
            "this server is called by a name that is none of its own",
            where="Host",
            mend="call it at the address in base_url, or set base_url to the address that you call",
        )


def _enter_page(site: Site, prefix: str, *, is_console: bool) -> Response | None:
    """Let in who may look at a page of ours, and show all others where to sign in."""
    found = page_caller(site, is_console=is_console)
    if found is not None:
        g.caller = found
        return None
    noted().is_passed_over = True  # nobody tried anything yet
    address = f"{urlsplit(site.settings.base_url).path.rstrip('/')}{SIGN_IN}"
    if request.method in ("GET", "HEAD") and "HX-Request" not in request.headers:
        to = quote(request.path.removeprefix(prefix))  # as `Pages.at` takes it
        return Response(status=303, headers={"Location": f"{address}?to={to}"})
    # The page that a session ended under: htmx follows the header as a whole page.
    return Response(status=401, headers={"HX-Redirect": address, "WWW-Authenticate": "Bearer"})


def _caller(site: Site, verifiers: Verifiers, door: Door, path: str) -> Caller:
    settings = site.settings
    if door == "operator":
        return _operator(site)
    if site.registered.is_open:
        purpose = _purpose()
        check_purpose(purpose, may_break_glass=False)  # nobody is known who could be trusted so
        return ANYBODY if purpose == TREATMENT else replace(ANYBODY, purpose=purpose)
    token = _token()
    if door == "cds":
        return _of_assertion(verifiers, token, f"{settings.base_url}{path}")
    if door == "fhir":
        return _of_access_token(verifiers, token)
    if door == "either":
        return _of_either(verifiers, token, f"{settings.base_url}{path}")
    raise Unauthenticated("nobody may come in at this address")


def _of_either(verifiers: Verifiers, token: str, audience: str) -> Caller:
    """Raises Unauthenticated with both reasons: which of the two was meant nobody can tell."""
    try:
        return _of_assertion(verifiers, token, audience)
    except Unauthenticated as refused:
        as_assertion = refused.text
    try:
        return _of_access_token(verifiers, token)
    except Unauthenticated as refused:
        reasons = f"as an assertion: {as_assertion}; as an access token: {refused.text}"
        raise Unauthenticated(reasons) from None


def _operator(site: Site) -> Caller:
    if not site.settings.operator_token and site.registered.is_open:
        return ANYBODY
    if site.settings.operator_token and is_operator_token(site, _token()):
        return OPERATOR
    raise Unauthenticated("it is not the operator's token")


def _of_assertion(verifiers: Verifiers, token: str, audience: str) -> Caller:
    if verifiers.assertions is None:
        raise Unauthenticated("no CDS client is registered")
    return verifiers.assertions.check(token, audience=audience, purpose=_purpose())


def _of_access_token(verifiers: Verifiers, token: str) -> Caller:
    if verifiers.tokens is None:
        raise Unauthenticated("no issuer of access tokens is registered")
    return verifiers.tokens.check(token, purpose=_purpose())


def _token() -> str:
    """The bearer token of the header; a token in the address is never read: it would be logged."""
    sent = request.headers.get("Authorization", "")
    found = _BEARER.fullmatch(sent)
    if not found:
        raise Unauthenticated("the header is no bearer token" if sent else "no credential was sent")
    return found[1]


def _purpose() -> str:
    sent = request.headers.get(PURPOSE, "").strip()
    if sent and not _CODE.fullmatch(sent):
        raise InvalidParameter(
            "the purpose of use is not one code", where=PURPOSE, mend="send a code such as TREAT"
        )
    return sent or TREATMENT


def _refused(site: Site, door: Door, refused: Unauthenticated) -> Response:
    """Count it, log why, and say no. Raises TooManyRequests where the address failed too often."""
    sent = request.headers.get("Authorization", "")
    address = client_address(request, site.settings.trusted_proxies)
    # Before anything is written: neither a flood of failures nor one without any credential may
    # fill the disk. Who sent none is told no more than that one is needed, however often: many
    # clients ask so first, and send theirs then.
    if sent:
        site.limits.count_failure(address)
    if sent or site.limits.is_worth_noting(address):
        _log(door, refused, sent)
    else:
        noted().is_passed_over = True
    challenge = 'Bearer error="invalid_token"' if sent else "Bearer"
    if door in ("cds", "operator"):
        answer = Response(status=401, headers={"WWW-Authenticate": "Bearer"})
        del answer.headers["Content-Type"]
        return answer
    answer = answer_pgx_error(
        Unauthenticated(
            "a credential that holds is needed",
            where="Authorization",
            mend="send a bearer token of a registered issuer",
        )
    )
    answer.headers["WWW-Authenticate"] = challenge
    return answer


def _log(door: Door, refused: Unauthenticated, sent: str) -> None:
    found = _BEARER.fullmatch(sent)
    said = claimed(found[1] if found and door != "operator" else "")
    line = {
        "refused": door,
        "reason": refused.text,
        "issuer": _told(said.issuer),
        "audience": _told(said.audience),
        "tenant": _told(said.tenant),
        "token_id": _told(said.token_id),
    }
    log.warning(msgspec.json.encode({k: v for k, v in line.items() if v}).decode())


def _told(text: str) -> str:
    """A forger's text as a log may hold it: short, visible ASCII, so that no line is forged."""
    return _UNTOLD.sub("?", text[:_TOLD])
