"""Host, tumour and pathogen in one call: each its own card, none twice, none lost to the cap."""

import itertools
import json
from datetime import date
from pathlib import Path

import pytest

from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.model.policy import Policy, TherapyPolicy
from fhir_pgx.pipeline import Limits, Pipeline
from fhir_pgx.settings import Settings
from fhir_pgx.web.app import create_app

CASE = Path(__file__).parent / "cases" / "patient-host-tumour-pathogen" / "request.json"
BEGINS = [
    "Capecitabine: DPYD",
    "Cetuximab: not indicated",
    "Lamivudine: HIV-1",
    "Capecitabine: tumour",
]


@pytest.fixture(scope="module")
def drug_codes():
    codes = DrugCodes()
    yield codes
    codes.close()


@pytest.fixture
def ask(knowledge, drug_codes, tmp_path):
    def send(request=None, **limits):
        pipeline = Pipeline(
            knowledge, drug_codes, limits=Limits(**limits), today=lambda: date(2026, 11, 23)
        )
        app = create_app(Settings(database=f"sqlite:///{tmp_path}/a.db"), pipeline=pipeline)
        answer = app.test_client().post(
            "/cds-services/pgx-order-sign",
            data=json.dumps(request or json.loads(CASE.read_bytes())),
            content_type="application/json",
        )
        assert answer.status_code == 200
        return answer.get_json()

    return send


def beginnings(answer):
    return [
        next((begin for begin in BEGINS if card["summary"].startswith(begin)), card["summary"])
        for card in answer["cards"]
    ]


def test_each_speaks_on_a_card_of_its_own_the_gravest_first(ask):
    cards = ask()["cards"]
    assert beginnings({"cards": cards}) == BEGINS
    assert [card["indicator"] for card in cards] == ["critical", "warning", "warning", "info"]
    for known in (
        [card["uuid"] for card in cards],
        [card["source"]["topic"]["code"] for card in cards],
    ):
        assert len(set(known)) == len(cards)


def test_the_order_of_drafts_and_of_results_changes_no_card(ask):
    usual = {card["topic"]: card["indicator"] for card in map(told, ask()["cards"])}
    request = json.loads(CASE.read_bytes())
    drafts = request["context"]["draftOrders"]["entry"]
    results = request["prefetch"]["pgxObservations"]["entry"]
    for mixed in list(itertools.permutations(drafts))[1::2]:
        request["context"]["draftOrders"]["entry"] = list(mixed)
        request["prefetch"]["pgxObservations"]["entry"] = list(reversed(results))
        found = {card["topic"]: card["indicator"] for card in map(told, ask(request)["cards"])}
        assert found == usual


def told(card):
    return {"topic": card["source"]["topic"]["code"], "indicator": card["indicator"]}


@pytest.mark.parametrize(("most", "in_full"), [(1, 1), (2, 1), (3, 2), (4, 4), (10, 4)])
def test_beyond_the_cap_the_rest_is_named_and_no_critical_card_is_lost(ask, most, in_full):
    answer = ask(max_cards=most)
    assert beginnings(answer)[:in_full] == BEGINS[:in_full]
    rest = answer["cards"][in_full:]
    assert len(rest) == (in_full < len(BEGINS))
    for card in rest:
        assert card["indicator"] == "warning"  # as weighty as the weightiest that it names
        assert all(begin in card["detail"] for begin in BEGINS[in_full:])


@pytest.mark.parametrize(
    ("policy", "shown"),
    [
        (
            Policy(strengths=frozenset({"CPIC Strong"}), mute_drugs=frozenset({"lamivudine"})),
            BEGINS,
        ),
        (
            Policy(therapies=TherapyPolicy(mute_domains=frozenset({"tumour"}))),
            [BEGINS[0], BEGINS[2]],
        ),
        (
            Policy(therapies=TherapyPolicy(mute_domains=frozenset({"pathogen"}))),
            [BEGINS[0], BEGINS[1], BEGINS[3]],
        ),
        (
            Policy(therapies=TherapyPolicy(mute_drugs=frozenset({"318341"}))),
            [BEGINS[0], BEGINS[2], BEGINS[3]],
        ),
        (
            Policy(therapies=TherapyPolicy(sources=frozenset({"CIViC A"}))),
            [BEGINS[0], BEGINS[1], BEGINS[3]],
        ),
        (Policy(mute_critical={"capecitabine": "DPYD is judged by our own clinic."}), BEGINS[1:]),
    ],
)  # fmt: skip
def test_a_site_silences_one_speaker_and_not_another(ask, policy, shown):
    answer = ask(policy=policy)
    assert beginnings(answer) == shown
    muted = answer.get("extension", {}).get("org.fhir-pgx.muted", {}).get("cards", 0)
    assert muted == len(BEGINS) - len(shown)
