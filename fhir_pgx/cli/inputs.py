"""Files on the command line: read, unpacked, never more than fits."""

import gzip
import io
import sys
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from fhir_pgx.cli.options import WrongUsage
from fhir_pgx.errors import TooLarge, UnreadableText
from fhir_pgx.model.document import Document

MAX_BYTES = 500_000_000  # of one file, unpacked: a bulk export's NDJSON, not an HTTP body
_GZIP = b"\x1f\x8b"


def read_files(names: Iterable[str]) -> list[Document]:
    """The content of each file, `-` for standard input.

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
        endings = (".json", ".ndjson", ".xml", ".json.gz", ".ndjson.gz", ".xml.gz")
        yield from sorted(
            str(each)
            for each in path.rglob("*")
            if each.is_file() and each.name.lower().endswith(endings)
        )


def _read(name: str) -> Document:
    if name == "-":
        data, shown = sys.stdin.buffer.read(MAX_BYTES + 1), "-"
    else:
        path = Path(name)
        shown = path.name
        try:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise WrongUsage(f"{name} cannot be read: {error.strerror}") from error
    if data.startswith(_GZIP):
        data = _unpacked(data, shown)
        shown = shown.removesuffix(".gz")
    if len(data) > MAX_BYTES:
        raise TooLarge(f"the file is larger than {MAX_BYTES} bytes", where=shown, mend="split it")
    return Document(data, shown)


def _unpacked(data: bytes, shown: str) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableText(
            "the gzip data are broken", where=shown, mend="compress the file anew"
        ) from error
