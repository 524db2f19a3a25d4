"""Whole patients with inherited findings: what a genetic counsellor must read, and must not.

`cases/prevention-<point>/card.json` has every card of prevention and of stated risks in its order:
how its summary begins, what is and is not said, and the services offered as drafts. An empty list
is a demand too: silence.
"""

import html
import json
import re
from pathlib import Path

import pytest

from .replay import demo_client

CASES = sorted((Path(__file__).parent / "cases").glob("prevention-*"))
MEMBERS = {"about", "indicator", "summary_says", "says", "never_says", "orders"}
OURS = re.compile(r"(?:Prevention|StatedriskContext)$")


def plain(markdown):
    return re.sub(r"\\([^\w\s])", r"\1", html.unescape(markdown))


def unmet(cards, wanted):
    """Where the cards are not what the case demands, in words."""
    summaries = [card["summary"] for card in cards]
    starts = [each["about"] for each in wanted]
    same = len(cards) == len(wanted)
    if not same or not all(s.startswith(a) for s, a in zip(summaries, starts, strict=True)):
        return [f"the cards are {summaries}"]
    found = []
    for card, each in zip(cards, wanted, strict=True):
        detail = plain(card["detail"])
        said = f"{card['summary']}\n{detail}".lower()
        found += [f"summary lacks {w}" for w in each["summary_says"] if w not in card["summary"]]
        found += [f"not said: {w}" for w in each["says"] if w not in detail]
        found += [f"said: {w}" for w in each["never_says"] if w.lower() in said]
        found += [f"it is {card['indicator']}"] * (card["indicator"] != each["indicator"])
        orders = [
            action["resource"]["code"]["text"]
            for suggestion in card.get("suggestions", [])
            for action in suggestion["actions"]
        ]
        found += [f"the orders are {orders}"] * (orders != each["orders"])
    return found


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with demo_client(tmp_path_factory.mktemp("cases")) as opened:
        yield opened


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_whole_patient_is_answered_as_a_genetic_counsellor_demands(client, case):
    wanted = json.loads((case / "card.json").read_bytes())
    body = (case / "request.json").read_bytes()
    answer = client.post(
        f"/cds-services/{wanted['service']}", data=body, content_type="application/json"
    )
    assert answer.status_code == 200
    cards = answer.get_json()["cards"]
    ours = [card for card in cards if OURS.search(card["source"]["topic"]["code"])]
    assert unmet(ours, wanted["cards"]) == []
    said = plain(json.dumps(ours)).lower()
    assert [words for words in wanted["never_says"] if words.lower() in said] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_is_synthetic_complete_and_its_reason_is_written_down(case):
    assert {file.name for file in case.iterdir()} == {"request.json", "card.json", "CASE.md"}
    wanted = json.loads((case / "card.json").read_bytes())
    assert wanted.keys() == {"service", "cards", "never_says"}
    assert all(card.keys() == MEMBERS for card in wanted["cards"])
    text = (case / "CASE.md").read_text(encoding="utf-8")
    for heading in ("(synthetic)", "What a genetic counsellor must read", "What must not be said"):
        assert heading in text
    assert "**Sources**" in text
    request = json.loads((case / "request.json").read_bytes())
    assert request["prefetch"]["patient"]["meta"]["tag"][0]["code"] == "HTEST"


def test_there_are_eight_whole_patients_at_least():
    assert len(CASES) >= 8


CARD = {"summary": "Germline BRCA1", "detail": "breast MRI", "indicator": "info"}
WANTED = {
    "about": "Germline BRCA1", "indicator": "info", "summary_says": ["BRCA1"], "says": ["MRI"],
    "never_says": ["PSA"], "orders": [],
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"about": "TP53"}, "the cards are"),
        ({"indicator": "warning"}, "it is info"),
        ({"says": ["PSA"]}, "not said: PSA"),
        ({"never_says": ["breast"]}, "said: breast"),
        ({"orders": ["Colonoscopy"]}, "the orders are"),
    ],
)
def test_the_check_of_a_case_can_fail(change, told):
    assert unmet([CARD], [WANTED]) == []
    (found,) = unmet([CARD], [WANTED | change])
    assert found.startswith(told)


def test_the_check_sees_a_card_too_many_and_one_too_few():
    assert unmet([CARD, CARD], [WANTED]) != []
    assert unmet([], [WANTED]) != []


@pytest.mark.parametrize("service", ["pgx-encounter-start", "pgx-encounter-discharge"])
def test_prevention_speaks_when_a_chart_is_viewed_and_at_no_other_moment(client, service):
    case = next(each for each in CASES if each.name == "prevention-brca1-woman-35")
    call = json.loads((case / "request.json").read_bytes())
    call["hook"] = service.removeprefix("pgx-")
    call["context"]["encounterId"] = "synthetic-encounter"
    answer = client.post(f"/cds-services/{service}", json=call)
    assert answer.status_code == 200
    topics = [card["source"]["topic"]["code"] for card in answer.get_json()["cards"]]
    assert not any(OURS.search(topic) for topic in topics)
