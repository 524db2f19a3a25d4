"""What a resource can be found by, and what a search asks: values between readers and the store.

A value carries the name of the search parameter it answers (`code`, `subject`, `date`). Texts are
folded and times are counted once, when a resource is written, so that a search compares only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

# A date's precision is an interval: `2024-05` is the whole of May.
Prefix = Literal["eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]
Modifier = Literal["", "missing", "not", "exact", "contains"]


# What a resource says


@dataclass(frozen=True, slots=True)
class Token:
    """A code, an identifier, a boolean or a uri. Of a Coding without system, `system` is empty."""

    param: str
    system: str
    code: str


@dataclass(frozen=True, slots=True)
class Link:
    """A reference. Of a target elsewhere, or of one we cannot tell, `type` is empty and `id` the
    whole reference as it stands."""

    param: str
    type: str
    id: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A date, a time or a period: microseconds since 1970 UTC, `low` included, `high` not. An open
    end is `EVER`; a text without a zone is read as UTC."""

    param: str
    low: int
    high: int


EVER = (-(2**62), 2**62)


@dataclass(frozen=True, slots=True)
class Word:
    """A text: `folded` without case, accents and doubled spaces; `exact` as it stands."""

    param: str
    folded: str
    exact: str


@dataclass(frozen=True, slots=True)
class Amount:
    """A number or a quantity, `low` to `high`, both floating point and both included.

    A number is its own `low` and `high`: precision is of the number asked for. A comparator (`<5`)
    or a Range makes an interval, whose open end is the largest number there is. A number without
    unit has empty `system` and `code`.
    """

    param: str
    low: float
    high: float
    system: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """A code and the coded value that stands beside it in one element."""

    param: str
    code_system: str
    code: str
    value_system: str
    value_code: str


@dataclass(frozen=True, slots=True)
class SearchValues:
    """All that one resource can be found by, `_id` and `_lastUpdated` apart: the store has them."""

    tokens: tuple[Token, ...] = ()
    links: tuple[Link, ...] = ()
    moments: tuple[Moment, ...] = ()
    words: tuple[Word, ...] = ()
    amounts: tuple[Amount, ...] = ()
    pairs: tuple[Pair, ...] = ()


NO_VALUES = SearchValues()


# What is asked


@dataclass(frozen=True, slots=True)
class TokenAsked:
    """`system|code`. None: any; an empty system: only what has none (`|code`)."""

    system: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class LinkAsked:
    """A target; an empty `type` is any type."""

    type: str
    id: str


@dataclass(frozen=True, slots=True)
class MomentAsked:
    prefix: Prefix
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class WordAsked:
    """`folded` for a beginning or a part, `exact` for the modifier `exact`."""

    folded: str
    exact: str


@dataclass(frozen=True, slots=True)
class AmountAsked:
    """An amount with its implied precision: `7.5` is 7.45 up to below 7.55, both ends included."""

    prefix: Prefix
    low: float
    high: float
    system: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class PairAsked:
    code: TokenAsked
    value: TokenAsked


Asked = TokenAsked | LinkAsked | MomentAsked | WordAsked | AmountAsked | PairAsked


@dataclass(frozen=True, slots=True)
class Criterion:
    """One parameter; any of `values` will do. With `missing` there are no values: `is_missing`
    says which is wanted. `_id` is a criterion with TokenAsked, `_lastUpdated` with MomentAsked.

    `kinds` are the values the parameter is kept as, in which `missing` looks. `also` are further
    names that its values are kept under: `combo-code` is `code` and `component-code`.
    """

    param: str
    values: tuple[Asked, ...] = ()
    modifier: Modifier = ""
    is_missing: bool = False
    kinds: tuple[type, ...] = ()
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """`subject:Patient.identifier=…`: the target, of one of `types`, meets `inner`."""

    param: str
    types: tuple[str, ...]
    inner: "Criterion | Chain"


@dataclass(frozen=True, slots=True)
class Referring:
    """`_has:Observation:patient:code=…`: a resource of `type` refers to this one by `param` and
    meets `inner`."""

    type: str
    param: str
    inner: "Criterion | Chain | Referring"


@dataclass(frozen=True, slots=True)
class Sort:
    """By `_id`, `_lastUpdated` or a parameter kept as `kind`; resources without it come last.

    `also` as of a criterion.
    """

    param: str
    kind: type | None = None
    is_descending: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """A search. Every criterion must hold. Results are in the order of `sort`, then by id.

    `patient` is the one patient that the criteria allow, empty where they allow several: the store
    looks nowhere else. `after` continues behind a resource: its sort values and id, as `Page.next`
    gave them, so that writes in between neither repeat nor skip. `count` 0 asks for the total
    alone.
    """

    type: str
    criteria: tuple[Criterion | Chain | Referring, ...] = ()
    sort: tuple[Sort, ...] = ()
    count: int = 50
    after: Sequence[str | int | float | None] = ()
    patient: str = ""
    with_total: bool = True
