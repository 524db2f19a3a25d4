"""FHIR bodies in and out: JSON or XML, as Content-Type, Accept and `_format` say.

An unknown Accept is answered in JSON: clients of the DSTU2 time ask for `application/json+fhir`,
browsers for `text/html`, and neither has ever been helped by a 406.
"""

from typing import Any, Final, Literal

import msgspec
from flask import Request, Response, request

from fhir_pgx.errors import InvalidInteraction, UnsupportedMedia
from fhir_pgx.fhir.json import read_json
from fhir_pgx.fhir.xml import parse_xml, write_xml
from fhir_pgx.rest.interactions import Sent
from fhir_pgx.settings import Settings
from fhir_pgx.web.body import FHIR_JSON, uncompressed
from fhir_pgx.web.headers import ASK_AGAIN, KEEP_NOTHING
from fhir_pgx.web.noted import note_answered, note_sent

FHIR_XML: Final = "application/fhir+xml"
_UTF8: Final = "; charset=utf-8"

_JSON_TYPES: Final = frozenset(
    {FHIR_JSON, "application/json", "text/json", "application/json+fhir", "json"}
)
_XML_TYPES: Final = frozenset(
    {FHIR_XML, "application/xml", "text/xml", "application/xml+fhir", "xml"}
)
_ANY_TYPES: Final = frozenset({"", "application/octet-stream", "application/gzip"})
_NO_LIMIT: Final = 1 << 31  # our own answers
_ANY_DEPTH: Final = 1_000  # the depth is measured with a text that long
_PRETTY: Final = ("true", "1", "")

Form = Literal["json", "xml"]


def is_fhir(asked: Request) -> bool:
    """Whether a request is to our FHIR base, wherever we are mounted."""
    return "/fhir/" in f"{asked.path}/"


def read_sent(asked: Request, settings: Settings) -> Sent:
    """The resource in the body of a request.

    Without a Content-Type the first sign tells JSON from XML. Raises UnsupportedMedia, TooLarge,
    TooDeep, UnreadableJson, UnreadableXml, NotFhir, and InvalidInteraction for an empty body.
    """
    media = asked.mimetype.lower()
    encoding = asked.headers.get("Content-Encoding", "")
    most = settings.max_fhir_bytes
    data = uncompressed(asked.get_data(cache=False), encoding, most, setting="max_fhir_bytes")
    if media not in _JSON_TYPES | _XML_TYPES | _ANY_TYPES:
        raise UnsupportedMedia(
            "the body's media type is not FHIR's",
            where="Content-Type",
            mend=f"send {FHIR_JSON} or {FHIR_XML}",
        )
    if not data.strip():
        raise InvalidInteraction("the body is empty", where="body", mend="send a resource")
    is_xml = media in _XML_TYPES or (media in _ANY_TYPES and data.lstrip().startswith(b"<"))
    if is_xml:
        sent = Sent(parse_xml(data, max_bytes=most, max_depth=settings.max_depth))
    else:
        sent = Sent(read_json(data, max_bytes=most, max_depth=settings.max_depth), data)
    note_sent(sent.resource)
    return sent


def form_of(asked: Request) -> Form:
    """The form to answer in: `_format` before Accept, JSON where neither names one we know."""
    wanted = asked.args.get("_format", "").strip().lower().replace(" ", "+")
    if wanted:
        return "xml" if wanted.partition(";")[0] in _XML_TYPES else "json"
    best: tuple[float, Form] = (0.0, "json")
    for media, quality in asked.accept_mimetypes:
        form: Form = "xml" if media.partition(";")[0].lower() in _XML_TYPES else "json"
        is_known = form == "xml" or media.lower() in (*_JSON_TYPES, "*/*", "application/*")
        if is_known and quality > best[0]:
            best = (quality, form)
    return best[1]


def written(body: bytes, asked: Request | None = None) -> tuple[bytes, str]:
    """FHIR JSON in the form that the request wants, and its content type."""
    asked = asked or request
    pretty = asked.args.get("_pretty")
    is_pretty = pretty is not None and pretty.lower() in _PRETTY
    if form_of(asked) == "xml":
        document = read_json(body, max_bytes=_NO_LIMIT, max_depth=_ANY_DEPTH)
        return write_xml(document), FHIR_XML + _UTF8
    return (msgspec.json.format(body, indent=2) if is_pretty else body), FHIR_JSON + _UTF8


def fhir_response(
    body: bytes, status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    """An answer with a resource, which may be of a patient: no cache keeps it, save a browser's
    that asks each time whether it is still the current version."""
    note_answered(body)
    data, media = written(body)
    answer = Response(data, status, headers, content_type=media)
    answer.headers["Cache-Control"] = _kept(answer)
    answer.headers.add("Vary", "Accept")
    return answer


def empty_response(status: int, headers: dict[str, str]) -> Response:
    """An answer without a body: 204, 304, or a write that returns the minimum."""
    answer = Response(status=status, headers=headers)
    del answer.headers["Content-Type"]
    answer.headers["Cache-Control"] = _kept(answer)
    return answer


def _kept(answer: Response) -> str:
    is_read = request.method in ("GET", "HEAD") and "ETag" in answer.headers
    return ASK_AGAIN if is_read else KEEP_NOTHING


def outcome_response(document: Any, status: int, headers: dict[str, str] | None = None) -> Response:
    """An OperationOutcome in the form that the request wants."""
    return fhir_response(msgspec.json.encode(document), status, headers)
