"""The context of each hook, as an EHR fills it for a patient and the drugs picked."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_pgx.terminology import SNOMED
from fhir_pgx.workbench.ehr.drugs import DrugChoice
from fhir_pgx.workbench.ehr.habits import Ehr
from fhir_pgx.workbench.ehr.orders import draft_bundle, orders_for
from fhir_pgx.workbench.ehr.record import Resource

_PERFORMER = "Organization/synthetic-pharmacy"
_ACTIVE = "http://terminology.hl7.org/CodeSystem/condition-clinical"


@dataclass(frozen=True, slots=True)
class Problem:
    """A problem that may be entered on the list: a SNOMED CT code and its words."""

    code: str
    text: str


PROBLEMS = (
    Problem("401303003", "Acute ST segment elevation myocardial infarction"),
    Problem("254637007", "Non-small cell lung cancer"),
    Problem("363406005", "Malignant tumor of colon"),
    Problem("86406008", "Human immunodeficiency virus infection"),
)


@dataclass(frozen=True, slots=True)
class Firing:
    """What a context is made of. `day` is a FHIR date."""

    ehr: Ehr
    patient_id: str
    drugs: tuple[DrugChoice, ...]
    day: str
    problem: Problem = PROBLEMS[0]


@dataclass(frozen=True, slots=True)
class Context:
    """A hook's context, and what the EHR has put on the chart in the same moment."""

    members: Mapping[str, Any]
    filed: tuple[Resource, ...] = ()


def context_of(hook: str, firing: Firing) -> Context:
    """The context of a hook, whatever the EHR usually fires."""
    make = _OWN.get(hook)
    made = make(firing) if make else Context({})
    members: dict[str, Any] = {}
    if hook != "order-dispatch":
        members["userId"] = firing.ehr.user
    members["patientId"] = firing.patient_id
    encounter = firing.ehr.encounter
    if encounter and hook not in ("order-dispatch", "medication-refill"):
        members["encounterId"] = encounter
    return Context({**members, **made.members}, made.filed)


def _drafts(name: str) -> Callable[[Firing], Context]:
    def make(firing: Firing) -> Context:
        return Context({name: draft_bundle(firing.ehr, _orders(firing))})

    return make


def _selected(firing: Firing) -> Context:
    """order-select: every draft is selected, as if the last click had chosen all of them."""
    orders = _orders(firing)
    named = [f"{each['resourceType']}/{each['id']}" for each in orders
             if each["resourceType"] != "Medication"]  # fmt: skip
    return Context({"draftOrders": draft_bundle(firing.ehr, orders), "selections": named})


def _dispatched(firing: Firing) -> Context:
    """order-dispatch names its orders by reference: signed before, they stand on the chart."""
    filed = orders_for(
        firing.ehr, firing.patient_id, firing.drugs, firing.day, status="active"
    )  # fmt: skip
    named = [f"{each['resourceType']}/{each['id']}" for each in filed
             if each["resourceType"] != "Medication"]  # fmt: skip
    return Context({"dispatchedOrders": named, "performer": _PERFORMER}, tuple(filed))


def _booked(firing: Firing) -> Context:
    patient = {"reference": f"Patient/{firing.patient_id}"}
    appointment = {
        "resourceType": "Appointment",
        "id": "appointment-1",
        "status": "proposed",
        "participant": [{"actor": patient, "status": "accepted"}],
    }
    return Context({"appointments": draft_bundle(firing.ehr, [appointment])})


def _entered(firing: Firing) -> Context:
    problem = firing.problem
    condition = {
        "resourceType": "Condition",
        "id": "problem-1",
        "clinicalStatus": {"coding": [{"system": _ACTIVE, "code": "active"}]},
        "subject": {"reference": f"Patient/{firing.patient_id}"},
        "code": {
            "coding": [{"system": SNOMED, "code": problem.code, "display": problem.text}],
            "text": problem.text,
        },
        "recordedDate": firing.day,
    }
    return Context({"conditions": draft_bundle(firing.ehr, [condition])})


def _intolerance(firing: Firing) -> Context:
    """The first drug is not tolerated; with none picked, something that is no drug of ours."""
    code: Resource = {"text": "Latex"}
    for drug in firing.drugs[:1]:
        order = orders_for(firing.ehr, firing.patient_id, [drug], firing.day)[0]
        code = order.get("medicationCodeableConcept", {"text": drug.text})
    allergy = {
        "resourceType": "AllergyIntolerance",
        "id": "allergy-1",
        "type": "intolerance",
        "patient": {"reference": f"Patient/{firing.patient_id}"},
        "code": code,
        "reaction": [{"manifestation": [{"text": "Nausea"}]}],
    }
    return Context({"allergyIntolerance": allergy})


def _orders(firing: Firing) -> Sequence[Resource]:
    return orders_for(firing.ehr, firing.patient_id, firing.drugs, firing.day)


_OWN: Mapping[str, Callable[[Firing], Context]] = {
    "order-select": _selected,
    "order-sign": _drafts("draftOrders"),
    "medication-refill": _drafts("medications"),
    "medication-prescribe": _drafts("medications"),
    "order-review": _drafts("orders"),
    "order-dispatch": _dispatched,
    "appointment-book": _booked,
    "problem-list-item-create": _entered,
    "allergyintolerance-create": _intolerance,
}
