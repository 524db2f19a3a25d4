"""Dates and times as intervals of microseconds since 1970 UTC.

A text is as long as its precision: `2024-05` is all of May, `10:30` all of that minute (FHIR R4,
Search, date). A text without a zone is read as UTC.
"""

import functools
import re
from calendar import monthrange
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from fhir_pgx.fhir.bundle import as_list
from fhir_pgx.model.search import EVER

SECOND = 1_000_000
MINUTE, HOUR, DAY = 60 * SECOND, 3600 * SECOND, 86_400 * SECOND

_EPOCH = date(1970, 1, 1).toordinal()
_TEXT = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
    r"(?:T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<part>[0-9]+))?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?"
)

Interval = tuple[int, int]


@functools.lru_cache(maxsize=4096)  # the results of one report have one date
def interval_of(text: str) -> Interval | None:
    """The time that a date, dateTime or instant covers, its end excluded; None for no date."""
    found = _TEXT.fullmatch(text.strip())
    if not found:
        return None
    try:
        day = date(int(found["year"]), int(found["month"] or 1), int(found["day"] or 1))
    except ValueError:
        return None
    low = (day.toordinal() - _EPOCH) * DAY
    if not found["month"]:
        return low, low + (366 if monthrange(day.year, 2)[1] == 29 else 365) * DAY
    if not found["day"]:
        return low, low + monthrange(day.year, day.month)[1] * DAY
    return _within(low, found) if found["hour"] else (low, low + DAY)


def _within(day: int, found: re.Match[str]) -> Interval | None:
    """The part of a day, which begins at `day`, that a time covers."""
    hour, minute, second = int(found["hour"]), int(found["minute"]), int(found["second"] or 0)
    zone = _offset(found["zone"])
    if hour > 23 or minute > 59 or second > 60 or zone is None:  # 60 is a leap second
        return None
    low = day + hour * HOUR + minute * MINUTE + second * SECOND - zone
    if not found["second"]:
        return low, low + MINUTE
    part = found["part"]
    if not part:
        return low, low + SECOND
    low += int(part[:6].ljust(6, "0"))
    return low, low + 10 ** max(0, 6 - len(part))


def _offset(zone: str | None) -> int | None:
    if not zone or zone == "Z":
        return 0
    hours, minutes = int(zone[1:3]), int(zone[4:])
    if hours > 14 or minutes > 59:
        return None
    return (-1 if zone[0] == "-" else 1) * (hours * HOUR + minutes * MINUTE)


def intervals_of(kind: str, value: Any) -> Iterator[Interval]:
    """The times that an element of a data type covers; none for what is no time."""
    if kind == "Period":
        found = _period(value)
    elif kind == "Timing":
        found = _timing(value)
    else:
        found = interval_of(value) if isinstance(value, str) else None
    if found is not None and found[0] < found[1]:  # a period that ends before it starts is none
        yield found


def _period(value: Any) -> Interval | None:
    """From the start of its start to the end of its end; an end that is not stated is open."""
    if not isinstance(value, Mapping):
        return None
    start, end = value.get("start"), value.get("end")
    first = interval_of(start) if isinstance(start, str) else None
    last = interval_of(end) if isinstance(end, str) else None
    if first is None and last is None:
        return None
    return first[0] if first else EVER[0], last[1] if last else EVER[1]


def _timing(value: Any) -> Interval | None:
    """FHIR R4, Search, date: of a Timing the outer limits alone count."""
    if not isinstance(value, Mapping):
        return None
    events = [interval_of(each) for each in as_list(value.get("event")) if isinstance(each, str)]
    repeat = value.get("repeat")
    bounds = _period(repeat.get("boundsPeriod")) if isinstance(repeat, Mapping) else None
    known = [each for each in (*events, bounds) if each is not None]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None
