"""What was read of the last few pastes, for some minutes: reading a genome takes most of a second,
and a typed change has to be drawn at once. In memory alone, bounded, and gone by itself."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Lock, Timer
from time import monotonic
from typing import Final, Generic, TypeVar

from fhir_pgx.model.document import Document

MOST: Final = 4
MOST_BYTES: Final = 8_000_000  # as pasted; what is read of them takes some ten times as much
SECONDS: Final = 300.0

T = TypeVar("T")


class Kept(Generic[T]):
    """At most MOST values, made of at most MOST_BYTES together, each for SECONDS since it was asked
    for last. `later` calls a function after so many seconds, so that a genome is gone also where
    nobody comes after it."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = monotonic,
        later: Callable[[float, Callable[[], None]], None] | None = None,
    ) -> None:
        self._clock, self._later, self._lock = clock, later or _later, Lock()
        self._held: OrderedDict[bytes, _Held[T]] = OrderedDict()
        self._is_waiting = False

    def get(self, key: bytes, make: Callable[[], T], *, size: int = 0) -> T:
        """The value kept under a key, else one made now of so many bytes; what `make` raises is
        kept nowhere."""
        now = self._clock()
        with self._lock:
            self._forget(now)
            found = self._held.pop(key, None)
            if found is not None:
                self._held[key] = _Held(now, found.size, found.value)
                return found.value
        made = make()
        with self._lock:
            self._held[key] = _Held(now, size, made)
            while len(self._held) > MOST or self._bytes() > MOST_BYTES:
                self._held.popitem(last=False)
            self._wait()
        return made

    def __len__(self) -> int:
        return len(self._held)

    def _bytes(self) -> int:
        return sum(each.size for each in self._held.values())

    def _forget(self, now: float) -> None:
        for old in [each for each, held in self._held.items() if now - held.at >= SECONDS]:
            del self._held[old]

    def _wait(self) -> None:
        if self._held and not self._is_waiting:
            self._is_waiting = True
            self._later(SECONDS, self._wake)

    def _wake(self) -> None:
        with self._lock:
            self._is_waiting = False
            self._forget(self._clock())
            self._wait()


@dataclass(frozen=True, slots=True)
class _Held(Generic[T]):
    at: float  # when it was asked for last
    size: int
    value: T


def _later(seconds: float, call: Callable[[], None]) -> None:
    timer = Timer(seconds, call)
    timer.daemon = True  # it keeps no process from ending
    timer.start()


def key_of(documents: Sequence[Document], flags: str) -> bytes:
    """A digest of data and of the flags that they are read by."""
    digest = hashlib.sha256(flags.encode())
    for each in documents:
        digest.update(f"{len(each.name)} {len(each.data)} {each.name}".encode())
        digest.update(each.data)
    return digest.digest()
