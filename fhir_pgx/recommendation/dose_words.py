"""Numbers of a dose in words: exact inside, at most three significant digits on a card."""

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal


def rounded(value: Decimal, rounding: str) -> Decimal:
    """At most three significant digits."""
    if not value:
        return value
    return value.quantize(Decimal(1).scaleb(value.adjusted() - 2), rounding=rounding)


def show(value: Decimal, rounding: str = ROUND_HALF_UP) -> str:
    """A number for a card: at most three significant digits, no trailing zeros, no exponent."""
    text = f"{rounded(value, rounding):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def measured(value: Decimal) -> str:
    """A measurement for a card: what was weighed or measured, to one decimal at most."""
    text = f"{value.quantize(Decimal('0.1'), ROUND_HALF_UP):f}"
    return text.rstrip("0").rstrip(".")


def in_words(low: Decimal | None, high: Decimal | None, unit: str, comparator: str | None) -> str:
    """An interval in words. An upper end is never rounded up, a lower one never down."""
    sign = "" if unit == "%" else " "
    if high is None:
        words = "more than" if comparator == ">" else "at least"
        return f"{words} {show(low, ROUND_CEILING)}{sign}{unit}" if low is not None else "not known"
    if low is None:
        words = "less than" if comparator == "<" else "at most"
        return f"{words} {show(high, ROUND_FLOOR)}{sign}{unit}"
    if low == high:
        return f"{show(high)}{sign}{unit}"
    lower, upper = rounded(low, ROUND_CEILING), rounded(high, ROUND_FLOOR)
    if lower > upper:  # so close that three digits do not tell them apart
        return f"{show(high, ROUND_FLOOR)}{sign}{unit}"
    return f"{show(low, ROUND_CEILING)} to {show(high, ROUND_FLOOR)}{sign}{unit}"
