"""Weight, age and medicines of a chart, changed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from fhir_pgx.errors import InvalidParameter
from fhir_pgx.fhir.bundle import References, as_dicts, as_text, entries_of
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.terminology import LOINC
from fhir_pgx.workbench.ehr.drugs import drug_choices, find_drugs
from fhir_pgx.workbench.ehr.habits import GENERIC
from fhir_pgx.workbench.ehr.orders import orders_for
from fhir_pgx.workbench.ehr.record import Record, Resource
from fhir_pgx.workbench.facts.facts import Changed

_WEIGHT: Final = "29463-7"
_WEIGHTS: Final = frozenset((_WEIGHT, "3141-9"))


@dataclass(frozen=True, slots=True)
class Medicine:
    """A medicine of the chart: its `Type/id`, the words it is known by, its ingredients' names."""

    reference: str
    label: str
    status: str
    drugs: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


def medicines_of(pipeline: Pipeline, record: Record) -> tuple[Medicine, ...]:
    """Every medicine of the chart, of whatever status, in its order."""
    entries = entries_of(list(record.resources))
    found = pipeline.orders.read(entries, References(entries), proposed=False)
    return tuple(
        Medicine(
            order.reference,
            order.concept.label,
            order.status,
            tuple(drug.name for drug in order.match.ingredients) if order.match else (),
            tuple(drug.rxcui for drug in order.match.ingredients) if order.match else (),
        )
        for order in found
    )


def change_medicines(
    pipeline: Pipeline, record: Record, *, added: Sequence[str], removed: Sequence[str], day: str
) -> Changed:
    """The chart with these medicines in use, and without those. Raises InvalidParameter for one to
    be removed that the chart does not have."""
    notes: list[str] = []
    gone: set[str] = set()
    for name in removed:
        found = [each for each in medicines_of(pipeline, record) if _is_meant(each, name)]
        if not found:
            raise InvalidParameter(
                f"the chart has no medicine {name[:60]}",
                where=f"medicines.{name[:60]}",
                mend="choose one that the chart has",
            )
        gone |= {each.reference for each in found}
        notes += [f"{each.label} is taken off the chart." for each in found]
    resources = [r for r in record.resources if f"{r['resourceType']}/{r['id']}" not in gone]
    drugs = find_drugs(added, drug_choices(pipeline), pipeline)
    orders = orders_for(GENERIC, record.patient_id, drugs, day, status="active")
    for place, (order, drug) in enumerate(zip(orders, drugs, strict=True), start=1):
        order["id"] = f"workbench-medicine-{place}"
        known = "" if drug.rxcui else " (no drug of our tables: known by its text alone)"
        notes.append(f"{drug.text} is in use{known}.")
    return Changed(Record(record.patient_id, (*resources, *orders)), tuple(notes))


def change_weight(record: Record, kilograms: Decimal, *, day: str) -> Changed:
    """The chart with this one body weight."""
    kept = [each for each in record.resources if not _is_weight(each)]
    gone = len(record.resources) - len(kept)
    weight: Resource = {
        "resourceType": "Observation",
        "id": "workbench-weight",
        "status": "final",
        "category": [{"coding": [_VITAL]}],
        "code": {"coding": [{"system": LOINC, "code": _WEIGHT}]},
        "subject": {"reference": f"Patient/{record.patient_id}"},
        "effectiveDateTime": day,
        "valueQuantity": {
            "value": float(kilograms), "unit": "kg",
            "system": "http://unitsofmeasure.org", "code": "kg",
        },
    }  # fmt: skip
    was = f" in place of {gone} on file" if gone else ""
    note = f"The body weight is {kilograms} kg{was}."
    return Changed(Record(record.patient_id, (*kept, weight)), (note,))


_VITAL: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/observation-category",
    "code": "vital-signs",
}


def change_age(record: Record, years: int, *, today: date) -> Changed:
    """The chart of a patient who has so many birthdays behind them, the last today."""
    try:
        born = today.replace(year=today.year - years)
    except ValueError:  # 29 February
        born = today.replace(year=today.year - years, day=28)
    patient = {**record.patient, "birthDate": born.isoformat()}
    resources = [patient if record.is_patient(each) else each for each in record.resources]
    note = f"The patient is {years} years old (born {born.isoformat()})."
    return Changed(Record(record.patient_id, tuple(resources)), (note,))


def _is_meant(medicine: Medicine, name: str) -> bool:
    asked = " ".join(name.split()).lower()
    known = (medicine.reference, medicine.label, *medicine.drugs, *medicine.codes)
    return asked in (each.lower() for each in known)


def _is_weight(resource: Resource) -> bool:
    return resource["resourceType"] == "Observation" and not _WEIGHTS.isdisjoint(_codes(resource))


def _codes(resource: Resource) -> Iterator[str]:
    code = resource.get("code")
    for coding in as_dicts(code.get("coding")) if isinstance(code, dict) else ():
        yield as_text(coding.get("code"))
