"""Dates, numbers and quantities of a query, with their prefixes, as what is asked.

A text is as wide as its precision (FHIR R4, Search, date and number): `2024-05` is the whole of
May, `7.5` is 7.45 up to 7.55.
"""

import math
import re
from decimal import Decimal
from typing import get_args

from fhir_pgx.model.search import AmountAsked, MomentAsked, Prefix
from fhir_pgx.rest.parameters import Parameter
from fhir_pgx.rest.query_refusals import refusal
from fhir_pgx.rest.query_texts import plain, split
from fhir_pgx.rest.values_times import interval_of

_PREFIX = re.compile(rf"({'|'.join(get_args(Prefix))})(?=[0-9+.\-])")
_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(?:\.([0-9]{1,30}))?(?:[eE]([+-]?[0-9]{1,3}))?")
_LOST_PLUS = re.compile(r" (?=[0-9]{2}:[0-9]{2}$)")

# FHIR R4, Search: approximately is within 10 % of the value, of a time within 10 % of its distance.
_NEAR = Decimal("0.1")
_LARGEST = Decimal("1e300")


def read_moment(parameter: Parameter, text: str, now: int) -> MomentAsked:
    """A date with its prefix; `now` in microseconds since 1970 UTC."""
    prefix, rest = _prefix(text)
    # A `+` that was not encoded arrives as a blank.
    interval = interval_of(_LOST_PLUS.sub("+", rest))
    if interval is None:
        raise refusal(
            parameter.name, "is no date", "send such as 2024, 2024-05, ge2024-05-31T10:00:00Z"
        )
    low, high = interval
    if prefix == "ap":
        distance = int(abs(now - (low + high) // 2) * _NEAR)
        low, high = low - distance, high + distance
    return MomentAsked(prefix, low, high)


def read_number(parameter: Parameter, text: str) -> AmountAsked:
    prefix, low, high = _bounds(parameter, text)
    return AmountAsked(prefix, low, high)


def read_quantity(parameter: Parameter, text: str) -> AmountAsked:
    """`5.4`, `5.4|system|code` or `5.4||code`."""
    pieces = split(text.strip(), "|")
    if len(pieces) not in (1, 3):
        raise refusal(parameter.name, "is no quantity", "send 5.4, 5.4|system|code or 5.4||unit")
    prefix, low, high = _bounds(parameter, pieces[0])
    system, code = (plain(each) or None for each in (pieces[1:] or ("", "")))
    return AmountAsked(prefix, low, high, system, code)


def _bounds(parameter: Parameter, text: str) -> tuple[Prefix, float, float]:
    prefix, rest = _prefix(text)
    found = _NUMBER.fullmatch(rest)
    if not found:
        raise refusal(parameter.name, "is no number", "send such as 7.5, 100, 5.4e-3 or ge7")
    # Decimal: a binary 5.4 less 0.05 is more than 5.35, which the search should find.
    value = Decimal(rest)
    if prefix in ("eq", "ne"):
        half = _half_a_unit(found)
        low, high = value - half, value + half
    elif prefix == "ap":
        low, high = value - abs(value) * _NEAR, value + abs(value) * _NEAR
    else:  # FHIR R4, Search, number: with a comparison the number is exact
        low = high = value
    if not max(abs(low), abs(high)) < _LARGEST:
        raise refusal(parameter.name, "is out of range", "send a smaller number")
    return prefix, *_without_ends(prefix, float(low), float(high))


def _without_ends(prefix: Prefix, low: float, high: float) -> tuple[float, float]:
    """A store counts the ends in. 100 is 99.5 to just below 100.5; what starts after 100, or ends
    before it, is not 100."""
    match prefix:
        case "eq" | "ne":
            return low, math.nextafter(high, -math.inf)
        case "sa":
            return low, math.nextafter(high, math.inf)
        case "eb":
            return math.nextafter(low, -math.inf), high
    return low, high


def _half_a_unit(found: re.Match[str]) -> Decimal:
    """Half of what the last digit counts. FHIR R4, Search, number, reads `1e2` as 95 to 105: of an
    exponential form without decimals the digit behind the last one counts."""
    decimals, exponent = len(found[1] or ""), found[2]
    if exponent is None:
        return Decimal(5).scaleb(-decimals - 1)
    return Decimal(5).scaleb(int(exponent) - max(decimals, 1) - 1)


def _prefix(text: str) -> tuple[Prefix, str]:
    text = text.strip()
    found = _PREFIX.match(text)
    if not found:
        return "eq", text
    prefix: Prefix = found[1]  # type: ignore[assignment]
    return prefix, text[2:]
