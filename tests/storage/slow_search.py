"""A search without any index: every resource is looked at, each rule as it reads.

What the store's search is held against; nothing here is shared with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fhir_pgx.model.search import (
    Amount,
    AmountAsked,
    Chain,
    Criterion,
    Link,
    LinkAsked,
    Moment,
    MomentAsked,
    Pair,
    PairAsked,
    Query,
    Referring,
    Token,
    TokenAsked,
    Word,
    WordAsked,
)
from fhir_pgx.storage import NewResource


@dataclass(frozen=True)
class Kept:
    """A resource with the microsecond it was written at."""

    new: NewResource
    updated: int


def slow_search(everything: Sequence[Kept], query: Query) -> list[str]:
    """The references of all that a query finds, in its order, without pages."""
    found = [
        each
        for each in everything
        if each.new.type == query.type
        and (not query.patient or each.new.patient == query.patient)
        and all(meets(each, condition, everything) for condition in query.criteria)
    ]
    found.sort(key=lambda each: each.new.id)
    for sort in reversed(query.sort):  # a stable sort by the last first
        found = _sorted(found, sort)
    return [each.new.reference for each in found]


def meets(each, condition, everything):
    match condition:
        case Chain(param, types, inner):
            return any(
                link.param == param
                and link.type in types
                and (target.new.type, target.new.id) == (link.type, link.id)
                and meets(target, inner, everything)
                for link in each.new.values.links
                for target in everything
            )
        case Referring(type_, param, inner):
            return any(
                source.new.type == type_
                and Link(param, each.new.type, each.new.id) in source.new.values.links
                and meets(source, inner, everything)
                for source in everything
            )
    if condition.param in ("_id", "_lastUpdated"):
        return _store_meets(each, condition)
    values = [
        value for value in _values(each.new) if value.param in (condition.param, *condition.also)
    ]
    if condition.modifier == "missing":
        there = [value for value in values if type(value) in condition.kinds]
        return not there if condition.is_missing else bool(there)
    found = any(
        _is(value, asked, condition.modifier) for value in values for asked in condition.values
    )
    return not found if condition.modifier == "not" else found


def _store_meets(each, condition: Criterion):
    if condition.modifier == "missing":
        return not condition.is_missing
    at = Moment("", each.updated, each.updated + 1000)
    found = any(
        asked.code == each.new.id if condition.param == "_id" else _is(at, asked, "")
        for asked in condition.values
    )
    return not found if condition.modifier == "not" else found


def _values(new: NewResource):
    v = new.values
    return [*v.tokens, *v.links, *v.moments, *v.words, *v.amounts, *v.pairs]


def _is(value, asked, modifier):
    match value, asked:
        case Token(), TokenAsked():
            return _coded(value.system, value.code, asked)
        case Link(), LinkAsked():
            return value.id == asked.id and asked.type in ("", value.type)
        case Moment(), MomentAsked():
            overlap = value.low < asked.high and asked.low < value.high
            return _prefixed(value, asked, overlap)
        case Word(), WordAsked():
            if modifier == "exact":
                return value.exact == asked.exact
            if modifier == "contains":
                return asked.folded in value.folded
            return value.folded.startswith(asked.folded)
        case Amount(), AmountAsked():
            overlap = value.low <= asked.high and asked.low <= value.high
            unit = _coded(value.system, value.code, TokenAsked(asked.system, asked.code))
            return unit and _prefixed(value, asked, overlap)
        case Pair(), PairAsked():
            return _coded(value.code_system, value.code, asked.code) and _coded(
                value.value_system, value.value_code, asked.value
            )
    return False


def _coded(system, code, asked: TokenAsked):
    return asked.system in (None, system) and asked.code in (None, code)


def _prefixed(value, asked, overlap):
    contained = asked.low <= value.low and value.high <= asked.high
    return {
        "eq": contained,
        "ne": not contained,
        "gt": value.high > asked.high,
        "lt": value.low < asked.low,
        "ge": value.high > asked.high or contained,
        "le": value.low < asked.low or contained,
        "sa": value.low >= asked.high,
        "eb": value.high <= asked.low,
        "ap": overlap,
    }[asked.prefix]


def _sorted(found, sort):
    def key(each):
        if sort.param == "_id":
            return each.new.id
        if sort.param == "_lastUpdated":
            return each.updated
        of = {Token: "code", Link: "id", Moment: "low", Word: "folded", Amount: "low", Pair: "code"}
        values = [
            getattr(value, of[sort.kind])
            for value in _values(each.new)
            if value.param in (sort.param, *sort.also) and type(value) is sort.kind
        ]
        if not values:
            return None
        return max(values) if sort.is_descending else min(values)

    with_value = [each for each in found if key(each) is not None]
    without = [each for each in found if key(each) is None]
    return sorted(with_value, key=key, reverse=sort.is_descending) + without
