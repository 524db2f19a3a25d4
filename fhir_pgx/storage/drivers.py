"""What the rest of the store asks of a database, whichever it is, and the one door to it.

A statement is one text for every database: what they all speak, with `?` for each value.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from fhir_pgx.errors import InvalidSetting
from fhir_pgx.storage.migrating import Dialect
from fhir_pgx.storage.sqlite import SqliteDatabase

Row = tuple[Any, ...]


class Cursor(Protocol):
    @property
    def rowcount(self) -> int: ...

    def fetchone(self) -> Any: ...

    def fetchall(self) -> list[Any]: ...


class Connection(Protocol):
    """A connection in a transaction of its caller."""

    def execute(self, statement: str, values: Sequence[Any] = ..., /) -> Cursor: ...

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> Any: ...


class Database(Protocol):
    """Connections to one database, opened as they are needed. Every failure is a StoreFailure.

    `keep` ends a SELECT whose rows no other transaction may change until this one ends; empty
    where only one transaction writes at a time.
    """

    dialect: Dialect
    keep: str

    def transaction(self) -> AbstractContextManager[Connection]:
        """A connection in a writing transaction: committed at the end, rolled back on any error."""
        ...

    def rows(self, statement: str, values: Sequence[Any]) -> list[Any]:
        """Every row of a query on what is committed."""
        ...

    def change(self, statement: str, values: Sequence[Any]) -> int:
        """The number of rows that one statement changed, committed by itself."""
        ...

    def close(self) -> None:
        """Close every connection that is not in use."""
        ...


def open_database(url: str) -> Database:
    """The database that a URL names, brought to the present schema.

    Raises InvalidSetting for a URL of no database that we know, or without its driver, and
    StoreFailure where the database cannot be reached or brought to the schema.
    """
    if url.startswith("sqlite:"):
        return SqliteDatabase(url)
    if url.startswith(("postgresql://", "postgres://")):
        try:
            from fhir_pgx.storage.postgres import PostgresDatabase  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise InvalidSetting(
                "PostgreSQL needs a driver that is not installed",
                where="database",
                mend="install fhir-pgx[postgres]",
            ) from error
        return PostgresDatabase(url)
    raise InvalidSetting(
        "the database URL names neither an SQLite file nor a PostgreSQL database",
        where="database",
        mend="write sqlite:///FILE, with four slashes before an absolute path, or "
        "postgresql://USER@HOST/DATABASE",
    )
