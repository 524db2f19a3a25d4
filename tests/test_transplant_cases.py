"""Transplant cases: what a coordinator must read of a recipient and a donor, stated before it was
seen. `cases/transplant-<point>/` holds request, demands and reasons."""

import html
import json
import re
from pathlib import Path

import pytest

from .replay import demo_client

CASES = sorted((Path(__file__).parent / "cases").glob("transplant-*"))
HEADINGS = (
    "(synthetic)",
    "What a transplant coordinator must read",
    "What must not be said",
    "**Sources**",
)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with demo_client(tmp_path_factory.mktemp("transplant")) as opened:
        yield opened


def plain(markdown):
    return re.sub(r"\\([^\w\s])", r"\1", html.unescape(markdown)).replace("**", "")


def unmet(answer, wanted):
    """Which demands an answer leaves unmet, in words. A demand `one|other` is met by either; one
    that begins with `|` is a row of the table, and stands as it is."""
    cards = answer["cards"]
    if len(cards) != len(wanted):
        return [f"the cards are {[card['summary'] for card in cards]}"]
    found = []
    for card, each in zip(cards, wanted, strict=True):
        detail = plain(card["detail"])
        said = f"{card['summary']}\n{detail}"
        if not card["summary"].startswith(each["about"]):
            found.append(f"the summary is {card['summary']}")
        if card["indicator"] != each["indicator"]:
            found.append(f"the indicator is {card['indicator']}")
        found += [f"summary lacks {w}" for w in each["summary_says"] if w not in card["summary"]]
        for words in each["says"]:
            choices = [words] if words.startswith("|") else words.split("|")
            found += [] if any(one in detail for one in choices) else [f"not said: {words}"]
        found += [f"said: {words}" for words in each["never_says"] if words in said]
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_recipient_and_a_donor_are_answered_as_a_coordinator_demands(client, case):
    wanted = json.loads((case / "card.json").read_bytes())
    answer = client.post(
        f"/cds-services/{wanted['service']}",
        data=(case / "request.json").read_bytes(),
        content_type="application/json",
    )
    assert answer.status_code == 200
    assert unmet(answer.get_json(), wanted["cards"]) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_is_synthetic_and_says_what_must_be_read(case):
    assert {file.name for file in case.iterdir()} == {"request.json", "card.json", "CASE.md"}
    text = (case / "CASE.md").read_text(encoding="utf-8")
    assert [heading for heading in HEADINGS if heading not in text] == []
    request = json.loads((case / "request.json").read_bytes())
    assert request["prefetch"]["patient"]["meta"]["tag"][0]["code"] == "HTEST"


def test_there_are_cases():
    assert len(CASES) >= 5


def test_the_check_of_a_case_can_fail():
    card = {"summary": "HLA with the donor: 9/10", "indicator": "info", "detail": "| A | x |"}
    demand = {
        "about": "HLA with", "indicator": "info", "summary_says": ["9/10"],
        "says": ["| A | x |"], "never_says": ["10/10"],
    }  # fmt: skip
    assert unmet({"cards": [card]}, [demand]) == []
    for change, told in (
        ({"about": "No"}, "the summary is"),
        ({"indicator": "warning"}, "the indicator is"),
        ({"summary_says": ["8/8"]}, "summary lacks"),
        ({"says": ["| A | y |"]}, "not said"),
        ({"never_says": ["9/10"]}, "said: "),
    ):
        (found,) = unmet({"cards": [card]}, [demand | change])
        assert found.startswith(told)
    assert unmet({"cards": []}, [demand])
