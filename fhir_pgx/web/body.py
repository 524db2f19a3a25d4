"""Request bodies in, JSON answers out."""

from typing import Any, Final

from flask import Request, Response

from fhir_pgx.errors import UnsupportedMedia
from fhir_pgx.fhir.json import read_json, write_json
from fhir_pgx.settings import Settings

JSON: Final = "application/json"
FHIR_JSON: Final = "application/fhir+json"

# DSTU2 clients write `application/json+fhir`; a body without any type is read as JSON.
_JSON_TYPES = frozenset({"", JSON, FHIR_JSON, "text/json", "application/json+fhir"})


def read_json_body(request: Request, settings: Settings) -> Any:
    """The JSON of a request. Raises UnsupportedMedia, UnreadableJson, TooLarge or TooDeep."""
    if request.mimetype not in _JSON_TYPES:
        raise UnsupportedMedia(
            "the body's media type is not JSON",
            where="Content-Type",
            mend="send Content-Type: application/json",
        )
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise UnsupportedMedia(
            "a compressed body is not read here",
            where="Content-Encoding",
            mend="send the body as it is",
        )
    return read_json(
        request.get_data(cache=False),
        max_bytes=settings.max_body_bytes,
        max_depth=settings.max_depth,
    )


def json_answer(
    document: Any, status: int = 200, headers: dict[str, str] | None = None, *, media: str = JSON
) -> Response:
    """An answer that may hold patient data, so no cache keeps it."""
    answer = Response(write_json(document), status, headers, content_type=media)
    answer.headers["Cache-Control"] = "no-store"
    return answer
