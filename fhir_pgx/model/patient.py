"""What is known of a patient beyond the genes: what decides a row, a dose or a caution.

Everything says where it stands and when it was recorded: a weight of three years ago is shown with
its date. What nobody sent is None or unknown, and never taken for "no".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from fhir_pgx.model.drug import Drug, MedicationOrder
from fhir_pgx.model.finding import NotUnderstood

State = Literal["active", "resolved", "unknown"]
Availability = Literal[
    "supplied",  # resources came along
    "empty",  # the client looked and found none
    "unavailable",  # the client tried and failed, or could not look
    "missing",  # nothing was sent and nothing may be asked
]
# What a client is asked for, by what it is about.
Listed = Literal["results", "medicines", "problems", "allergies", "measures", "tests"]
MedicineState = Literal[
    "active",  # in use, as far as the record says
    "draft",  # in the same bundle of orders
    "planned",  # begins on a later day
    "ended",  # over; it may still act
]


# How a `NotUnderstood` of a measurement ends: it is on file, and left aside for the reason said.
NOT_USED = ", so it is not used"


@dataclass(frozen=True, slots=True)
class Measurement:
    """A measured number with its UCUM unit (`kg`, `cm`, `mL/min/{1.73_m2}`, `m2`, `{INR}`,
    `ms`, `/min`).

    `when` is FHIR date text, empty where not stated; `reference` the resource it stands in.
    """

    value: Decimal
    unit: str
    when: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A yes or no that a resource states: smoking, pregnancy."""

    value: bool
    when: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """A problem, a diagnosis, a procedure or an order's reason, with the classes it belongs to.

    `classes` are names of `knowledge/conditions.yaml` (`acs-pci`, `neurovascular`, …); empty where
    we know none. `label` is as sent. `since` and `until` are FHIR date texts, empty where not
    stated.
    """

    label: str
    classes: frozenset[str] = frozenset()
    state: State = "unknown"
    since: str = ""
    until: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Allergy:
    """An allergy or intolerance to a medicine; `drugs` are its ingredients where we know them,
    `drug_classes` the classes it names, `reactions` the manifestations as sent."""

    label: str
    drugs: tuple[Drug, ...] = ()
    drug_classes: frozenset[str] = frozenset()
    kind: Literal["allergy", "intolerance", ""] = ""
    reactions: tuple[str, ...] = ()
    state: State = "unknown"
    when: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Medicine:
    """A medicine of the patient in time. `since` and `until` are FHIR date texts, empty where not
    stated; `order` is the order or statement it stands in."""

    drugs: tuple[Drug, ...]
    state: MedicineState
    since: str = ""
    until: str = ""
    reference: str = ""
    label: str = ""
    order: MedicationOrder | None = None


@dataclass(frozen=True, slots=True)
class PatientContext:
    """One patient, as far as the call says.

    `age_years` are whole years today, None where the birth date does not tell. `ancestry` is what
    the patient reports of themselves and is optional everywhere. `conditions_known`,
    `medicines_known` and `allergies_known` say whether anybody looked: without that an empty tuple
    means nothing. `lists` says it in full, where the data came by a hook: a search that failed is
    no search that nobody made.
    """

    birth_date: str = ""
    age_years: int | None = None
    sex: Literal["male", "female", ""] = ""
    weight: Measurement | None = None  # kg
    height: Measurement | None = None  # cm
    egfr: Measurement | None = None  # mL/min/{1.73_m2}, or mL/min of a creatinine clearance
    inr_target: Measurement | None = None
    qtc: Measurement | None = None  # ms
    heart_rate: Measurement | None = None  # /min
    hepatic: Literal["mild", "moderate", "severe", ""] = ""  # Child-Pugh A, B, C
    conditions: tuple[Condition, ...] = ()
    conditions_known: bool = False
    allergies: tuple[Allergy, ...] = ()
    allergies_known: bool = False
    medicines: tuple[Medicine, ...] = ()
    medicines_known: bool = False
    smokes: Fact | None = None
    pregnant: Fact | None = None
    breastfeeding: Fact | None = None
    ancestry: tuple[str, ...] = ()
    not_understood: tuple[NotUnderstood, ...] = field(default=())
    lists: Mapping[Listed, Availability] = field(default_factory=dict)

    def failed(self, listed: Listed) -> bool:
        """Whether a list, or a part of it, was asked for and could not be obtained."""
        return self.lists.get(listed) == "unavailable"

    def has(self, *classes: str) -> bool | None:
        """True where the patient has a condition of any of these classes that is not over; None
        where the record shows none: a list of problems is never known to be whole."""
        wanted = frozenset(classes)
        found = any(each.classes & wanted and each.state != "resolved" for each in self.conditions)
        return True if found else None


NOBODY = PatientContext()
