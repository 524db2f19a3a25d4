"""Rows that wait in memory, to be written together a moment later."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from fhir_pgx.errors import StoreFailure

FLUSH_SECONDS = 0.2
MAX_WAITING = 10_000

_log = logging.getLogger(__name__)

Row = tuple[Any, ...]


class WaitingRows:
    """Gathers rows and gives them to `write`, FLUSH_SECONDS after the first came.

    Rows that `write` fails on wait for the next time. Past MAX_WAITING the oldest are given up,
    and their number is logged.
    """

    def __init__(self, write: Callable[[Sequence[Row]], None]) -> None:
        self._write = write
        self._rows: deque[Row] = deque()
        self._given_up = 0
        self._timer: threading.Timer | None = None
        self._lock = threading.Lock()

    def add(self, rows: Sequence[Row]) -> None:
        """Take rows; returns at once."""
        with self._lock:
            self._rows.extend(rows)
            self._make_room()
            if self._rows and self._timer is None:
                self._timer = threading.Timer(FLUSH_SECONDS, self.flush)
                # Said, because a server's thread would hand down that it is a daemon. A stopping
                # process waits for those that are not, so that nothing is left unwritten.
                self._timer.daemon = False
                self._timer.start()

    def flush(self) -> None:
        """Write what waits, now."""
        with self._lock:
            timer, self._timer = self._timer, None
            rows, given_up = list(self._rows), self._given_up
            self._rows.clear()
            self._given_up = 0
        if timer is not None:
            timer.cancel()
        if given_up:
            _log.error("%d issued cards were not recorded: the store was too slow", given_up)
        if not rows:
            return
        try:
            self._write(rows)
        except StoreFailure as failure:
            _log.warning("%d issued cards wait to be recorded: %s", len(rows), failure.text)
            with self._lock:
                self._rows.extendleft(reversed(rows))
                self._make_room()

    def _make_room(self) -> None:
        while len(self._rows) > MAX_WAITING:
            self._rows.popleft()
            self._given_up += 1
