"""Who called, when last and how it ended, from the record of accesses.

Counted by request: a search leaves an entry for each patient that it told of, and is one call.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from fhir_pgx.services.audit_search import AuditPage, AuditRow

# The services that have names of their own; of everything else the kind says enough.
_NAMED = ("hook-call", "feedback", "interpretation", "operation")


@dataclass(frozen=True, slots=True)
class Client:
    """The calls of one client to one service in the period. `today` are those since `Traffic.today`
    began; `refused` (4xx) and `failed` (5xx) are among `calls`; `users` how many people it called
    for, as far as it named any."""

    client: str
    service: str
    last: datetime
    calls: int
    today: int
    refused: int
    failed: int
    users: int


@dataclass(frozen=True, slots=True)
class Ending:
    """Calls to a service that ended with an HTTP status of 400 or more."""

    service: str
    status: int
    calls: int
    last: datetime


@dataclass(frozen=True, slots=True)
class Traffic:
    """What the entries looked at tell: those since `since`, or, where there were too many, since
    `back_to` alone (`is_whole` is False). `today` is midnight UTC."""

    clients: tuple[Client, ...]
    endings: tuple[Ending, ...]
    since: datetime
    today: datetime
    back_to: datetime | None
    looked_at: int
    is_whole: bool

    @property
    def requests_today(self) -> int:
        return sum(each.today for each in self.clients)


@dataclass(slots=True)
class _Counted:
    last: datetime
    calls: int = 0
    today: int = 0
    refused: int = 0
    failed: int = 0
    users: set[str] = field(default_factory=set)


def traffic_in(page: AuditPage, *, since: datetime, today: datetime) -> Traffic:
    """Count what a page of the record holds; its rows are the newest first."""
    clients: dict[tuple[str, str], _Counted] = {}
    endings: dict[tuple[str, int], _Counted] = {}
    for row in _once_a_request(page.rows):
        service = service_of(row)
        found = clients.setdefault((row.client, service), _Counted(row.when))
        found.calls += 1
        found.today += row.when >= today
        found.refused += row.outcome == "4"
        found.failed += row.outcome == "8"
        if row.user:
            found.users.add(row.user)
        if row.status >= 400:
            endings.setdefault((service, row.status), _Counted(row.when)).calls += 1
    return Traffic(
        clients=tuple(
            Client(*key, c.last, c.calls, c.today, c.refused, c.failed, len(c.users))
            for key, c in sorted(clients.items(), key=lambda each: each[1].last, reverse=True)
        ),
        endings=tuple(
            Ending(*key, c.calls, c.last)
            for key, c in sorted(endings.items(), key=lambda each: (-each[1].calls, each[0]))
        ),
        since=since,
        today=today,
        back_to=page.back_to,
        looked_at=page.looked_at,
        is_whole=page.next is None,
    )


def service_of(row: AuditRow) -> str:
    """What was called, without whose data: `hook-call pgx-order-sign`, `read`, `other /console`."""
    name = row.what.partition(" and ")[0]
    if row.kind == "other" and name.startswith("/"):
        return f"other /{name.split('/')[1]}"
    return f"{row.kind} {name}" if row.kind in _NAMED and "/" not in name else row.kind


def _once_a_request(rows: Iterable[AuditRow]) -> Iterable[AuditRow]:
    """Each request once: the entries of a batch stand side by side, and have one id. A client may
    send an id again for another request, so that only neighbours of one kind are one."""
    before: AuditRow | None = None
    for row in rows:
        is_same = (
            before is not None
            and row.request != ""
            and (row.request, row.client, row.kind) == (before.request, before.client, before.kind)
        )
        before = row
        if not is_same:
            yield row
