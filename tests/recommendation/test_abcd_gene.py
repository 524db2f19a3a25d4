"""The ABCD-GENE score: points a pharmacist can add up, and ranges where an item is not known.

All patients are synthetic.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product

import pytest

from fhir_pgx.genotype import gather
from fhir_pgx.knowledge.dosing import load_dosing
from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.model.finding import Origin, Statement, StatementKind
from fhir_pgx.model.patient import Condition, Measurement, PatientContext
from fhir_pgx.phenotype import conclude, not_tested
from fhir_pgx.recommendation.abcd_gene import abcd_gene

DOSING = load_dosing(HERE)


@pytest.fixture(scope="module")
def cyp2c19(knowledge):
    """CYP2C19 as a laboratory states it: a diplotype, or a phenotype in words."""

    def make(reported):
        if not reported:
            return not_tested("CYP2C19")
        kind = StatementKind.DIPLOTYPE if "*" in reported else StatementKind.PHENOTYPE
        origin = Origin("Observation/cyp2c19", "", when="2026-03-02", status="final")
        rules = knowledge.genes["CYP2C19"]
        stated = [Statement("CYP2C19", kind, reported, origin)]
        return conclude(gather(stated, rules, knowledge.vocabulary), rules)

    return make


def person(age=60, height=170, weight=70, egfr=90, classes=()):
    def measured(value, unit):
        return None if value is None else Measurement(Decimal(value), unit, "2026-10-01")

    return PatientContext(
        age_years=age,
        height=measured(height, "cm"),
        weight=measured(weight, "kg"),
        egfr=measured(egfr, "mL/min/{1.73_m2}"),
        conditions=tuple(Condition(each, frozenset({each}), "active") for each in classes),
        conditions_known=True,
    )


@pytest.mark.parametrize(
    ("age", "weight", "egfr", "genotype", "total"),
    [
        # height 170 cm, diabetes on the problem list: 3 points
        (60, 70, 90, "*1/*1", 3),
        (75, 70, 90, "*1/*1", 3),  # over 75, not 75
        (76, 70, 90, "*1/*1", 7),
        (60, 86, 90, "*1/*1", 3),  # 29.8 kg/m2
        (60, 87, 90, "*1/*1", 7),  # 30.1 kg/m2
        (60, 70, 60, "*1/*1", 3),  # below 60, not 60
        (60, 70, 59, "*1/*1", 6),
        (60, 70, 90, "*1/*2", 9),
        (60, 70, 90, "*2/*17", 9),
        (60, 70, 90, "*1/*17", 3),
        (60, 70, 90, "*17/*17", 3),
        (60, 70, 90, "*2/*2", 27),
        (60, 70, 90, "*2/*3", 27),
        (60, 70, 59, "*1/*2", 12),
        (76, 87, 59, "*2/*2", 38),
        (60, 70, 90, "Poor Metabolizer", 27),
        (60, 70, 90, "Intermediate Metabolizer", 9),
        (60, 70, 90, "Normal Metabolizer", 3),
    ],
)
def test_points_add_up(cyp2c19, age, weight, egfr, genotype, total):
    body = person(age, weight=weight, egfr=egfr, classes=("diabetes",))
    found = abcd_gene(cyp2c19(genotype), body, DOSING)
    assert (found.low, found.high) == (total, total)
    assert found.verdict == ("higher" if total >= 10 else "lower")
    assert found.text.startswith(f"ABCD-GENE score {total} (")
    assert "Not known" not in found.text


@pytest.mark.parametrize(
    ("about", "genotype", "low", "high", "verdict"),
    [
        # No diabetes is recorded: it may be there all the same.
        ({}, "*1/*1", 0, 3, "lower"),
        ({}, "*1/*2", 6, 9, "lower"),
        ({"egfr": 50}, "*1/*2", 9, 12, "undecided"),
        ({}, "*2/*2", 24, 27, "higher"),
        ({}, "", 0, 27, "undecided"),
        ({"age": 80, "weight": 100, "egfr": 40}, "", 11, 38, "higher"),
        ({"egfr": None}, "*1/*2", 6, 12, "undecided"),
        ({"weight": None}, "*1/*2", 6, 13, "undecided"),
        ({"age": None}, "*1/*1", 0, 7, "lower"),
        ({"age": None, "weight": None}, "*1/*1", 0, 11, "undecided"),
    ],
)
def test_an_unknown_item_makes_a_range_and_the_verdict_waits(
    cyp2c19, about, genotype, low, high, verdict
):
    found = abcd_gene(cyp2c19(genotype), person(**about), DOSING)
    assert (found.low, found.high, found.verdict) == (low, high, verdict)
    assert f"score {low} to {high} (" in found.text
    assert "diabetes would add 3" in found.text


@pytest.mark.parametrize(
    ("genotype", "low", "high"),
    [
        ("*1/*9", 0, 6),  # decreased function: the score does not say whether it counts
        ("*2/*9", 6, 24),
        ("*1/*12", 0, 6),  # uncertain function
        ("Likely Intermediate Metabolizer", 0, 24),
    ],
)
def test_an_allele_of_unsure_function_is_neither_counted_nor_dropped(cyp2c19, genotype, low, high):
    found = abcd_gene(cyp2c19(genotype), person(classes=("diabetes",)), DOSING)
    (alleles,) = [item for item in found.items if item.name == "alleles"]
    assert (alleles.low, alleles.high) == (low, high)


def test_the_measured_filtration_decides_over_a_listed_disease(cyp2c19):
    listed = ("chronic-kidney-disease", "diabetes")
    above = abcd_gene(cyp2c19("*1/*1"), person(egfr=75, classes=listed), DOSING)
    assert (above.low, above.high) == (3, 3)
    unmeasured = abcd_gene(cyp2c19("*1/*1"), person(egfr=None, classes=listed), DOSING)
    assert (unmeasured.low, unmeasured.high) == (3, 6)
    dialysed = abcd_gene(
        cyp2c19("*1/*1"), person(egfr=None, classes=("dialysis", "diabetes")), DOSING
    )
    assert (dialysed.low, dialysed.high) == (6, 6)


def test_a_verdict_is_the_same_whatever_the_unknown_turn_out_to_be(cyp2c19):
    """Against the slow version: every way to fill in what is not known."""
    for age, weight, egfr, genotype in product(
        (None, 60, 80), (None, 70, 100), (None, 50, 90), ("", "*1/*1", "*1/*2", "*2/*2")
    ):
        found = abcd_gene(cyp2c19(genotype), person(age, 170, weight, egfr), DOSING)
        filled = [
            abcd_gene(cyp2c19(g), person(a, 170, w, e, d), DOSING)
            for a, w, e, g, d in product(
                (60, 80) if age is None else (age,),
                (70, 100) if weight is None else (weight,),
                (50, 90) if egfr is None else (egfr,),
                (genotype,) if genotype else ("*1/*1", "*1/*2", "*2/*2"),
                (("diabetes",),),
            )
        ]
        verdicts = {each.verdict for each in filled}
        if found.verdict != "undecided":
            assert verdicts == {found.verdict}
        assert max(each.high for each in filled) == found.high


def test_a_child_gets_no_score(cyp2c19):
    assert abcd_gene(cyp2c19("*2/*2"), person(age=12), DOSING) is None
    assert abcd_gene(cyp2c19("*2/*2"), person(age=18), DOSING) is not None


def test_the_line_names_what_is_known_and_what_each_unknown_would_add(cyp2c19):
    found = abcd_gene(cyp2c19("*1/*2"), person(egfr=None), DOSING)
    assert found.text == (
        "ABCD-GENE score 6 to 12 (undecided: 10 or more is a higher risk of high platelet "
        "reactivity on clopidogrel). Known: age 60: 0, body mass index 24.2 kg/m2: 0, CYP2C19 "
        "*1/*2: 6. Not known: filtration (below 60 mL/min) would add 3; diabetes would add 3."
    )
    assert found.source.pmid == "32139218"


def test_an_old_weight_counts_and_is_called_old(cyp2c19):
    body = person(60, weight=100)
    old = replace(body, weight=replace(body.weight, when="1990-05-01"))
    today = date(2026, 11, 23)
    found = abcd_gene(cyp2c19("*1/*2"), old, DOSING, today=today)
    assert "by a weight of 1990-05-01 (more than a year old): 4" in found.text
    new = replace(body, weight=replace(body.weight, when="2026-10-01"))
    assert "by a weight" not in abcd_gene(cyp2c19("*1/*2"), new, DOSING, today=today).text
