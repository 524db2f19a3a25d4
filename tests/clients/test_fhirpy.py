"""A session of PyPI `fhirpy`: what it sends is answered as it expects."""

import pytest

fhirpy = pytest.importorskip("fhirpy")


@pytest.fixture
def client(base):
    return fhirpy.SyncFHIRClient(base)


def test_it_searches_page_by_page_and_counts(client):
    found = client.resources("Observation").search(code="http://loinc.org|84413-4").limit(5)
    assert len(found.fetch()) == 5
    assert len(found.fetch_all()) == 12
    assert client.resources("Observation").search(patient="p1").count() == 4


def test_it_finds_the_first_by_identifier_and_follows_its_reference(client):
    patient = client.resources("Patient").search(identifier="urn:oid:1.2.3|mrn-2").get()
    assert patient.id == "p2"
    result = client.resources("Observation").search(patient="p2").sort("date").first()
    assert result["subject"].to_resource().id == "p2"


def test_it_creates_updates_reads_and_deletes(client):
    note = client.resource(
        "Condition", subject={"reference": "Patient/p3"}, code={"text": "Migraine, synthetic"}
    )
    note.save()
    assert note.id
    note["code"] = {"text": "Migraine with aura, synthetic"}
    note.save()
    read = client.reference("Condition", note.id).to_resource()
    assert read["code"]["text"].startswith("Migraine with aura")
    assert read["meta"]["versionId"] == "2"
    note.delete()
    with pytest.raises(fhirpy.base.exceptions.ResourceNotFound):
        client.reference("Condition", note.id).to_resource()


def test_it_includes_and_reverse_includes(client):
    patients = client.resources("Patient").search(_id="p1").revinclude("Observation", "patient")
    raw = patients.fetch_raw()
    kinds = [entry.resource.resource_type for entry in raw.entry]
    assert kinds.count("Observation") == 4


def test_it_executes_an_operation_on_a_patient(client):
    found = client.execute("Patient/p1/$everything", method="get")
    assert {entry["resource"]["resourceType"] for entry in found["entry"]} >= {
        "Patient",
        "Observation",
        "Condition",
    }


def test_a_missing_resource_is_its_own_error(client):
    with pytest.raises(fhirpy.base.exceptions.ResourceNotFound):
        client.reference("Patient", "nobody").to_resource()
