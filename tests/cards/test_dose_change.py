"""An order with another single dose: one number changes, and nothing else. Orders are synthetic."""

from copy import deepcopy
from decimal import Decimal as D

import pytest

from fhir_pgx.cards.dose_change import change_dose
from fhir_pgx.fhir.json import read_json, write_json

DAILY = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
MG = {"value": 40, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}


def draft(dosage=None, **more):
    return {
        "resourceType": "MedicationRequest",
        "id": "r1",
        "status": "draft",
        "intent": "order",
        "extension": [{"url": "http://example.org/ours", "valueString": "40 mg stays in here"}],
        "medicationCodeableConcept": {"text": "simvastatin 20 MG Oral Tablet"},
        "subject": {"reference": "Patient/synthetic"},
        "unknownMember": {"kept": True},
        "dosageInstruction": [
            {"timing": DAILY, "doseAndRate": [{"doseQuantity": MG}]} if dosage is None else dosage
        ],
        **more,
    }


def changed_dose(changed):
    (dosage,) = changed["dosageInstruction"]
    entries = dosage.get("doseAndRate")
    place = (entries[0] if isinstance(entries, list) else entries) if entries else dosage
    return place.get("doseQuantity") or place["doseSimpleQuantity"]


@pytest.mark.parametrize(
    ("release", "resource"),
    [
        ("R4", draft()),
        ("R4 as one object", draft({"timing": DAILY, "doseAndRate": {"doseQuantity": MG}})),
        ("STU3", draft({"timing": DAILY, "doseQuantity": MG})),
        ("STU3 by its long name", draft({"timing": DAILY, "doseSimpleQuantity": MG})),
        ("DSTU2", {**draft({"timing": DAILY, "doseQuantity": MG}),
                   "resourceType": "MedicationOrder"}),
        ("R5", {**draft(), "medication": {"concept": {"text": "simvastatin 20 MG Oral Tablet"}}}),
        ("capital letters", draft({"timing": DAILY, "doseQuantity": {"value": 40, "unit": "MG"}})),
    ],
)  # fmt: skip
def test_the_single_dose_changes_and_nothing_else(release, resource):
    before = deepcopy(resource)
    changed = change_dose(resource, D("20"), "mg")
    assert resource == before, release
    assert changed_dose(changed)["value"] == 20
    changed_dose(changed)["value"] = 40
    assert changed == before


def test_the_answer_shares_nothing_with_the_order_received():
    resource = draft()
    change_dose(resource, D(20), "mg")["extension"].clear()
    assert resource["extension"]


def test_a_dose_is_written_as_a_plain_number():
    bare = draft(medicationCodeableConcept={"text": "simvastatin"})
    for amount, text in (("2E+1", b'"value":20,'), ("12.50", b'"value":12.5,')):
        assert text in write_json(change_dose(bare, D(amount), "mg"))


def test_an_order_as_it_comes_from_the_wire_can_be_changed():
    data = write_json(draft()).replace(b'"value":40', b'"value":40.0')
    changed = change_dose(read_json(data, max_bytes=10_000), D(20), "mg")
    assert changed_dose(changed)["value"] == 20


def test_texts_that_state_the_old_dose_go_and_the_others_stay():
    dosage = {
        "timing": DAILY,
        "doseQuantity": MG,
        "text": "Take two tablets daily",
        "_text": {"extension": []},
        "patientInstruction": "Take with food",
    }
    resource = draft(
        dosage,
        text={"status": "generated", "div": "<div>simvastatin 40 mg</div>"},
        renderedDosageInstruction="40 mg once daily",
        note=[{"text": "ask about muscle pain"}],
    )
    changed = change_dose(resource, D(20), "mg")
    (after,) = changed["dosageInstruction"]
    assert after.keys() == {"timing", "doseQuantity", "patientInstruction"}
    assert resource.keys() - changed.keys() == {"text", "renderedDosageInstruction"}
    assert changed["note"] == resource["note"]


@pytest.mark.parametrize(
    ("why", "resource"),
    [
        ("no draft", draft(status="active")),
        ("no id", {name: value for name, value in draft().items() if name != "id"}),
        ("a statement", draft(resourceType="MedicationStatement")),
        ("no dosage", draft(dosageInstruction=[])),
        ("two dosages", draft(dosageInstruction=draft()["dosageInstruction"] * 2)),
        ("a dose told twice", draft({"timing": DAILY, "doseAndRate": [
            {"doseQuantity": MG}, {"doseQuantity": MG}]})),
        ("a dose at both places", draft({
            "timing": DAILY, "doseQuantity": MG, "doseAndRate": [{"doseQuantity": MG}]})),
        ("a range", draft({"timing": DAILY, "doseAndRate": [{"doseRange": {"high": MG}}]})),
        ("tablets", draft({"timing": DAILY, "doseQuantity": {"value": 2, "unit": "tablet"}})),
        ("grams", draft({"timing": DAILY, "doseQuantity": {"value": 2, "unit": "g"}})),
        ("unit and code disagree", draft({"timing": DAILY, "doseQuantity": {
            "value": 2, "unit": "mg", "code": "g"}})),
        ("a comparator", draft({"timing": DAILY, "doseQuantity": {**MG, "comparator": "<"}})),
        ("a most a day beside it", draft({
            "timing": DAILY, "doseQuantity": MG, "maxDosePerPeriod": {"numerator": MG}})),
        ("a rate beside it", draft({"timing": DAILY, "doseAndRate": [
            {"doseQuantity": MG, "rateQuantity": MG}]})),
        ("no structured timing", draft({"doseQuantity": MG, "text": "40 mg at night"})),
        ("an instruction with an amount", draft({
            "timing": DAILY, "doseQuantity": MG,
            "additionalInstruction": [{"text": "take 2 tablets together"}]})),
        ("half a tablet", draft(medicationCodeableConcept={"text": "simvastatin 40 MG Tablet"})),
        ("half a tablet, contained", draft(
            medicationCodeableConcept={"text": "simvastatin"},
            contained=[{"resourceType": "Medication", "code": {"text": "simvastatin 40 mg"}}])),
        ("half a tablet, by a display", draft(
            medicationReference={"display": "SIMVASTATIN 40 MG PO TABS"})),
    ],
)  # fmt: skip
def test_an_order_that_states_its_dose_in_another_way_is_not_changed(why, resource):
    assert change_dose(resource, D(20), "mg") is None, why


def test_a_dose_in_another_unit_is_not_written():
    assert change_dose(draft(), D(20), "tablet") is None
    assert change_dose(draft(), D(0), "mg") is None
    assert change_dose(draft(), D(20), "mg") is not None
