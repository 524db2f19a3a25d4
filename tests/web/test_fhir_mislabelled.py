"""Beside a mislabelled result its DetectedIssue is stored, and goes as the result goes."""

from contextlib import closing

import pytest

from fhir_pgx.reports.detected_issue import issue_id
from fhir_pgx.rest.loading import drafts_in, load_documents
from fhir_pgx.storage import SqlStore
from fhir_pgx.terminology import DERIVATION, DERIVED
from fhir_pgx.validation import check_resource
from fhir_pgx.web.fhir_server import server_of

from ..stores import KINDS, new_database
from .fhir_client import entry, fhir_client, observation, patient, real_pipeline, transaction

WRONG = {"code": {"coding": [{"system": "http://loinc.org", "code": "79714-2"}],
                  "text": "CYP2D6 phenotype"},
         "valueCodeableConcept": {"text": "Poor metabolizer"}}  # fmt: skip
RIGHT = {**WRONG, "code": {**WRONG["code"], "text": "CYP2C19 phenotype"}}
OTHER = {**WRONG, "code": {**WRONG["code"], "text": "CYP2C9 phenotype"}}
ISSUE = f"/fhir/DetectedIssue/{issue_id('Observation/o')}"


@pytest.fixture(params=KINDS)
def store(request, tmp_path):
    with closing(SqlStore(new_database(request.param, tmp_path))) as opened:
        yield opened


@pytest.fixture
def client(store):
    return fhir_client(store)


def put(client, **more):
    body = observation("Patient/p", "o", **more)
    answer = client.put("/fhir/Observation/o", json=body)
    assert answer.status_code in (200, 201)
    return answer


def issues(client):
    found = client.get("/fhir/DetectedIssue").get_json()
    return [each["resource"] for each in found.get("entry", [])]


def test_a_mislabelled_result_has_an_issue_of_the_same_patient_that_searches_find(client):
    put(client, **WRONG)
    (issue,) = issues(client)
    assert client.get(ISSUE).get_json() == issue
    assert issue["patient"] == {"reference": "Patient/p"}
    assert issue["implicated"] == [{"reference": "Observation/o"}]
    assert (issue["status"], issue["severity"]) == ("preliminary", "high")
    assert "CYP2D6" in issue["detail"]
    assert "CYP2C19" in issue["detail"]
    for query in ("DetectedIssue?patient=p", "DetectedIssue?implicated=Observation/o",
                  "Patient/p/DetectedIssue"):  # fmt: skip
        assert client.get(f"/fhir/{query}").get_json()["total"] == 1
    assert check_resource(issue, real_pipeline().knowledge.vocabulary) == []


def test_a_result_in_order_has_none(client):
    put(client, **RIGHT)
    assert issues(client) == []


def test_a_result_that_is_sent_again_keeps_its_one_issue_and_a_correction_takes_it_away(client):
    put(client, **WRONG)
    put(client, **WRONG)
    put(client, **WRONG, effectiveDateTime="2026-01-01")
    assert client.get(ISSUE).get_json()["meta"]["versionId"] == "1"
    put(client, **OTHER)
    assert client.get(ISSUE).get_json()["meta"]["versionId"] == "2"
    assert "CYP2C9" in client.get(ISSUE).get_json()["detail"]
    put(client, **RIGHT)
    assert client.get(ISSUE).status_code == 410
    put(client, **WRONG)
    assert client.get(ISSUE).status_code == 200


def test_a_deleted_result_takes_its_issue_along(client):
    put(client, **WRONG)
    client.delete("/fhir/Observation/o")
    assert client.get(ISSUE).status_code == 410
    put(client, **WRONG)
    client.post("/fhir", json=transaction(entry("DELETE", "Observation/o")))
    assert client.get(ISSUE).status_code == 410


def test_what_a_person_said_of_an_issue_stays(client):
    put(client, **WRONG)
    said = {**client.get(ISSUE).get_json(), "status": "final"}
    assert client.put(ISSUE, json=said).status_code == 200
    put(client, **WRONG, effectiveDateTime="2026-01-01")
    assert client.get(ISSUE).get_json()["status"] == "final"
    client.delete(ISSUE)
    put(client, **WRONG, effectiveDateTime="2026-01-01")
    assert client.get(ISSUE).status_code == 410


def test_an_id_that_somebody_took_costs_the_result_nothing(client):
    id_ = issue_id("Observation/o")
    taken = {"resourceType": "DetectedIssue", "id": id_, "status": "final",
             "patient": {"reference": "Patient/q"}}  # fmt: skip
    client.put(ISSUE, json=taken)
    put(client, **WRONG)
    assert client.get(ISSUE).get_json()["patient"] == {"reference": "Patient/q"}
    put(client, **RIGHT)
    client.delete("/fhir/Observation/o")
    assert client.get(ISSUE).status_code == 200


def test_a_transaction_that_fails_leaves_no_issue(client):
    wrong = observation("Patient/p", **WRONG)
    failing = entry("POST", "Observation", observation("Patient?identifier=urn:a|nobody"))
    answer = client.post("/fhir", json=transaction(entry("POST", "Observation", wrong), failing))
    assert answer.status_code == 412
    assert issues(client) == []


def test_each_of_several_patients_has_the_issues_of_his_own_results(client):
    entries = [entry("POST", "Observation", observation(f"Patient/{p}", **WRONG)) for p in "pqp"]
    client.post("/fhir", json=transaction(*entries))
    for id_, count in (("p", 2), ("q", 1), ("r", 0)):
        assert client.get(f"/fhir/Patient/{id_}/DetectedIssue").get_json()["total"] == count


def test_a_result_within_a_report_is_told_by_the_report(client):
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": {"text": "panel"},
        "subject": {"reference": "Patient/p"},
        "contained": [observation("Patient/p", "o", **WRONG)],
        "result": [{"reference": "#o"}],
    }
    client.put("/fhir/DiagnosticReport/r", json=report)
    (issue,) = issues(client)
    assert issue["implicated"] == [{"reference": "DiagnosticReport/r"}]


def test_conclusions_of_ours_have_none(client):
    tag = {"tag": [{"system": DERIVATION, "code": DERIVED}]}
    put(client, **WRONG, meta=tag)
    assert issues(client) == []


@pytest.mark.parametrize(("mode", "count"), [("off", 0), ("warn", 1), ("reject", 1)])
def test_there_is_none_where_nothing_is_checked(store, mode, count):
    client = fhir_client(store, validate_writes=mode)
    put(client, **WRONG)
    assert len(issues(client)) == count


def test_a_loaded_file_has_its_issues_too(store):
    client = fhir_client(store)
    server = server_of(client.application.extensions["fhir_pgx"])
    documents = [patient("p"), observation("Patient/p", "o", **WRONG)]
    assert load_documents(server, drafts_in(documents)).created == 2
    assert client.get(ISSUE).status_code == 200
