"""Which alternatives a card lists, by whose word, and what it says where none of them suits."""

import uuid

import pytest

from fhir_pgx.cards import order_card
from fhir_pgx.cards.alternatives import is_closed, named_alternatives, named_by, what_is_left
from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.extras import Extras
from fhir_pgx.cards.headline import LIMIT, headline
from fhir_pgx.cards.order import face_of
from fhir_pgx.cards.sources_table import sources_text
from fhir_pgx.model.drug import DrugMatch, MedicationConcept, MedicationOrder
from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.model.recommendation import AlternativeVerdict, DrugAdvice, SourceAdvice
from fhir_pgx.recommendation import Rulebook, Situation, advise

CONTEXT = CardContext(uuid.UUID(int=1), "2026.08")
AVOID = AlternativeVerdict("prasugrel", "613391", "avoid", "Contraindicated after a stroke.")
CAUTION = AlternativeVerdict("ticagrelor", "1116632", "caution", "On record: dyspnoea.")


@pytest.fixture(scope="module")
def advice_on(knowledge):
    rulebook = Rulebook(knowledge)

    def ask(drug, gene, key, *, phenotype=None, situation=None):
        (group,) = rulebook.named(drug)
        result = GeneResult(
            gene, Status.CALLED, phenotype=phenotype or key, lookup_keys=(key,), basis="diplotype"
        )
        return advise(group, {gene: result}, rulebook, situation=situation or Situation())

    return ask


def names(alternatives):
    return [each.name for each in alternatives]


@pytest.mark.parametrize(
    ("drug", "gene", "key", "phenotype", "listed", "by"),
    [
        # CPIC names them itself: DPWG's further one is not mixed in.
        ("clopidogrel", "CYP2C19", "Poor Metabolizer", None, ["prasugrel", "ticagrelor"], ""),
        # CPIC says "another statin" and points to a figure; DPWG says which.
        (
            "simvastatin", "SLCO1B1", "Poor Function", None,
            ["fluvastatin", "pravastatin", "rosuvastatin"], "Named by DPWG; CPIC names none.",
        ),
        (
            "codeine", "CYP2D6", "≥3.0", "Ultrarapid Metabolizer",
            ["morphine", "oxycodone"], "Named by DPWG; CPIC names none.",
        ),
        # Nobody names any.
        ("atomoxetine", "CYP2D6", "0.0", "Poor Metabolizer", [], ""),
    ],
)  # fmt: skip
def test_where_the_leading_source_names_no_drug_those_of_the_agreeing_ones_are_listed(
    advice_on, drug, gene, key, phenotype, listed, by
):
    advice = advice_on(drug, gene, key, phenotype=phenotype)
    found = names(named_alternatives(advice))
    assert [name for name in found if name != "noscapine"] == listed
    assert named_by(advice) == by


def test_a_source_that_differs_names_nothing_on_the_card(advice_on):
    advice = advice_on("simvastatin", "SLCO1B1", "Poor Function")
    sources = tuple(
        SourceAdvice(each.source, each.genes, each.answer, each.important, "differs")
        if each.source == "DPWG"
        else each
        for each in advice.sources
    )
    differing = DrugAdvice(advice.drug, advice.rxcui, sources, "differ", advice.important)
    assert named_alternatives(differing) == ()
    assert named_by(differing) == ""


@pytest.mark.parametrize(
    ("judged", "closed"),
    [([AVOID], True), ([AVOID, CAUTION], False), ([], False)],
)
def test_a_way_out_is_closed_only_where_every_named_drug_is_advised_against(judged, closed):
    assert is_closed(judged) is closed


def test_where_none_suits_the_agreeing_sources_are_told_in_full_if_they_leave_more(advice_on):
    found = what_is_left(advice_on("clopidogrel", "CYP2C19", "Intermediate Metabolizer"))
    (line,) = found  # FDA agrees too, and says no more than "another"
    assert line.startswith("None of these is left for this patient. DPWG: ")
    assert "150 mg" in line


def the_card(advice, *judged):
    order = MedicationOrder(
        reference="MedicationRequest/1",
        path="",
        resource_type="MedicationRequest",
        status="draft",
        concept=MedicationConcept((), "clopidogrel 75 MG Oral Tablet"),
        proposed=True,
        match=DrugMatch((), "code"),
        resource={"resourceType": "MedicationRequest", "id": "1"},
    )
    extras = Extras(alternatives={each.name: each for each in judged})
    return order_card(face_of(advice), order, {}, CONTEXT, extras)


def test_the_summary_does_not_name_what_the_card_advises_against(advice_on):
    stent = Situation(reasons=frozenset({"acs-pci"}))
    advice = advice_on("clopidogrel", "CYP2C19", "Intermediate Metabolizer", situation=stent)
    none = AlternativeVerdict("ticagrelor", "1116632", "avoid", "On record: an allergy.")
    closed = the_card(advice, AVOID, none)
    assert "prasugrel" not in closed.summary
    assert "what CPIC names instead is advised against too" in closed.summary
    assert len(closed.summary) <= LIMIT
    assert "None of these is left for this patient" in closed.detail
    half_open = the_card(advice, AVOID, CAUTION)
    assert "give prasugrel or ticagrelor unless contraindicated" in half_open.summary
    assert "None of these is left" not in half_open.detail


def test_every_closed_summary_fits(knowledge):
    rulebook = Rulebook(knowledge)
    tried = 0
    for group in rulebook.groups:
        for entry in group.entries:
            if len(entry.rules.genes) > 1:
                continue
            (gene,) = entry.rules.genes
            for row in entry.rules.rows:
                result = GeneResult(
                    gene, Status.CALLED, phenotype=row.phenotypes.get(gene) or row.keys[gene],
                    lookup_keys=(row.keys[gene],),
                )  # fmt: skip
                advice = advise(group, {gene: result}, rulebook)
                if advice.unanswered is None:
                    assert len(headline(advice, is_closed=True)) <= LIMIT
                    tried += 1
    assert tried > 500


def test_a_source_that_agrees_by_one_gene_and_differs_by_another_is_not_against_itself(advice_on):
    advice = advice_on("simvastatin", "SLCO1B1", "Poor Function")
    lead, other = advice.sources[0], advice.sources[1]
    assert lead.source == "CPIC"

    def of(gene, stance):
        return SourceAdvice("DPWG", (gene,), other.answer, True, stance)

    both = DrugAdvice(
        "warfarin", "", (lead, of("CYP2C9", "agrees"), of("VKORC1", "differs")), "differ", True
    )
    badge = sources_text(both).splitlines()[0]
    assert badge == "**Sources differ**: CPIC, DPWG (CYP2C9) against DPWG (VKORC1)"
    alone = DrugAdvice("warfarin", "", (lead, of("VKORC1", "differs")), "differ", True)
    assert sources_text(alone).splitlines()[0] == "**Sources differ**: CPIC against DPWG"
