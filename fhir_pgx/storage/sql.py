"""The store in SQL: SQLite, in one file that several worker processes share, or PostgreSQL.

The SQL is what both speak: B-tree indexes, `ON CONFLICT`, no JSON operators, keys that carry the
tenant. What is one database's own stands in `sqlite.py` and `postgres.py`.
"""

import hashlib
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from fhir_pgx.errors import WriteConflict
from fhir_pgx.model.view import EVERYTHING, View
from fhir_pgx.storage.audit import AuditRecord
from fhir_pgx.storage.cards import CardRecord
from fhir_pgx.storage.drivers import open_database
from fhir_pgx.storage.genomic import PATIENTS
from fhir_pgx.storage.reading import UNSEARCHED, VERSIONS, SqlReads
from fhir_pgx.storage.replay import SeenAssertions, assertion_database
from fhir_pgx.storage.resources import stored
from fhir_pgx.storage.sessions import LaunchSessions
from fhir_pgx.storage.store import NewResource, Saved, StoredResource
from fhir_pgx.storage.writing import SqlUnit, apart

_ANY = "SELECT 1 FROM resource WHERE tenant = ? LIMIT 1"
_ATTEMPTS = 3  # of a save that another writer came in the way of


class SqlStore(CardRecord):
    """A `Store` (see `storage/store.py`) in an SQLite file or a PostgreSQL database.

    `salt` keys the hash of patient ids in the record of cards; empty: a random one is made once
    and kept in the database. Raises InvalidSetting for a URL of neither, and StoreFailure where
    the database cannot be opened or brought to the present schema.
    """

    def __init__(self, url: str, salt: str = "") -> None:
        super().__init__(open_database(url), salt)
        self.audit = AuditRecord(self._database)
        self._assertions = SeenAssertions(partial(assertion_database, url, self._database))
        self.sessions = LaunchSessions(self._database)

    @contextmanager
    def transaction(self, *, tenant: str = "") -> Iterator[SqlUnit]:
        """All that is done within is committed at the end, or nothing where an error leaves it.

        Raises WriteConflict where another writer came in the way: the same again succeeds.
        """
        with self._database.transaction() as connection:
            unit = SqlUnit(connection, self._database, tenant)
            yield unit
            unit.finish()

    def reads(self, *, tenant: str = "", view: View = EVERYTHING) -> SqlReads:
        """The committed state, to read from. Each call of it stands by itself."""
        return SqlReads(self._database.rows, self._database.dialect, tenant, view)

    def save_bundle(self, resources: Sequence[NewResource], *, tenant: str = "") -> Saved:
        """Save all resources or none (see `Store.save_bundle`)."""
        # Compressed before the transaction begins: other writers wait for less.
        packed = [
            (each, hashlib.sha256(each.body).hexdigest(), zlib.compress(each.body, 1))
            for each in resources
        ]
        for attempt in range(_ATTEMPTS):
            try:
                with self.transaction(tenant=tenant) as unit:
                    done = [one for part in apart(packed) for one in unit.put_packed(part)]
            except WriteConflict:
                if attempt == _ATTEMPTS - 1:
                    raise
            else:
                break
        counts = Counter(what for _, what in done)
        return Saved(counts["created"], counts["updated"], counts["unchanged"])

    def resources_of(self, patient: str, *, tenant: str = "") -> list[StoredResource]:
        """Every current resource about a patient, by type and id."""
        return self.reads(tenant=tenant).record(patient)

    def versions_of(self, type_: str, id_: str, *, tenant: str = "") -> list[StoredResource]:
        """Every version of a resource, deletions too, newest first."""
        return list(map(stored, self._database.rows(VERSIONS, (tenant, type_, id_) * 2)))

    def patients(self, *, tenant: str = "") -> list[str]:
        """The ids of all patients something is stored of, sorted."""
        rows = self._database.rows(PATIENTS, (tenant,) * 2)
        return [row[0] for row in rows if row[0]]

    def unindexed(self, limit: int, *, tenant: str = "") -> list[StoredResource]:
        """Resources that are kept and that no search finds yet: those of a store of an earlier
        schema. `Unit.reindex` makes them found."""
        return list(map(stored, self._database.rows(UNSEARCHED, (tenant, limit))))

    def use_once(self, name: str, expires: int, now: int) -> bool:
        """Whether this is the first use of an assertion, which is noted with it."""
        return self._assertions.use_once(name, expires, now)

    def check(self) -> None:
        """Return if the store answers; raise StoreFailure otherwise."""
        self._database.rows(_ANY, ("",))

    def close(self) -> None:
        """Write what is still waiting and close every idle connection."""
        self._cards.flush()
        self.audit.close()
        self._assertions.close()
        self._database.close()
