"""Facts on alternatives and the classes of drugs: shape, sources, codes, and what is refused."""

import copy
import re

import msgspec
import pytest
import yaml

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.fhir.condition_words import find_conditions
from fhir_pgx.knowledge.alternative_facts import CLASSES, FACTS, load_alternative_facts
from fhir_pgx.knowledge.conditions import load_conditions
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.knowledge.files import read_yaml
from fhir_pgx.knowledge.imports.drug_classes import content, wanted_codes, written
from fhir_pgx.knowledge.imports.interactions import read_rows
from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.model.alternative_facts import AlternativeFacts


@pytest.fixture(scope="module")
def facts():
    return read_yaml(HERE / FACTS)


@pytest.fixture(scope="module")
def codes(knowledge):
    return read_yaml(HERE / "alternatives.yaml") | {d.drug: d.rxcui for d in knowledge.drugs}


def loaded(home, codes):
    return load_alternative_facts(home, codes, load_conditions(HERE))


def test_the_compiled_facts_are_those_of_the_files(knowledge, codes):
    made = msgspec.msgpack.decode(
        msgspec.msgpack.encode(loaded(HERE, codes)), type=AlternativeFacts
    )
    assert knowledge.alternative_facts == made


def test_every_fact_names_drugs_that_guidelines_name_as_alternatives(facts, knowledge):
    named = {
        alternative.name
        for guideline in knowledge.guidelines.values()
        for advice in guideline.advice.values()
        for alternative in advice.alternatives
    }
    assert {name for row in facts["facts"] for name in row["drugs"]} <= named


def test_every_citation_is_used_and_says_where_and_when_it_was_read(facts):
    used = {row[key] for row in facts["facts"] for key in ("source", "also") if key in row}
    assert used | {"codes"} == facts["citations"].keys()
    for row in facts["facts"]:
        # A label has sections; a communication of the FDA is one page.
        assert ("section" in row) == row["source"].startswith("label-"), row


def test_every_code_of_a_medicine_is_that_ingredient(facts):
    tables = DrugCodes()
    for row in facts["facts"]:
        for code, name in row.get("taken_with", {}).items():
            (drug,) = tables.by_rxcui(code).ingredients
            assert (drug.rxcui, drug.name.lower()) == (code, name)


@pytest.mark.parametrize(
    ("text", "classes"),
    [
        ("Ischaemic stroke", {"neurovascular", "stroke-tia"}),
        ("transient ischemic attack 2019", {"neurovascular", "stroke-tia"}),
        ("Haemorrhagic stroke", {"stroke-tia", "intracranial-haemorrhage"}),
        ("Carotid artery stenosis", {"neurovascular"}),
        ("heat stroke", set()),
        ("family history of stroke", set()),
        ("Subdural hematoma", {"intracranial-haemorrhage"}),
        ("severe asthma", {"asthma"}),
        ("No asthma", set()),
        ("Alzheimer's disease", {"dementia"}),
        ("myasthenia gravis", {"myasthenia", "autoimmune"}),
    ],
)
def test_the_classes_of_these_facts_stand_beside_the_others(knowledge, text, classes):
    every = (*knowledge.condition_classes, *knowledge.alternative_facts.conditions)
    assert find_conditions(text, every).classes == classes


def test_they_hide_no_class_that_the_guidelines_need(knowledge):
    # The longest phrase of any class decides: one of ours must not stand before theirs.
    shared = knowledge.condition_classes
    every = (*shared, *knowledge.alternative_facts.conditions)
    phrases = [word for each in shared for word in (*each.words, *each.words_not)]
    phrases += ["stroke prevention", "risk of stroke", "old stroke", "asthma and heart failure"]
    for phrase in phrases:
        before = find_conditions(phrase, shared).classes
        assert before <= find_conditions(phrase, every).classes, phrase


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda c: c["facts"][0].update(drugs=["prasugrell"]), "prasugrell has no code"),
        (lambda c: c["facts"][0].update(source="hearsay"), "no citation hearsay"),
        (lambda c: c["facts"][0].update(history=["stroke"]), "no condition class stroke"),
        (lambda c: c["facts"][0].update(age_below=18), "facts"),  # two at once
        (lambda c: c["facts"][0].pop("history"), "facts"),  # none
        (lambda c: c["facts"][0].update(verdict="fine"), "fine"),
        (
            lambda c: next(r for r in c["facts"] if "allergy" in r).update(allergy=["nut"]),
            "no family nut",
        ),
        (
            lambda c: c["conditions"].update(dialysis={"label": "twice", "words": ["dialysis"]}),
            "the class dialysis stands twice",
        ),
    ],
)
def test_a_broken_file_is_refused(tmp_path, facts, codes, spoil, told):
    broken = copy.deepcopy(facts)
    spoil(broken)
    (tmp_path / FACTS).write_text(yaml.safe_dump(broken))
    (tmp_path / CLASSES).write_text((HERE / CLASSES).read_text())
    with pytest.raises(BrokenKnowledge, match=re.escape(told)):
        loaded(tmp_path, codes)


@pytest.mark.parametrize(
    ("code", "atc", "families"),
    [
        ("613391", (), ("thienopyridine",)),  # prasugrel; B01AC is a use, not a structure
        ("1116632", None, None),  # ticagrelor: of no group that tells anything
        ("301542", ("C10AA",), ("statin",)),
        ("140587", ("M01AH",), ("nsaid",)),
        ("1191", ("N02BA",), ("nsaid",)),  # aspirin
        ("51272", ("N05AH",), ()),
        ("73689", None, None),  # febuxostat: allopurinol's use, another structure
        ("7052", ("N02AA",), ("opioid",)),
    ],
)
def test_a_drug_stands_in_the_groups_whose_members_are_alike(knowledge, code, atc, families):
    kinds = knowledge.alternative_facts.kinds.get(code)
    found = (kinds.atc, kinds.families) if kinds else (None, None)
    assert found == (atc, families)


def test_the_file_of_classes_is_what_the_facts_give(shared):
    tables = shared / "facts" / "drugs"
    made = written(
        content(
            read_rows(tables / "drug_classes.csv"),
            read_rows(tables / "class_members.csv"),
            wanted_codes(),
        )
    )
    assert made == (HERE / CLASSES).read_text(encoding="utf-8")


def test_a_group_of_other_things_is_no_group():
    def row(code, group, title, combined="no"):
        return {
            "ingredient": f"drug {code}",
            "ingredient_rxcui": code,
            "atc4": group,
            "atc4_name": title,
            "atc_is_combination": combined,
        }

    made = content(
        [
            row("1", "N06AX", "Other antidepressants"),
            row("1", "N06AB", "Selective serotonin reuptake inhibitors"),
            row("2", "N06AB", "Selective serotonin reuptake inhibitors"),
            row("2", "S01BC", "Antiinflammatory agents, non-steroids"),
            row("3", "N06AB", "Selective serotonin reuptake inhibitors", combined="yes"),
            row("4", "C10AA", "HMG CoA reductase inhibitors"),
        ],
        [],
        frozenset({"1"}),
    )
    found = {each["rxnorm"]: each["atc"] for each in made["drugs"]}
    kept = {code: atc for code, atc in found.items() if code in "1234"}
    assert kept == {"1": ["N06AB"], "2": ["N06AB"]}


def test_the_page_on_alternatives_has_every_fact_and_every_source(facts):
    page = (HERE.parents[1] / "docs" / "methods" / "alternatives.md").read_text(encoding="utf-8")
    table = [line for line in page.splitlines() if line.startswith("| ")]
    for row in facts["facts"]:
        start, end = f"| {', '.join(row['drugs'])} | ", f" | {row['verdict']} | {row['text']} | "
        assert any(line.startswith(start) and end in line for line in table), row
    for key, citation in facts["citations"].items():
        assert f"| {key} | {citation['what']} | {citation['from']} |" in table
    assert f"{len(facts['facts'])} lines" in page


def test_the_page_marks_what_is_to_be_confirmed(facts):
    page = (HERE.parents[1] / "docs" / "methods" / "alternatives.md").read_text(encoding="utf-8")
    marked = [row for row in facts["facts"] if row.get("to_confirm")]
    assert page.count("(to confirm) |") == len(marked)
    for row in marked:
        assert f"{row['text']} | {row['source']}" in page
