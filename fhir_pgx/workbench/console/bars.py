"""Bars of what became of cards: widths and heights to scale, in the units of an SVG's viewBox.

Plain numbers; the template draws them. Each fate has a pattern of its own beside its colour.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from fhir_pgx.storage import FeedbackLine
from fhir_pgx.workbench.console.card_table import FATES

WIDTH: Final = 160.0
DAYS_WIDTH: Final = 720.0
DAYS_HEIGHT: Final = 160.0
_ROUND: Final = 2


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a bar. `fate` is one of FATES, or `unknown` where no answers are known of."""

    fate: str
    start: float
    length: float
    number: int


@dataclass(frozen=True, slots=True)
class DayBar:
    """A day's cards; `parts` stand on one another from the axis up. `is_before` the record began:
    no bar there means no data, not no cards."""

    day: date
    x: float
    width: float
    parts: tuple[Part, ...]
    issued: int
    is_before: bool


@dataclass(frozen=True, slots=True)
class DayChart:
    """`most` is the number of cards that the height of the chart stands for."""

    bars: tuple[DayBar, ...]
    most: int
    ticks: tuple[tuple[int, float], ...]  # number of cards, and its y


def row_bar(line: FeedbackLine, most: int, *, has_answers: bool) -> tuple[Part, ...]:
    """One line's cards as parts of a bar that is WIDTH wide where the line has `most` cards."""
    return _parts(line, WIDTH / most if most else 0.0, has_answers=has_answers)


def day_chart(
    lines: Sequence[FeedbackLine], days: Sequence[date], first: date | None, *, has_answers: bool
) -> DayChart:
    """Cards by day of issue; `first` is the day of the first card of all, None without one."""
    by_day = {line.key[0]: line for line in lines}
    most = _round_up(max((line.issued for line in lines), default=0))
    step = DAYS_WIDTH / len(days) if days else 0.0
    bars = []
    for place, day in enumerate(days):
        line = by_day.get(day.isoformat())
        scale = DAYS_HEIGHT / most if most else 0.0
        bars.append(
            DayBar(
                day=day,
                x=round(place * step + step * 0.1, _ROUND),
                width=round(step * 0.8, _ROUND),
                parts=_parts(line, scale, has_answers=has_answers) if line else (),
                issued=line.issued if line else 0,
                is_before=first is None or day < first,
            )
        )
    ticks = tuple(
        (number, round(DAYS_HEIGHT - number * DAYS_HEIGHT / most, _ROUND))
        for number in sorted({0, most // 2, most})
    ) if most else ()  # fmt: skip
    return DayChart(tuple(bars), most, ticks)


def days_up_to(last: date, number: int) -> list[date]:
    """So many days, the last one last."""
    return [last - timedelta(days=back) for back in reversed(range(number))]


def _parts(line: FeedbackLine, scale: float, *, has_answers: bool) -> tuple[Part, ...]:
    if not has_answers:
        return (Part("unknown", 0.0, round(line.issued * scale, _ROUND), line.issued),)
    found, start = [], 0.0
    for fate in FATES:
        number = getattr(line, fate)
        if number:
            length = number * scale
            found.append(Part(fate, round(start, _ROUND), round(length, _ROUND), number))
            start += length
    return tuple(found)


def _round_up(number: int) -> int:
    """The next of 2, 4, 10, 20, 40, 100, …: half of it is a whole number too."""
    if number <= 0:
        return 0
    power = 1
    while True:
        for step in (2, 4, 10):
            if number <= step * power:
                return step * power
        power *= 10
