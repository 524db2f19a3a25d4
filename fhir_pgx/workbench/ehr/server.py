"""An EHR's FHIR server inside this process: it stands where the client that calls servers stands.

The list of servers, the paging, what counts as a failure and what is read as an answer are the real
client's own code (`fhir/visit.py`, `fhir/client.py`); only the call itself is played. A slow server
is not waited for: its time is counted as if it had passed, so that nobody can hold a worker.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any
from urllib.parse import urlencode

from fhir_pgx.fhir.addresses import Base
from fhir_pgx.fhir.client import Answer, CallFailed, Connection, Limits
from fhir_pgx.fhir.json import write_json
from fhir_pgx.fhir.visit import VisitingClient
from fhir_pgx.workbench.ehr.habits import Ehr
from fhir_pgx.workbench.ehr.record import Record, Resource
from fhir_pgx.workbench.ehr.searches import Answered, answer_query, outcome
from fhir_pgx.workbench.ehr.troubles import Trouble

_RESULTS = ("Observation", "DiagnosticReport")
_CODES = {403: ("forbidden", "The access token does not allow to read this.")}
_FAILED = ("exception", "The server failed.")


@dataclass(frozen=True, slots=True)
class FhirExchange:
    """One call to the emulated server, for display. `status` is 0 where nothing was answered in
    time; `milliseconds` are as if they had passed; `sent` is the form of a POST; `body` what was
    answered, None where nothing was."""

    method: str
    url: str
    status: int
    milliseconds: float
    accept: str = "application/fhir+json"
    sent: str = ""
    body: Resource | None = None


class EmulatedServer(VisitingClient):
    """The FHIR server of one EHR with one patient's chart, in the trouble it is in.

    `exchanges` grows with every call. `waited` are the seconds that were counted and not waited.
    """

    def __init__(
        self, ehr: Ehr, record: Record, trouble: Trouble, *, timeout_seconds: float
    ) -> None:
        listed = (ehr.server,) if trouble.may_call else ()
        super().__init__(listed, timeout_seconds=timeout_seconds)
        self.ehr, self.record, self.trouble = ehr, record, trouble
        self.exchanges: list[FhirExchange] = []
        self.waited = 0.0

    def connect(self, base: Base, limits: Limits) -> Connection:
        return _Played(self, base, limits)

    def answer(self, url: str) -> Answered:
        """What the server answers to a GET of an address under its base."""
        query = url.removeprefix(f"{self.ehr.server}/")
        kind = query.partition("?")[0].partition("/")[0]
        status = self.trouble.status
        if status != 200 and (kind in _RESULTS or not self.trouble.of_results_only):
            return Answered(status, outcome(*_CODES.get(status, _FAILED)))
        return answer_query(
            self.record, self.ehr.server, query,
            page_size=self.trouble.page_size, says_none=self.ehr.says_none,
        )  # fmt: skip


class _Played(Connection):
    """A connection without a socket. `_passed` are the seconds counted since it was opened."""

    def __init__(self, server: EmulatedServer, base: Base, limits: Limits) -> None:
        super().__init__(base, limits, _nowhere)
        self._server, self._allowed, self._passed = server, limits.seconds, 0.0

    def remaining(self) -> float:
        """The seconds left, those counted too. Raises CallFailed where there are none."""
        left = super().remaining() - self._passed
        if left <= 0:
            raise CallFailed("the FHIR server did not answer in time")
        return left

    def call(
        self,
        method: str,
        url: str,
        *,
        token: str = "",
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        basic: tuple[str, str] | None = None,
    ) -> Answer:
        """One call, noted. Raises CallFailed where nothing came in time."""
        if not self.is_under(url):
            raise CallFailed("the address is not under the base that is called")
        left = self.remaining()
        started = perf_counter()
        slow = min(self._server.trouble.seconds, left)
        self._passed += slow
        self._server.waited += slow
        found = self._server.answer(url) if self._server.trouble.seconds < left else None
        milliseconds = round((perf_counter() - started + slow) * 1000, 1)
        sent = urlencode(form, safe=",|") if form else ""
        noted = FhirExchange(
            method, url, found.status if found else 0, milliseconds, sent=sent,
            body=found.body if found else None,
        )  # fmt: skip
        self._server.exchanges.append(noted)
        if found is None:
            raise CallFailed("the FHIR server did not answer in time")
        return Answer(found.status, _HEADERS, write_json(found.body))


_HEADERS: Mapping[str, str] = {"content-type": "application/fhir+json"}


def _nowhere(host: str, port: int) -> Any:
    raise OSError("an emulated server stands at no address")
