"""Reports derived behind the answers: one thread, one patient at a time, each patient once.

A patient waits in memory only. What is lost (a stop, a fault, too many at once) is derived at the
patient's next write, or by `fhir-pgx derive`; what is read of the store in the meantime is the
sources themselves, never the kept report.
"""

import logging
import threading
from collections.abc import Callable, Sequence
from typing import Final

log = logging.getLogger("fhir_pgx.derivation")

MOST_WAITING: Final = 10_000
_IDLE_SECONDS: Final = 30.0  # a thread without work ends; the next write starts another


class Deriver:
    """Calls `derive` with a patient's id, soon after `tell` named it."""

    def __init__(
        self,
        derive: Callable[[str], object],
        *,
        most: int = MOST_WAITING,
        pseudonym: Callable[[str], str] = lambda patient: "(a patient)",
    ) -> None:
        self._derive, self._most, self._pseudonym = derive, most, pseudonym
        self._waiting: dict[str, None] = {}
        self._thread: threading.Thread | None = None
        self._busy = False
        self._changed = threading.Condition()

    def tell(self, patients: Sequence[str]) -> None:
        """Note patients to derive. Returns at once, and never raises: the write is done."""
        with self._changed:
            left = self._most - len(self._waiting)
            fresh = [each for each in patients if each not in self._waiting]
            self._waiting |= dict.fromkeys(fresh[: max(left, 0)])
            if len(fresh) > left:
                log.warning(
                    "%d reports were not derived: too many wait; run fhir-pgx derive --all",
                    len(fresh) - max(left, 0),
                )
            # Started here, not with the server: a thread does not live on in a forked worker.
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="derive", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def settle(self, seconds: float) -> bool:
        """Wait until nothing is left to derive; False where that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._busy, seconds)

    def _run(self) -> None:
        while (patient := self._next()) is not None:
            try:
                self._derive(patient)
            except Exception as error:  # noqa: BLE001 - one patient's fault must not stop the rest
                # The message may hold what was being read.
                who = self._pseudonym(patient)
                log.error("the report of %s was not derived: %s", who, type(error).__name__)
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _next(self) -> str | None:
        with self._changed:
            if not self._changed.wait_for(lambda: bool(self._waiting), _IDLE_SECONDS):
                self._thread = None
                return None
            patient = next(iter(self._waiting))
            del self._waiting[patient]
            self._busy = True
            return patient
