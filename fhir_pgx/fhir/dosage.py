"""What an order says of the dose: dosages of every FHIR release to the model.

DSTU2 and STU3 state the dose on the dosage, R4 and R5 in `doseAndRate`; a statement, a dispense and
an administration have dosages too. Nothing is guessed: what is not stated, contradicts itself or
cannot be turned into mass is None, and the dosage still stands in the answer with its text.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from fhir_pgx.fhir.bundle import as_dicts, as_list, as_text
from fhir_pgx.fhir.dosage_text import Sig, parse_sig
from fhir_pgx.fhir.dosage_timing import UNKNOWN, Often, duration_days, hours_of, read_often
from fhir_pgx.fhir.dosage_units import Mass, Strength, product_strength, read_mass
from fhir_pgx.fhir.values import concept_of
from fhir_pgx.model.dose import OrderedDose

__all__ = ["product_strength", "read_doses"]

_MEMBERS = ("dosageInstruction", "dosage")
# DSTU2 MedicationStatement and MedicationAdministration say `quantity`, the latter `dose` later.
_QUANTITIES = ("doseQuantity", "doseSimpleQuantity", "quantityQuantity", "dose", "quantity")
_RANGES = ("doseRange", "quantityRange")
# One dose told in several ways: what was ordered counts, then what was worked out from it.
_RANKS = {"ordered": 0, "": 1, "calculated": 2, "admin-amount": 3}
_UNKNOWN_TYPE = 4
_NEEDED = ("asNeededBoolean", "asNeeded")
_NEEDED_FOR = ("asNeededCodeableConcept", "asNeededFor")
_LOADING = re.compile(
    r"(?:\b(?P<not>no|not|after|following|without|post|since|previous)\b(?:\W+\w+){0,2}?\W+)?"
    r"\bloading\b",
    re.IGNORECASE,
)


class _Amount(NamedTuple):
    high: Mass
    low: Decimal | None = None


def read_doses(
    resource: Mapping[str, Any], *, strength: Strength | None = None
) -> tuple[OrderedDose, ...]:
    """Each dosage of an order, in its sequence where all state one, else as sent.

    `strength` is the product's (`product_strength`), by which tablets and millilitres become
    mass. Empty where the order has no dosage at all; a dosage that says nothing is not left out.
    """
    dosages = [
        (dosage, f"{member}[{i}]")
        for member in _MEMBERS
        for i, dosage in enumerate(as_dicts(resource.get(member)))
    ]
    if not dosages and (text := as_text(resource.get("renderedDosageInstruction"))):
        dosages = [({"text": text}, "renderedDosageInstruction")]
    order = [dosage.get("sequence") for dosage, _ in dosages]
    if all(type(number) is int for number in order):
        dosages.sort(key=lambda each: each[0]["sequence"])
    return tuple(_dose(dosage, path, strength) for dosage, path in dosages)


def _dose(dosage: Mapping[str, Any], path: str, strength: Strength | None) -> OrderedDose:
    text = as_text(dosage.get("text"))
    amount, stated = _amount(dosage, strength)
    timing = dosage.get("timing")
    often = read_often(timing)
    sig = parse_sig(text, strength) if text else None
    if sig and not _agrees(sig, amount, often, stated=stated):
        sig = None
    if sig and amount is None:
        amount = _Amount(sig.amount, sig.low.value if sig.low else None)
    if often is None:
        often = sig.often if sig else UNKNOWN
    as_needed = _is_as_needed(dosage) or bool(sig and sig.as_needed)
    maximum = _maximum(dosage, strength)
    shared: dict[str, Any] = {
        "duration_days": duration_days(timing) or (sig.days if sig else None),
        "as_needed": as_needed,
        "role": "loading" if _is_loading(dosage, text) else "",
        "text": text,
        "path": path,
    }
    if amount is None:
        return OrderedDose(
            per_day=often.per_day,
            daily_unit=maximum.unit if maximum else "",
            maximum_daily=maximum.value if maximum else None,
            **shared,
        )
    return _with_amount(amount, often, maximum, shared)


def _with_amount(
    amount: _Amount, often: Often, maximum: Mass | None, shared: Mapping[str, Any]
) -> OrderedDose:
    """The dosage with its daily dose where that follows, and the most it allows in a day."""
    high, low = amount
    per_day = often.per_day
    most = maximum.value if maximum and maximum.unit == high.unit else None
    single: Decimal | None = high.value
    daily: Decimal | None = None
    if high.is_daily:  # `40 mg/d` states the day's dose, and the single one only if it is the same
        single, low_single = (high.value, low) if per_day == 1 else (None, None)
        daily = high.value if low is None or per_day == 1 else None
        most = high.value if most is None and daily is None else most
    else:
        low_single = low
        daily = None if per_day is None else high.value * per_day
        if most is None and daily is None and often.most is not None:
            most = high.value * often.most  # every 4 to 6 hours: at most six times
    return OrderedDose(
        amount=single,
        amount_low=low_single,
        unit=high.unit,
        per_day=per_day,
        daily=daily,
        daily_unit=high.unit,
        maximum_daily=most,
        **shared,
    )


def _agrees(sig: Sig, amount: _Amount | None, often: Often | None, *, stated: bool) -> bool:
    """Whether the words may fill what the structure leaves open: they contradict none of it.

    A dose that is structured and was not understood is not replaced by words.
    """
    if amount is None and stated:
        return False
    low = sig.low.value if sig.low else None
    if amount is not None and (amount.high, amount.low) != (sig.amount, low):
        return False
    return often is None or often == sig.often


def _amount(dosage: Mapping[str, Any], strength: Strength | None) -> tuple[_Amount | None, bool]:
    """The single dose, and whether anything structured stated one."""
    by_rank: dict[int, list[_Amount | None]] = {}
    for item in (dosage, *as_dicts(dosage.get("doseAndRate"))):
        for found in _amounts(item, strength):
            by_rank.setdefault(_rank(item), []).append(found)
    for rank in sorted(by_rank):
        # An ordered dose in tablets of unknown strength is told in mass by the next entry.
        known = set(by_rank[rank]) - {None}
        if known:
            return (known.pop() if len(known) == 1 else None), True
    return None, bool(by_rank)


def _rank(item: Mapping[str, Any]) -> int:
    kind = concept_of(item.get("type"))
    codes = [coding.code for coding in kind.codings] or [kind.text]
    return min(_RANKS.get(code.lower(), _UNKNOWN_TYPE) for code in codes)


def _amounts(item: Mapping[str, Any], strength: Strength | None) -> Iterator[_Amount | None]:
    for member in _QUANTITIES:
        for quantity in as_dicts(item.get(member)):
            found = read_mass(quantity, strength)
            yield _Amount(found) if found else None
    for member in _RANGES:
        for between in as_dicts(item.get(member)):
            yield _range(between, strength)
    for member in ("rateQuantity", "rateSimpleQuantity"):
        # A rate by the hour says no day's dose: how long it runs is not known.
        rate = read_mass(item.get(member), strength)
        if rate and rate.is_daily:
            yield _Amount(rate)


def _range(between: Mapping[str, Any], strength: Strength | None) -> _Amount | None:
    high, low = (read_mass(between.get(end), strength) for end in ("high", "low"))
    if high is None:
        return None  # without an upper end it is no dose
    if low is None:
        # `up to 10 mg`, but not a lower end that we could not read.
        return _Amount(high, Decimal(0)) if between.get("low") is None else None
    same = low.unit == high.unit and low.is_daily == high.is_daily and low.value <= high.value
    return _Amount(high, low.value if low.value < high.value else None) if same else None


def _is_as_needed(dosage: Mapping[str, Any]) -> bool:
    if any(dosage.get(member) in (True, "true") for member in _NEEDED):
        return True
    return any(as_list(dosage.get(member)) for member in _NEEDED_FOR)


def _is_loading(dosage: Mapping[str, Any], text: str) -> bool:
    """Only where it says so: a first dosage is not taken for a loading dose."""
    words = [text]
    for member in ("additionalInstruction", "additionalInstructions"):
        for concept in as_dicts(dosage.get(member)):
            words += [words_of for words_of, _ in concept_of(concept).stated]
    return any(match["not"] is None for each in words for match in _LOADING.finditer(each[:300]))


def _maximum(dosage: Mapping[str, Any], strength: Strength | None) -> Mass | None:
    """`maxDosePerPeriod` as mass in 24 hours; None for longer periods. R5 may state several:
    the least holds."""
    found: set[Mass] = set()
    for ratio in as_dicts(dosage.get("maxDosePerPeriod")):
        hours = hours_of(ratio.get("denominator"))
        top = read_mass(ratio.get("numerator"), strength)
        if top is None or hours is None or not 0 < hours <= 24:
            continue
        times = 24 / hours
        if times.denominator == 1:
            found.add(Mass(top.value * times.numerator, top.unit))
    units = {each.unit for each in found}
    return min(found) if len(units) == 1 else None
