"""What an interaction answers, before it is put into HTTP or into an entry of a Bundle."""

from dataclasses import dataclass
from typing import Literal

from fhir_pgx.errors import GenomicsNotIndexed, Issue
from fhir_pgx.fhir.json import write_json
from fhir_pgx.fhir.operation_outcome import to_operation_outcome
from fhir_pgx.rest.bodies import shown
from fhir_pgx.rest.versions import etag_of, http_date
from fhir_pgx.rest.writing import Written
from fhir_pgx.storage.store import StoredResource

# FHIR R4, Prefer: what a write returns; empty is the server's choice.
Return = Literal["", "minimal", "representation", "OperationOutcome"]


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is one resource as FHIR JSON, empty for none. `location` is relative to the base."""

    status: int
    body: bytes = b""
    etag: str = ""
    last_updated: str = ""
    location: str = ""
    issues: tuple[Issue, ...] = ()

    @property
    def last_modified(self) -> str:
        return http_date(self.last_updated) if self.last_updated else ""


def outcome(*issues: Issue) -> bytes:
    return write_json(to_operation_outcome(issues))


def read_answer(stored: StoredResource, status: int = 200) -> Answer:
    """A resource that was read."""
    return Answer(status, shown(stored), etag_of(stored.version), stored.last_updated)


def write_answer(written: Written, wanted: Return) -> Answer:
    """A resource that was created (201) or updated (200)."""
    return _written(201 if written.is_new else 200, written.stored, written.issues, wanted)


def match_answer(stored: StoredResource, wanted: Return) -> Answer:
    """A conditional create that found the resource there already (FHIR R4: 200, not written)."""
    return _written(200, stored, (), wanted)


def _written(
    status: int, stored: StoredResource, issues: tuple[Issue, ...], wanted: Return
) -> Answer:
    if wanted == "minimal":
        body = b""
    elif wanted == "OperationOutcome":
        body = outcome(*issues)
    else:
        body = shown(stored)
    location = f"{stored.reference}/_history/{stored.version}"
    tag = etag_of(stored.version)
    # What was found in the resource is told where it is asked for; what went wrong here, always.
    faults = tuple(each for each in issues if each.code == GenomicsNotIndexed.code)
    return Answer(status, body, tag, stored.last_updated, location, faults)


def delete_answer(deleted: StoredResource | None, wanted: Return) -> Answer:
    """A deletion, also of what was not there: then nothing changed."""
    tag = etag_of(deleted.version) if deleted is not None else ""
    if wanted == "OperationOutcome":
        return Answer(200, outcome(), tag)
    return Answer(204, b"", tag)
