"""Long-QT genes and QT-prolonging drugs: how loud each pair is told."""

import re
from datetime import date
from decimal import Decimal

import pytest

from fhir_pgx.knowledge.inherited import load_inherited
from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.model.finding import SourceClass
from fhir_pgx.model.patient import NOBODY, Measurement, PatientContext
from fhir_pgx.recommendation.inherited import InheritedBook, hazards_of
from tests.recommendation.inherited.findings import changed, drug, finding, known

KNOWLEDGE = load_inherited(HERE)
BOOK = InheritedBook(KNOWLEDGE)
TODAY = date(2026, 11, 23)
# Where the label only warns of the interval, the gene's guideline has the drug avoided.
TOLD = {
    "contraindicated": ("critical", "contraindicated"),
    "avoid": ("warning", "avoid"),
    "caution": ("warning", "avoid"),
}
# What makes each gene's finding one of long QT syndrome.
GENES = {
    "KCNQ1": {}, "KCNH2": {}, "CALM1": {}, "CALM2": {}, "CALM3": {}, "KCNJ2": {},
    "TRDN": {"zygosity": "homozygous"},
    "SCN5A": {"conditions": ("Long QT syndrome 3",)},
}  # fmt: skip


def qtc(value, when="2026-11-20"):
    return PatientContext(qtc=Measurement(Decimal(value), "ms", when))


def of(name, *findings, patient=NOBODY, **members):
    """What the QT row says of a drug; other hazards of the same drug aside."""
    found = hazards_of((drug(name),), BOOK, known(*findings, **members), patient, TODAY)
    return [each for each in found if re.match(r"QT-hand|.*/qt$", each.advice.provenance.id)]


@pytest.mark.parametrize("qt", KNOWLEDGE.qt_drugs, ids=lambda qt: qt.drug.name)
@pytest.mark.parametrize("gene", GENES)
def test_a_pathogenic_finding_is_avoided_at_least_and_as_loud_as_the_label(gene, qt):
    (judged,) = of(qt.drug.name, finding(gene, **GENES[gene]))
    assert (judged.alarm, judged.advice.effect) == TOLD[qt.in_lqts]
    assert judged.advice.provenance.by_hand


def test_a_label_that_only_warns_is_not_said_to_have_the_drug_avoided():
    (judged,) = of("haloperidol", finding("KCNH2"))
    advice = judged.advice
    assert (advice.provenance.source, advice.provenance.id) == (
        "AHA/ACC/HRS 2017; ESC 2022",
        "CARD-hand:009/qt",
    )
    assert "the label warns of QT prolongation" in advice.summary
    assert "FDA-label, QT-hand:haloperidol" in advice.summary


@pytest.mark.parametrize("qt", KNOWLEDGE.qt_drugs, ids=lambda qt: qt.drug.name)
@pytest.mark.parametrize("gene", GENES)
@pytest.mark.parametrize("significance", ["uncertain", "conflicting"])
def test_an_uncertain_variant_is_information_at_most_and_none_beside_a_mild_drug(
    gene, qt, significance
):
    unsure = finding(gene, significance=significance, **GENES[gene])
    found = of(qt.drug.name, unsure, patient=qtc(560))
    assert [each.alarm for each in found] == ([] if qt.in_lqts == "caution" else ["info"])
    assert all(each.advice.effect == "unknown" and not each.advice.serious for each in found)


@pytest.mark.parametrize("gene", GENES)
@pytest.mark.parametrize("significance", ["benign", "likely-benign", ""])
def test_a_benign_or_unclassified_variant_says_nothing(gene, significance):
    assert of("sotalol", finding(gene, significance=significance, **GENES[gene])) == []


@pytest.mark.parametrize(
    ("findings", "alarm"),
    [
        ([finding("TRDN")], None),  # a carrier
        ([finding("TRDN", number=1), finding("TRDN", "p.Gly7Asp", 2)], "warning"),  # phase open
        ([finding("SCN5A")], "warning"),  # gain of function not stated
        ([finding("SCN5A", "p.Arg34Ter")], None),  # a loss: Brugada, not long QT
        ([finding("SCN5A", conditions=("Brugada syndrome",))], None),
        ([finding("KCNE1", "p.Asp85Asn", significance="")], "info"),
        ([finding("KCNE1", "p.Asp85Asn", significance="risk")], "info"),
        ([finding("KCNE1", "p.Asp85Asn", significance="benign")], None),
        ([finding("KCNE1", "p.Trp87Arg")], None),  # KCNE1 is no long-QT gene of the table
        ([finding("KCNE1", "p.Asp85Asn", significance=""), finding("KCNH2")], "critical"),
        ([], None),
    ],
)
def test_sotalol_with_what_is_less_than_certain(findings, alarm):
    found = of("sotalol", *findings)
    assert (found[0].alarm if found else None) == alarm


def test_a_risk_modifier_says_nothing_beside_a_mild_drug_and_no_qtc_raises_it():
    modifier = finding("KCNE1", "p.Asp85Asn", significance="")
    assert of("azithromycin", modifier) == []
    (judged,) = of("sotalol", modifier, patient=qtc(540))
    assert (judged.alarm, judged.advice.effect) == ("info", "caution")


@pytest.mark.parametrize(
    ("name", "patient", "alarm"),
    [
        ("azithromycin", NOBODY, "warning"),
        ("azithromycin", qtc(499), "warning"),
        ("azithromycin", qtc(500), "critical"),
        ("azithromycin", qtc(520, "2026-06-01"), "warning"),  # too old to weigh
        ("azithromycin", qtc(520, ""), "warning"),  # nobody knows when
        ("ondansetron", qtc(500), "critical"),
        ("sotalol", qtc(500), "critical"),  # there is nothing louder
        ("ribociclib", qtc(449), "warning"),
        ("ribociclib", qtc(450), "critical"),  # its own label's figure
    ],
)
def test_a_long_qtc_raises_what_the_finding_says_by_one_step(name, patient, alarm):
    (judged,) = of(name, finding("KCNH2"), patient=patient)
    assert judged.alarm == alarm


@pytest.mark.parametrize("qt", KNOWLEDGE.qt_drugs, ids=lambda qt: qt.drug.name)
def test_a_qtc_and_a_heart_rate_alone_say_nothing(qt):
    rate = Measurement(Decimal(38), "/min", "2026-11-20")
    long = Measurement(Decimal(560), "ms", "2026-11-20")
    assert of(qt.drug.name, patient=PatientContext(qtc=long, heart_rate=rate)) == []


def test_a_qtc_raises_nothing_that_is_only_possible():
    (judged,) = of("ondansetron", finding("SCN5A"), patient=qtc(540))
    assert (judged.alarm, judged.state) == ("info", "possible")


def test_the_patients_own_long_qt_tells_what_a_variant_of_scn5a_does():
    (judged,) = of("sotalol", finding("SCN5A"), conditions=["long qt"])
    assert (judged.alarm, judged.state) == ("critical", "met")


def test_of_two_long_qt_genes_each_is_told_once():
    found = of("sotalol", finding("KCNQ1"), finding("KCNH2"))
    assert sorted(each.advice.genes for each in found) == [("KCNH2",), ("KCNQ1",)]


def test_a_variant_of_unknown_source_says_so():
    (unsure,) = changed([finding("KCNH2")], source_class=SourceClass.UNKNOWN)
    (judged,) = of("sotalol", unsure)
    assert "PGX-800" in [caveat.code for caveat in judged.advice.caveats]
