"""Cross-origin calls from browsers: without them a CDS Hooks client in a page hears nothing.

Errors carry the headers too, or the browser hides the reason. No credentials are ever allowed:
the token travels in a header, and `*` with credentials is refused by every browser.
"""

from collections.abc import Callable

from flask import Response, request

_ASKED = (
    "authorization, content-type, accept, if-match, if-none-match, if-none-exist, "
    "if-modified-since, prefer, x-cds-client, x-purpose-of-use"
)
_EXPOSED = "ETag, Location, Last-Modified, Retry-After, WWW-Authenticate"
_ONE_HOUR = "3600"
# Where our pages are. What they send besides HTML (tables to save, cards, scripts) is for them.
_OF_PAGES = ("workbench", "console", "pages", "app", "card", "docs", "assets")


def cors_headers(origins: tuple[str, ...], prefix: str = "") -> Callable[[Response], Response]:
    """A function that adds the headers to an answer; `*` among the origins allows every one.
    `prefix` is what our addresses begin with."""
    anyone = "*" in origins
    allowed = frozenset(origins)
    home = f"{prefix.rstrip('/')}/"
    pages = tuple(home + each for each in _OF_PAGES)

    def add(answer: Response) -> Response:
        headers = answer.headers
        path = request.path
        is_of_pages = path == home or any(
            path == each or path.startswith(f"{each}/") for each in pages
        )
        # Pages are for people, and no other site reads them.
        if answer.mimetype == "text/html" or is_of_pages:
            return answer
        if anyone:
            headers["Access-Control-Allow-Origin"] = "*"
        else:
            headers.add("Vary", "Origin")
            origin = request.headers.get("Origin", "")
            if origin not in allowed:
                return answer
            headers["Access-Control-Allow-Origin"] = origin
        if request.method == "OPTIONS":
            headers["Access-Control-Allow-Methods"] = headers.get("Allow") or "GET, POST"
            headers["Access-Control-Allow-Headers"] = _ASKED
            headers["Access-Control-Max-Age"] = _ONE_HOUR
        else:
            headers["Access-Control-Expose-Headers"] = _EXPOSED
        return answer

    return add


def allow_every_origin(answer: Response) -> Response:
    """Headers for what holds nobody's data, and must be read before anybody can be known: where to
    authorize, tokens for a code. They hold whatever origins are allowed elsewhere."""
    answer.headers["Access-Control-Allow-Origin"] = "*"
    if request.method == "OPTIONS":
        answer.headers["Access-Control-Allow-Methods"] = answer.headers.get("Allow") or "GET, POST"
        answer.headers["Access-Control-Allow-Headers"] = _ASKED
        answer.headers["Access-Control-Max-Age"] = _ONE_HOUR
    return answer
