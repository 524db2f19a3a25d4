"""The command's `interpret` and `recommend` over HTTP (CONTRACT, section 2)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, Request, Response, g, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage, MultiDict

from fhir_pgx.errors import InvalidParameter, TooLarge, UnsupportedMedia
from fhir_pgx.model.document import Calling, Document, Format, Guide, Options
from fhir_pgx.operations.given import shown
from fhir_pgx.settings import Settings
from fhir_pgx.web.body import FHIR_JSON, JSON, json_answer, uncompressed
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
_FORMATS: Mapping[str, Format] = {"json": "json", "text": "text", "fhir": "fhir"}
# What a question has an answer in.
_PLAIN, _RESOURCES, _ALL = ("json", "text"), ("json", "fhir"), ("json", "text", "fhir")
_GUIDES: Mapping[str, Guide] = {"stu3": "stu3", "stu2": "stu2"}
_MULTIPART = "multipart/form-data"
_PART = "file"
_CONTEXT = "context"
_OUTSIDE = "outside-calls"
_PARTS = (_PART, _CONTEXT, _OUTSIDE)
_PERSONS = ("recipient", "donor")
_LEFT = "fhir_pgx_left"  # bytes that a request may still unpack
_FLAGS = ("all-matches", "missing-as-reference", "cyp2d6-from-snvs")
_SWITCH = {"true": True, "1": True, "": True, "false": False, "0": False}

Reader = Callable[[Sequence[Document], Options], Any]


def api_blueprint(site: Site) -> Blueprint:
    """`POST /api/interpret`, `/api/recommend`, `/api/explain`, `/api/hla-match`."""
    bp = Blueprint("api", __name__, url_prefix="/api")

    @bp.post("/interpret", strict_slashes=False)
    def interpret() -> ResponseReturnValue:
        known = ("format", "ig", *_FLAGS, "sample")
        options = read_options(request.args, known, formats=_ALL)
        return _answer(site.pipeline.interpret_documents, options, site.settings)

    @bp.post("/recommend", strict_slashes=False)
    def recommend() -> ResponseReturnValue:
        known = ("format", "ig", "drug", *_FLAGS, "sample")
        options = read_options(request.args, known, formats=_RESOURCES)
        return _answer(site.pipeline.recommend_documents, options, site.settings)

    @bp.post("/explain", strict_slashes=False)
    def explain() -> ResponseReturnValue:
        options = read_options(request.args, ("format", "drug", *_FLAGS, "sample"))
        return _answer(site.pipeline.explain_documents, options, site.settings)

    @bp.post("/hla-match", strict_slashes=False)
    def hla_match() -> ResponseReturnValue:
        read_options(request.args, ())
        recipient, donors = read_persons(request, site.settings)
        return json_answer(site.pipeline.match_hla(recipient, donors), media=FHIR_JSON)

    return bp


def _answer(read: Reader, options: Options, settings: Settings) -> Response:
    documents, outside = read_documents(request, settings)
    found = read(documents, replace(options, outside_calls=tuple(outside)))
    if isinstance(found, str):
        return Response(found, content_type="text/plain; charset=utf-8")
    return json_answer(found, media=FHIR_JSON if options.format == "fhir" else JSON)


def read_options(
    arguments: "MultiDict[str, str]", known: tuple[str, ...], *, formats: tuple[str, ...] = _PLAIN
) -> Options:
    """The flags. Raises InvalidParameter, also for a name that is not known: a flag that is spelt
    wrong would change the answer without a word."""
    for name in arguments:
        if name not in known:
            raise InvalidParameter(
                "the query has a parameter that is not known here",
                where=shown(name),
                mend="use " + ", ".join(known),
            )
    written = arguments.get("format", "json")
    if written not in formats:
        mend = f"use {' or '.join(formats)}"
        raise InvalidParameter("there is no answer in this format", where="format", mend=mend)
    drugs = tuple(drug for drug in arguments.getlist("drug") if drug.strip())
    flags = {name: _flag(arguments, name) for name in _FLAGS}
    calling = Calling(
        all_matches=flags["all-matches"],
        missing_as_reference=flags["missing-as-reference"],
        cyp2d6_from_snvs=flags["cyp2d6-from-snvs"],
        sample=arguments.get("sample", ""),
    )
    guide = arguments.get("ig", "stu3")
    if guide not in _GUIDES:
        mend = f"use {' or '.join(_GUIDES)}"
        raise InvalidParameter("there is no such release of the guide here", where="ig", mend=mend)
    return Options(format=_FORMATS[written], drugs=drugs, calling=calling, guide=_GUIDES[guide])


def _flag(arguments: "MultiDict[str, str]", name: str) -> bool:
    written = arguments.get(name, "false").lower()
    if written not in _SWITCH:
        raise InvalidParameter("the flag is neither true nor false", where=name, mend="use true")
    return _SWITCH[written]


def read_documents(asked: Request, settings: Settings) -> tuple[list[Document], list[Document]]:
    """The data of a request, uncompressed: its body, or the parts `file` and `context` of a form;
    and the parts `outside-calls`.

    Raises UnsupportedMedia, TooLarge, UnreadableText for broken gzip, InvalidParameter where no
    data are there or a part has another name.
    """
    if asked.mimetype == _MULTIPART:
        data = [each for name in (_PART, _CONTEXT) for each in _parts(asked, name, settings)]
        outside = _parts(asked, _OUTSIDE, settings)
    elif asked.mimetype in _TYPES:
        encoding = asked.headers.get("Content-Encoding", "")
        body = uncompressed(asked.get_data(cache=False), encoding, settings.max_body_bytes)
        data, outside = [Document(body, "", asked.mimetype)] if body.strip() else [], []
    else:
        raise UnsupportedMedia(
            "the body's media type is not read here",
            where="Content-Type",
            mend="send application/fhir+json, application/fhir+xml, text/vcf or a multipart form",
        )
    if not data and not outside:
        raise InvalidParameter(
            "the request holds no data",
            where=_PART,
            mend=f"send the data as the body, or as one or more multipart parts named {_PART}",
        )
    return data, outside


def read_persons(asked: Request, settings: Settings) -> tuple[list[Document], list[Document]]:
    """The recipient's data and each donor's: the parts `recipient` and `donor` of a form, or one
    body that holds both. Raises as `read_documents` does."""
    if asked.mimetype != _MULTIPART:
        return read_documents(asked, settings)[0], []
    recipient, donors = (_parts(asked, name, settings, _PERSONS) for name in _PERSONS)
    if not recipient:
        raise InvalidParameter(
            "the form holds no data of the recipient",
            where=_PERSONS[0],
            mend="send a part named recipient, and one named donor for each donor",
        )
    return recipient, donors


def _parts(
    asked: Request, wanted: str, settings: Settings, known: tuple[str, ...] = _PARTS
) -> list[Document]:
    for name in (*asked.files, *asked.form):
        if name not in known:
            # A part that is passed over would change the answer without a word.
            raise InvalidParameter(
                "the form has a part that is not read here",
                where=shown(name or ""),
                mend="name the parts " + ", ".join(known),
            )
    files = asked.files.getlist(wanted)
    read = [
        Document(_unpacked(part, settings), part.filename or "", part.mimetype) for part in files
    ]
    # A part without a file name is a form field to Flask, and data all the same.
    return read + [Document(text.encode(), "", "") for text in asked.form.getlist(wanted)]


def _unpacked(part: FileStorage, settings: Settings) -> bytes:
    """The data of a part without gzip. The limit is that of all parts of the request together: a
    thousand small ones could each unpack to as much as it allows. Raises as `uncompressed`."""
    left: int = g.setdefault(_LEFT, settings.max_body_bytes)
    data = part.read()
    plain = uncompressed(data, part.headers.get("Content-Encoding", ""), settings.max_body_bytes)
    g.fhir_pgx_left = left - len(plain)
    if g.fhir_pgx_left < 0:
        raise TooLarge(
            f"the parts are larger than {settings.max_body_bytes} bytes together, uncompressed",
            mend="send less, or raise max_body_bytes",
        )
    return plain
