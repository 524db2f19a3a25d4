"""Sessions of the JavaScript clients, each a script of `node/` that tells what it saw."""

import re


def test_fhir_kit_client_pages_transacts_and_meets_a_deleted_resource(node_session):
    seen = node_session("kit.mjs")
    assert re.fullmatch(r"Patient/[A-Za-z0-9.-]+", seen.pop("subject"))
    assert seen == {
        "version": "4.0.1",
        "total": 4,
        "ids": ["g00", "g03", "g06", "g09"],
        "posted": 4,
        "everything": 6,
        "statuses": ["201", "201"],
        "vread": True,
        "history": 1,
        "gone": 410,
        "outcome": "OperationOutcome",
    }


def test_smart_fhirclient_reads_as_an_app_of_one_patient(node_session):
    assert node_session("smart.js") == {
        "patient": "p1",
        "conditions": 1,
        "results": 4,
        "resolved": "Ada",
        "release": 4,
        "missing": 404,
        "updated": "2",
    }
