"""Numbered migrations: SQL files, a folder for each kind of database, each run once, in order."""

from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Any, Literal

Dialect = Literal["sqlite", "postgresql"]
Execute = Callable[[str, Sequence[Any]], Any]

MAKE = "CREATE TABLE IF NOT EXISTS migration (name TEXT{collation} NOT NULL, PRIMARY KEY (name))"
SEEN = "SELECT name FROM migration"
_MARK = "INSERT INTO migration (name) VALUES (?) ON CONFLICT DO NOTHING"


def names(dialect: Dialect) -> list[str]:
    """The migrations of a kind of database, in their order."""
    return sorted(each.name for each in _folder(dialect).iterdir() if each.name.endswith(".sql"))


def migrate(dialect: Dialect, execute: Execute, *, seen: set[str]) -> None:
    """Run, inside the caller's transaction, what the database has not seen."""
    for name in names(dialect):
        # Marked first: of two that start together, the second waits here for the first, and then
        # finds it done.
        if name in seen or execute(_MARK, (name,)).rowcount != 1:
            continue
        script = (_folder(dialect) / name).read_text(encoding="utf-8")
        for statement in script.split(";\n"):
            if statement.strip():
                execute(statement, ())


def _folder(dialect: Dialect) -> Any:
    return files("fhir_pgx.storage") / "migrations" / dialect
