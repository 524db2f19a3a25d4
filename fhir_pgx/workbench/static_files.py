"""`/assets`: the pages' own files, for a browser to keep."""

from typing import Final

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from fhir_pgx.workbench.assets import assets

_FOR_GOOD: Final = "public, max-age=31536000, immutable"
_ASK_AGAIN: Final = "public, no-cache"


def assets_blueprint() -> Blueprint:
    """`GET /assets/<digest>/<name>`; what was there under another digest is given as it is now, so
    that a page that was open during an update still works."""
    bp = Blueprint("assets", __name__)

    @bp.get("/assets/<digest>/<name>")
    def asset(digest: str, name: str) -> ResponseReturnValue:
        found = assets().get(name)
        if found is None:
            raise NotFound
        is_packed = bool(found.packed) and request.accept_encodings["gzip"] > 0
        answer = Response(found.packed if is_packed else found.body, content_type=found.media)
        answer.headers["Cache-Control"] = _FOR_GOOD if digest == found.digest else _ASK_AGAIN
        answer.set_etag(found.digest)
        answer.headers["Vary"] = "Accept-Encoding"
        if is_packed:
            answer.headers["Content-Encoding"] = "gzip"
        return answer.make_conditional(request)

    return bp
