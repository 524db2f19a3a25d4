"""FHIR documents in a file or a body: JSON, XML or NDJSON, told apart by what they hold."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fhir_pgx.errors import Issue, PgxError, UnsupportedMedia
from fhir_pgx.fhir.json import read_json
from fhir_pgx.fhir.xml import parse_xml_with_notes
from fhir_pgx.model.document import Document

_BOM = b"\xef\xbb\xbf"
_XML = (b"<", b"\xff\xfe<", b"\xfe\xff\x00<")  # the last two: XML may be in UTF-16


@dataclass(frozen=True, slots=True)
class Read:
    """A FHIR document, where it stood (`line 3` of NDJSON, else empty), and what was skipped."""

    content: Any
    where: str = ""
    skipped: tuple[Issue, ...] = ()


def read_documents(document: Document, *, max_bytes: int, max_depth: int = 64) -> list[Read]:
    """Every FHIR document in a file or body; one, or one a line in NDJSON.

    Raises UnreadableJson, UnreadableXml, NotFhir, TooDeep or TooLarge with the line at fault, and
    UnsupportedMedia for what is neither JSON nor XML.
    """
    data = document.data.removeprefix(_BOM).lstrip()
    if data.startswith(_XML):
        reading = parse_xml_with_notes(document.data, max_bytes=max_bytes, max_depth=max_depth)
        return [Read(reading.resource, skipped=reading.skipped)]
    if is_ndjson(document, data):
        return list(_lines(document, max_bytes, max_depth))
    if data.startswith((b"{", b"[")):
        return [Read(read_json(data, max_bytes=max_bytes, max_depth=max_depth))]
    if document.source is not None or data.startswith(b"##fileformat=VCF"):
        what, mend = "a VCF holds no FHIR resources", "interpret it, or send what was made of it"
    elif not data:
        what, mend = "the document is empty", "send a FHIR resource or Bundle"
    else:
        what, mend = "the document is neither JSON nor XML", "send a FHIR resource or Bundle"
    raise UnsupportedMedia(what, mend=mend)


def is_ndjson(document: Document, data: bytes) -> bool:
    """Whether every line is a document: by name or media type, else by its first two lines."""
    if document.name.lower().endswith(".ndjson") or "ndjson" in document.media_type.lower():
        return True
    first, _, rest = data[:1_000_000].partition(b"\n")
    return first.rstrip().endswith(b"}") and rest.lstrip().startswith(b"{")


def _lines(document: Document, max_bytes: int, max_depth: int) -> Iterator[Read]:
    for number, line in enumerate(document.data.removeprefix(_BOM).split(b"\n"), start=1):
        if not line.strip():
            continue
        where = f"line {number}"
        try:
            yield Read(read_json(line, max_bytes=max_bytes, max_depth=max_depth), where)
        except PgxError as error:
            found = " ".join(filter(None, (where, error.where)))
            raise type(error)(error.text, where=found, mend=error.mend) from error
