"""Whole patients with inherited findings: what a cardiologist, a geneticist or a pharmacist must
read, and must not.

`cases/inherited-<point>/card.json` has every card of these findings in its order: how its summary
begins, what is and is not said, and the services offered as drafts. An empty list is a demand too:
silence. Cards of pharmacogenes and of prevention are other tests' matter.
"""

import html
import json
import re
from pathlib import Path

import pytest

from fhir_pgx.cards.source import EXTENSION

from .replay import demo_client

CASES = sorted((Path(__file__).parent / "cases").glob("inherited-*"))
MEMBERS = {"about", "indicator", "summary_says", "says", "never_says", "orders"}
OPTIONAL = {"offers_to_cancel"}
RULE = re.compile(r"inherited:(?:RARE|CARD|PREG|HLA|QT)-hand:")


def plain(markdown):
    return re.sub(r"\\([^\w\s])", r"\1", html.unescape(markdown))


def is_ours(card):
    rules = card["extension"][EXTENSION].get("rules", [])
    return any(map(RULE.match, rules)) or "Inheritedproblem" in card["source"]["topic"]["code"]


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
        found += ["the summary is too long"] * (len(card["summary"]) >= 140)
        orders = [
            action["resource"]["code"]["text"]
            for suggestion in card.get("suggestions", [])
            for action in suggestion["actions"]
            if action["type"] == "create"
        ]
        cancelled = any(
            action["type"] == "delete"
            for suggestion in card.get("suggestions", [])
            for action in suggestion["actions"]
        )
        wanted_too = each.get("offers_to_cancel", False)
        found += [f"it offers to cancel: {cancelled}"] * (cancelled != wanted_too)
        found += [f"the orders are {orders}"] * (orders != each["orders"])
    return found


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with demo_client(tmp_path_factory.mktemp("cases")) as opened:
        yield opened


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_whole_patient_is_answered_as_the_clinician_demands(client, case):
    wanted = json.loads((case / "card.json").read_bytes())
    body = (case / "request.json").read_bytes()
    answer = client.post(
        f"/cds-services/{wanted['service']}", data=body, content_type="application/json"
    )
    assert answer.status_code == 200
    ours = [card for card in answer.get_json()["cards"] if is_ours(card)]
    assert unmet(ours, wanted["cards"]) == []
    said = plain(json.dumps(ours)).lower()
    assert [words for words in wanted["never_says"] if words.lower() in said] == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_is_synthetic_complete_and_its_reason_is_written_down(case):
    assert {file.name for file in case.iterdir()} == {"request.json", "card.json", "CASE.md"}
    wanted = json.loads((case / "card.json").read_bytes())
    assert wanted.keys() == {"service", "cards", "never_says"}
    assert all(card.keys() - OPTIONAL == MEMBERS for card in wanted["cards"])
    text = (case / "CASE.md").read_text(encoding="utf-8")
    for heading in ("(synthetic)", "What the clinician must read", "What must not be said"):
        assert heading in text
    assert "**Sources**" in text
    request = json.loads((case / "request.json").read_bytes())
    assert request["prefetch"]["patient"]["meta"]["tag"][0]["code"] == "HTEST"


def test_there_are_twenty_whole_patients_at_least():
    assert len(CASES) >= 20


CARD = {
    "summary": "Sotalol: contraindicated", "detail": "KCNH2", "indicator": "critical",
    "suggestions": [],
}  # fmt: skip
WANTED = {
    "about": "Sotalol", "indicator": "critical", "summary_says": [], "says": ["KCNH2"],
    "never_says": ["uncertain"], "orders": [],
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({}, ""),
        ({"about": "Quinidine"}, "the cards are"),
        ({"indicator": "info"}, "it is critical"),
        ({"summary_says": ["avoid"]}, "summary lacks"),
        ({"says": ["KCNQ1"]}, "not said"),
        ({"never_says": ["kcnh2"]}, "said: kcnh2"),
        ({"orders": ["Genetic test: KCNH2"]}, "the orders are"),
    ],
)
def test_the_comparer_can_fail(change, fault):
    found = unmet([CARD], [{**WANTED, **change}])
    assert (found == []) if not fault else found[0].startswith(fault)


def test_an_unexpected_card_fails_a_case_that_demands_silence():
    assert unmet([CARD], []) == ["the cards are ['Sotalol: contraindicated']"]
