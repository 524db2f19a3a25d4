"""Assertions that were used: each is taken once, whichever worker process it reaches.

A row is kept until the assertion could no longer pass anyway, so the table holds what registered
clients sent within the longest lifetime, and some more. One statement notes an assertion and says
whether it was new: the database's unique key decides between workers, not a look before.

What is over is found by walking the table by name, a part at a time. An index by time would be
written with every note, and what it finds stands scattered over the table: both cost a hook call
more than the walk does.

An SQLite file has one writer, and a hook call must not wait while that is at a large Bundle: there
the notes have a file of their own beside the store's. It is written without waiting for the disk
(`synchronous = NORMAL`): after a power cut, an assertion of the last moment could be used again
until it expires.
"""

from collections.abc import Callable
from itertools import count
from threading import Lock
from typing import Final

from fhir_pgx.storage.drivers import Database
from fhir_pgx.storage.sqlite import SqliteDatabase

BESIDE: Final = "-seen"  # what the name of the file beside an SQLite store ends in
_SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS seen_assertion "
    "(name TEXT NOT NULL PRIMARY KEY, expires INTEGER NOT NULL) WITHOUT ROWID",
    "DROP INDEX IF EXISTS seen_assertion_expires",  # of files that were made before the walk
)
_NOTE: Final = (
    "INSERT INTO seen_assertion (name, expires) VALUES (?, ?) ON CONFLICT (name) DO NOTHING"
)
_NEXT: Final = (
    "SELECT COUNT(*), MAX(name) FROM "
    "(SELECT name FROM seen_assertion WHERE name > ? ORDER BY name LIMIT ?) AS part"
)
_FORGET: Final = "DELETE FROM seen_assertion WHERE name > ? AND name <= ? AND expires < ?"
# After so many, four times as many are looked at: before the table has grown by a quarter, each of
# its rows was.
_EVERY: Final = 64
_AT_ONCE: Final = 256


def assertion_database(url: str, store: Database) -> Database:
    """Where the notes of a store are kept: in its database; for an SQLite file, in one beside."""
    return SqliteDatabase(url + BESIDE, _SCHEMA) if store.dialect == "sqlite" else store


class SeenAssertions:
    """The used assertions of a store; for threads and processes.

    `open_` opens their database when the first assertion comes: where nobody is asked who calls,
    there is none.
    """

    def __init__(self, open_: Callable[[], Database]) -> None:
        self._open, self._lock = open_, Lock()
        self._opened: Database | None = None
        self._calls = count(1)
        self._walked = ""  # up to this name; threads that walk together do the same twice

    def use_once(self, name: str, expires: int, now: int) -> bool:
        """Whether this is the first use of an assertion, which is noted with it.

        `expires` and `now` are seconds since 1970; the note is forgotten some time after `expires`.
        Raises StoreFailure where it cannot be noted.
        """
        database = self._database()
        is_first = database.change(_NOTE, (name, expires)) == 1
        if next(self._calls) % _EVERY == 0:
            self._forget(database, now)
        return is_first

    def _forget(self, database: Database, now: int) -> None:
        """Forget what is over in the next part of the table; after its end comes its beginning."""
        start = self._walked
        found, end = database.rows(_NEXT, (start, _AT_ONCE))[0]
        if found:
            database.change(_FORGET, (start, end, now))
        self._walked = end if found == _AT_ONCE else ""

    def close(self) -> None:
        """Close the database, if it was opened."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    def _database(self) -> Database:
        found = self._opened
        if found is None:
            with self._lock:
                found = self._opened = self._opened or self._open()
        return found
