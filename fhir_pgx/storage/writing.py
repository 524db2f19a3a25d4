"""One writing transaction: versions, tombstones, and the rows that resources are found by."""

import hashlib
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fhir_pgx.errors import MixedPatients
from fhir_pgx.model.view import View
from fhir_pgx.storage.alike import beside
from fhir_pgx.storage.drivers import Connection, Database
from fhir_pgx.storage.genomic import GENOMIC
from fhir_pgx.storage.indexing import DELETE, INSERT, Rows, add_rows
from fhir_pgx.storage.keys import key_of, plain
from fhir_pgx.storage.reading import AT_ONCE, SqlReads, marks, parts
from fhir_pgx.storage.resources import CODEC, NO_BODY, now, stamp, stored
from fhir_pgx.storage.store import NewResource, StoredResource

Name = tuple[str, str]

_FIND = (
    "SELECT l.type, l.id, l.patient, l.key, l.version, l.deleted, l.updated, l.searchable, "
    "COALESCE(r.sha256, ''), COALESCE(r.full_url, '') FROM locator l LEFT JOIN resource r "
    "ON r.tenant = l.tenant AND r.patient = l.patient AND r.key = l.key "
    "WHERE l.tenant = ? AND l.type = ? AND l.id IN ({marks})"
)
_LOCK = "SELECT id FROM locator WHERE tenant = ? AND type = ? AND id IN ({marks}) ORDER BY id"
_TAKEN = "SELECT key FROM locator WHERE tenant = ? AND patient = ? AND key IN ({marks})"
_LOCATE = (
    "INSERT INTO locator (tenant, type, id, patient, key, version, deleted, updated, searchable, "
    "said, beside) VALUES {rows} ON CONFLICT DO NOTHING RETURNING type, id"
)
_LOCATOR = "(?, ?, ?, ?, ?, 1, 0, ?, 1, ?, ?)"
_MOVE = (
    "UPDATE locator SET version = ?, deleted = ?, updated = ?, said = ?, beside = ?, "
    "searchable = 1 WHERE tenant = ? AND type = ? AND id = ?"
)
_FOUND_NOW = (
    "UPDATE locator SET said = ?, beside = ?, searchable = 1 "
    "WHERE tenant = ? AND type = ? AND id = ?"
)
_COLUMNS = "tenant, patient, key, version, type, id, full_url, updated, sha256, codec, body"
_PUT = f"INSERT INTO resource ({_COLUMNS}) VALUES ({marks(11)})"  # noqa: S608
_DROP = "DELETE FROM resource WHERE tenant = ? AND patient = ? AND key = ?"
_KEEP = (
    f"INSERT INTO resource_history ({_COLUMNS}, deleted) "  # noqa: S608 - columns of our own
    f"SELECT {_COLUMNS}, 0 FROM resource WHERE tenant = ? AND patient = ? AND key = ?"
)
_BURY = f"INSERT INTO resource_history ({_COLUMNS}, deleted) VALUES ({marks(12)})"  # noqa: S608
_REFER = (
    "INSERT INTO resource_referred (tenant, patient, type, id) VALUES (?, ?, ?, ?) "
    "ON CONFLICT DO NOTHING"
)
_HOLD = (
    "INSERT INTO held (tenant, name) VALUES (?, ?) "
    "ON CONFLICT (tenant, name) DO UPDATE SET name = excluded.name"
)
_GENOMIC = "INSERT INTO genomic_patient (tenant, patient) VALUES (?, ?) ON CONFLICT DO NOTHING"
_HELD_GENOMIC = (
    "SELECT patient FROM genomic_patient WHERE tenant = ? AND patient IN ({marks}) ORDER BY patient"
)
_LABELLED = "INSERT INTO labelled_patient (tenant, patient) VALUES (?, ?) ON CONFLICT DO NOTHING"
_NONE_LEFT = "".join(
    f" AND NOT EXISTS (SELECT 1 FROM {table} x WHERE x.tenant = genomic_patient.tenant "  # noqa: S608
    "AND x.patient = genomic_patient.patient)"
    for table in GENOMIC
)
_NOT_GENOMIC = f"DELETE FROM genomic_patient WHERE tenant = ? AND patient = ?{_NONE_LEFT}"  # noqa: S608
# A letter of ASCII by its number, as nobody writes who wants to be read.
_HIDDEN_LETTER = re.compile(rb"\\u00[67]")
_RELEASE = "DELETE FROM held WHERE tenant = ? AND name = ?"


@dataclass(frozen=True, slots=True)
class _Known:
    """What there is of a resource: its version and, where it is not deleted, its digest."""

    type: str
    id: str
    patient: str
    key: int
    version: int
    deleted: int
    updated: int
    searchable: int
    sha256: str
    full_url: str


@dataclass(slots=True)
class _Batch:
    """The rows that a part of the resources comes to, written together."""

    replaced: list[tuple[Any, ...]]  # tenant, patient, key
    resources: list[tuple[Any, ...]]
    moved: list[tuple[Any, ...]]
    found_now: list[tuple[Any, ...]]
    index: Rows
    unindex: list[tuple[Any, ...]]
    labelled: set[str]  # patients


class SqlUnit(SqlReads):
    """One transaction (see `store.Unit`) on a connection whose transaction its maker ends."""

    def __init__(self, connection: Connection, database: Database, tenant: str) -> None:
        super().__init__(
            lambda statement, values: connection.execute(statement, values).fetchall(),
            database.dialect,
            tenant,
        )
        self._connection, self._keep = connection, database.keep
        self._held: list[str] = []

    def seen(self, view: View) -> SqlReads:
        """What is there by now, through a view (see `Unit.seen`)."""
        return SqlReads(self._rows, self._dialect, self._tenant, view)

    def put(self, new: NewResource) -> StoredResource:
        """A new version, or the one there is where the bytes are the same (see `Unit.put`)."""
        return self.put_many([new])[0]

    def put_many(self, resources: Sequence[NewResource]) -> list[StoredResource]:
        """As `put` of each in turn, in far fewer statements."""
        packed = [
            (each, hashlib.sha256(each.body).hexdigest(), zlib.compress(each.body, 1))
            for each in resources
        ]
        return [kept for part in apart(packed) for kept, _ in self.put_packed(part)]

    def put_packed(
        self, packed: Sequence[tuple[NewResource, str, bytes]]
    ) -> list[tuple[StoredResource, str]]:
        """Resources of different names with their digests and compressed bodies; of each, whether
        it was `created`, `updated` or is `unchanged`."""
        self._refer([new for new, _, _ in packed])
        moment = now()
        known = self._locate([new for new, _, _ in packed], moment)
        batch = _Batch([], [], [], [], {}, [], set())
        done = [self._decide(each, known, moment, batch) for each in packed]
        self._write(batch)
        return done

    def delete(self, type_: str, id_: str) -> StoredResource | None:
        """The deletion as a version of its own (see `Unit.delete`)."""
        known = self._find(type_, [id_]).get((type_, id_))
        if known is None or known.deleted:
            return self.read(type_, id_)
        place = (self._tenant, known.patient, known.key)
        updated, version = max(now(), known.updated), known.version + 1
        row = (*place, version, type_, id_, known.full_url, updated, "", NO_BODY, b"")
        self._connection.execute(_KEEP, place)
        self._connection.execute(_DROP, place)
        self._connection.execute(_BURY, (*row, 1))
        self._connection.execute(_MOVE, (version, 1, updated, "", 0, self._tenant, type_, id_))
        for statement in DELETE.values():
            self._connection.execute(statement, place)
        self._forget_genomic({known.patient})
        return stored((type_, id_, version, known.patient, known.full_url, updated, NO_BODY, b""))

    def reindex(self, new: NewResource) -> None:
        """Replace what a stored resource is found by. Nothing is done where it is not stored now
        with these bytes: whoever changed it has said what it is found by."""
        known = self._find(new.type, [new.id]).get((new.type, new.id))
        digest = hashlib.sha256(new.body).hexdigest()
        if known is None or known.deleted or known.sha256 != digest:
            return
        batch = _Batch([], [], [], [], {}, [], set())
        self._index(new, known, batch)
        self._write(batch)

    def hold(self, name: str) -> None:
        """Wait for every other transaction that holds this name, and let others wait for this one.

        Where only one transaction writes at a time there is nothing to hold.
        """
        if self._keep and name not in self._held:
            self._connection.execute(_HOLD, (self._tenant, plain(name)))
            self._held.append(name)

    def finish(self) -> None:
        """What is left to do before the transaction is committed."""
        for name in self._held:
            self._connection.execute(_RELEASE, (self._tenant, plain(name)))

    def _refer(self, resources: Sequence[NewResource]) -> None:
        rows = [
            (self._tenant, patient, new.type, new.id)
            for new in resources
            for patient in new.referred_by
        ]
        if rows:
            self._connection.executemany(_REFER, sorted(rows))

    def _find(self, type_: str, ids: Sequence[str]) -> dict[Name, _Known]:
        """What there is of these ids, kept from other transactions until this one ends."""
        if self._keep:
            # First, and by itself: what is read before a lock is had may be old. And those alone
            # that were locked: what another transaction commits in between is not kept from it.
            statement = _LOCK.format(marks=marks(len(ids))) + self._keep
            ids = [row[0] for row in self._rows(statement, (self._tenant, type_, *ids))]
            if not ids:
                return {}
        found = self._rows(_FIND.format(marks=marks(len(ids))), (self._tenant, type_, *ids))
        return {(row[0], row[1]): _Known(*row) for row in found}

    def _find_all(self, names: Sequence[Name]) -> dict[Name, _Known]:
        ids: dict[str, list[str]] = {}
        for type_, id_ in sorted(names):  # one order for all: of two writers none waits for both
            ids.setdefault(type_, []).append(id_)
        found: dict[Name, _Known] = {}
        for type_, some in ids.items():
            found |= self._find(type_, some)
        return found

    def _locate(self, resources: Sequence[NewResource], moment: int) -> dict[Name, _Known]:
        """Where each is. For one that is new a place is made, and its version is 0."""
        news = {(new.type, new.id): new for new in resources}
        known = self._find_all(list(news))
        while fresh := [new for name, new in news.items() if name not in known]:
            keys = self._free_keys(fresh)
            rows = [
                (self._tenant, *name, news[name].patient, key, moment, *_told(news[name]))
                for name, key in sorted(keys.items())
            ]
            statement = _LOCATE.format(rows=", ".join([_LOCATOR] * len(rows)))
            for type_, id_ in self._rows(statement, [value for row in rows for value in row]):
                new, key = news[type_, id_], keys[type_, id_]
                known[type_, id_] = _Known(type_, id_, new.patient, key, 0, 0, moment, 1, "", "")
            # What another transaction made meanwhile is committed now: it is there, like any
            # other. Where it took a key of ours instead, we look for another key.
            known |= self._find_all([name for name in keys if name not in known])
        return known

    def _free_keys(self, resources: Sequence[NewResource]) -> dict[Name, int]:
        """A key for each, that no other resource of its patient has."""
        keys: dict[Name, int] = {}
        patients: list[tuple[str, list[NewResource]]] = []
        for new in resources:
            if not patients or patients[-1][0] != new.patient:
                patients.append((new.patient, []))
            patients[-1][1].append(new)
        used: set[tuple[str, int]] = set()
        for patient, some in patients:
            asking, attempt = some, 0
            while asking:
                wanted = {(new.type, new.id): key_of(new.type, new.id, attempt) for new in asking}
                statement = _TAKEN.format(marks=marks(len(wanted)))
                rows = self._rows(statement, (self._tenant, patient, *wanted.values()))
                taken = {row[0] for row in rows}
                left = []
                for new in asking:
                    key = wanted[new.type, new.id]
                    if key in taken or (patient, key) in used:
                        left.append(new)
                    else:
                        used.add((patient, key))
                        keys[new.type, new.id] = key
                asking, attempt = left, attempt + 1
        return keys

    def _decide(
        self,
        packed: tuple[NewResource, str, bytes],
        known: dict[Name, _Known],
        moment: int,
        batch: _Batch,
    ) -> tuple[StoredResource, str]:
        new, digest, body = packed
        there = known[new.type, new.id]
        if there.patient != new.patient:
            raise MixedPatients(
                f"a {new.type} with this id is stored already, of another patient",
                where=f"{new.type}.id",
                mend="give resources of different patients different ids",
            )
        if there.version and not there.deleted and there.sha256 == digest:
            if not there.searchable:
                self._index(new, there, batch)
            return self._kept(new, there), "unchanged"
        version = there.version + 1
        # The clock of another machine may be ahead of ours: a later version is never the older.
        updated = max(moment, there.updated)
        row = (version, new.type, new.id, plain(new.full_url), updated, digest, CODEC, body)
        batch.resources.append((self._tenant, new.patient, there.key, *row))
        if there.version:
            if not there.deleted:
                batch.replaced.append((self._tenant, there.patient, there.key))
            name = (self._tenant, new.type, new.id)
            batch.moved.append((version, 0, updated, *_told(new), *name))
        add_rows(batch.index, (self._tenant, new.patient, there.key), new)
        if _may_be_labelled(new.body):
            batch.labelled.add(new.patient)
        kept = replace(there, version=version, updated=updated, full_url=new.full_url)
        return self._kept(new, kept), "updated" if there.version else "created"

    @staticmethod
    def _kept(new: NewResource, there: _Known) -> StoredResource:
        return StoredResource(
            new.type,
            new.id,
            there.version,
            there.patient,
            there.full_url,
            stamp(there.updated),
            new.body,
        )

    def _index(self, new: NewResource, there: _Known, batch: _Batch) -> None:
        batch.unindex.append((self._tenant, there.patient, there.key))
        batch.found_now.append((*_told(new), self._tenant, new.type, new.id))
        add_rows(batch.index, (self._tenant, there.patient, there.key), new)
        if _may_be_labelled(new.body):
            batch.labelled.add(there.patient)

    def _write(self, batch: _Batch) -> None:
        many = self._connection.executemany
        if batch.replaced:
            many(_KEEP, batch.replaced)
            many(_DROP, batch.replaced)
        old = batch.replaced + batch.unindex
        if old:
            for statement in DELETE.values():
                many(statement, old)
        for statement, rows in (
            (_PUT, batch.resources),
            (_MOVE, batch.moved),
            (_FOUND_NOW, batch.found_now),
        ):
            if rows:
                many(statement, rows)
        for table, index_rows in batch.index.items():
            many(INSERT[table], index_rows)
        genomic = {row[1] for table in GENOMIC for row in batch.index.get(table, ())} - {""}
        self._note_genomic(genomic)
        if batch.labelled:
            many(_LABELLED, [(self._tenant, each) for each in sorted(batch.labelled)])
        self._forget_genomic({row[1] for row in old} - genomic)

    def _note_genomic(self, patients: set[str]) -> None:
        """Note of whom there is a genomic result. It is held until the end: whoever deletes
        somebody's last one waits, and sees what was written here."""
        wanted = sorted(patients)
        while wanted:
            self._connection.executemany(_GENOMIC, [(self._tenant, each) for each in wanted])
            held = self._hold_genomic(wanted)
            wanted = [each for each in wanted if each not in held]  # deleted in between

    def _hold_genomic(self, patients: Sequence[str]) -> set[str]:
        if not self._keep:
            return set(patients)
        statement = _HELD_GENOMIC.format(marks=marks(len(patients))) + self._keep
        return {row[0] for row in self._rows(statement, (self._tenant, *patients))}

    def _forget_genomic(self, patients: set[str]) -> None:
        """Take out those of whom no genomic result is left."""
        some = sorted(patients - {""})
        if some:
            self._hold_genomic(some)  # by itself: what is read before a lock is had may be old
            rows = [(self._tenant, each) for each in some]
            self._connection.executemany(_NOT_GENOMIC, rows)


def _may_be_labelled(body: bytes) -> bool:
    """Whether a security label may stand anywhere in a body, in what it contains too. A label that
    is overlooked would be applied to nobody; one too many is looked for and not found."""
    return b'"security"' in body or _HIDDEN_LETTER.search(body) is not None


def _told(new: NewResource) -> tuple[str, int]:
    return new.said, beside(new)


def apart(
    packed: Sequence[tuple[NewResource, str, bytes]],
) -> Iterator[Sequence[tuple[NewResource, str, bytes]]]:
    """Parts in which no resource comes twice: the second is a version after the first."""
    for some in parts(packed, AT_ONCE):
        start, names = 0, set[Name]()
        for place, (new, _, _) in enumerate(some):
            if (new.type, new.id) in names:
                yield some[start:place]
                start, names = place, set()
            names.add((new.type, new.id))
        yield some[start:]
