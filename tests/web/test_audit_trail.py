"""Every interaction leaves exactly the entries expected in the record of accesses, refusals too."""

import base64
import json
import logging
import urllib.request
from contextlib import closing
from dataclasses import replace

import pytest
from flask import Flask

from fhir_pgx.errors import InvalidSetting, StoreFailure
from fhir_pgx.model.access import BREAK_GLASS, Caller
from fhir_pgx.model.registered import NOBODY, Registered, TokenIssuer
from fhir_pgx.settings import Settings
from fhir_pgx.storage import SqlStore
from fhir_pgx.validation import check_resource
from fhir_pgx.web.accesses import is_free, kind_of
from fhir_pgx.web.app import FhirPgx, create_app
from fhir_pgx.web.noted import note_caller, note_patients
from fhir_pgx.web.trail import check_audit
from tests.running_server import running_server
from tests.web.fhir_client import JSON, entry, fhir_client, observation, patient, transaction

NURSE = Caller(
    "application",
    issuer="https://idp.example.org",
    client="results-app",
    user="Practitioner/7",
    token_id="t-1",
)


@pytest.fixture
def fhir(store):
    """A client of a server that holds two synthetic patients and a result of each."""
    client = fhir_client(store)
    for number in (1, 2):
        client.put(f"/fhir/Patient/p{number}", json=patient(f"p{number}"), content_type=JSON)
        client.put(
            f"/fhir/Observation/o{number}",
            json=observation(f"Patient/p{number}", f"o{number}"),
            content_type=JSON,
        )
    entries(store)
    return client


def entries(store):
    """The entries since this was last asked, as (what, patient); their bodies are in `events`."""
    store.audit.queue.flush()
    found = list(store.audit.entries())[getattr(store, "read", 0) :]
    store.read = getattr(store, "read", 0) + len(found)
    store.events = [json.loads(each.body) for each in found]
    return [(each.what, each.patient) for each in found]


def subtypes(event):
    return [each["code"] for each in event["subtype"]]


def queries(event):
    return [base64.b64decode(each["query"]).decode() for each in event["entity"] if "query" in each]


def details(event):
    return {
        (each["type"], each["valueString"])
        for entity in event["entity"]
        for each in entity.get("detail", [])
    }


def calling_as(monkeypatch, caller):
    """Let the door find this caller, whoever knocks."""
    monkeypatch.setattr("fhir_pgx.web.door._caller", lambda *_: caller)


# What FHIR interactions leave


@pytest.mark.parametrize(
    ("method", "path", "found", "action", "subtype"),
    [
        ("get", "/Patient/p1", [("read Patient/p1", "p1")], "R", "read"),
        ("get", "/Observation/o1", [("read Observation/o1", "p1")], "R", "read"),
        ("get", "/Observation/o1/_history/1", [("vread Observation/o1/_history/1", "p1")], "R",
         "vread"),
        ("get", "/Observation/o1/_history", [("history-instance Observation/o1", "p1")], "R",
         "history-instance"),
        ("get", "/Patient/p1/_history", [("history-instance Patient/p1", "p1")], "R",
         "history-instance"),
        ("get", "/Observation/_history",
         [("history-type Observation", "p2"), ("history-type Observation", "p1")], "R",
         "history-type"),
        ("get", "/_history", [("history-system", "p2"), ("history-system", "p1")], "R",
         "history-system"),
        ("get", "/Observation?patient=p1", [("search-type Observation", "p1")], "E",
         "search-type"),
        ("get", "/Observation?subject=Patient/p1", [("search-type Observation", "p1")], "E",
         "search-type"),
        ("get", "/Observation",
         [("search-type Observation", "p1"), ("search-type Observation", "p2")], "E",
         "search-type"),
        ("get", "/Observation?code=nothing", [("search-type Observation", "")], "E",
         "search-type"),
        ("get", "/Observation?patient=else", [("search-type Observation", "else")], "E",
         "search-type"),
        ("get", "/Patient?_id=p2", [("search-type Patient", "p2")], "E", "search-type"),
        ("get", "/Patient/p1/Observation", [("search-type Observation", "p1")], "E",
         "search-type"),
        ("post", "/Observation/_search", [("search-type Observation", "p1"),
         ("search-type Observation", "p2")], "E", "search-type"),
        ("get", "/Patient/p1/$everything", [("operation $everything", "p1")], "E", "operation"),
        ("get", "/Patient/p1/$interpret", [("operation $interpret", "p1")], "E", "operation"),
        ("get", "/$find-subject-variants?subject=p1&ranges=NC_000001.11:1-2",
         [("operation $find-subject-variants", "p1")], "E", "operation"),
        ("get", "/Patient/p1/$find-subject-variants?ranges=NC_000001.11:1-2",
         [("operation $find-subject-variants", "p1")], "E", "operation"),
        ("get", "/Observation/o1/$validate", [("operation $validate Observation/o1", "p1")], "E",
         "operation"),
        ("delete", "/Observation/o1", [("delete Observation/o1", "p1")], "D", "delete"),
    ],
)  # fmt: skip
def test_an_interaction_leaves_an_entry_for_each_patient(
    fhir, store, method, path, found, action, subtype
):
    answer = getattr(fhir, method)(f"/fhir{path}")
    assert answer.status_code < 300
    assert entries(store) == found
    for event in store.events:
        assert (event["action"], event["outcome"]) == (action, "0")
        assert subtypes(event)[0] == subtype


@pytest.mark.parametrize(
    ("method", "path", "status", "found"),
    [
        ("get", "/Observation/nowhere", 404, ("read Observation/nowhere", "")),
        ("get", "/Patient/nobody", 404, ("read Patient/nobody", "nobody")),
        ("get", "/Unknown/x", 404, ("read Unknown/x", "")),
        ("get", "/Observation?strange=1&date=no-date", 400, ("search-type Observation", "")),
        ("get", "/Observation?patient=p1&date=no-date", 400, ("search-type Observation", "p1")),
        ("get", "/Patient/nobody/$interpret", 404, ("operation $interpret", "nobody")),
        ("get", "/Patient/p1/$nothing", 404, ("operation $nothing", "p1")),
        ("put", "/Observation/o1", 400, ("update Observation/o1", "p1")),
    ],
)  # fmt: skip
def test_what_was_refused_leaves_an_entry_too(fhir, store, method, path, status, found):
    assert getattr(fhir, method)(f"/fhir{path}").status_code == status
    assert entries(store) == [found]
    assert store.events[0]["outcome"] == "4"
    assert store.events[0]["outcomeDesc"] == f"HTTP {status}"


def test_what_was_deleted_is_recorded_under_its_patient(fhir, store):
    fhir.delete("/fhir/Observation/o1")
    entries(store)
    assert fhir.get("/fhir/Observation/o1").status_code == 410
    assert entries(store) == [("read Observation/o1", "p1")]


def test_an_answer_in_xml_is_recorded_like_any(fhir, store):
    answer = fhir.get("/fhir/Observation", headers={"Accept": "application/fhir+xml"})
    assert answer.data.startswith(b"<")
    assert [who for _, who in entries(store)] == ["p1", "p2"]


def test_a_resource_that_names_nobody_is_recorded_under_the_patient_it_is_kept_under(fhir, store):
    made = {"resourceType": "Provenance", "id": "v1", "recorded": "2026-11-23T12:00:00Z",
            "target": [{"reference": "Observation/o1"}],
            "agent": [{"who": {"display": "synthetic"}}]}  # fmt: skip
    assert fhir.put("/fhir/Provenance/v1", json=made, content_type=JSON).status_code == 201
    assert entries(store) == [("update Provenance/v1", "p1")]
    fhir.get("/fhir/Provenance/v1")
    fhir.get("/fhir/Provenance")
    assert entries(store) == [("read Provenance/v1", "p1"), ("search-type Provenance", "p1")]


def test_a_created_resource_is_named_by_the_id_it_got(fhir, store):
    for prefer in ("return=minimal", "return=representation"):
        answer = fhir.post(
            "/fhir/Observation",
            json=observation("Patient/p1"),
            content_type=JSON,
            headers={"Prefer": prefer},
        )
        reference = answer.headers["Location"].partition("/fhir/")[2].partition("/_history")[0]
        assert entries(store) == [(f"create {reference}", "p1")]
        assert store.events[0]["action"] == "C"


def test_what_a_search_asked_stands_in_its_entry(fhir, store):
    fhir.get("/fhir/Observation?patient=p1&code=http://loinc.org|718-7")
    fhir.post("/fhir/Observation/_search", data={"patient": "p2", "code": "718-7"})
    fhir.post(
        "/fhir/Observation",
        json=observation("Patient/p1"),
        content_type=JSON,
        headers={"If-None-Exist": "identifier=urn:x|77"},
    )
    fhir.delete("/fhir/Observation?identifier=urn:x|77")
    entries(store)
    asked = sorted(query for event in store.events for query in queries(event))
    assert asked == [
        "identifier=urn:x|77",
        "patient=p1&code=http://loinc.org|718-7",
        "patient=p2&code=718-7",
    ]
    assert all("name" not in each for event in store.events for each in event["entity"]
               if "query" in each)  # fmt: skip


def test_what_an_operation_asked_stands_in_its_entry_however_it_was_sent(fhir, store):
    parameters = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "subject", "valueString": "p1"},
            {"name": "ranges", "valueString": "NC_000001.11:1-2"},
        ],
    }
    fhir.post("/fhir/$find-subject-variants", json=parameters, content_type=JSON)
    fhir.post("/fhir/$find-subject-variants", data={"subject": "p1", "ranges": "NC_000001.11:1-2"})
    assert entries(store) == [("operation $find-subject-variants", "p1")] * 2
    for event in store.events:
        assert queries(event) == ["subject=p1&ranges=NC_000001.11:1-2"]
        assert subtypes(event) == ["operation", "$find-subject-variants"]


def test_a_transaction_leaves_what_it_did_by_interaction_and_patient(fhir, store):
    sent = transaction(
        entry("POST", "Patient", patient(), "urn:uuid:11111111-1111-4111-8111-111111111111"),
        entry("POST", "Observation",
              observation("urn:uuid:11111111-1111-4111-8111-111111111111")),
        entry("POST", "Observation", observation("Patient/p2")),
        entry("POST", "Observation", observation("Patient/p2")),
        entry("DELETE", "Observation/o1"),
        entry("GET", "Observation/o2"),
        entry("GET", "Observation?patient=p2"),
    )  # fmt: skip
    answer = fhir.post("/fhir", json=sent, content_type=JSON)
    assert answer.status_code == 200
    located = [
        each["response"].get("location", "").partition("/_history")[0]
        for each in answer.json["entry"]
    ]
    new = located[0].partition("/")[2]
    assert sorted(entries(store)) == sorted([
        (f"create {located[0]}", new),
        (f"create {located[1]}", new),
        (f"create {located[2]} and 1 more", "p2"),
        ("delete Observation/o1", "p1"),
        ("read Observation/o2", "p2"),
        ("search-type Observation", "p2"),
    ])  # fmt: skip
    assert all(("within", "transaction") in details(event) for event in store.events)


def test_a_transaction_that_failed_leaves_one_entry(fhir, store):
    sent = transaction(
        entry("POST", "Observation", observation("Patient/p1")), entry("PUT", "Patient/x", {})
    )
    assert fhir.post("/fhir", json=sent, content_type=JSON).status_code == 400
    assert entries(store) == [("transaction transaction", "")]
    assert store.events[0]["outcome"] == "4"


def test_each_entry_of_a_batch_has_its_own_outcome(fhir, store):
    sent = transaction(
        entry("GET", "Patient/p1"),
        entry("GET", "Patient/nobody"),
        entry("GET", "Patient/p2/$interpret"),
        entry("POST", "Observation", {"resourceType": "Patient"}),
        kind="batch",
    )
    assert fhir.post("/fhir", json=sent, content_type=JSON).status_code == 200
    left = dict(zip(entries(store), [each["outcome"] for each in store.events], strict=True))
    assert left["read Patient/p1", "p1"] == "0"
    assert left["read Patient/nobody", "nobody"] == "4"
    assert left["create Observation", ""] == "4"
    assert len(left) == 4


def test_what_many_entries_did_to_one_patient_is_one_entry_with_every_resource(fhir, store):
    sent = transaction(
        *(entry("POST", "Observation", observation("Patient/p1")) for _ in range(600))
    )
    assert fhir.post("/fhir", json=sent, content_type=JSON).status_code == 200
    assert [who for _, who in entries(store)] == ["p1", "p1"]
    named = [each["what"]["reference"] for event in store.events for each in event["entity"]
             if each.get("what", {}).get("reference", "").startswith("Observation/")]  # fmt: skip
    assert len(set(named)) == 600


# Hooks, feedback, interpretations


def test_a_hook_call_is_recorded_with_each_card_and_without_its_words(client, order_sign, store):
    card = client.post("/cds-services/pgx-order-sign", json=order_sign).json["cards"][0]
    assert entries(store) == [("hook-call pgx-order-sign", "p1")]
    (event,) = store.events
    assert subtypes(event) == ["hook-call"]
    (entity,) = [each for each in event["entity"] if each["type"]["code"] == "card"]
    assert entity["what"]["identifier"]["value"] == f"urn:uuid:{card['uuid']}"
    assert {("topic", "T1"), ("source", "CPIC"), ("rule", "cpic-clopidogrel-1")} <= details(event)
    assert ("hook", "order-sign") in details(event)
    assert ("hook-instance", order_sign["hookInstance"]) in details(event)
    assert "poor metabolizer" not in json.dumps(event)
    assert [each["who"]["identifier"]["value"] for each in event["agent"] if "who" in each] == [
        "Practitioner/u1"
    ]


def test_a_hook_call_that_was_refused_is_recorded_under_the_patient_it_named(
    client, order_sign, store
):
    del order_sign["hookInstance"]
    assert client.post("/cds-services/pgx-order-sign", json=order_sign).status_code == 400
    assert entries(store) == [("hook-call pgx-order-sign", "p1")]
    assert store.events[0]["outcome"] == "4"


def test_a_hook_call_that_crashed_is_recorded_as_a_serious_failure(
    client, order_sign, pipeline, store
):
    pipeline.says = KeyError("Jane Doe")
    assert client.post("/cds-services/pgx-order-sign", json=order_sign).status_code == 500
    assert entries(store) == [("hook-call pgx-order-sign", "p1")]
    assert store.events[0]["outcome"] == "8"


def test_feedback_is_recorded_with_the_cards_and_without_the_comment(client, store):
    item = {"card": "c-1", "outcome": "overridden", "outcomeTimestamp": "2020-01-01T00:00:00Z",
            "overrideReason": {"userComment": "Mrs Example"}}  # fmt: skip
    answer = client.post("/cds-services/pgx-order-sign/feedback", json={"feedback": [item]})
    assert answer.status_code == 200
    assert entries(store) == [("feedback pgx-order-sign", "")]
    assert ("card", "c-1") in details(store.events[0])
    assert "Example" not in json.dumps(store.events)


def test_an_interpretation_is_recorded_under_its_subject(client, pipeline, store):
    pipeline.interpret_documents = lambda *_: {"subject": "Patient/p9", "genes": {}}
    sent = {"resourceType": "Bundle"}
    assert client.post("/api/interpret", json=sent).status_code == 200
    assert client.post("/api/explain", json=sent).status_code == 200
    assert entries(store) == [("interpretation interpret", "p9"), ("interpretation explain", "")]


# Who


def test_the_caller_stands_in_the_entry(fhir, store, monkeypatch):
    calling_as(monkeypatch, NURSE)
    fhir.get("/fhir/Patient/p1", headers={"X-Request-Id": "abc-1"})
    entries(store)
    (event,) = store.events
    program, person = event["agent"]
    assert program["who"]["identifier"] == {
        "system": "https://idp.example.org", "value": "results-app",
    }  # fmt: skip
    assert (program["requestor"], person["requestor"]) == (False, True)
    assert person["who"]["identifier"]["value"] == "Practitioner/7"
    assert event["purposeOfEvent"][0]["coding"][0]["code"] == "TREAT"
    assert {("request-id", "abc-1"), ("token-id", "t-1")} <= details(event)
    assert list(store.audit.entries())[-1].agent == "Practitioner/7@results-app"


def test_each_tenant_has_a_record_of_its_own(fhir, store, monkeypatch):
    calling_as(monkeypatch, replace(NURSE, tenant="north"))
    fhir.get("/fhir/Patient/p1")
    assert entries(store) == []
    assert [each.patient for each in store.audit.entries(tenant="north")] == ["p1"]


def test_where_nobody_is_asked_the_entry_says_so(fhir, store):
    fhir.get("/fhir/Patient/p1")
    entries(store)
    (agent,) = store.events[0]["agent"]
    assert agent["name"] == "anybody: nobody was identified"
    assert agent["network"] == {"address": "127.0.0.1", "type": "2"}
    assert "purposeOfEvent" not in store.events[0]


def test_a_refused_credential_is_recorded_without_believing_it(store, pipeline, monkeypatch):
    from fhir_pgx.errors import Unauthenticated

    def refuse(*_):
        raise Unauthenticated("no credential was sent")

    monkeypatch.setattr("fhir_pgx.web.door._caller", refuse)
    client = create_app(Settings(), pipeline=pipeline, store=store).test_client()
    for path in ("/fhir/Patient/p1", "/fhir/Observation?patient=p1", "/metrics"):
        assert client.get(path, headers={"Authorization": "Bearer a.b.c"}).status_code == 401
    assert entries(store) == [
        ("login /fhir/<type_>/<id_>", ""), ("login /fhir/<type_>", ""), ("login /metrics", ""),
    ]  # fmt: skip
    for event in store.events:
        assert (event["type"]["code"], subtypes(event)) == ("110114", ["110122"])
        assert event["outcome"] == "4"
        assert event["agent"][0]["name"].startswith("unknown")
    assert "a.b.c" not in json.dumps(store.events)


def test_a_flood_does_not_fill_the_record(make_client, store):
    client = make_client(rate_per_minute=1, rate_burst=1)
    statuses = [client.get("/fhir/Patient/p1").status_code for _ in range(5)]
    assert statuses.count(429) >= 3
    assert len(entries(store)) == 5 - statuses.count(429)


# Breaking the glass


def test_access_in_an_emergency_is_marked_and_written_before_the_answer_leaves(
    fhir, store, monkeypatch
):
    calling_as(monkeypatch, replace(NURSE, purpose=BREAK_GLASS))
    assert fhir.get("/fhir/Patient/p1").status_code == 200
    last = list(store.audit.entries())[-1]  # nothing was flushed
    event = json.loads(last.body)
    assert (last.what, last.patient) == ("read Patient/p1", "p1")
    assert subtypes(event) == ["read", "110127"]
    assert event["purposeOfEvent"][0]["coding"][0]["code"] == "BTG"


def test_access_in_an_emergency_that_cannot_be_recorded_is_refused(fhir, store, monkeypatch):
    calling_as(monkeypatch, replace(NURSE, purpose=BREAK_GLASS))

    def fail(_):
        raise StoreFailure("the database was not written")

    monkeypatch.setattr(store.audit, "append", fail)
    answer = fhir.get("/fhir/Patient/p1")
    assert answer.status_code == 503
    assert len(answer.headers["X-Request-Id"]) == 36
    assert answer.json["resourceType"] == "OperationOutcome"
    assert "p1" not in answer.text


def test_a_write_is_recorded_before_the_answer_leaves(fhir, store):
    before = len(list(store.audit.entries()))
    fhir.put("/fhir/Observation/o1", json=observation("Patient/p1", "o1", status="amended"),
             content_type=JSON)  # fmt: skip
    assert len(list(store.audit.entries())) == before + 1


def test_a_write_that_cannot_be_recorded_at_once_is_recorded_later(
    fhir, store, monkeypatch, caplog
):
    append = store.audit.append

    def fail(_):
        raise StoreFailure("the database was not written")

    monkeypatch.setattr(store.audit, "append", fail)
    with caplog.at_level(logging.ERROR):
        answer = fhir.delete("/fhir/Observation/o1")
    assert answer.status_code == 204  # it is done, and a client told otherwise would do it again
    assert "could not be recorded at once" in caplog.text
    monkeypatch.setattr(store.audit, "append", append)
    assert entries(store) == [("delete Observation/o1", "p1")]
    assert b'fhir_pgx_audit_failures_total{fate="waiting"} 1.0' in fhir.get("/metrics").data


def test_entries_that_are_lost_are_counted(fhir, store):
    store.audit.queue.lost(3)
    assert b'fhir_pgx_audit_failures_total{fate="lost"} 3.0' in fhir.get("/metrics").data


def test_a_fault_of_ours_does_not_leave_an_access_unrecorded(fhir, store, monkeypatch, caplog):
    def crash(*_, **__):
        raise KeyError("Jane Doe")

    monkeypatch.setattr("fhir_pgx.web.trail.accesses_of", crash)
    with caplog.at_level(logging.ERROR):
        assert fhir.get("/fhir/Patient/p1").status_code == 200
    assert entries(store) == [("read /fhir/<type_>/<id_>", "")]
    assert "in outline" in caplog.text
    assert "Jane Doe" not in caplog.text


def test_a_server_that_is_stopped_writes_what_waits(tmp_path):
    with running_server(tmp_path) as address:
        urllib.request.urlopen(f"{address}/fhir/Observation?patient=p1").read()
    (database,) = tmp_path.glob("*.db")
    with closing(SqlStore(f"sqlite:///{database}")) as store:
        assert [each.what for each in store.audit.entries()] == ["search-type Observation"]
        assert store.audit.verify()[0].rows == 1


# What leaves none, and whether anything does


@pytest.mark.parametrize(
    "path",
    ["/health/live", "/health/ready", "/metrics", "/fhir/metadata", "/cds-services",
     "/fhir/StructureDefinition", "/fhir/CodeSystem?url=x", "/nowhere", "/api/nowhere"],
)  # fmt: skip
def test_what_tells_nothing_of_anybody_leaves_no_entry(client, store, path):
    client.get(path)
    client.options(path)
    assert entries(store) == []


def test_every_address_is_known_to_the_record_or_leaves_an_entry_of_its_route(client):
    """A new address is recorded until somebody says here that it tells nothing of anybody."""
    endpoints = {each.endpoint for each in client.application.url_map.iter_rules()}
    ours = {each for each in endpoints if each.startswith("fhir_pgx.")}
    free = {each.removeprefix("fhir_pgx.").partition(".")[0] for each in ours if is_free(each)}
    known = {"nowhere", "health", "smart", "definitions", "own_keys", "fhir", "cds", "wallet"}
    known |= {"openapi", "api_docs", "assets", "sign_in", "bench", "console"}
    assert free <= known
    wallet = {each for each in ours if is_free(each) and each.startswith("fhir_pgx.wallet.")}
    assert {each.rpartition(".")[2] for each in wallet} <= {"ask", "verify"}  # of no record of ours
    fhir_free = {each for each in ours if is_free(each) and each.startswith("fhir_pgx.fhir.")}
    assert {each.rpartition(".")[2] for each in fhir_free} == {"metadata", "smart", "openid"}
    unknown = {each for each in ours if not is_free(each) and kind_of(each) == "other"}
    named = {each.partition(".")[2].partition(".")[0] for each in unknown}
    assert not named & {"fhir", "operations", "reports", "validate", "cds", "api"}


def test_the_record_can_be_switched_off_where_nobody_is_asked(make_client, store):
    client = make_client(audit="off")
    assert client.post("/api/interpret", json={"resourceType": "Bundle"}).status_code == 200
    assert entries(store) == []


@pytest.mark.parametrize(
    ("settings", "registered"),
    [
        (Settings(audit="off", access="access.toml"), NOBODY),
        (Settings(audit="off"), Registered(token_issuers=(TokenIssuer("idp", "https://idp"),))),
    ],
)
def test_the_record_cannot_be_switched_off_where_callers_are_registered(settings, registered):
    with pytest.raises(InvalidSetting, match="audit is off"):
        check_audit(settings, registered)
    check_audit(replace(settings, audit="on"), registered)


def test_a_host_app_that_mounts_us_is_recorded_alike(store, pipeline, order_sign):
    host = Flask("host")
    FhirPgx(host, url_prefix="/pgx", settings=Settings(), pipeline=pipeline, store=store)
    client = host.test_client()
    answer = client.post("/pgx/cds-services/pgx-order-sign", json=order_sign)
    client.get("/pgx/fhir/Patient/p1")
    client.get("/pgx/fhir/Patient/p1/$interpret")
    assert len(answer.headers["X-Request-Id"]) == 36
    assert entries(store) == [
        ("hook-call pgx-order-sign", "p1"), ("read Patient/p1", "p1"),
        ("operation $interpret", "p1"),
    ]  # fmt: skip


def test_a_session_of_our_own_names_its_caller(store, pipeline):
    """What the door cannot know: who a session of the SMART app is of."""
    client = create_app(Settings(), pipeline=pipeline, store=store).test_client()

    @client.application.before_request
    def know():
        note_caller(NURSE)
        note_patients(["p7", ""])

    client.get("/fhir/Patient/p1")
    assert entries(store) == [("read Patient/p1", "p7"), ("read Patient/p1", "p1")]
    assert store.events[0]["agent"][1]["who"]["identifier"]["value"] == "Practitioner/7"


# Request ids


@pytest.mark.parametrize("stated", ["abc-1", "A.b_c-9", "x" * 64])
def test_a_request_id_that_is_well_formed_is_taken(client, stated):
    assert client.get("/health/live", headers={"X-Request-Id": stated}).headers[
        "X-Request-Id"
    ] == stated  # fmt: skip


@pytest.mark.parametrize("stated", ["", "x" * 65, "a b", "a\tb", 'a"b', "ä", "a/b"])
def test_any_other_is_replaced_by_one_of_ours(client, stated):
    found = client.get("/health/live", headers={"X-Request-Id": stated}).headers["X-Request-Id"]
    assert found != stated
    assert len(found) == 36


def test_answers_without_a_route_of_theirs_have_an_id_too(client, order_sign):
    for answer in (
        client.get("/api/nowhere"),
        client.options("/fhir/Patient/p1"),
        client.post("/cds-services/pgx-order-sign", data="{"),
    ):
        assert len(answer.headers["X-Request-Id"]) == 36


def test_the_record_holds_after_a_session_and_each_entry_is_valid_fhir(fhir, client, store):
    fhir.get("/fhir/Patient/p1")
    fhir.get("/fhir/Observation?patient=p1&code=x")
    fhir.get("/fhir/Patient/strange id")
    client.post("/cds-services/pgx-order-sign", json={"context": {"patientId": "name, a"}})
    store.audit.queue.flush()
    (chain,) = store.audit.verify()
    assert chain.rows >= 8
    for each in store.audit.entries():
        found = check_resource(json.loads(each.body), deep=True)
        assert [issue for issue in found if issue.severity in ("error", "fatal")] == []
