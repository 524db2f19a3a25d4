"""Request bodies in, JSON answers out."""

import gzip
import io
import zlib
from typing import Any, Final

from flask import Request, Response

from fhir_pgx.errors import TooLarge, UnreadableText, UnsupportedMedia
from fhir_pgx.fhir.json import read_json, write_json
from fhir_pgx.settings import Settings

JSON: Final = "application/json"
FHIR_JSON: Final = "application/fhir+json"

# DSTU2 clients write `application/json+fhir`; a body without any type is read as JSON.
_JSON_TYPES = frozenset({"", JSON, FHIR_JSON, "text/json", "application/json+fhir"})

_GZIP_MAGIC: Final = b"\x1f\x8b"


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


def uncompressed(
    data: bytes, encoding: str, most: int, *, setting: str = "max_body_bytes"
) -> bytes:
    """The data without gzip, at most so many bytes. Raises TooLarge, UnreadableText, and
    UnsupportedMedia for another encoding."""
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise UnsupportedMedia(
            "the content encoding is not read here", where="Content-Encoding", mend="use gzip"
        )
    if not data.startswith(_GZIP_MAGIC):
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            plain = file.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableText("the gzip data are broken", mend="compress the file anew") from error
    if len(plain) > most:
        raise TooLarge(
            f"the uncompressed data are larger than {most} bytes",
            mend=f"send less, or raise {setting}",
        )
    return plain


def json_answer(
    document: Any, status: int = 200, headers: dict[str, str] | None = None, *, media: str = JSON
) -> Response:
    """An answer that may hold patient data, so no cache keeps it."""
    answer = Response(write_json(document), status, headers, content_type=media)
    answer.headers["Cache-Control"] = "no-store"
    return answer
