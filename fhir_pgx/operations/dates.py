"""FHIR dates and times as intervals of microseconds since 1970 UTC, `low` included, `high` not.

A date means all of itself: `2024-05` is the whole of May. A time without a zone is read as UTC.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from fhir_pgx.errors import InvalidParameter
from fhir_pgx.fhir.bundle import as_text
from fhir_pgx.model.dates import days_of
from fhir_pgx.model.search import EVER

Interval = tuple[int, int]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TIME = re.compile(
    r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?P<seconds>:\d{2}(?P<part>\.\d{1,9})?)?"
    r"(?:Z|[+-]\d{2}:\d{2})?"
)
_DATE = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")
_ASKED = re.compile(r"(eq|ge|gt|le|lt|sa|eb)?(\d.*)")
_MEND = "write ge2024-01-01 and le2024-12-31, or send a Period"


def interval_of(text: str) -> Interval | None:
    """What a date or time can mean; None where it is neither."""
    if _DATE.fullmatch(text):
        days = days_of(text)
        if days is None:
            return None
        first, last = (datetime(day.year, day.month, day.day, tzinfo=UTC) for day in days)
        return _micros(first), _micros(last) + _length(days=1)
    found = _TIME.fullmatch(text)
    if not found:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    low = _micros(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    if found["part"]:
        return low, low + _length(milliseconds=1)
    return low, low + (_length(seconds=1) if found["seconds"] else _length(minutes=1))


def asked_interval(items: Iterable[str], name: str) -> Interval:
    """The interval that all of several bounds (`ge2024`, `lt2025-06`) leave.

    Raises InvalidParameter, naming the parameter, where a bound is none.
    """
    low, high = EVER
    for item in items:
        found = _ASKED.fullmatch(item)
        meant = interval_of(found[2]) if found else None
        if found is None or meant is None:
            raise InvalidParameter("the date range cannot be read", where=name, mend=_MEND)
        prefix = found[1] or "eq"
        if prefix in ("ge", "eq"):
            low = max(low, meant[0])
        if prefix in ("le", "eq"):
            high = min(high, meant[1])
        if prefix in ("gt", "sa"):
            low = max(low, meant[1])
        if prefix in ("lt", "eb"):
            high = min(high, meant[0])
    if low >= high:
        raise InvalidParameter("the date range holds no moment", where=name, mend=_MEND)
    return low, high


def interval_at(resource: Mapping[str, Any], *names: str) -> Interval | None:
    """The interval of the first of these elements (a date, a time or a Period) that a resource
    has; None where it has none that can be read."""
    for name in names:
        value = resource.get(name)
        found = _period(value) if isinstance(value, dict) else interval_of(as_text(value))
        if found is not None:
            return found
    return None


def _period(value: Mapping[str, Any]) -> Interval | None:
    start, end = (interval_of(as_text(value.get(name))) for name in ("start", "end"))
    if start is None and end is None:
        return None
    return (start[0] if start else EVER[0]), (end[1] if end else EVER[1])


def overlaps(one: Interval, other: Interval) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1)


def _length(**parts: int) -> int:
    return timedelta(**parts) // timedelta(microseconds=1)
