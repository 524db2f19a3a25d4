"""Reports derived behind the answers: one thread, one patient at a time, each patient once.

A patient waits in memory only, for a moment, so that writes that follow each other are derived
once. A store that fails is asked again. What is lost (a stop, a fault, too many at once) is derived
at the patient's next write, or by `fhir-pgx derive`; what is read of the store in the meantime is
the sources themselves, never the kept report.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

from fhir_pgx.errors import StoreFailure

Patient = tuple[str, str]  # tenant and id

log = logging.getLogger("fhir_pgx.derivation")

MOST_WAITING: Final = 10_000
_REST_SECONDS: Final = 0.3  # from a write to its report; the writes meanwhile go with it
_PAUSES: Final = (2.0, 10.0, 60.0)  # after a failure of the store, before it is asked again
_IDLE_SECONDS: Final = 30.0  # a thread without work ends; the next write starts another


class Deriver:
    """Calls `derive` with a patient's tenant and id, soon after `tell` named them."""

    def __init__(
        self,
        derive: Callable[[Patient], object],
        *,
        most: int = MOST_WAITING,
        rest: float = _REST_SECONDS,
        pauses: Sequence[float] = _PAUSES,
        pseudonym: Callable[[Patient], str] = lambda patient: "(a patient)",
    ) -> None:
        self._derive, self._most, self._pseudonym = derive, most, pseudonym
        self._rest, self._pauses = rest, pauses
        self._waiting: dict[Patient, float] = {}  # when each is due, by the monotonic clock
        self._failures: dict[Patient, int] = {}  # of the store, on end
        self._thread: threading.Thread | None = None
        self._busy = False
        self._changed = threading.Condition()

    def tell(self, patients: Sequence[Patient]) -> None:
        """Note patients to derive. Returns at once, and never raises: the write is done."""
        with self._changed:
            left = self._most - len(self._waiting)
            fresh = [each for each in patients if each not in self._waiting]
            self._waiting |= dict.fromkeys(fresh[: max(left, 0)], time.monotonic() + self._rest)
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
            again: float | None = None
            try:
                self._derive(patient)
                self._failures.pop(patient, None)
            except StoreFailure as error:
                again = self._pause(patient, error)
            except Exception as error:  # noqa: BLE001 - one patient's fault must not stop the rest
                self._give_up(patient, error)
            with self._changed:
                if again is not None:
                    self._waiting.setdefault(patient, time.monotonic() + again)
                self._busy = False
                self._changed.notify_all()

    def _pause(self, patient: Patient, error: StoreFailure) -> float | None:
        """For how long to leave the store in peace; None where it has failed too often."""
        failures = self._failures.get(patient, 0)
        if failures >= len(self._pauses):
            self._give_up(patient, error)
            return None
        self._failures[patient] = failures + 1
        return self._pauses[failures]

    def _give_up(self, patient: Patient, error: Exception) -> None:
        self._failures.pop(patient, None)
        # The message may hold what was being read.
        who = self._pseudonym(patient)
        log.error("the report of %s was not derived: %s", who, type(error).__name__)

    def _next(self) -> Patient | None:
        with self._changed:
            while True:
                if not self._changed.wait_for(lambda: bool(self._waiting), _IDLE_SECONDS):
                    self._thread = None
                    return None
                patient = min(self._waiting, key=self._waiting.__getitem__)
                left = self._waiting[patient] - time.monotonic()
                if left <= 0:
                    del self._waiting[patient]
                    self._busy = True
                    return patient
                self._changed.wait(left)
