"""Numbers and quantities as intervals with their unit.

A number of a resource is kept as it is: its low end is its high end. It is the number asked for
that has a precision (FHIR R4, Search, number). A comparator (`<5`) and a Range make intervals.
"""

import math
import sys
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from fhir_pgx.fhir.bundle import as_list
from fhir_pgx.rest.values_texts import text_of

# Without end, in numbers that a database and a page cursor can hold.
ENDLESS = sys.float_info.max

# Low, high, system and code of the unit.
AmountParts = tuple[float, float, str, str]
# Code (with its system, as `system|code`, and alone) and amount of a component.
PER_CODE = "$"


def amounts_of(kind: str, value: Any) -> Iterator[AmountParts]:
    """The amounts of an element of a data type; none for what is no number."""
    for each in as_list(value):
        if kind == "Range":
            yield from _range(each)
        elif kind in ("integer", "decimal", "positiveInt", "unsignedInt"):
            number = _number(each)
            if number is not None:
                yield number, number, "", ""
        else:
            yield from _quantity(each)


def quantity_of(value: Any) -> tuple[AmountParts, ...]:
    """A quantity by its coded unit, else by the one for people; nothing for what is no quantity."""
    return tuple(_quantity(value))[:1]


def name_for_code(param: str, system: str | None, code: str) -> str:
    """Under which name a composite keeps the amounts of one code; `system` None for any."""
    return f"{param}{PER_CODE}{code}" if system is None else f"{param}{PER_CODE}{system}|{code}"


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return None
    try:
        number = float(value)
    except (OverflowError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _quantity(value: Any) -> Iterator[AmountParts]:
    if not isinstance(value, Mapping):
        return
    number = _number(value.get("value"))
    if number is None:
        return
    low = high = number
    comparator = value.get("comparator")
    if comparator in ("<", "<="):
        low = -ENDLESS
    elif comparator in (">", ">="):
        high = ENDLESS
    for system, code in _units(value):
        yield low, high, system, code


def _range(value: Any) -> Iterator[AmountParts]:
    """An end that is not stated is open."""
    if not isinstance(value, Mapping):
        return
    ends = [
        each if isinstance(each, Mapping) else {} for each in (value.get("low"), value.get("high"))
    ]
    low, high = (_number(each.get("value")) for each in ends)
    if low is None and high is None:
        return
    for system, code in _units(ends[0] if low is not None else ends[1]):
        yield -ENDLESS if low is None else low, ENDLESS if high is None else high, system, code


def _units(quantity: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The coded unit, and the one for people where it is another: `5.4||mg` finds either."""
    code, unit = text_of(quantity.get("code")), text_of(quantity.get("unit"))
    if code or not unit:
        yield text_of(quantity.get("system")), code
    if unit and unit != code:
        yield "", unit
