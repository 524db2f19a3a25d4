"""VCF files and standard input, as plain text, gzip or bgzip, in pieces: never read whole."""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from fhir_pgx.cli.tabix import TabixIndex, open_index
from fhir_pgx.errors import UnreadableText

GZIP = b"\x1f\x8b"
_PIECE = 1 << 16
_BGZF = b"BC\2\0"  # the extra field of bgzip's blocks, 12 bytes after their beginning


@dataclass(frozen=True, slots=True)
class FileSource:
    """A file on the disk, with the index beside it where there is one that fits."""

    path: Path

    def chunks(self) -> Iterator[bytes]:
        """The uncompressed bytes. Raises UnreadableText where they break off."""
        try:
            with self.path.open("rb") as file:
                yield from text_pieces(iter(lambda: file.read(_PIECE), b""))
        except OSError as error:
            raise UnreadableText(f"the file cannot be read further: {error.strerror}") from error

    def index(self) -> TabixIndex | None:
        """None where there is no index, or one that does not fit."""
        return open_index(self.path)


@dataclass(frozen=True, slots=True)
class StreamSource:
    """What was read of a stream to know it, and the stream. It can be read only once.

    At its end it is closed.
    """

    head: bytes
    stream: BinaryIO

    def chunks(self) -> Iterator[bytes]:
        """The uncompressed bytes. Raises UnreadableText where they break off."""
        with self.stream:
            yield from text_pieces(self._pieces())

    def _pieces(self) -> Iterator[bytes]:
        yield self.head
        yield from iter(lambda: self.stream.read(_PIECE), b"")

    def index(self) -> None:
        """None."""


def text_pieces(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces as they are, or unpacked where the first begins like gzip."""
    pieces = iter(pieces)
    first = next(pieces, b"")
    if first.startswith(GZIP):
        yield from _unpacked(first, pieces)
        return
    yield first
    yield from pieces


def _unpacked(first: bytes, more: Iterator[bytes]) -> Iterator[bytes]:
    """The text of gzip data of one or more members: bgzip has one for every 64 KB.

    Raises UnreadableText where the data end early or are broken; what came before holds. bgzip data
    without the empty member that closes them were cut off between two members.
    """
    is_bgzf = first[12:16] == _BGZF
    member = zlib.decompressobj(31)
    is_empty = True
    piece = first
    while piece or (piece := next(more, b"")):
        if member.eof:
            piece = piece.lstrip(b"\0")  # some programs fill up the last block of a tape or disk
            if not piece:
                continue
            member, is_empty = zlib.decompressobj(31), True
        try:
            text = member.decompress(piece, _PIECE)
        except zlib.error as error:
            raise UnreadableText("the gzip data are broken") from error
        piece = member.unconsumed_tail or member.unused_data
        if text:
            is_empty = False
            yield text
    if not member.eof:
        raise UnreadableText("the gzip data end early")
    if is_bgzf and not is_empty:
        raise UnreadableText("the bgzip data lack the block that ends them")
