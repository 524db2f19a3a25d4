"""An ordered therapy held against the genotype that its label turns on; HLA; problems' words."""

import pytest

from fhir_pgx.knowledge.inherited import load_inherited
from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.model.finding import Presence
from fhir_pgx.model.patient import NOBODY, PatientContext
from fhir_pgx.recommendation.inherited import (
    InheritedBook,
    judge_hla,
    judge_order,
    named_for_findings,
    rows_for_problem,
    untested_genes,
)
from tests.recommendation.inherited.findings import copies, deletion, drug, finding, known

KNOWLEDGE = load_inherited(HERE)
BOOK = InheritedBook(KNOWLEDGE)
CHILD, TEENAGER = PatientContext(age_years=10), PatientContext(age_years=14)
SICKLE = finding("HBB", "p.Glu7Val", zygosity="homozygous")
TWO = [finding("RPE65", "p.Arg91Trp", 1), finding("RPE65", "p.Tyr368His", 2)]
TRANS = [
    finding("RPE65", "p.Arg91Trp", 1, in_trans=("Observation/RPE65-2",)),
    finding("RPE65", "p.Tyr368His", 2),
]


def judged(names, *findings, patient=NOBODY, proposed=True):
    drugs = tuple(drug(name) for name in names.split(" + "))
    found = judge_order(drugs, BOOK, known(*findings, sex=patient.sex), patient, proposed=proposed)
    return (found.alarm, found.advice.effect) if found else None


@pytest.mark.parametrize(
    ("names", "findings", "patient", "expected"),
    [
        ("voretigene neparvovec", TWO[:1], NOBODY, ("warning", "not-indicated")),
        ("voretigene neparvovec", TWO, NOBODY, ("info", "unknown")),
        ("voretigene neparvovec", TRANS, NOBODY, None),
        ("voretigene neparvovec", [], NOBODY, ("info", "test-first")),
        ("voretigene neparvovec", [finding("RPE65", significance="uncertain")], NOBODY,
         ("info", "unknown")),
        ("exagamglogene autotemcel", [SICKLE], CHILD, ("warning", "not-indicated")),
        ("exagamglogene autotemcel", [SICKLE], TEENAGER, None),
        ("exagamglogene autotemcel", [SICKLE], NOBODY, None),  # the age is not known
        ("betibeglogene autotemcel", [SICKLE], TEENAGER, ("warning", "not-indicated")),
        ("eteplirsen", [deletion(45, 50)], NOBODY, None),
        ("eteplirsen", [deletion(3, 7)], NOBODY, ("warning", "not-indicated")),
        ("eteplirsen", [deletion(43, 50)], NOBODY, ("info", "unknown")),  # the list is of examples
        ("delandistrogene moxeparvovec", [deletion(8, 17)], NOBODY,
         ("critical", "contraindicated")),
        ("delandistrogene moxeparvovec", [deletion(45, 50)], NOBODY, None),
        ("onasemnogene abeparvovec", [copies("SMN1", 0)], PatientContext(age_years=1), None),
        ("onasemnogene abeparvovec", [copies("SMN1", 0)], PatientContext(age_years=3),
         ("warning", "not-indicated")),
        ("onasemnogene abeparvovec", [copies("SMN1", 1)], NOBODY, ("warning", "not-indicated")),
        ("migalastat", [finding("GLA")], NOBODY, ("info", "unknown")),
        ("elexacaftor + tezacaftor + ivacaftor", [finding("CFTR", "p.Phe508del")], NOBODY, None),
        ("elexacaftor + tezacaftor + ivacaftor", [finding("CFTR", "p.Gly551Asp")], NOBODY,
         ("info", "unknown")),
        ("lumacaftor + ivacaftor", [finding("CFTR", "p.Phe508del")], NOBODY,
         ("warning", "not-indicated")),
        ("ivacaftor", [finding("CFTR", "p.Gly551Asp")], NOBODY, None),
        # One F508del beside a variant that the label's list may hold
        ("ivacaftor", [finding("CFTR", "p.Phe508del"), finding("CFTR", "p.Ser549Asn", 2)], NOBODY,
         ("info", "unknown")),
        ("tezacaftor + ivacaftor",
         [finding("CFTR", "p.Phe508del"), finding("CFTR", "p.Ser549Asn", 2)], NOBODY,
         ("info", "unknown")),
        ("vanzacaftor + tezacaftor + deutivacaftor", [finding("CFTR", "p.Phe508del")],
         PatientContext(age_years=5), ("warning", "not-indicated")),
        ("fidanacogene elaparvovec", [], NOBODY, ("info", "caution")),  # not sold any more
        ("colchicine", [], NOBODY, None),  # given for much else
        ("everolimus", [finding("TSC1", significance="uncertain")], NOBODY, None),
        ("tafamidis", [], NOBODY, None),  # wild type too
    ],
)  # fmt: skip
def test_an_ordered_therapy_is_held_against_the_genotype(names, findings, patient, expected):
    assert judged(names, *findings, patient=patient) == expected


def test_of_a_medicine_in_use_no_test_is_asked():
    assert judged("voretigene neparvovec", proposed=False) is None


@pytest.mark.parametrize(
    ("name", "typed", "expected"),
    [
        ("tebentafusp", {"HLA-A": ("02:01", "24:02")}, None),
        ("tebentafusp", {"HLA-A": ("02:01:01:01", "24:02")}, None),
        ("tebentafusp", {"HLA-A": ("01:01", "24:02")}, ("warning", "not-indicated")),
        ("tebentafusp", {"HLA-A": ("02:06", "24:02")}, ("warning", "not-indicated")),
        ("tebentafusp", {"HLA-A": ("02", "24:02")}, ("info", "test-first")),
        ("tebentafusp", {"HLA-A": ("02:01/02:09", "24:02")}, ("info", "test-first")),
        ("tebentafusp", {"HLA-A": ("24:02",)}, ("info", "test-first")),  # the other is not known
        ("tebentafusp", {}, ("info", "test-first")),
        ("dapsone", {"HLA-B": ("13:01", "07:02")}, ("info", "caution")),
        ("dapsone", {"HLA-B": ("13:02", "07:02")}, None),
        ("dapsone", {}, None),
        ("infliximab", {"HLA-DQA1": ("05:05", "01:02")}, ("info", "caution")),
        ("adalimumab", {"HLA-DQA1": ("05:01", "01:02")}, ("info", "caution")),
        ("minocycline", {"HLA-B": ("35:02", "07:02")}, ("info", "caution")),
        ("minocycline", {"HLA-B": ("35:01", "07:02")}, None),
    ],
)
def test_an_hla_allele_is_told_by_its_fields(name, typed, expected):
    drugs = (drug(name),)
    found = judge_hla(BOOK.hla_for(drugs), typed, {}, drugs=drugs, proposed=True)
    assert [(each.alarm, each.advice.effect) for each in found] == ([expected] if expected else [])


def test_the_alleles_of_a_group_that_are_not_meant_are_left_out():
    rows = [row for row in KNOWLEDGE.hla if row.allele == "HLA-B*27"]
    for alleles, count in ((("27:05", "07:02"), 1), (("27:06", "07:02"), 0), (("27", "07"), 1)):
        assert len(judge_hla(rows, {"HLA-B": alleles}, {}, drugs=None, proposed=False)) == count


@pytest.mark.parametrize(
    ("words", "genes"),
    [
        ("Spinal muscular atrophy, type 1", {"SMN1"}),
        ("Duchenne muscular dystrophy", {"DMD"}),
        ("Cystic fibrosis", {"CFTR"}),
        ("Marfan syndrome", {"FBN1"}),
        ("Tourette syndrome", set()),  # holds `rett`
        ("Carrier of cystic fibrosis", set()),
        ("Family history of long QT syndrome", set()),
        ("Suspected Marfan syndrome", set()),
        ("Essential hypertension", set()),
        ("Obesity", set()),  # far too many for a gene test of each
    ],
)
def test_a_problem_calls_for_the_genes_of_its_condition(words, genes):
    rows = rows_for_problem(BOOK, words)
    assert set(untested_genes(rows, known())) == genes


def test_long_qt_calls_for_its_genes_until_one_of_them_was_looked_at():
    rows = rows_for_problem(BOOK, "Long QT syndrome")
    assert {"KCNQ1", "KCNH2", "SCN5A"} <= set(untested_genes(rows, known()))
    assert untested_genes(rows, known(finding("KCNH2", significance="uncertain"))) == ()


def test_the_chart_lists_what_is_met_and_what_is_open_apart():
    found = named_for_findings(BOOK, known(*TWO), NOBODY)
    assert [(each.state, each.advice.drug) for each in found] == [
        ("possible", "voretigene neparvovec")
    ]
    found = named_for_findings(BOOK, known(SICKLE), CHILD)
    assert {each.state for each in found} == {"wrong-age"}
    assert named_for_findings(BOOK, known(TWO[0]), NOBODY) == []


def test_the_copies_of_smn2_stand_beside_the_therapies_of_smn1():
    found = named_for_findings(BOOK, known(copies("SMN1", 0), copies("SMN2", 2)), NOBODY)
    assert found[0].beside == ("SMN2 2 copies",)
    found = named_for_findings(BOOK, known(copies("SMN1", 0)), NOBODY)
    assert found[0].beside == ("SMN2: not on file",)


def test_no_withdrawn_drug_is_ever_named_as_an_option():
    found = named_for_findings(BOOK, known(SICKLE), TEENAGER)
    assert "voxelotor" not in [each.advice.drug for each in found]


@pytest.mark.parametrize(
    ("found", "effect", "says"),
    [
        ([finding("RPE65", presence=Presence.NO_CALL)], "test-first", "without an answer"),
        ([finding("RPE65", presence=Presence.INDETERMINATE)], "test-first", "without an answer"),
        ([finding("RPE65", presence=Presence.ABSENT)], "unknown", "tested, and no variant"),
        ([], "test-first", "no RPE65 result on file"),
    ],
)
def test_not_tested_not_answered_and_absent_are_three_words(found, effect, says):
    told = judge_order((drug("voretigene neparvovec"),), BOOK, known(*found), NOBODY, proposed=True)
    assert told.advice.effect == effect
    assert says in told.beside[0]


def test_two_copies_of_smn1_are_said_to_be_no_loss():
    told = judge_order((drug("risdiplam"),), BOOK, known(copies("SMN1", 2)), NOBODY, proposed=True)
    assert told.beside == ("SMN1 is not lost on both copies, which the label asks for",)


def test_care_for_two_copies_takes_the_place_of_care_for_one():
    def care(*findings):
        named = named_for_findings(BOOK, known(*findings), NOBODY)
        return [each.advice.context for each in named if each.kind == "care"]

    assert care(finding("LDLR")) == ["heterozygous familial hypercholesterolaemia"]
    assert care(finding("LDLR", zygosity="homozygous")) == [
        "homozygous familial hypercholesterolaemia"
    ]
    both = care(finding("LDLR", zygosity="homozygous"), finding("KCNH2"))
    assert "long QT syndrome type 2" in both  # of another gene: untouched


def test_a_therapy_that_names_a_class_names_its_drugs_as_alternatives():
    named = named_for_findings(BOOK, known(finding("HNF1A")), NOBODY)
    (advice,) = [each.advice for each in named]
    assert advice.any_of
    assert advice.drug.startswith("glyburide or glipizide")
