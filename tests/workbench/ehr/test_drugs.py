"""The drugs offered are those that the knowledge speaks of, under codes that mean them."""

import pytest

from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.workbench.ehr import find_drugs
from fhir_pgx.workbench.ehr.products import PRODUCTS


@pytest.mark.parametrize(("name", "product"), PRODUCTS.items())
def test_each_product_is_one_of_its_drug(name, product):
    code, text = product
    meaning = DrugCodes().by_rxcui(code)
    assert meaning.kind == "product"
    assert [drug.name for drug in meaning.ingredients] == [name]
    assert text.split()[0].lower()[:6] == name[:6] or name == "valproate"


def test_every_drug_of_drug_response_is_offered_and_the_labelled_ones_of_tumours(
    choices, knowledge
):
    names = {each.name.lower() for each in choices}
    assert {rules.drug.lower() for rules in knowledge.drugs} <= names
    assert {"osimertinib", "cetuximab", "capecitabine", "abacavir", "sotalol"} <= names
    assert len(names) == len(choices)
    assert all(each.text and each.why for each in choices)


def test_what_is_offered_is_known_to_the_pipeline(choices, pipeline):
    unknown = [
        each.name
        for each in choices
        if each.rxcui and (order := pipeline.orders.asked(each.rxcui)).match is None
        and not pipeline.orders.guidance(order)
    ]  # fmt: skip
    assert unknown == []


@pytest.mark.parametrize("typed", ["Clopidogrel", " clopidogrel ", "32968"])
def test_a_drug_is_found_by_name_or_code(choices, typed):
    (found,) = find_drugs([typed], choices)
    assert (found.name, found.code) == ("clopidogrel", "309362")


def test_what_is_typed_and_not_offered_is_sent_as_typed(choices, pipeline):
    words, code = find_drugs(["  purple   pills ", "998740"], choices)
    assert (words.text, words.code, words.rxcui) == ("purple pills", "", "")
    assert (code.code, code.rxcui) == ("998740", "")
    (known,) = find_drugs(["Plavix"], choices, pipeline)
    assert (known.rxcui, known.text) == ("32968", "Plavix")
    assert find_drugs(["", "  "], choices) == ()
