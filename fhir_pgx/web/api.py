"""The command's `interpret`, `recommend` and `explain` over HTTP (CONTRACT, section 2)."""

import gzip
import io
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from flask import Blueprint, Request, Response, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from fhir_pgx.errors import InvalidParameter, TooLarge, UnreadableText, UnsupportedMedia
from fhir_pgx.model.document import Document, Options
from fhir_pgx.settings import Settings
from fhir_pgx.web.body import FHIR_JSON, JSON, json_answer
from fhir_pgx.web.site import Site

_TYPES = frozenset(
    {
        "", JSON, FHIR_JSON, "text/json", "application/json+fhir",
        "application/fhir+ndjson", "application/ndjson", "application/x-ndjson",
        "application/fhir+xml", "application/xml", "text/xml", "application/xml+fhir",
        "text/vcf", "text/x-vcf", "application/vcf", "text/plain",
        "application/gzip", "application/x-gzip", "application/octet-stream",
    }
)  # fmt: skip
_FLAGS = ("all-matches", "missing-as-reference", "cyp2d6-from-snvs")
_PARAMETERS = (*_FLAGS, "format", "drug")
_FORMATS: Mapping[str, Literal["json", "fhir", "text"]] = {
    "json": "json",
    "fhir": "fhir",
    "text": "text",
}
_MULTIPART = "multipart/form-data"
_GZIP_MAGIC = b"\x1f\x8b"

Reader = Callable[[Sequence[Document], Options], Any]


def api_blueprint(site: Site) -> Blueprint:
    """`POST /api/interpret`, `/api/recommend`, `/api/explain`."""
    bp = Blueprint("api", __name__, url_prefix="/api")

    @bp.post("/interpret")
    def interpret() -> ResponseReturnValue:
        return _answer(site.pipeline.interpret_documents, site.settings)

    @bp.post("/recommend")
    def recommend() -> ResponseReturnValue:
        return _answer(site.pipeline.recommend_documents, site.settings)

    @bp.post("/explain")
    def explain() -> ResponseReturnValue:
        return _answer(site.pipeline.explain_documents, site.settings)

    return bp


def _answer(read: Reader, settings: Settings) -> Response:
    documents, outside_calls, context = read_documents(request, settings)
    options = read_options(request.args, outside_calls, context)
    found = read(documents, options)
    if isinstance(found, str):
        return Response(found, content_type="text/plain; charset=utf-8")
    return json_answer(found, media=FHIR_JSON if options.format == "fhir" else JSON)


def read_documents(
    asked: Request, settings: Settings
) -> tuple[list[Document], Document | None, Document | None]:
    """The data, the outside calls and the context of a request, uncompressed.

    Raises UnsupportedMedia, TooLarge, UnreadableText for broken gzip, InvalidParameter where no
    data are there.
    """
    if asked.mimetype == _MULTIPART:
        data = _parts(asked, "file", settings)
        outside_calls = _parts(asked, "outside-calls", settings)
        context = _parts(asked, "context", settings)
    elif asked.mimetype in _TYPES:
        body = _uncompressed(
            asked.get_data(cache=False), asked.headers.get("Content-Encoding", ""), settings
        )
        data = [Document(body, "", asked.mimetype)] if body.strip() else []
        outside_calls = context = []
    else:
        raise UnsupportedMedia(
            "the body's media type is not read here",
            where="Content-Type",
            mend="send application/fhir+json, application/fhir+xml, text/vcf or a multipart form",
        )
    if not data:
        raise InvalidParameter(
            "the request holds no data",
            where="file",
            mend="send the data as the body, or as one or more multipart parts named file",
        )
    return data, _one(outside_calls, "outside-calls"), _one(context, "context")


def read_options(
    arguments: "MultiDict[str, str]",
    outside_calls: Document | None = None,
    context: Document | None = None,
) -> Options:
    """The flags. Raises InvalidParameter, also for a name we do not know: a flag that is spelt
    wrong would change the answer without a word."""
    for name in arguments:
        if name not in _PARAMETERS:
            raise InvalidParameter(
                "the query has a parameter that is not known here",
                where=name[:100],
                mend="use " + ", ".join(_PARAMETERS),
            )
    written = arguments.get("format", "json")
    if written not in _FORMATS:
        raise InvalidParameter(
            "the format is unknown", where="format", mend="use json, fhir or text"
        )
    all_matches, missing_as_reference, cyp2d6_from_snvs = (
        _is_on(arguments, name) for name in _FLAGS
    )
    return Options(
        format=_FORMATS[written],
        all_matches=all_matches,
        missing_as_reference=missing_as_reference,
        cyp2d6_from_snvs=cyp2d6_from_snvs,
        drugs=tuple(drug for drug in arguments.getlist("drug") if drug.strip()),
        outside_calls=outside_calls,
        context=context,
    )


def _is_on(arguments: "MultiDict[str, str]", name: str) -> bool:
    value = arguments.get(name, "false").lower()
    if value not in ("", "true", "1", "false", "0"):
        raise InvalidParameter(f"{name} is neither true nor false", where=name, mend="use true")
    return value in ("", "true", "1")


def _parts(asked: Request, name: str, settings: Settings) -> list[Document]:
    files = [
        Document(
            _uncompressed(part.read(), part.headers.get("Content-Encoding", ""), settings),
            part.filename or "",
            part.mimetype,
        )
        for part in asked.files.getlist(name)
    ]
    # A part without a file name is a form field to Flask, and data all the same.
    return files + [Document(text.encode(), "", "") for text in asked.form.getlist(name)]


def _one(documents: Sequence[Document], name: str) -> Document | None:
    if len(documents) > 1:
        raise InvalidParameter(f"there is more than one part {name}", where=name, mend="send one")
    return documents[0] if documents else None


def _uncompressed(data: bytes, encoding: str, settings: Settings) -> bytes:
    """The data without gzip, within the limit of a body. Raises TooLarge, UnreadableText."""
    if encoding not in ("", "identity", "gzip", "x-gzip"):
        raise UnsupportedMedia(
            "the content encoding is not read here", where="Content-Encoding", mend="use gzip"
        )
    if not data.startswith(_GZIP_MAGIC):
        return data
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            plain = file.read(settings.max_body_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableText("the gzip data are broken", mend="compress the file anew") from error
    if len(plain) > settings.max_body_bytes:
        raise TooLarge(
            f"the uncompressed data are larger than {settings.max_body_bytes} bytes",
            mend="send less, or raise max_body_bytes",
        )
    return plain
