"""A VCF in memory: the body of a request."""

from collections.abc import Iterator
from dataclasses import dataclass

_PIECE = 1 << 18


@dataclass(frozen=True, slots=True)
class BytesSource:
    """Uncompressed data, given in pieces. There is no index: a body has no file beside it."""

    data: bytes

    def chunks(self) -> Iterator[bytes]:
        """The data, in order."""
        for start in range(0, len(self.data), _PIECE):
            yield self.data[start : start + _PIECE]

    def index(self) -> None:
        """None."""
