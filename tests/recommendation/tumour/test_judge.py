"""Ordered drugs held against hand-made rows: what warns, what informs, what is silent."""

import pytest

from fhir_pgx.model.finding import Presence
from fhir_pgx.model.therapy import Provenance, TherapyDrug
from fhir_pgx.model.tumour import Atom, MarketStatus, TumourKnowledge
from fhir_pgx.model.tumour import TestFirst as FirstTest
from fhir_pgx.recommendation.tumour import Findings, TumourRules, board_of, cautions_of, judge
from fhir_pgx.recommendation.tumour.rules import finding_words

from .made import (
    DISEASES,
    GERMLINE,
    all_of,
    any_of,
    asks,
    atom,
    cancer,
    leaf,
    marker,
    other,
    row,
    small,
)

LUNG, COLON, AML = "DOID:3908", "DOID:9256", "DOID:9119"
FDA = Provenance("FDA drug label", "FDA", "FDA-label", "made", as_of="2026-10-01")
L858R = leaf("protein", "EGFR", protein=["L858R"])
T790M = leaf("protein", "EGFR", protein=["T790M"])
INS20 = leaf("exon-insertion", "EGFR", exons=("20",), codons=(762, 823))
FQEA = leaf("protein", "EGFR", protein=["p.Ala763_Tyr764insPheGlnGluAla"])
KRAS = leaf("any-mutation", "KRAS")
G12C = leaf("protein", "KRAS", protein=["G12C"])
ALK = leaf("fusion", "*", "ALK")
G1202R = all_of(ALK, leaf("protein", "ALK", protein=["G1202R"]))
V600E = leaf("protein", "BRAF", protein=["V600E"])


def rules(*rows, **more):
    return TumourRules(TumourKnowledge(rows=rows, diseases=DISEASES, **more))


def judged(drug, held, found, node=LUNG, given=(), markers=(), **more):
    patient = cancer(node) if node else None
    partners = [TherapyDrug(name) for name in given]
    return judge(TherapyDrug(drug), held, Findings(found, markers), patient, partners, **more)


RESISTANT = {"drugs": "gefitinib", "effect": "resistant"}


@pytest.mark.parametrize(
    ("level", "doid", "indicator"),
    [
        ("guideline", LUNG, "warning"),
        ("A", LUNG, "warning"),
        ("B", LUNG, "warning"),
        ("C", LUNG, "warning"),
        ("D", LUNG, "warning"),  # nothing stronger says the opposite of this finding
        ("D", "DOID:162", "warning"),
        ("B", "DOID:3910", "warning"),  # a narrower kind than is recorded: on that condition
        ("D", "DOID:3910", "info"),
        ("A", COLON, "info"),
        ("D", COLON, "info"),
        ("FDA-label-limitation", COLON, ""),  # another disease's limitation is none here
    ],
)
def test_resistance_warns_by_its_level_and_disease(level, doid, indicator):
    held = rules(row(T790M, level=level, doid=doid, **RESISTANT))
    assert judged("gefitinib", held, [small("EGFR", "T790M")]).indicator == indicator


def test_resistance_of_one_finding_is_not_outweighed_by_a_label_on_another():
    held = rules(row(ALK, "alectinib"), row(G1202R, "alectinib", "resistant", "D", "DOID:162"))
    found = [other("fusion", "EML4", "ALK"), small("ALK", "G1202R")]
    answer = judged("alectinib", held, found)
    assert answer.indicator == "warning"
    assert [each.row.provenance.level for each in answer.favouring] == ["FDA-label"]
    assert judged("alectinib", held, found[:1]).indicator == ""


def test_weak_resistance_informs_where_a_label_says_the_opposite_of_the_same_finding():
    held = rules(row(L858R, "gefitinib"), row(L858R, level="D", **RESISTANT))
    answer = judged("gefitinib", held, [small("EGFR", "L858R")])
    assert answer.indicator == "info"
    assert answer.elsewhere[0].advice.conflicts


def test_a_conflict_shows_both_sides_the_highest_level_first_and_gives_no_verdict():
    held = rules(row(L858R, "gefitinib", level="B"), row(L858R, level="B", **RESISTANT))
    answer = judged("gefitinib", held, [small("EGFR", "L858R")])
    assert [each.advice.conflicts for each in (*answer.against, *answer.favouring)] == [True] * 2


def test_no_sensitivity_is_no_resistance():
    held = rules(row(L858R, "gefitinib", "no-sensitivity", "B"))
    answer = judged("gefitinib", held, [small("EGFR", "L858R")])
    assert (answer.indicator, answer.against) == ("", ())


def test_an_exact_row_goes_before_the_class_it_belongs_to():
    held = rules(row(INS20, level="B", **RESISTANT), row(FQEA, "gefitinib", "sensitive", "D"))
    answer = judged("gefitinib", held, [small("EGFR", "p.Ala763_Tyr764insPheGlnGluAla")])
    assert answer.indicator == "info"
    assert answer.elsewhere[0].is_overridden
    another = judged("gefitinib", held, [small("EGFR", "p.Asp770_Asn771insGly")])
    assert another.indicator == "warning"


def test_a_label_is_never_overridden_by_an_exact_row():
    held = rules(row(INS20, "gefitinib", "not-indicated", "FDA-label-limitation"),
                 row(FQEA, "gefitinib", "sensitive", "D"))  # fmt: skip
    found = [small("EGFR", "p.Ala763_Tyr764insPheGlnGluAla")]
    assert judged("gefitinib", held, found).indicator == "warning"


LIMIT = {"drugs": "cetuximab", "effect": "not-indicated", "level": "FDA-label-limitation"}
LIFTED = {"unless_with": (TherapyDrug("adagrasib"),), "unless_profile": G12C}


@pytest.mark.parametrize(
    ("found", "given", "indicator"),
    [
        (["G12D"], [], "warning"),
        (["G12C"], [], "warning"),
        (["G12C"], ["adagrasib"], ""),
        (["G12D"], ["adagrasib"], "warning"),
        (["G12C", "G12D"], ["adagrasib"], "warning"),  # the other mutation stands
    ],
)
def test_a_limitation_is_lifted_by_its_partner_for_its_finding_alone(found, given, indicator):
    held = rules(
        row(KRAS, doid=COLON, **LIMIT, **LIFTED), row(G12C, ["adagrasib", "cetuximab"], doid=COLON)
    )
    changes = [small("KRAS", each) for each in found]
    assert judged("cetuximab", held, changes, COLON, given).indicator == indicator


def test_a_drug_that_the_label_names_in_combination_alone_is_told_where_its_partner_is_missing():
    held = rules(row(V600E, ["encorafenib", "cetuximab"], doid=COLON))
    alone = judged("encorafenib", held, [small("BRAF", "V600E")], COLON)
    assert alone.indicator == "info"
    assert alone.only_with
    pair = judged("encorafenib", held, [small("BRAF", "V600E")], COLON, ["cetuximab"])
    assert (pair.indicator, len(pair.favouring)) == ("", 1)


def test_a_row_on_a_combination_says_nothing_of_one_drug_alone():
    held = rules(row(V600E, ["vemurafenib", "cetuximab"], "resistant", "B", COLON))
    found = [small("BRAF", "V600E")]
    assert judged("vemurafenib", held, found, COLON).indicator == ""
    assert judged("vemurafenib", held, found, COLON, ["cetuximab"]).indicator == "warning"


def test_the_agnostic_row_holds_for_any_cancer_save_those_it_leaves_out():
    held = rules(
        row(V600E, ["dabrafenib", "trametinib"], doid="DOID:162", disease="Solid tumor (any)",
            excluded=(COLON,)),
        row(V600E, ["dabrafenib", "trametinib"], "not-indicated", "FDA-label-limitation", COLON),
    )  # fmt: skip
    findings = Findings([small("BRAF", "V600E")])
    assert len(board_of(held, findings, cancer("DOID:1612")).options) == 1
    for node in (COLON, "DOID:219", AML):
        assert board_of(held, Findings([small("BRAF", "V600E")]), cancer(node)).options == ()
    both = judged("dabrafenib", held, [small("BRAF", "V600E")], COLON, ["trametinib"])
    assert both.indicator == "warning"


def test_another_cancers_label_is_shown_apart_and_never_as_an_option():
    held = rules(row(V600E, "vemurafenib", doid="DOID:1909"))
    board = board_of(held, Findings([small("BRAF", "V600E")]), cancer("DOID:1612"))
    assert (board.options, len(board.elsewhere)) == ((), 1)
    assert board.elsewhere[0].rows[0].advice.tier == "AMP II-C, ESCAT III"


@pytest.mark.parametrize(
    ("node", "part", "fit"),
    [
        ("DOID:3910", "options", "same"),  # an adenocarcinoma is a non-small cell carcinoma
        (LUNG, "options", "same"),
        ("DOID:1324", "conditional", "unknown"),  # lung cancer, of which kind is not recorded
        (None, "conditional", "unknown"),
        (COLON, "elsewhere", "other"),
    ],
)
def test_the_disease_decides_where_a_row_stands(node, part, fit):
    held = rules(row(L858R, "osimertinib"))
    board = board_of(held, Findings([small("EGFR", "L858R")]), cancer(node) if node else None)
    (option,) = getattr(board, part)
    assert option.rows[0].fit == fit
    if fit == "unknown":
        assert "the cancer is lung non-small cell carcinoma" in option.rows[0].advice.needs


def test_case_reports_stand_apart_and_preclinical_rows_are_counted_alone():
    held = rules(
        row(L858R, "one", level="C"), row(L858R, "two", level="D"), row(L858R, "three", level="E")
    )
    board = board_of(held, Findings([small("EGFR", "L858R")]), cancer(LUNG))
    assert (board.options, len(board.limited), board.hidden) == ((), 1, 2)


def test_rows_on_the_same_drugs_are_one_option_with_several_sources():
    held = rules(
        row(L858R, "osimertinib", level="FDA-CDx"), row(L858R, "osimertinib"),
        row(L858R, "osimertinib", level="A"), row(T790M, "osimertinib", "resistant", "C"),
    )  # fmt: skip
    found = [small("EGFR", "L858R"), small("EGFR", "T790M")]
    board = board_of(held, Findings(found), cancer(LUNG))
    (option,) = board.options
    assert [each.row.provenance.level for each in option.rows] == ["FDA-CDx", "FDA-label", "A"]
    assert [each.row.provenance.level for each in option.against] == ["C"]


def test_weaker_evidence_on_the_very_same_finding_does_not_take_an_option_away():
    held = rules(row(L858R, "osimertinib"), row(L858R, "osimertinib", "resistant", "D"))
    board = board_of(held, Findings([small("EGFR", "L858R")]), cancer(LUNG))
    (option,) = board.options
    assert option.against == ()
    assert option.rows[0].advice.conflicts


def test_a_label_on_a_condition_is_not_hidden_by_a_study():
    held = rules(
        row(L858R, "olaparib", level="B", doid="DOID:162"), row(L858R, "olaparib", doid="DOID:3910")
    )
    board = board_of(held, Findings([small("EGFR", "L858R")]), cancer(LUNG))
    assert (len(board.options), len(board.conditional)) == (1, 1)


@pytest.mark.parametrize(
    ("found", "codes"),
    [
        (small("TP53", "R175H"), {"PGX-703"}),
        (small("TP53", "R175H", specimen="plasma"), {"PGX-703", "PGX-704"}),
        (small("DNMT3A", "R882H", specimen="plasma"), {"PGX-704"}),
        (small("DNMT3A", "R882H", specimen="blood"), set()),  # of a leukaemia blood is the tumour
        (small("TP53", "R175H", significance="uncertain"), set()),
        (small("BRCA2", "R2336H", significance="pathogenic", source_class=GERMLINE), set()),
        (small("EGFR", "L858R"), set()),
    ],
)
def test_what_may_be_inherited_or_of_the_marrow_is_told(found, codes):
    assert {caveat.code for caveat in cautions_of([found])} == codes


def test_a_withdrawn_drug_is_no_option_and_its_order_is_warned_of():
    status = MarketStatus(TherapyDrug("mobocertinib"), "", "withdrawn", "2024", True, FDA)
    held = rules(row(INS20, "mobocertinib", level="A"), market=(status,))
    found = [small("EGFR", "p.Asp770_Asn771insGly")]
    assert board_of(held, Findings(found), cancer(LUNG)).options == ()
    assert judged("mobocertinib", held, found).indicator == "warning"


def test_a_withdrawn_indication_bars_its_disease_alone():
    status = MarketStatus(
        TherapyDrug("pralsetinib"), "", "withdrawn", "", True, FDA, doids=("DOID:1909",)
    )
    held = rules(row(L858R, "pralsetinib"), market=(status,))
    assert len(board_of(held, Findings([small("EGFR", "L858R")]), cancer(LUNG)).options) == 1
    assert judged("pralsetinib", held, [], "DOID:1909").indicator == "warning"
    assert judged("pralsetinib", held, []).indicator == ""


def test_contraindication_alone_is_critical():
    held = rules(row(L858R, "gefitinib", "contraindicated", "FDA-label-limitation"))
    answer = judged("gefitinib", held, [small("EGFR", "L858R")])
    assert answer.indicator == "critical"
    assert answer.against[0].advice.serious


NRAS = FirstTest(
    TherapyDrug("cetuximab"), COLON,
    (("NRAS", (Atom("any-mutation", "NRAS mutation", ("NRAS",)),)),), "unknown RAS", FDA,
)  # fmt: skip


@pytest.mark.parametrize(
    ("found", "node", "asked"),
    [
        ([], COLON, True),
        ([small("KRAS", "G12D")], COLON, True),
        ([other("any", "NRAS", presence=Presence.ABSENT)], COLON, False),
        ([small("NRAS", "Q61K")], COLON, False),
        ([other("any", "NRAS", presence=Presence.ABSENT, specimen="plasma")], COLON, True),
        ([other("any", "NRAS", presence=Presence.NO_CALL)], COLON, True),
        ([other("any", "NRAS", presence=Presence.ABSENT, source_class=GERMLINE)], COLON, True),
        ([], LUNG, False),  # another cancer than the label's
        ([], None, True),  # no cancer recorded: on that condition
    ],
)
def test_a_result_that_the_label_asks_for_comes_first(found, node, asked):
    answer = judged("cetuximab", rules(tests_first=(NRAS,)), found, node)
    assert bool(answer.missing) is asked
    if asked:
        assert answer.missing[0].fit == ("same" if node else "unknown")


def test_no_test_is_asked_for_where_the_drug_is_not_to_be_given_anyway_or_is_taken_already():
    held = rules(row(KRAS, doid=COLON, **LIMIT), tests_first=(NRAS,))
    assert judged("cetuximab", held, [small("KRAS", "G12D")], COLON).missing == ()
    assert judged("cetuximab", held, [], COLON, is_new=False).missing == ()


def test_a_finding_that_was_looked_for_and_is_not_there_is_told_of_the_drug_that_needs_it():
    test = FirstTest(
        TherapyDrug("osimertinib"), LUNG, (("EGFR", (atom("any-mutation", "EGFR"),)),), "", FDA
    )
    held = rules(row(L858R, "osimertinib"), tests_first=(test,))
    answer = judged("osimertinib", held, [other("wild-type", "EGFR")])
    assert (answer.indicator, answer.unsupported) == ("info", (test,))
    assert judged("osimertinib", held, [small("EGFR", "L858R")]).indicator == ""


def test_a_germline_label_and_a_tumour_finding_ask_for_a_germline_test():
    profile = leaf("loss-of-function", "BRCA1")
    held = rules(row(profile, "olaparib", doid="DOID:1612", origin="germline", genes=("BRCA1",)))
    found = small("BRCA1", "C61G", significance="pathogenic")
    answer = judged("olaparib", held, [found], "DOID:1612")
    assert (answer.indicator, answer.favouring, len(answer.near)) == ("info", (), 1)
    germline = small("BRCA1", "C61G", significance="pathogenic", source_class=GERMLINE)
    assert judged("olaparib", held, [germline], "DOID:1612").indicator == ""


def test_a_companion_entry_yields_to_a_label_that_asks_for_more():
    pdl1 = asks("PD-L1", at_least=50, scale="TPS")
    no_egfr = all_of(pdl1, leaf("wild-type", "EGFR"))
    held = rules(row(pdl1, "cemiplimab", level="FDA-CDx"), row(no_egfr, "cemiplimab"))
    markers = [marker("PD-L1", number=60, scale="TPS")]
    with_egfr = board_of(held, Findings([small("EGFR", "L858R")], markers), cancer(LUNG))
    assert with_egfr.options == ()
    without = board_of(held, Findings([other("wild-type", "EGFR")], markers), cancer(LUNG))
    assert len(without.options) == 1


def test_a_conjugate_is_not_the_antibody_in_it():
    held = rules(row(L858R, "trastuzumab", "resistant", "A"), row(L858R, "trastuzumab deruxtecan"))
    found = [small("EGFR", "L858R")]
    for name in ("fam-trastuzumab deruxtecan-nxki 100 MG Injection", "Enhertu"):
        assert judged(name, held, found).indicator == ""
    assert judged("trastuzumab", held, found).indicator == "warning"
    assert judged("trastuzumab 420 MG Injection", held, found).indicator == "warning"
    assert judged("trastuzumab something", held, found).indicator == ""


def test_uncertain_findings_bring_no_option_and_no_warning():
    held = rules(row(L858R, "osimertinib"), row(T790M, **RESISTANT))
    found = [small("EGFR", "L858R", significance="uncertain"),
             small("EGFR", "T790M", significance="uncertain")]  # fmt: skip
    board = board_of(held, Findings(found), cancer(LUNG))
    assert (board.options, board.resistance) == ((), ())
    assert judged("gefitinib", held, found).indicator == ""


def test_either_of_two_findings_gives_one_line():
    held = rules(row(any_of(L858R, T790M), "osimertinib"))
    board = board_of(held, Findings([small("EGFR", "L858R"), small("EGFR", "T790M")]), cancer(LUNG))
    assert board.options[0].rows[0].advice.finding == "EGFR L858R, EGFR T790M"


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (small("BRAF", "p.Val600Glu"), "BRAF p.Val600Glu"),
        (other("any", "BRAF", presence=Presence.ABSENT, label="BRAF mutation"),
         "no BRAF mutation found"),
        (other("fusion", "EML4", "ALK", presence=Presence.ABSENT), "no EML4::ALK fusion found"),
    ],
)  # fmt: skip
def test_a_negative_that_decides_is_told_as_one(found, words):
    """`Not indicated with BRAF mutation` would say the opposite of what was found."""
    assert finding_words([found]) == words
