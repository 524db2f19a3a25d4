"""Problems and the drugs that guidelines name them for: what the file may say."""

import pytest
import yaml

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.problems import NAME, load_problems


def loaded(tmp_path, knowledge, problems):
    (tmp_path / NAME).write_text(yaml.safe_dump({"problems": problems}), encoding="utf-8")
    return load_problems(tmp_path, knowledge.condition_classes, knowledge.drugs)


def row(drug="clopidogrel", guideline="cyp2c19-clopidogrel", named="a group of its own"):
    return {"drug": drug, "guideline": guideline, "named": named}


def test_every_problem_is_a_class_and_every_drug_one_of_the_guideline_that_names_it(knowledge):
    rows = {(rules.rxcui, rules.guideline) for rules in knowledge.drugs}
    classes = {each.name for each in knowledge.condition_classes}
    assert knowledge.problems.keys() <= classes
    assert len(knowledge.problems) >= 15
    for drugs in knowledge.problems.values():
        assert {(each.drug.rxcui, each.guideline) for each in drugs} <= rows
        assert all(each.drug.rxcui for each in drugs)


@pytest.mark.parametrize(
    ("problem", "drug", "guideline"),
    [
        ("acs-pci", "clopidogrel", "cyp2c19-clopidogrel"),
        ("epilepsy", "carbamazepine", "hla-carbamazepine-oxcarbazepine"),
        ("epilepsy", "phenytoin", "cyp2c9-hla-b-phenytoin"),
        ("depression", "escitalopram", "serotonin-reuptake-inhibitors"),
        ("hiv", "abacavir", "hla-b-abacavir"),
        ("hiv", "efavirenz", "cyp2b6-efavirenz"),
        ("gout", "allopurinol", "hla-b-allopurinol"),
        ("inflammatory-bowel", "azathioprine", "tpmt-nudt15-thiopurines"),
    ],
)
def test_a_problem_names_the_drugs_that_its_guidelines_are_for(knowledge, problem, drug, guideline):
    named = {(each.drug.name, each.guideline) for each in knowledge.problems[problem]}
    assert (drug, guideline) in named


@pytest.mark.parametrize(
    ("problems", "fault"),
    [
        ({"no-such-class": [row()]}, "no class no-such-class"),
        ({"gout": [row()], "acs-pci": [row(drug="prasugrel")]}, "no rows for prasugrel"),
        ({"acs-pci": [row(guideline="hla-b-abacavir")]}, "hla-b-abacavir has no rows"),
        ({"acs-pci": []}, "acs-pci"),
        ({"acs-pci": [{"drug": "clopidogrel"}]}, "guideline"),
        ({"acs-pci": [row(), row()]}, "acs-pci"),
    ],
)
def test_a_file_that_says_what_no_guideline_does_is_refused(tmp_path, knowledge, problems, fault):
    with pytest.raises(BrokenKnowledge, match=fault):
        loaded(tmp_path, knowledge, problems)


def test_the_order_of_the_file_is_kept(tmp_path, knowledge):
    drugs = [row("tramadol", "cyp2d6-opioids"), row("codeine", "cyp2d6-opioids")]
    found = loaded(tmp_path, knowledge, {"pain": drugs})
    assert [each.drug.name for each in found["pain"]] == ["tramadol", "codeine"]
