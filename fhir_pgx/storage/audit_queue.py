"""Entries of the record of accesses that wait in memory, to be written together a moment later.

Unlike issued cards (`waiting.py`) none is ever given up while it can still be written: a full queue
makes its callers write for themselves, and a store that fails is asked again. What is lost in the
end, because the store failed to the last, is logged as an error with its number, and counted.
"""

import atexit
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from fhir_pgx.errors import StoreFailure

FLUSH_SECONDS: Final = 0.2
MAX_WAITING: Final = 10_000
# After a failure of the store, before it is asked again; then with the next entry.
_PAUSES: Final = (1.0, 2.0, 4.0, 8.0, 15.0)

log = logging.getLogger("fhir_pgx.audit_queue")


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """An access to keep. `recorded` counts microseconds since 1970 UTC; `body` is an AuditEvent as
    FHIR JSON; `patient` a plain id, empty where it is about none."""

    recorded: int
    patient: str
    agent: str
    what: str
    body: bytes
    tenant: str = ""


Write = Callable[[Sequence[AuditEntry]], None]


def _nobody(count: int) -> None:
    """Whom failures are told to where nobody counts them."""


class AuditQueue:
    """Gathers entries and gives them to `write`, FLUSH_SECONDS after the first came.

    `failed` and `lost` are called with the number of entries: of a write that did not succeed, and
    of entries that are in no store and in no memory any more.
    """

    def __init__(self, write: Write, *, most: int = MAX_WAITING) -> None:
        self._write, self._most = write, most
        self.failed: Callable[[int], None] = _nobody
        self.lost: Callable[[int], None] = _nobody
        self._waiting: deque[AuditEntry] = deque()
        self._timer: threading.Timer | None = None
        self._failures = 0  # on end
        self._lock = threading.Lock()
        self._writing = threading.Lock()  # whoever flushes has waited for what is being written

    def add(self, entries: Sequence[AuditEntry]) -> None:
        """Take entries; returns at once, save where so many wait that these are written now."""
        with self._lock:
            is_full = len(self._waiting) + len(entries) > self._most
            if not is_full:
                self._waiting.extend(entries)
                if self._timer is None:
                    self._start(_PAUSES[-1] if self._failures else FLUSH_SECONDS)
        if is_full:
            self._write_or_lose(entries)

    def flush(self) -> None:
        """Write what waits, now. Entries that the store fails on go on waiting."""
        with self._writing:
            with self._lock:
                timer, self._timer = self._timer, None
                entries = list(self._waiting)
                self._waiting.clear()
            if timer is not None:
                timer.cancel()
            if not entries:
                return
            try:
                self._write(entries)
            except StoreFailure as failure:
                self._put_back(entries, failure)
            except Exception as error:  # noqa: BLE001 - one that cannot be written costs no other
                log.error(
                    "entries of the audit record are written singly: %s", type(error).__name__
                )
                self._write_singly(entries)
            else:
                self._failures = 0

    def close(self) -> None:
        """Write what waits; what cannot be written now is lost."""
        self.flush()
        with self._lock:
            timer, self._timer = self._timer, None
            left = len(self._waiting)
            self._waiting.clear()
        if timer is not None:
            timer.cancel()
        atexit.unregister(self.close)
        if left:
            self._lose(left)

    def _start(self, seconds: float) -> None:
        self._timer = threading.Timer(seconds, self.flush)
        # A stopping process waits for threads that are no daemons, so that nothing is left behind.
        # Said, because a server's thread would hand down that it is one.
        self._timer.daemon = False
        self._timer.start()
        atexit.unregister(self.close)
        atexit.register(self.close)  # for what a failing store left waiting

    def _put_back(self, entries: Sequence[AuditEntry], failure: StoreFailure) -> None:
        log.error("%d entries of the audit record wait to be written: %s", len(entries), failure)
        self.failed(len(entries))
        with self._lock:
            self._waiting.extendleft(reversed(entries))
            self._failures += 1
            # Not for ever: a process that stops would wait for a store that does not come back.
            if self._failures <= len(_PAUSES) and self._timer is None:
                self._start(_PAUSES[self._failures - 1])

    def _write_singly(self, entries: Sequence[AuditEntry]) -> None:
        for each in entries:
            try:
                self._write([each])
            except StoreFailure as failure:
                self._put_back([each], failure)
            except Exception:  # noqa: BLE001 - its message may hold what was to be written
                self._lose(1)

    def _write_or_lose(self, entries: Sequence[AuditEntry]) -> None:
        try:
            self._write(entries)
        except StoreFailure as failure:
            log.error("the queue of the audit record is full, and the store failed: %s", failure)
            self.failed(len(entries))
            self._lose(len(entries))
        except Exception:  # noqa: BLE001 - as above
            self._write_singly(entries)

    def _lose(self, count: int) -> None:
        log.error("%d entries of the audit record were lost: the store could not be written", count)
        self.lost(count)
