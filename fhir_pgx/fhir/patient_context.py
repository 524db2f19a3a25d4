"""One patient beyond the genes, read from every resource of a call that speaks of them.

What nobody sent stays unknown; what was looked for and not found is known to be none. Nothing is
inferred that a resource does not state: no ancestry from a name, no kidney function from a
creatinine, no pregnancy from age and sex.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any, Literal

from fhir_pgx.fhir.allergies import read_allergies
from fhir_pgx.fhir.bundle import Entry, References, as_dicts, as_text
from fhir_pgx.fhir.condition_classes import Classes
from fhir_pgx.fhir.conditions import read_conditions
from fhir_pgx.fhir.liver import liver_class_in
from fhir_pgx.fhir.measurements import read_measurements
from fhir_pgx.fhir.medication import ORDERS, read_ended_orders
from fhir_pgx.fhir.medicine_dates import medicines_in_time
from fhir_pgx.fhir.statuses import STALE_PREGNANCY_DAYS, read_statuses
from fhir_pgx.fhir.values import concept_of
from fhir_pgx.model.dates import days_of, years_between
from fhir_pgx.model.drug import DrugMatch, MedicationConcept, MedicationOrder
from fhir_pgx.model.finding import NotUnderstood
from fhir_pgx.model.patient import Availability, Condition, Fact, Listed, PatientContext

NOT_ASKED: Mapping[Listed, Availability] = MappingProxyType({})
OLDEST_YEARS = 130
BIRTH_DATE = "the birth date is no date that a living person can have: no age is taken from it"

_ORIGINS = ("us-core-race", "us-core-ethnicity")
# v3 NullFlavor, and the words for it.
_NO_ORIGIN = frozenset({"unk", "asku", "unknown", "asked but unknown", "other", "nask", "ni"})
_MEDICINES = ORDERS | {"Medication"}


def read_patient_context(
    entries: Sequence[Entry],
    references: References,
    *,
    classes: Classes,
    orders: Iterable[MedicationOrder],
    drafts: Iterable[MedicationOrder],
    match: Callable[[MedicationConcept], DrugMatch | None],
    today: date,
    looked_for: frozenset[str] = frozenset(),
    lists: Mapping[Listed, Availability] = NOT_ASKED,
) -> PatientContext:
    """What `entries`, all of one patient, say of that patient on the day `today`.

    `orders` are the medicines in force and `drafts` those under judgement, as `read_orders` gives
    them; medicines that are over are read here. `match` resolves the substance of an allergy.
    `looked_for` names the resource types that somebody searched for, with whatever result; `lists`
    how far each list was obtainable, where they were asked for.
    """
    drafts = tuple(drafts)
    proposed = {id(order.resource) for order in drafts}
    own = [entry for entry in entries if id(entry.resource) not in proposed]
    patient = next((e for e in own if e.type == "Patient" and e.container is None), None)
    measured = read_measurements(own, today=today)
    statuses = read_statuses(own, today=today)
    conditions, odd_conditions = read_conditions(own, classes=classes, today=today)
    allergies, odd_allergies = read_allergies(own, match)
    kinds = {entry.type for entry in own if entry.container is None} | looked_for
    ended = read_ended_orders(own, references, match=match)
    born, age, odd_birth = _birth(patient, today)
    return PatientContext(
        birth_date=born,
        age_years=age,
        sex=_sex(patient),
        weight=measured.weight,
        height=measured.height,
        egfr=measured.egfr,
        inr_target=measured.inr_target,
        qtc=measured.qtc,
        heart_rate=measured.heart_rate,
        hepatic=statuses.hepatic or liver_class_in(conditions),
        conditions=conditions,
        conditions_known="Condition" in kinds,
        allergies=allergies,
        allergies_known="AllergyIntolerance" in kinds,
        medicines=medicines_in_time(orders, drafts, ended, today=today),
        medicines_known=not kinds.isdisjoint(_MEDICINES),
        smokes=_settled(statuses.smokes, "smoking", conditions, today),
        pregnant=_settled(statuses.pregnant, "pregnancy", conditions, today),
        breastfeeding=_settled(statuses.breastfeeding, "breastfeeding", conditions, today),
        ancestry=_ancestry(patient),
        lists=lists,
        not_understood=(
            *odd_birth,
            *measured.not_understood,
            *statuses.not_understood,
            *odd_conditions,
            *odd_allergies,
        ),
    )


def _birth(patient: Entry | None, today: date) -> tuple[str, int | None, tuple[NotUnderstood, ...]]:
    born = as_text(patient.resource.get("birthDate")) if patient is not None else ""
    if patient is None or not born:
        return "", None, ()
    days = days_of(born)
    if days is None or days[0] > today or today.year - days[1].year > OLDEST_YEARS:
        return "", None, (NotUnderstood(patient.reference, BIRTH_DATE, patient.path),)
    return born, years_between(born, today), ()


def _sex(patient: Entry | None) -> Literal["male", "female", ""]:
    """Administrative gender, where it is `male` or `female`."""
    stated = as_text(patient.resource.get("gender")) if patient is not None else ""
    if stated == "male":
        return "male"
    return "female" if stated == "female" else ""


def _ancestry(patient: Entry | None) -> tuple[str, ...]:
    """What the patient reports of their origin, as labels: US Core race and ethnicity, no more."""
    if patient is None:
        return ()
    labels: dict[str, None] = {}
    for extension in as_dicts(patient.resource.get("extension")):
        if as_text(extension.get("url")).rsplit("/", 1)[-1] in _ORIGINS:
            labels.update(dict.fromkeys(_origins(extension)))
    return tuple(label for label in labels if label and label.lower() not in _NO_ORIGIN)


def _origins(extension: Mapping[str, Any]) -> Iterator[str]:
    """The categories of one extension; its text only where it has no category."""
    coded = [concept_of(extension.get("valueCodeableConcept")).label]  # DSTU2
    texts = []
    for part in as_dicts(extension.get("extension")):
        if as_text(part.get("url")) == "text":
            texts.append(as_text(part.get("valueString")))
        else:
            coded.append(concept_of(part.get("valueCoding")).label)
    coded = [label for label in coded if label]
    yield from coded or texts


def _settled(
    observed: Fact | None, name: str, conditions: Iterable[Condition], today: date
) -> Fact | None:
    """What an Observation and the problem list say together. A no that is not certainly later than
    the beginning of an open problem does not close it."""
    listed = _by_condition(name, conditions, today)
    if observed is None or listed is None or observed.value:
        return observed or listed
    said, begun = days_of(observed.when), days_of(listed.when)
    is_later = said is not None and begun is not None and said[0] > begun[1]
    return observed if is_later else listed


def _by_condition(name: str, conditions: Iterable[Condition], today: date) -> Fact | None:
    """A yes that the problem list states; never a no.

    A pregnancy that began longer ago than one lasts, and was never closed, says nothing.
    """
    for condition in conditions:
        if name not in condition.classes or condition.state == "resolved":
            continue
        days = days_of(condition.since)
        is_old = days is not None and (today - days[1]).days > STALE_PREGNANCY_DAYS
        if not (is_old and name == "pregnancy"):
            return Fact(True, condition.since, condition.reference)
    return None
