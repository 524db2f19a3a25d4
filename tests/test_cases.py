"""Clinical cases: what a card must say, and must not, stated from CPIC before it was seen.

`cases/<drug>-<gene>-<point>/card.json` names the source rows the card rests on, each with the
action and strength it stands for, words that must and must not occur, and the drugs suggested.
`CASE.md` says why.
"""

import json
from pathlib import Path

import pytest

from fhir_pgx.cards.order import EXTENSION

from .replay import demo_client

CASES = sorted(each for each in (Path(__file__).parent / "cases").iterdir() if each.is_dir())
MEMBERS = {"indicator", "rows", "summary_says", "says", "never_says", "suggests"}


def expected(case):
    return json.loads((case / "card.json").read_bytes())


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with demo_client(tmp_path_factory.mktemp("cases")) as opened:
        yield opened


@pytest.fixture(scope="module")
def rule_of(knowledge):
    """What each rule id stands for: its source row, action and strength."""
    return {
        row.rule: (
            row.source_row,
            knowledge.guidelines[rules.guideline].advice[row.advice].action,
            row.strength,
        )
        for rules in knowledge.drugs
        for row in rules.rows
    }


def disagreements(card, wanted, rule_of):
    """Where a card is not what the case demands, in words; empty where it is."""
    said = json.dumps([card["summary"], card["detail"]], ensure_ascii=False)
    rows = {}
    for rule in card["extension"][EXTENSION].get("rules", []):
        source_row, action, strength = rule_of[rule]
        rows[source_row] = [action, strength]
    offered = card.get("suggestions", [])
    found = [f"the indicator is {card['indicator']}"] * (card["indicator"] != wanted["indicator"])
    found += [f"the rows are {rows}"] * (rows != wanted["rows"])
    found += [f"summary: {w} missing" for w in wanted["summary_says"] if w not in card["summary"]]
    found += [f"{words} is not said" for words in wanted["says"] if words not in card["detail"]]
    found += [f"{w} is said" for w in wanted["never_says"] if w.lower() in said.lower()]
    drugs = [_drug_of(suggestion) for suggestion in offered]
    found += [f"suggested are {drugs}"] * (sorted(drugs) != sorted(wanted["suggests"]))
    scope = wanted.get("each_suggestion_says", "")
    return found + [f"{s['label']} lacks its scope" for s in offered if scope not in s["label"]]


def _drug_of(suggestion):
    resource = suggestion["actions"][0]["resource"]
    return resource["medicationCodeableConcept"]["coding"][0]["display"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_gets_one_card_that_says_what_the_guideline_says(client, rule_of, case):
    body = (case / "request.json").read_bytes()
    answer = client.post("/cds-services/pgx-order-sign", data=body, content_type="application/json")
    assert answer.status_code == 200
    (card,) = answer.get_json()["cards"]
    assert disagreements(card, expected(case), rule_of) == []


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_rows_of_a_case_are_cpics_with_the_strength_stated(shared, case):
    wanted = expected(case)["rows"]
    with (shared / "facts" / "recommendations.jsonl").open(encoding="utf-8") as lines:
        rows = {row["id"]: row for row in map(json.loads, lines) if row["id"] in wanted}
    assert sorted(rows) == sorted(wanted)
    for row_id, (_, strength) in wanted.items():
        assert rows[row_id]["classification"] == strength
        assert rows[row_id]["drug"] == case.name.split("-")[0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_is_complete_and_its_reason_is_written_down(case):
    assert {file.name for file in case.iterdir()} == {"request.json", "card.json", "CASE.md"}
    assert expected(case).keys() >= MEMBERS
    assert "CPIC" in (case / "CASE.md").read_text(encoding="utf-8")


CARD = {
    "summary": "Codeine: avoid",
    "indicator": "critical",
    "detail": "morphine",
    "extension": {EXTENSION: {"rules": ["r"]}},
}
WANTED = {
    "indicator": "critical",
    "rows": {"CPIC-1": ["avoid", "Strong"]},
    "summary_says": ["avoid"],
    "says": ["morphine"],
    "never_says": ["tramadol"],
    "suggests": [],
}
RULES = {"r": ("CPIC-1", "avoid", "Strong")}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"indicator": "info"}, "the indicator is critical"),
        ({"rows": {"CPIC-1": ["avoid", "Optional"]}}, "the rows are"),
        ({"rows": {}}, "the rows are"),
        ({"summary_says": ["never"]}, "summary: never missing"),
        ({"says": ["toxicity"]}, "toxicity is not said"),
        ({"never_says": ["MORPHINE"]}, "MORPHINE is said"),
        ({"suggests": ["oxycodone"]}, "suggested are []"),
    ],
)
def test_the_check_of_a_case_can_fail(change, told):
    assert disagreements(CARD, WANTED, RULES) == []
    (found,) = disagreements(CARD, WANTED | change, RULES)
    assert found.startswith(told)
