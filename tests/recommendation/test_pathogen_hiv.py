"""HIVDB scores, against a second scorer that reads the rules slowly and plainly."""

import json
import random
import re

import pytest
import yaml

from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.knowledge.pathogen import load_pathogen
from fhir_pgx.normalize.pathogen.hiv import read_hiv
from fhir_pgx.recommendation.pathogen import HivScorer

RULES = yaml.safe_load((HERE / "therapies/pathogen/hiv_rules.yaml").read_text(encoding="utf-8"))
SHORT = {"insertion": "i", "deletion": "d"}


@pytest.fixture(scope="module")
def hiv():
    return load_pathogen(HERE).hiv


@pytest.fixture(scope="module")
def scorer(hiv):
    return HivScorer(hiv)


def slowly(rules, seen):
    """The rules as they stand: each is a list of [mutations, score]; `seen` a set of `184V`."""
    total = 0
    for options in rules:
        met = []
        for mutations, score in options:
            parts = []
            for part in mutations.split("+"):
                position = re.match(r"\d+", part)[0]
                parts.append(any(position + letter in seen for letter in part[len(position) :]))
            if all(parts):
                met.append(score)
        if met:
            total += max(met)
    return total


def as_json_says(rules, seen):
    """The facts' own semantics: singles add, MAX takes the highest, combinations add."""

    def holds(rule):
        return all(
            any(f"{part['position']}{SHORT.get(aa, aa)}" in seen for aa in part["amino_acids"])
            for part in rule["all_of"]
        )

    total = 0
    for rule in rules:
        if rule["type"] == "max":
            total += max((item["score"] for item in rule["items"] if holds(item)), default=0)
        elif holds(rule):
            total += rule["score"]
    return total


def ours(scorer, drug, seen):
    residues = {}
    for mutation in seen:
        position = int(re.match(r"\d+", mutation)[0])
        residues.setdefault(position, set()).add(mutation[-1])
    return scorer.score(drug, {p: frozenset(letters) for p, letters in residues.items()})


def mutations_of(drug):
    return sorted(
        {
            re.match(r"\d+", part)[0] + letter
            for options in drug["rules"]
            for mutations, _ in options
            for part in mutations.split("+")
            for letter in part.lstrip("0123456789")
        }
    )


def str_of(each):
    return each["name"] if isinstance(each, dict) else str(each)


PAIRS = list(enumerate(RULES["drugs"]))


@pytest.mark.parametrize(
    ("place", "drug"), PAIRS, ids=lambda each: each if isinstance(each, int) else each["name"]
)
def test_every_single_rule_and_every_combination_scores_as_the_slow_scorer_says(
    scorer, hiv, place, drug
):
    for options in drug["rules"]:
        for mutations, score in options:
            parts = [re.match(r"(\d+)(.+)", part).groups() for part in mutations.split("+")]
            for at in range(max(len(letters) for _, letters in parts)):
                seen = {number + letters[at % len(letters)] for number, letters in parts}
                expected = slowly(drug["rules"], seen)
                assert ours(scorer, hiv.drugs[place], seen).total == expected
                if len(parts) == 1 and len(seen) == 1:
                    assert expected == score, "a single mutation alone scores its own rule"


@pytest.mark.parametrize(
    ("place", "drug"), PAIRS, ids=lambda each: each if isinstance(each, int) else each["name"]
)
def test_thousands_of_generated_sets_score_alike(scorer, hiv, place, drug):
    known = mutations_of(drug)
    chance = random.Random(place)
    for _ in range(200):
        seen = set(chance.sample(known, min(len(known), chance.randint(0, 12))))
        seen |= {f"{chance.randint(1, 99)}{chance.choice('ACDEFGHIKLMNPQRSTVWY')}"}
        assert ours(scorer, hiv.drugs[place], seen).total == slowly(drug["rules"], seen), seen


def test_the_rules_score_as_the_facts_say(shared, scorer, hiv):
    source = json.loads((shared / "facts/precision/hiv_resistance.json").read_text())
    chance = random.Random(7)
    for place, drug in enumerate(source["drugs"]):
        known = mutations_of(RULES["drugs"][place])
        for _ in range(100):
            seen = set(chance.sample(known, min(len(known), chance.randint(0, 10))))
            assert ours(scorer, hiv.drugs[place], seen).total == as_json_says(drug["rules"], seen)


def test_the_slow_scorer_can_disagree(scorer, hiv):
    without = [rule for rule in RULES["drugs"][0]["rules"] if rule != [["184I", 15], ["184V", 15]]]
    assert slowly(without, {"184V"}) == 0
    assert ours(scorer, hiv.drugs[0], {"184V"}).total == 15


@pytest.mark.parametrize(
    ("mutations", "drug", "total", "level"),
    [
        ("M184V", "lamivudine", 60, "High-Level Resistance"),
        ("M184MV", "lamivudine", 60, "High-Level Resistance"),  # a mixture holds the V
        ("M184V", "zidovudine", -10, "Susceptible"),  # negative scores are real
        ("M184V", "abacavir", 15, "Low-Level Resistance"),
        ("K65R M184V", "tenofovir", 35, "Intermediate Resistance"),
        ("K65R M184V", "abacavir", 60, "High-Level Resistance"),
        ("K103N", "efavirenz", 60, "High-Level Resistance"),
        ("K103N", "etravirine", 0, "Susceptible"),
        ("K103N", "rilpivirine", 0, "Susceptible"),
        ("T69ins", "zidovudine", 60, "High-Level Resistance"),
        ("", "abacavir", 0, "Susceptible"),
    ],
)
def test_what_a_physician_expects_of_reverse_transcriptase(
    scorer, hiv, mutations, drug, total, level
):
    found = [read_hiv(each, "RT", hiv.wild_types) for each in mutations.split()]
    seen = {each.position: frozenset(each.residues) for each in found}
    rules = next(each for each in hiv.drugs if each.name == drug)
    score = scorer.score(rules, seen)
    assert (score.total, score.level.label) == (total, level)


@pytest.mark.parametrize(
    ("total", "label"),
    [(-20, "Susceptible"), (9, "Susceptible"), (10, "Potential Low-Level Resistance"),
     (14, "Potential Low-Level Resistance"), (15, "Low-Level Resistance"),
     (29, "Low-Level Resistance"), (30, "Intermediate Resistance"),
     (59, "Intermediate Resistance"), (60, "High-Level Resistance"),
     (200, "High-Level Resistance")],
)  # fmt: skip
def test_levels_begin_and_end_where_hivdb_says(scorer, total, label):
    assert scorer._level(total).label == label
