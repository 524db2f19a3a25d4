"""Whole patients with tumour findings, from the hook's request to its cards.

`cases/tumour-<point>/card.json` has every card of the answer in its order, those of inherited
findings left out: how its summary begins, what is and is not said, and the tests offered as drafts.
An empty list is a demand too: silence.
"""

import html
import json
import re
from pathlib import Path

import pytest

from .replay import demo_client

CASES = sorted((Path(__file__).parent / "cases").glob("tumour-*"))
MEMBERS = {"about", "indicator", "summary_says", "says", "never_says", "orders"}
OTHERS = re.compile(r"(?:Prevention|StatedriskContext|Inherited\w*)$")


def plain(markdown):
    return re.sub(r"\\([^\w\s])|\*\*|\\(_)", r"\1\2", html.unescape(markdown))


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
            if "coding" not in action["resource"]["code"]
        ]
        found += [f"the orders are {orders}"] * (orders != each["orders"])
        found += ["the summary is too long"] * (len(card["summary"]) >= 140)
    return found


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with demo_client(tmp_path_factory.mktemp("cases")) as opened:
        yield opened


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_whole_patient_is_answered_as_a_tumour_board_demands(client, case):
    wanted = json.loads((case / "card.json").read_bytes())
    body = (case / "request.json").read_bytes()
    answer = client.post(
        f"/cds-services/{wanted['service']}", data=body, content_type="application/json"
    )
    assert answer.status_code == 200
    cards = [
        card
        for card in answer.get_json()["cards"]
        if not OTHERS.search(card["source"]["topic"]["code"])
    ]
    assert unmet(cards, wanted["cards"]) == []
    said = plain(json.dumps(cards)).lower()
    assert [words for words in wanted["never_says"] if words.lower() in said] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_is_synthetic_complete_and_its_reason_is_written_down(case):
    assert {file.name for file in case.iterdir()} == {"request.json", "card.json", "CASE.md"}
    wanted = json.loads((case / "card.json").read_bytes())
    assert wanted.keys() == {"service", "cards", "never_says"}
    assert all(card.keys() == MEMBERS for card in wanted["cards"])
    text = (case / "CASE.md").read_text(encoding="utf-8")
    for heading in ("(synthetic)", "What a tumour board must read", "What must not be said"):
        assert heading in text
    assert "**Sources**" in text
    request = json.loads((case / "request.json").read_bytes())
    assert request["prefetch"]["patient"]["meta"]["tag"][0]["code"] == "HTEST"


def test_there_are_fourteen_whole_patients_at_least():
    assert len(CASES) >= 14


CARD = {"summary": "Cetuximab: not indicated", "detail": "KRAS", "indicator": "warning"}
WANTED = {
    "about": "Cetuximab", "indicator": "warning", "summary_says": ["not indicated"],
    "says": ["KRAS"], "never_says": ["cure"], "orders": [],
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"about": "Panitumumab"}, "the cards are"),
        ({"indicator": "info"}, "it is warning"),
        ({"says": ["NRAS"]}, "not said: NRAS"),
        ({"summary_says": ["NRAS"]}, "summary lacks NRAS"),
        ({"never_says": ["kras"]}, "said: kras"),
        ({"orders": ["NRAS"]}, "the orders are"),
    ],
)
def test_the_check_of_a_case_can_fail(change, told):
    assert unmet([CARD], [WANTED]) == []
    (found,) = unmet([CARD], [WANTED | change])
    assert found.startswith(told)
