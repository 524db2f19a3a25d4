"""Weight, age and medicines, changed; and what cannot be taken."""

import pytest

from fhir_pgx.errors import InvalidParameter
from fhir_pgx.workbench.ehr import record_of
from fhir_pgx.workbench.facts import medicines_of

LOINC = "http://loinc.org"


def weight(identity, kilograms):
    return {
        "resourceType": "Observation",
        "id": identity,
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "29463-7"}]},
        "subject": {"reference": "Patient/p"},
        "valueQuantity": {"value": kilograms, "code": "kg"},
    }


def test_one_weight_stands_in_place_of_all_on_file(change):
    record = record_of([weight("a", 80), weight("b", 81)])
    changed = change(record, weight="54,5 kg")
    (kept,) = [e for e in changed.record.resources if e["resourceType"] == "Observation"]
    assert kept["valueQuantity"]["value"] == 54.5
    assert changed.notes == ("The body weight is 54.5 kg in place of 2 on file.",)


@pytest.mark.parametrize("text", ["0", "-5", "701", "heavy", "1e3", "٧٠", "NaN", "70.12345"])
def test_a_weight_that_nobody_has_is_refused(change, ada, text):
    with pytest.raises(InvalidParameter) as refused:
        change(ada, weight=text)
    assert refused.value.where == "weight"


def test_the_age_is_that_of_todays_birthday(change, ada):
    changed = change(ada, age="9")
    assert changed.record.patient["birthDate"] == "2017-11-23"
    assert changed.notes == ("The patient is 9 years old (born 2017-11-23).",)


@pytest.mark.parametrize("text", ["131", "-1", "9.5", "nine", "²"])
def test_what_is_no_age_is_refused(change, ada, text):
    with pytest.raises(InvalidParameter) as refused:
        change(ada, age=text)
    assert refused.value.where == "age"


def test_a_medicine_is_added_by_name_and_taken_off_by_ingredient(change, pipeline, ada):
    changed = change(ada, medicines=("fluoxetine", "-simvastatin"))
    before = {name for each in medicines_of(pipeline, ada) for name in each.drugs}
    after = {name for each in medicines_of(pipeline, changed.record) for name in each.drugs}
    assert before - after == {"simvastatin"}
    assert after - before == {"fluoxetine"}
    assert changed.notes[0].endswith("is taken off the chart.")
    assert changed.notes[1] == "fluoxetine 20 MG Oral Capsule is in use."


def test_a_medicine_that_no_table_knows_is_added_and_said_to_be_unknown(change, ada):
    changed = change(ada, medicines=("purple pills",))
    assert "no drug of our tables" in changed.notes[0]


def test_a_medicine_that_is_not_there_cannot_be_taken_off(change, ada):
    with pytest.raises(InvalidParameter) as refused:
        change(ada, medicines=("-warfarin",))
    assert refused.value.where == "medicines.warfarin"


def test_an_added_inhibitor_changes_the_card(change, pipeline, ada, understood):
    """Phenoconversion: the genotype is as it was, what it does is not."""
    changed = change(ada, genotypes={"CYP2D6": "*1/*1"}, medicines=("paroxetine",))
    assert understood(changed.record)["CYP2D6"] == ("called", ("*1/*1",), "Normal Metabolizer")
    assert any("paroxetine" in each.drugs for each in medicines_of(pipeline, changed.record))
