"""A session of SMART's own PyPI `fhirclient`, whose classes read strictly."""

import pytest

client = pytest.importorskip("fhirclient.client")


@pytest.fixture
def smart(base):
    return client.FHIRClient(settings={"app_id": "tests", "api_base": base})


def test_its_strict_classes_read_our_capability_statement(smart):
    smart.server.get_capability()
    statement = smart.server.capabilityStatement
    assert statement is None or statement.fhirVersion == "4.0.1"
    from fhirclient.models.capabilitystatement import CapabilityStatement

    read = CapabilityStatement(smart.server.request_json("metadata"))
    types = {resource.type for resource in read.rest[0].resource}
    assert {"Patient", "Observation", "MolecularSequence"} <= types


def test_it_reads_a_patient_and_searches_every_page(smart):
    from fhirclient.models.observation import Observation
    from fhirclient.models.patient import Patient

    patient = Patient.read("p1", smart.server)
    assert patient.name[0].family == "Synthetic"
    search = Observation.where({"patient": "p1", "_count": "2"})
    found = list(search.perform_resources_iter(smart.server))
    assert len(found) == 4
    assert {each.code.coding[0].code for each in found} == {"84413-4"}


def test_it_creates_and_deletes(smart):
    from fhirclient.models.codeableconcept import CodeableConcept
    from fhirclient.models.condition import Condition
    from fhirclient.models.fhirreference import FHIRReference
    from fhirclient.server import FHIRNotFoundException

    condition = Condition()
    condition.subject = FHIRReference({"reference": "Patient/p2"})
    condition.code = CodeableConcept({"text": "Gout, synthetic"})
    created = condition.create(smart.server)
    assert created["id"]
    read = Condition.read(created["id"], smart.server)
    assert read.code.text == "Gout, synthetic"
    read.delete()
    with pytest.raises(FHIRNotFoundException):
        Condition.read("no-such-condition", smart.server)
