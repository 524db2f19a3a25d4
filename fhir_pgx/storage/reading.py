"""Resources by id, by version and by time. The statements that a hook waits for are constants."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fhir_pgx.model.search import Query
from fhir_pgx.model.view import EVERYTHING, View
from fhir_pgx.storage.alike import AlikeReads
from fhir_pgx.storage.genomic import GenomicReads
from fhir_pgx.storage.migrating import Dialect
from fhir_pgx.storage.resources import moment, stored
from fhir_pgx.storage.store import Page, StoredResource
from fhir_pgx.storage.viewed import only_patient, seen_through

Rows = Callable[[str, Sequence[Any]], list[Any]]

AT_ONCE = 500  # of ids in one statement

_NAMES = ("type", "id", "version", "patient", "full_url", "updated", "codec", "body")
_R = ", ".join(f"r.{name}" for name in _NAMES)
_H = ", ".join(f"h.{name}" for name in _NAMES)
_HERE = "r.tenant = l.tenant AND r.patient = l.patient AND r.key = l.key"
_PAST = "h.tenant = l.tenant AND h.patient = l.patient AND h.key = l.key"
_NAMED = "l.tenant = ? AND l.type = ? AND l.id = ?"

READ = (
    f"SELECT {_R} FROM locator l JOIN resource r ON {_HERE} WHERE {_NAMED} "  # noqa: S608
    f"UNION ALL SELECT {_H} FROM locator l JOIN resource_history h ON {_PAST} "
    f"AND h.version = l.version WHERE {_NAMED} AND l.deleted = 1"
)
VERSION = (
    f"SELECT {_R} FROM locator l JOIN resource r ON {_HERE} "  # noqa: S608
    f"WHERE {_NAMED} AND r.version = ? "
    f"UNION ALL SELECT {_H} FROM locator l JOIN resource_history h ON {_PAST} "
    f"WHERE {_NAMED} AND h.version = ?"
)
VERSIONS = (
    f"SELECT {_R} FROM locator l JOIN resource r ON {_HERE} WHERE {_NAMED} "  # noqa: S608
    f"UNION ALL SELECT {_H} FROM locator l JOIN resource_history h ON {_PAST} WHERE {_NAMED} "
    "ORDER BY 3 DESC"
)
MANY = (
    f"SELECT {_R} FROM locator l JOIN resource r ON {_HERE} "  # noqa: S608
    "WHERE l.tenant = ? AND l.type = ? AND l.id IN ({marks})"
)
OF_PATIENT = (
    f"SELECT {_R} FROM resource r WHERE r.tenant = ? AND r.patient = ? "  # noqa: S608
    f"UNION ALL SELECT {_R} FROM resource_referred f "
    "JOIN locator l ON l.tenant = f.tenant AND l.type = f.type AND l.id = f.id "
    f"JOIN resource r ON {_HERE} WHERE f.tenant = ? AND f.patient = ? AND l.patient = ''"
)
EVERY_VERSION = (
    f"SELECT {_R} FROM resource r WHERE r.tenant = ? AND r.patient = ? "  # noqa: S608
    f"UNION ALL SELECT {_H} FROM resource_history h WHERE h.tenant = ? AND h.patient = ? "
    "AND h.deleted = 0"
)
_GUARDED = (
    "SELECT patient FROM labelled_patient WHERE tenant = ? UNION SELECT patient FROM locator "
    "WHERE tenant = ? AND type = 'Consent' AND deleted = 0"
)
UNSEARCHED = (
    f"SELECT {_R} FROM (SELECT tenant, patient, key FROM locator l "  # noqa: S608
    "WHERE l.tenant = ? AND l.searchable = 0 ORDER BY l.type, l.id LIMIT ?) l "
    f"JOIN resource r ON {_HERE} ORDER BY 1, 2"
)
# The page is cut before bodies are read: of what is current by the locator, of the rest by itself.
_NEWEST = "ORDER BY {0}.updated DESC, {0}.type, {0}.id, {0}.version DESC LIMIT ?"
_CURRENT = (
    "SELECT l.tenant, l.patient, l.key FROM locator l "  # noqa: S608 - names of our own throughout
    f"WHERE l.tenant = ? AND l.deleted = 0 {{where}} {_NEWEST.format('l')}"
)
HISTORY = (
    f"SELECT * FROM (SELECT {_R} FROM ({_CURRENT}) l JOIN resource r ON {_HERE}) c "  # noqa: S608
    f"UNION ALL SELECT * FROM (SELECT {_H} FROM resource_history h WHERE h.tenant = ? "
    f"{{past}} {_NEWEST.format('h')}) p ORDER BY 6 DESC, 1, 2, 3 DESC LIMIT ?"
)
_SINCE = " AND {0}.updated >= ?"
_OF_TYPE = " AND {0}.type = ?"
_OF_ID = " AND {0}.id = ?"
_AFTER = (
    " AND {0}.updated <= ? AND ({0}.updated < ? OR {0}.type > ? OR ({0}.type = ? AND "
    "({0}.id > ? OR ({0}.id = ? AND {0}.version < ?))))"
)


class SqlReads(GenomicReads, AlikeReads):
    """What may be asked (see `store.Reads`) over a function that answers statements, by whom there
    is nothing but what `view` shows."""

    def __init__(self, rows: Rows, dialect: Dialect, tenant: str, view: View = EVERYTHING) -> None:
        self._rows, self._tenant, self._view = seen_through(view, rows, dialect), tenant, view
        self._dialect: Dialect = dialect

    def read(self, type_: str, id_: str) -> StoredResource | None:
        """The current version, a deleted one too; None where there never was one."""
        found = self._rows(READ, (self._tenant, type_, id_) * 2)
        return stored(found[0]) if found else None

    def read_version(self, type_: str, id_: str, version: int) -> StoredResource | None:
        """One version, current or not, a deletion too."""
        found = self._rows(VERSION, (self._tenant, type_, id_, version) * 2)
        return stored(found[0]) if found else None

    def read_many(self, references: Sequence[tuple[str, str]]) -> list[StoredResource]:
        """The current versions of those that are there and not deleted, in the order asked."""
        ids: dict[str, dict[str, None]] = {}
        for type_, id_ in references:
            ids.setdefault(type_, {})[id_] = None
        found = {}
        for type_, some in ids.items():
            for part in parts(list(some), AT_ONCE):
                statement = MANY.format(marks=marks(len(part)))
                for row in self._rows(statement, (self._tenant, type_, *part)):
                    found[row[0], row[1]] = stored(row)
        return [found[each] for each in dict.fromkeys(references) if each in found]

    def history(
        self,
        type_: str = "",
        id_: str = "",
        *,
        count: int,
        since: str = "",
        after: Sequence[str | int | float | None] = (),
    ) -> Page:
        """Every version, newest first (see `Reads.history`). `since` is RFC 3339; without a zone
        it is UTC."""
        where = ""
        values: list[Any] = []
        if type_:
            where, values = where + _OF_TYPE, [*values, type_]
        if id_:
            where, values = where + _OF_ID, [*values, id_]
        if since:
            where, values = where + _SINCE, [*values, _moment(since)]
        if after:
            updated, last_type, last_id, version = after
            where += _AFTER
            values += [updated, updated, last_type, last_type, last_id, last_id, version]
        one_more = count + 1
        part = (self._tenant, *values, one_more)
        statement = HISTORY.format(where=where.format("l"), past=where.format("h"))
        found = self._rows(statement, (*part, *part, one_more))
        page, further = found[:count], len(found) > count
        following = (page[-1][5], page[-1][0], page[-1][1], page[-1][2]) if page and further else ()
        return Page(tuple(map(stored, page)), None, following)

    def search(self, query: Query) -> Page:
        """Current, undeleted resources (see `model.search.Query`)."""
        # SQLAlchemy takes half a second to import: a hook call never needs it.
        from fhir_pgx.storage.searching import search  # noqa: PLC0415

        only = only_patient(self._view, query.type)
        if only is not None and not query.patient:
            query = replace(query, patient=only)
        return search(query, self._tenant, self._rows, self._dialect)

    def record(self, patient: str) -> list[StoredResource]:
        """Every current resource about a patient (see `Reads.record`)."""
        return by_name(map(stored, self._rows(OF_PATIENT, (self._tenant, patient) * 2)))

    def every_version(self, patient: str) -> list[StoredResource]:
        """Every version of everything about a patient (see `Reads.every_version`)."""
        return list(map(stored, self._rows(EVERY_VERSION, (self._tenant, patient) * 2)))

    def guarded_patients(self) -> list[str]:
        """Of whom there is a Consent or a security label (see `Reads.guarded_patients`)."""
        return sorted(row[0] for row in self._rows(_GUARDED, (self._tenant,) * 2))

    def referring(self, type_: str, id_: str, params: Sequence[str] = ()) -> list[StoredResource]:
        """Current resources whose search links lead to this one, by type and id."""
        among = f" AND l.param IN ({marks(len(params))})" if params else ""
        statement = (
            f"SELECT {_R} FROM (SELECT DISTINCT l.tenant, l.patient, l.key "  # noqa: S608
            f"FROM search_link l WHERE l.tenant = ? AND l.to_id = ? AND l.to_type = ?{among}) l "
            f"JOIN resource r ON {_HERE} ORDER BY 1, 2"
        )
        return [stored(row) for row in self._rows(statement, (self._tenant, id_, type_, *params))]

    def referring_any(
        self, type_: str, ids: Sequence[str], params: Sequence[str]
    ) -> list[StoredResource]:
        """As `referring`, to any of several resources of a type, each once."""
        found: dict[tuple[str, str], StoredResource] = {}
        for part in parts(ids, AT_ONCE):
            statement = (
                f"SELECT {_R} FROM (SELECT DISTINCT l.tenant, l.patient, l.key "  # noqa: S608
                f"FROM search_link l WHERE l.tenant = ? AND l.to_id IN ({marks(len(part))}) "
                f"AND l.to_type = ? AND l.param IN ({marks(len(params))})) l "
                f"JOIN resource r ON {_HERE}"
            )
            for row in self._rows(statement, (self._tenant, *part, type_, *params)):
                found[row[0], row[1]] = stored(row)
        return by_name(found.values())


def marks(number: int) -> str:
    """The place holders of so many values."""
    return ", ".join("?" * number)


def parts(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    """Items in pieces of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def by_name(resources: Iterable[StoredResource]) -> list[StoredResource]:
    return sorted(resources, key=lambda each: (each.type, each.id))


def _moment(text: str) -> int:
    when = datetime.fromisoformat(text)
    return moment(when if when.tzinfo else when.replace(tzinfo=UTC))
