"""Numbers from the request to the card: a weight decides for whom advice is, and what is compared.

Every patient here is synthetic.
"""

import pytest

from tests.drugs.test_every_drug import observation
from tests.replay import demo_client

NUMBERS = "In numbers for this patient"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


def medication(code, text, milligrams, *, identifier="order-1", **more):
    """A medicine by mouth once a day."""
    quantity = {"value": milligrams, "unit": "mg", "code": "mg"}
    return {
        "resourceType": "MedicationRequest",
        "id": identifier,
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": code}], "text": text},
        "subject": {"reference": "Patient/synthetic-1"},
        "dosageInstruction": [
            {
                "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
                "doseAndRate": [{"doseQuantity": quantity}],
            }
        ],
        **more,
    }


def measured(loinc, value, unit, when="2026-11-01", code=None):
    return {
        "resourceType": "Observation",
        "id": f"measure-{loinc}",
        "status": "final",
        "subject": {"reference": "Patient/synthetic-1"},
        "effectiveDateTime": when,
        "code": {"coding": [{"system": "http://loinc.org", "code": loinc}]},
        "valueQuantity": {"value": value, "unit": unit, **({"code": code} if code else {})},
    }


def bundle(*resources):
    entries = [{"resource": each} for each in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries}


@pytest.fixture(scope="module")
def card(tmp_path_factory):
    """The one card of an order; its detail and summary."""
    with demo_client(tmp_path_factory.mktemp("numbers")) as client:

        def ask(order, born, results, measures, in_use=()):
            request = {
                "hook": "order-sign",
                "hookInstance": "3f1c6d5e-8a0b-4f57-9d3c-2f6a1b7c9e10",
                "context": {
                    "userId": "Practitioner/synthetic-practitioner",
                    "patientId": "synthetic-1",
                    "draftOrders": bundle(order),
                },
                "prefetch": {
                    "patient": {"resourceType": "Patient", "id": "synthetic-1", "birthDate": born},
                    "pgxObservations": bundle(*(observation(*each) for each in results.items())),
                    "activeMedications": bundle(*in_use),
                    "problems": bundle(),
                    "allergies": bundle(),
                    "vitalSigns": bundle(*measures),
                },
            }
            answer = client.post("/cds-services/pgx-order-sign", json=request)
            (only,) = answer.get_json()["cards"]
            return only

        yield ask


@pytest.mark.parametrize(
    ("kilograms", "is_compared", "is_judged"),
    [(35, False, False), (40, True, False), (45, True, True)],
)  # CPIC: above 40 kg; DPWG, from 40 kg, has numbers by body mass index, which none is recorded of
def test_advice_for_heavier_children_judges_no_order_of_a_lighter_child(
    card, kilograms, is_compared, is_judged
):
    order = medication("205292", "efavirenz", 600)
    weight = measured("29463-7", kilograms, "kg")
    found = card(order, "2015-05-17", {"CYP2B6": "*6/*6"}, [weight])
    assert ("the ordered 600 mg/d is above this" in found["detail"]) is is_compared
    assert ("above the advised dose" in found["summary"]) is is_judged


WARFARIN = ("855332", "warfarin sodium 5 MG Oral Tablet")
SLOW = {"CYP2C9": "*1/*3", "VKORC1": "-1639 AA"}
HEIGHT = measured("8302-2", 170, "cm")


def test_warfarin_is_held_against_the_computed_dose_and_an_old_weight_is_named(card):
    weight = measured("29463-7", 180, "lb", "2009-01-01", "[lb_av]")
    found = card(medication(*WARFARIN, 10), "1950-05-17", SLOW, [weight, HEIGHT])
    assert "mg/d; the ordered 10 mg/d is above this." in found["detail"]
    assert "Weight: 81.6 kg (2009-01-01" in found["detail"]
    assert "The weight is of 2009-01-01 (more than a year old)" in found["detail"]
    near = card(medication(*WARFARIN, 2), "1950-05-17", SLOW, [weight, HEIGHT])
    assert "the ordered 2 mg/d is at most a fifth away from this." in near["detail"]
    assert "above the advised dose" not in near["summary"]


def test_a_weight_whose_unit_and_code_differ_is_named_and_not_counted(card):
    weight = measured("29463-7", 180, "kg", code="[lb_av]")
    found = card(medication(*WARFARIN, 5), "1950-05-17", SLOW, [weight, HEIGHT])
    assert "Weight: on file and could not be used" in found["detail"]
    assert "mg/d)" not in found["detail"]


def test_warfarin_long_in_use_gets_no_computed_dose(card):
    taken = medication(*WARFARIN, 5, identifier="old", status="active", authoredOn="2019-05-01")
    measures = [measured("29463-7", 82, "kg"), HEIGHT]
    found = card(medication(*WARFARIN, 5), "1950-05-17", SLOW, measures, [taken])
    assert "has been in use since 2019-05-01" in found["detail"]
    assert "IWPC" not in found["detail"].partition("**Source**")[0]
