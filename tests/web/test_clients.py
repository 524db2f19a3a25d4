"""A card in the shape of the client that asks: by header, by its FHIR server, by setting."""

import copy
from dataclasses import replace

import pytest

from fhir_pgx.model.card import Action, Suggestion
from fhir_pgx.model.hook import HookAnswer
from fhir_pgx.terminology import RXNORM

from .conftest import CARD

SIGN = "/cds-services/pgx-order-sign"
EPIC_SERVER = "https://epic.example.org/api/FHIR/R4"
ORDER = {
    "resourceType": "MedicationRequest",
    "id": "order-1",
    "subject": {"reference": "Patient/p1"},
    "medicationCodeableConcept": {
        "coding": [{"system": RXNORM, "code": "613391", "display": "prasugrel"}],
        "text": "Prasugrel",
    },
}


@pytest.fixture
def pipeline(pipeline):
    change = Action("update", "Change to prasugrel.", ORDER)
    suggestion = Suggestion(
        "Change to prasugrel", "00000000-0000-0000-0000-000000000001", (change,)
    )
    pipeline.says = HookAnswer((replace(CARD, detail="**Advice**", suggestions=(suggestion,)),))
    return pipeline


def actions(answer):
    assert answer.status_code == 200
    (card,) = answer.get_json()["cards"]
    return [a["type"] for s in card.get("suggestions", []) for a in s["actions"]]


@pytest.mark.parametrize(
    ("settings", "header", "server", "offered"),
    [
        ({}, None, None, ["update"]),
        ({}, "epic", None, ["create", "delete"]),
        ({}, "EPIC", None, ["create", "delete"]),
        ({}, "oracle", None, []),
        ({}, "cds-hooks-sandbox", None, ["update"]),
        ({}, "no such client", None, ["update"]),  # passed over: the card still comes
        ({"client_profile": "oracle"}, None, None, []),
        ({"client_profile": "oracle"}, "no such client", None, []),
        ({"client_profile": "oracle"}, "generic", None, ["update"]),
        ({"client_profiles": ("https://epic.example.org=epic",)}, None, EPIC_SERVER,
         ["create", "delete"]),
        ({"client_profiles": ("https://epic.example.org=epic",)}, None, None, ["update"]),
        ({"client_profiles": ("https://epic.example.org=epic",)}, "oracle", EPIC_SERVER, []),
    ],
)  # fmt: skip
def test_the_cards_take_the_shape_of_the_client(
    make_client, order_sign, pipeline, settings, header, server, offered
):
    headers = {"X-CDS-Client": header} if header else {}
    document = {**order_sign, "fhirServer": server} if server else order_sign
    answer = make_client(**settings).post(SIGN, json=document, headers=headers)
    assert actions(answer) == offered


def test_one_clients_shape_is_not_given_to_the_next(client, order_sign, pipeline):
    before = copy.deepcopy(pipeline.says)
    for header, offered in (("epic", ["create", "delete"]), ("generic", ["update"])) * 2:
        answer = client.post(SIGN, json=order_sign, headers={"X-CDS-Client": header})
        assert actions(answer) == offered
    assert pipeline.says == before


def test_feedback_on_a_shaped_card_counts_for_the_card_as_sent(client, order_sign, store, pipeline):
    answer = client.post(SIGN, json=order_sign, headers={"X-CDS-Client": "epic"})
    (card,) = answer.get_json()["cards"]
    removal = card["suggestions"][1]
    item = {
        "card": card["uuid"],
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": removal["uuid"]}],
        "outcomeTimestamp": "2026-11-23T03:00:00Z",
    }
    assert client.post(f"{SIGN}/feedback", json={"feedback": [item]}).status_code == 200
    (counted,) = store.feedback_summary()
    assert counted.accepted == 1
    assert counted.issued == 1


def test_a_page_of_another_origin_may_send_the_header(client):
    asked = {
        "Origin": "https://ehr.example.org",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,x-cds-client",
    }
    allowed = client.options(SIGN, headers=asked).headers["Access-Control-Allow-Headers"]
    assert "x-cds-client" in allowed.split(", ")
