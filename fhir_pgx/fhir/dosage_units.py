"""Quantities of a dose turned into mass: units as senders write them, and tablets by strength.

The answer is in `mg`, `mg/kg` or `mg/m2`, exact. What cannot be turned into mass (international
units, drops, puffs, a tablet of unknown strength) is None: a number without its unit is no dose.
A salt is not converted into its base.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from fhir_pgx.fhir.bundle import as_text
from fhir_pgx.model.drug import MedicationConcept

Strength = tuple[Decimal, str]  # of one tablet or capsule (`mg`), or of a liquid (`mg/mL`)


class Mass(NamedTuple):
    """An amount in `mg`, `mg/kg` or `mg/m2`; `is_daily` where the unit itself says a day."""

    value: Decimal
    unit: str
    is_daily: bool = False


class _Unit(NamedTuple):
    factor: Decimal
    kind: str  # mg, mL, piece
    by: str = ""  # kg, m2
    time: str = ""  # d


_ONE = Decimal(1)
_THOUSANDTH = Decimal("0.001")
_BASES = {
    **dict.fromkeys(("mg", "milligram", "milligrams"), _Unit(_ONE, "mg")),
    **dict.fromkeys(("g", "gm", "gram", "grams"), _Unit(Decimal(1000), "mg")),
    **dict.fromkeys(
        ("ug", "mcg", "microgram", "micrograms"), _Unit(_THOUSANDTH, "mg")
    ),
    **dict.fromkeys(("ml", "milliliter", "milliliters", "millilitre"), _Unit(_ONE, "mL")),
    **dict.fromkeys(
        (
            "tablet", "tablets", "tablet(s)", "tab", "tabs", "tbl", "capsule", "capsules",
            "capsule(s)", "cap", "caps", "pill", "pills",
        ),
        _Unit(_ONE, "piece"),
    ),
}  # fmt: skip
_BY = {"kg": "kg", "m2": "m2", "m^2": "m2", "m²": "m2"}
_DAY = frozenset({"d", "day", "24h", "24 h", "24.h"})
_ANNOTATION = re.compile(r"\{[^{}]*\}")
_LEAST, _MOST = Decimal("0.000001"), Decimal(1_000_000)

# A number with a unit of mass and what follows a slash: `30 MG`, `250 MG/5 ML`, `25 MG/HR`.
_STRENGTH = re.compile(
    r"(?<![\w.,-])(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>mg|mcg|ug|g)\b"
    r"(?P<rest>\s*/\s*(?P<per>\d+(?:\.\d+)?)?\s*(?P<of>[a-z%]+))?",
    re.IGNORECASE,
)
# `300-30 mg`, `10/325 mg`, `1,000 mg`, `0,5 mg`: two strengths, or a comma nobody can be sure of.
_DOUBTFUL = re.compile(r"\d\s*[-/,]\s*\d[\d.]*\s*(?:mg|mcg|ug|g)\b", re.IGNORECASE)
# Two drugs in one name. A slash between words, as in RxNorm (`A 300 MG / B 30 MG`).
_COMBINED = re.compile(r"\s/\s|[a-z]/[a-z]{3,}|\+|&|\band\b", re.IGNORECASE)


def number(value: Any) -> Decimal | None:
    """A number above zero that can be a dose; None for anything else, text that is one included."""
    try:
        found = Decimal(as_text(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() and _LEAST <= found <= _MOST else None


def _unit(text: str) -> _Unit | None:
    """What a unit means; None where we do not know it. Case is not trusted: `MG` is common."""
    word = text.strip().lower().replace("µ", "u").replace("μ", "u")
    word = _ANNOTATION.sub("", word) or word.strip("{}")
    first, *others = [part.strip() for part in word.replace(" per ", "/").split("/")]
    unit = _BASES.get(first)
    if unit is None:
        return None
    for part in others:
        if part in _BY and not unit.by and unit.kind == "mg":
            unit = unit._replace(by=_BY[part])
        elif part in _DAY and not unit.time:
            unit = unit._replace(time="d")
        elif part != "dose":
            return None
    return unit


def mass(value: Decimal, unit_text: str, strength: Strength | None) -> Mass | None:
    """A number and its unit as mass; tablets and millilitres by the product's strength."""
    unit = _unit(unit_text)
    return None if unit is None else _mass(value, unit, strength)


def _mass(value: Decimal, unit: _Unit, strength: Strength | None) -> Mass | None:
    is_daily = unit.time == "d"
    if unit.kind == "mg":
        return Mass(value * unit.factor, f"mg/{unit.by}" if unit.by else "mg", is_daily)
    wanted = "mg" if unit.kind == "piece" else "mg/mL"
    if strength is None or strength[1] != wanted:
        return None
    return Mass(value * strength[0], "mg", is_daily)


def read_mass(quantity: Any, strength: Strength | None) -> Mass | None:
    """A FHIR Quantity as mass. None without a known unit, where unit and code contradict each
    other, and where a comparator makes it no amount."""
    if not isinstance(quantity, Mapping) or as_text(quantity.get("comparator")):
        return None
    value = number(quantity.get("value"))
    stated = [as_text(quantity.get(name)) for name in ("code", "unit", "units")]
    units = {unit for text in stated if text and (unit := _unit(text)) is not None}
    if value is None or len(units) != 1:
        return None
    return _mass(value, units.pop(), strength)


def product_strength(concept: MedicationConcept) -> Strength | None:
    """The strength that a product of one ingredient states in its words.

    `codeine sulfate 30 MG Oral Tablet` is 30 mg, `amoxicillin 250 MG/5 ML` 50 mg/mL. None for a
    combination, for words that disagree, and for a strength per hour, puff or percent.
    """
    if len(concept.parts) > 1:
        return None
    texts = {concept.text, *[coding.display for coding in concept.codings]}
    found = {strength for text in texts if text for strength in _strengths(text[:300])}
    return found.pop() if len(found) == 1 else None


def _strengths(text: str) -> Iterator[Strength | None]:
    """Each strength in a text; None stands for one that nobody could use."""
    stated = [*_STRENGTH.finditer(text)]
    if _DOUBTFUL.search(text) or (stated and _COMBINED.search(text)):
        yield None
        return
    for match in stated:
        amount = Decimal(match["number"]) * _BASES[match["unit"].lower()].factor
        if not match["rest"]:
            yield (amount, "mg")
        elif match["of"].lower() == "ml":
            by = Decimal(match["per"] or 1)
            # 250 MG/3 ML has no exact strength: its volume is not turned into mass.
            yield (amount / by, "mg/mL") if by and (amount / by) * by == amount else None
        else:
            yield None
