"""Whole cases of pathogens: what an infectious-disease physician must read, and must not.

`cases/pathogen-<point>/card.json` has every card on a pathogen in its order, by what it must and
must not say, the beginnings of the other cards of the answer (`beside`), and words that no card
may hold. `CASE.md` says why.
"""

import html
import json
import re
from pathlib import Path

import pytest

from fhir_pgx.cards.order import EXTENSION

from .replay import demo_client

CASES = sorted((Path(__file__).parent / "cases").glob("pathogen-*"))
OF_A_PATHOGEN = "What was not tested, or gave no answer, is unknown"


def expected(case):
    return json.loads((case / "card.json").read_bytes())


def plain(markdown):
    """A detail as it is read, without the signs that escape it."""
    return re.sub(r"\\([^\w\s])", r"\1", html.unescape(markdown))


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with demo_client(tmp_path_factory.mktemp("pathogens")) as opened:
        yield opened


def unmet(answer, wanted):
    """Which demands an answer leaves unmet, in words; empty where none."""
    own = [card for card in answer["cards"] if OF_A_PATHOGEN in card["detail"]]
    others = [card["summary"] for card in answer["cards"] if card not in own]
    found = [f"said: {w}" for w in wanted["never_says"] if w.lower() in str(answer).lower()]
    if len(own) != len(wanted["cards"]):
        found.append(f"the cards are {[card['summary'] for card in own]}")
    if len(others) != len(wanted["beside"]) or not all(
        summary.startswith(begin) for summary, begin in zip(others, wanted["beside"], strict=False)
    ):
        found.append(f"the other cards are {others}")
    for card, each in zip(own, wanted["cards"], strict=False):
        found += [f"{each['about']}: {fault}" for fault in faults(card, each)]
    return found


def faults(card, wanted):
    """A demand `one|other` is met by either."""
    detail = plain(card["detail"])
    said = f"{card['summary']}\n{detail}"
    if not card["summary"].startswith(wanted["about"]):
        yield f"the summary is {card['summary']}"
    if card["indicator"] != wanted["indicator"]:
        yield f"the indicator is {card['indicator']}"
    for words in wanted["summary_says"]:
        if words not in card["summary"]:
            yield f"the summary lacks {words}"
    for words in wanted["says"]:
        if not any(each in detail for each in words.split("|")):
            yield f"not said: {words}"
    for words in wanted["never_says"]:
        if words.lower() in said.lower():
            yield f"said: {words}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_is_answered_as_a_physician_demands(client, case):
    wanted = expected(case)
    body = (case / "request.json").read_bytes()
    answer = client.post(
        f"/cds-services/{wanted['service']}", data=body, content_type="application/json"
    )
    assert answer.status_code == 200
    assert unmet(answer.get_json(), wanted) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_card_is_short_and_names_its_source(client, case):
    wanted = expected(case)
    body = (case / "request.json").read_bytes()
    answer = client.post(
        f"/cds-services/{wanted['service']}", data=body, content_type="application/json"
    ).get_json()
    for card in answer["cards"]:
        assert len(card["summary"]) < 140
        if OF_A_PATHOGEN not in card["detail"]:
            continue
        assert "**Source**" in card["detail"]
        assert "suggestions" not in card  # no therapy is proposed here
        assert card["extension"][EXTENSION]["derived_from"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_is_synthetic_and_says_what_must_be_read(case):
    assert {file.name for file in case.iterdir()} == {"request.json", "card.json", "CASE.md"}
    assert expected(case).keys() == {"service", "cards", "beside", "never_says"}
    text = (case / "CASE.md").read_text(encoding="utf-8")
    for heading in ("(synthetic)", "must read", "What must not be said", "**Sources**"):
        assert heading in text
    request = json.loads((case / "request.json").read_bytes())
    assert request["prefetch"]["patient"]["meta"]["tag"][0]["code"] == "HTEST"


CARD = {
    "summary": "Lamivudine: HIV-1 RT M184V",
    "indicator": "warning",
    "detail": f"score 60. {OF_A_PATHOGEN}",
}
WANTED = {
    "cards": [
        {
            "about": "Lamivudine",
            "indicator": "warning",
            "summary_says": ["M184V"],
            "says": ["score 60"],
            "never_says": ["susceptible"],
        }
    ],
    "beside": [],
    "never_says": ["germline"],
}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"about": "Abacavir"}, "the summary is"),
        ({"indicator": "info"}, "the indicator is"),
        ({"summary_says": ["K65R"]}, "the summary lacks"),
        ({"says": ["score 15"]}, "not said"),
        ({"never_says": ["SCORE 60"]}, "said"),
    ],
)
def test_the_check_of_a_case_can_fail(change, told):
    answer = {"cards": [CARD]}
    assert unmet(answer, WANTED) == []
    (found,) = unmet(answer, {**WANTED, "cards": [WANTED["cards"][0] | change]})
    assert told in found
    assert unmet(answer, {**WANTED, "cards": []})
    assert unmet(answer, {**WANTED, "beside": ["Efavirenz"]})
    assert unmet(answer, {**WANTED, "never_says": ["hiv-1"]})
