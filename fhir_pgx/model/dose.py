"""Doses: what an order says, and what an advice comes to for this patient."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from fhir_pgx.model.patient import Measurement


@dataclass(frozen=True, slots=True)
class OrderedDose:
    """One dosage of an order as stated. Decimals are exact; units UCUM (`mg`, `mg/kg`, `mg/m2`).

    `amount` is the single dose (the upper end of a range, `amount_low` the lower), None where it
    is not stated or its unit cannot be turned into mass. `per_day` counts doses in 24 hours, None
    where the timing does not say. `daily` is mass a day (unit `daily_unit`), None where it does
    not follow. `role` tells a loading dose from the rest. `as_needed`: the daily dose is then a
    ceiling, not what is taken.
    """

    amount: Decimal | None = None
    amount_low: Decimal | None = None
    unit: str = ""
    per_day: Decimal | None = None
    daily: Decimal | None = None
    daily_unit: str = ""
    maximum_daily: Decimal | None = None
    duration_days: int | None = None
    as_needed: bool = False
    role: Literal["", "loading"] = ""
    text: str = ""
    path: str = ""


Judgement = Literal[
    "within",  # the order already follows the advice
    "above",
    "below",
    "unknown",  # the order's dose, or what it is measured by, is not known
]


DoseKind = Literal[
    "target",  # this dose, or within this range
    "ceiling",  # no more than this
    "threshold",  # from here something else begins: a risk, a caution, another choice
    "reference",  # the usual dose, stated to be known
    "percent",  # a share of a dose that is not the order's
    "computed",  # what an equation comes to for this patient: where to start
]


@dataclass(frozen=True, slots=True)
class DoseForPatient:
    """One dose of an advice in numbers for this patient, and the order held against it.

    `low` and `high` are mass in `unit` (equal for a single number; None for an open end). `basis`
    says in our words what it was made from ("50 % of the ordered 20 mg/d", "0.5 mg/kg by 70 kg of
    2026-10-01"); `measured_by` the measurement used, with its date. `text` is one line for the
    card. `kind` is what the number asks for, `conditional` that it holds only under a condition
    which the facts do not decide, `strict` that the end itself is not part of it.
    """

    what: str
    unit: str
    low: Decimal | None
    high: Decimal | None
    basis: str
    judgement: Judgement
    text: str
    measured_by: Measurement | None = None
    kind: DoseKind = "target"
    conditional: bool = False
    strict: bool = False
