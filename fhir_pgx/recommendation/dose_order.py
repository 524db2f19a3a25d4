"""What an order comes to in a day, and how that compares with a number of an advice.

Several dosages may be taken together or one after another, and an order as needed may be taken
or not: what is known is a lowest and a highest. A comparison that the two do not settle is
unknown.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from fhir_pgx.model.dose import DoseKind, Judgement, OrderedDose
from fhir_pgx.recommendation.dose_words import show


@dataclass(frozen=True, slots=True)
class Taken:
    """What an order comes to: between `low` and `high`; None where it is not known.

    `peak` is what the highest dosage comes to by itself: if that is above a ceiling, no other
    dosage can mend it. `words` is empty where nothing is known.
    """

    low: Decimal | None
    high: Decimal | None
    peak: Decimal | None
    words: str


NOTHING_KNOWN = Taken(None, None, None, "")


def _part(order: OrderedDose, unit: str) -> Taken:
    """One dosage as the single (`mg`) or the daily dose (`mg/d`); `unit` tells which is wanted."""
    if not unit.endswith("/d"):
        if order.amount is None or order.unit != unit:
            return NOTHING_KNOWN
        low = order.amount if order.amount_low is None else order.amount_low
        return Taken(low, order.amount, order.amount, _ordered(low, order.amount, unit))
    if f"{order.daily_unit}/d" != unit:
        return NOTHING_KNOWN
    high = order.daily if order.daily is not None else order.maximum_daily
    if order.as_needed and order.maximum_daily is not None and high is not None:
        high = min(high, order.maximum_daily)
    if high is None:
        return NOTHING_KNOWN
    known = order.daily is not None and not order.as_needed
    low = Decimal(0)
    if known:
        low = high
        if order.amount_low is not None:
            low = order.amount_low * (order.per_day or 0)
    return Taken(low, high, high, _ordered(low, high, unit))


def _ordered(low: Decimal, high: Decimal, unit: str) -> str:
    if low == high:
        return f"{show(high)} {unit}"
    return f"{f'{show(low)} to ' if low else 'up to '}{show(high)} {unit}"


def taken_of(ordered: Sequence[OrderedDose], what: str, unit: str) -> Taken:
    """All dosages together. Whether they are taken together or one after another is not told:
    the least is that of the smallest alone, the most their sum."""
    wanted = "loading" if what == "loading-dose" else ""
    parts = [_part(order, unit) for order in ordered if order.role == wanted]
    if not parts:
        return NOTHING_KNOWN
    if len(parts) == 1:
        return parts[0]
    peaks = [part.peak for part in parts if part.peak is not None]
    # Of a start, only the first dosage can be too high: the later ones may be the next steps.
    peak = parts[0].peak if what == "starting-dose" else max(peaks, default=None)
    words = " and ".join(part.words or "a dose not known" for part in parts)
    lows = [part.low for part in parts if part.low is not None]
    highs = [part.high for part in parts if part.high is not None]
    if len(highs) < len(parts):
        return Taken(None, None, peak, words)
    high = max(highs) if not unit.endswith("/d") else sum(highs, Decimal(0))
    return Taken(min(lows), high, peak, words)


def compare(
    taken: Taken, low: Decimal | None, high: Decimal | None, *, strict: bool, kind: DoseKind
) -> Judgement:
    """An order against an interval. `strict`: its end is not part of it.

    A threshold is no interval to be in: at or over it is "above", under it is "within".
    """
    if kind == "threshold" and low is not None:
        if taken.peak is not None and (taken.peak > low or (taken.peak == low and not strict)):
            return "above"
        if taken.high is None:
            return "unknown"
        return "within" if taken.high < low or (taken.high == low and strict) else "unknown"
    over = high is not None and taken.peak is not None and taken.peak > high
    if over or (strict and high is not None and taken.peak == high):
        return "above"
    if taken.low is None or taken.high is None:
        return "unknown"
    if low is not None and (taken.high < low or (strict and taken.high == low)):
        return "below"
    fits_high = high is None or taken.high < high or (taken.high == high and not strict)
    fits_low = low is None or taken.low > low or (taken.low == low and not strict)
    return "within" if fits_high and fits_low else "unknown"
