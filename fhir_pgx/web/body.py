"""Request bodies in, JSON answers out."""

import gzip
import io
import zlib
from typing import IO, Any, Final

from flask import Request, Response
from werkzeug.exceptions import RequestEntityTooLarge

from fhir_pgx.errors import TooLarge, UnreadableText, UnsupportedMedia
from fhir_pgx.fhir.json import read_json, write_json
from fhir_pgx.settings import Settings
from fhir_pgx.web.noted import note_sent

JSON: Final = "application/json"
FHIR_JSON: Final = "application/fhir+json"

# DSTU2 clients write `application/json+fhir`; a body without any type is read as JSON.
_JSON_TYPES = frozenset({"", JSON, FHIR_JSON, "text/json", "application/json+fhir"})

_FORM: Final = "application/x-www-form-urlencoded"
MOST_FORM: Final = 256 * 1024
MOST_QUERY: Final = 64 * 1024
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
    document = read_json(
        request.get_data(cache=False),
        max_bytes=settings.max_body_bytes,
        max_depth=settings.max_depth,
    )
    note_sent(document)
    return document


def limit_sent(asked: Request, most: int) -> None:
    """Hold what is sent to `most` bytes, and a query and a form to what any question of ours needs:
    a million small parameters would cost seconds to take apart.

    Raises TooLarge. A body of unstated length is refused with 413 as it is read.
    """
    if len(asked.query_string) > MOST_QUERY:
        raise TooLarge(
            f"the query is longer than {MOST_QUERY} bytes",
            where="url",
            mend="send what is asked as the body of a POST",
        )
    if asked.mimetype == _FORM:
        most = min(most, MOST_FORM)
        if (asked.content_length or 0) > most:
            raise TooLarge(f"the form is larger than {most} bytes", mend="ask in several calls")
    asked.max_content_length = most
    # Werkzeug would hold a part without a file name to half a megabyte.
    asked.max_form_memory_size = most
    if asked.content_length is None and "wsgi.input_terminated" in asked.environ:
        # Werkzeug would end such a body at the limit without a word, and half a list of genes or
        # half a patient's id would be read as the whole.
        asked.environ["wsgi.input"] = _Counted(asked.environ["wsgi.input"], most)
        asked.max_content_length = most + 1


class _Counted:
    """A stream that raises RequestEntityTooLarge behind the limit."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        self._stream, self._left = stream, most

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise RequestEntityTooLarge
        return data


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
