"""Searches over HTTP, a patient's record, and what the server says of itself."""

import json
from contextlib import closing

import pytest

from fhir_pgx.fhir.xml import parse_xml
from fhir_pgx.storage import SqlStore

from ..stores import KINDS, new_database
from .fhir_client import BASE, XML, code_of, entry, fhir_client, observation, patient, transaction

ORIGIN = BASE.removesuffix("/fhir")
AUTHORIZE, TOKEN = "https://auth.example.org/authorize", "https://auth.example.org/token"


@pytest.fixture(params=KINDS)
def store(request, tmp_path):
    with closing(SqlStore(new_database(request.param, tmp_path))) as opened:
        yield opened


@pytest.fixture
def client(store):
    return fhir_client(store)


@pytest.fixture
def record(client):
    """Two synthetic patients; of the first five results and an order for a medicine."""
    order = {
        "resourceType": "MedicationRequest",
        "id": "order",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/one"},
        "medicationReference": {"reference": "Medication/m"},
    }
    resources = [
        patient("one"),
        patient("two"),
        *(observation("Patient/one", f"r{i}") for i in range(5)),
        observation("Patient/two", "theirs"),
        {"resourceType": "Medication", "id": "m", "code": {"text": "synthetic"}},
        order,
    ]
    entries = [entry("PUT", f"{each['resourceType']}/{each['id']}", each) for each in resources]
    assert client.post("/fhir", json=transaction(*entries)).status_code == 200
    return client


def link(bundle, relation):
    return next((each["url"] for each in bundle["link"] if each["relation"] == relation), "")


def ids(bundle, mode="match"):
    return [
        each["resource"]["id"] for each in bundle.get("entry", []) if each["search"]["mode"] == mode
    ]


def pages(client, path):
    """Every page of a search, by its `next` links."""
    while path:
        page = client.get(path).get_json()
        yield page
        path = link(page, "next").removeprefix(ORIGIN)


def test_a_search_has_its_total_and_links_with_our_base(record):
    page = record.get("/fhir/Observation?patient=one&_count=2&_sort=_id").get_json()
    assert (page["type"], page["total"], ids(page)) == ("searchset", 5, ["r0", "r1"])
    assert link(page, "self") == f"{BASE}/Observation?patient=one&_count=2&_sort=_id"
    assert link(page, "next").startswith(f"{link(page, 'self')}&_after=")
    assert page["entry"][0]["fullUrl"] == f"{BASE}/Observation/r0"


def test_pages_neither_repeat_nor_skip_where_is_written_in_between(record):
    seen = []
    for page in pages(record, "/fhir/Observation?patient=one&_count=2&_sort=_id"):
        seen += ids(page)
        record.put("/fhir/Observation/r00", json=observation("Patient/one", "r00"))
        record.delete("/fhir/Observation/r0")
    assert seen == ["r0", "r1", "r2", "r3", "r4"]


@pytest.mark.parametrize("path", ["/fhir/Observation/_search", "/fhir/Observation/_search/"])
def test_a_search_by_post_finds_the_same(record, path):
    found = record.post(path, data={"patient": "one", "_count": "3"}).get_json()
    assert (found["total"], len(ids(found))) == (5, 3)
    mixed = record.post(f"{path}?patient=one", data={"_id": "r1"}).get_json()
    assert ids(mixed) == ["r1"]
    assert record.post(path, json={}).status_code == 415


def test_a_count_has_no_entries_and_a_total_can_be_left_out(record):
    for asked in ("_summary=count", "_count=0", "_count=0&_totalMethod=count"):
        found = record.get(f"/fhir/Observation?{asked}").get_json()
        assert (found["total"], ids(found)) == (6, [])
    assert "total" not in record.get("/fhir/Observation?_total=none").get_json()
    assert record.get("/fhir/Observation?_count=5000").get_json()["total"] == 6


def test_an_unknown_parameter_is_told_or_refused_as_the_client_prefers(record):
    path = "/fhir/Observation?patient=one&nonsense=1"
    found = record.get(path).get_json()
    assert found["total"] == 5
    assert "nonsense" not in link(found, "self")
    (told,) = [each["resource"] for each in found["entry"] if each["search"]["mode"] == "outcome"]
    assert "nonsense" in told["issue"][0]["diagnostics"]
    strict = record.get(path, headers={"Prefer": "handling=strict"})
    assert (strict.status_code, code_of(strict)) == (400, "PGX-325")


def test_the_smart_launchers_patient_list_is_answered(record):
    path = "/fhir/Patient?_format=json&_summary=true&_count=10&_sort:asc=family"
    answer = record.get(path, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.get_json()["total"]) == (200, 2)


def test_what_is_included_stands_beside_the_matches(record):
    path = "/fhir/MedicationRequest?_include=MedicationRequest:medication&_elements=status"
    found = record.get(path).get_json()
    assert (ids(found), ids(found, "include")) == (["order"], ["m"])
    assert "subject" in found["entry"][0]["resource"]  # it is mandatory
    assert found["entry"][0]["resource"]["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert found["entry"][1]["resource"]["code"] == {"text": "synthetic"}


def test_a_search_is_answered_in_xml_too(record):
    found = parse_xml(record.get("/fhir/Observation", headers={"Accept": XML}).data)
    assert (found["total"], len(found["entry"])) == (6, 6)


# A patient's record


def test_a_compartment_holds_what_is_kept_under_its_patient(record):
    found = record.get("/fhir/Patient/one/Observation?_count=2&_sort=_id").get_json()
    assert (found["total"], ids(found)) == (5, ["r0", "r1"])
    further = link(found, "next")
    assert further.startswith(f"{BASE}/Patient/one/Observation?")
    assert ids(record.get(further.removeprefix(ORIGIN)).get_json()) == ["r2", "r3"]
    assert record.get("/fhir/Patient/one/Observation?patient=two").get_json()["total"] == 0
    assert record.get("/fhir/Patient/one/Medication").status_code == 404
    assert record.get("/fhir/Patient/one/Basic").status_code == 404


def test_everything_of_a_patient_comes_with_what_it_refers_to_and_nobody_elses(record):
    found = record.get("/fhir/Patient/one/$everything").get_json()
    assert ids(found) == ["one", "order", "r0", "r1", "r2", "r3", "r4"]
    assert ids(found, "include") == ["m"]
    assert record.post("/fhir/Patient/one/$everything").get_json() == found


def test_everything_takes_its_parameters_as_fhir_sends_them(record):
    asked = record.get("/fhir/Patient/one/$everything?_type=Observation&_count=1").get_json()
    sent = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "_type", "valueCode": "Observation"},
            {"name": "_count", "valueInteger": 1},
        ],
    }
    assert record.post("/fhir/Patient/one/$everything", json=sent).get_json() == asked
    form = {"_type": "Observation", "_count": "1"}
    assert record.post("/fhir/Patient/one/$everything", data=form).get_json() == asked
    wrong = record.post("/fhir/Patient/one/$everything", json={"resourceType": "Patient"})
    assert wrong.status_code == 400


def test_everything_comes_in_pages_by_type_and_by_time(record):
    met = [ids(page) for page in pages(record, "/fhir/Patient/one/$everything?_count=3")]
    assert met == [["one", "order", "r0"], ["r1", "r2", "r3"], ["r4"]]
    some = record.get("/fhir/Patient/one/$everything?_type=Observation&_count=50").get_json()
    assert ids(some) == ["r0", "r1", "r2", "r3", "r4"]
    later = record.get("/fhir/Patient/one/$everything?_since=2999-01-01T00:00:00Z").get_json()
    assert ids(later) == []
    assert record.get("/fhir/Patient/nobody/$everything").status_code == 404


def test_a_medicine_comes_with_the_record_that_refers_to_it_whichever_came_first(client, store):
    order = {
        "resourceType": "MedicationRequest",
        "id": "order",
        "subject": {"reference": "Patient/one"},
        "medicationReference": {"reference": "Medication/late"},
    }
    medicines = [{"resourceType": "Medication", "id": id_} for id_ in ("late", "early")]
    client.put("/fhir/Medication/early", json=medicines[1])
    client.put("/fhir/MedicationRequest/order", json=order)
    client.put("/fhir/Medication/late", json=medicines[0])
    order = {**order, "id": "next", "medicationReference": {"reference": "Medication/early"}}
    client.put("/fhir/MedicationRequest/next", json=order)
    found = {each.reference for each in store.resources_of("one")}
    assert {"Medication/late", "Medication/early"} <= found
    assert client.get("/fhir/Medication/early").headers["ETag"] == 'W/"1"'


# What the server says of itself


def test_the_statement_is_read_by_smarts_own_strict_classes(client):
    from fhirclient.models.capabilitystatement import CapabilityStatement

    statement = client.get("/fhir/metadata").get_json()
    read = CapabilityStatement(statement, strict=True)
    assert read.fhirVersion == "4.0.1"
    assert read.implementation.url == BASE
    assert read.rest[0].security.service[0].coding[0].code == "SMART-on-FHIR"


def test_the_statement_says_what_is_there(client):
    (rest,) = client.get("/fhir/metadata").get_json()["rest"]
    types = {each["type"]: each for each in rest["resource"]}
    for type_ in ("Observation", "MedicationRequest", "DiagnosticReport", "MolecularSequence"):
        assert "patient" in {each["name"] for each in types[type_]["searchParam"]}
    assert {each["code"] for each in rest["interaction"]} == {
        "transaction", "batch", "history-system"
    }  # fmt: skip
    assert "Observation:subject" in types["Observation"]["searchInclude"]
    of_patient = {each["name"] for each in types["Patient"]["operation"]}
    assert {"everything", "find-subject-variants"} <= of_patient
    definitions = {each["name"]: each["definition"] for each in rest["operation"]}
    assert definitions["interpret"] == "urn:fhir-pgx:operation:interpret"
    assert definitions["recommend"] == "urn:fhir-pgx:operation:recommend"
    assert definitions["validate"] == "http://hl7.org/fhir/OperationDefinition/Resource-validate"
    of_fhir = {each["name"]: each["definition"] for each in types["Patient"]["operation"]}
    everything = "http://hl7.org/fhir/OperationDefinition/Patient-everything"
    assert of_fhir["everything"] == everything
    for each in rest["operation"]:
        answer = client.post(f"/fhir/${each['name']}", json={"resourceType": "Parameters"})
        assert b"PGX-312" not in answer.data  # it has the address that is said
    for type_, said in types.items():
        answer = client.get(f"/fhir/{type_}?_summary=count")
        assert (answer.status_code, type_) == (200, type_)
        writes = "create" in {each["code"] for each in said["interaction"]}
        assert (client.post(f"/fhir/{type_}", json={}).status_code == 400) is writes


@pytest.mark.parametrize("query", ["", "?mode=terminology", "?_format=xml", "?_summary=true"])
def test_the_statement_is_answered_however_it_is_asked(client, query):
    assert client.get(f"/fhir/metadata{query}").status_code == 200


def test_without_an_authorization_server_none_is_named(client):
    security = client.get("/fhir/metadata").get_json()["rest"][0]["security"]
    assert "extension" not in security
    assert security["cors"] is True
    assert "no authorization server" in security["description"]
    for path in ("/fhir/.well-known/smart-configuration", "/.well-known/smart-configuration"):
        answer = client.get(path)
        assert (answer.status_code, code_of(answer)) == (404, "PGX-310")


def test_an_authorization_server_is_named_wherever_clients_look_for_it(store):
    client = fhir_client(store, smart_authorize_url=AUTHORIZE, smart_token_url=TOKEN)
    security = client.get("/fhir/metadata").get_json()["rest"][0]["security"]
    named = {each["url"]: each["valueUri"] for each in security["extension"][0]["extension"]}
    assert named == {"authorize": AUTHORIZE, "token": TOKEN}
    for path in ("/fhir/.well-known/smart-configuration", "/.well-known/smart-configuration"):
        found = client.get(path).get_json()
        assert (found["authorization_endpoint"], found["token_endpoint"]) == (AUTHORIZE, TOKEN)
        assert found["code_challenge_methods_supported"] == ["S256"]


# What genomic results are found by, beside their search values


def variant(id_, **more):
    """A result of CYP2C19 c.681G>A (rs4244285), of a synthetic patient."""
    said = {
        "48018-6": ("http://www.genenames.org/geneId", "HGNC:2621"),
        "62374-4": ("http://loinc.org", "LA26806-2"),
        "48013-7": ("http://www.ncbi.nlm.nih.gov/nuccore", "NC_000010.11"),
    }
    component = [
        {
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "valueCodeableConcept": {"coding": [{"system": system, "code": value}]},
        }
        for code, (system, value) in said.items()
    ]
    for code, value in (("69547-8", "G"), ("69551-0", "A")):
        coding = {"coding": [{"system": "http://loinc.org", "code": code}]}
        component.append({"code": coding, "valueString": value})
    place = {"coding": [{"system": "http://loinc.org", "code": "81254-5"}]}
    component.append({"code": place, "valueRange": {"low": {"value": 94781859}}})
    return observation(
        "Patient/one",
        id_,
        code={"coding": [{"system": "http://loinc.org", "code": "69548-6"}]},
        valueCodeableConcept={
            "coding": [{"system": "http://loinc.org", "code": "LA9633-4", "display": "Present"}]
        },
        component=component,
        **more,
    )


def classes(store):
    return {each.id: each.variant.source_class.value for each in
            store.reads().variants_of_genes(["CYP2C19"])}  # fmt: skip


def test_a_variant_within_a_report_is_found_by_the_operations_as_its_report_goes(client):
    """What is stored is the report: its contained results are read under its reference."""

    def is_present(subject="one"):
        asked = f"subject={subject}&ranges=NC_000010.11:94781857-94781860"
        found = client.get(f"/fhir/$find-subject-variants?{asked}").get_json()
        parts = found["parameter"][0]["part"]
        return next(each["valueBoolean"] for each in parts if each["name"] == "presence")

    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": {"text": "synthetic panel"},
        "subject": {"reference": "Patient/one"},
        "contained": [variant("v")],
        "result": [{"reference": "#v"}],
    }
    for id_ in ("one", "two"):
        client.put(f"/fhir/Patient/{id_}", json=patient(id_))
    assert client.put("/fhir/DiagnosticReport/r", json=report).status_code == 201
    assert (is_present(), is_present("two")) == (True, False)
    client.delete("/fhir/DiagnosticReport/r")
    assert not is_present()


def test_a_variant_is_found_by_its_gene_as_soon_as_it_is_written_and_not_when_deleted(
    client, store
):
    assert client.put("/fhir/Observation/v", json=variant("v")).status_code == 201
    (found,) = store.reads().variants_of_genes(["CYP2C19"])
    assert (found.patient, found.id, found.variant.alt) == ("one", "v", "A")
    client.delete("/fhir/Observation/v")
    assert store.reads().variants_of_genes(["CYP2C19"]) == []


def test_a_specimen_that_comes_later_says_whose_genome_a_result_is_of(client, store):
    client.put("/fhir/Observation/v", json=variant("v", specimen={"reference": "Specimen/s"}))
    assert classes(store) == {"v": "unknown"}
    specimen = {
        "resourceType": "Specimen",
        "id": "s",
        "subject": {"reference": "Patient/one"},
        "type": {"text": "Tumor tissue"},
    }
    client.put("/fhir/Specimen/s", json=specimen)
    assert classes(store) == {"v": "somatic"}
    assert client.get("/fhir/Observation/v").headers["ETag"] == 'W/"1"'
    client.put("/fhir/Specimen/s", json={**specimen, "type": {"text": "Peripheral blood"}})
    assert classes(store) == {"v": "unknown"}
    client.put("/fhir/Specimen/s", json=specimen)
    client.delete("/fhir/Specimen/s")
    assert classes(store) == {"v": "unknown"}


def test_a_report_that_comes_later_says_it_of_its_results(client, store):
    client.put("/fhir/Observation/v", json=variant("v"))
    contained = {"resourceType": "Specimen", "id": "s", "type": {"text": "Tumor tissue"}}
    report = {
        "resourceType": "DiagnosticReport",
        "id": "r",
        "status": "final",
        "code": {"text": "synthetic"},
        "subject": {"reference": "Patient/one"},
        "contained": [contained],
        "specimen": [{"reference": "#s"}],
        "result": [{"reference": "Observation/v"}],
    }
    client.put("/fhir/DiagnosticReport/r", json=report)
    assert classes(store) == {"v": "somatic"}
    client.put("/fhir/DiagnosticReport/r", json={**report, "result": []})
    assert classes(store) == {"v": "unknown"}
    client.put("/fhir/DiagnosticReport/r", json=report)
    client.post("/fhir", json=transaction(entry("DELETE", "DiagnosticReport/r")))
    assert classes(store) == {"v": "unknown"}


def test_a_fault_of_ours_in_the_genomic_index_loses_no_resource(client, store, monkeypatch):
    from .fhir_client import real_pipeline

    def broken(entries):
        if any(each.id == "bad" for each in entries):
            raise ZeroDivisionError("Jane Doe")
        return {}

    monkeypatch.setattr(real_pipeline(), "genomic_index", broken)
    entries = [entry("PUT", f"Observation/{id_}", variant(id_)) for id_ in ("good", "bad")]
    answer = client.post("/fhir", json=transaction(*entries))
    good, bad = (each["response"] for each in answer.get_json()["entry"])
    assert (good["status"], bad["status"]) == ("201 Created", "201 Created")
    assert "outcome" not in good
    (issue,) = bad["outcome"]["issue"]
    assert issue["details"]["coding"][0]["code"] == "PGX-320"
    assert "Jane Doe" not in json.dumps(answer.get_json())
    assert client.get("/fhir/Observation?patient=one").get_json()["total"] == 2
