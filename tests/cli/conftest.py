"""A synthetic patient in files, and the command run in this process."""

import json

import pytest

from fhir_pgx.cli import main

GENOTYPE = {
    "resourceType": "Observation",
    "id": "cyp2c19",
    "status": "final",
    "category": [{"coding": [{"code": "laboratory"}]}],
    "code": {"coding": [{"system": "http://loinc.org", "code": "84413-4"}]},
    "subject": {"reference": "Patient/synthetic-1"},
    "valueCodeableConcept": {"text": "*2/*2"},
    "component": [
        {
            "code": {"coding": [{"system": "http://loinc.org", "code": "48018-6"}]},
            "valueCodeableConcept": {
                "coding": [
                    {
                        "system": "http://www.genenames.org/geneId",
                        "code": "HGNC:2621",
                        "display": "CYP2C19",
                    }
                ]
            },
        }
    ],
}
PATIENT = {"resourceType": "Patient", "id": "synthetic-1", "birthDate": "1970-01-01"}


def bundle(*resources):
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": resource} for resource in resources],
    }


def order_sign(*, prefetched=True, **more):
    """A request to sign clopidogrel (RxNorm 32968) for the synthetic patient."""
    request = {
        "hook": "order-sign",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {
            "userId": "Practitioner/synthetic",
            "patientId": "synthetic-1",
            "draftOrders": bundle(
                {
                    "resourceType": "MedicationRequest",
                    "id": "order-1",
                    "status": "draft",
                    "intent": "order",
                    "subject": {"reference": "Patient/synthetic-1"},
                    "medicationCodeableConcept": {
                        "coding": [
                            {
                                "system": "http://www.nlm.nih.gov/research/umls/rxnorm",
                                "code": "32968",
                                "display": "clopidogrel",
                            }
                        ]
                    },
                }
            ),
        },
        **more,
    }
    if prefetched:
        request["prefetch"] = {"observations": bundle(GENOTYPE)}
    return request


@pytest.fixture(autouse=True)
def _apart(monkeypatch, tmp_path):
    """No setting of the machine, and no file of the checkout, reaches a test."""
    import os

    for name in list(os.environ):
        if name.startswith("FHIR_PGX_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def write(tmp_path):
    """Write a value as JSON (bytes as they are) into a file; give its name."""

    def write_file(name, content):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return str(path)

    return write_file


@pytest.fixture
def run(capfdbinary):
    """Run the command; give exit code, output as JSON (or text), and messages."""

    def run_command(*arguments):
        code = main([str(each) for each in arguments])
        out, err = capfdbinary.readouterr()
        text = out.decode()
        try:
            return code, json.loads(text), err.decode()
        except ValueError:
            return code, text, err.decode()

    return run_command
