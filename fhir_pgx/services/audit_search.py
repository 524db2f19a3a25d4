"""The record of accesses, searched: by patient, person, client, kind, time and outcome.

Entries are looked at from the newest to the oldest, and no more of them at once than a page can
wait for. What was not looked at yet is said, and looked at when asked to go on: an empty page is
never taken for an empty record.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from fhir_pgx.storage.audit import AuditRecord, KeptEntry

PAGE: Final = 50
MOST_LOOKED_AT: Final = 20_000
_AT_ONCE: Final = 1_000

OUTCOMES: Final = {"0": "done", "4": "refused", "8": "failed"}


@dataclass(frozen=True, slots=True)
class AuditAsked:
    """What is looked for; what is empty is not asked. `patient` is a plain id, `user` and `client`
    the names that the record has, `before` the number of the entry that all are older than.
    `of_nobody` looks at entries about no patient alone, and then at any time."""

    tenant: str = ""
    patient: str = ""
    user: str = ""
    client: str = ""
    kind: str = ""
    what: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None
    of_nobody: bool = False


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One access. `outcome` is one of FHIR's codes, empty where the entry is not readable;
    `status` HTTP's, 0 where there is none; `request` the id of the request it was part of, and
    `details` what else the entry says of it."""

    number: int
    when: datetime
    user: str
    client: str
    kind: str
    what: str
    patient: str
    outcome: str
    status: int
    request: str = ""
    details: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class AuditPage:
    """`next` is the `before` of the search that goes on, None where there is nothing further.
    `looked_at` entries were looked at, of which the oldest was recorded at `back_to`."""

    rows: tuple[AuditRow, ...]
    looked_at: int
    next: int | None
    back_to: datetime | None


class _Detail(msgspec.Struct):
    type: str = ""
    valueString: str = ""  # noqa: N815 - FHIR's name


class _Entity(msgspec.Struct):
    detail: list[_Detail] = msgspec.field(default_factory=list)


class _Event(msgspec.Struct):
    outcome: str = ""
    outcomeDesc: str = ""  # noqa: N815 - FHIR's name
    entity: list[_Entity] = msgspec.field(default_factory=list)


_decoder: Final = msgspec.json.Decoder(_Event)


@dataclass(slots=True)
class _Looked:
    """Entries looked at so far, the last of them, and whether there may be more."""

    number: int = 0
    last: KeptEntry | None = None
    is_end: bool = False


def search_audit(
    record: AuditRecord, asked: AuditAsked, *, page: int = PAGE, most: int = MOST_LOOKED_AT
) -> AuditPage:
    """A page of what was asked for. Raises StoreFailure."""
    looked, found = _Looked(), list[AuditRow]()
    for row in _rows(record, asked, looked, most):
        if _is_asked_for(row, asked):
            found.append(row)
            if len(found) == page:
                break
    last = looked.last
    next_ = None if looked.is_end or last is None else last.number
    return AuditPage(tuple(found), looked.number, next_, last.when if last else None)


def recent(record: AuditRecord, asked: AuditAsked, *, most: int = MOST_LOOKED_AT) -> AuditPage:
    """Everything that was asked for among the newest entries, on one page."""
    return search_audit(record, asked, page=most, most=most)


def _rows(record: AuditRecord, asked: AuditAsked, looked: _Looked, most: int) -> Iterator[AuditRow]:
    before = asked.before
    while looked.number < most:
        wanted = min(_AT_ONCE, most - looked.number)
        entries = _newest(record, asked, wanted, before)
        for place, entry in enumerate(entries, start=1):
            looked.number, looked.last = looked.number + 1, entry
            looked.is_end = place == len(entries) < wanted
            yield _row(entry)
        if len(entries) < wanted:
            looked.is_end = True
            return
        before = entries[-1].number


def _newest(
    record: AuditRecord, asked: AuditAsked, most: int, before: int | None
) -> list[KeptEntry]:
    if asked.of_nobody:
        return record.newest_of_nobody(most, tenant=asked.tenant, before=before)
    return record.newest(
        most,
        tenant=asked.tenant,
        before=before,
        patient=asked.patient,
        since=asked.since,
        until=asked.until,
    )


def _row(entry: KeptEntry) -> AuditRow:
    try:
        event = _decoder.decode(entry.body)
    except (msgspec.DecodeError, TypeError, ValueError):  # somebody wrote to the table
        event = _Event()
    user, _, client = entry.agent.rpartition("@")
    kind, _, what = entry.what.partition(" ")
    status = event.outcomeDesc.removeprefix("HTTP ")
    details = tuple(
        (each.type, each.valueString) for entity in event.entity for each in entity.detail
    )
    return AuditRow(
        number=entry.number,
        when=entry.when,
        user=user,
        client=client,
        kind=kind,
        what=what,
        patient=entry.patient,
        outcome=event.outcome if event.outcome in OUTCOMES else "",
        status=int(status) if status.isascii() and status.isdigit() else 0,
        request=next((value for name, value in details if name == "request-id"), ""),
        details=details,
    )


def _is_asked_for(row: AuditRow, asked: AuditAsked) -> bool:
    return (
        (not asked.user or row.user == asked.user)
        and (not asked.client or row.client == asked.client)
        and (not asked.kind or row.kind == asked.kind)
        and (not asked.what or row.what == asked.what)
        and (not asked.outcome or row.outcome == asked.outcome)
    )


def as_question(asked: AuditAsked) -> str:
    """What was looked for, in the form that the record of accesses keeps a question in."""
    told = {
        "patient": asked.patient,
        "user": asked.user,
        "client": asked.client,
        "kind": asked.kind,
        "outcome": asked.outcome,
        "since": asked.since.isoformat() if asked.since else "",
        "until": asked.until.isoformat() if asked.until else "",
        "before": str(asked.before or ""),
    }
    return "&".join(f"{name}={value}" for name, value in told.items() if value)
