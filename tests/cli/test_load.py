"""Loading and exporting: whole files, each resource with its patient, nothing by halves."""

import json

import pytest

from fhir_pgx.errors import TooDeep
from fhir_pgx.rest.loading import drafts_in

from .conftest import GENOTYPE, PATIENT, bundle

OTHER = {"resourceType": "Patient", "id": "synthetic-2"}


def owners(*documents):
    return {each.reference: each.patient for each in drafts_in(documents)}


def entry(url, resource):
    return {"fullUrl": url, "resource": resource}


def test_a_folder_is_loaded_counted_and_exported_again(run, write):
    write("patients/one.json", bundle(PATIENT, GENOTYPE))
    write("patients/two.ndjson", f"{json.dumps(OTHER)}\n".encode())
    write("patients/notes.txt", b"not FHIR, and not read")
    code, counts, err = run("load", "patients")
    assert (code, err) == (0, "")
    assert counts == {"files": 2, "created": 3, "updated": 0, "unchanged": 0, "patients": 2}
    assert run("load", "patients")[1]["unchanged"] == 3

    code, found, _ = run("export", "synthetic-1")
    assert code == 0
    assert [each["resource"] for each in found["entry"]] == [GENOTYPE, PATIENT]
    assert found["entry"][1]["fullUrl"] == "http://127.0.0.1:8080/fhir/Patient/synthetic-1"
    assert run("export", "Patient/synthetic-1")[1] == found


def test_each_tenant_is_loaded_and_exported_by_itself(run, write):
    run("load", write("one.json", bundle(PATIENT, GENOTYPE)), "--tenant", "north")
    assert run("export", "synthetic-1")[0] == 1
    assert run("export", "synthetic-1", "--tenant", "south")[0] == 1
    code, found, _ = run("export", "synthetic-1", "--tenant", "north")
    assert code == 0
    assert [each["resource"] for each in found["entry"]] == [GENOTYPE, PATIENT]


def test_what_is_exported_can_be_interpreted(run, write):
    run("load", write("one.json", bundle(PATIENT, GENOTYPE)))
    _, exported, _ = run("export", "synthetic-1")
    code, found, _ = run("interpret", write("again.json", exported))
    assert (code, found["genes"]["CYP2C19"]["phenotype"]) == (0, "Poor Metabolizer")


def test_decimals_come_back_as_they_were_written(run, write, capfdbinary):
    text = (
        b'{"resourceType":"Observation","id":"d","subject":{"reference":"Patient/p"},'
        b'"valueQuantity":{"value":7.50}}'
    )
    run("load", write("d.json", text))
    from fhir_pgx.cli import main

    assert main(["export", "p"]) == 0
    assert b"7.50" in capfdbinary.readouterr().out


def test_a_patient_of_whom_nothing_is_stored_is_not_an_empty_bundle(run):
    code, outcome, err = run("export", "nobody-known")
    assert (code, outcome["issue"][0]["code"]) == (1, "not-found")
    assert "nobody-known" not in json.dumps(outcome) + err


def test_of_a_file_with_an_error_nothing_is_stored_and_the_others_are(run, write):
    good = write("good.json", bundle(PATIENT))
    broken = f"{json.dumps(OTHER)}\n{{broken\n".encode()
    code, outcome, err = run("load", write("broken.ndjson", broken), good)
    assert code == 1
    assert outcome["issue"][0]["expression"][0].startswith("broken.ndjson line 2")
    assert "nothing of it was stored" in err
    assert run("export", "synthetic-1")[0] == 0
    assert run("export", "synthetic-2")[0] == 1


def test_an_id_of_another_patient_is_refused(run, write):
    run("load", write("one.json", bundle(PATIENT, GENOTYPE)))
    stolen = {**GENOTYPE, "subject": {"reference": "Patient/synthetic-2"}}
    code, outcome, _ = run("load", write("two.json", bundle(OTHER, stolen)))
    assert code == 1
    assert "another patient" in outcome["issue"][0]["diagnostics"]
    assert run("export", "synthetic-2")[0] == 1


def test_a_file_without_resources_is_an_error(run, write):
    code, outcome, _ = run("load", write("request.json", {"hook": "order-sign"}))
    assert code == 1
    assert "no FHIR resource" in outcome["issue"][0]["diagnostics"]


def test_the_patient_of_a_resource_is_known_by_any_kind_of_reference():
    results = [
        {"resourceType": "Observation", "id": "relative", "subject": {"reference": "Patient/p1"}},
        {
            "resourceType": "Observation",
            "id": "absolute",
            "subject": {"reference": "https://ehr.example.org/fhir/Patient/p1/_history/2"},
        },
        {"resourceType": "MolecularSequence", "id": "r4", "patient": {"reference": "Patient/p1"}},
        {"resourceType": "Task", "id": "task", "for": {"reference": "Patient/p1"}},
        {"resourceType": "Observation", "id": "urn", "subject": {"reference": "urn:uuid:abc"}},
        {"resourceType": "Observation", "id": "group", "subject": {"reference": "Group/g"}},
        {"resourceType": "Observation", "id": "nobody"},
    ]
    document = {
        "resourceType": "Bundle",
        "entry": [
            entry("urn:uuid:abc", {"resourceType": "Patient", "id": "p2"}),
            entry("", {"resourceType": "Patient", "id": "p1"}),
            *(entry("", each) for each in results),
        ],
    }
    assert owners(document) == {
        "Patient/p1": "p1",
        "Patient/p2": "p2",
        "Observation/relative": "p1",
        "Observation/absolute": "p1",
        "MolecularSequence/r4": "p1",
        "Task/task": "p1",
        "Observation/urn": "p2",
        "Observation/group": "",
        "Observation/nobody": "",  # of two patients, neither is assumed
    }


def test_without_a_subject_a_result_is_the_one_patients_of_its_file(run, write):
    nobody = {key: value for key, value in GENOTYPE.items() if key != "subject"}
    assert owners(bundle(PATIENT, nobody))["Observation/cyp2c19"] == "synthetic-1"
    code, _, err = run("load", write("alone.json", nobody))
    assert code == 0
    assert "1 resources are of no known patient" in err


def test_a_medication_comes_with_every_patient_whose_order_refers_to_it():
    def order(patient):
        return {
            "resourceType": "MedicationRequest",
            "id": f"order-{patient}",
            "subject": {"reference": f"Patient/{patient}"},
            "medicationReference": {"reference": "Medication/m"},
        }

    medication = {"resourceType": "Medication", "id": "m"}
    (found,) = (
        each
        for each in drafts_in([bundle(order("p1"), order("p2"), medication)])
        if each.type == "Medication"
    )
    assert (found.patient, found.referred_by) == ("", ("p1", "p2"))


@pytest.mark.parametrize(
    ("url", "identity"),
    [
        ("urn:uuid:11111111-2222-4333-8444-555555555555", "11111111-2222-4333-8444-555555555555"),
        ("https://ehr.example.org/fhir/Observation/o7", "o7"),
    ],
)
def test_a_resource_without_an_id_takes_that_of_its_full_url(url, identity):
    document = {"resourceType": "Bundle", "entry": [entry(url, {"resourceType": "Observation"})]}
    (found,) = drafts_in([document])
    assert (found.id, found.full_url) == (identity, url)
    assert json.loads(found.body)["id"] == identity


def test_without_any_id_the_same_content_gets_the_same_one():
    first, second = ({"resourceType": "Observation", "status": s} for s in ("final", "amended"))
    ids = [each.id for each in drafts_in([first, second])]
    assert ids[0] != ids[1]
    assert [each.id for each in drafts_in([first, second])] == ids


def test_contained_resources_stay_inside_theirs():
    order = {
        "resourceType": "MedicationRequest",
        "id": "o",
        "subject": {"reference": "Patient/p"},
        "contained": [{"resourceType": "Medication", "id": "m"}],
    }
    assert owners(order) == {"MedicationRequest/o": "p"}


def test_bundles_in_bundles_without_end_are_refused():
    document = bundle(PATIENT)
    for _ in range(40):
        document = bundle(document)
    with pytest.raises(TooDeep):
        drafts_in([document])
