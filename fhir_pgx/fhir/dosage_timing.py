"""How often a dose is given: FHIR Timing of every release, its codes, and plain words.

Counted are doses in 24 hours. A dose given less often than once a day has no count here: an
average over the week is no daily dose.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from fhir_pgx.fhir.bundle import as_dicts, as_list, as_text
from fhir_pgx.fhir.dosage_units import number
from fhir_pgx.fhir.values import concept_of


class Often(NamedTuple):
    """Doses in 24 hours: `per_day` where it is one number, `most` the upper end of a range."""

    per_day: Decimal | None = None
    most: Decimal | None = None


UNKNOWN = Often()

_HOURS = {
    "s": Fraction(1, 3600), "min": Fraction(1, 60), "h": Fraction(1), "hr": Fraction(1),
    "hour": Fraction(1), "hours": Fraction(1), "d": Fraction(24), "day": Fraction(24),
    "days": Fraction(24), "wk": Fraction(168), "week": Fraction(168), "weeks": Fraction(168),
}  # fmt: skip
# v3 GTSAbbreviation, and the abbreviations of order sheets.
_CODES = {
    **dict.fromkeys(("QD", "DAILY", "AM", "PM", "QAM", "QPM", "BED", "HS", "QHS"), Decimal(1)),
    "BID": Decimal(2),
    "TID": Decimal(3),
    "QID": Decimal(4),
}
_EVERY_CODE = re.compile(r"Q(\d{1,2})H")
# Events that come once a day. C, AC and PC mean any meal, however many there are.
_ONCE_A_DAY = frozenset(
    {
        "MORN", "MORN.early", "MORN.late", "NOON", "AFT", "AFT.early", "AFT.late", "EVE",
        "EVE.early", "EVE.late", "NIGHT", "HS", "WAKE", "ACM", "ACD", "ACV", "PCM", "PCD", "PCV",
        "CM", "CD", "CV",
    }
)  # fmt: skip
_MOST_A_DAY = 96  # every quarter of an hour; more is a mistake
_STATED = frozenset({"frequency", "period", "periodUnit", "periodUnits"})
_COUNTS = {
    "once": 1, "twice": 2, "one time": 1, "two times": 2, "three times": 3, "thrice": 3,
    "four times": 4,
}  # fmt: skip
_SHORT = {
    "b.i.d.": 2, "bid": 2, "t.i.d.": 3, "tid": 3, "q.i.d.": 4, "qid": 4, "qd": 1, "q.d.": 1,
    "daily": 1, "every day": 1, "each day": 1, "nightly": 1, "at bedtime": 1, "at night": 1,
    "every night": 1, "every morning": 1, "every evening": 1, "in the morning": 1,
    "in the evening": 1, "each morning": 1, "each evening": 1, "qhs": 1, "qam": 1, "qpm": 1,
    "once daily at bedtime": 1, "once daily in the morning": 1, "daily at bedtime": 1,
    "daily in the morning": 1, "once daily in the evening": 1, "every 24 hours": 1,
}  # fmt: skip
_TIMES = re.compile(
    r"(?P<count>once|twice|thrice|(?:one|two|three|four|[1-9]) times?)"
    r" (?:daily|a day|per day|each day|every day|/ ?day)"
)
_EVERY = re.compile(
    r"(?:every |q ?)(?P<short>\d{1,2})(?: ?(?:-|to) ?(?P<long>\d{1,2}))? ?(?:hours?|hrs?|h)"
)


def _count(times: Fraction) -> Decimal | None:
    """Doses a day as an exact decimal; None for fewer than one, for one that does not
    end, and for a count that nobody takes."""
    if not 1 <= times <= _MOST_A_DAY:
        return None
    found = Decimal(times.numerator) / Decimal(times.denominator)
    return found if found * times.denominator == times.numerator else None


def _often(least: Fraction, most: Fraction) -> Often:
    if least == most:
        return Often(_count(most), _count(most))
    return Often(None, _count(most))


def often_in_words(text: str) -> Often | None:
    """`twice daily`, `q6h`, `every 4 to 6 hours`, `BID`; None where the words say anything more."""
    words = " ".join(text.lower().split())
    if words in _SHORT:
        return Often(Decimal(_SHORT[words]), Decimal(_SHORT[words]))
    if match := _TIMES.fullmatch(words):
        count = match["count"]
        times = _COUNTS.get(count) or (int(count[0]) if count[0].isdigit() else 0)
        return Often(Decimal(times), Decimal(times)) if times else None
    if match := _EVERY.fullmatch(words):
        short, long = int(match["short"]), int(match["long"] or match["short"])
        return _often(Fraction(24, long), Fraction(24, short)) if 0 < short <= long else None
    return None


def _of_code(value: Any) -> Often | None:
    concept = concept_of(value)
    for coding in concept.codings:
        code = coding.code.upper()
        if code in _CODES:
            return Often(_CODES[code], _CODES[code])
        if (match := _EVERY_CODE.fullmatch(code)) and int(match[1]):
            times = Fraction(24, int(match[1]))
            return _often(times, times)
    for text in (concept.text, *[coding.display for coding in concept.codings]):
        if text and (found := often_in_words(text)):
            return found
    # A timing that is stated and not understood is no "once a day".
    return UNKNOWN if concept.codings or concept.text else None


def _fraction(value: Any) -> Fraction | None:
    found = number(value)
    return None if found is None else Fraction(found)


@lru_cache(maxsize=1024)
def _rate(
    frequency: Decimal, most: Decimal, period: Decimal, longest: Decimal, hours: Fraction
) -> Often:
    """So many times in so many periods of so many hours. Orders say the same few over and over, and
    exact fractions are slow."""
    least = Fraction(frequency) * 24 / (Fraction(longest) * hours)
    return _often(least, Fraction(most) * 24 / (Fraction(period) * hours))


def _of_repeat(repeat: Mapping[str, Any]) -> Often | None:
    """What `Timing.repeat` says of the count; None where it says nothing of it."""
    events = len(as_list(repeat.get("timeOfDay")))
    named = [as_text(item) for item in as_list(repeat.get("when"))]
    if named:
        # Both stated: the doses would have to be paired by hand.
        events = 0 if events or not _ONCE_A_DAY.issuperset(named) else len(set(named))
    fixed = _often(Fraction(events), Fraction(events)) if events else None
    days = {as_text(day) for day in as_list(repeat.get("dayOfWeek"))}
    if days and len(days) < 7:
        return UNKNOWN
    period = number(repeat.get("period"))
    hours = _HOURS.get(as_text(repeat.get("periodUnit") or repeat.get("periodUnits")))
    if period is None or hours is None:
        return UNKNOWN if _STATED & repeat.keys() or (named and not events) else fixed
    # "If no frequency is stated, it is assumed that this activity happens once" (Timing.repeat).
    frequency = number(repeat.get("frequency", 1))
    most = number(repeat.get("frequencyMax")) or frequency
    longest = number(repeat.get("periodMax")) or period
    if frequency is None or most is None or longest < period or most < frequency:
        return UNKNOWN
    found = _rate(frequency, most, period, longest, hours)
    if fixed and fixed != found:
        return UNKNOWN
    return UNKNOWN if named and not events else found


def read_often(timing: Any) -> Often | None:
    """The count of a Timing; None where there is no timing, UNKNOWN where it does not decide."""
    if not isinstance(timing, Mapping):
        return None
    repeat = timing.get("repeat")
    by_code = _of_code(timing["code"]) if "code" in timing else None
    by_repeat = _of_repeat(repeat) if isinstance(repeat, Mapping) else None
    if by_code and by_repeat:
        if UNKNOWN in (by_code, by_repeat):
            return by_repeat if by_code == UNKNOWN else by_code
        return by_code if by_code == by_repeat else UNKNOWN
    if by_code or by_repeat:
        return by_code or by_repeat
    return UNKNOWN if as_list(timing.get("event")) else None


def hours_of(quantity: Any) -> Fraction | None:
    """A Duration in hours; None without a unit we know, and for months and years."""
    for item in as_dicts(quantity):
        value = _fraction(item.get("value"))
        unit = as_text(item.get("code")) or as_text(item.get("unit"))
        hours = _HOURS.get(unit) or _HOURS.get(as_text(item.get("unit")))
        if value is not None and hours is not None:
            return value * hours
    return None


def duration_days(timing: Any) -> int | None:
    """For how many days: of `boundsDuration`, the longest of `boundsRange`, or `boundsPeriod`
    with both days stated and counted. A part of a day counts as one."""
    repeat = timing.get("repeat") if isinstance(timing, Mapping) else None
    if not isinstance(repeat, Mapping):
        return None
    between = repeat.get("boundsRange")
    longest = between.get("high") if isinstance(between, Mapping) else None
    hours = hours_of(repeat.get("boundsDuration") or repeat.get("boundsQuantity") or longest)
    if hours is not None:
        return max(1, -(-hours // 24))
    period = repeat.get("boundsPeriod")
    if not isinstance(period, Mapping):
        return None
    try:
        start, end = (
            date.fromisoformat(as_text(period.get(name))[:10]) for name in ("start", "end")
        )
    except ValueError:
        return None
    return (end - start).days + 1 if end >= start else None
