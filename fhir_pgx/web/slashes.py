"""Doubled slashes in our addresses, as clients write them whose base URL ends in one.

Flask would answer such a call with a redirect in HTML, and a CDS client follows none. Its switch
for that is the whole app's, and the host's own addresses are not ours to change.
"""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_DOUBLED = re.compile("/{2,}")


class SingleSlashes:
    """A WSGI app that sees each address at or under `roots` with single slashes.

    Every other address reaches it as it was written.
    """

    def __init__(self, app: "WSGIApplication", roots: tuple[str, ...]) -> None:
        self._app = app
        self._exact, self._under = roots, tuple(f"{root}/" for root in roots)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> "Iterable[bytes]":
        path = environ.get("PATH_INFO", "")
        if "//" in path:
            single = _DOUBLED.sub("/", path)
            if single in self._exact or single.startswith(self._under):
                environ = {**environ, "PATH_INFO": single}
        return self._app(environ, start_response)
