"""What a card is known by: the leading advice, and every gene and strength that stands on it."""

import pytest

from fhir_pgx.cards.facets import facets_of
from fhir_pgx.model.card import Facets
from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.recommendation import Rulebook, advise


@pytest.fixture(scope="module")
def advised(knowledge):
    rulebook = Rulebook(knowledge)

    def advise_drug(drug, **phenotypes):
        (group,) = rulebook.named(drug)
        results = {
            gene: GeneResult(
                gene, Status.CALLED, "phenotype", phenotype=phenotype, lookup_keys=(phenotype,)
            )
            for gene, phenotype in phenotypes.items()
        }
        return advise(group, results, rulebook)

    return advise_drug


def test_the_facets_are_those_of_the_leading_advice_and_name_the_other_sources(advised):
    found = facets_of(advised("clopidogrel", CYP2C19="Poor Metabolizer"))
    assert (found.drug, found.rxcui, found.genes) == ("clopidogrel", "32968", ("CYP2C19",))
    assert (found.source, found.strength, found.action) == ("CPIC", "Strong", "avoid")
    assert ("FDA", "Section 1") in found.others
    assert ("CPIC", "Strong") not in found.others
    assert ("CPIC", "No Recommendation") not in found.others  # asks for nothing


def test_advice_that_can_save_a_life_is_serious(advised):
    assert facets_of(advised("rasburicase", G6PD="Deficient")).serious
    assert not facets_of(advised("citalopram", CYP2C19="Rapid Metabolizer")).serious


def test_a_card_that_tells_why_there_is_no_advice_has_no_strength(advised):
    found = facets_of(advised("clopidogrel"))
    assert found == Facets("clopidogrel", "32968", ("CYP2C19",), "CPIC", action="not-tested")
