"""The tabix index beside a bgzip file, where it fits the file to the byte.

An index that was made for another file leads to wrong lines, or past them, without an error. One is
used only where it is not older than the file, was made for VCF, and ends where the file's data end:
at the empty block that closes every bgzip file. Source: the TBI and CSI specifications of samtools.
"""

import gzip
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import unpack_from
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pysam import TabixFile

END_OF_FILE = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_ENDINGS = (".tbi", ".csi")
_VCF = 2  # the format's number in an index
_TBI_DEPTH = 5


@dataclass(slots=True)
class TabixIndex:
    """An open file with its index. Positions are 0-based intervals."""

    file: "TabixFile"

    @property
    def contigs(self) -> tuple[str, ...]:
        """The contigs of the file, in its order."""
        return tuple(self.file.contigs)

    @property
    def header(self) -> bytes:
        """The lines that begin with `#`."""
        return b"".join(line.encode("latin-1") + b"\n" for line in self.file.header)

    def lines(self, contig: str, start: int, end: int) -> Iterator[bytes]:
        """The lines that touch an interval. Raises OSError where a block cannot be read."""
        try:
            for line in self.file.fetch(contig, start, end):
                yield line.encode("latin-1")
        except ValueError as error:  # what pysam raises for damaged blocks
            raise OSError(str(error)) from error

    def close(self) -> None:
        """Close the file."""
        self.file.close()


def open_index(path: Path) -> TabixIndex | None:
    """The index beside a file; None where there is none that fits."""
    for ending in _ENDINGS:
        beside = path.with_name(path.name + ending)
        try:
            if _is_newer(beside, path) and _fits(beside, path):
                return _open(beside, path)
        except (OSError, ValueError, EOFError, zlib.error, struct.error):
            continue  # the file is read from end to end instead
    return None


def _open(index: Path, path: Path) -> TabixIndex:
    # Imported here, because most commands never need it.
    from pysam import TabixFile, set_verbosity  # noqa: PLC0415

    set_verbosity(0)  # htslib writes to standard error, which is ours
    # Latin-1 gives every byte back as it was.
    return TabixIndex(TabixFile(str(path), index=str(index), encoding="latin-1"))


def _is_newer(index: Path, path: Path) -> bool:
    return index.stat().st_mtime >= path.stat().st_mtime


def _fits(index: Path, path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-len(END_OF_FILE), os.SEEK_END)
        data_end = file.tell()
        if file.read() != END_OF_FILE:
            return False
    with gzip.open(index) as file:
        return _last_offset(file.read()) == data_end << 16


def _last_offset(data: bytes) -> int | None:
    """Where the last record ends, as a virtual offset; None for an index not made for VCF."""
    is_csi = data.startswith(b"CSI\1")
    if not is_csi and not data.startswith(b"TBI\1"):
        return None
    depth, length = unpack_from("<2i", data, 8) if is_csi else (_TBI_DEPTH, 0)
    kind = unpack_from("<i", data, 16 if is_csi else 8)[0]
    if kind & 0xFFFF != _VCF:
        return None
    at = 16 + length if is_csi else 4
    contigs = unpack_from("<i", data, at)[0]
    at += 4 if is_csi else 32 + unpack_from("<i", data, 32)[0]
    last = 0
    for _ in range(contigs):
        offset, at = _last_of_contig(data, at, depth, is_csi=is_csi)
        last = max(last, offset)
    return last


def _last_of_contig(data: bytes, at: int, depth: int, *, is_csi: bool) -> tuple[int, int]:
    """The highest virtual offset of a contig's bins, and where the next contig begins."""
    # A bin beyond the last one holds counts, not offsets.
    counts = ((1 << (3 * (depth + 1))) - 1) // 7 + 1
    last = 0
    bins = unpack_from("<i", data, at)[0]
    at += 4
    for _ in range(bins):
        number = unpack_from("<I", data, at)[0]
        at += 12 if is_csi else 4
        pairs = unpack_from("<i", data, at)[0]
        offsets = unpack_from(f"<{2 * pairs}Q", data, at + 4)
        at += 4 + 16 * pairs
        if number != counts:
            last = max(last, *offsets) if offsets else last
    if not is_csi:
        at += 4 + 8 * unpack_from("<i", data, at)[0]
    return last, at
