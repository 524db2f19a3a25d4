"""Change a fact and watch the card change: chart, fact, EHR, card."""

import pytest

from fhir_pgx.workbench.ehr import fire
from fhir_pgx.workbench.facts import Facts, change_facts, genotype_choices

from .conftest import TODAY


@pytest.fixture
def card(site, sends, pipeline, ada):
    """The first card on a drug for the chart with some facts changed; None where none comes."""

    def of(drug, ehr="generic", **facts):
        changed = change_facts(ada, Facts(**facts), pipeline, today=TODAY)
        done = fire(site, sends(ehr, drugs=(drug,), record=changed.record))
        assert done.status == 200, done.response
        return done.cards[0] if done.cards else None

    return of


@pytest.mark.parametrize("ehr", ["generic", "epic", "cds-hooks-sandbox"])
def test_another_genotype_is_another_card_in_every_ehr(card, ehr):
    assert "Poor Metabolizer" in card("clopidogrel", ehr)["summary"]
    assert card("clopidogrel", ehr, genotypes={"CYP2C19": "*1/*1"}) is None
    intermediate = card("clopidogrel", ehr, genotypes={"CYP2C19": "*1/*2"})
    assert "CYP2C19 IM" in intermediate["summary"]


def test_not_tested_no_function_and_a_normal_result_are_three_different_cards(card):
    untested = card("clopidogrel", genotypes={"CYP2C19": "not tested"})
    assert "no CYP2C19 result on file" in untested["summary"]
    indeterminate = card("clopidogrel", genotypes={"CYP2C19": "Indeterminate"})
    assert indeterminate is None or indeterminate["summary"] != untested["summary"]
    assert card("clopidogrel", genotypes={"CYP2C19": "Normal Metabolizer"}) is None


def test_an_inhibitor_makes_a_normal_genotype_act_as_another(card):
    alone = card("codeine", genotypes={"CYP2D6": "*1/*1"})
    beside = card("codeine", genotypes={"CYP2D6": "*1/*1"}, medicines=("paroxetine",))
    assert alone is None
    assert "paroxetine" in (beside["summary"] + beside["detail"]).lower()


def test_the_age_decides_whose_advice_it_is(card):
    fact = {"CYP2C19": "*1/*17"}
    child = card("voriconazole", genotypes=fact, age="9")
    adult = card("voriconazole", genotypes=fact, age="60")
    assert child["detail"] != adult["detail"]


def test_every_choice_of_a_gene_can_be_fired(card, pipeline):
    told = set()
    for choice in genotype_choices(pipeline, "CYP2C19"):
        found = card("clopidogrel", genotypes={"CYP2C19": choice.text})
        told.add(found["summary"] if found else "")
    assert len(told) > 5
