"""From the parameters of a search to the query that the store answers.

A parameter with a value that cannot be is refused, always: passed over, it would widen the answer,
and the widest answer is of all patients. One that the type does not have is reported and passed
over, or refused where the client asks for that (`Prefer: handling=strict`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from fhir_pgx.model.search import Criterion, LinkAsked, Query, Sort, TokenAsked
from fhir_pgx.rest.parameters import find_parameter
from fhir_pgx.rest.query_controls import (
    MOST_COUNT,
    MOST_INCLUDES,
    USUAL_COUNT,
    Include,
    Summary,
    Total,
    read_count,
    read_elements,
    read_include,
    read_sort,
    read_summary,
    read_total,
)
from fhir_pgx.rest.query_criteria import Condition, read_criteria
from fhir_pgx.rest.query_cursor import AFTER, decode_after, encode_after
from fhir_pgx.rest.query_refusals import UnknownName, refusal, shown, unknown_refusal
from fhir_pgx.rest.query_values import Asking
from fhir_pgx.rest.values_links import at_bases

__all__ = [
    "AFTER", "MOST_COUNT", "USUAL_COUNT", "Asked", "Ignored", "Include", "decode_after",
    "encode_after", "parse_query",
]  # fmt: skip

MOST_CRITERIA = 50
MOST_SORTS = 8
MOST_PARAMETERS = 200

# They are read elsewhere; a page's link repeats them.
_OF_THE_FORM = ("_format", "_pretty")


@dataclass(frozen=True, slots=True)
class Ignored:
    """A parameter that had no effect, and why. `name` is safe to repeat."""

    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A search, read: the query, and what its answer shall look like.

    `used` are the parameters that had an effect, for the self link; the place in the pages
    (`_after`) is not among them. `elements` are names at the root of a resource.
    """

    query: Query
    includes: tuple[Include, ...] = ()
    revincludes: tuple[Include, ...] = ()
    summary: Summary = ""
    elements: tuple[str, ...] = ()
    total: Total = "accurate"
    used: tuple[tuple[str, str], ...] = ()
    ignored: tuple[Ignored, ...] = ()


def parse_query(
    type_: str,
    pairs: Sequence[tuple[str, str]],
    *,
    base_url: str = "",
    own_bases: Sequence[str] = (),
    is_strict: bool = False,
    now: datetime | None = None,
) -> Asked:
    """Read the parameters of a search of one type, decoded and in their order.

    References that begin with `base_url` or one of `own_bases` are to resources of ours. `now` is
    the time from which `ap` measures how near a date is. Raises InvalidSearch.
    """
    if len(pairs) > MOST_PARAMETERS:
        raise refusal(
            "the search", f"has more than {MOST_PARAMETERS} parameters", "send fewer at a time"
        )
    moment = int((now or datetime.now(UTC)).timestamp() * 1_000_000)
    asking = Asking(at_bases((base_url, *own_bases)), moment)
    reading = _Reading(type_, asking)
    for key, value in pairs:
        try:
            reading.read(key, value)
        except UnknownName as unknown:
            if is_strict:
                raise unknown_refusal(type_, key, unknown.reason) from None
            reading.ignored.append(Ignored(shown(key), unknown.reason))
        else:
            if key != AFTER:
                reading.used.append((key, value))
    return reading.asked()


@dataclass(slots=True)
class _Reading:
    """What has been read of a query so far."""

    type: str
    asking: Asking
    criteria: list[Condition] = field(default_factory=list)
    sort: tuple[Sort, ...] = ()
    count: int = USUAL_COUNT
    includes: list[Include] = field(default_factory=list)
    revincludes: list[Include] = field(default_factory=list)
    summary: Summary = ""
    elements: tuple[str, ...] = ()
    total: Total = "accurate"
    after: str = ""
    used: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[Ignored] = field(default_factory=list)

    def read(self, key: str, value: str) -> None:
        """Take one parameter in. Raises UnknownName, InvalidSearch."""
        if not value.isprintable() and any(0xD800 <= ord(sign) <= 0xDFFF for sign in value):
            raise refusal(key, "holds half a character", "encode the text as UTF-8")
        name, _, modifier = key.partition(":")
        match name:
            case "_sort" if modifier in ("", "asc", "desc"):
                self.sort = (*self.sort, *read_sort(self.type, value, modifier))
                if len(self.sort) > MOST_SORTS:
                    raise refusal(name, f"has more than {MOST_SORTS} names", "sort by the first")
            case "_include" | "_revinclude":
                self._include(value, modifier, is_reverse=name == "_revinclude")
            case _ if key in _CONTROLS:
                _CONTROLS[key](self, value)
            case _:
                found = read_criteria(self.type, key, value, self.asking)
                self.criteria.extend(found)
                if len(self.criteria) > MOST_CRITERIA:
                    raise refusal(key, "is one criterion too many", f"send {MOST_CRITERIA} at most")

    def _include(self, value: str, modifier: str, *, is_reverse: bool) -> None:
        found = read_include(value, modifier, type_=self.type, is_reverse=is_reverse)
        several = self.revincludes if is_reverse else self.includes
        several.append(found)
        if len(several) > MOST_INCLUDES:
            raise refusal("_include", "stands there too often", f"send {MOST_INCLUDES} at most")

    def read_count(self, value: str) -> None:
        self.count = read_count(value)

    def read_summary(self, value: str) -> None:
        self.summary = read_summary(value)

    def read_elements(self, value: str) -> None:
        self.elements = tuple(dict.fromkeys((*self.elements, *read_elements(value))))

    def read_total(self, value: str) -> None:
        self.total = read_total(value)

    def read_after(self, value: str) -> None:
        self.after = value

    def pass_by(self, value: str) -> None:
        """What says how the answer is written."""

    def asked(self) -> Asked:
        if self.summary == "text" and (self.includes or self.revincludes):
            # FHIR R4, Search, _summary: text and includes exclude each other.
            raise refusal("_summary", "text cannot stand with _include", "leave one of them out")
        is_counted = self.summary == "count" or self.count == 0
        query = Query(
            self.type,
            tuple(self.criteria),
            self.sort,
            0 if is_counted else self.count,
            patient=_one_patient(self.type, self.criteria),
            # Who asks for a count alone wants one.
            with_total=is_counted or self.total != "none",
        )
        asked = Asked(
            query,
            tuple(dict.fromkeys(self.includes)),
            tuple(dict.fromkeys(self.revincludes)),
            self.summary,
            self.elements,
            self.total,
            tuple(self.used),
            tuple(self.ignored),
        )
        if not self.after:
            return asked
        after = decode_after(self.after, type_=self.type, used=asked.used, sort=self.sort)
        return replace(asked, query=replace(query, after=after))


_CONTROLS = {
    "_count": _Reading.read_count,
    "_summary": _Reading.read_summary,
    "_elements": _Reading.read_elements,
    "_total": _Reading.read_total,
    AFTER: _Reading.read_after,
    **dict.fromkeys(_OF_THE_FORM, _Reading.pass_by),
}


def _one_patient(type_: str, criteria: Sequence[Condition]) -> str:
    """The patient that the criteria allow alone; empty where they allow several, or none say."""
    for each in criteria:
        if not isinstance(each, Criterion) or each.modifier or len(each.values) != 1:
            continue
        value = each.values[0]
        if type_ == "Patient":
            if each.param == "_id" and isinstance(value, TokenAsked) and value.code:
                return value.code
            continue
        parameter = find_parameter(type_, each.param)
        is_whole = isinstance(value, LinkAsked) and value.type == "Patient"
        if is_whole and parameter is not None and parameter.tells_owner:
            return value.id  # type: ignore[union-attr]
    return ""
