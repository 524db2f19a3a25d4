"""Batch and transaction: order, references, all or nothing (FHIR R4, RESTful API, transaction)."""

import json
import time
import tracemalloc
from contextlib import closing

import pytest

from fhir_pgx.errors import StoreFailure
from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.fhir.documents import read_documents
from fhir_pgx.fhir.json import read_json, write_json
from fhir_pgx.fhir.xml import parse_xml, write_xml
from fhir_pgx.model.document import Document
from fhir_pgx.rest.types import is_kept
from fhir_pgx.storage import SqlStore

from ..stores import KINDS, new_database
from .fhir_client import (
    JSON,
    XML,
    code_of,
    entry,
    fhir_client,
    observation,
    patient,
    places_of,
    transaction,
    without_server_meta,
)

URN = "urn:uuid:11111111-2222-4333-8444-555555555555"
OTHER = "urn:uuid:66666666-7777-4888-9999-000000000000"


@pytest.fixture(params=KINDS)
def store(request, tmp_path):
    with closing(SqlStore(new_database(request.param, tmp_path))) as opened:
        yield opened


@pytest.fixture
def client(store):
    return fhir_client(store)


def send(client, *entries, kind="transaction", path="/fhir", **headers):
    return client.post(path, json=transaction(*entries, kind=kind), headers=headers)


def statuses(answer):
    return [each["response"]["status"][:3] for each in answer.get_json()["entry"]]


def count(client, type_):
    return client.get(f"/fhir/{type_}?_summary=count").get_json()["total"]


def identified(value, **more):
    return patient(identifier=[{"system": "urn:synthetic", "value": value}], **more)


# References


def test_references_to_entries_are_those_that_the_entries_get(client):
    result = observation(
        URN,
        text={
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{URN}</div>',
        },
        identifier=[{"system": "urn:ietf:rfc:3986", "value": URN}],
        extension=[
            {"url": "http://example.org/a", "valueReference": {"reference": URN}},
            {"url": "http://example.org/b", "valueUri": URN},
        ],
        contained=[{"resourceType": "Specimen", "id": "s", "subject": {"reference": URN}}],
        specimen={"reference": "#s"},
    )
    answer = send(
        client,
        entry("POST", "Observation", result, OTHER),
        entry("POST", "Patient", patient(), URN),
    )
    assert (answer.status_code, statuses(answer)) == (200, ["201", "201"])
    found = answer.get_json()
    assert (found["resourceType"], found["type"]) == ("Bundle", "transaction-response")
    place, whose = (each["response"]["location"].split("/_history")[0] for each in found["entry"])
    stored = client.get(f"/fhir/{place}").get_json()
    assert stored["subject"]["reference"] == whose
    assert stored["extension"][0]["valueReference"]["reference"] == whose
    assert stored["extension"][1]["valueUri"] == whose
    assert stored["contained"][0]["subject"]["reference"] == whose
    assert stored["specimen"]["reference"] == "#s"
    assert URN in stored["text"]["div"]  # the narrative stays as it was written
    assert stored["identifier"][0]["value"] == URN  # a name of its own, no reference
    assert client.get(f"/fhir/Observation?patient={whose}").get_json()["total"] == 1


@pytest.mark.parametrize(
    ("full_url", "sent", "reference"),
    [
        ("https://ehr.example.org/fhir/Patient/7", None, "https://ehr.example.org/fhir/Patient/7"),
        ("https://ehr.example.org/fhir/Patient/7", "7", "Patient/7"),
        ("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "7", "Patient/7"),
        (
            "https://ehr.example.org/fhir/Patient/7",
            "7",
            "https://ehr.example.org/fhir/Patient/7/_history/2",
        ),
    ],
)
def test_a_patient_that_gets_another_id_takes_its_results_along(client, full_url, sent, reference):
    client.put("/fhir/Patient/7", json=patient("7"))  # somebody else, of the same id
    answer = send(
        client,
        entry("POST", "Patient", patient(sent or ""), full_url),
        entry("POST", "Observation", observation(reference),
              "https://ehr.example.org/fhir/Observation/1"),
    )  # fmt: skip
    new = answer.get_json()["entry"][0]["response"]["location"].split("/")[1]
    assert client.get(f"/fhir/Patient/{new}/Observation").get_json()["total"] == 1
    assert client.get("/fhir/Patient/7/Observation").get_json()["total"] == 0


def test_a_conditional_reference_leads_to_the_one_that_matches(client):
    client.put("/fhir/Patient/known", json=identified("k", id="known"))
    answer = send(
        client,
        entry("POST", "Observation", observation("Patient?identifier=urn:synthetic|k")),
        entry("POST", "Observation", observation("Patient?identifier=urn:synthetic|new")),
        entry("POST", "Patient", identified("new"), URN),
    )
    assert statuses(answer) == ["201"] * 3
    new = answer.get_json()["entry"][2]["response"]["location"].split("/_history")[0]
    subjects = {
        each["resource"]["subject"]["reference"]
        for each in client.get("/fhir/Observation").get_json()["entry"]
    }
    assert subjects == {"Patient/known", new}


@pytest.mark.parametrize("criteria", ["", "status=", "nothing=1"])
def test_a_conditional_reference_that_asks_for_nothing_is_refused(client, criteria):
    answer = send(client, entry("POST", "Observation", observation(f"Patient?{criteria}")))
    assert answer.status_code == 400
    assert places_of(answer) == ["Bundle.entry[0].resource"]


def test_of_two_patients_none_gets_what_names_nobody(client):
    """Also where one of them waits for a conditional reference, and is written after the other."""
    doctor = {"resourceType": "Practitioner", "identifier": [{"system": "urn:d", "value": "1"}]}
    waits = {"generalPractitioner": [{"reference": "Practitioner?identifier=urn:d|1"}]}
    nobodys = {key: part for key, part in observation("", "o").items() if key != "subject"}
    answer = send(
        client,
        entry("POST", "Practitioner", doctor),
        entry("PUT", "Patient/a", patient("a")),
        entry("PUT", "Patient/b", patient("b", **waits)),
        entry("PUT", "Observation/o", nobodys),
    )
    assert statuses(answer) == ["201"] * 4
    for each in ("a", "b"):
        assert client.get(f"/fhir/Patient/{each}/Observation").get_json()["total"] == 0


@pytest.mark.parametrize("subject", ["Patient/b", "Patient?identifier=urn:synthetic|b"])
def test_one_patient_beside_results_of_another_gets_nothing_that_names_nobody(client, subject):
    client.put("/fhir/Patient/b", json=identified("b", id="b"))
    nobodys = {key: part for key, part in observation("", "o").items() if key != "subject"}
    send(
        client,
        entry("PUT", "Patient/a", patient("a")),
        entry("PUT", "Observation/o", nobodys),
        entry("POST", "Observation", observation(subject)),
    )
    assert client.get("/fhir/Patient/a/Observation").get_json()["total"] == 0
    assert client.get("/fhir/Patient/b/Observation").get_json()["total"] == 1


def test_what_names_nobody_is_of_the_one_patient_that_was_there_already(client):
    client.put("/fhir/Patient/a", json=identified("a", id="a"))
    nobodys = {key: part for key, part in observation("", "o").items() if key != "subject"}
    send(
        client,
        entry("POST", "Patient", identified("a"), ifNoneExist="identifier=urn:synthetic|a"),
        entry("PUT", "Observation/o", nobodys),
    )
    assert client.get("/fhir/Patient/a/Observation").get_json()["total"] == 1


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("POST", "Patient"), ("POST", "Patient")),
        (("PUT", "Patient?{0}"), ("PUT", "Patient?{1}")),
        (("POST", "Patient"), ("PUT", "Patient?{1}")),
    ],
)
def test_two_entries_with_the_same_criteria_are_refused_in_any_spelling(client, first, second):
    spelled = ("identifier=urn:synthetic|x", "identifier=urn%3Asynthetic%7Cx")
    entries = [
        entry(method, url.format(*spelled), identified("x"),
              **({"ifNoneExist": criteria} if method == "POST" else {}))
        for (method, url), criteria in zip((first, second), spelled, strict=True)
    ]  # fmt: skip
    answer = send(client, *entries)
    assert (answer.status_code, code_of(answer)) == (400, "PGX-317")
    assert count(client, "Patient") == 0


@pytest.mark.parametrize("value", ["nobody", "twins"])
def test_a_conditional_reference_to_none_or_several_fails_the_whole(client, value):
    for id_ in ("a", "b"):
        client.put(f"/fhir/Patient/{id_}", json=identified("twins", id=id_))
    answer = send(
        client,
        entry("POST", "Patient", identified("c")),
        entry("POST", "Observation", observation(f"Patient?identifier=urn:synthetic|{value}")),
    )
    assert (answer.status_code, code_of(answer)) == (412, "PGX-315")
    assert places_of(answer) == ["Bundle.entry[1].resource"]
    assert (count(client, "Patient"), count(client, "Observation")) == (2, 0)


# Order, conditions, answers


def test_entries_are_carried_out_in_the_order_of_fhir(client):
    client.put("/fhir/Patient/old", json=patient("old"))
    answer = send(
        client,
        entry("GET", "Patient?_summary=count"),
        entry("PUT", "Patient/put", patient("put")),
        entry("POST", "Patient", patient()),
        entry("DELETE", "Patient/old"),
        entry("GET", "Patient/put"),
    )
    assert statuses(answer) == ["200", "201", "201", "204", "200"]
    found = answer.get_json()["entry"]
    assert found[0]["resource"]["total"] == 2
    assert found[4]["resource"]["id"] == "put"
    assert found[1]["response"]["etag"] == 'W/"1"'
    assert found[1]["response"]["location"] == "Patient/put/_history/1"
    assert found[1]["response"]["lastModified"].endswith("Z")
    assert "resource" not in found[1]


def test_a_create_that_matches_is_what_its_references_lead_to(client):
    client.put("/fhir/Patient/known", json=identified("k", id="known"))
    answer = send(
        client,
        entry("POST", "Patient", identified("k"), URN, ifNoneExist="identifier=urn:synthetic|k"),
        entry("POST", "Observation", observation(URN)),
        Prefer="return=representation",
    )
    assert statuses(answer) == ["200", "201"]
    result = answer.get_json()["entry"][1]["resource"]
    assert result["subject"]["reference"] == "Patient/known"
    assert count(client, "Patient") == 1


TO_ANOTHER = entry("PUT", "Observation/taken", observation("Patient/q", "taken"))
FAILING = {
    "a version that is not current": (
        entry("PUT", "Patient/p", patient("p"), ifMatch='W/"9"'), 412, "PGX-314"
    ),
    "a malformed ETag": (entry("PUT", "Patient/p", patient("p"), ifMatch="W/'1'"), 400, "PGX-313"),
    "another id than its url": (entry("PUT", "Patient/q", patient("r")), 400, "PGX-313"),
    "another type than its url": (entry("POST", "Patient", observation("P/p")), 400, "PGX-313"),
    "another patient's id": (TO_ANOTHER, 409, "PGX-316"),
    "a type that is not kept": (entry("POST", "Basic", {"resourceType": "Basic"}), 404, "PGX-312"),
    "a patch": (entry("PATCH", "Patient/p", patient("p")), 400, "PGX-317"),
    "no request": ({"resource": patient()}, 400, "PGX-317"),
    "no resource": (entry("POST", "Patient"), 400, "PGX-317"),
    "no object": ("nonsense", 400, "PGX-317"),
    "a post to an id": (entry("POST", "Patient/p", patient()), 400, "PGX-317"),
    "a put without id": (entry("PUT", "Patient", patient()), 400, "PGX-317"),
    "an operation": (entry("POST", "$validate", patient()), 400, "PGX-317"),
    "a read of what is not there": (entry("GET", "Patient/nobody"), 404, "PGX-310"),
    "a search that cannot be": (entry("GET", "Patient?birthdate=yesterday"), 400, "PGX-325"),
    "criteria of nothing": (entry("DELETE", "Patient?_count=1"), 400, "PGX-313"),
    "the resource of entry 0": (entry("PUT", "Patient/first", patient("first")), 400, "PGX-317"),
    "the fullUrl of entry 0": (entry("POST", "Patient", patient(), OTHER), 400, "PGX-317"),
}  # fmt: skip


def test_of_a_transaction_that_fails_nothing_is_left_and_its_entry_is_named(client, store):
    client.put("/fhir/Patient/p", json=patient("p"))
    client.put("/fhir/Observation/taken", json=observation("Patient/p", "taken"))
    before = [each.reference for each in store.reads().history(count=100).resources]
    for what, (failing, status, code) in FAILING.items():
        answer = send(
            client,
            entry("PUT", "Patient/first", patient("first"), OTHER),
            entry("DELETE", "Observation/taken") if "taken" not in json.dumps(failing)
            else entry("POST", "Patient", patient()),
            failing,
            entry("POST", "Patient", patient(), URN),
        )  # fmt: skip
        assert (answer.status_code, code_of(answer)) == (status, code), what
        assert places_of(answer)[0].startswith("Bundle.entry[2]"), what
        after = [each.reference for each in store.reads().history(count=100).resources]
        assert after == before, what


def test_a_failure_of_the_store_halfway_leaves_nothing(client, store, monkeypatch):
    from fhir_pgx.storage.writing import SqlUnit

    real = SqlUnit.put_many

    def failing(unit, resources):
        real(unit, resources)
        raise StoreFailure("the disk is full")

    monkeypatch.setattr(SqlUnit, "put_many", failing)
    answer = send(
        client, entry("POST", "Patient", patient()), entry("PUT", "Patient/p", patient("p"))
    )
    assert answer.status_code == 503
    monkeypatch.undo()
    assert store.reads().history(count=10).resources == ()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (transaction(kind="collection"), 400, "PGX-317"),
        ({"resourceType": "Bundle"}, 400, "PGX-317"),
        (patient(), 400, "PGX-317"),
        ([], 400, "PGX-317"),
        ({"resourceType": "Bundle", "type": "transaction", "entry": {}}, 400, "PGX-317"),
        (transaction(*[entry("GET", "Patient")] * 4), 413, "PGX-318"),
    ],
)
def test_what_is_no_transaction_is_refused_with_its_mending(store, body, status, code):
    answer = fhir_client(store, max_bundle_entries=3).post("/fhir", json=body)
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert "To mend it" in answer.get_json()["issue"][0]["diagnostics"]


@pytest.mark.parametrize("path", ["/fhir", "/fhir/"])
def test_an_empty_transaction_is_answered_with_and_without_a_last_slash(client, path):
    answer = send(client, path=path)
    assert answer.get_json() == {"resourceType": "Bundle", "type": "transaction-response"}


def test_a_transaction_in_xml_does_the_same(client):
    body = write_xml(
        transaction(
            entry("POST", "Patient", identified("x"), URN),
            entry("POST", "Observation", observation(URN, valueQuantity={"value": 7})),
        )
    )
    answer = client.post("/fhir", data=body, content_type=XML, headers={"Accept": XML})
    found = parse_xml(answer.data)
    assert (answer.status_code, found["type"]) == (200, "transaction-response")
    new = found["entry"][0]["response"]["location"].split("/")[1]
    assert client.get(f"/fhir/Patient/{new}/Observation").get_json()["total"] == 1
    failing = write_xml(transaction(entry("PUT", "Patient/q", patient("r"))))
    answer = client.post("/fhir", data=failing, content_type=XML, headers={"Accept": XML})
    assert answer.status_code == 400
    assert parse_xml(answer.data)["issue"][0]["expression"][0].startswith("Bundle.entry[0]")


# Batch


def test_each_entry_of_a_batch_has_an_outcome_of_its_own(client):
    answer = send(
        client,
        entry("POST", "Patient", patient()),
        entry("PUT", "Patient/q", patient("r")),
        "nonsense",
        entry("GET", "Patient/nobody"),
        entry("GET", "Patient?_summary=count"),
        entry("PUT", "Patient/p", patient("p"), ifMatch='W/"1"'),
        entry("DELETE", "Patient/p"),
        entry("POST", "Patient/_search?_summary=count"),
        entry("GET", "Observation/$nothing"),
        kind="batch",
    )
    assert answer.get_json()["type"] == "batch-response"
    assert statuses(answer) == ["201", "400", "400", "404", "200", "412", "204", "200", "404"]
    found = answer.get_json()["entry"]
    assert found[1]["response"]["outcome"]["resourceType"] == "OperationOutcome"
    assert found[4]["resource"]["total"] == 1
    assert count(client, "Patient") == 1


def test_a_bug_in_one_entry_of_a_batch_tells_an_incident_and_spares_the_others(client, monkeypatch):
    from fhir_pgx.rest import batch

    def broken(*_):
        raise KeyError("Jane Doe")

    monkeypatch.setattr(batch, "update", broken)
    answer = send(
        client,
        entry("PUT", "Patient/p", patient("p")),
        entry("POST", "Patient", patient()),
        kind="batch",
    )
    assert statuses(answer) == ["500", "201"]
    assert "Jane Doe" not in answer.get_data(as_text=True)


# Bundles as documents


@pytest.mark.parametrize("kind", ["collection", "document", "message", "searchset"])
def test_a_bundle_that_is_no_request_is_kept_as_a_document(client, kind):
    document = transaction({"fullUrl": URN, "resource": patient("inside")}, kind=kind)
    answer = client.post("/fhir/Bundle", json=document)
    assert answer.status_code == 201
    stored = client.get(f"/fhir/Bundle/{answer.get_json()['id']}").get_json()
    assert without_server_meta({k: v for k, v in stored.items() if k != "id"}) == document
    assert client.get("/fhir/Patient/inside").status_code == 404


# Large, and real


def many(number):
    """A synthetic patient and as many variant results."""
    component = [
        {
            "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
            "valueCodeableConcept": {"coding": [{"system": system, "code": value}]},
        }
        for code, system, value in (
            ("48018-6", "http://www.genenames.org/geneId", "HGNC:2621"),
            ("62374-4", "http://loinc.org", "LA26806-2"),
        )
    ]
    results = [
        entry("POST", "Observation", observation(URN, component=component, note=[{"text": str(i)}]))
        for i in range(number)
    ]
    return transaction(entry("POST", "Patient", identified("large"), URN), *results)


def test_5000_entries_are_taken_in_bounded_memory(tmp_path):
    body = json.dumps(many(5_000)).encode()
    with closing(SqlStore(f"sqlite:///{tmp_path}/large.db")) as store:
        client = fhir_client(store)
        send(client)  # what is loaded once is not of this call
        begun = time.monotonic()
        tracemalloc.start()
        answer = client.post("/fhir", data=body, content_type=JSON)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert answer.status_code == 200
        assert len(answer.get_json()["entry"]) == 5_001
        assert count(client, "Observation") == 5_000
    assert most < 60 * len(body), f"{most / len(body):.0f} times the body"
    assert time.monotonic() - begun < 120  # tracemalloc and a busy machine are slow


SAMPLES = [
    "01_ig_pgxexample.json", "02_stu1_pgxexample.xml", "03_emerge_negative1.json",
    "04_ig_hla_glstring.json", "05_ig_basic_variant_genotype_tx.json",
    "06_r4core_molecularsequence.json", "07_stu1_snvexample.xml", "08_vcf2fhir_example3.json",
]  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_goes_in_and_comes_back_equal(client, shared, name):
    document = Document((shared / "samples" / name).read_bytes(), name, "")
    (read,) = read_documents(document, max_bytes=10**8)
    resources = [
        {**each.resource, "id": each.id or f"sample-{i}"}
        for i, each in enumerate(entries_of(read.content))
        if each.container is None
    ]
    assert all(is_kept(each["resourceType"]) for each in resources)
    bundle = transaction(
        *(entry("PUT", f"{each['resourceType']}/{each['id']}", each) for each in resources)
    )
    answer = client.post("/fhir", data=write_json(bundle), content_type=JSON)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    for sent in resources:
        path = f"/fhir/{sent['resourceType']}/{sent['id']}"
        found = read_json(client.get(path).data, max_bytes=10**7)
        assert write_json(sorted_members(without_server_meta(found))) == write_json(
            sorted_members(without_server_meta(sent))
        )
        in_xml = client.get(path, headers={"Accept": XML}).data
        assert without_server_meta(parse_xml(in_xml))["id"] == sent["id"]


def sorted_members(value):
    """Members in one order, so that bytes can be compared: 7.5 and 7.50 differ."""
    if isinstance(value, dict):
        return {name: sorted_members(value[name]) for name in sorted(value)}
    return [sorted_members(each) for each in value] if isinstance(value, list) else value
