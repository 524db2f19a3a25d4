"""Cards that were left out: counted, logged without the patient, and not told again at signing."""

import json
import logging
from dataclasses import replace

import pytest

from fhir_pgx.model.card import Facets
from fhir_pgx.model.hook import HookAnswer
from fhir_pgx.model.policy import Muted

from .conftest import CARD

# A synthetic patient throughout.
LEFT = Muted(("cpic.codeine.1",), "CPICCodeine", "info", "drug", "codeine")
ORDER = {
    "resourceType": "MedicationRequest",
    "id": "o1",
    "subject": {"reference": "Patient/p1"},
    "medicationCodeableConcept": {"text": "clopidogrel 75 MG"},
}
TOLD = replace(
    CARD,
    orders=("MedicationRequest/o1",),
    facets=Facets("clopidogrel", "32968", ("CYP2C19",), "CPIC", "Strong", "avoid"),
)


@pytest.fixture
def orders(order_sign):
    """The same draft at order-select and at order-sign."""
    context = order_sign["context"]
    context["draftOrders"] = {"resourceType": "Bundle", "entry": [{"resource": ORDER}]}
    select = {
        **order_sign,
        "hook": "order-select",
        "context": {**context, "selections": ["MedicationRequest/o1"]},
    }
    return select, order_sign


def post(client, request):
    return client.post(f"/cds-services/pgx-{request['hook']}", json=request).get_json()


def test_what_the_policy_left_out_is_counted_and_logged_without_the_patient(
    client, order_sign, pipeline, caplog
):
    pipeline.says = HookAnswer((CARD,), (LEFT,))
    with caplog.at_level(logging.INFO, logger="fhir_pgx.audit"):
        answer = post(client, order_sign)
    assert len(answer["cards"]) == 1
    assert answer["extension"]["org.fhir-pgx.muted"] == {"cards": 1, "why": {"drug": 1}}
    assert "codeine" not in json.dumps(answer)
    (line,) = [json.loads(r.message) for r in caplog.records if r.name == "fhir_pgx.audit"]
    assert line["muted"] == [
        {"why": "drug", "by": "codeine", "indicator": "info", "rules": ["cpic.codeine.1"]}
    ]
    assert "p1" not in line.values()
    figures = client.get("/metrics").get_data(as_text=True)
    assert 'fhir_pgx_cards_muted_total{service="pgx-order-sign",why="drug"} 1.0' in figures


def test_signing_does_not_repeat_what_choosing_showed(make_client, orders, pipeline, store):
    client = make_client(remember_shown=30)
    pipeline.says = HookAnswer((TOLD,))
    select, sign = orders
    assert len(post(client, select)["cards"]) == 1
    store._cards.flush()
    again = post(client, sign)
    assert again["cards"] == []
    assert again["extension"]["org.fhir-pgx.muted"] == {"cards": 1, "why": {"shown-before": 1}}
    assert sum(topic.issued for topic in store.feedback_summary()) == 1


@pytest.mark.parametrize("client", ["epic", "oracle", "cds-hooks-sandbox"])
def test_it_is_remembered_in_the_shape_that_a_client_was_sent(
    make_client, orders, pipeline, store, client
):
    detail = "**Order** x\n\n**Advice**\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n**Why**\n\nBecause."
    pipeline.says = HookAnswer((replace(TOLD, detail=detail),))
    http = make_client(remember_shown=30, client_profile=client)
    for request, left in zip(orders, (1, 0), strict=True):
        assert len(post(http, request)["cards"]) == left
        store._cards.flush()


def test_signing_repeats_everything_by_default_and_a_critical_card_always(
    make_client, orders, pipeline, store
):
    for minutes, card in ((0, TOLD), (30, replace(TOLD, indicator="critical"))):
        client = make_client(remember_shown=minutes)
        pipeline.says = HookAnswer((card,))
        for request in orders:
            assert len(post(client, request)["cards"]) == 1
            store._cards.flush()


def test_a_louder_card_at_signing_is_shown(make_client, orders, pipeline, store):
    client = make_client(remember_shown=30)
    for request, indicator in zip(orders, ("info", "warning"), strict=True):
        pipeline.says = HookAnswer((replace(TOLD, indicator=indicator),))
        assert len(post(client, request)["cards"]) == 1
        store._cards.flush()
