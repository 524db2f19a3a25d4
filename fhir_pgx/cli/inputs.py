"""Files on the command line: read, unpacked, never more than fits."""

import gzip
import io
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from fhir_pgx.cli.options import WrongUsage
from fhir_pgx.cli.vcf_file import GZIP, FileSource, StreamSource, text_pieces
from fhir_pgx.errors import TooLarge, UnreadableText
from fhir_pgx.model.document import Document
from fhir_pgx.vcf import is_vcf

MAX_BYTES = 500_000_000  # of one file, unpacked: a bulk export's NDJSON, not an HTTP body
_HEAD = 1 << 16  # bytes that show what a file is
_KINDS = (".json", ".ndjson", ".xml")
_ENDINGS = (*_KINDS, *(f"{kind}.gz" for kind in _KINDS))


def read_files(names: Iterable[str]) -> list[Document]:
    """The content of each file, `-` for standard input; of a VCF the source to read it from.

    Raises WrongUsage where a file cannot be read, TooLarge, UnreadableText for broken gzip.
    """
    return [_read(name) for name in names]


def find_files(names: Iterable[str]) -> Iterator[str]:
    """The files named, and every FHIR file in the folders named, in order of name."""
    for name in names:
        path = Path(name)
        if name == "-" or not path.is_dir():
            yield name
            continue
        yield from sorted(
            str(each)
            for each in path.rglob("*")
            if each.is_file() and each.name.lower().endswith(_ENDINGS)
        )


def _read(name: str) -> Document:
    if name == "-":
        return _document(sys.stdin.buffer, "-", None)
    path = Path(name)
    try:
        with ExitStack() as stack:
            file = stack.enter_context(path.open("rb"))
            document = _document(file, path.name, path if path.is_file() else None)
            if isinstance(document.source, StreamSource):
                stack.pop_all()  # a pipe cannot be opened twice
            return document
    except OSError as error:
        raise WrongUsage(f"{name} cannot be read: {error.strerror}") from error


def _document(file: BinaryIO, shown: str, path: Path | None) -> Document:
    """The content of a file; of a VCF only where it is to be read from."""
    head = file.read(_HEAD)
    if is_vcf(_first_text(head)):
        source = FileSource(path) if path else StreamSource(head, file)
        return Document(b"", shown, source=source)
    data = head + file.read(MAX_BYTES + 1 - len(head))
    if data.startswith(GZIP):
        data = _unpacked(data, shown)
        shown = shown.removesuffix(".gz")
    if len(data) > MAX_BYTES:
        raise TooLarge(f"the file is larger than {MAX_BYTES} bytes", where=shown, mend="split it")
    return Document(data, shown)


def _first_text(head: bytes) -> bytes:
    try:
        return next(filter(None, text_pieces([head])), b"")
    except UnreadableText:
        return b""  # told when the data are unpacked


def _unpacked(data: bytes, shown: str) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableText(
            "the gzip data are broken", where=shown, mend="compress the file anew"
        ) from error
