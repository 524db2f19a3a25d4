"""One running server for all sessions, with synthetic patients in it."""

import json
import os
import shutil
import subprocess
import urllib.request
from pathlib import Path

import pytest

from tests.running_server import running_server

NODE = Path(__file__).parent / "node"
CYP2C19 = {"system": "http://www.genenames.org/geneId", "code": "HGNC:2621", "display": "CYP2C19"}
LOINC = "http://loinc.org"


def genotype(identity: str, patient: str, value: str, when: str) -> dict:
    """A CYP2C19 genotype, synthetic."""
    return {
        "resourceType": "Observation",
        "id": identity,
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "laboratory",
                    }
                ]
            }
        ],
        "code": {"coding": [{"system": LOINC, "code": "84413-4"}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": when,
        "valueCodeableConcept": {"text": value},
        "component": [
            {
                "code": {"coding": [{"system": LOINC, "code": "48018-6"}]},
                "valueCodeableConcept": {"coding": [CYP2C19]},
            }
        ],
    }


def patients() -> dict:
    """A transaction of three synthetic patients, twelve results and a problem."""
    entries = []
    for number, name in enumerate(("Ada", "Bela", "Carl"), start=1):
        patient = {
            "resourceType": "Patient",
            "id": f"p{number}",
            "identifier": [{"system": "urn:oid:1.2.3", "value": f"mrn-{number}"}],
            "name": [{"family": "Synthetic", "given": [name]}],
            "gender": "female" if number == 1 else "male",
            "birthDate": f"19{50 + number}-01-02",
        }
        entries.append(patient)
    for number in range(12):
        value = ("*1/*2", "*2/*2", "*1/*17")[number % 3]
        when = f"2026-{number % 12 + 1:02d}-15"
        entries.append(genotype(f"g{number:02d}", f"p{number % 3 + 1}", value, when))
    entries.append(
        {
            "resourceType": "Condition",
            "id": "c1",
            "code": {
                "text": "Stroke",
                "coding": [{"system": "http://snomed.info/sct", "code": "230690007"}],
            },
            "subject": {"reference": "Patient/p1"},
        }
    )
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {
                "resource": each,
                "request": {"method": "PUT", "url": f"{each['resourceType']}/{each['id']}"},
            }
            for each in entries
        ],
    }


@pytest.fixture(scope="session")
def origin(tmp_path_factory):
    """The address of the server, without a path."""
    with running_server(tmp_path_factory.mktemp("server")) as address:
        body = json.dumps(patients()).encode()
        sent = urllib.request.Request(
            f"{address}/fhir", body, {"Content-Type": "application/fhir+json"}
        )
        with urllib.request.urlopen(sent, timeout=30) as answer:
            assert answer.status == 200
        yield address


@pytest.fixture(scope="session")
def base(origin):
    """The FHIR base URL."""
    return f"{origin}/fhir"


@pytest.fixture(scope="session")
def node():
    """Runs a script of the Node clients with arguments; returns what it saw."""
    reason = ""
    if shutil.which("node") is None:
        reason = "Node is not installed"
    elif not (NODE / "node_modules").is_dir():
        reason = "the Node clients are not installed: npm install in tests/clients/node"
    if reason:
        if "node" in os.environ.get("FHIR_PGX_REQUIRE", "").split(","):
            pytest.fail(reason)
        pytest.skip(reason)

    def run(script: str, *arguments: str) -> dict:
        done = subprocess.run(
            ["node", str(NODE / script), *arguments],
            cwd=NODE,
            capture_output=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr.decode()[-3000:]
        return json.loads(done.stdout)

    return run


@pytest.fixture(scope="session")
def node_session(node, base):
    """Runs a session of the Node clients with our server; returns what it saw."""
    return lambda script: node(script, base)
