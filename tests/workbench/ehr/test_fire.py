"""The workbench answers by the same code as the route, and its cards count as any."""

import json

import pytest

from fhir_pgx.fhir.json import write_json
from fhir_pgx.model.access import Caller
from fhir_pgx.settings import Settings
from fhir_pgx.storage.store import NewResource
from fhir_pgx.web.answered import take_feedback
from fhir_pgx.web.app import create_app
from fhir_pgx.web.site import open_site
from fhir_pgx.workbench.ehr import EHRS, fire, given_exchange

from .conftest import ROOT

WHEN = "2026-11-23T12:00:00Z"


def without_ids(answer):
    """Cards without what is new at each call."""
    text = json.dumps(answer)
    for card in answer.get("cards", []):
        text = text.replace(card["uuid"], "card")
        for place, suggestion in enumerate(card.get("suggestions", [])):
            text = text.replace(suggestion["uuid"], f"suggestion-{place}")
    return text


@pytest.mark.parametrize("ehr", EHRS)
def test_the_answer_is_the_one_that_the_route_gives(pipeline, store, site, sends, ehr):
    exchange = sends(ehr, "patient-view" if ehr == "oracle" else "order-sign")
    client = create_app(Settings(), pipeline=pipeline, store=store).test_client()
    over_http = client.post(
        f"/cds-services/{exchange.service_id}",
        data=json.dumps(exchange.document),
        headers=dict(exchange.headers),
    )
    done = fire(site, exchange)
    assert (over_http.status_code, done.status) == (200, 200)
    assert done.cards
    assert without_ids(done.response) == without_ids(over_http.get_json())


@pytest.mark.parametrize(
    "name",
    ["refused-two-patients", "refused-missing-context", "refused-wrong-hook",
     "refused-nothing-sent"],
)  # fmt: skip
def test_a_refusal_is_the_one_that_the_route_gives(site, name):
    folder = ROOT / "examples" / name
    document = json.loads((folder / "request.json").read_bytes())
    exchange = given_exchange(document, site.registry.service("pgx-order-sign"))
    done = fire(site, exchange)
    assert done.status in (400, 412)
    assert done.response == json.loads((folder / "answer.json").read_bytes())


def test_a_service_that_is_not_there_is_404(site, sends):
    exchange = given_exchange({}, site.registry.service("pgx-order-sign"))
    object.__setattr__(exchange, "service_id", "pgx-nothing")
    assert fire(site, exchange).status == 404


def test_a_request_over_the_limit_is_refused_as_at_the_route(pipeline, store, sends):
    small = open_site(Settings(max_body_bytes=2_000), pipeline, store)
    assert fire(small, sends()).status == 413


def test_feedback_on_a_card_is_counted_and_in_its_tenant(site, store, sends):
    done = fire(site, sends(), caller=Caller("operator", tenant="north"))
    (card, *_) = done.cards
    taken = {"card": card["uuid"], "outcome": "accepted", "outcomeTimestamp": WHEN,
             "acceptedSuggestions": [{"id": card["suggestions"][0]["uuid"]}]}  # fmt: skip
    take_feedback(site, done.service_id, {"feedback": [taken]}, tenant="north")
    assert [(row.issued, row.accepted) for row in store.feedback_summary(tenant="north")] == [
        (1, 1)
    ]
    assert list(store.feedback_summary()) == []


def test_a_card_of_the_workbench_is_in_nobody_s_history_and_mutes_none(pipeline, store, sends, ada):
    remembering = open_site(Settings(remember_shown=30), pipeline, store)
    assert fire(remembering, sends(hook="order-select")).cards
    assert store.cards_of(ada.patient_id) == []
    client = create_app(Settings(remember_shown=30), pipeline=pipeline, store=store).test_client()
    signed = sends(hook="order-sign")
    real = client.post(f"/cds-services/{signed.service_id}", json=dict(signed.document)).get_json()
    assert len(real["cards"]) == len(fire(remembering, signed).cards) > 0
    assert len(store.cards_of(ada.patient_id)) == len(real["cards"])


def test_our_own_store_is_not_looked_into(site, store, sends, ada):
    """The emulated patient has the id of a stored one; an id means nothing without its server."""
    store.save_bundle(
        [
            NewResource(each["resourceType"], each["id"], write_json(each), ada.patient_id)
            for each in ada.resources
        ]
    )
    assert store.resources_of(ada.patient_id)
    assert fire(site, sends(trouble="prefetch-missing-not-listed")).status == 412


def test_a_call_of_the_workbench_is_counted_and_logged_as_any_and_names_nobody(
    pipeline, store, sends, caplog
):
    app = create_app(Settings(), pipeline=pipeline, store=store)
    site = app.extensions["fhir_pgx"]
    with caplog.at_level("INFO", logger="fhir_pgx.audit"), app.test_request_context("/"):
        fire(site, sends())
        fire(site, sends(trouble="two-patients"))
    figures = site.audit.figures().decode()
    for status in (200, 400):
        assert f'service="pgx-order-sign",status="{status}"}} 1.0' in figures
    assert "pgx-order-sign" in caplog.text
    assert "synthetic-ada" not in caplog.text
