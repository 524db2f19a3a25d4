"""Tables sorted by what the address says: by a link, on the server."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from fhir_pgx.errors import InvalidParameter

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Sorted:
    """By which column, and whether the greatest stands first. `by` is empty for the table's own
    order."""

    by: str
    falls: bool


def read_sorted(
    given: Mapping[str, str], columns: Sequence[str], usual: Sorted, *, rising: Sequence[str] = ()
) -> Sorted:
    """What a query asks for; `rising` are the columns whose least stands first where it does not
    say. Raises InvalidParameter for a column or an order that there is not."""
    by, order = given.get("sort", ""), given.get("order", "")
    if by and by not in columns:
        raise unknown("sort", columns)
    if order not in ("", "rise", "fall"):
        raise unknown("order", ("rise", "fall"))
    if not by:
        return Sorted(usual.by, order == "fall") if order else usual
    return Sorted(by, order == "fall" if order else by not in rising)


def in_order(rows: Iterable[Row], sorted_: Sorted) -> list[Row]:
    """Rows by the attribute of the column; where it is the same, in the order they came in. What
    has no value stands last."""
    if not sorted_.by:
        return list(rows)
    known, others = list[Row](), list[Row]()
    for row in rows:
        (others if getattr(row, sorted_.by) is None else known).append(row)
    known.sort(key=lambda row: getattr(row, sorted_.by), reverse=sorted_.falls)
    return known + others


def unknown(where: str, known: Sequence[str]) -> InvalidParameter:
    return InvalidParameter(
        f"there is no such {where}", where=where, mend=f"choose one of {', '.join(known)}"
    )
