"""Which inherited findings are acted upon: every row of the lists, met and just missed."""

from dataclasses import replace
from decimal import Decimal

import pytest

from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.knowledge.risk_genes import load_risk_genes
from fhir_pgx.model.finding import Origin, Presence, SourceClass
from fhir_pgx.model.inherited import InheritedFinding, RiskMeasure
from fhir_pgx.model.patient import Condition, PatientContext
from fhir_pgx.model.precision import StatedPlan
from fhir_pgx.normalize.protein import parse_protein
from fhir_pgx.recommendation.inherited.on_file import has_plan, is_declined, is_ordered
from fhir_pgx.recommendation.inherited.prevention import (
    actionable_findings,
    by_gene,
    conflicting_findings,
    for_patient,
)

ROWS = load_risk_genes(HERE)
LISTED = by_gene(ROWS)
WOMAN = PatientContext(age_years=35, sex="female")


def finding(gene, number=1, protein="", **fields):
    given = {
        "origin": Origin(f"Observation/{number}", ""),
        "coding": f"c.{100 + number}G>A",
        "zygosity": "heterozygous",
        "significance": "pathogenic",
        "source_class": SourceClass.GERMLINE,
    } | fields
    if protein:
        given["protein"] = parse_protein(protein)
    return InheritedFinding(gene=gene, label=f"{gene} {given['coding']}", **given)


def judged(*findings, patient=WOMAN):
    return actionable_findings(findings, LISTED, patient)


def codes(found):
    return {caveat.code for caveat in found.doubts}


def typical(row):
    """A finding, or two, that the row is about."""
    fields = {}
    if row.changes:
        fields["protein"] = next(each for each in row.changes if each.startswith("p."))
    elif row.only == "truncating":
        fields |= {"protein": "p.Arg100Ter", "is_truncating": True}
    elif row.only in ("deletion", "duplication"):
        fields |= {"change": row.only, "coding": "", "exons": ("8", "9")}
    elif row.only:
        fields["protein"] = "p.Gly100Arg"
    if row.copies == "two" and row.changes:
        return (finding(row.gene, 1, zygosity="homozygous", **fields),)
    if row.copies == "two":
        one = finding(row.gene, 1, in_trans=("Observation/2",), **fields)
        return one, finding(row.gene, 2, in_trans=("Observation/1",), **fields)
    return (finding(row.gene, 1, **fields),)


def near_misses(row):
    """What differs from it in one thing that the row turns on."""
    met = typical(row)
    yield "uncertain", tuple(replace(each, significance="uncertain") for each in met)
    yield "conflicting", tuple(replace(each, significance="conflicting") for each in met)
    yield "absent", tuple(replace(each, presence=Presence.ABSENT) for each in met)
    yield "not called", tuple(replace(each, presence=Presence.NO_CALL) for each in met)
    yield "somatic", tuple(replace(each, source_class=SourceClass.SOMATIC) for each in met)
    if row.copies == "two":
        yield "one copy", (replace(met[0], zygosity="heterozygous", in_trans=()),)
    if len(met) == 2:
        cis = (replace(met[0], in_trans=(), in_cis=("Observation/2",)),
               replace(met[1], in_trans=(), in_cis=("Observation/1",)))  # fmt: skip
        yield "both on one copy", cis
    if row.changes:
        other = replace(met[0], protein=parse_protein("p.Arg999Gly"), coding="c.2995A>G")
        yield "another change", (other,)
    if row.only in ("truncating", "not-truncating", "gain-of-function"):
        turned = replace(met[0], is_truncating=not met[0].is_truncating)
        yield "the other kind of change", (turned,)
    if row.only in ("deletion", "duplication"):
        yield "a small variant", (finding(row.gene, 1, "p.Gly100Arg"),)


def test_there_are_139_rows_of_the_lists():
    assert len(ROWS) == 139


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.provenance.id)
def test_each_row_is_met_by_the_finding_it_is_about(row):
    (found,) = judged(*typical(row))
    assert row in found.rows
    assert codes(found) <= ({"PGX-839"} if row.provided else set())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.provenance.id)
def test_no_row_is_met_by_what_nearly_is_it(row):
    met = [why for why, findings in near_misses(row) if judged(*findings)]
    assert met == []


@pytest.mark.parametrize(
    ("gene", "fields", "counts"),
    [
        ("CHEK2", {"protein": "p.Ile157Thr"}, False),  # low risk
        ("CHEK2", {"coding": "c.470T>C"}, False),  # the same, by its coding name
        ("CHEK2", {"coding": "c.1100del", "is_truncating": True}, True),
        ("HFE", {"protein": "p.Cys282Tyr", "zygosity": "homozygous"}, True),
        ("HFE", {"coding": "c.845G>A", "zygosity": "homozygous", "significance": ""}, True),
        ("HFE", {"protein": "p.His63Asp", "zygosity": "homozygous"}, False),
        ("HOXB13", {"protein": "p.Gly84Glu", "significance": "risk"}, True),
        ("HOXB13", {"protein": "p.Gly84Glu", "significance": "uncertain"}, False),
        ("OTC", {"zygosity": "hemizygous"}, True),
        ("GLA", {"zygosity": "heterozygous"}, True),
        ("BRCA1", {"significance": "likely-pathogenic"}, True),
        ("BRCA1", {"significance": "oncogenic"}, False),
        ("BRCA1", {"significance": "risk"}, False),
        ("BRCA1", {"significance": ""}, False),
        ("BRCA1", {"significance": "", "is_truncating": True}, False),  # nobody called it
        ("BRCA1", {"specimen": "tissue"}, True),  # stated to be germline
        ("BRCA1", {"specimen": "tissue", "source_class": SourceClass.UNKNOWN}, False),
        ("CYP2D6", {}, False),  # of no list
    ],
)
def test_a_finding_counts_as_its_row_says(gene, fields, counts):
    fields = dict(fields)
    assert bool(judged(finding(gene, protein=fields.pop("protein", ""), **fields))) is counts


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"source_class": SourceClass.UNKNOWN}, "PGX-840"),
        ({"review": "no assertion criteria provided"}, "PGX-837"),
        ({"review": "criteria provided, conflicting classifications"}, "PGX-837"),
        ({"frequency": Decimal("0.08")}, "PGX-838"),
    ],
)
def test_what_must_be_settled_first_is_a_doubt(fields, code):
    (found,) = judged(finding("BRCA1", **fields))
    assert codes(found) == {code}


@pytest.mark.parametrize(
    "fields",
    [
        {"review": "criteria provided, single submitter"},
        {"review": "reviewed by expert panel"},
        {"frequency": Decimal("0.48")},
    ],
)
def test_what_is_settled_leaves_no_doubt(fields):
    (found,) = judged(finding("BRCA1", **fields))
    assert found.doubts == ()


def test_two_variants_of_unknown_phase_may_be_two_copies():
    (found,) = judged(finding("MUTYH", 1), finding("MUTYH", 2))
    assert len(found.findings) == 2
    assert codes(found) == {"PGX-836"}


def test_a_gain_of_function_is_shown_where_the_report_names_what_it_causes():
    named = finding(
        "PCSK9", protein="p.Asp374Tyr", conditions=("Hypercholesterolemia, familial, 3",)
    )
    (found,) = judged(named)
    assert found.doubts == ()
    (found,) = judged(replace(named, conditions=()))
    assert codes(found) == {"PGX-839"}


def test_a_gene_of_several_conditions_is_one_finding():
    (found,) = judged(finding("RET", protein="p.Met918Thr"))
    assert len(found.rows) == 3
    assert len(found.now) == 2  # the measures once


def test_a_gene_without_measures_has_none_made_up():
    (found,) = judged(finding("MYBPC3"))
    assert (found.now, found.later) == ((), ())


def test_a_conflict_is_told_apart_and_never_acted_on():
    called = finding("MLH1", significance="conflicting")
    assert judged(called) == ()
    assert conflicting_findings([called, finding("MLH1", 2)], LISTED) == (called,)


MRI = RiskMeasure("breast MRI", sex="female", from_age=25, order="MRI of the breast")
PSA = RiskMeasure("PSA", sex="male", from_age=40)
CHILD = RiskMeasure("ultrasound of the kidneys", to_age=17)


@pytest.mark.parametrize(
    ("sex", "age", "now", "later"),
    [
        ("female", 35, [MRI], []),
        ("female", 24, [], [MRI]),
        ("female", 25, [MRI], []),
        ("male", 39, [], [PSA]),
        ("male", 40, [PSA], []),
        ("female", 17, [CHILD], [MRI]),
        ("female", 18, [], [MRI]),
        ("", 50, [MRI, PSA], []),
        ("female", None, [MRI, CHILD], []),  # an age that is not known chooses nothing
    ],
)
def test_measures_are_for_the_patients_sex_and_age(sex, age, now, later):
    patient = PatientContext(age_years=age, sex=sex)
    assert for_patient((MRI, PSA, CHILD), patient) == (tuple(now), tuple(later))


def plan(kind, *words, when=""):
    return StatedPlan(kind, words, Origin("x/1", "", when=when))


@pytest.mark.parametrize(
    ("gene", "label", "state", "known"),
    [
        ("BRCA1", "BRCA1 gene mutation positive", "active", True),
        ("BRCA1", "BRCA1 gene mutation positive", "resolved", False),
        ("BRCA1", "Family history of BRCA1 mutation", "active", False),
        ("BRCA1", "BRCA1 negative", "active", False),
        ("BRCA1", "BRCA2 carrier", "active", False),
        ("BRCA1", "Malignant tumour of breast", "active", False),
        ("BRCA1", "Hereditary breast and ovarian cancer syndrome", "active", True),
        ("MSH2", "Lynch syndrome", "active", True),
        ("MSH2", "Suspected Lynch syndrome", "active", False),
        ("LDLR", "Familial hypercholesterolaemia", "active", True),
        ("LDLR", "Hypercholesterolaemia", "active", False),
        ("CDK4", "Melanoma of skin", "active", False),  # the disease is no plan
        ("ATM", "At the moment well", "active", False),  # a gene's name is in capitals
    ],
)
def test_a_problem_that_names_gene_or_syndrome_shows_that_it_is_known(gene, label, state, known):
    (found,) = judged(finding(gene))
    patient = PatientContext(conditions=(Condition(label, state=state),))
    assert has_plan(found, patient, ()) is known


@pytest.mark.parametrize(
    ("stated", "known"),
    [
        (plan("plan", "High-risk breast surveillance", "BRCA1 carrier"), True),
        (plan("plan", "Diabetes care"), False),
        (plan("order", "MRI of the breast for BRCA1"), True),
        (plan("order", "Genetic counselling", "BRCA1"), False),  # a first step, not a plan
        (plan("order", "BRCA1 and BRCA2 sequencing"), False),
        (plan("declined", "BRCA1"), False),
    ],
)
def test_a_care_plan_or_an_order_of_surveillance_is_a_plan_on_file(stated, known):
    (found,) = judged(finding("BRCA1"))
    assert has_plan(found, PatientContext(), (stated,)) is known


@pytest.mark.parametrize(
    ("said", "declined"),
    [
        ([], False),
        ([("declined", "2026-01-01")], True),
        ([("permitted", "2026-01-01")], False),
        ([("declined", "2026-01-01"), ("permitted", "2026-02-01")], False),
        ([("permitted", "2026-01-01"), ("declined", "2026-02-01")], True),
        ([("permitted", "2026-02-01"), ("declined", "2026-02-01")], True),
        ([("declined", "")], True),
    ],
)
def test_the_last_word_on_secondary_findings_counts(said, declined):
    assert (
        is_declined([plan(kind, "secondary findings", when=when) for kind, when in said])
        is declined
    )


def test_an_order_on_file_is_known_by_its_words():
    plans = (plan("order", "Screening colonoscopy"), plan("permitted", "MRI of the breast"))
    assert is_ordered("Colonoscopy", plans)
    assert not is_ordered("MRI of the breast", plans)
