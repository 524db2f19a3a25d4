"""`$interpret` and `$recommend` over HTTP: of what is sent or stored. Patients are synthetic."""

import json
import time

import pytest

from fhir_pgx.pipeline import Pipeline
from fhir_pgx.settings import Settings
from fhir_pgx.web.app import create_app
from tests.reports.people import PATIENT, bundle, result

FHIR = "application/fhir+json"
SENT = bundle(PATIENT, result("one", "CYP2C19", "*2/*2"))


@pytest.fixture(scope="module")
def whole():
    return Pipeline.load(Settings())


@pytest.fixture
def client(whole, store):
    return create_app(Settings(), pipeline=whole, store=store).test_client()


@pytest.fixture
def stored(whole, store):
    """A client of a server that holds the patient."""
    from fhir_pgx.rest.loading import drafts_in, load_documents
    from fhir_pgx.web.derivation import derivation_server

    load_documents(derivation_server(store, Settings()), drafts_in([SENT]))
    return create_app(Settings(), pipeline=whole, store=store).test_client()


def post(client, path, document, **more):
    return client.post(path, data=json.dumps(document), content_type=FHIR, **more)


def genotypes(answer):
    assert answer.status_code == 200, answer.get_data(as_text=True)
    assert answer.get_json()["resourceType"] == "Bundle"
    return [
        each["resource"]["valueCodeableConcept"]["text"]
        for each in answer.get_json()["entry"]
        if each["resource"].get("code", {}).get("coding", [{}])[0].get("code") == "84413-4"
    ]


def types(answer):
    return {each["resource"]["resourceType"] for each in answer.get_json()["entry"]}


def outcome(answer, status):
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.get_json()["resourceType"] == "OperationOutcome"
    return answer.get_json()["issue"][0]


def test_a_bundle_in_gives_a_report_out(client):
    answer = post(client, "/fhir/$interpret", SENT)
    assert genotypes(answer) == ["*2/*2"]
    assert answer.content_type.startswith(FHIR)
    assert answer.headers["Cache-Control"] == "no-store"
    assert types(answer) >= {"DiagnosticReport", "Observation", "Task", "Provenance", "Device"}


def test_parameters_may_hold_the_data_and_what_is_asked(client):
    document = {
        "resourceType": "Parameters",
        "parameter": [{"name": "data", "resource": SENT}, {"name": "ig", "valueCode": "stu2"}],
    }
    answer = post(client, "/fhir/$interpret", document)
    profiles = [
        name
        for each in answer.get_json()["entry"]
        for name in each["resource"].get("meta", {}).get("profile", [])
    ]
    assert genotypes(answer) == ["*2/*2"]
    assert any(name.endswith("/genomics-report") for name in profiles)


def test_xml_is_answered_in_xml(client):
    answer = post(client, "/fhir/$interpret?_format=xml", SENT)
    assert answer.status_code == 200
    assert b'<Bundle xmlns="http://hl7.org/fhir">' in answer.get_data()[:100]


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stored_patient_is_interpreted_from_the_store(stored, method):
    assert genotypes(getattr(stored, method)("/fhir/Patient/x/$interpret")) == ["*2/*2"]


def test_drugs_that_are_asked_for_are_recommended_on(stored):
    answer = stored.get("/fhir/Patient/x/$recommend?drug=clopidogrel")
    drugs = {
        part["valueCodeableConcept"]["text"]
        for each in answer.get_json()["entry"]
        for part in each["resource"].get("component", [])
        if part["code"]["coding"][0]["code"] == "51963-7"
    }
    assert drugs == {"clopidogrel"}


@pytest.mark.parametrize(
    ("sent", "drug", "said"),
    [
        (bundle(PATIENT), "clopidogrel", "(not-tested): No CYP2C19 result is on file."),
        (bundle(PATIENT, result("one", "CYP2C19", "No call")), "clopidogrel", "(not-called): "),
        (SENT, "fluorouracil", "(not-tested): No DPYD result is on file."),
        (SENT, "osimertinib", "(no-row): "),
        (SENT, "paracetamol", "(no-guidance): "),
        (bundle(PATIENT), "", "What was not tested is not normal."),
    ],
)
def test_a_drug_without_advice_is_told_of_with_the_reason(client, sent, drug, said):
    answer = post(client, f"/fhir/$recommend?drug={drug}", sent)
    (entry,) = (
        each["resource"]
        for each in answer.get_json()["entry"]
        if each["resource"]["resourceType"] == "OperationOutcome"
    )
    (told,) = [each["diagnostics"] for each in entry["issue"]]
    assert said in told
    assert types(answer) == {"OperationOutcome"}


def test_a_source_that_states_no_strength_has_no_level_of_its_own(client):
    sent = bundle(PATIENT, result("one", "CYP2C9", "*3/*3"))
    answer = post(client, "/fhir/$recommend?drug=warfarin", sent).get_json()
    levels = [
        part["valueCodeableConcept"]["text"]
        for each in answer["entry"]
        for part in each["resource"].get("component", [])
        if part["code"]["coding"][0]["code"] == "93044-6"
    ]
    assert "ClinPGx 1A, CYP2C9" in levels
    assert [each for each in levels if each.endswith(": ")] == []


def test_a_recommendation_tells_what_was_not_understood(client):
    odd = bundle(PATIENT, result("one", "CYP2C19", "what the laboratory wrote"))
    answer = post(client, "/fhir/$recommend", odd)
    assert "Not understood: Observation/one" in json.dumps(answer.get_json())


def test_the_api_gives_the_same_report_as_the_operation(client):
    def without_clock(answer):
        found = answer.get_json()
        for each in found["entry"]:
            each["resource"].pop("recorded", None)
        return found

    one = post(client, "/api/interpret?format=fhir", SENT)
    assert one.content_type.startswith(FHIR)
    assert without_clock(one) == without_clock(post(client, "/fhir/$interpret", SENT))


# What is refused


@pytest.mark.parametrize(
    ("path", "document", "status", "where"),
    [
        ("/fhir/$interpret", bundle(), 400, "Bundle.entry"),
        ("/fhir/$interpret?ig=stu9", SENT, 400, "ig"),
        ("/fhir/$interpret?drug=codeine", SENT, 400, "drug"),
        ("/fhir/$interpret?all-matches=perhaps", SENT, 400, "all-matches"),
        ("/fhir/$recommend?drug=nosuchdrug", SENT, 422, ""),
        ("/api/interpret?format=fhir&ig=r9", SENT, 400, "ig"),
    ],
)
def test_what_cannot_be_answered_is_refused(client, path, document, status, where):
    issue = outcome(post(client, path, document), status)
    assert not where or issue.get("expression") == [where]


def test_data_of_two_patients_are_refused(client):
    other = result("two", "TPMT", "*1/*1") | {"subject": {"reference": "Patient/other"}}
    sent = bundle(result("one", "CYP2C19", "*1/*2"), other)
    assert "2 patients" in outcome(post(client, "/fhir/$interpret", sent), 400)["diagnostics"]


def test_a_patient_who_is_unknown_or_deleted_has_no_report(stored, store):
    outcome(stored.get("/fhir/Patient/nobody/$interpret"), 404)
    with store.transaction() as unit:
        unit.delete("Patient", "x")
    outcome(stored.get("/fhir/Patient/x/$interpret"), 410)


# Kept beside the sources


def kept_genotypes(store):
    return [
        json.loads(each.body)["valueCodeableConcept"]["text"]
        for each in store.resources_of("x")
        if each.type == "Observation" and b'"kept"' in each.body and b'"84413-4"' in each.body
    ]


def wait_for(found, seconds=30):
    end = time.monotonic() + seconds
    while not (said := found()) and time.monotonic() < end:
        time.sleep(0.05)
    return said


def test_a_report_is_derived_behind_a_write_where_the_setting_says_so(whole, store):
    app = create_app(Settings(derive_reports="on"), pipeline=whole, store=store)
    held = app.extensions["fhir_pgx"].store
    from fhir_pgx.rest.loading import drafts_in, load_documents
    from fhir_pgx.web.derivation import derivation_server

    load_documents(derivation_server(held, Settings()), drafts_in([SENT]))
    assert wait_for(lambda: kept_genotypes(store)) == ["*2/*2"]
    # It is not told twice, nor taken for a result.
    assert genotypes(app.test_client().get("/fhir/Patient/x/$interpret")) == ["*2/*2"]


def test_nothing_is_derived_where_the_setting_is_off(stored, store):
    time.sleep(0.3)
    assert kept_genotypes(store) == []
