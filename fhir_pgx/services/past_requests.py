"""A file of past hook requests: their bodies, one a line (NDJSON) or as a JSON array, also gzipped.

A request that cannot be read is handed on with its fault and its line, never passed over: whoever
counts has to say what was not counted.
"""

import gzip
import math
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Final

from fhir_pgx.errors import PgxError, TooLarge, UnreadableJson, UnreadableText
from fhir_pgx.fhir.json import read_json

MOST_BYTES: Final = 500_000_000  # of a JSON array, which is read as a whole; unpacked
_HEAD: Final = 1 << 16  # bytes that show what a file is
_GZIP: Final = b"\x1f\x8b"
_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Past:
    """One request of a file. `line` counts from 1: the line of NDJSON, the place in an array.
    `document` is its JSON, or None with the `fault` that kept it from being read."""

    line: int
    document: Any = None
    fault: PgxError | None = None


def read_requests(
    file: BinaryIO,
    *,
    max_bytes: int,
    max_depth: int,
    most: int = MOST_BYTES,
    most_of_lines: int | None = None,
    most_lines: int | None = None,
) -> Iterator[Past]:
    """The requests of a file that can be sought in, in their order.

    `max_bytes` and `max_depth` bound each request, as they bound the body of a call; `most` bounds
    an array, which is read as a whole (and may take twenty times its size in memory);
    `most_of_lines` all lines together, which are read one by one, and `most_lines` their number,
    empty ones too; None is no bound. Raises UnreadableText for broken gzip, TooLarge, and for an
    array UnreadableJson and TooDeep.
    """
    plain: BinaryIO = file
    head = file.read(len(_GZIP))
    file.seek(0)
    if head == _GZIP:
        plain = gzip.GzipFile(fileobj=file)  # type: ignore[assignment]
    try:
        begins = plain.read(_HEAD)
        plain.seek(0)
        if begins.removeprefix(_BOM).lstrip()[:1] == b"[":
            yield from _of_array(plain, max_depth, most)
        else:
            bounds = _Bounds(most_of_lines or math.inf, most_lines or math.inf)
            yield from _of_lines(plain, max_bytes, max_depth, bounds)
    except (OSError, EOFError, zlib.error) as error:
        if head != _GZIP:
            raise
        raise UnreadableText("the gzip data are broken", mend="compress the file anew") from error


def _of_array(file: BinaryIO, max_depth: int, most: int) -> Iterator[Past]:
    data = _at_most(file, most)
    for place, each in enumerate(read_json(data, max_bytes=most, max_depth=max_depth + 1), start=1):
        yield Past(place, each)


@dataclass(frozen=True, slots=True)
class _Bounds:
    bytes: float
    lines: float

    def check(self, taken: int, lines: int = 0) -> None:
        """Raises TooLarge."""
        if taken > self.bytes:
            raise _too_large(int(self.bytes))
        if lines > self.lines:
            raise TooLarge(f"the file has more than {int(self.lines)} lines", mend="split it")


def _of_lines(file: BinaryIO, max_bytes: int, max_depth: int, bounds: _Bounds) -> Iterator[Past]:
    number, taken, is_first = 0, 0, True
    while line := file.readline(max_bytes + 1):
        number += 1
        taken += len(line)
        bounds.check(taken, number)
        if len(line) > max_bytes and not line.endswith(b"\n"):
            yield Past(number, fault=_too_long(max_bytes))
            taken = _skip_line(file, taken, bounds)
            continue
        if not line.strip():
            continue
        found = _read(number, line, max_bytes, max_depth)
        if is_first and isinstance(found.fault, UnreadableJson) and line.lstrip()[:1] == b"{":
            # One request, written over several lines for people to read.
            whole = _read(1, line + file.read(max_bytes + 1), max_bytes, max_depth)
            if whole.fault is None:
                yield whole
                return
            file.seek(taken)
        is_first = False
        yield found


def _read(number: int, data: bytes, max_bytes: int, max_depth: int) -> Past:
    try:
        return Past(number, read_json(data, max_bytes=max_bytes, max_depth=max_depth))
    except PgxError as fault:
        return Past(number, fault=fault)


def _at_most(file: BinaryIO, most: int) -> bytes:
    """All that is left of a file. Raises TooLarge."""
    data = file.read(most + 1)
    if len(data) > most:
        raise _too_large(most)
    return data


def _skip_line(file: BinaryIO, taken: int, bounds: _Bounds) -> int:
    """Read up to the end of the line; how many bytes were taken then."""
    while part := file.readline(_HEAD):
        taken += len(part)
        bounds.check(taken)
        if part.endswith(b"\n"):
            break
    return taken


def _too_long(max_bytes: int) -> TooLarge:
    return TooLarge(
        f"the request is longer than the {max_bytes} bytes that a call may have",
        mend="raise max_body_bytes, or leave the request out",
    )


def _too_large(most: int) -> TooLarge:
    return TooLarge(
        f"the file holds more than {most} bytes",
        mend="split it, or send one request a line (NDJSON)",
    )
