"""Security headers on every answer: what a browser may do with what we send.

Answers for machines may do nothing at all in a browser; pages may load what we serve ourselves and
nothing inline. What a route has set itself stays, save for the policy of content.
"""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlsplit

from flask import Response, g, request

from fhir_pgx.settings import Settings

# A copy in a browser or a proxy may be used again only after it has been asked for anew.
ASK_AGAIN: Final = "private, no-cache"
KEEP_NOTHING: Final = "no-store"

_ONE_YEAR: Final = 31_536_000
_PAGES: Final = frozenset(("text/html", "application/xhtml+xml", "image/svg+xml"))
_NO_DEVICES: Final = (
    "camera=(), microphone=(), geolocation=(), payment=(), usb=(), serial=(), "
    "display-capture=(), browsing-topics=()"
)
_NOTHING: Final = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_FORM_TARGETS: Final = "form_targets"
# What an EHR shows in a frame: our app, and the login of the demonstration on the way to it.
_FRAMED: Final = ("/app", "/demo-authorization")


def allow_form_targets(*urls: str) -> None:
    """Let the form on the page being answered end at other origins too.

    A browser holds `form-action` against every redirect that follows a form: an authorization page
    that sends people back to an application names the application's address here, and only after
    that address was found among those registered. Raises ValueError for what is no http address.
    """
    origins: set[str] = g.setdefault(_FORM_TARGETS, set())
    origins.update(origin_of(url) for url in urls)


def origin_of(url: str) -> str:
    """`https://ehr.example.org` of an address there. Raises ValueError for what has no origin that
    could stand in a header as it is."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    is_plain = host.isascii() and all(sign.isalnum() or sign in ".-_:" for sign in host)
    if parts.scheme not in ("http", "https") or not host or not is_plain:
        raise ValueError("the address has no origin")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{parts.port}" if parts.port else "")


def security_headers(settings: Settings, prefix: str = "") -> Callable[[Response], Response]:
    """A function that adds the headers to an answer; several passes leave it as one does. `prefix`
    is what our addresses begin with.

    Whom `frame_ancestors` names may frame the SMART app alone: in a frame around the console its
    page could have an operator press what they do not see.

    `Strict-Transport-Security` stands only where `base_url` is https, and without its subdomains,
    which are not ours. `X-Frame-Options` repeats for old browsers that nobody may frame us.
    """
    is_https = settings.base_url.startswith("https:")
    framers = " ".join(settings.frame_ancestors)
    framed = tuple(f"{prefix.rstrip('/')}{each}" for each in _FRAMED)

    def add(answer: Response) -> Response:
        headers = answer.headers
        is_page = answer.mimetype in _PAGES
        is_framed = bool(framers) and is_page and _is_under(request.path, framed)
        headers["X-Content-Type-Options"] = "nosniff"
        # A page's own forms must say where they come from, or `Origin` is `null` (Fetch, "append a
        # request Origin header"); other origins are told nothing either way.
        headers["Referrer-Policy"] = "same-origin" if is_page else "no-referrer"
        headers["Content-Security-Policy"] = (
            _page(framers if is_framed else "'none'") if is_page else _NOTHING
        )
        headers["Permissions-Policy"] = _NO_DEVICES
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
        # Holds for calls without CORS alone; those with it are the business of `cors_origins`.
        headers["Cross-Origin-Resource-Policy"] = "same-origin"
        if not is_framed:
            headers["X-Frame-Options"] = "DENY"
        if is_https:
            headers["Strict-Transport-Security"] = f"max-age={_ONE_YEAR}"
        headers.setdefault("Cache-Control", KEEP_NOTHING)
        if headers["Cache-Control"] == ASK_AGAIN and "Authorization" not in headers.get("Vary", ""):
            headers.add("Vary", "Authorization")
        # Names neither the program nor its version; granian adds its own name only where none is.
        headers["Server"] = "fhir"
        return answer

    return add


def _is_under(path: str, roots: tuple[str, ...]) -> bool:
    return any(path == each or path.startswith(f"{each}/") for each in roots)


def _page(framers: str) -> str:
    targets = " ".join(("'self'", *sorted(g.get(_FORM_TARGETS, ()))))
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; manifest-src 'self'; "
        f"form-action {targets}; base-uri 'none'; frame-ancestors {framers}"
    )
