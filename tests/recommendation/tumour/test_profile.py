"""Each kind of thing that a row asks for, against what a report may say."""

import pytest

from fhir_pgx.recommendation.tumour import Findings
from fhir_pgx.recommendation.tumour.profile import evaluate

from .made import (
    ABSENT,
    GERMLINE,
    NO_CALL,
    UNKNOWN,
    all_of,
    any_of,
    asks,
    leaf,
    marker,
    none_of,
    origin,
    other,
    small,
)

EX19 = {"exons": ("19",), "codons": (729, 761)}
EX20 = {"exons": ("20",), "codons": (762, 823)}
G12C = leaf("protein", "KRAS", protein=["G12C"])
EX2 = leaf("exon-mutation", "KRAS", exons=("2",), codons=(1, 37))
T790M = leaf("protein", "EGFR", protein=["T790M"])
DEL19 = leaf("exon-deletion", "EGFR", **EX19)
INS20 = leaf("exon-insertion", "EGFR", **EX20)
V600 = leaf("codon", "BRAF", protein=["p.Val600"])
SKIP14 = leaf("exon-skipping", "MET", exons=("14",))
ALK = leaf("fusion", "*", "ALK")
PAIR = leaf("fusion", "EML4", "ALK")
NTRK = leaf("fusion", "NTRK1", "*")
LOF = leaf("loss-of-function", "BRCA1", "BRCA2")
ANY = leaf("any-mutation", "EGFR")
WT = leaf("wild-type", "KRAS")
AMP = leaf("amplification", "ERBB2")
ITD = leaf("internal-duplication", "FLT3")


@pytest.mark.parametrize(
    ("profile", "found", "truth"),
    [
        # one exact change
        (T790M, [small("EGFR", "T790M")], "met"),
        (T790M, [small("EGFR", "p.(Thr790Met)")], "met"),
        (T790M, [small("EGFR", "L858R")], "unknown"),  # not mentioned is not negative
        (T790M, [small("EGFR", "T790M", ABSENT)], "not-met"),
        (T790M, [small("EGFR", "T790M", ABSENT, specimen="plasma")], "unknown"),
        (T790M, [small("EGFR", "T790M", NO_CALL)], "unknown"),
        # a negative of tissue on one change lends no weight to one of plasma on another
        (
            T790M,
            [small("EGFR", "T790M", ABSENT, specimen="plasma"), small("EGFR", "L858R", ABSENT)],
            "unknown",
        ),
        (T790M, [other("wild-type", "EGFR")], "not-met"),
        (T790M, [small("EGFR", "T790M", specimen="plasma")], "met"),
        (T790M, [small("EGFR", "T790M", significance="benign")], "unknown"),
        (T790M, [small("EGFR", "T790M", significance="uncertain")], "unknown"),
        # an enumerated list is no class: BRAF V600K is none of `V600E`
        (leaf("protein", "BRAF", protein=["V600E"]), [small("BRAF", "V600K")], "unknown"),
        (leaf("protein", "BRAF", protein=["V600E", "V600K"]), [small("BRAF", "V600K")], "met"),
        (leaf("protein", "BRAF", protein=["V600E"]), [small("BRAF", "p.Val600")], "unknown"),
        (leaf("protein", "PIK3CA", protein=["H1047R"]), [small("PIK3CA", "H1047Q")], "unknown"),
        # a codon
        (V600, [small("BRAF", "V600K")], "met"),
        (V600, [small("BRAF", "p.Val600")], "met"),
        (V600, [small("BRAF", "K601E")], "unknown"),
        (V600, [small("BRAF", "p.Val600_Lys601delinsGlu")], "met"),
        (leaf("codon", "IDH1", protein=["p.Arg132"]), [small("IDH1", "R132H")], "met"),
        # EGFR exon 19: in-frame deletions inside 729 to 761, never a missense by its place
        (DEL19, [small("EGFR", "p.Glu746_Ala750del")], "met"),
        (DEL19, [small("EGFR", "p.Leu747_Pro753delinsSer")], "met"),
        (DEL19, [small("EGFR", "G735S")], "unknown"),
        (DEL19, [small("EGFR", "p.Glu746fs")], "unknown"),
        (DEL19, [small("EGFR", "p.Ile740_Lys745dup")], "unknown"),
        (DEL19, [other("exon-deletion", "EGFR", exons=("19",))], "met"),
        (DEL19, [other("exon-deletion", "EGFR", exons=("4",))], "unknown"),
        # exon 20: what lengthens, inside 762 to 823
        (INS20, [small("EGFR", "p.Asp770_Asn771insGly")], "met"),
        (INS20, [small("EGFR", "p.Ala763_Tyr764insPheGlnGluAla")], "met"),
        (INS20, [small("EGFR", "p.Ser768_Asp770dup")], "met"),
        (INS20, [small("EGFR", "p.Asp770delinsGlyTyr")], "met"),
        (INS20, [small("EGFR", "T790M")], "unknown"),
        (INS20, [small("EGFR", "S768I")], "unknown"),
        (
            INS20,
            [other("variant", "EGFR", exons=("20",), consequences=("inframe_insertion",))],
            "met",
        ),
        # an exon's mutation: any small change in it, or one stated with it
        (EX2, [small("KRAS", "G12D")], "met"),
        (EX2, [small("KRAS", "Q61H")], "unknown"),
        (EX2, [other("any", "KRAS", exons=("2",))], "met"),
        (EX2, [other("any", "KRAS", exons=("3",))], "unknown"),
        (EX2, [other("any", "KRAS", presence=ABSENT)], "not-met"),
        (EX2, [other("any", "KRAS", presence=ABSENT, exons=("2",))], "not-met"),
        (EX2, [other("any", "KRAS", presence=ABSENT, exons=("3",))], "unknown"),
        (EX2, [small("KRAS", "G12D", significance="uncertain")], "unknown"),
        # MET exon 14
        (SKIP14, [other("exon-skipping", "MET", exons=("14",))], "met"),
        (SKIP14, [other("variant", "MET", coding="c.3028+1G>T")], "met"),
        (SKIP14, [other("variant", "MET", coding="c.3082+2T>C")], "met"),
        (SKIP14, [other("variant", "MET", coding="c.3028+40G>T")], "unknown"),
        (SKIP14, [small("MET", "T992I")], "unknown"),
        # a missense change in a range of codons
        (leaf("codons", "ESR1", codons=(310, 547)), [small("ESR1", "D538G")], "met"),
        (leaf("codons", "ESR1", codons=(310, 547)), [small("ESR1", "p.Tyr537fs")], "unknown"),
        (leaf("codons", "ESR1", codons=(310, 547)), [small("ESR1", "K303R")], "unknown"),
        # any mutation
        (ANY, [small("EGFR", "L62R")], "met"),
        (ANY, [small("EGFR", "L62R", significance="uncertain")], "unknown"),
        (ANY, [small("EGFR", "L62R", significance="likely-benign")], "unknown"),
        (ANY, [small("EGFR", "p.Gln787=")], "unknown"),
        (ANY, [other("amplification", "EGFR")], "unknown"),
        (ANY, [other("variant", "EGFR", is_resolved=False)], "unknown"),
        (ANY, [other("any", "EGFR", presence=ABSENT)], "not-met"),
        (ANY, [other("any", "EGFR", presence=ABSENT, specimen="plasma")], "unknown"),
        (ANY, [], "unknown"),
        (
            leaf("codon-excluded", "BRAF", protein=["p.Val600"]),
            [small("BRAF", "G469A")],
            "met",
        ),
        (
            leaf("codon-excluded", "BRAF", protein=["p.Val600"]),
            [small("BRAF", "V600E")],
            "unknown",
        ),
        # activation: by the report's word, never by the place
        (leaf("activating", "ERBB2"), [small("ERBB2", "S310F")], "unknown"),
        (
            leaf("activating", "ERBB2"),
            [small("ERBB2", "S310F", consequences=("gain_of_function_variant",))],
            "met",
        ),
        (leaf("kinase-domain", "ERBB2"), [small("ERBB2", "V777L")], "unknown"),
        (leaf("kinase-domain", "FLT3", protein=["p.Asp835"]), [small("FLT3", "D835Y")], "met"),
        # loss of function
        (LOF, [small("BRCA2", "p.Ser1982fs", is_lof=True)], "met"),
        (LOF, [small("BRCA1", "C61G", significance="pathogenic")], "met"),
        (LOF, [small("BRCA1", "C61G")], "unknown"),
        (LOF, [small("BRCA1", "C61G", significance="uncertain")], "unknown"),
        (LOF, [other("exon-deletion", "BRCA1", exons=("13",))], "met"),
        (LOF, [other("any", "BRCA1", presence=ABSENT)], "unknown"),  # BRCA2 was not looked at
        (
            LOF,
            [other("any", "BRCA1", presence=ABSENT), other("any", "BRCA2", presence=ABSENT)],
            "not-met",
        ),
        # wild type: an explicit negative of tissue
        (WT, [other("wild-type", "KRAS")], "met"),
        (WT, [other("any", "KRAS", presence=ABSENT)], "met"),
        (WT, [other("any", "KRAS", presence=ABSENT, specimen="plasma")], "unknown"),
        (WT, [other("any", "KRAS", presence=ABSENT, specimen="")], "unknown"),
        (WT, [other("any", "KRAS", presence=ABSENT, source_class=GERMLINE)], "unknown"),
        (WT, [small("KRAS", "G12D", ABSENT)], "unknown"),  # one change is not all
        (WT, [small("KRAS", "G12D")], "not-met"),
        (WT, [other("wild-type", "KRAS"), small("KRAS", "G12D")], "not-met"),
        (WT, [], "unknown"),
        # copies
        (AMP, [other("amplification", "ERBB2")], "met"),
        (AMP, [other("gain", "ERBB2")], "not-met"),
        (AMP, [small("ERBB2", "S310F")], "unknown"),
        (AMP, [other("amplification", "ERBB2", presence=ABSENT)], "not-met"),
        (leaf("copy-loss", "PTEN"), [other("loss", "PTEN")], "met"),
        (leaf("copy-loss", "PTEN"), [small("PTEN", "R130*", is_lof=True)], "unknown"),
        # fusions
        (ALK, [other("fusion", "EML4", "ALK")], "met"),
        (ALK, [other("fusion", "ALK", "EML4")], "met"),
        (ALK, [other("rearrangement", "ALK")], "met"),
        (ALK, [small("ALK", "F1174L")], "unknown"),
        (ALK, [other("fusion", "ALK", presence=ABSENT)], "not-met"),
        (ALK, [other("fusion", "EML4", "ALK", presence=ABSENT)], "unknown"),
        (ALK, [other("fusion", "ALK", presence=ABSENT, specimen="plasma")], "unknown"),
        (ALK, [other("any", "ALK", presence=ABSENT)], "unknown"),
        (PAIR, [other("fusion", "ALK", "EML4")], "met"),
        (PAIR, [other("fusion", "KIF5B", "ALK")], "unknown"),
        (PAIR, [other("rearrangement", "ALK")], "unknown"),
        (NTRK, [other("fusion", "ETV6", "NTRK3")], "unknown"),
        (NTRK, [small("NTRK1", "G595R")], "unknown"),
        (leaf("fusion", "v", "NTRK3"), [other("fusion", "ETV6", "NTRK3")], "met"),
        (ITD, [other("internal-duplication", "FLT3")], "met"),
        (ITD, [small("FLT3", "D835Y")], "unknown"),
        (ITD, [other("any", "FLT3", presence=ABSENT, specimen="marrow")], "not-met"),
        (
            leaf("splice-form", "EGFR"),
            [other("splice-form", "EGFR", label="EGFRvIII")],
            "unknown",  # the atom here names no form
        ),
    ],
)
def test_an_atom_is_met_denied_or_unknown(profile, found, truth):
    assert evaluate(profile, Findings(found)).truth == truth


@pytest.mark.parametrize(
    ("found", "row_origin", "truth"),
    [
        (small("BRCA1", "C61G", significance="pathogenic", source_class=GERMLINE), "germline",
         "met"),
        (small("BRCA1", "C61G", significance="pathogenic"), "germline", "unknown"),
        (small("BRCA1", "C61G", significance="pathogenic", source_class=UNKNOWN), "germline",
         "unknown"),
        (small("BRCA1", "C61G", significance="pathogenic"), "either", "met"),
        (small("BRCA1", "C61G", significance="pathogenic", source_class=GERMLINE), "either",
         "met"),
        (small("BRCA1", "C61G", significance="pathogenic", source_class=GERMLINE), "somatic",
         "unknown"),
        (small("BRCA1", "C61G", significance="pathogenic", source_class=UNKNOWN), "somatic",
         "met"),
    ],
)  # fmt: skip
def test_germline_and_somatic_rows_ask_for_their_own(found, row_origin, truth):
    outcome = evaluate(leaf("loss-of-function", "BRCA1"), Findings([found]), row_origin)
    assert outcome.truth == truth


def test_a_somatic_brca_asks_for_a_germline_test_and_does_not_stand_for_one():
    found = small("BRCA1", "C61G", significance="pathogenic")
    outcome = evaluate(leaf("loss-of-function", "BRCA1"), Findings([found]), "germline")
    assert "germline test would have to confirm" in outcome.why[0]


MET, KRAS = leaf("amplification", "MET"), leaf("any-mutation", "KRAS")


@pytest.mark.parametrize(
    ("profile", "found", "truth"),
    [
        (all_of(MET, none_of(KRAS)), [other("amplification", "MET")], "unknown"),
        (
            all_of(MET, none_of(KRAS)),
            [other("amplification", "MET"), other("wild-type", "KRAS")],
            "met",
        ),
        (
            all_of(MET, none_of(KRAS)),
            [other("amplification", "MET"), other("any", "KRAS", presence=ABSENT,
             specimen="plasma")],
            "unknown",
        ),
        (all_of(MET, none_of(KRAS)), [other("amplification", "MET"), small("KRAS", "G12D")],
         "not-met"),
        (all_of(ALK, T790M), [small("EGFR", "T790M")], "unknown"),
        (any_of(ALK, T790M), [small("EGFR", "T790M")], "met"),
        (any_of(ALK, T790M), [other("wild-type", "EGFR")], "unknown"),
        (any_of(T790M, ANY), [other("wild-type", "EGFR")], "not-met"),
        (none_of(leaf("protein", "KIT", protein=["D816V"])), [], "unknown"),
        (none_of(leaf("protein", "KIT", protein=["D816V"])), [small("KIT", "D816V", ABSENT,
         specimen="marrow")], "met"),
        (none_of(leaf("protein", "KIT", protein=["D816V"])), [small("KIT", "D816V")], "not-met"),
    ],
)  # fmt: skip
def test_and_or_not_keep_the_unknown(profile, found, truth):
    assert evaluate(profile, Findings(found)).truth == truth


IHC = "HER2-IHC"


@pytest.mark.parametrize(
    ("markers", "positive", "low"),
    [
        ([marker(IHC, number=3)], "met", "not-met"),
        ([marker(IHC, "positive")], "met", "not-met"),
        ([marker(IHC, number=2)], "unknown", "unknown"),
        ([marker(IHC, number=2), marker("HER2-ISH", "negative")], "not-met", "met"),
        ([marker(IHC, number=2), marker("HER2-ISH", "positive")], "met", "not-met"),
        ([marker(IHC, number=2), marker("HER2-ISH", number="2.4", copies="5.1")], "met",
         "not-met"),
        ([marker(IHC, number=2), marker("HER2-ISH", number="2.4", copies="3.1")], "unknown",
         "unknown"),
        ([marker(IHC, number=2), marker("HER2-ISH", number="2.4")], "unknown", "unknown"),
        ([marker(IHC, number=2), marker("HER2-ISH", number="1.2", copies="2.9")], "not-met",
         "met"),
        ([marker(IHC, number=1)], "not-met", "met"),
        ([marker(IHC, number=0)], "not-met", "not-met"),
        ([marker(IHC, "negative")], "not-met", "unknown"),  # 0 or 1+, nobody said which
        ([marker("HER2-ISH", "positive")], "met", "not-met"),
        ([marker("HER2", "positive")], "met", "not-met"),
        ([marker("HER2", "low")], "not-met", "met"),
        ([marker(IHC, "indeterminate")], "unknown", "unknown"),
        ([], "unknown", "unknown"),
    ],
)  # fmt: skip
def test_her2_is_positive_low_or_not_known(markers, positive, low):
    findings = Findings((), markers)
    assert evaluate(asks("HER2", "positive"), findings).truth == positive
    assert evaluate(asks("HER2", "low"), findings).truth == low


@pytest.mark.parametrize(
    ("profile", "found", "truth"),
    [
        (asks("MSI", "high"), marker("MSI", "high"), "met"),
        (asks("MSI", "high"), marker("MSI", "stable"), "not-met"),
        (asks("MSI", "high"), marker("MSI", "low"), "not-met"),
        (asks("MSI", "high"), marker("MSI", "indeterminate"), "unknown"),
        (asks("MSI", "high"), marker("MSI", "stable", specimen="plasma"), "unknown"),
        (asks("MSI", "high"), marker("MMR", "deficient"), "unknown"),
        (asks("MMR", "deficient"), marker("MMR", "deficient"), "met"),
        (asks("TMB", at_least=10), marker("TMB", number=10), "met"),
        (asks("TMB", at_least=10), marker("TMB", number="9.9"), "not-met"),
        (asks("TMB", at_least=10), marker("TMB", "high", number="9.9"), "not-met"),
        (asks("TMB", at_least=10), marker("TMB", number=9, comparator=">"), "unknown"),
        (asks("TMB", at_least=10), marker("TMB", number=10, comparator=">="), "met"),
        (asks("TMB", at_least=10), marker("TMB", number=10, comparator="<"), "not-met"),
        (asks("TMB", at_least=10), marker("TMB", number=16, specimen="plasma"), "unknown"),
        (asks("TMB", at_least=10), marker("TMB", "high"), "unknown"),
        (asks("PD-L1", at_least=50, scale="TPS"), marker("PD-L1", number=60, scale="TPS"), "met"),
        (asks("PD-L1", at_least=50, scale="TPS"), marker("PD-L1", number=10, scale="TPS"),
         "not-met"),
        (asks("PD-L1", at_least=10, scale="CPS"), marker("PD-L1", number=60, scale="TPS"),
         "unknown"),
        (asks("PD-L1", at_least=1, scale="TPS"), marker("PD-L1", number=60), "unknown"),
        (asks("PD-L1", at_least=1, scale="TPS"), marker("PD-L1", "positive", scale="TPS"),
         "unknown"),
        (asks("PD-L1", "positive", at_least=1, scale="TPS"),
         marker("PD-L1", "positive", scale="TPS"), "unknown"),
        (asks("ER", "positive"), marker("ER", number=80), "met"),
        (asks("ER", "positive"), marker("ER", number="0.5"), "not-met"),
        (asks("HER2-IHC", at_least=3), marker("HER2-IHC", number=2), "not-met"),
    ],
)  # fmt: skip
def test_a_marker_is_met_denied_or_unknown(profile, found, truth):
    assert evaluate(profile, Findings((), [found])).truth == truth


@pytest.mark.parametrize(
    ("markers", "truth"),
    [
        ([marker(IHC, number=0)], "not-met"),
        ([marker(IHC, number=1)], "not-met"),
        ([marker(IHC, number=2)], "unknown"),
        ([marker(IHC, number=3)], "unknown"),  # nobody looked, and nobody needs to
        ([], "unknown"),
    ],
)
def test_an_ish_is_missing_after_two_plus_alone(markers, truth):
    assert evaluate(asks("HER2-ISH", "positive"), Findings((), markers)).truth == truth


def test_her2_amplification_is_told_by_ish_and_not_by_ihc():
    assert evaluate(AMP, Findings((), [marker("HER2-ISH", "positive")])).truth == "met"
    assert evaluate(AMP, Findings((), [marker("HER2-ISH", "negative")])).truth == "not-met"
    assert evaluate(AMP, Findings((), [marker(IHC, number=3)])).truth == "unknown"


def test_of_one_test_done_twice_the_newer_counts():
    older = marker("MSI", "stable", origin=origin("Observation/1", "2024-01-01"))
    newer = marker("MSI", "high", origin=origin("Observation/2", "2026-01-01"))
    assert evaluate(asks("MSI", "high"), Findings((), [newer, older])).truth == "met"
    assert evaluate(asks("MSI", "high"), Findings((), [older])).truth == "not-met"
    gone = small("EGFR", "T790M", ABSENT, origin=origin("Observation/2", "2026-01-01"))
    was = small("EGFR", "T790M", origin=origin("Observation/1", "2024-01-01"))
    assert evaluate(T790M, Findings([was, gone])).truth == "not-met"


def test_an_unknown_says_what_is_missing():
    plasma = other("any", "KRAS", presence=ABSENT, specimen="plasma")
    assert "no wild type" in evaluate(WT, Findings([plasma])).why[0]
    assert evaluate(WT, Findings([])).why == ()
