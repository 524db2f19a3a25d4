"""CDS Hooks over HTTP, as a client meets it."""

import json
import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_pgx.errors import DataUnavailable
from fhir_pgx.model.card import Card, Source
from fhir_pgx.model.drug import Coding
from fhir_pgx.model.hook import HookAnswer
from fhir_pgx.services.hooks import HOOKS

SIGN = "/cds-services/pgx-order-sign"
CARD = "3b8a1c52-6c29-4c3d-8a0e-0d7c8f6f1a11"


@pytest.mark.parametrize("path", ["/cds-services", "/cds-services/"])
def test_discovery_names_each_service_with_what_it_needs(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    services = answer.get_json()["services"]
    assert {service["id"]: service["hook"] for service in services} == {
        f"pgx-{hook}": hook for hook in HOOKS
    }
    assert len(services) == 12
    assert all(service["prefetch"]["patient"] for service in services)


def test_a_call_is_answered_with_the_cards_of_the_pipeline(client, order_sign, pipeline):
    answer = client.post(SIGN, json=order_sign)
    assert answer.status_code == 200
    assert [card["uuid"] for card in answer.get_json()["cards"]] == [CARD]
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert pipeline.calls[0].patient_id == "p1"


def test_nothing_to_say_is_an_empty_list_of_cards(client, order_sign, pipeline):
    pipeline.says = HookAnswer()
    answer = client.post(SIGN + "/", json=order_sign)
    assert (answer.status_code, answer.get_json()) == (200, {"cards": []})


@pytest.mark.parametrize(
    "media",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/fhir+json",
        "application/json+fhir",
        "text/json",
        None,
    ],
)
def test_json_is_read_under_each_of_its_names(client, order_sign, media):
    answer = client.post(SIGN, data=json.dumps(order_sign), content_type=media)
    assert answer.status_code == 200


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "text/html"])
def test_another_media_type_is_415(client, order_sign, media):
    answer = client.post(SIGN, data=json.dumps(order_sign), content_type=media)
    assert answer.status_code == 415
    assert "application/json" in answer.get_data(as_text=True)


@pytest.mark.parametrize("body", [b"", b"{", b"nope", b'{"a": NaN}', b"\xff", b"[1,]"])
def test_a_body_that_is_not_json_is_400(client, body):
    answer = client.post(SIGN, data=body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.get_json()["resourceType"] == "OperationOutcome"


def test_data_that_are_needed_and_not_obtainable_are_412(client, order_sign, pipeline):
    pipeline.says = DataUnavailable("no results were sent", mend="prefetch pgxObservations")
    answer = client.post(SIGN, json=order_sign)
    assert answer.status_code == 412
    assert "no results were sent" in answer.get_data(as_text=True)


def test_an_unknown_service_is_404_for_calls_and_feedback(client, order_sign):
    assert client.post("/cds-services/none", json=order_sign).status_code == 404
    assert client.post("/cds-services/none/feedback", json={"feedback": []}).status_code == 404


def test_the_wrong_hook_for_a_service_is_400(client, order_sign):
    answer = client.post("/cds-services/pgx-patient-view", json=order_sign)
    assert answer.status_code == 400
    issue = answer.get_json()["issue"][0]
    assert issue["severity"] == "error"
    assert issue["expression"] == ["hook"]


def test_an_answer_that_breaks_the_schema_is_500_and_never_an_empty_list(
    client, order_sign, pipeline
):
    source = Source("CPIC", "https://cpicpgx.org", Coding("s", "c", "d"))
    pipeline.says = HookAnswer((Card(CARD, "x" * 140, "warning", source),))
    answer = client.post(SIGN, json=order_sign)
    assert answer.status_code == 500
    assert "cards" not in answer.get_json()


def test_issued_cards_and_feedback_on_them_meet_in_the_store(client, order_sign, store):
    client.post(SIGN, json=order_sign)
    item = {"card": CARD, "outcome": "overridden", "outcomeTimestamp": "2026-01-31T12:00:00Z"}
    answer = client.post(f"{SIGN}/feedback", json={"feedback": [item]})
    assert answer.status_code == 200
    (topic,) = store.feedback_summary()
    assert (topic.topic, topic.issued, topic.overridden) == ("T1", 1, 1)


def test_feedback_on_a_card_of_another_day_is_taken(client):
    item = {"card": "long-ago", "outcome": "overridden", "outcomeTimestamp": "2020-01-31T12:00:00Z"}
    assert client.post(f"{SIGN}/feedback", json={"feedback": [item]}).status_code == 200


def test_a_faulty_feedback_message_stores_nothing(client, store):
    item = {"card": CARD, "outcome": "overridden", "outcomeTimestamp": "2026-01-31T12:00:00Z"}
    answer = client.post(f"{SIGN}/feedback", json={"feedback": [item, {}]})
    assert answer.status_code == 400
    assert store.feedback_summary() == []


def test_feedback_of_a_later_day_is_refused_and_stores_nothing(client, store):
    item = {"card": CARD, "outcome": "overridden", "outcomeTimestamp": "9998-01-31T12:00:00Z"}
    answer = client.post(f"{SIGN}/feedback", json={"feedback": [item]})
    assert answer.status_code == 400
    assert "future" in answer.get_data(as_text=True)
    assert store.feedback_summary() == []


def test_a_hook_instance_that_is_any_text_is_not_logged_as_it_is(client, order_sign, caplog, store):
    told = order_sign["hookInstance"]
    with caplog.at_level(logging.INFO):
        client.post(SIGN, json=order_sign)
        client.post(SIGN, json={**order_sign, "hookInstance": "Jane Synthetic, born 1961"})
    lines = [json.loads(r.message) for r in caplog.records if r.name == "fhir_pgx.audit"]
    assert [line["hook_instance"] for line in lines] == [
        told,
        store.pseudonym("Jane Synthetic, born 1961"),
    ]
    assert "Synthetic" not in caplog.text


def test_the_audit_line_has_the_rules_and_neither_patient_nor_token(client, order_sign, caplog):
    order_sign["fhirServer"] = "https://ehr.test/fhir"
    order_sign["fhirAuthorization"] = {"access_token": "SECRET", "patient": "patient-77"}
    order_sign["context"]["patientId"] = "patient-77"
    with caplog.at_level(logging.INFO):
        client.post(SIGN, json=order_sign)
        client.post(SIGN, json={**order_sign, "hook": "x"})
    lines = [json.loads(r.message) for r in caplog.records if r.name == "fhir_pgx.audit"]
    assert [(line["status"], line["cards"]) for line in lines] == [(200, 1), (400, 0)]
    assert lines[0]["rules"] == ["cpic-clopidogrel-1"]
    assert "patient-77" not in caplog.text
    assert "SECRET" not in caplog.text


def test_every_worker_of_a_deployment_names_a_patient_alike(make_client, order_sign, caplog, store):
    with caplog.at_level(logging.INFO):
        for _worker in range(2):
            make_client().post(SIGN, json=order_sign)
    named = [json.loads(r.message)["patient"] for r in caplog.records if r.name == "fhir_pgx.audit"]
    assert named == [store.pseudonym("p1")] * 2


def test_metrics_count_answers_by_status(client, order_sign):
    client.post(SIGN, json=order_sign)
    client.post(SIGN, json={})
    figures = client.get("/metrics").get_data(as_text=True)
    for status in ("200", "400"):
        assert (
            f'fhir_pgx_hook_answers_total{{service="pgx-order-sign",status="{status}"}} 1.0'
            in figures
        )


def test_unknown_services_make_no_new_figures(client):
    client.post("/cds-services/attack-1", json={})
    assert "attack-1" not in client.get("/metrics").get_data(as_text=True)


def test_health_is_answered(client):
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").get_json() == {"status": "ready", "services": 12}


def test_a_server_without_its_store_is_not_ready(client, store, monkeypatch):
    from fhir_pgx.errors import StoreFailure

    def fail():
        raise StoreFailure("gone")

    monkeypatch.setattr(store, "check", fail)
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


# --- anything at all -----------------------------------------------------------------------------

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["Patient/p1", "Patient/p2", "urn:uuid:1", "#x", "Bundle", "Observation"])
)
names = st.text(max_size=8) | st.sampled_from(
    [
        "resourceType", "id", "entry", "resource", "subject", "patient", "reference", "contained",
        "identifier", "system", "value", "link", "relation", "url", "total", "issue", "fullUrl",
        "search", "mode", "category", "coding", "code", "focus", "parameter", "part",
    ]
)  # fmt: skip
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=5),
    max_leaves=25,
)
envelopes = st.fixed_dictionaries(
    {
        "hook": st.sampled_from(["order-sign", "order-select", "patient-view"]) | values,
        "hookInstance": st.just("d1577c69-dfbe-44ad-ba6d-3e05e953b2ea") | values,
        "context": st.fixed_dictionaries(
            {"userId": st.just("Practitioner/1"), "patientId": st.just("p1") | values},
            optional={
                "draftOrders": values,
                "selections": st.lists(st.text(max_size=9)),
                "other": values,
            },
        )
        | values,
    },
    optional={
        "prefetch": st.dictionaries(names, values, max_size=4) | values,
        "fhirServer": st.just("https://e.test") | values,
        "fhirAuthorization": values,
    },
)
services = st.sampled_from(["pgx-order-sign", "pgx-order-select", "pgx-patient-view"])


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(service=services, document=envelopes | values, feedback=st.booleans())
def test_no_json_value_makes_the_server_fail_or_speak_html(client, service, document, feedback):
    path = f"/cds-services/{service}" + ("/feedback" if feedback else "")
    answer = client.post(path, data=json.dumps(document), content_type="application/json")
    assert answer.status_code in {200, 400, 412, 413}
    assert answer.headers["Content-Type"] == "application/json"
    json.loads(answer.data)
