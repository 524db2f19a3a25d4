"""Whole records from another FHIR server: a patient at a time, or a Bulk Data export.

What is obtained is complete, or the call fails: a record with a part missing would read as
"not tested". A type that the server says it does not serve is no failure, and is listed.
Source: FHIR R4 search; Bulk Data Access 2.0; SMART Backend Services.
"""

import email.utils
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fhir_pgx.fhir.addresses import Base
from fhir_pgx.fhir.backend_tokens import BackendTokens, Credentials
from fhir_pgx.fhir.bundle import Entry, as_dicts, as_text, entries_of
from fhir_pgx.fhir.client import (
    Answer,
    CallFailed,
    Connection,
    FhirClient,
    Limits,
    next_page,
    read_answer,
)

# What is asked of a patient: every type that a card or an interpretation reads.
TYPES = (
    "Observation", "DiagnosticReport", "MolecularSequence", "Specimen", "Condition",
    "AllergyIntolerance", "MedicationRequest", "MedicationStatement", "Procedure",
    "ServiceRequest", "Task", "FamilyMemberHistory", "RiskAssessment",
)  # fmt: skip
_INCLUDED = {
    "MedicationRequest": "MedicationRequest:medication",
    "MedicationStatement": "MedicationStatement:medication",
}
# The answers by which servers say that they do not serve a type or a parameter at all.
_NOT_SERVED = frozenset((400, 404, 405, 501))
_NEEDED = "Observation"  # without it a record says nothing of any gene
MAX_PAGES = 10_000
PAGE = 200
LIMITS = Limits(2_000_000_000, 3600.0)
_POLL = 5.0  # seconds, where the server does not say
_LONGEST_WAIT = 300.0
_BUSY = frozenset((429, 503))
_ID = re.compile(r"[A-Za-z0-9.\-]{1,64}")


@dataclass(frozen=True, slots=True)
class Record:
    """All of one patient, the Patient first. `not_served` are the types that the server has not."""

    entries: tuple[Entry, ...]
    not_served: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportFile:
    """One file of an export: NDJSON of resources of one type."""

    type: str
    url: str


class Puller:
    """Reads from one server. Use it in a `with` statement. Every method raises CallFailed."""

    def __init__(
        self,
        client: FhirClient,
        base_url: str,
        credentials: Credentials | None = None,
        *,
        wait: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
        limits: Limits = LIMITS,
    ) -> None:
        """Raises CallFailed where the server is not on the client's list."""
        base = client.find_listed(base_url)
        if base is None:
            raise CallFailed("the FHIR server is not on the list of servers we call")
        self._client, self._base = client, base
        self._wait, self._clock, self._limits = wait, clock, limits
        self._connection = client.connect(base, limits)
        self._tokens = BackendTokens(client, credentials, clock=clock) if credentials else None

    def __enter__(self) -> "Puller":
        return self

    def __exit__(self, *_: object) -> None:
        if self._tokens is not None:
            self._tokens.forget()
        self._connection.__exit__(None, None, None)

    @property
    def base_url(self) -> str:
        return self._base.url

    def patients(self) -> Iterator[str]:
        """The ids of all patients of the server."""
        for page in self._pages(f"Patient?_count={PAGE}&_elements=id"):
            for entry in _found(page):
                if entry.type == "Patient" and entry.id:
                    yield entry.id

    def record(self, patient: str, types: Sequence[str] = TYPES) -> Record:
        """Everything of one patient, all pages of each type."""
        if not _ID.fullmatch(patient):
            raise CallFailed("the patient's id is no FHIR id")
        url = f"{self._base.url}/Patient/{patient}"
        entries = [Entry(self._connection.get(url, token=self._access()), "Patient", url)]
        if entries[0].type != "Patient" or entries[0].id != patient:
            raise CallFailed("the FHIR server answered with another resource than was asked for")
        absent = []
        for kind in types:
            asked = {"patient": patient, "_count": str(PAGE)}
            if kind in _INCLUDED:
                asked["_include"] = _INCLUDED[kind]
            try:
                pages = list(self._pages(f"{kind}?{urlencode(asked)}"))
            except CallFailed as failed:
                if failed.status not in _NOT_SERVED or kind == _NEEDED:
                    raise
                absent.append(kind)
                continue
            entries += [entry for page in pages for entry in _found(page)]
        return Record(_once(entries), tuple(absent))

    def export(
        self, *, group: str = "", since: str = "", types: Sequence[str] = ()
    ) -> tuple[ExportFile, ...]:
        """Start a bulk export of all patients, or of a Group's, and wait until it is done."""
        path = f"Group/{group}/$export" if group else "Patient/$export"
        if group and not _ID.fullmatch(group):
            raise CallFailed("the group's id is no FHIR id")
        asked = {"_outputFormat": "application/fhir+ndjson"}
        asked |= {"_since": since} if since else {}
        asked |= {"_type": ",".join(types)} if types else {}
        url = f"{self._base.url}/{path}?{urlencode(asked)}"
        started = self._call("GET", url, {"Prefer": "respond-async"})
        status = started.headers.get("content-location", "")
        if started.status != 202 or not status:
            raise CallFailed(
                f"the FHIR server started no export: status {started.status}", started.status
            )
        manifest = self._finished(status)
        if as_dicts(manifest.get("error")):
            # A file of errors means that some resources are not in the other files.
            raise CallFailed("the export lists errors: it is not complete")
        return tuple(
            ExportFile(as_text(each.get("type")), as_text(each.get("url")))
            for each in as_dicts(manifest.get("output"))
        )

    def lines(self, file: ExportFile) -> Iterator[bytes]:
        """The resources of a file, one a line, as they come."""
        accept = {"Accept": "application/fhir+ndjson"}
        with self._at(file.url) as connection:
            for line in connection.lines(file.url, token=self._access(), headers=accept):
                if line.strip():
                    yield line

    def _finished(self, status: str) -> Mapping[str, Any]:
        while True:
            answer = self._call("GET", status, {"Accept": "application/json"})
            if answer.status == 200:
                return read_answer(answer)
            if answer.status != 202 and answer.status not in _BUSY:
                raise CallFailed(f"the export failed: status {answer.status}", answer.status)
            self._connection.remaining()
            self._wait(_seconds(answer.headers.get("retry-after", ""), self._clock()))

    def _call(self, method: str, url: str, headers: Mapping[str, str]) -> Answer:
        with self._at(url) as connection:
            return connection.call(method, url, token=self._access(), headers=headers)

    def _at(self, url: str) -> Connection:
        """A connection to an address of the server's own origin: its files may lie beside the FHIR
        base, and the token must not go to another host."""
        base = self._base
        origin = Base(base.scheme, base.host, base.port, "", base.private)
        connection = self._client.connect(origin, self._limits)
        if not connection.is_under(url):
            raise CallFailed("the FHIR server named an address of another host")
        return connection

    def _pages(self, query: str) -> Iterator[Mapping[str, Any]]:
        url = f"{self._base.url}/{query}"
        for _ in range(MAX_PAGES):
            page = self._connection.get(url, token=self._access())
            yield page
            url = next_page(page)
            if not url:
                return
            if not self._connection.is_under(url):
                raise CallFailed("the next page is at another address than the FHIR server's")
        raise CallFailed("the FHIR server's answer has too many pages")

    def _access(self) -> str:
        """A token that is good for the next call; empty where none is asked for."""
        return self._tokens.get(self._connection) if self._tokens else ""


def _found(page: Mapping[str, Any]) -> list[Entry]:
    """The resources of a page. Raises CallFailed where the server says that part is missing."""
    entries = [entry for entry in entries_of(page) if entry.container is None]
    outcomes = [entry for entry in entries if entry.type == "OperationOutcome"]
    for outcome in outcomes:
        for issue in as_dicts(outcome.resource.get("issue")):
            if issue.get("severity") in ("error", "fatal"):
                raise CallFailed("the FHIR server says that its answer has an error")
    return [entry for entry in entries if entry.type != "OperationOutcome"]


def _once(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    return tuple({entry.reference: entry for entry in entries}.values())


def _seconds(text: str, now: float) -> float:
    """How long to wait by a Retry-After, in seconds or as a date."""
    if text.isdecimal():
        return min(float(text), _LONGEST_WAIT)
    when = email.utils.parsedate_to_datetime(text).timestamp() if _is_date(text) else now + _POLL
    return min(max(when - now, 0.1), _LONGEST_WAIT)


def _is_date(text: str) -> bool:
    try:
        email.utils.parsedate_to_datetime(text)
    except ValueError:
        return False
    return True
