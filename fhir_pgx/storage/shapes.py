"""A search as its shape and its values.

Searches of one shape (patient and code, say) have one statement and differ in its values alone, so
that SQLAlchemy makes the text once, and later ones take it as it is. In a shape every value is a
`Slot`, its place among the values; the values stand as the index holds them: folded, cut to length.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fhir_pgx.model.search import (
    Amount,
    AmountAsked,
    Asked,
    Chain,
    Criterion,
    Link,
    LinkAsked,
    Modifier,
    Moment,
    MomentAsked,
    Pair,
    PairAsked,
    Prefix,
    Query,
    Referring,
    Token,
    TokenAsked,
    Word,
    WordAsked,
)
from fhir_pgx.storage.keys import HEAD, fit, plain

Slot = int
MAX_AFTER = 0x10FFFF


@dataclass(frozen=True, slots=True)
class TokenShape:
    """One code, or several of one system (or of any: None); no codes are any code."""

    system: Slot | None
    codes: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class LinkShape:
    type: Slot | None
    id: Slot


@dataclass(frozen=True, slots=True)
class MomentShape:
    prefix: Prefix
    low: Slot
    high: Slot


@dataclass(frozen=True, slots=True)
class WordShape:
    """`head` to before `beyond` (None: to the end) is where a beginning lies in the index;
    `length` and `text` are of the whole where it is longer than the index holds, or for a part."""

    modifier: Modifier
    head: Slot
    beyond: Slot | None
    length: Slot | None
    text: Slot


@dataclass(frozen=True, slots=True)
class AmountShape:
    prefix: Prefix
    low: Slot
    high: Slot
    unit: TokenShape


@dataclass(frozen=True, slots=True)
class PairShape:
    code: TokenShape
    value: TokenShape


ValueShape = TokenShape | LinkShape | MomentShape | WordShape | AmountShape | PairShape
KIND_OF: dict[type, type] = {
    TokenShape: Token, LinkShape: Link, MomentShape: Moment, WordShape: Word,
    AmountShape: Amount, PairShape: Pair,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CriterionShape:
    params: tuple[Slot, ...]
    values: tuple[ValueShape, ...]
    is_not: bool


@dataclass(frozen=True, slots=True)
class MissingShape:
    params: tuple[Slot, ...]
    kinds: tuple[type, ...]
    is_missing: bool


@dataclass(frozen=True, slots=True)
class StoreShape:
    """`_id` and `_lastUpdated`; `always` is what holds of every resource, or of none."""

    ids: tuple[Slot, ...] = ()
    moments: tuple[MomentShape, ...] = ()
    is_not: bool = False
    always: bool | None = None


@dataclass(frozen=True, slots=True)
class ChainShape:
    param: Slot
    types: tuple[Slot, ...]
    inner: "ConditionShape"


@dataclass(frozen=True, slots=True)
class ReferringShape:
    type: Slot
    param: Slot
    inner: "ConditionShape"


ConditionShape = CriterionShape | MissingShape | StoreShape | ChainShape | ReferringShape


@dataclass(frozen=True, slots=True)
class SortShape:
    params: tuple[Slot, ...]
    kind: type | None
    is_descending: bool
    is_updated: bool


@dataclass(frozen=True, slots=True)
class QueryShape:
    """`patient` and `after` are None where they are not asked; in `after` a None is no value."""

    tenant: Slot
    type: Slot
    patient: Slot | None
    criteria: tuple[ConditionShape, ...]
    sort: tuple[SortShape, ...]
    after: tuple[Slot | None, ...] | None
    limit: Slot


def shape_of(query: Query, tenant: str) -> tuple[QueryShape, list[Any]]:
    """A query taken apart. What it is asked of (tenant, type, patient) comes first among the
    values."""
    made = _Shaping()
    slot = made.slot
    head = (slot(tenant), slot(query.type), slot(query.patient) if query.patient else None)
    criteria = tuple(made.condition(each) for each in query.criteria)
    sort = tuple(
        SortShape(
            tuple(slot(name) for name in (each.param, *each.also)),
            None if each.param in ("_id", "_lastUpdated") else each.kind,
            each.is_descending,
            each.param == "_lastUpdated",
        )
        for each in query.sort
    )
    after = None
    if query.after:
        after = tuple(None if each is None else slot(each) for each in query.after)
    return QueryShape(*head, criteria, sort, after, slot(query.count + 1)), made.values


class _Shaping:
    """Collects values while it makes shapes of what holds them."""

    def __init__(self) -> None:
        self.values: list[Any] = []

    def slot(self, value: Any) -> Slot:
        self.values.append(value)
        return len(self.values) - 1

    def condition(self, condition: Criterion | Chain | Referring) -> ConditionShape:
        slot = self.slot
        if isinstance(condition, Chain):
            types = tuple(slot(each) for each in condition.types)
            return ChainShape(slot(condition.param), types, self.condition(condition.inner))
        if isinstance(condition, Referring):
            inner = self.condition(condition.inner)
            return ReferringShape(slot(condition.type), slot(condition.param), inner)
        if condition.param in ("_id", "_lastUpdated"):
            return self._of_the_store(condition)
        params = tuple(slot(name) for name in (condition.param, *condition.also))
        if condition.modifier == "missing":
            return MissingShape(params, condition.kinds, condition.is_missing)
        return CriterionShape(params, self._values(condition), condition.modifier == "not")

    def _of_the_store(self, condition: Criterion) -> StoreShape:
        if condition.modifier == "missing":  # every resource has an id and a time
            return StoreShape(always=not condition.is_missing)
        is_not = condition.modifier == "not"
        if condition.param == "_id":
            ids = [each.code for each in condition.values if isinstance(each, TokenAsked)]
            found = tuple(self.slot(plain(each)) for each in ids if each is not None)
            return StoreShape(found, (), is_not) if found else StoreShape(always=is_not)
        moments = [each for each in condition.values if isinstance(each, MomentAsked)]
        asked = tuple(self._moment(each) for each in moments)
        return StoreShape((), asked, is_not) if asked else StoreShape(always=is_not)

    def _values(self, condition: Criterion) -> tuple[ValueShape, ...]:
        """Codes of one system are one shape: one look into the index answers them."""
        codes: dict[str | None, dict[str, None]] = {}
        others: list[Asked] = []
        for each in dict.fromkeys(condition.values):
            if isinstance(each, TokenAsked) and each.code is not None:
                codes.setdefault(each.system, {})[fit(each.code)] = None
            else:
                others.append(each)
        tokens = [self._token(system, list(some)) for system, some in codes.items()]
        return (*tokens, *(self._value(each, condition.modifier) for each in others))

    def _value(self, asked: Asked, modifier: Modifier) -> ValueShape:
        match asked:
            case TokenAsked():
                return self._one(asked)
            case LinkAsked():
                to_type = self.slot(fit(asked.type)) if asked.type else None
                return LinkShape(to_type, self.slot(fit(asked.id)))
            case MomentAsked():
                return self._moment(asked)
            case WordAsked():
                return self._word(asked, modifier)
            case AmountAsked():
                unit = self._one(TokenAsked(asked.system, asked.code))
                return AmountShape(asked.prefix, self.slot(asked.low), self.slot(asked.high), unit)
            case PairAsked():
                return PairShape(self._one(asked.code), self._one(asked.value))

    def _one(self, asked: TokenAsked) -> TokenShape:
        return self._token(asked.system, [] if asked.code is None else [fit(asked.code)])

    def _token(self, system: str | None, codes: Sequence[str]) -> TokenShape:
        slots = tuple(self.slot(code) for code in codes)
        return TokenShape(None if system is None else self.slot(fit(system)), slots)

    def _moment(self, asked: MomentAsked) -> MomentShape:
        return MomentShape(asked.prefix, self.slot(asked.low), self.slot(asked.high))

    def _word(self, asked: WordAsked, modifier: Modifier) -> WordShape:
        folded = plain(asked.folded)
        head = folded[:HEAD]
        if modifier == "exact":
            return WordShape(modifier, self.slot(head), None, None, self.slot(plain(asked.exact)))
        beyond = after_all(head)
        return WordShape(
            "contains" if modifier == "contains" else "",
            self.slot(head),
            None if beyond is None else self.slot(beyond),
            self.slot(len(folded)) if len(folded) > HEAD else None,
            self.slot(folded),
        )


def after_all(beginning: str) -> str | None:
    """The first text after all that begin so; None where there is none."""
    for place in range(len(beginning) - 1, -1, -1):
        point = ord(beginning[place])
        if point < MAX_AFTER:
            following = 0xE000 if point == 0xD7FF else point + 1  # surrogates are no characters
            return beginning[:place] + chr(following)
    return None
