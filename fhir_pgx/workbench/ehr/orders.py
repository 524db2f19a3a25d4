"""Orders in the shape in which an EHR sends them."""

from collections.abc import Sequence
from typing import Any, Final

from fhir_pgx.terminology import RXNORM
from fhir_pgx.workbench.ehr.drugs import DrugChoice
from fhir_pgx.workbench.ehr.habits import Ehr
from fhir_pgx.workbench.ehr.record import Resource

FORM_ORDER: Final = "request-123"  # the sandbox's only order
_CATEGORY: Final = {
    "system": "http://terminology.hl7.org/CodeSystem/medicationrequest-category",
    "code": "outpatient",
}
_RXNORM_OID: Final = "urn:oid:2.16.840.1.113883.6.88"
# Codes that mean nothing outside Epic come before RxNorm.
_LOCAL: Final = ("urn:oid:1.2.840.114350.1.13.0.1.7.2.698288", "urn:oid:2.16.840.1.113883.6.253")
_ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
_LONG: Final = "SyntheticIdOfTheLengthThatIsMetThere3" * 4  # 148 characters with what precedes it


def orders_for(
    ehr: Ehr, patient_id: str, drugs: Sequence[DrugChoice], day: str, *, status: str = "draft"
) -> list[Resource]:
    """The resources of the orders, first to last; what stands beside an order follows it. `day` is
    a FHIR date."""
    if ehr.shape == "form":
        return [_form(patient_id, drugs[0] if drugs else None, day)]
    made = []
    for place, drug in enumerate(drugs, start=1):
        order: Resource = {
            "resourceType": "MedicationRequest",
            "id": f"order-{place}",
            "status": status,
            "intent": "order",
            "category": [{"coding": [_CATEGORY], "text": "Outpatient"}],
            "subject": {"reference": f"Patient/{patient_id}"},
            "authoredOn": day,
        }
        made += _with_drug(ehr, order, drug, place)
    return made


def draft_bundle(ehr: Ehr, resources: Sequence[Resource]) -> Resource:
    """The Bundle of a hook's context; the sandbox's has no type."""
    bundle: Resource = {"resourceType": "Bundle"}
    if ehr.shape != "form":
        bundle["type"] = "collection"
    return {**bundle, "entry": [{"resource": each} for each in resources]} if resources else bundle


def _with_drug(ehr: Ehr, order: Resource, drug: DrugChoice, place: int) -> list[Resource]:
    if ehr.shape == "sibling":
        return _sibling(order, drug, place)
    codings: list[Any] = []
    if ehr.shape == "local-code":
        system = f"{ehr.server}/synonym"
        codings.append({"system": system, "code": f"{2_500_000 + place}", "display": drug.text})
    concept = {"coding": [*_rxnorm(drug), *codings], "text": drug.text}
    return [{**order, "medicationCodeableConcept": _without_nothing(concept)}]


def _sibling(order: Resource, drug: DrugChoice, place: int) -> list[Resource]:
    medicine = f"e{place}Med{_LONG}"
    codings = [{"system": system, "code": f"{27_230 + place}"} for system in _LOCAL]
    codes = dict.fromkeys(code for code in (drug.rxcui, drug.code) if code)
    codings += [{"system": _RXNORM_OID, "code": code} for code in codes]
    shown = (
        drug.text.upper().replace(" ORAL TABLET", " PO TABS").replace(" ORAL CAPSULE", " PO CAPS")
    )
    absent = {"extension": [{"url": _ABSENT, "valueCode": "unknown"}]}
    ordered = {
        **order,
        "id": f"e{place}{_LONG}",
        "medicationReference": {"reference": f"Medication/{medicine}", "display": shown},
        "requester": absent,
    }
    return [ordered, {"resourceType": "Medication", "id": medicine, "code": {"coding": codings}}]


def _form(patient_id: str, drug: DrugChoice | None, day: str) -> Resource:
    """The sandbox's form: without a drug it has neither intent nor category."""
    order: Resource = {"resourceType": "MedicationRequest", "id": FORM_ORDER, "status": "draft"}
    subject = {"reference": f"Patient/{patient_id}"}
    if drug is None:
        return {**order, "subject": subject, "authoredOn": day}
    pill = {"value": 1, "system": "http://unitsofmeasure.org", "code": "{pill}"}
    daily = {"frequency": 1, "period": 1, "periodUnit": "d"}
    concept = {"text": drug.text, "coding": _rxnorm(drug)}
    return {
        **order,
        "intent": "order",
        "category": {"coding": [_CATEGORY]},  # an object: seen, and no R4
        "medicationCodeableConcept": _without_nothing(concept),
        "subject": subject,
        "authoredOn": day,
        "dosageInstruction": [
            {"doseAndRate": [{"doseQuantity": pill}], "timing": {"repeat": daily}}
        ],
        "dispenseRequest": {"validityPeriod": {"start": day}},
    }


def _rxnorm(drug: DrugChoice) -> list[Any]:
    if not drug.code:
        return []
    return [{"system": RXNORM, "code": drug.code, "display": drug.text}]


def _without_nothing(concept: Resource) -> Resource:
    return {name: value for name, value in concept.items() if value}
