"""Weight, height, kidney function, QTc, heart rate and the INR aimed at, in one unit each.

A value that a device made counts as one that a person wrote down.

A number counts with a unit we know, a value a living person can have, and a date of the calendar
that is not in the future; anything else is listed and not used. Of several the newest counts, and
a final one before one that is preliminary.

LOINC codes: copyright Regenstrief Institute, Inc. and the LOINC Committee, http://loinc.org/license.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from fhir_pgx.fhir.bundle import Entry, as_dicts, as_text
from fhir_pgx.fhir.conditions import code_of
from fhir_pgx.fhir.observed import Observed, observations_of
from fhir_pgx.fhir.values import concept_of
from fhir_pgx.model.dates import days_of, is_after
from fhir_pgx.model.finding import NotUnderstood
from fhir_pgx.model.patient import NOT_USED, Measurement

Units = Mapping[str, tuple[Decimal, str]]

_WEIGHT_CODES = ("29463-7", "3141-9", "3142-7", "8335-2")
_HEIGHT_CODES = ("8302-2", "3137-7", "8308-9", "3138-5")
# Of results of one time the earlier counts: 2021 equation, then the older ones; those that add a
# coefficient for race (48643-1, 88293-6) come last.
_EGFR_CODES = (
    "98979-8", "98980-6", "62238-1", "94677-2", "69405-9", "77147-7", "33914-3", "76633-7",
    "50210-4", "50384-7", "50044-7", "70969-1", "88294-4", "48642-3", "88293-6", "48643-1",
)  # fmt: skip
_CLEARANCE_CODES = ("2164-2",)  # creatinine clearance from 24 hour urine
# The corrected interval alone: without saying how, by Fridericia, by Bazett. QT without correction
# (8634-8) turns on the heart rate and is not taken for it.
_QTC_CODES = ("8636-3", "76634-5", "76635-2")
_RATE_CODES = ("8867-4",)
_INR_CODES = frozenset({"6301-6", "34714-6"})

_ONE = Decimal(1)
_POUND, _OUNCE = Decimal("0.45359237"), Decimal("0.028349523125")
_KILOGRAMS: Units = {
    **dict.fromkeys(("kg", "kgs", "kilogram", "kilograms"), (_ONE, "kg")),
    **dict.fromkeys(("g", "gram", "grams"), (Decimal("0.001"), "kg")),
    **dict.fromkeys(("[lb_av]", "lb", "lbs", "pound", "pounds"), (_POUND, "kg")),
    **dict.fromkeys(("[oz_av]", "oz", "ounce", "ounces"), (_OUNCE, "kg")),
}
_CENTIMETRES: Units = {
    **dict.fromkeys(("cm", "centimeter", "centimeters", "centimetre"), (_ONE, "cm")),
    **dict.fromkeys(("m", "meter", "meters", "metre", "metres"), (Decimal(100), "cm")),
    "mm": (Decimal("0.1"), "cm"),
    **dict.fromkeys(("[in_i]", "in", "inch", "inches", "[in_us]"), (Decimal("2.54"), "cm")),
    **dict.fromkeys(("[ft_i]", "ft", "feet"), (Decimal("30.48"), "cm")),
}
_NORMED, _PLAIN_RATE = "mL/min/{1.73_m2}", "mL/min"
_MILLISECONDS: Units = {
    **dict.fromkeys(("ms", "msec", "msecs", "millisecond", "milliseconds"), (_ONE, "ms")),
    **dict.fromkeys(("s", "sec", "second", "seconds"), (Decimal(1000), "ms")),
}
_BEATS: Units = dict.fromkeys(
    ("/min", "{beats}/min", "{beat}/min", "beats/min", "beats/minute", "bpm", "{h.b.}/min",
     "1/min", "per_minute", "beatsperminute"),
    (_ONE, "/min"),
)  # fmt: skip
_FILTRATION: Units = {
    **dict.fromkeys(
        ("ml/min/{1.73_m2}", "ml/min/1.73_m2", "ml/min/{1.73m2}", "ml/min/1.73m2", "ml/min/1.73m²",
         "ml/min/1.73.m2", "ml/min/{1.73.m2}", "ml/min/1.73sqm", "ml/min/1.73m^2",
         "ml/min/{bsa}"),
        (_ONE, _NORMED),
    ),
    "ml/min": (_ONE, _PLAIN_RATE),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Kind:
    """A number we look for: its codes, what its units are worth, and what a person can have."""

    name: str
    codes: tuple[str, ...]
    units: Units
    least: Decimal
    most: Decimal


_KINDS = (
    _Kind("weight", _WEIGHT_CODES, _KILOGRAMS, Decimal("0.2"), Decimal(600)),
    _Kind("height", _HEIGHT_CODES, _CENTIMETRES, Decimal(20), Decimal(280)),
    _Kind("egfr", (*_EGFR_CODES, *_CLEARANCE_CODES), _FILTRATION, Decimal("0.1"), Decimal(300)),
    _Kind("qtc", _QTC_CODES, _MILLISECONDS, Decimal(200), Decimal(900)),
    _Kind("heart rate", _RATE_CODES, _BEATS, Decimal(15), Decimal(350)),
)
_INR = _Kind("inr target", (), {"1": (_ONE, "{INR}")}, Decimal(1), Decimal(6))
_RATIO_UNITS = frozenset({"", "1", "inr", "{inr}", "{ratio}", "ratio"})
_KIND_OF = {code: kind for kind in _KINDS for code in kind.codes}
_RANK = {code: -place for place, code in enumerate((*_EGFR_CODES, *_CLEARANCE_CODES))}
_GOALS_OUT = frozenset({"rejected", "cancelled", "entered-in-error", "completed", "proposed"})

_UNUSED = "{}: {}" + NOT_USED
_Order = tuple[bool, str, int]  # final, when, rank of the code


@dataclass(slots=True)
class _Best:
    """The best of each so far, with its rank; and what could not be used."""

    numbers: dict[str, tuple[_Order, Measurement]] = field(default_factory=dict)
    odd: list[NotUnderstood] = field(default_factory=list)

    def keep(self, name: str, order: _Order, measured: Measurement) -> None:
        if name not in self.numbers or order > self.numbers[name][0]:
            self.numbers[name] = (order, measured)

    def refuse(self, entry: Entry, path: str, name: str, reason: str) -> None:
        self.odd.append(NotUnderstood(entry.reference, _UNUSED.format(name, reason), path))


@dataclass(frozen=True, slots=True)
class Measurements:
    """What the Observations and Goals of a patient say; None where none of them says it."""

    weight: Measurement | None = None
    height: Measurement | None = None
    egfr: Measurement | None = None
    inr_target: Measurement | None = None
    qtc: Measurement | None = None
    heart_rate: Measurement | None = None
    not_understood: tuple[NotUnderstood, ...] = ()


def read_measurements(entries: Iterable[Entry], *, today: date) -> Measurements:
    """The newest usable value of each; dates as sent."""
    entries = tuple(entries)
    best = _Best()
    for observed in observations_of(entries, _KIND_OF):
        kind = next((_KIND_OF[code] for code in observed.loinc if code in _KIND_OF), None)
        if kind is not None:
            _read_number(kind, observed, best, today)
    for entry in entries:
        if entry.type == "Goal" and entry.container is None:
            _read_goal(entry, best, today)
    numbers = {name: measured for name, (_, measured) in best.numbers.items()}
    return Measurements(
        weight=numbers.get("weight"),
        height=numbers.get("height"),
        egfr=numbers.get("egfr"),
        inr_target=numbers.get("inr_target"),
        qtc=numbers.get("qtc"),
        heart_rate=numbers.get("heart rate"),
        not_understood=tuple(best.odd),
    )


def _read_number(kind: _Kind, observed: Observed, best: _Best, today: date) -> None:
    element, entry = observed.element, observed.entry
    if not any(member.startswith("value") for member in element):
        return  # a panel, or a value that is absent with its reason
    quantity = element.get("valueQuantity")
    if not isinstance(quantity, dict):
        best.refuse(entry, observed.path, kind.name, "the value is no quantity with a unit")
        return
    measured, reason = _measured(kind, quantity, observed.when, entry.reference)
    if measured is not None:
        reason = _of_date(observed.when, today)
    if measured is None or reason:
        best.refuse(entry, observed.path, kind.name, reason)
        return
    rank = max(_RANK.get(code, -99) for code in observed.loinc)
    best.keep(kind.name, (*observed.order, rank), measured)


def _of_date(when: str, today: date) -> str:
    """What is wrong with a date; empty where nothing is, or where none is stated."""
    if when and days_of(when) is None:
        return "its date is no date of the calendar"
    return "it is dated in the future" if is_after(when, today) else ""


def _measured(
    kind: _Kind, quantity: Mapping[str, Any], when: str, reference: str
) -> tuple[Measurement | None, str]:
    """The quantity in the kind's unit, or why it cannot be used."""
    value = _decimal(quantity.get("value"))
    if value is None:
        return None, "the quantity has no number"
    if as_text(quantity.get("comparator")):
        return None, "only a bound is stated (more or less than)"
    worth = _worth(kind.units, quantity)
    if worth is None:
        return None, "its unit is missing, not one we know, or contradicts its code"
    factor, unit = worth
    in_unit = value * factor
    if not kind.least <= in_unit <= kind.most:
        return None, f"no person measures that in {unit}"
    return Measurement(in_unit, unit, when, reference), ""


def _worth(units: Units, quantity: Mapping[str, Any]) -> tuple[Decimal, str] | None:
    """What a unit is worth: its code, else its words; None where these are worth different things
    (`kg` with the code of pounds): which of them was meant is not ours to say."""
    spelled = (
        re.sub(r"\s", "", as_text(quantity.get(member)).lower())
        for member in ("code", "unit", "units")
    )
    found = [units[each] for each in spelled if each in units]
    if len({factor for factor, _ in found}) > 1:
        return None
    return found[0] if found else None


def _decimal(value: Any) -> Decimal | None:
    try:
        found = Decimal(as_text(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _read_goal(entry: Entry, best: _Best, today: date) -> None:
    """The INR aimed at. A range is taken at its middle, as the dosing equations take it."""
    goal = entry.resource
    if code_of(goal.get("lifecycleStatus") or goal.get("status")) in _GOALS_OUT:
        return
    when = as_text(goal.get("statusDate")) or as_text(goal.get("startDate"))
    for target in as_dicts(goal.get("target")):
        measure = concept_of(target.get("measure"))
        if _INR_CODES.isdisjoint(coding.code for coding in measure.codings):
            continue
        found = [_measured(_INR, end, when, entry.reference)[0] for end in _ends(target)]
        numbers = [measured.value for measured in found if measured is not None]
        if not numbers or len(numbers) < len(found) or numbers != sorted(numbers):
            best.refuse(entry, entry.path, "inr target", "it is no number or range to aim at")
        elif _of_date(when, today):
            best.refuse(entry, entry.path, "inr target", _of_date(when, today))
        else:
            middle = sum(numbers, Decimal(0)) / len(numbers)
            measured = Measurement(middle, "{INR}", when, entry.reference)
            best.keep("inr_target", (True, when, 0), measured)


def _ends(target: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The quantity of a target, or the two ends of its range: one end alone is no target."""
    quantity, span = target.get("detailQuantity"), target.get("detailRange")
    if isinstance(quantity, dict):
        return [_as_ratio(quantity)]
    if not isinstance(span, dict):
        return []
    ends = [span.get("low"), span.get("high")]
    return [_as_ratio(end) if isinstance(end, dict) else {} for end in ends]


def _as_ratio(quantity: Mapping[str, Any]) -> Mapping[str, Any]:
    """An INR has no unit: `{INR}`, `1` and none at all say the same."""
    unit = as_text(quantity.get("code")) or as_text(quantity.get("unit"))
    return {**quantity, "code": "1"} if unit.lower() in _RATIO_UNITS else quantity
