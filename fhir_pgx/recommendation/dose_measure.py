"""Doses by body weight and surface: what is measured, how old it is, and what it comes to.

Children grow: a weight is recent for three months below 18 years, and for a year above. The
surface is Mosteller's, the root of centimetres times kilograms over 3600 (N Engl J Med 1987;
317:1098).
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from fhir_pgx.model.patient import NOT_USED, Measurement, PatientContext
from fhir_pgx.recommendation.dose_words import measured, show

_ADULT = 18
_FRESH_ADULT = timedelta(days=366)
_FRESH_CHILD = timedelta(days=92)


@dataclass(frozen=True, slots=True)
class By:
    """What a dose by weight or surface is multiplied with; `value` None where it is not known."""

    value: Decimal | None = None
    words: str = ""
    missing: str = ""
    fresh: bool = False
    measured: Measurement | None = None


def by_weight(patient: PatientContext, today: date | None) -> By:
    """The recorded weight in kilograms."""
    weight = patient.weight
    if weight is None or weight.unit != "kg" or weight.value <= 0:
        return By(missing=f"{_aside(patient, 'weight')}record a weight to turn it into mg")
    age, fresh = age_of(weight, patient, today)
    return By(weight.value, f"{measured(weight.value)} kg {age}", "", fresh, weight)


def recent_weight(patient: PatientContext, today: date | None) -> Decimal | None:
    """The recorded weight in kilograms, where it is recent enough to judge by."""
    by = by_weight(patient, today)
    return by.value if by.fresh else None


def too_old(found: Measurement, patient: PatientContext, today: date | None) -> str:
    """`of 2009-03-01 (more than a year old)`; empty where it is recent, or where nobody says what
    day it is."""
    if today is None:
        return ""
    words, is_recent = age_of(found, patient, today)
    return "" if is_recent else (words if found.when else "without a date")


def unusable(patient: PatientContext, name: str) -> str:
    """Why a measurement that is on file was not used; empty where none was refused."""
    start = f"{name}: "
    found = (each.reason for each in patient.not_understood)
    return next(
        (
            text.removeprefix(start).removesuffix(NOT_USED)
            for text in found
            if text.startswith(start)
        ),
        "",
    )


def _aside(patient: PatientContext, *names: str) -> str:
    reasons = [(name, why) for name in names if (why := unusable(patient, name))]
    return "".join(f"a {name} is on file and could not be used ({why}); " for name, why in reasons)


def by_surface(patient: PatientContext, today: date | None) -> By:
    """The surface in square metres; `measured` is the weight, the height stands in the words."""
    weight, height = patient.weight, patient.height
    usable = weight is not None and weight.unit == "kg" and weight.value > 0
    if weight is None or not usable or height is None or height.unit != "cm" or height.value <= 0:
        aside = _aside(patient, "weight", "height")
        return By(missing=f"{aside}record a weight and a height to turn it into mg")
    surface = (weight.value * height.value / 3600).sqrt()
    kilos, fresh = age_of(weight, patient, today)
    centimetres, fresh_height = age_of(height, patient, today)
    words = (
        f"{show(surface)} m2 by Mosteller from {measured(weight.value)} kg {kilos} and "
        f"{measured(height.value)} cm {centimetres}"
    )
    # An adult's height stays; a child's is as good as it is recent.
    adult = patient.age_years is not None and patient.age_years >= _ADULT
    return By(surface, words, "", fresh and (adult or fresh_height), weight)


def age_of(found: Measurement, patient: PatientContext, today: date | None) -> tuple[str, bool]:
    """When it was measured, in words, and whether that is recent enough to judge by.

    Where the age is not known, a child's measure is taken.
    """
    if not found.when:
        return "(date not stated)", False
    day = found.when[:10]
    adult = patient.age_years is not None and patient.age_years >= _ADULT
    limit, words = (_FRESH_ADULT, "a year") if adult else (_FRESH_CHILD, "three months")
    try:
        recorded = date.fromisoformat(day if len(day) == 10 else f"{day}-01"[:10])
    except ValueError:
        return f"of {day} (day not stated)", False
    if today is None:
        return f"of {day}", False
    if today - recorded > limit:
        return f"of {day} (more than {words} old)", False
    # Another time zone may be a day ahead; a later date is a mistake.
    return f"of {day}", recorded - today <= timedelta(days=1)
