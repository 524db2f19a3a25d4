"""Tests of a gene, by LOINC code and by words: found, not found, and not looked for."""

import pytest

from fhir_pgx.model.finding import Presence
from tests.fhir.tumour_resources import ABSENT, PRESENT, coded, quantity, result

P, A, U, N = Presence.PRESENT, Presence.ABSENT, Presence.INDETERMINATE, Presence.NO_CALL

# code, value, [(genes, kind, presence, label)]
TABLE = [
    ("21702-6", "None detected", [(("KRAS",), "any", A, "KRAS mutation")]),
    ("21702-6", "No mutation detected", [(("KRAS",), "any", A, "KRAS mutation")]),
    ("21702-6", "Wild type", [(("KRAS",), "wild-type", P, "KRAS wild type")]),
    ("21702-6", "G12D", [(("KRAS",), "variant", P, "KRAS G12D")]),
    ("21702-6", "p.Gly12Cys; p.Gly13Asp", [(("KRAS",), "variant", P, "KRAS p.Gly12Cys"),
                                           (("KRAS",), "variant", P, "KRAS p.Gly13Asp")]),
    ("21702-6", "Positive", [(("KRAS",), "any", P, "KRAS mutation")]),
    ("21702-6", "Indeterminate", [(("KRAS",), "any", U, "KRAS mutation")]),
    ("21702-6", "No call", [(("KRAS",), "any", N, "KRAS mutation")]),
    ("78205-2", PRESENT, [(("ALK",), "rearrangement", P, "ALK rearrangement")]),
    ("78205-2", coded("Negative", "LA6577-6"), [(("ALK",), "rearrangement", A,
                                                 "ALK rearrangement")]),
    ("51867-0", PRESENT, [(("BCR", "ABL1"), "fusion", P, "BCR::ABL1 fusion")]),
    ("79210-1", PRESENT, [(("FLT3",), "internal-duplication", P,
                           "FLT3 internal tandem duplication")]),
    ("43399-5", ABSENT, [(("JAK2",), "variant", A, "JAK2 p.Val617Phe")]),
    ("72520-0", ABSENT, [(("FLT3",), "variant", A, "FLT3 p.Asp835"),
                         (("FLT3",), "variant", A, "FLT3 p.Ile836")]),
    ("81420-2", "No mutation detected", [(("KRAS",), "any", A, "KRAS mutation"),
                                         (("NRAS",), "any", A, "NRAS mutation")]),
    ("81420-2", "NRAS Q61R", [(("NRAS",), "variant", P, "NRAS Q61R")]),
    ("92906-7", quantity(12), [(("MET",), "amplification", U, "MET amplification")]),
    ("EGFR L858R", "Detected", [(("EGFR",), "variant", P, "EGFR L858R")]),
    ("EGFR mutation analysis", "Exon 19 deletion", [(("EGFR",), "variant", P,
                                                     "EGFR Exon 19 deletion")]),
    ("EML4-ALK fusion", "Positive", [(("EML4", "ALK"), "fusion", P, "EML4::ALK fusion")]),
    ("ROS1 FISH", "Negative", [(("ROS1",), "rearrangement", A, "ROS1 rearrangement")]),
    ("BRAF V600E mutation", "Not detected", [(("BRAF",), "variant", A, "BRAF V600E mutation")]),
    ("RAS mutation analysis", "Wild type", [(("KRAS",), "wild-type", P, "KRAS wild type"),
                                            (("NRAS",), "wild-type", P, "NRAS wild type")]),
    ("NTRK fusion", "Not detected", [((gene,), "fusion", A, f"{gene} fusion")
                                     for gene in ("NTRK1", "NTRK2", "NTRK3")]),
]  # fmt: skip


@pytest.mark.parametrize(("code", "value", "expected"), TABLE)
def test_a_test_of_a_gene_says_what_it_looked_for(tumour_reading_of, code, value, expected):
    found = tumour_reading_of(result(code, value)).precision.tests
    assert [(each.genes, each.kind, each.presence, each.label) for each in found] == expected


# What one answer says of several changes, and what it does not say of the gene.
ANSWERS = [
    ("R132H mutation detected", [("variant", P, "EGFR R132H mutation detected")]),
    ("L858R, T790M", [("variant", P, "EGFR L858R"), ("variant", P, "EGFR T790M")]),
    ("No T790M mutation detected", [("variant", A, "EGFR No T790M mutation detected")]),
    ("L858R detected, T790M not detected", [("variant", P, "EGFR L858R detected"),
                                            ("variant", A, "EGFR T790M not detected")]),
    ("L858R detected but T790M not detected", []),
    ("Mutation not detected in exons 18 to 21", [("variant", A,
                                            "EGFR Mutation not detected in exons 18 to 21")]),
    ("Not detected in codons 12 and 13", [("any", U, "EGFR mutation")]),
    ("Negative", [("any", A, "EGFR mutation")]),
]  # fmt: skip


@pytest.mark.parametrize(("answer", "expected"), ANSWERS)
def test_one_change_that_was_not_found_is_not_the_gene(tumour_reading_of, answer, expected):
    found = tumour_reading_of(result("EGFR mutation", answer)).precision.tests
    assert [(each.kind, each.presence, each.label) for each in found] == expected


def test_a_status_without_what_was_looked_for_is_not_read(tumour_reading_of):
    reading = tumour_reading_of(result("ALK status", "Positive"))
    assert reading.precision.tests == ()
    assert len(reading.not_understood) == 1


def test_a_limited_test_that_found_nothing_is_no_wild_type(tumour_reading_of):
    (found,) = tumour_reading_of(result("47958-4", "Negative")).precision.tests
    assert found.presence is U
    assert [caveat.code for caveat in found.caveats] == ["PGX-734"]


@pytest.mark.parametrize(("code", "value"), [("72520-0", PRESENT), ("81420-2", "Positive")])
def test_which_of_several_was_found_is_not_guessed(tumour_reading_of, code, value):
    found = tumour_reading_of(result(code, value)).precision.tests
    assert {c.code for each in found for c in each.caveats} == {"PGX-739"}
    assert all(each.presence is U for each in found if each.kind == "variant")


@pytest.mark.parametrize("value", ["Not performed", "Insufficient material", "QNS"])
def test_a_test_that_was_not_made_is_listed_and_answers_nothing(tumour_reading_of, value):
    reading = tumour_reading_of(result("21702-6", value))
    assert reading.precision.tests == ()
    assert [each.reason for each in reading.not_understood] == ["the test was not performed"]


def test_an_answer_that_says_nothing_is_listed(tumour_reading_of):
    reading = tumour_reading_of(result("21702-6", "see report"))
    assert reading.precision.tests == ()
    assert "cannot be read" in reading.not_understood[0].reason


def test_a_negative_keeps_the_specimen_it_is_of(tumour_reading_of):
    plasma = result("EGFR mutation analysis", "None detected", specimen="Plasma")
    (found,) = tumour_reading_of(plasma).precision.tests
    assert (found.presence, found.specimen) == (A, "plasma")
    by_method = result("EGFR ctDNA mutation analysis", "None detected")
    (found,) = tumour_reading_of(by_method).precision.tests
    assert found.specimen == "plasma"


def test_codes_of_drug_response_stay_with_their_readers(tumour_reading_of):
    reading = tumour_reading_of(result("79714-2", coded("Poor metabolizer", "LA9657-3")))
    assert reading.precision.tests == ()
    assert [each.gene for each in reading.statements] == ["CYP2C19"]
