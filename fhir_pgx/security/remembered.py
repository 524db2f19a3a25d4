"""Values that are forgotten by themselves: after their time, and the oldest where they are many."""

from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")


class Remembered(Generic[T]):
    """Values by name, each until its time (any clock's seconds, the same for all); at most `most`.

    Not for several threads at once: whoever holds it holds a lock.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[str, tuple[T, float]] = OrderedDict()

    def put(self, name: str, value: T, *, until: float, now: float) -> None:
        """Keep a value; what is over is forgotten first, then the oldest beyond the most."""
        self._kept.pop(name, None)
        self._kept[name] = (value, until)
        if len(self._kept) > self._most:
            for each in [each for each, (_, end) in self._kept.items() if end <= now]:
                del self._kept[each]
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def find(self, name: str, now: float) -> T | None:
        """The value, if its time is not over."""
        found = self._kept.get(name)
        return found[0] if found is not None and now < found[1] else None

    def take(self, name: str, now: float) -> T | None:
        """The value, which is then forgotten."""
        found = self.find(name, now)
        self._kept.pop(name, None)
        return found
