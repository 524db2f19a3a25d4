"""What one criterion of a search asks of the index tables, as SQLAlchemy Core.

Each is built in two ways that find the same. `holds` asks of one resource at a time: for what many
resources meet. `found_by` lists the resources that meet it, straight from an index: for what few
meet.

A moment or an amount is an interval, on both sides (FHIR R4, Search, prefixes): `eq` where the one
asked contains the one stored, `gt` and `lt` where the stored one reaches beyond the asked one, `sa`
and `eb` where it lies beyond, `ap` where they overlap; who asks says how wide `ap` is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    Table,
    and_,
    bindparam,
    exists,
    false,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.sql.expression import CompoundSelect, union

from fhir_pgx.model.search import Amount, Link, Moment, Pair, Token, Word
from fhir_pgx.storage.migrating import Dialect
from fhir_pgx.storage.shapes import (
    KIND_OF,
    AmountShape,
    ChainShape,
    ConditionShape,
    CriterionShape,
    LinkShape,
    MissingShape,
    MomentShape,
    PairShape,
    ReferringShape,
    Slot,
    StoreShape,
    TokenShape,
    ValueShape,
    WordShape,
)
from fhir_pgx.storage.tables import AMOUNT, LINK, LOCATOR, MOMENT, PAIR, TOKEN, WORD

Truth = ColumnElement[bool]
Number = ColumnElement[Any]
Taken = tuple[Slot | None, Any]
Places = Select[Any] | CompoundSelect[Any]

TABLES: dict[type, Table] = {
    Token: TOKEN, Link: LINK, Moment: MOMENT, Word: WORD, Amount: AMOUNT, Pair: PAIR,
}  # fmt: skip
_MILLISECOND = 1000  # what `_lastUpdated` is exact to, in microseconds


@dataclass(frozen=True, slots=True)
class Asking:
    """Whose data are asked, and of which kind of database."""

    tenant: Slot
    dialect: Dialect


def bind(slot: Slot) -> BindParameter[Any]:
    """The value of a slot, by a name that `taken` finds again."""
    return bindparam(f"v{slot}")


def taken(names: Sequence[str], constants: Mapping[str, Any]) -> tuple[Taken, ...]:
    """What a statement takes, in its order: a value's slot, or None and a constant."""
    return tuple(
        (int(name[1:]), None) if name[1:].isdigit() else (None, constants[name]) for name in names
    )


def holds(asking: Asking, condition: ConditionShape, at: Any) -> Truth:
    """That a resource meets a condition; `at` are its columns of the locator or an alias of it."""
    match condition:
        case ChainShape():
            return _chain_holds(asking, condition, at)
        case ReferringShape():
            return _referring_holds(asking, condition, at)
        case StoreShape():
            return _store_holds(condition, at)
        case MissingShape():
            tables = [TABLES[kind] for kind in condition.kinds] or list(TABLES.values())
            is_there = or_(*(_row(asking, table, condition.params, at) for table in tables))
            return ~is_there if condition.is_missing else is_there
        case CriterionShape():
            met = or_(false(), *_rows(asking, condition, at))
            return ~met if condition.is_not else met


def found_by(
    asking: Asking, condition: ConditionShape, type_: Slot, patient: Slot | None
) -> Places | None:
    """Patient and key of all resources of a type (of one patient, or of all where it is None) that
    meet a condition, each once; None where no index lists them."""
    found = listed(asking, condition, type_, patient)
    if found is None or len(found) > 1:
        return union(*found) if found else None
    return found[0] if _once_each(condition) else found[0].distinct()


def listed(
    asking: Asking, condition: ConditionShape, type_: Slot, patient: Slot | None
) -> list[Select[Any]] | None:
    """As `found_by`, in parts, and some perhaps more than once."""
    match condition:
        case ChainShape():
            return _chain_found(asking, condition, type_, patient)
        case ReferringShape():
            return _referring_found(asking, condition, type_, patient)
        case StoreShape(is_not=False, always=None):
            at = LOCATOR.alias().c
            found = select(at.patient, at.key).where(
                at.tenant == bind(asking.tenant), at.type == bind(type_), at.deleted == 0
            )
            return [_of(found.where(_store_holds(condition, at)), at, patient)]
        case CriterionShape(is_not=False) if condition.values:
            # One after the other rather than joined by OR: each goes straight down its index.
            return [
                _of(_listed_by(asking, condition, value, row, type_), row, patient)
                for value in condition.values
                for row in (TABLES[KIND_OF[type(value)]].alias().c,)
            ]
    return None


def _listed_by(
    asking: Asking, condition: CriterionShape, value: ValueShape, row: Any, type_: Slot
) -> Select[Any]:
    return select(row.patient, row.key).where(
        row.tenant == bind(asking.tenant),
        row.type == bind(type_),
        is_of(row, condition.params),
        _value(asking, value, row),
    )


def _once_each(condition: ConditionShape) -> bool:
    """Whether a resource can have but one row that meets it."""
    match condition:
        case StoreShape():
            return True
        case CriterionShape(params=(_,), values=(TokenShape(system=int(), codes=(_,)),)):
            return True
        case CriterionShape(params=(_,), values=(LinkShape(type=int()),)):
            return True
    return False


def _of(found: Select[Any], at: Any, patient: Slot | None) -> Select[Any]:
    return found if patient is None else found.where(at.patient == bind(patient))


def _rows(asking: Asking, condition: CriterionShape, at: Any) -> list[Truth]:
    """That there is a row with a value that is wanted, a truth for each index table."""
    by_table: dict[Table, list[ValueShape]] = {}
    for value in condition.values:
        by_table.setdefault(TABLES[KIND_OF[type(value)]], []).append(value)
    return [_row(asking, table, condition.params, at, values) for table, values in by_table.items()]


def _row(
    asking: Asking,
    table: Table,
    params: Sequence[Slot],
    at: Any,
    values: Sequence[ValueShape] = (),
) -> Truth:
    """That a resource has a row of a parameter, with one of the values; without values, any."""
    row = table.alias().c
    found = exists().where(
        row.tenant == bind(asking.tenant),
        row.patient == at.patient,
        row.key == at.key,
        is_of(row, params),
    )
    return found.where(or_(*(_value(asking, each, row) for each in values))) if values else found


def is_of(row: Any, params: Sequence[Slot]) -> Truth:
    """That a row is of one of these parameters."""
    if len(params) == 1:
        alone: Truth = row.param == bind(params[0])
        return alone
    among: Truth = row.param.in_([bind(each) for each in params])
    return among


# Values


def _value(asking: Asking, value: ValueShape, row: Any) -> Truth:
    match value:
        case TokenShape():
            return _token(value, row.system, row.code)
        case LinkShape():
            same: Truth = row.to_id == bind(value.id)
            return same if value.type is None else and_(same, row.to_type == bind(value.type))
        case MomentShape():
            return _moment(value, row.low, row.high)
        case WordShape():
            return _word(asking, value, row)
        case AmountShape():
            unit = _token(value.unit, row.system, row.code)
            return and_(_amount(value, row.low, row.high), unit)
        case PairShape():
            return and_(
                _token(value.code, row.code_system, row.code),
                _token(value.value, row.value_system, row.value_code),
            )


def _token(asked: TokenShape, system: Any, code: Any) -> Truth:
    wanted: list[Truth] = []
    if len(asked.codes) == 1:
        wanted.append(code == bind(asked.codes[0]))
    elif asked.codes:
        wanted.append(code.in_([bind(each) for each in asked.codes]))
    if asked.system is not None:
        wanted.append(system == bind(asked.system))
    return and_(true(), *wanted)


def _word(asking: Asking, asked: WordShape, row: Any) -> Truth:
    text, head = bind(asked.text), bind(asked.head)
    if asked.modifier == "exact":
        return and_(row.head == head, row.exact == text)
    if asked.modifier == "contains":
        find = func.instr if asking.dialect == "sqlite" else func.strpos
        is_part: Truth = find(row.folded, text) > 0
        return is_part
    wanted: list[Truth] = [row.head >= head]
    if asked.beyond is not None:
        wanted.append(row.head < bind(asked.beyond))
    if asked.length is not None:
        wanted.append(func.substr(row.folded, 1, bind(asked.length)) == text)
    return and_(*wanted)


def _moment(asked: MomentShape, low: Number, high: Number) -> Truth:
    first, last = bind(asked.low), bind(asked.high)
    within = and_(low >= first, high <= last)
    match asked.prefix:
        case "eq":
            # No interval is empty: one that is within begins before the end. It bounds a range.
            return and_(within, low < last)
        case "ne":
            return ~within
        case "gt":
            return high > last
        case "lt":
            return low < first
        case "ge":
            return and_(high > first, or_(high > last, within))
        case "le":
            return and_(low < last, or_(low < first, within))
        case "sa":
            return low >= last
        case "eb":
            return high <= first
        case "ap":
            return and_(low < last, high > first)


def _amount(asked: AmountShape, low: Number, high: Number) -> Truth:
    first, last = bind(asked.low), bind(asked.high)
    within = and_(low >= first, high <= last)
    match asked.prefix:
        case "eq":
            return and_(within, low <= last)
        case "ne":
            return ~within
        case "gt":
            return high > last
        case "lt":
            return low < first
        case "ge":
            return or_(high > last, within)
        case "le":
            return or_(low < first, within)
        case "sa":
            return low >= last
        case "eb":
            return high <= first
        case "ap":
            return and_(low <= last, high >= first)


def _store_holds(condition: StoreShape, at: Any) -> Truth:
    if condition.always is not None:
        return true() if condition.always else false()
    if condition.ids:
        met: Truth = at.id.in_([bind(each) for each in condition.ids])
    else:
        met = or_(*(_moment(x, at.updated, at.updated + _MILLISECOND) for x in condition.moments))
    return ~met if condition.is_not else met


# Through references


def _chain_holds(asking: Asking, chain: ChainShape, at: Any) -> Truth:
    link, target = LINK.alias().c, LOCATOR.alias().c
    return exists().where(
        link.tenant == bind(asking.tenant),
        link.patient == at.patient,
        link.key == at.key,
        link.param == bind(chain.param),
        link.to_type.in_([bind(each) for each in chain.types]),
        target.tenant == bind(asking.tenant),
        target.type == link.to_type,
        target.id == link.to_id,
        target.deleted == 0,
        holds(asking, chain.inner, target),
    )


def _chain_found(
    asking: Asking, chain: ChainShape, type_: Slot, patient: Slot | None
) -> list[Select[Any]] | None:
    parts: list[Select[Any]] = []
    for to_type in chain.types:
        inner = found_by(asking, chain.inner, to_type, None)
        if inner is None:
            return None
        targets, target, link = inner.subquery().c, LOCATOR.alias().c, LINK.alias().c
        found = select(link.patient, link.key).where(
            target.tenant == bind(asking.tenant),
            target.patient == targets.patient,
            target.key == targets.key,
            link.tenant == bind(asking.tenant),
            link.to_id == target.id,
            link.to_type == bind(to_type),
            link.type == bind(type_),
            link.param == bind(chain.param),
        )
        parts.append(_of(found, link, patient))
    return parts


def _referring_holds(asking: Asking, referring: ReferringShape, at: Any) -> Truth:
    link, source = LINK.alias().c, LOCATOR.alias().c
    return exists().where(
        link.tenant == bind(asking.tenant),
        link.to_id == at.id,
        link.to_type == at.type,
        link.type == bind(referring.type),
        link.param == bind(referring.param),
        source.tenant == bind(asking.tenant),
        source.patient == link.patient,
        source.key == link.key,
        holds(asking, referring.inner, source),
    )


def _referring_found(
    asking: Asking, referring: ReferringShape, type_: Slot, patient: Slot | None
) -> list[Select[Any]] | None:
    inner = found_by(asking, referring.inner, referring.type, None)
    if inner is None:
        return None
    sources, link, target = inner.subquery().c, LINK.alias().c, LOCATOR.alias().c
    found = select(target.patient, target.key).where(
        link.tenant == bind(asking.tenant),
        link.patient == sources.patient,
        link.key == sources.key,
        link.param == bind(referring.param),
        link.to_type == bind(type_),
        target.tenant == bind(asking.tenant),
        target.type == bind(type_),
        target.id == link.to_id,
        target.deleted == 0,
    )
    return [_of(found, target, patient)]
