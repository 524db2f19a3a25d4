"""A PostgreSQL database, or one that speaks its protocol; all that is PostgreSQL's own.

Rows are held by SELECT … FOR UPDATE and by unique keys alone: no advisory locks, no COPY, no
LISTEN, so that any engine that speaks the protocol will do. A process that was forked opens
connections of its own. Neither the URL nor a message of the server is ever told: they may hold a
password, or a patient's data.
"""

import os
import select
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from threading import Lock
from typing import Any

import psycopg
from psycopg.errors import DuplicateTable, UndefinedTable, UniqueViolation
from psycopg_pool import ConnectionPool, PoolTimeout

from fhir_pgx.errors import InvalidSetting, StoreFailure, WriteConflict
from fhir_pgx.storage import migrating

CONNECT_SECONDS = 5
MAX_CONNECTIONS = 16  # of one process; a thread holds one only while it reads or writes
_CONFLICTS = {"40001", "40P01"}  # serialization_failure, deadlock_detected


class PostgresDatabase:
    """A pool of connections (see `drivers.Database`)."""

    dialect: migrating.Dialect = "postgresql"
    keep = " FOR UPDATE"

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = Lock()
        self._pool: ConnectionPool[Any] | None = None
        self._process = 0
        try:
            psycopg.conninfo.conninfo_to_dict(url)
        except psycopg.Error as error:
            raise InvalidSetting(
                "the database URL cannot be read",
                where="database",
                mend="write postgresql://USER@HOST/DATABASE, other signs as %XX",
            ) from error
        self._migrate()

    @contextmanager
    def connection(self) -> Iterator[Any]:
        """A connection that no other thread uses meanwhile, each statement committed by itself."""
        try:
            with self._opened().connection(timeout=CONNECT_SECONDS) as connection:
                yield connection
        except (psycopg.Error, PoolTimeout) as error:
            raise _failure(error) from error

    @contextmanager
    def transaction(self) -> Iterator["PostgresConnection"]:
        """A connection in a transaction: committed at the end, rolled back on any error."""
        with self.connection() as connection, connection.transaction():
            yield PostgresConnection(connection)

    def rows(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """Every row of a query on what is committed."""
        with self.connection() as connection:
            found: list[Any] = connection.execute(_translated(statement), values).fetchall()
            return found

    def change(self, statement: str, values: Sequence[Any]) -> int:
        """The number of rows that one statement changed, committed by itself."""
        with self.connection() as connection:
            changed: int = connection.execute(_translated(statement), values).rowcount
            return changed

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None and self._process == os.getpid():
            pool.close()

    def _opened(self) -> "ConnectionPool[Any]":
        with self._lock:
            if self._pool is None or self._process != os.getpid():
                self._process = os.getpid()
                self._pool = ConnectionPool(
                    self._url,
                    min_size=0,
                    max_size=MAX_CONNECTIONS,
                    kwargs={"autocommit": True, "connect_timeout": CONNECT_SECONDS},
                    check=_check,
                    open=True,
                )
            return self._pool

    def _migrate(self) -> None:
        # By a connection of its own: a pool would try again and again where a password is wrong.
        until = time.monotonic() + CONNECT_SECONDS
        while True:
            try:
                with psycopg.connect(self._url, connect_timeout=CONNECT_SECONDS) as connection:
                    _migrate(connection)
                return
            except (DuplicateTable, UniqueViolation) as error:
                # Two that start together both found no table of migrations, and both made it.
                if time.monotonic() > until:
                    raise _failure(error) from error
            except psycopg.Error as error:
                raise _failure(error) from error


class PostgresConnection:
    """A connection that takes our statements."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def execute(self, statement: str, values: Sequence[Any] = ()) -> Any:
        return self._connection.execute(_translated(statement), values)

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]]) -> Any:
        with self._connection.cursor() as cursor:
            cursor.executemany(_translated(statement), rows)


def _check(connection: Any) -> None:
    """Raise where the server has closed an idle connection. It is asked only if it has said
    something meanwhile: a question before each statement would cost as much as the statement."""
    heard = select.poll()
    heard.register(connection.fileno(), select.POLLIN)
    if heard.poll(0):
        ConnectionPool.check_connection(connection)


@lru_cache(maxsize=1024)
def _translated(statement: str) -> str:
    return statement.replace("%", "%%").replace("?", "%s")


def _migrate(connection: Any) -> None:
    try:
        with connection.transaction():
            seen = {row[0] for row in connection.execute(migrating.SEEN)}
    except UndefinedTable:
        connection.execute(migrating.MAKE.format(collation=' COLLATE "C"'))
        seen = set()
    migrating.migrate(
        "postgresql",
        lambda statement, values: connection.execute(_translated(statement), values),
        seen=seen,
    )


def _failure(error: Exception) -> StoreFailure:
    if getattr(error, "sqlstate", None) in _CONFLICTS:
        return WriteConflict(
            "another writer needed the same resources at the same moment",
            where="database",
            mend="send the same again",
        )
    return StoreFailure(
        f"the database was not read or written: {type(error).__name__}",
        where="database",
        mend="see that the database runs, is reached, and lets this user in",
    )
