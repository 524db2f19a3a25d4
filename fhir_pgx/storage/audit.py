"""The record of accesses: rows in a chain, one chain for each tenant.

The digest of a row covers its tenant, number, time, patient, agent, what, body, and the digest of
the row before. So a row that was changed, moved, put in or taken out breaks the chain where it
stood. What the chain alone cannot show is that its end was cut off, or that all of it from some row
on was made anew: that is found with a head noted before, elsewhere.

Numbers have no gaps: every worker takes the next one in the transaction that writes it, one worker
at a time.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from fhir_pgx.errors import BrokenAudit, WriteConflict
from fhir_pgx.storage.audit_queue import AuditEntry, AuditQueue
from fhir_pgx.storage.drivers import Connection, Database
from fhir_pgx.storage.keys import plain

_COLUMNS: Final = "tenant, number, recorded, patient, agent, what, previous, digest, body"
_INSERT = f"INSERT INTO audit_entry ({_COLUMNS}) VALUES {{rows}}"  # noqa: S608 - our own names
_ROW: Final = f"({', '.join('?' * 9)})"
_AT_ONCE: Final = 500
MOST: Final = 300  # characters of a text beside the body: an index takes no more than 2,700 bytes
_HEAD = "SELECT number, digest FROM audit_entry WHERE tenant = ? ORDER BY number DESC LIMIT 1"
# A name that one transaction holds while others wait (see `SqlUnit.hold`): where several write at a
# time, two would take the same number. The row stays: there is one for each tenant.
_HOLD = (
    "INSERT INTO held (tenant, name) VALUES (?, 'audit chain') "
    "ON CONFLICT (tenant, name) DO UPDATE SET name = excluded.name"
)
_TENANTS = "SELECT DISTINCT tenant FROM audit_entry ORDER BY tenant"
_AFTER = (
    f"SELECT {_COLUMNS} FROM audit_entry WHERE tenant = ? AND number > ? "  # noqa: S608
    "ORDER BY number LIMIT ?"
)
_OF_PATIENT = (
    f"SELECT {_COLUMNS} FROM audit_entry WHERE tenant = ? AND patient = ? AND number > ? "  # noqa: S608
    "ORDER BY number LIMIT ?"
)
_NEWEST = (
    f"SELECT {_COLUMNS} FROM audit_entry WHERE tenant = ?{{asked}} "  # noqa: S608
    "ORDER BY {when} DESC, number DESC LIMIT ?"
)
_OF_NOBODY = (
    f"SELECT {_COLUMNS} FROM audit_entry WHERE tenant = ? AND patient = '' AND number < ? "  # noqa: S608
    "ORDER BY number DESC LIMIT ?"
)
_RECORDED = "SELECT recorded FROM audit_entry WHERE tenant = ? AND number = ?"
_BEFORE = " AND {when} <= ? AND ({when} < ? OR number < ?)"
_FIRST_SINCE = "SELECT MIN(number) FROM audit_entry WHERE tenant = ? AND recorded >= ?"
_OWNERS = "SELECT type, id, patient FROM locator WHERE tenant = ? AND ({asked})"
_OWNERS_AT_ONCE: Final = 200
_PAGE: Final = 1_000
_ATTEMPTS: Final = 5  # of a write that another writer came in the way of


@dataclass(frozen=True, slots=True)
class KeptEntry:
    """An access as it is kept; `number` counts from 1 in its tenant."""

    tenant: str
    number: int
    recorded: int
    patient: str
    agent: str
    what: str
    previous: str
    digest: str
    body: bytes

    @property
    def when(self) -> datetime:
        return datetime.fromtimestamp(self.recorded / 1_000_000, UTC)


@dataclass(frozen=True, slots=True)
class Chain:
    """A chain that holds: how many rows were looked at, and the number and digest of the last."""

    tenant: str
    rows: int
    number: int
    head: str


class AuditRecord:
    """The record in a database of the present schema.

    `keep` returns at once and writes a moment later; `append` has written when it returns.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self.queue = AuditQueue(self.append)

    def keep(self, entries: Sequence[AuditEntry]) -> None:
        """Note entries to be written together a moment later. Never raises: where they cannot wait
        they are written now, and where that fails it is logged and counted (`audit_queue.py`)."""
        self.queue.add(entries)

    def append(self, entries: Sequence[AuditEntry]) -> None:
        """Write all entries, each at the end of its tenant's chain, or none.

        Raises StoreFailure."""
        for attempt in range(_ATTEMPTS):
            try:
                with self._database.transaction() as connection:
                    # In the same order in every worker, so that none waits for one that waits.
                    for tenant in sorted({each.tenant for each in entries}):
                        own = [each for each in entries if each.tenant == tenant]
                        self._extend(connection, tenant, own)
            except WriteConflict:
                if attempt == _ATTEMPTS - 1:
                    raise
            else:
                return

    def heads(self) -> list[Chain]:
        """The end of each chain, as it stands; nothing is verified."""
        return [
            Chain(tenant, number, number, digest)
            for (tenant,) in self._database.rows(_TENANTS, ())
            for number, digest in self._database.rows(_HEAD, (tenant,))
        ]

    def entries(
        self, *, tenant: str = "", patient: str = "", since: datetime | None = None
    ) -> Iterator[KeptEntry]:
        """The entries of a tenant in their order, page by page; nothing is verified."""
        least = _micros(since) if since else 0
        for each in self._walk(tenant, self._start(tenant, least), patient):
            if each.recorded >= least:
                yield each

    def newest(
        self,
        most: int,
        *,
        tenant: str = "",
        before: int | None = None,
        patient: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[KeptEntry]:
        """At most so many entries of a tenant, the newest first; nothing is verified. `before` is
        the number of the entry that all are older than, `since` is included and `until` is not."""
        # By the index of times, unless one patient's are asked for, who has an index of their own:
        # a database without statistics would take the other and read everybody's.
        when = "(recorded + 0)" if patient else "recorded"
        asked = (
            (" AND patient = ?", patient or None),
            (f" AND {when} >= ?", _micros(since) if since else None),
            (f" AND {when} < ?", _micros(until) if until else None),
        )
        given = [(text, value) for text, value in asked if value is not None]
        wanted, values = "".join(text for text, _ in given), [value for _, value in given]
        if before is not None:
            at = self._database.rows(_RECORDED, (tenant, before))
            wanted += _BEFORE.format(when=when) if at else " AND number < ?"
            values += [at[0][0], at[0][0], before] if at else [before]
        rows = self._database.rows(_NEWEST.format(asked=wanted, when=when), (tenant, *values, most))
        return [KeptEntry(*row) for row in rows]

    def newest_of_nobody(
        self, most: int, *, tenant: str = "", before: int | None = None
    ) -> list[KeptEntry]:
        """At most so many of the entries that are about no patient, the highest numbers first."""
        end = before if before is not None else 1 << 62
        return [KeptEntry(*row) for row in self._database.rows(_OF_NOBODY, (tenant, end, most))]

    def tenants(self) -> list[str]:
        return [row[0] for row in self._database.rows(_TENANTS, ())]

    def owners(
        self, references: Sequence[tuple[str, str]], *, tenant: str = ""
    ) -> dict[tuple[str, str], str]:
        """The patients that resources are kept under, by type and id, deleted ones too; an empty
        text for what is of nobody. Raises StoreFailure."""
        found: dict[tuple[str, str], str] = {}
        for start in range(0, len(references), _OWNERS_AT_ONCE):
            part = references[start : start + _OWNERS_AT_ONCE]
            statement = _OWNERS.format(asked=" OR ".join(["(type = ? AND id = ?)"] * len(part)))
            names = [plain(text) for reference in part for text in reference]
            for type_, id_, patient in self._database.rows(statement, (tenant, *names)):
                found[type_, id_] = patient
        return found

    def verify(self, heads: Sequence[str] = (), *, since: datetime | None = None) -> list[Chain]:
        """Every chain, if it holds; `heads` are digests noted before, each of which must still be
        that of a row. With `since` only what was recorded from then on is looked at.

        Raises BrokenAudit, which names the first row that does not hold.
        """
        missing = {each.lower() for each in heads}
        chains = []
        for tenant in self.tenants():
            start = self._start(tenant, _micros(since)) if since else 0
            chain, seen = self._verified(tenant, start, missing)
            chains.append(chain)
            missing -= seen
        if missing:
            raise BrokenAudit(
                "a head that was noted before is the digest of no row that was looked at: the end "
                "of the record was cut off, or the record was made anew",
                where="--head",
                mend="compare with a backup of the database"
                + (", and verify without --since" if since else ""),
            )
        return chains

    def close(self) -> None:
        """Write what is still waiting."""
        self.queue.close()

    def _extend(self, connection: Connection, tenant: str, entries: Sequence[AuditEntry]) -> None:
        if self._database.keep:
            connection.execute(_HOLD, (tenant,))
        number, previous = connection.execute(_HEAD, (tenant,)).fetchone() or (0, "")
        rows = []
        for each in entries:
            number += 1
            patient, agent, what = (
                plain(text)[:MOST] for text in (each.patient, each.agent, each.what)
            )
            digest = digest_of(
                tenant, number, each.recorded, patient, agent, what, previous, each.body
            )
            known = (tenant, number, each.recorded, patient, agent, what)
            rows.append((*known, previous, digest, each.body))
            previous = digest
        # Many rows a statement, as `cards.py` has it and why.
        for start in range(0, len(rows), _AT_ONCE):
            part = rows[start : start + _AT_ONCE]
            statement = _INSERT.format(rows=", ".join([_ROW] * len(part)))
            connection.execute(statement, [value for row in part for value in row])

    def _start(self, tenant: str, since: int) -> int:
        """The number before the first entry recorded since then; of the last one where there is
        none. Several workers write, so that a later number may be of a slightly earlier time."""
        if not since:
            return 0
        (found,) = self._database.rows(_FIRST_SINCE, (tenant, since))[0]
        if found is not None:
            return int(found) - 1
        last = self._database.rows(_HEAD, (tenant,))
        return int(last[0][0]) if last else 0

    def _walk(self, tenant: str, after: int, patient: str = "") -> Iterator[KeptEntry]:
        while True:
            if patient:
                rows = self._database.rows(_OF_PATIENT, (tenant, patient, after, _PAGE))
            else:
                rows = self._database.rows(_AFTER, (tenant, after, _PAGE))
            for row in rows:
                yield KeptEntry(*row)
            if len(rows) < _PAGE:
                return
            after = rows[-1][1]

    def _verified(self, tenant: str, start: int, noted: set[str]) -> tuple[Chain, set[str]]:
        """A chain from after the number `start`, and which of the noted digests are in it."""
        number, previous = start, ""
        if start:
            # The row before is taken at its word, and whoever verified earlier looked at it.
            before = next(self._walk(tenant, start - 1), None)
            if before is None or before.number != start:
                raise _broken(tenant, start, "it is missing")
            previous = before.digest
        count, seen = 0, noted & {previous}
        for row in self._walk(tenant, start):
            number += 1
            if row.number != number:
                raise _broken(tenant, number, "it is missing")
            if row.digest != _digest_of(row):
                raise _broken(tenant, number, "it was changed")
            if row.previous != previous:
                raise _broken(tenant, number, "it does not follow the row before")
            previous = row.digest
            count += 1
            if previous in noted:
                seen.add(previous)
        return Chain(tenant, count, number, previous), seen


def digest_of(
    tenant: str,
    number: int,
    recorded: int,
    patient: str,
    agent: str,
    what: str,
    previous: str,
    body: bytes,
) -> str:
    """SHA-256 over all of a row, in hex. Each part is led by its length, so that nothing can move
    from one to its neighbour."""
    found = hashlib.sha256()
    # Whatever stands in the row: SQLite lets a text or number become bytes.
    texts = (tenant, number, recorded, patient, agent, what, previous)
    encoded = [str(text).encode("utf-8", "replace") for text in texts]
    for part in (*encoded, body if isinstance(body, bytes) else str(body).encode()):
        found.update(len(part).to_bytes(8, "big"))
        found.update(part)
    return found.hexdigest()


def _digest_of(row: KeptEntry) -> str:
    fields = (row.recorded, row.patient, row.agent, row.what)
    return digest_of(row.tenant, row.number, *fields, row.previous, row.body)


def _broken(tenant: str, number: int, why: str) -> BrokenAudit:
    of = f" of tenant {tenant}" if tenant else ""
    return BrokenAudit(
        f"row {number}{of} of the record of accesses does not hold: {why}",
        where=f"audit_entry {number}",
        mend="find out who could write to the database; compare with a backup",
    )


def _micros(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)
