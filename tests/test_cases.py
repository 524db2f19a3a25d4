"""Clinical cases: what a card must say, and must not, stated from CPIC before it was seen.

`cases/<drug>-<gene>-<point>/card.json` names the source rows the card rests on, each with the
action and strength it stands for, words that must and must not occur, and the drugs suggested.
`cases/patient-<point>/card.json` is of a whole patient: every card of the answer in its order, by
what a pharmacist demands of it, and the drugs that get none. `CASE.md` says why.
"""

import html
import json
import re
from pathlib import Path

import pytest

from fhir_pgx.cards.order import EXTENSION

from .replay import demo_client

FOLDERS = sorted(each for each in (Path(__file__).parent / "cases").iterdir() if each.is_dir())
PATIENTS = [each for each in FOLDERS if each.name.startswith("patient-")]
# Findings beyond drug response have whole patients too, each domain its own reader of them.
DOMAINS = ("tumour", "pathogen", "inherited", "prevention", "transplant")
CASES = [
    each
    for each in FOLDERS
    if each not in PATIENTS and not each.name.startswith(tuple(f"{name}-" for name in DOMAINS))
]
MEMBERS = {"indicator", "rows", "summary_says", "says", "never_says", "suggests", "sources"}
# Of a card of a whole patient: what must be demanded, and what may be.
DEMANDED = {"about", "summary_says", "says", "never_says"}
DEMANDABLE = DEMANDED | {
    "indicator", "sources", "suggests", "cancels", "orders_test", "accepted", "rejected", "before",
    "numbers", "changes",
}  # fmt: skip
BEFORE = "Before relying on this"
NUMBERS, CHANGES = "In numbers for this patient", "What would change this card"
ALTERNATIVES = "Alternatives, judged by what is known of this patient"
REJECTED = "advised against for this patient too"


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
    about = card["extension"][EXTENSION]
    for rule in about.get("rules", []):
        source_row, action, strength = rule_of[rule]
        rows[source_row] = [action, strength]
    offered = card.get("suggestions", [])
    found = [f"the indicator is {card['indicator']}"] * (card["indicator"] != wanted["indicator"])
    found += [f"the rows are {rows}"] * (rows != wanted["rows"])
    found += [f"summary: {w} missing" for w in wanted["summary_says"] if w not in card["summary"]]
    found += [f"{words} is not said" for words in wanted["says"] if words not in card["detail"]]
    found += [f"{w} is said" for w in wanted["never_says"] if w.lower() in said.lower()]
    others = {f"{s['source']} {' '.join(s['genes'])}": s["stance"] for s in about["sources"]}
    found += [f"the sources are {others}"] * (others != wanted["sources"])
    cancels = [s for s in offered if s["actions"][0]["type"] == "delete"]
    is_offered = "offered" if cancels else "offered by none"
    found += [f"cancelling is {is_offered}"] * (bool(cancels) != wanted.get("cancels", False))
    tests = [s for s in offered if s["actions"][0]["type"] == "create"]
    tested = [s["label"].removeprefix("Order a test: ") for s in tests]
    found += [f"tests offered are {tested}"] * (tested != wanted.get("tests", []))
    offered = [s for s in offered if s not in (*cancels, *tests)]
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


# Whole patients


def plain(markdown):
    """A detail as it is read: what was escaped for Markdown stands as it was."""
    return re.sub(r"\\([^\w\s])", r"\1", html.unescape(markdown))


def section(detail, title):
    """The lines under one heading; empty where there is none."""
    _, _, rest = plain(detail).partition(f"**{title}**\n\n")
    return rest.partition("\n\n")[0]


def unmet(answer, wanted):
    """Which demands the answer to a whole patient leaves unmet, in words; empty where none."""
    cards = answer["cards"]
    summaries = [card["summary"] for card in cards]
    found = [
        f"a card for {drug}"
        for drug in wanted.get("no_card_for", [])
        if any(summary.startswith(drug) for summary in summaries)
    ]
    abouts = [each["about"] for each in wanted["cards"]]
    fits = [summary.startswith(about) for summary, about in zip(summaries, abouts, strict=False)]
    if len(cards) != len(abouts) or not all(fits):
        return [*found, f"the cards are {summaries}"]
    return found + [
        f"{each['about']}: {fault}"
        for card, each in zip(cards, wanted["cards"], strict=True)
        for fault in (*_faults_of_words(card, each), *_faults_of_offers(card, each))
    ]


def _faults_of_words(card, wanted):
    """A demand `one|other` is met by either."""
    detail = plain(card["detail"])
    said = f"{card['summary']}\n{detail}".lower()
    places = [
        ("summary_says", card["summary"], "the summary lacks"),
        ("says", detail, "not said:"),
        ("before", section(card["detail"], BEFORE), "not said before the advice:"),
        ("numbers", section(card["detail"], NUMBERS), "the numbers lack"),
        ("changes", section(card["detail"], CHANGES), "what would change lacks"),
    ]
    for member, text, fault in places:
        for words in wanted.get(member, []):
            if not any(each in text for each in words.split("|")):
                yield f"{fault} {words}"
    for words in wanted["never_says"]:
        if words.lower() in said:
            yield f"said: {words}"
    if card["indicator"] != wanted.get("indicator", card["indicator"]):
        yield f"the indicator is {card['indicator']}"
    stances = {
        f"{each['source']} {' '.join(each['genes'])}": each["stance"]
        for each in card["extension"][EXTENSION].get("sources", [])
    }
    for source, stance in wanted.get("sources", {}).items():
        if stances.get(source) != stance:
            yield f"{source}: {stances.get(source)}"
    lines = section(card["detail"], ALTERNATIVES).splitlines()
    for member in ("accepted", "rejected"):
        for drug, words in wanted.get(member, {}).items():
            line = next((each for each in lines if each.startswith(f"- {drug}:")), "")
            if not line or words not in line or (REJECTED in line) != (member == "rejected"):
                yield f"{drug} is not {member}: {line}"


def _faults_of_offers(card, wanted):
    actions = [a for s in card.get("suggestions", []) for a in s["actions"]]
    cancels = any(each["type"] == "delete" for each in actions)
    if cancels != wanted.get("cancels", cancels):
        yield f"cancelling is {'offered' if cancels else 'not offered'}"
    resources = [each["resource"] for each in actions if "resource" in each]
    tests = [each for each in resources if each["resourceType"] == "ServiceRequest"]
    if bool(tests) != wanted.get("orders_test", bool(tests)):
        yield f"a test is {'offered' if tests else 'not offered'}"
    drugs = sorted(
        each["medicationCodeableConcept"]["coding"][0]["display"]
        for each in resources
        if each not in tests
    )
    if drugs != sorted(wanted.get("suggests", drugs)):
        yield f"suggested are {drugs}"


@pytest.mark.parametrize("case", PATIENTS, ids=lambda case: case.name)
def test_a_whole_patient_is_answered_as_a_pharmacist_demands(client, case):
    wanted = expected(case)
    body = (case / "request.json").read_bytes()
    answer = client.post(
        f"/cds-services/{wanted['service']}", data=body, content_type="application/json"
    )
    assert answer.status_code == 200
    assert unmet(answer.get_json(), wanted) == []


@pytest.mark.parametrize("case", PATIENTS, ids=lambda case: case.name)
def test_a_whole_patient_is_synthetic_and_says_what_must_be_read_and_by_which_guideline(case):
    assert {file.name for file in case.iterdir()} == {"request.json", "card.json", "CASE.md"}
    wanted = expected(case)
    assert wanted.keys() <= {"service", "cards", "no_card_for"}
    assert wanted["cards"] or wanted["no_card_for"]
    for card in wanted["cards"]:
        assert DEMANDED <= card.keys() <= DEMANDABLE
    text = (case / "CASE.md").read_text(encoding="utf-8")
    for heading in ("(synthetic)", "What a pharmacist must read", "What must not be said"):
        assert heading in text
    assert "PMID" in text
    assert "CPIC" in text
    request = json.loads((case / "request.json").read_bytes())
    assert request["prefetch"]["patient"]["meta"]["tag"][0]["code"] == "HTEST"


def test_there_are_a_dozen_whole_patients_at_least():
    assert len(PATIENTS) >= 12


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_rows_of_a_case_are_the_sources_with_the_strength_stated(shared, case):
    wanted = expected(case)["rows"]
    with (shared / "facts" / "recommendations.jsonl").open(encoding="utf-8") as lines:
        rows = {row["id"]: row for row in map(json.loads, lines) if row["id"] in wanted}
    assert sorted(rows) == sorted(wanted)
    for row_id, (_, strength) in wanted.items():
        if row_id.startswith("CPIC"):  # the others grade nothing, or by the section of a table
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
    "extension": {
        EXTENSION: {
            "rules": ["r"],
            "sources": [{"source": "CPIC", "stance": "leads", "genes": ["CYP2D6"]}],
        }
    },
}
WANTED = {
    "indicator": "critical",
    "rows": {"CPIC-1": ["avoid", "Strong"]},
    "summary_says": ["avoid"],
    "says": ["morphine"],
    "never_says": ["tramadol"],
    "suggests": [],
    "sources": {"CPIC CYP2D6": "leads"},
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
        ({"sources": {"CPIC CYP2D6": "leads", "FDA CYP2D6": "agrees"}}, "the sources are"),
        ({"cancels": True}, "cancelling is offered"),
    ],
)
def test_the_check_of_a_case_can_fail(change, told):
    assert disagreements(CARD, WANTED, RULES) == []
    (found,) = disagreements(CARD, WANTED | change, RULES)
    assert found.startswith(told)


def action(kind, **resource):
    return {"type": kind, **({"resource": resource} if resource else {})}


def to_drug(name):
    return action(
        "update",
        resourceType="MedicationRequest",
        medicationCodeableConcept={"coding": [{"display": name}]},
    )


ANSWER = {
    "cards": [
        {
            "summary": "Codeine: avoid",
            "indicator": "critical",
            "detail": "\n\n".join(
                (
                    "**Results**",
                    "- CYP2D6 \\*2/\\*2.",
                    f"**{BEFORE}**",
                    "- Two results.",
                    f"**{NUMBERS}**",
                    "- 14 mg",
                    f"**{ALTERNATIVES}**",
                    f"- morphine: caution. K.\n- tramadol: {REJECTED}. Same enzyme.",
                    f"**{CHANGES}**",
                    "- Another result.",
                )
            ),
            "suggestions": [{"actions": [to_drug("morphine")]}, {"actions": [action("delete")]}],
            "extension": {
                EXTENSION: {"sources": [{"source": "CPIC", "stance": "leads", "genes": ["CYP2D6"]}]}
            },
        }
    ]
}
DEMANDS = {
    "about": "Codeine",
    "indicator": "critical",
    "summary_says": ["avoid"],
    "says": ["CYP2D6 *2/*2", "one thing|14 mg"],
    "never_says": ["safe"],
    "before": ["Two results"],
    "numbers": ["14 mg"],
    "changes": ["Another result"],
    "sources": {"CPIC CYP2D6": "leads"},
    "accepted": {"morphine": "K."},
    "rejected": {"tramadol": "Same enzyme"},
    "suggests": ["morphine"],
    "cancels": True,
    "orders_test": False,
}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"about": "Tramadol"}, "the cards are ['Codeine: avoid']"),
        ({"indicator": "info"}, "Codeine: the indicator is critical"),
        ({"summary_says": ["never"]}, "Codeine: the summary lacks never"),
        ({"says": ["one thing|another"]}, "Codeine: not said: one thing|another"),
        ({"never_says": ["cyp2d6 *2"]}, "Codeine: said: cyp2d6 *2"),
        ({"before": ["14 mg"]}, "Codeine: not said before the advice: 14 mg"),
        ({"numbers": ["CYP2D6"]}, "Codeine: the numbers lack CYP2D6"),
        ({"changes": ["14 mg"]}, "Codeine: what would change lacks 14 mg"),
        ({"sources": {"FDA CYP2D6": "agrees"}}, "Codeine: FDA CYP2D6: None"),
        ({"accepted": {"tramadol": ""}}, "Codeine: tramadol is not accepted"),
        ({"accepted": {"oxycodone": ""}}, "Codeine: oxycodone is not accepted"),
        ({"rejected": {"morphine": ""}}, "Codeine: morphine is not rejected"),
        ({"rejected": {"tramadol": "allergy"}}, "Codeine: tramadol is not rejected"),
        ({"suggests": []}, "Codeine: suggested are ['morphine']"),
        ({"cancels": False}, "Codeine: cancelling is offered"),
        ({"orders_test": True}, "Codeine: a test is not offered"),
    ],
)
def test_the_check_of_a_whole_patient_can_fail(change, told):
    assert unmet(ANSWER, {"cards": [DEMANDS]}) == []
    (found,) = unmet(ANSWER, {"cards": [DEMANDS | change]})
    assert found.startswith(told)


def test_the_check_of_a_whole_patient_counts_the_cards_and_sees_one_too_many():
    (found,) = unmet(ANSWER, {"cards": []})
    assert found.startswith("the cards are")
    assert unmet(ANSWER, {"cards": [DEMANDS], "no_card_for": ["Codeine"]}) == ["a card for Codeine"]
