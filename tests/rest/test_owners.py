"""Whose a resource is: by its subject, by what it is about, by what is stored; else nobody's."""

import pytest

from fhir_pgx.rest.draft import Draft
from fhir_pgx.rest.owners import everywhere, find_owners
from fhir_pgx.rest.values_links import at_bases

BASE = "https://pgx.example.org/fhir"


def draft(type_, id_="x", **members):
    resource = {"resourceType": type_, "id": id_, **members}
    return Draft(type_, id_, resource, b"")


def owner(*drafts, known=None, resolve=None):
    find_owners(drafts, resolve or at_bases((BASE,)), lambda asked: known or {})
    return drafts[0].patient


def ref(reference):
    return {"reference": reference}


@pytest.mark.parametrize(
    ("one", "patient"),
    [
        (draft("Patient", "p"), "p"),
        (draft("Observation", subject=ref("Patient/p")), "p"),
        (draft("Observation", subject=ref("Patient/p/_history/2")), "p"),
        (draft("Observation", subject=ref(f"{BASE}/Patient/p")), "p"),
        (draft("Observation", subject=ref("https://ehr.example.org/fhir/Patient/p")), ""),
        (draft("Observation", subject=ref("Group/g")), ""),
        (draft("Observation", subject={"display": "Jane Doe"}), ""),
        (draft("Task", **{"for": ref("Patient/p")}), "p"),
        (draft("MolecularSequence", patient=ref("Patient/p")), "p"),
        (draft("Group", member=[{"entity": ref("Patient/p")}]), ""),
        (draft("Bundle", entry=[{"resource": {"resourceType": "Patient", "id": "p"}}]), ""),
        (draft("Provenance", target=[ref("Patient/p")]), "p"),
        (draft("Provenance", target=[ref("Patient/p"), ref("Patient/q")]), ""),
        (draft("Binary", securityContext=ref("Patient/p")), "p"),
        (draft("AuditEvent", entity=[{"what": ref("Patient/p")}]), "p"),
        (draft("Observation"), ""),
    ],
)
def test_a_resource_is_of_the_patient_that_it_names(one, patient):
    assert owner(one) == patient


def test_a_file_of_the_operators_names_patients_of_ours_at_every_server():
    one = draft("Observation", subject=ref("https://ehr.example.org/fhir/Patient/p"))
    assert owner(one, resolve=everywhere) == "p"


def test_without_a_subject_it_is_the_one_patients_of_its_document():
    assert owner(draft("Specimen"), draft("Patient", "p")) == "p"
    assert owner(draft("Specimen"), draft("Patient", "p"), draft("Patient", "q")) == ""
    assert owner(draft("Medication"), draft("Patient", "p")) == ""
    other = draft("Observation", subject=ref("Patient/q"))
    assert owner(other, draft("Patient", "p")) == "q"


def test_without_a_subject_it_stays_whose_it_is():
    known = {"Specimen/x": "stored"}
    assert owner(draft("Specimen"), draft("Patient", "p"), known=known) == "stored"


def test_a_provenance_is_of_whom_its_targets_are_of():
    result = draft("Observation", "o", subject=ref("Patient/p"))
    both = [ref("Observation/o"), ref("Observation/stored")]
    assert owner(draft("Provenance", target=both), result, known={"Observation/stored": "p"}) == "p"
    assert owner(draft("Provenance", target=both), result, known={"Observation/stored": "q"}) == ""


def test_what_is_nobodys_knows_the_records_that_refer_to_it():
    medicine = draft("Medication", "m")
    orders = [
        draft("MedicationRequest", p, subject=ref(f"Patient/{p}"),
              medicationReference=ref("Medication/m"))
        for p in ("p", "q")
    ]  # fmt: skip
    owner(medicine, *orders)
    assert (medicine.patient, medicine.referred_by) == ("", ("p", "q"))
