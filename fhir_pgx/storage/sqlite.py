"""An SQLite file as a database: connections and transactions; all that is SQLite's own.

Several processes, and several threads in each, share the file: WAL lets readers go on while one
writes, and writers wait for one another. A process opens its database after it was forked.
"""

import os
import sqlite3
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fhir_pgx.errors import InvalidSetting, StoreFailure
from fhir_pgx.storage import migrating
from fhir_pgx.storage.keys import key_of

BUSY_SECONDS = 5.0  # how long a writer waits for another's transaction


class SqliteDatabase:
    """Connections to one file (see `drivers.Database`).

    `schema` are the statements that make another schema than ours; each does nothing where what it
    makes is there. Raises InvalidSetting for a URL that does not name an SQLite file.
    """

    dialect: migrating.Dialect = "sqlite"
    keep = ""

    def __init__(self, url: str, schema: Sequence[str] = ()) -> None:
        self._path = _file_of(url)
        self._idle: deque[sqlite3.Connection] = deque()
        for statement in schema:
            self.change(statement, ())
        if not schema and not self._is_present():
            with self.transaction() as connection:
                _migrate(connection)

    def _is_present(self) -> bool:
        """Whether the schema is the present one: asked first, so that a start takes no lock."""
        if not self._path.exists():
            return False
        with self.connection() as connection:
            try:
                seen = {row[0] for row in connection.execute(migrating.SEEN)}
            except sqlite3.OperationalError:  # no such table: a file of nobody, or another's
                return False
        return seen >= set(migrating.names("sqlite"))

    @contextmanager
    def connection(self) -> Iterator[sqlite3.Connection]:
        """A connection that no other thread uses meanwhile; closed if it failed, else kept."""
        connection: sqlite3.Connection | None = None
        with suppress(IndexError):
            connection = self._idle.pop()
        try:
            if connection is None:
                connection = _connect(self._path)
            yield connection
        except sqlite3.Error as error:
            if connection is not None:
                connection.close()
                connection = None
            raise StoreFailure(
                f"the database was not read or written: {_reason(error)}",
                where="database",
                mend="see that the file is writable, the disk has room and no one holds a lock",
            ) from error
        finally:
            if connection is not None:
                self._idle.append(connection)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A connection in a writing transaction: committed at the end, rolled back on any error."""
        with self.connection() as connection:
            # IMMEDIATE takes the writer's lock first: a later upgrade could not wait, but fails.
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def rows(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """Every row of a query on what is committed."""
        with self.connection() as connection:
            return connection.execute(statement, values).fetchall()

    def change(self, statement: str, values: Sequence[Any]) -> int:
        """The number of rows that one statement changed, committed by itself."""
        with self.connection() as connection:
            return connection.execute(statement, values).rowcount

    def close(self) -> None:
        """Close every connection that is not in use."""
        with suppress(IndexError):
            while True:
                self._idle.pop().close()


def _file_of(url: str) -> Path:
    scheme, _, path = url.partition(":///")
    if scheme != "sqlite" or path in ("", ":memory:"):
        raise InvalidSetting(
            "the database URL does not name an SQLite file",
            where="database",
            mend="write sqlite:///FILE, with four slashes before an absolute path",
        )
    return Path(path)


def _connect(path: Path) -> sqlite3.Connection:
    if not path.exists():
        _create(path)
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        _use_wal(connection)
        for pragma in (
            "synchronous = NORMAL",
            "foreign_keys = ON",
            "mmap_size = 268435456",
        ):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    return connection


def _use_wal(connection: sqlite3.Connection) -> None:
    """SQLite does not wait for the lock when it changes the journal of a new file, as it does for
    every other statement: workers that start together would fail by turns."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)


def _create(path: Path) -> None:
    """Make the file readable by its owner alone: it will hold patients' data."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    except OSError as error:
        raise StoreFailure(
            f"the database file could not be made: {error.strerror}",
            where="database",
            mend="name a file in a folder that can be written",
        ) from error


def _migrate(connection: sqlite3.Connection) -> None:
    connection.execute(migrating.MAKE.format(collation=""))
    seen = {row[0] for row in connection.execute(migrating.SEEN)}
    connection.create_function("resource_key", 2, key_of, deterministic=True)
    migrating.migrate("sqlite", connection.execute, seen=seen)


def _reason(error: sqlite3.Error) -> str:
    """SQLite's name of what went wrong, such as SQLITE_FULL; its message may quote a value."""
    found: str = getattr(error, "sqlite_errorname", "")  # not of errors of the driver itself
    return found or type(error).__name__
