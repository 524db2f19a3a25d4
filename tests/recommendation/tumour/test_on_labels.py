"""Orders and charts held against the rows that ship. Every finding here is invented."""

from dataclasses import replace

import pytest

from fhir_pgx.model.therapy import TherapyDrug
from fhir_pgx.normalize.same_protein import rows_in_one_spelling
from fhir_pgx.recommendation.tumour import Findings, TumourRules, board_of, judge

from .made import ABSENT, GERMLINE, cancer, marker, other, small

NSCLC, COLON, BREAST, MELANOMA, AML = (
    "DOID:3908", "DOID:219", "DOID:1612", "DOID:8923", "DOID:9119",
)  # fmt: skip
L858R, T790M = small("EGFR", "L858R"), small("EGFR", "T790M")
V600E = small("BRAF", "V600E")
NO_ALK = other("rearrangement", "ALK", presence=ABSENT)


@pytest.fixture(scope="module")
def rules(knowledge):
    return TumourRules(rows_in_one_spelling(knowledge.therapies.tumour))


def judged(rules, drug, found, doid, *, given=(), markers=(), **more):
    partners = [TherapyDrug(name) for name in given]
    findings = Findings(found, markers)
    return judge(TherapyDrug(drug), rules, findings, cancer(doid), partners, **more)


@pytest.mark.parametrize("drug", ["gefitinib", "erlotinib", "dacomitinib"])
def test_a_label_for_one_change_does_not_hide_resistance_by_another(rules, drug):
    board = board_of(rules, Findings([L858R, T790M]), cancer(NSCLC))
    (option,) = [o for o in board.options if o.rows[0].advice.drug == drug]
    assert "EGFR T790M" in {each.advice.finding for each in option.against}
    assert judged(rules, drug, [L858R, T790M], NSCLC).indicator == "warning"


def test_osimertinib_is_not_opposed_by_t790m(rules):
    board = board_of(rules, Findings([L858R, T790M]), cancer(NSCLC))
    (option,) = [o for o in board.options if o.rows[0].advice.drug == "osimertinib"]
    assert option.against == ()


def test_the_disease_on_record_speaks_before_a_kind_of_it(rules):
    first = judged(rules, "gefitinib", [L858R, T790M], NSCLC).against[0]
    assert first.fit in ("same", "any")


def test_no_immunotherapy_by_pdl1_stands_beside_an_egfr_mutation(rules):
    markers = [marker("PD-L1", number=80, scale="TPS"), marker("PD-L1", number=80, scale="TC")]
    board = board_of(rules, Findings([L858R, NO_ALK], markers), cancer(NSCLC))
    drugs = [each.rows[0].advice.drug for each in board.options]
    assert not [name for name in drugs if "nivolumab" in name or "cemiplimab" in name]
    clean = [other("wild-type", "EGFR"), NO_ALK]
    board = board_of(rules, Findings(clean, markers), cancer(NSCLC))
    assert "nivolumab + ipilimumab" in [each.rows[0].advice.drug for each in board.options]


@pytest.mark.parametrize(
    ("drug", "found", "doid", "said"),
    [
        ("osimertinib", replace(L858R, source_class=GERMLINE), NSCLC, "reported as germline"),
        ("vemurafenib", replace(V600E, source_class=GERMLINE), MELANOMA, "reported as germline"),
    ],
)
def test_a_germline_finding_alone_makes_no_option_of_a_tumours_drug(rules, drug, found, doid, said):
    answer = judged(rules, drug, [found], doid)
    assert not [each for each in answer.favouring if each.row.provenance.level.startswith("FDA")]
    assert said in answer.near[0].outcome.why[0]


def test_a_germline_ret_mutation_is_one_in_medullary_thyroid_cancer(rules):
    found = small("RET", "M918T", source_class=GERMLINE)
    assert judged(rules, "selpercatinib", [found], "DOID:3973").indicator == ""


def test_what_speaks_against_a_drug_is_met_by_a_finding_called_germline(rules):
    found = small("KRAS", "G12D", source_class=GERMLINE)
    assert judged(rules, "cetuximab", [found], COLON).indicator == "warning"


@pytest.mark.parametrize(
    ("drug", "found", "doid", "name"),
    [
        ("gilteritinib", other("any", "FLT3", presence=ABSENT, specimen="marrow"), AML, "FLT3"),
        ("trastuzumab", other("amplification", "ERBB2", presence=ABSENT), BREAST, "HER2"),
        ("ipilimumab", L858R, NSCLC, "EGFR"),  # what is to be excluded was found
    ],
)
def test_a_test_that_was_answered_against_the_drug_is_told(rules, drug, found, doid, name):
    answer = judged(rules, drug, [found], doid)
    assert [test for each in answer.unsupported for test, _ in each.tests] == [name]
    assert answer.missing == ()


def test_a_negative_of_one_change_is_said_and_settles_no_gene(rules):
    answer = judged(rules, "vemurafenib", [replace(V600E, presence=ABSENT)], MELANOMA)
    assert answer.missing[0].why == (
        "BRAF V600E was not found; of the rest of BRAF nothing is on file",
    )


def test_ras_is_not_asked_for_where_the_label_gives_the_combination_for_the_finding(rules):
    assert judged(rules, "cetuximab", [V600E], COLON, given=["encorafenib"]).missing == ()
    assert judged(rules, "cetuximab", [], COLON, given=["encorafenib"]).missing != ()


def test_a_label_without_resistance_mutation_waits_where_the_gene_is_mutated_as_well(rules):
    fusion = other("fusion", "TPM3", "NTRK1")
    assert judged(rules, "larotrectinib", [fusion], NSCLC).indicator == ""
    answer = judged(rules, "larotrectinib", [fusion, small("NTRK1", "G595R")], NSCLC)
    assert answer.indicator == "info"
    assert "NTRK1 G595R" in answer.near[0].outcome.why[0]
    benign = small("NTRK1", "G595R", significance="benign")
    assert judged(rules, "larotrectinib", [fusion, benign], NSCLC).indicator == ""


def test_a_withdrawn_drug_is_told_and_asks_for_data(rules):
    assert rules.asks_for_data(TherapyDrug("mobocertinib"))
    assert judged(rules, "mobocertinib", [], NSCLC).indicator == "warning"


def test_her2_low_is_an_answer_that_trastuzumab_is_not_for(rules):
    answer = judged(rules, "trastuzumab", [], BREAST, markers=[marker("HER2-IHC", "low")])
    assert (answer.near, len(answer.unsupported)) == ((), 1)


def test_progression_and_earlier_drugs_stand_beside_the_condition_and_unlock_nothing(rules):
    ill = cancer(NSCLC)
    ill = replace(ill, stated=replace(ill.stated, status="progression", status_when="2026-09-01"))
    taken = [TherapyDrug("erlotinib")]
    board = board_of(rules, Findings([T790M]), ill, taken)
    (option,) = [o for o in board.options if o.rows[0].advice.drug == "osimertinib"]
    needs = [need for each in option.rows[:4] for need in each.advice.needs]
    assert (
        "progressed on or after an EGFR inhibitor "
        "(on file: erlotinib; progression recorded 2026-09-01)" in needs
    )
    bare = board_of(rules, Findings([T790M]), cancer(NSCLC))
    (same,) = [o for o in bare.options if o.rows[0].advice.drug == "osimertinib"]
    assert len(same.rows) == len(option.rows)
    assert "progressed on or after an EGFR inhibitor" in [
        need for each in same.rows[:4] for need in each.advice.needs
    ]


def test_a_label_for_this_cancer_goes_before_one_for_every_solid_tumour(rules):
    board = board_of(rules, Findings([], [marker("MSI", "high")]), cancer(COLON))
    (option,) = [o for o in board.options if o.rows[0].advice.drug == "pembrolizumab"]
    assert option.rows[0].row.id == "FDA-label-hand:156"


def test_a_cancer_recorded_widely_asks_for_the_biomarkers_of_its_kinds(rules):
    board = board_of(rules, Findings([]), cancer("DOID:1324"))
    by_name = {each.name: each for each in board.markers}
    assert by_name["EGFR mutation"].kinds == ("Non-small cell lung cancer",)
    every = board_of(rules, Findings([]), cancer("DOID:162"))
    assert not [each for each in every.markers if each.kinds]


@pytest.mark.parametrize(
    ("drug", "found", "doid", "name"),
    [
        ("sotorasib", small("KRAS", "G12D"), NSCLC, "KRAS G12C"),
        ("vemurafenib", small("BRAF", "D594G"), MELANOMA, "BRAF V600"),
    ],
)
def test_another_mutation_of_the_gene_than_the_labels_is_told(rules, drug, found, doid, name):
    answer = judged(rules, drug, [found], doid)
    assert answer.indicator == "info"
    assert [test for each in answer.unsupported for test, _ in each.tests] == [name]


def test_a_study_of_any_mutation_makes_no_option_of_a_drug_whose_label_names_others(rules):
    board = board_of(rules, Findings([small("EGFR", "A767_V769dup")]), cancer(NSCLC))
    drugs = {each.rows[0].advice.drug for each in board.options}
    assert "amivantamab" in drugs
    assert not drugs & {"gefitinib", "erlotinib", "afatinib", "gefitinib or erlotinib"}
    (gefitinib,) = [o for o in board.conditional if o.rows[0].advice.drug == "gefitinib"]
    assert "which the drug's label does not name" in gefitinib.rows[0].advice.needs[0]
