"""A search: which way through the indexes, the order, one page, the number of all.

A search has two ways. By an index: list what meets the criterion that fewest resources meet, and
ask each of these for the rest. By walking: go through the resources of a type in the order wanted
and stop where the page is full; for criteria that very many meet, where sorting them all would
take long. Which is the shorter is found out by counting, up to a bound, before.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from fhir_pgx.model.search import Amount, Link, Moment, Pair, Query, Token, Word
from fhir_pgx.storage.criteria import (
    TABLES,
    Asking,
    Taken,
    bind,
    found_by,
    holds,
    is_of,
    listed,
    taken,
)
from fhir_pgx.storage.migrating import Dialect
from fhir_pgx.storage.resources import stored
from fhir_pgx.storage.shapes import (
    AmountShape,
    ChainShape,
    ConditionShape,
    CriterionShape,
    LinkShape,
    MissingShape,
    MomentShape,
    PairShape,
    QueryShape,
    ReferringShape,
    Slot,
    SortShape,
    StoreShape,
    TokenShape,
    WordShape,
    shape_of,
)
from fhir_pgx.storage.store import Page
from fhir_pgx.storage.tables import LOCATOR, RESOURCE

Rows = Callable[[str, Sequence[Any]], list[Any]]
Statement = tuple[str, tuple[Taken, ...]]

FEW = 5_000  # found by an index and sorted within some 20 ms; beyond, walking is the shorter
_ENOUGH = 100  # nothing shorter is worth looking for
_SHAPES = 1_000  # statements that are kept

_DIALECTS: dict[Dialect, Any] = {
    "sqlite": sqlite.dialect(paramstyle="qmark"),
    "postgresql": postgresql.base.PGDialect(paramstyle="qmark"),  # type: ignore[no-untyped-call]
}
_STORED = ("type", "id", "version", "patient", "full_url", "updated", "codec", "body")
_FIRST = {Token: "code", Link: "to_id", Moment: "low", Word: "folded", Amount: "low", Pair: "code"}
# The narrower a kind of value is wont to be, the earlier.
_NARROW = (PairShape, TokenShape, WordShape, LinkShape, AmountShape, MomentShape)
_WIDE = ("status", "category")  # codes that nearly every resource has


def search(query: Query, tenant: str, rows: Rows, dialect: Dialect) -> Page:
    """One page of what a query finds (see `model.search.Query`)."""
    shape, values = shape_of(query, tenant)

    def run(statement: Statement, *more: Any) -> list[Any]:
        text, takes = statement
        every = [*values, *more]
        return rows(text, [other if slot is None else every[slot] for slot, other in takes])

    has_total = query.with_total or query.count == 0
    lead, number = _lead(shape, values, run, dialect, has_total=has_total)
    total = None
    if has_total:
        ((total,),) = run(_statement("total", shape, lead, dialect))
    if query.count == 0:
        return Page((), total)
    is_walk = number >= FEW and not any(sort.kind for sort in shape.sort)
    found = run(_statement("page", shape, None if is_walk else lead, dialect))
    page, width = found[: query.count], len(query.sort)
    following = (*page[-1][:width], page[-1][width + 1]) if len(found) > query.count else ()
    return Page(tuple(stored(row[width:]) for row in page), total, following)


def _lead(
    shape: QueryShape,
    values: Sequence[Any],
    run: Callable[..., list[Any]],
    dialect: Dialect,
    *,
    has_total: bool,
) -> tuple[int | None, int]:
    """The place of the criterion whose index leads to the resources, and how many it lists (or
    more than FEW, or 0 where it was not counted); None where no index leads to them."""
    order = sorted(
        (_breadth(each, shape, values), place) for place, each in enumerate(shape.criteria)
    )
    leads = [place for _, place in order if _is_lead(shape.criteria[place])]
    if not leads:
        return None, FEW
    if shape.patient is not None:  # of one patient there are never many
        return leads[0], 0
    bound = FEW
    while True:
        best, least = leads[0], bound
        for place in leads:
            ((number,),) = run(_statement("count", shape, place, dialect), least)
            if number < least:
                best, least = place, number
            if number < _ENOUGH:
                break
        # Where all are many, the page is found by walking; but the total by the least of them.
        is_sorted = any(sort.kind for sort in shape.sort)
        if least < bound or len(leads) == 1 or not (has_total or is_sorted):
            return best, least
        bound *= 4


def _is_lead(condition: ConditionShape) -> bool:
    match condition:
        case MissingShape():
            return False
        case StoreShape():
            return condition.always is None and not condition.is_not
        case CriterionShape():
            return bool(condition.values) and not condition.is_not
        case ChainShape() | ReferringShape():
            return _is_lead(condition.inner)


def _breadth(
    condition: ConditionShape, shape: QueryShape, values: Sequence[Any]
) -> tuple[int, int]:
    """How many resources a condition is likely to leave, as an order alone."""
    match condition:
        case StoreShape():
            return (0 if condition.ids else 4, 0)
        case CriterionShape():
            if any(values[each] in _WIDE for each in condition.params):
                return (4, 0)
            kind = max((_NARROW.index(type(each)) for each in condition.values), default=0)
            # In one patient's record nearly everything refers to the patient.
            is_subject = shape.patient is not None and any(
                isinstance(each, LinkShape) and values[each.id] == values[shape.patient]
                for each in condition.values
            )
            return (3 if is_subject else 1, kind)
        case MissingShape():
            return (5, 0)
        case ChainShape():
            return (2, 1)
        case ReferringShape():
            return (2, 0)


@lru_cache(maxsize=_SHAPES)
def _statement(
    what: Literal["count", "total", "page"], shape: QueryShape, lead: int | None, dialect: Dialect
) -> Statement:
    """The text for a shape, and what it takes; the bound of a count stands behind all values."""
    asking = Asking(shape.tenant, dialect)
    if what == "count" and lead is not None:
        made: Any = _count(asking, shape, lead)
    elif what == "total":
        made = _total(asking, shape, lead)
    else:
        made = _page(asking, shape, lead)
    compiled = made.compile(dialect=_DIALECTS[dialect])
    return str(compiled), taken(compiled.positiontup, compiled.params)


def _count(asking: Asking, shape: QueryShape, lead: int) -> Select[Any]:
    """How many rows a criterion lists, at most as many as the value behind all others says."""
    parts = listed(asking, shape.criteria[lead], shape.type, shape.patient) or []
    bound = bind(shape.limit + 1)
    counts = [select(func.count()).select_from(part.limit(bound).subquery()) for part in parts]
    total: ColumnElement[Any] = counts[0].scalar_subquery()
    for more in counts[1:]:
        total = total + more.scalar_subquery()
    return select(total)


def _resources(asking: Asking, shape: QueryShape, lead: int | None, *columns: Any) -> Select[Any]:
    """The columns of all that the criteria allow."""
    at, tenant = LOCATOR.c, bind(shape.tenant)
    if lead is None:
        found = select(*columns).where(
            at.tenant == tenant, at.type == bind(shape.type), at.deleted == 0
        )
        if shape.patient is not None:
            found = found.where(at.patient == bind(shape.patient))
    else:
        listed_by = found_by(asking, shape.criteria[lead], shape.type, shape.patient)
        assert listed_by is not None
        places = listed_by.subquery("d").c
        found = select(*columns).where(
            at.tenant == tenant, at.patient == places.patient, at.key == places.key
        )
    rest = [each for place, each in enumerate(shape.criteria) if place != lead]
    return found.where(*(holds(asking, each, at) for each in rest))


def _total(asking: Asking, shape: QueryShape, lead: int | None) -> Select[Any]:
    if lead is not None and all(
        isinstance(each, CriterionShape | MissingShape) or place == lead
        for place, each in enumerate(shape.criteria)
    ):
        # The index tables answer by themselves.
        listed_by = found_by(asking, shape.criteria[lead], shape.type, shape.patient)
        assert listed_by is not None
        at = listed_by.subquery("d")
        rest = [each for place, each in enumerate(shape.criteria) if place != lead]
        return (
            select(func.count())
            .select_from(at)
            .where(*(holds(asking, each, at.c) for each in rest))
        )
    # The table is named: without criteria nothing else would name it.
    return _resources(asking, shape, lead, func.count()).select_from(LOCATOR)


def _page(asking: Asking, shape: QueryShape, lead: int | None) -> Select[Any]:
    at, count = LOCATOR.c, len(shape.sort)
    values = [_sorted_by(asking, sort).label(f"s{n}") for n, sort in enumerate(shape.sort)]
    found = _resources(asking, shape, lead, at.patient, at.key, at.id, *values)
    if any(sort.kind for sort in shape.sort):
        inner = found.subquery("f")
        found, columns = select(inner), [inner.c[f"s{n}"] for n in range(count)]
        id_: Any = inner.c.id
    else:
        columns, id_ = [_of_the_store(sort) for sort in shape.sort], at.id
    if shape.after is not None:
        found = found.where(_behind(shape, shape.after, columns, id_))
    found = found.order_by(*_order(shape.sort, columns), id_).limit(bind(shape.limit))
    page, r = found.subquery("p"), RESOURCE.c
    sorts = [page.c[f"s{n}"] for n in range(count)]
    whole = select(*sorts, *(r[name] for name in _STORED)).where(
        r.tenant == bind(shape.tenant), r.patient == page.c.patient, r.key == page.c.key
    )
    return whole.order_by(*_order(shape.sort, sorts), page.c.id)


def _of_the_store(sort: SortShape) -> Any:
    return LOCATOR.c.updated if sort.is_updated else LOCATOR.c.id


def _sorted_by(asking: Asking, sort: SortShape) -> Any:
    """What a resource is sorted by: of several values the first in the order asked."""
    if sort.kind is None:
        return _of_the_store(sort)
    row, at = TABLES[sort.kind].alias().c, LOCATOR.c
    value = row[_FIRST[sort.kind]]
    found = select(func.max(value) if sort.is_descending else func.min(value)).where(
        row.tenant == bind(asking.tenant),
        row.patient == at.patient,
        row.key == at.key,
        is_of(row, sort.params),
    )
    return found.correlate(LOCATOR).scalar_subquery()


def _order(sorts: Sequence[SortShape], columns: Sequence[Any]) -> list[Any]:
    order: list[Any] = []
    for sort, column in zip(sorts, columns, strict=True):
        if sort.kind is not None:
            order.append(column.is_(None))  # without a value: last, whichever the direction
        order.append(column.desc() if sort.is_descending else column)
    return order


def _behind(
    shape: QueryShape, after: Sequence[Slot | None], columns: Sequence[Any], id_: Any
) -> ColumnElement[bool]:
    """That a resource comes after the one that a page ended with."""
    *last, last_id = after
    assert last_id is not None
    behind: ColumnElement[bool] = id_ > bind(last_id)
    for sort, column, slot in reversed(list(zip(shape.sort, columns, last, strict=True))):
        if slot is None:
            further: ColumnElement[bool] = false()
            same: ColumnElement[bool] = column.is_(None)
        else:
            value = bind(slot)
            further = column < value if sort.is_descending else column > value
            same = column == value
            if sort.kind is not None:
                further = or_(further, column.is_(None))
        behind = or_(further, and_(same, behind))
    return behind
