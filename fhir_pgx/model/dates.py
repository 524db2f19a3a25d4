"""FHIR dates, which may be a year alone, as the days they can mean.

The day is the one written down, in the sender's own time: nothing here turns on hours.
"""

import re
from datetime import date, timedelta

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?=$|T|t| )")


def days_of(text: str) -> tuple[date, date] | None:
    """The first and the last day a FHIR date can mean; None where it is not a date.

    `2026` is 1 January to 31 December.
    """
    found = _DATE.match(text)
    if not found:
        return None
    year, month, day = (int(part) if part else 0 for part in found.groups())
    try:
        first = date(year, month or 1, day or 1)
        if day:
            return first, first
        if month == 12 or not month:
            return first, date(year, 12, 31)
        return first, date(year, month + 1, 1) - timedelta(days=1)
    except ValueError:
        return None


def is_before(text: str, day: date) -> bool:
    """Whether a date is certainly earlier than `day`."""
    days = days_of(text)
    return days is not None and days[1] < day


def is_after(text: str, day: date) -> bool:
    """Whether a date is certainly later than `day`."""
    days = days_of(text)
    return days is not None and days[0] > day


def years_between(born: str, today: date) -> int | None:
    """Whole years from a birth date to today; None where a partial date leaves it open."""
    days = days_of(born)
    if days is None or days[0] > today:
        return None
    ages = {_years(each, today) for each in days}
    return ages.pop() if len(ages) == 1 else None


def _years(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
