"""The period that a page of the console is about, as its address states it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from fhir_pgx.errors import InvalidParameter

DAYS = (1, 7, 30, 90, 365)
USUAL = 30


@dataclass(frozen=True, slots=True)
class Period:
    """`days` before and up to `now`, today (UTC) being the first; all there is where it is 0."""

    days: int
    now: datetime

    @property
    def since(self) -> datetime | None:
        """Midnight (UTC) at which the period begins; None where it has no beginning."""
        if not self.days:
            return None
        return midnight(self.now.date() - timedelta(days=self.days - 1))

    @property
    def words(self) -> str:
        if not self.days:
            return "since the record began"
        return "today (UTC)" if self.days == 1 else f"in the last {self.days} days"


def read_period(text: str, now: datetime, *, usual: int = USUAL) -> Period:
    """Raises InvalidParameter for another number than those offered; `all` is 0."""
    if not text:
        return Period(usual, now)
    known = {"all": 0, **{str(days): days for days in DAYS}}
    if text not in known:
        raise InvalidParameter(
            "there is no such period", where="days", mend=f"choose one of {', '.join(known)}"
        )
    return Period(known[text], now)


def read_day(text: str, where: str) -> datetime | None:
    """Midnight (UTC) of a day as a form states it; None where it is empty.

    Raises InvalidParameter.
    """
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.min
    if not 2000 <= found.year < 9999:
        raise InvalidParameter("this is no day", where=where, mend="write it as 2026-10-31")
    return midnight(found)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
