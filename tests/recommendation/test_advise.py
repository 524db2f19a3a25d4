"""Three sources for one drug: who leads, who agrees, who differs, who is silent."""

import json
from pathlib import Path

import pytest

from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.plugins import load_services
from fhir_pgx.recommendation import Rulebook, advise
from fhir_pgx.services.answering import read_call
from fhir_pgx.services.gather import Sources
from fhir_pgx.settings import Settings

CASES = Path(__file__).parents[1] / "cases"


def found(gene, key, phenotype=None):
    return GeneResult(
        gene, Status.CALLED, phenotype=phenotype or key, lookup_keys=(key,),
        allele_status=dict([key.rsplit(" ", 1)]) if key.startswith("*") else {},
    )  # fmt: skip


POOR_2D6 = found("CYP2D6", "0.0", "Poor Metabolizer")
POOR_2C19 = found("CYP2C19", "Poor Metabolizer")


def told(knowledge, drug, *results, sources=("CPIC", "DPWG", "FDA")):
    rulebook = Rulebook(knowledge, sources)
    (group,) = rulebook.named(drug)
    return advise(group, {result.gene: result for result in results}, rulebook)


def stances(advice):
    return {(each.source, *each.genes): each.stance for each in advice.sources}


@pytest.mark.parametrize(
    ("drug", "result", "lead", "agreement", "others"),
    [
        (
            "codeine", POOR_2D6, "CPIC", "agree",
            {("DPWG", "CYP2D6"): "agrees", ("FDA", "CYP2D6"): "states-risk"},
        ),
        (
            "abacavir", found("HLA-B", "*57:01 positive"), "CPIC", "agree",
            {("DPWG", "HLA-B"): "agrees", ("FDA", "HLA-B"): "agrees"},
        ),
        # a normal result: the others have nothing to say
        (
            "codeine", found("CYP2D6", "2.0", "Normal Metabolizer"), "CPIC", "alone",
            {("DPWG", "CYP2D6"): "silent", ("FDA", "CYP2D6"): "silent"},
        ),
        # drugs that CPIC has nothing on
        ("thioridazine", POOR_2D6, "FDA", "alone", {}),
        ("zuclopenthixol", POOR_2D6, "DPWG", "alone", {}),
    ],
)  # fmt: skip
def test_the_first_source_that_advises_something_leads(
    knowledge, drug, result, lead, agreement, others
):
    advice = told(knowledge, drug, result)
    assert (advice.lead, advice.agreement) == (lead, agreement)
    assert {who: s for who, s in stances(advice).items() if s != "leads"} == others


@pytest.mark.parametrize(
    ("drug", "results", "stance", "agreement"),
    [
        # CPIC: avoid, or else half the dose. DPWG: 70 % of the dose.
        (
            "amitriptyline", (POOR_2D6, found("CYP2C19", "Normal Metabolizer")),
            "agrees-in-part", "agree-in-part",
        ),
        # CPIC: avoid. DPWG: be alert to less effect, then a higher dose or another drug.
        ("tramadol", (POOR_2D6,), "agrees-in-part", "agree-in-part"),
        # CPIC: higher starting dose. DPWG, of the same result: no action.
        ("pantoprazole", (found("CYP2C19", "Ultrarapid Metabolizer"),), "agrees", "agree"),
    ],
)  # fmt: skip
def test_sources_are_compared_by_what_they_would_have_done(
    knowledge, drug, results, stance, agreement
):
    advice = told(knowledge, drug, *results)
    assert next(each.stance for each in advice.sources if each.source == "DPWG") == stance
    assert advice.agreement == agreement


def test_a_site_may_follow_another_source_first(knowledge):
    mine = told(knowledge, "clopidogrel", POOR_2C19, sources=("DPWG", "FDA"))
    assert mine.lead == "DPWG"
    assert {each.source for each in mine.sources} == {"DPWG", "FDA"}


def test_a_source_without_a_result_for_its_gene_is_silent_and_not_in_agreement(knowledge):
    advice = told(knowledge, "clopidogrel")
    assert advice.lead == ""
    assert advice.unanswered is not None
    assert advice.unanswered.reason == "not-tested"


def test_a_diplotype_of_its_own_row_goes_before_its_score(knowledge):
    """DPWG has siponimod rows by diplotype: *1/*2 needs nothing, another pair of score 1.5 half."""
    from fhir_pgx.model.phenotype import DiplotypeResult

    def actions(*haplotypes):
        diplotype = DiplotypeResult(
            "/".join(haplotypes), haplotypes, "Intermediate Metabolizer", "1.5", (),
            lookup_key="1.5",
        )  # fmt: skip
        result = GeneResult(
            "CYP2C9", Status.CALLED, diplotypes=(diplotype,), lookup_keys=("1.5",),
            phenotype="Intermediate Metabolizer",
        )  # fmt: skip
        advice = told(knowledge, "siponimod", result, sources=("DPWG",))
        return [r.action for r in advice.recommendations]

    assert actions("*1", "*2") == ["standard"]
    assert actions("*2", "*1") == ["standard"]
    assert actions("*1", "*8") == ["reduce-dose"]


@pytest.mark.parametrize(
    ("sources", "lead"),
    [(("CPIC",), "cpic"), (("DPWG",), "dpwg"), (("FDA",), "fda"), (("DPWG", "CPIC"), "dpwg")],
)
def test_warfarin_is_answered_whichever_sources_a_site_reads(sources, lead):
    """CPIC has a flow and no rows for warfarin: with CPIC alone there is still an answer."""
    call = json.loads((CASES / "patient-warfarin-amiodarone" / "request.json").read_text())
    pipeline = Pipeline.load(Settings(sources=sources))
    service = load_services(pipeline.answer).service("pgx-order-sign")
    (card,) = pipeline.answer(read_call(call, service, Sources())).cards
    assert card.rules[0].startswith(f"{lead}.warfarin.")
