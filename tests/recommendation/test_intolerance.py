"""Which result could explain a reaction that is noted as an allergy, and which could not."""

import pytest

from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.recommendation import Rulebook, advise, bearing_of, judge_named
from fhir_pgx.recommendation.problems import group_of


def found(gene, key, phenotype=None):
    return GeneResult(
        gene, Status.CALLED, phenotype=phenotype or key, lookup_keys=(key,),
        allele_status=dict([key.rsplit(" ", 1)]) if key.startswith("*") else {},
    )  # fmt: skip


@pytest.fixture(scope="module")
def rulebook(knowledge):
    return Rulebook(knowledge)


def bearing(rulebook, drug, results, reactions):
    (group,) = rulebook.named(drug)
    advice = advise(group, {result.gene: result for result in results}, rulebook)
    return bearing_of(group, advice, reactions, rulebook)


POOR_2D6 = found("CYP2D6", "0.0", "Poor Metabolizer")
ULTRA_2D6 = found("CYP2D6", "≥3.0", "Ultrarapid Metabolizer")
POOR_2C19 = found("CYP2C19", "Poor Metabolizer")


@pytest.mark.parametrize(
    ("drug", "results", "reactions", "meaning", "genes"),
    [
        ("codeine", [ULTRA_2D6], ["Sedation"], "explains", ("CYP2D6",)),
        ("codeine", [POOR_2D6], ["No pain relief"], None, ()),  # not among the words: quiet
        ("codeine", [POOR_2D6], ["No relief of pain"], "explains", ("CYP2D6",)),
        ("codeine", [POOR_2D6], ["Sedation"], None, ()),
        ("codeine", [POOR_2D6], ["Ineffective", "Sedation"], "explains", ("CYP2D6",)),
        ("codeine", [ULTRA_2D6], ["Not effective"], None, ()),
        ("codeine", [ULTRA_2D6], ["Hives"], None, ()),
        ("codeine", [ULTRA_2D6], ["Hives", "Sedation"], "explains", ("CYP2D6",)),
        ("codeine", [ULTRA_2D6], [], "explains", ("CYP2D6",)),
        ("codeine", [POOR_2D6], [], None, ()),  # less morphine harms nobody
        ("citalopram", [POOR_2C19], ["Nausea"], "explains", ("CYP2C19",)),
        ("clopidogrel", [POOR_2C19], ["Treatment failure"], "explains", ("CYP2C19",)),
        ("clopidogrel", [POOR_2C19], ["Bleeding"], None, ()),
        (
            "azathioprine",
            [found("TPMT", "Normal Metabolizer"), found("NUDT15", "Poor Metabolizer")],
            ["Leukopenia"], "explains", ("NUDT15",),
        ),
        ("abacavir", [found("HLA-B", "*57:01 positive")], ["Nausea"], "hypersensitivity",
         ("HLA-B",)),
        ("abacavir", [found("HLA-B", "*57:01 negative")], ["Rash"], None, ()),
        ("abacavir", [], ["Rash"], "untested", ("HLA-B",)),
        ("codeine", [], ["Rash"], None, ()),  # no test of CYP2D6 tells anything of a rash
        ("codeine", [], ["Nausea"], "untested", ("CYP2D6",)),
        (
            "phenytoin",
            [found("CYP2C9", "0.0", "Poor Metabolizer"), found("HLA-B", "*15:02 positive")],
            ["Toxic epidermal necrolysis"], "hypersensitivity", ("HLA-B",),
        ),
        (
            "phenytoin",
            [found("CYP2C9", "0.0", "Poor Metabolizer"), found("HLA-B", "*15:02 negative")],
            ["Ataxia"], "explains", ("CYP2C9",),
        ),
    ],
)  # fmt: skip
def test_what_a_result_has_to_do_with_a_reaction(
    rulebook, drug, results, reactions, meaning, genes
):
    told = bearing(rulebook, drug, results, reactions)
    assert (told.meaning if told else None, told.genes if told else ()) == (meaning, genes)


@pytest.mark.parametrize(
    ("drug", "key"),
    [("abacavir", "*57:01"), ("allopurinol", "*58:01"), ("carbamazepine", "*15:02"),
     ("oxcarbazepine", "*15:02"), ("phenytoin", "*15:02"), ("fosphenytoin", "*15:02")],
)  # fmt: skip
@pytest.mark.parametrize("reactions", [[], ["Rash"], ["Anaphylaxis"], ["Nausea"], ["No effect"]])
def test_an_hla_allele_always_keeps_the_label_whatever_was_noted(rulebook, drug, key, reactions):
    told = bearing(rulebook, drug, [found("HLA-B", f"{key} positive")], reactions)
    assert told is not None
    assert told.meaning == "hypersensitivity"


@pytest.mark.parametrize(
    ("drug", "key", "reactions", "fits"),
    [
        ("carbamazepine", "*15:02", ["Rash"], True),
        ("carbamazepine", "*15:02", ["Fever", "Dizziness"], True),
        ("carbamazepine", "*15:02", [], True),  # nobody said what it was
        ("carbamazepine", "*15:02", ["Dizziness"], False),
        ("carbamazepine", "*15:02", ["Nausea"], False),
        ("abacavir", "*57:01", ["Nausea"], True),  # its hypersensitivity often begins so
    ],
)
def test_an_allele_fits_a_reaction_of_the_skin_or_the_body_alone(
    rulebook, drug, key, reactions, fits
):
    assert bearing(rulebook, drug, [found("HLA-B", f"{key} positive")], reactions).fits is fits


def test_other_drugs_of_the_same_guideline_are_named_and_fda_tables_are_no_guideline(rulebook):
    assert bearing(rulebook, "codeine", [ULTRA_2D6], []).others == ("hydrocodone", "tramadol")
    assert bearing(rulebook, "thioridazine", [POOR_2D6], []).others == ()


def test_a_drug_advised_against_stands_first_among_those_named_for_a_problem(knowledge, rulebook):
    results = {"HLA-B": found("HLA-B", "*57:01 positive")}

    def judge(group):
        return advise(group, results, rulebook)

    named = tuple(reversed(knowledge.problems["hiv"]))
    judged = judge_named(named, rulebook, judge)
    assert [(each.advice.drug, each.is_against) for each in judged] == [
        ("abacavir", True),
        ("atazanavir", False),
        ("efavirenz", False),
    ]


def test_a_site_that_reads_other_sources_judges_by_them_and_names_no_guideline_of_theirs(knowledge):
    rulebook = Rulebook(knowledge, ("DPWG",))
    results = {"CYP2C19": POOR_2C19}
    (judged,) = judge_named(
        knowledge.problems["acs-pci"], rulebook, lambda group: advise(group, results, rulebook)
    )
    assert judged.is_against
    assert judged.advice.lead == "DPWG"
    assert judged.title == ""
    assert group_of("no-such-code", rulebook) is None
