"""One dose of an advice in numbers for one patient, with what it was made from.

A source states milligrams a day, milligrams by body weight or surface, or a percentage of a usual
dose. A percentage of the usual dose is not a percentage of the order, which may be reduced
already: its number is shown as "if that is the usual dose", and judges nothing.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_FLOOR, Decimal

from fhir_pgx.model.dose import DoseForPatient, DoseKind, Judgement, OrderedDose
from fhir_pgx.model.knowledge import Dose
from fhir_pgx.recommendation.dose_measure import By
from fhir_pgx.recommendation.dose_order import NOTHING_KNOWN, Taken, compare, taken_of
from fhir_pgx.recommendation.dose_words import in_words, show

# What of an advice's `dose` is an amount of the drug; the rest (levels, risks, times) is not.
_AMOUNTS = {
    "starting-dose": "Starting dose",
    "maintenance-dose": "Maintenance dose",
    "target-dose": "Target dose",
    "maximum-dose": "Maximum dose",
    "daily-dose": "Daily dose",
    "loading-dose": "Loading dose",
    "single-dose": "Single dose",
    "course-dose": "Dose of the course",
}
_UNITS = frozenset({"%", "mg", "mg/d", "mg/kg", "mg/kg/d", "mg/m2", "mg/m2/d"})
# Doses of which the order is no example: a percentage of them is no percentage of the order.
_NOT_THE_ORDERED = ("lowest", "maximum", "poor metabolizers", "ultrarapid", "intermediate")
# An amount `of` something else is no advice for this order: the usual dose, stated to be known, may
# be the very dose to avoid, and the maximum of another drug holds for that drug.
_ADVISED = ("dose recommended for", "lowest recommended")
# `when` texts that explain the number and set no condition begin with these words.
_EXPLAINS = ("total ", "one of ")
_AGE = re.compile(
    r"(?P<adults>adults )?(?:below|under|younger than) (?P<below>\d+) years"
    r"|(?P<from>\d+) years (?:or|and) older"
)
_USUAL = re.compile(r"(?i)\b(?:standard|usual|normal|typical)\b")
Ceilings = Mapping[tuple[str, str], Decimal]  # by what is limited, and unit
ONE_DOSE = frozenset({"single-dose", "loading-dose"})
_RELATIONS = {
    "within": "is within this",
    "above": "is above this",
    "below": "is below this",
}


def amounts(doses: Iterable[Dose]) -> tuple[Dose, ...]:
    """The doses of an advice that are amounts of the drug, in units we count in."""
    return tuple(dose for dose in doses if dose.what in _AMOUNTS and dose.unit in _UNITS)


# What a number asks for


def _kind(dose: Dose) -> DoseKind:
    if dose.unit == "%":
        return "percent"
    if dose.of and not dose.of.startswith(_ADVISED):
        return "reference"
    if dose.comparator in ("<", "<=") or dose.what == "maximum-dose":
        return "ceiling"
    if dose.comparator in (">", ">=") and dose.what == "daily-dose":
        return "threshold"
    return "target"


def is_usual(dose: Dose) -> bool:
    """Whether it states the usual dose of the ordered drug, of which a percentage can be taken."""
    stated = bool(dose.of and dose.value and not dose.when) and dose.unit == "mg/d"
    return stated and _kind(dose) == "reference" and _USUAL.search(str(dose.of)) is not None


def holds_for(dose: Dose, age: int | None) -> bool | None:
    """Whether a number's condition holds: an age is decided here, every other is None."""
    if not dose.when or dose.when.startswith(_EXPLAINS):
        return True
    match = _AGE.fullmatch(dose.when)
    if match is None or age is None:
        return None
    if match["below"]:
        return (18 if match["adults"] else 0) <= age < int(match["below"])
    return age >= int(match["from"])


def _result(
    dose: Dose,
    ends: tuple[Decimal | None, Decimal | None],
    unit: str,
    basis: str,
    judgement: Judgement,
    text: str,
    by: By | None = None,
) -> DoseForPatient:
    return DoseForPatient(
        dose.what, unit, *ends, basis, judgement, text, by.measured if by else None,
        kind=_kind(dose),
        strict=dose.comparator in ("<", ">"),
    )  # fmt: skip


def in_mass(order: OrderedDose, factors: dict[str, By]) -> OrderedDose:
    """An order by weight or surface in mg, where what it is measured by is recent."""
    by = factors.get(order.unit.partition("/")[2])
    if by is None or by.value is None or not by.fresh:
        return order
    factor = by.value

    def times(value: Decimal | None) -> Decimal | None:
        return None if value is None else value * factor

    return replace(
        order,
        amount=times(order.amount),
        amount_low=times(order.amount_low),
        unit="mg",
        daily=times(order.daily),
        daily_unit="mg",
        maximum_daily=times(order.maximum_daily),
    )


# Amounts


def amount_of(
    dose: Dose,
    ordered: Sequence[OrderedDose],
    by_mass: Sequence[OrderedDose],
    factors: dict[str, By],
) -> DoseForPatient:
    """An amount as stated, in mass where it goes by weight or surface, and the order against it.

    `ordered` is the order as stated, `by_mass` the same in mg where that follows.
    """
    ends, stated = _interval(dose), _stated(dose)
    text = f"{_AMOUNTS[dose.what]} {stated}"
    aside = "; ".join(words for words in (dose.of, dose.when) if words)
    aside = f" ({aside})" if aside else ""
    by = next((factor for sign, factor in factors.items() if f"/{sign}" in dose.unit), None)
    if by is None:
        judgement, taken = _judge_one(dose, ends, dose.unit, by_mass)
        text += aside + _verdict(dose, judgement, taken)
        return _result(dose, ends, dose.unit, f"stated in {dose.unit}", judgement, text)
    # An order in the source's own unit is held against it as it stands, whatever the weight.
    own, taken = _judge_one(dose, ends, dose.unit, ordered)
    if by.value is None:
        text += aside + _verdict(dose, own, taken, by.missing)
        return _result(dose, ends, dose.unit, f"{stated}; {by.missing}", own, text)
    unit = dose.unit.replace("/kg", "").replace("/m2", "")
    low, high = (None if end is None else end * by.value for end in ends)
    basis = f"{stated} for {by.words}"
    text += f": {in_words(low, high, unit, dose.comparator)} for {by.words}{aside}"
    if own != "unknown":
        return _result(dose, (low, high), unit, basis, own, text + _verdict(dose, own, taken), by)
    judgement, taken = _judge_one(dose, (low, high), unit, by_mass)
    if not by.fresh:
        judgement = "unknown"
    text += _verdict(dose, judgement, taken, "" if by.fresh else "record a recent weight to judge")
    return _result(dose, (low, high), unit, basis, judgement, text, by)


def _interval(dose: Dose) -> tuple[Decimal | None, Decimal | None]:
    """The ends that a dose states, as numbers; a threshold's open end is above it."""
    if dose.value is None:
        return _decimal(dose.low), _decimal(dose.high)
    value = Decimal(dose.value)
    if dose.comparator in ("<", "<=") or dose.what == "maximum-dose":
        return None, value
    return (value, None) if dose.comparator in (">", ">=") else (value, value)


def _stated(dose: Dose) -> str:
    low, high = _interval(dose)
    return in_words(low, high, dose.unit, dose.comparator)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _judge_one(
    dose: Dose,
    ends: tuple[Decimal | None, Decimal | None],
    unit: str,
    ordered: Sequence[OrderedDose],
) -> tuple[Judgement, Taken]:
    """One number against the order, and what the order comes to in the number's unit."""
    kind, strict = _kind(dose), dose.comparator in ("<", ">")
    taken = taken_of(ordered, dose.what, unit)
    if kind == "reference":
        return "unknown", taken  # it may be the very dose to avoid
    low, high = ends
    if kind == "ceiling" and low is not None and taken.peak is not None and taken.peak <= low:
        # `20 or 40 mg/d by weight group`: the lower is safe for both, the upper for one.
        ends = (None, high)
    found = compare(taken, *ends, strict=strict, kind=kind)
    if kind == "ceiling" and ends[0] is not None and found != "above":
        return "unknown", taken
    if unit.endswith("/d") or dose.what in ONE_DOSE:
        return found, taken
    # `10 mg` that does not say whether a dose or a day's: one dose above it is above either way,
    # and else both must agree.
    daily = compare(taken_of(ordered, dose.what, f"{unit}/d"), *ends, strict=strict, kind=kind)
    return (found if found in ("above", daily) else "unknown"), taken


def _verdict(dose: Dose, judgement: Judgement, taken: Taken, why: str = "") -> str:
    """The end of the line: how the order stands to the number."""
    kind = _kind(dose)
    if kind == "reference" and not why:
        return "."
    if judgement == "unknown":
        asked = "daily dose" if dose.unit.endswith("/d") else "dose"
        ordered = f"ordered: {taken.words}" if taken.words else f"the ordered {asked} is not known"
        return f"; {why or ordered}."
    relation = _RELATIONS[judgement]
    if kind == "threshold":
        relation = "reaches this" if judgement == "above" else "stays below this"
    return f"; the ordered {taken.words} {relation}."


# Percentages


def share_of(
    dose: Dose,
    ordered: Sequence[OrderedDose],
    by_mass: Sequence[OrderedDose],
    usual: Dose | None,
    ceilings: Ceilings,
) -> DoseForPatient:
    """A percentage: of the usual dose where the advice states it, else shown of the order's.

    A number above one of the same advice's `ceilings` is cut at it, and says so.
    """
    low, high = _percents(dose)
    stated = in_words(low, high, "%", dose.comparator)
    of = dose.of or "usual dose"
    when = f" ({dose.when})" if dose.when else ""
    text = f"{_AMOUNTS[dose.what]} {stated} of the {of}{when}"
    is_another = any(word in of.lower() for word in _NOT_THE_ORDERED)
    if usual is not None and usual.value and usual.unit == "mg/d" and not is_another:
        whole = Decimal(usual.value)
        ends, number = _under(ceilings, dose, (_part(low, whole), _part(high, whole)), "mg/d")
        taken = NOTHING_KNOWN
        judgement: Judgement = "unknown"
        if dose.what not in ONE_DOSE:
            taken = taken_of(by_mass, dose.what, "mg/d")
            strict = dose.comparator in ("<", ">")
            judgement = compare(taken, *ends, strict=strict, kind="percent")
        text += f", {show(whole)} mg/d: {number}"
        basis = f"{stated} of the {of}, {show(whole)} mg/d"
        return _result(
            dose, ends, "mg/d", basis, judgement, text + _verdict(dose, judgement, taken)
        )
    of_order = None if is_another else _whole(ordered, dose.what)
    if of_order is None:
        basis = f"{stated} of the {of}, which is not held here"
        return _result(dose, (low, high), "%", basis, "unknown", f"{text}.")
    whole, unit, bound = of_order
    ends, number = _under(ceilings, dose, (_part(low, whole), _part(high, whole)), unit)
    basis = f"{stated} of the ordered {bound}{show(whole)} {unit}"
    text += f"; if the ordered {bound}{show(whole)} {unit} is that dose: {number}"
    text += f". If the order is {_changed(low, high)} already, this does not apply."
    return _result(dose, ends, unit, basis, "unknown", text)


def _changed(low: Decimal | None, high: Decimal | None) -> str:
    """What an order may have been already, that a percentage must not be taken of twice."""
    if high is not None and high < 100:
        return "reduced"
    return "raised" if low is not None and low > 100 else "adjusted"


def ceilings_of(results: Iterable[tuple[Dose, DoseForPatient]]) -> Ceilings:
    """The lowest ceiling of each kind of dose, in each unit that it stands in."""
    found: dict[tuple[str, str], Decimal] = {}
    for dose, result in results:
        if result.kind != "ceiling":
            continue
        for unit, high in ((dose.unit, _interval(dose)[1]), (result.unit, result.high)):
            if high is not None:
                key = (dose.what, unit)
                found[key] = min(high, found.get(key, high))
    return found


def _under(
    ceilings: Ceilings, dose: Dose, ends: tuple[Decimal | None, Decimal | None], unit: str
) -> tuple[tuple[Decimal | None, Decimal | None], str]:
    """The interval below the ceiling of the same advice, and its words."""
    low, high = ends
    limits = [
        ceilings[what, unit]
        for what in (dose.what, "maximum-dose", "daily-dose")
        if (what, unit) in ceilings
    ]
    top = min(limits, default=None)
    if top is None or (high is not None and high <= top):
        return ends, in_words(low, high, unit, dose.comparator)
    shown = f"{show(top, ROUND_FLOOR)} {unit}"
    if low is None or low <= top:
        return (low, top), f"{in_words(low, top, unit, None)}, cut at the ceiling of {shown}"
    more = "" if low == high else " or more"
    number = f"{show(low)} {unit}{more}, above the ceiling of {shown}: at most {shown}"
    return (top, top), number


def _part(percent: Decimal | None, whole: Decimal) -> Decimal | None:
    return None if percent is None else percent * whole / 100


def _percents(dose: Dose) -> tuple[Decimal | None, Decimal | None]:
    """The ends in percent of the dose: `-50` is 50, `+50` to `+100` is 150 to 200."""
    if dose.change is not None:
        low = high = Decimal(100) + Decimal(dose.change)
    elif dose.change_low is not None and dose.change_high is not None:
        low, high = sorted(Decimal(100) + Decimal(x) for x in (dose.change_low, dose.change_high))
    elif dose.value is not None:
        low = high = Decimal(dose.value)
    else:
        return _decimal(dose.low), _decimal(dose.high)
    if dose.comparator in ("<", "<="):
        return None, high
    return (low, None) if dose.comparator in (">", ">=") else (low, high)


def _whole(ordered: Sequence[OrderedDose], what: str) -> tuple[Decimal, str, str] | None:
    """The one dose of the order that a percentage is shown of: value, unit, and "at most" where
    the order is as needed. None for several dosages, a range, or a dose not known."""
    role = "loading" if what == "loading-dose" else ""
    parts = [order for order in ordered if order.role == role]
    if len(parts) != 1 or parts[0].amount_low is not None or what == "course-dose":
        return None
    (order,) = parts
    if what in ONE_DOSE:
        return None if order.amount is None else (order.amount, order.unit, "")
    if order.daily is None:
        return None
    if order.as_needed:
        most = min(order.daily, order.maximum_daily or order.daily)
        return most, f"{order.daily_unit}/d", "at most "
    return order.daily, f"{order.daily_unit}/d", ""
