"""The day of what somebody else dated, where it is one."""

import re
from datetime import date

_DAY = re.compile(r"(\d{4}(?:-\d{2}(?:-\d{2})?)?)(?=$|T|t| )", re.ASCII)


def day_of(when: str) -> str:
    """The year, month or day that a FHIR date or instant begins with; empty for anything else: a
    text of any kind may stand there, and nothing but digits goes onto a card as a date."""
    found = _DAY.match(when)
    if found is None:
        return ""
    year, month, day = (int(part or 1) for part in (*found[1].split("-"), "", "")[:3])
    try:
        date(year, month, day)
    except ValueError:
        return ""
    return found[1]
