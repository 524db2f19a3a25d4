"""Questions asked through a view: the database as it would be without what may not be seen.

Each table that a statement names is shadowed by a part of itself (a WITH of the same name), so that
the statement stays as it is and nothing that it counts, joins or looks up can lie outside. Both
kinds of database fold such parts into the statement and use its indexes as before.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from fhir_pgx.model.access import ANY_TYPE
from fhir_pgx.model.view import View, Window
from fhir_pgx.storage.keys import fit, key_of
from fhir_pgx.storage.migrating import Dialect

Rows = Callable[[str, Sequence[Any]], list[Any]]
_Condition = tuple[str, tuple[Any, ...]]

# Of nobody, and of use with every record. Not a Group or a Device: they name patients.
COMMON: Final = (
    "Endpoint", "HealthcareService", "Location", "Organization", "PlanDefinition", "Practitioner",
    "PractitionerRole", "Questionnaire",
)  # fmt: skip
# Of nobody, and seen where the patient's record refers to them.
REFERRED: Final = ("Medication", "Substance")

# In the order in which each may look into those before it.
_TABLES: Final = (
    "locator", "resource", "resource_history", "search_token", "search_link", "search_moment",
    "search_word", "search_amount", "search_pair", "variant_index", "genotype_index",
    "phenotype_index", "variant_gene", "genomic_patient",
)  # fmt: skip
_UNTYPED: Final = ("variant_gene",)  # its rows say no type: their resource does
_GENOMIC: Final = ("variant_index", "genotype_index", "phenotype_index")
_NEEDS: Final = {"variant_gene": ("locator",), "genomic_patient": _GENOMIC}
# PostgreSQL reads a table's own name within its WITH as the table; SQLite as a circle.
_OWN: Final[Mapping[Dialect, str]] = {"sqlite": "main.", "postgresql": ""}
_NAMED = re.compile(rf"\b({'|'.join(_TABLES)})\b")
_NO: Final = "1 = 0"


def seen_through(view: View, rows: Rows, dialect: Dialect) -> Rows:
    """`rows` for whom there is nothing but what a view shows; `rows` itself where it shows all."""
    if view.is_everything:
        return rows
    own = _OWN[dialect]
    parts = {table: _part(table, view, own) for table in _TABLES}
    keys = sorted(key_of(*name) for name in view.hidden)
    hidden = f"hidden_key (key) AS (VALUES {', '.join(f'({key})' for key in keys)}), "
    first = hidden if keys else ""

    def seen(statement: str, values: Sequence[Any]) -> list[Any]:
        tables = _tables_of(statement)
        if not tables:
            return rows(statement, values)
        texts, asked = zip(*(parts[table] for table in tables), strict=True)
        before = [value for each in asked for value in each]
        return rows(f"WITH {first}{', '.join(texts)} {statement}", [*before, *values])

    return seen


def only_patient(view: View, type_: str) -> str | None:
    """The one patient whose resources of this type are seen; None where there may be several, or
    where nobody's are seen with them. Searching nowhere else finds the same sooner."""
    if view.types is None or type_ in (*COMMON, *REFERRED):
        return None
    windows = (*view.types.get(type_, ()), *view.types.get(ANY_TYPE, ()))
    patients = {each.patient for each in windows}
    return patients.pop() if len(patients) == 1 else None


@lru_cache(maxsize=1_000)
def _tables_of(statement: str) -> tuple[str, ...]:
    """The tables that a statement names, and those that their parts look into, in our order."""
    if statement.startswith("WITH"):
        raise ValueError("a statement with parts of its own has no view")
    named = set(_NAMED.findall(statement))
    for table, needed in _NEEDS.items():
        if table in named:
            named.update(needed)
    return tuple(table for table in _TABLES if table in named)


def _part(table: str, view: View, own: str) -> _Condition:
    if table == "genomic_patient":
        there = " OR ".join(
            f"EXISTS (SELECT 1 FROM {name} g WHERE g.tenant = x.tenant "  # noqa: S608 - our names
            "AND g.patient = x.patient)"
            for name in _GENOMIC
        )
        return _shadow(table, own, there), ()
    conditions: list[str] = []
    values: tuple[Any, ...] = ()
    if view.hidden:
        conditions.append("x.key NOT IN (SELECT key FROM hidden_key)")
    if view.is_owned:
        nobodys = ", ".join(f"'{each}'" for each in (*COMMON, *REFERRED))
        whole = "" if table in _UNTYPED else f" OR x.type IN ({nobodys})"
        conditions.append(f"x.patient <> ''{whole}")
    if view.types is not None:
        if table in _UNTYPED:
            conditions.append(
                "EXISTS (SELECT 1 FROM locator l WHERE l.tenant = x.tenant "
                "AND l.patient = x.patient AND l.key = x.key)"
            )
        else:
            text, values = _any_of_types(view.types, own, is_past=table == "resource_history")
            conditions.append(text)
    return _shadow(table, own, " AND ".join(f"({each})" for each in conditions) or "1 = 1"), values


def _shadow(table: str, own: str, condition: str) -> str:
    return (
        f"{table} AS NOT MATERIALIZED "  # noqa: S608 - names and conditions of our own
        f"(SELECT x.* FROM {own}{table} x WHERE {condition})"
    )


def _any_of_types(types: Mapping[str, Sequence[Window]], own: str, *, is_past: bool) -> _Condition:
    alike: dict[tuple[Window, ...], list[str]] = {}
    for type_, windows in types.items():
        alike.setdefault(tuple(windows), []).append(type_)
    texts: list[str] = []
    values: list[Any] = []
    for windows, some in alike.items():
        for window in windows:
            text, asked = _through(window, own, is_past=is_past)
            named = [each for each in some if each != ANY_TYPE]
            if len(named) == len(some):
                marks = ", ".join("?" * len(named))
                texts.append(f"(x.type IN ({marks}) AND {text})")
                values += named
            else:
                texts.append(text)
            values += asked
    return " OR ".join(texts) or _NO, tuple(values)


def _through(window: Window, own: str, *, is_past: bool) -> _Condition:
    if window.where and is_past:
        # What an earlier version was found by is not kept: it cannot be told to meet the tokens.
        return _NO, ()
    texts: list[str] = []
    values: list[Any] = []
    if window.patient is not None:
        common = ", ".join(f"'{each}'" for each in COMMON)
        referred = ", ".join(f"'{each}'" for each in REFERRED)
        texts.append(
            f"(x.patient = ? OR (x.patient = '' AND (x.type IN ({common}) OR "  # noqa: S608
            f"(x.type IN ({referred}) AND EXISTS (SELECT 1 FROM {own}locator l "
            f"JOIN {own}resource_referred f ON f.tenant = l.tenant AND f.type = l.type "
            "AND f.id = l.id WHERE l.tenant = x.tenant AND l.patient = '' AND l.key = x.key "
            "AND f.patient = ?)))))"
        )
        values += [window.patient, window.patient]
    for param, token in window.where:
        text = (
            f"EXISTS (SELECT 1 FROM {own}search_token k WHERE k.tenant = x.tenant "  # noqa: S608
            "AND k.patient = x.patient AND k.key = x.key AND k.param = ?"
        )
        values.append(param)
        for column, wanted in (("code", token.code), ("system", token.system)):
            if wanted is not None:
                text += f" AND k.{column} = ?"
                values.append(fit(wanted))
        texts.append(text + ")")
    return "(" + (" AND ".join(texts) or "1 = 1") + ")", tuple(values)
