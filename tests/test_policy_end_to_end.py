"""A site's policy over HTTP: what is left out is counted and named to nobody; critical stays."""

import json

import pytest

from fhir_pgx.settings import Settings
from fhir_pgx.web.app import create_app

from .replay import EXAMPLES

OURS = "org.fhir-pgx.muted"


@pytest.fixture
def ask(tmp_path):
    """The answer to an example under a policy; without one as shipped."""

    def asked(example, policy=""):
        file = tmp_path / "policy.toml"
        file.write_text(policy)
        settings = Settings(
            database=f"sqlite:///{tmp_path}/cards.db", policy=str(file) if policy else ""
        )
        request = (EXAMPLES / example / "request.json").read_bytes()
        service = f"pgx-{json.loads(request)['hook']}"
        client = create_app(settings).test_client()
        answer = client.post(
            f"/cds-services/{service}", data=request, content_type="application/json"
        )
        assert answer.status_code == 200
        return answer.get_json()

    return asked


def told(answer):
    return [card["summary"].split(":")[0] for card in answer["cards"]]


def test_a_muted_drug_gets_no_card_and_the_answer_counts_it(ask):
    assert told(ask("simvastatin-poor")) == ["Simvastatin"]
    answer = ask("simvastatin-poor", '[mute]\ndrugs = ["simvastatin"]\n')
    assert answer["cards"] == []
    assert answer["extension"][OURS]["cards"] == 1
    assert "imvastatin" not in json.dumps(answer)


@pytest.mark.parametrize(
    "policy",
    [
        '[mute]\ndrugs = ["codeine"]\n',
        '[mute]\ngenes = ["CYP2D6"]\n',
        'strengths = ["FDA Label"]\n',
        '[tiers.quiet]\nmost_indicator = "info"\n',
    ],
)
def test_a_critical_card_stays_whatever_the_policy_mutes(ask, policy):
    (card,) = ask("codeine-ultrarapid", policy)["cards"]
    assert card["indicator"] == "critical"


def test_a_critical_card_is_left_out_only_with_a_reason_of_its_own(ask):
    answer = ask("codeine-ultrarapid", '[mute_critical]\ncodeine = "Not on our formulary."\n')
    assert answer["cards"] == []
    assert answer["extension"][OURS]["cards"] == 1


def test_the_cap_is_the_policys_and_the_rest_is_named(ask):
    assert len(ask("order-sign-five-drafts")["cards"]) > 2
    cards = ask("order-sign-five-drafts", "[hooks.default]\nmax_cards = 2\n")["cards"]
    assert "more cards" in cards[-1]["summary"]
    assert [card["indicator"] for card in cards] == ["critical", "warning"]
