"""Warfarin by genotype: the equations against a slow, plain version, and every step of CPIC's flow.

All patients are synthetic. The plain version below writes each formula out once more, in floats,
with the coefficients as the papers print them.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import product
from math import exp, floor, sqrt

import pytest

from fhir_pgx.genotype import gather
from fhir_pgx.knowledge.dosing import load_dosing
from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.model.dose import OrderedDose
from fhir_pgx.model.drug import Drug
from fhir_pgx.model.finding import NotUnderstood, Origin, Presence, Statement, StatementKind
from fhir_pgx.model.patient import (
    NOT_USED,
    Condition,
    Fact,
    Measurement,
    Medicine,
    PatientContext,
)
from fhir_pgx.model.phenotype import Coverage, GeneResult, Status
from fhir_pgx.model.recommendation import Unanswered
from fhir_pgx.model.variant import SiteCall
from fhir_pgx.phenotype import conclude, not_tested
from fhir_pgx.recommendation.dose import judge, suggested_amount
from fhir_pgx.recommendation.warfarin import doses_of, recommend_warfarin
from fhir_pgx.recommendation.warfarin_dose import Setting, loading_days, span, tenth, weekly
from fhir_pgx.recommendation.warfarin_inputs import body_surface, body_surface_dubois, read_inputs

DOSING = load_dosing(HERE)
EQUATIONS = DOSING.warfarin.equations
TODAY = date(2026, 11, 23)
ALL_POSITIONS = Coverage(tested=83)
BLACK = ("Black or African American", "Not Hispanic or Latino")
WHITE = ("White",)
AMIODARONE = Drug("703", "amiodarone")
PHENYTOIN = Drug("8183", "phenytoin")


# The plain version


def plain_iwpc(age, height, weight, vkorc1, cyp2c9, race="white", inducer=0, amiodarone=0):
    total = 5.6044 - 0.2614 * floor(age / 10) + 0.0087 * height + 0.0128 * weight
    total -= {"GG": 0, "AG": 0.8677, "AA": 1.6974}[vkorc1]
    total -= {"*1/*1": 0, "*1/*2": 0.5211, "*1/*3": 0.9357, "*2/*2": 1.0616, "*2/*3": 1.9206,
              "*3/*3": 2.3312}[cyp2c9]  # fmt: skip
    total -= {"white": 0, "asian": 0.1092, "african": 0.2760, "missing-or-mixed": 0.1032}[race]
    return (total + 1.1816 * inducer - 0.5503 * amiodarone) ** 2


def plain_iwpc_clinical(age, height, weight, race="white", inducer=0, amiodarone=0):
    total = 4.0376 - 0.2546 * floor(age / 10) + 0.0118 * height + 0.0134 * weight
    total += {"white": 0, "asian": -0.6752, "african": 0.4060, "missing-or-mixed": 0.0443}[race]
    return (total + 1.2799 * inducer - 0.5695 * amiodarone) ** 2


def plain_gage(
    age, height, weight, vkorc1, cyp2c9, inr=2.5, smokes=0, amiodarone=0, african=0, clot=0
):
    total = 0.9751 - 0.3238 * vkorc1.count("A") + 0.4317 * sqrt(height * weight / 3600)
    total -= 0.4008 * cyp2c9.count("*3") + 0.2066 * cyp2c9.count("*2") + 0.00745 * age
    total += 0.2029 * inr - 0.2538 * amiodarone + 0.0922 * smokes - 0.0901 * african
    return 7 * exp(total + 0.0664 * clot)


def plain_gage_clinical(age, height, weight, inr=2.5, smokes=0, amiodarone=0, african=0, clot=0):
    total = 0.613 + 0.425 * sqrt(height * weight / 3600) - 0.0075 * age + 0.156 * african
    total += 0.216 * inr - 0.257 * amiodarone + 0.108 * smokes + 0.0784 * clot
    return 7 * exp(total)


# What the tests are made from


@pytest.fixture(scope="module")
def result(knowledge):
    """A gene's result as a laboratory states it; with `coverage`, as called from positions."""

    def make(gene, reported, *, kind=StatementKind.DIPLOTYPE, coverage=None):
        if reported == "":
            return not_tested(gene)
        presence = Presence.NO_CALL if reported == "no-call" else Presence.PRESENT
        origin = Origin(f"Observation/{gene.lower()}", "", when="2026-03-02", status="final")
        rules = knowledge.genes[gene]
        found = conclude(
            gather(
                [Statement(gene, kind, reported, origin, presence)], rules, knowledge.vocabulary
            ),
            rules,
        )
        return replace(found, coverage=coverage)

    return make


@pytest.fixture
def advise(result):
    """The flow's answer for reported genes and a synthetic adult."""

    def ask(cyp2c9, vkorc1, cyp4f2="", *, coverage=None, sites=None, **about):
        results = {
            "CYP2C9": result("CYP2C9", cyp2c9, coverage=coverage),
            "VKORC1": result("VKORC1", vkorc1),
            "CYP4F2": result("CYP4F2", cyp4f2),
        }
        return recommend_warfarin(results, person(**about), DOSING, sites=sites)

    return ask


def person(age=67, height=170, weight=82, ancestry=WHITE, **about):
    """A synthetic adult; None leaves a measurement out."""

    def measured(value, unit, name):
        return value and Measurement(Decimal(value), unit, "2026-10-01", f"Observation/{name}")

    return PatientContext(
        age_years=age,
        height=measured(height, "cm", "height"),
        weight=measured(weight, "kg", "weight"),
        ancestry=ancestry,
        **{"medicines_known": True, "smokes": Fact(False, "2026-10-01"), **about},
    )


def site(gene, name, *alleles, zygosity_known=True, reference="Observation/site"):
    return SiteCall(gene, name, alleles, zygosity_known=zygosity_known, reference=reference)


def codes(recommendation):
    return {caveat.code for caveat in recommendation.caveats}


def lines(recommendation):
    return "\n".join(recommendation.considerations)


def maintenance(recommendation):
    """The maintenance doses as (low, high), IWPC first."""
    return [
        (each.value or each.low, each.value or each.high)
        for each in recommendation.dose
        if each.what == "maintenance-dose"
    ]


def shown(number):
    return f"{number:.1f}"


# The equations


@pytest.mark.parametrize(
    ("cyp2c9", "vkorc1", "age", "height", "weight", "iwpc", "gage"),
    [
        # mg a week; white, target INR 2.5, no other medicine, no smoking
        ("*1/*1", "C/C", 50, 180, 90, "49.2", "53.1"),
        ("*1/*1", "C/C", 67, 170, 82, "43.1", "43.8"),
        ("*1/*1", "C/T", 67, 170, 82, "32.5", "31.7"),
        ("*1/*1", "T/T", 67, 170, 82, "23.7", "22.9"),
        ("*1/*2", "C/T", 67, 170, 82, "26.8", "25.7"),
        ("*1/*3", "C/T", 67, 170, 82, "22.7", "21.2"),
        ("*2/*2", "C/C", 67, 170, 82, "30.3", "28.9"),
        ("*2/*3", "C/C", 67, 170, 82, "21.6", "23.8"),
        ("*3/*3", "T/T", 85, 150, 50, "2.0", "7.2"),
        ("*1/*1", "C/T", 39, 165, 60, "37.9", "34.1"),
    ],
)
def test_a_dose_follows_genotype_age_and_size(
    advise, cyp2c9, vkorc1, age, height, weight, iwpc, gage
):
    (found,) = advise(
        cyp2c9, vkorc1, "*1/*1", coverage=ALL_POSITIONS, age=age, height=height, weight=weight
    )
    base = {"C/C": "GG", "C/T": "AG", "T/T": "AA"}[vkorc1]
    assert maintenance(found) == [(iwpc, iwpc), (gage, gage)]
    # The table is the plain version's, to the rounding.
    assert iwpc == shown(plain_iwpc(age, height, weight, base, cyp2c9))
    assert gage == shown(plain_gage(age, height, weight, base, cyp2c9))


def test_each_equation_agrees_with_its_plain_version_on_every_genotype():
    people = [(18, 150, 45), (29, 201, 140), (30, 160, 70), (74, 172, 80), (96, 140, 38)]
    genotypes = list(product(("GG", "AG", "AA"), EQUATIONS["iwpc-pharmacogenetic"].cyp2c9))
    races = ("white", "asian", "african", "missing-or-mixed")
    checked = 0
    for (age, height, weight), (vkorc1, cyp2c9), race in product(people, genotypes, races):
        for amiodarone, inducer, smokes, clot in product((0, 1), repeat=4):
            medicines = [AMIODARONE] * amiodarone + [PHENYTOIN] * inducer
            clots = (Condition("DVT", frozenset({"dvt-pe"}), "active"),) * clot
            inputs = read_inputs(
                person(
                    age, height, weight,
                    medicines=tuple(Medicine((drug,), "active") for drug in medicines),
                    smokes=Fact(bool(smokes)), conditions=clots,
                    inr_target=Measurement(Decimal("3"), "{INR}"),
                ),
                DOSING.warfarin,
            )  # fmt: skip
            setting = Setting(vkorc1, cyp2c9, race, race == "african")
            body, black = (age, height, weight), int(race == "african")
            extra = {"inr": 3, "smokes": smokes, "amiodarone": amiodarone, "african": black,
                     "clot": clot}  # fmt: skip
            expected = {
                "iwpc-pharmacogenetic": plain_iwpc(
                    *body, vkorc1, cyp2c9, race, inducer, amiodarone
                ),
                "iwpc-clinical": plain_iwpc_clinical(*body, race, inducer, amiodarone),
                "gage-pharmacogenetic": plain_gage(*body, vkorc1, cyp2c9, **extra),
                "gage-clinical": plain_gage_clinical(*body, **extra),
            }
            for name, number in expected.items():
                dose = weekly(EQUATIONS[name], inputs.numbers, setting)
                if dose is None:  # the sum is not above zero: its square would mislead
                    assert name == "iwpc-pharmacogenetic"
                    continue
                assert float(dose) == pytest.approx(number, abs=1e-9)
                checked += 1
    assert checked > 22_000


@pytest.mark.parametrize(
    ("changed", "percent"),
    [
        # Percent effects as the abstract of Gage 2008 states them (PMID 18305455).
        ({"vkorc1-a": "1"}, -28),
        ({"bsa": "0.25"}, 11),
        ({"cyp2c9-3": "1"}, -33),
        ({"cyp2c9-2": "1"}, -19),
        ({"age-years": "10"}, -7),
        ({"target-inr": "0.5"}, 11),
        ({"amiodarone": "1"}, -22),
        ({"smokes": "1"}, 10),
        ({"african": "1"}, -9),
        ({"dvt-pe": "1"}, 7),
    ],
)
def test_gage_has_the_effects_that_its_paper_publishes(changed, percent):
    terms = EQUATIONS["gage-pharmacogenetic"].terms
    total = sum(float(terms[name]) * float(step) for name, step in changed.items())
    assert round((exp(total) - 1) * 100) == percent


def test_a_sum_that_is_not_above_zero_gives_no_dose_instead_of_its_square():
    body = person(95, 130, 30, medicines=(Medicine((AMIODARONE,), "active"),))
    inputs = read_inputs(body, DOSING.warfarin)
    setting = Setting("AA", "*3/*3", "african", True)
    assert plain_iwpc(95, 130, 30, "AA", "*3/*3", "african", 0, 1) > 0  # the square
    assert weekly(EQUATIONS["iwpc-pharmacogenetic"], inputs.numbers, setting) is None


def test_an_equation_out_of_its_range_says_so_beside_the_other(advise):
    (found,) = advise(
        "*3/*3", "T/T", coverage=ALL_POSITIONS, age=95, height=130, weight=30,
        medicines=(Medicine((AMIODARONE,), "active"),),
    )  # fmt: skip
    assert len(maintenance(found)) == 1
    assert "IWPC: no dose; these inputs lie outside its range." in found.considerations


def test_age_counts_in_whole_decades_for_iwpc_and_in_years_for_gage(advise):
    def doses(age):
        (found,) = advise("*1/*1", "C/C", coverage=ALL_POSITIONS, age=age)
        return maintenance(found)

    (iwpc_60, gage_60), (iwpc_69, gage_69), (iwpc_70, _) = doses(60), doses(69), doses(70)
    assert iwpc_60 == iwpc_69 != iwpc_70
    assert gage_60 != gage_69


def test_body_surface_is_mostellers_and_dubois_is_shown_beside_it(advise):
    assert float(body_surface(Decimal(170), Decimal(82))) == pytest.approx(sqrt(170 * 82 / 3600))
    dubois = 0.007184 * 82**0.425 * 170**0.725
    assert float(body_surface_dubois(Decimal(170), Decimal(82))) == pytest.approx(dubois)
    (found,) = advise("*1/*1", "C/C")
    assert "Body surface: 1.97 m2 by Mosteller's formula, for Gage (DuBois: 1.94 m2)." in lines(
        found
    )


@pytest.mark.parametrize(
    ("cyp2c9", "k"),
    [("*1/*1", 0.0189), ("*1/*2", 0.0158), ("*1/*3", 0.0132), ("*2/*2", 0.013), ("*2/*3", 0.009),
     ("*3/*3", 0.0075)],
)  # fmt: skip
def test_the_loading_days_follow_eu_pact(cyp2c9, k):
    inputs = read_inputs(person(), DOSING.warfarin)
    gene = {"*1/*1": 0, "*1/*2": 0.5211, "*1/*3": 0.9357, "*2/*2": 1.0616, "*2/*3": 1.9206,
            "*3/*3": 2.3312}  # fmt: skip
    total = 5.6044 - 0.02614 * 67 + 0.0087 * 170 + 0.0128 * 82 - 0.8677 - gene[cyp2c9]
    d = total**2 / 7
    load = d / ((1 - exp(-24 * k)) * (1 + exp(-24 * k) + exp(-48 * k)))
    expected = [d + weight * (load - d) for weight in (1.5, 1.0, 0.5)]
    found = loading_days(DOSING.warfarin, inputs, Setting("AG", cyp2c9))
    assert [float(day) for day in found] == pytest.approx(expected)


# The flow


def test_without_any_result_the_drug_is_unanswered(advise):
    found = advise("", "", "*1/*3")
    assert isinstance(found, Unanswered)
    assert (found.reason, found.rxcui) == ("not-tested", "11289")
    assert found.text == (
        "No CYP2C9 result is on file. No VKORC1 result is on file. CPIC then doses warfarin "
        "without genes."
    )


def test_tested_without_an_answer_is_not_the_same_as_untested(advise):
    found = advise("no-call", "")
    assert found.reason == "not-called"
    assert "CYP2C9 was tested without a usable answer. No VKORC1 result is on file." in found.text


@pytest.mark.parametrize(
    ("cyp2c9", "vkorc1", "coverage", "reason"),
    [
        ("*1/*1", "", None, "No VKORC1 result is on file."),
        ("", "C/T", None, "No CYP2C9 result is on file."),
        ("*1/*1", "no-call", None, "VKORC1 was tested without a usable answer."),
        ("*1/*1", "C/T", Coverage(80, missing=("rs1057910",)), "without reading *3."),
        ("*1/*1", "C/T", Coverage(80, no_call=("rs1799853",)), "without reading *2."),
        ("*1/*7", "C/T", ALL_POSITIONS, "The function of CYP2C9 *7 is not known."),
        ("*1/*99", "C/T", ALL_POSITIONS, "The function of CYP2C9 *99 is not known."),
        ("*1/*13", "C/T", ALL_POSITIONS, "CYP2C9 *13 lowers the activity"),
    ],
)
def test_where_a_genotype_cannot_be_counted_cpic_doses_without_genes(
    advise, cyp2c9, vkorc1, coverage, reason
):
    (found,) = advise(cyp2c9, vkorc1, coverage=coverage)
    assert (found.rule, found.action) == ("cpic.warfarin.dose-clinically", "standard")
    assert reason in found.detail
    assert found.dose == ()
    assert f"IWPC without genes: {shown(plain_iwpc_clinical(67, 170, 82))} mg/wk" in lines(found)
    assert f"Gage without genes: {shown(plain_gage_clinical(67, 170, 82))} mg/wk" in lines(found)


def test_a_phenotype_without_its_alleles_is_not_a_genotype(result):
    cyp2c9 = result("CYP2C9", "Intermediate Metabolizer", kind=StatementKind.PHENOTYPE)
    results = {"CYP2C9": cyp2c9, "VKORC1": result("VKORC1", "C/T")}
    (found,) = recommend_warfarin(results, person(), DOSING)
    assert found.rule == "cpic.warfarin.dose-clinically"
    assert "CYP2C9 is on file as Intermediate Metabolizer, without its alleles." in found.detail


def test_several_genotypes_are_not_settled_by_taking_one(result):
    one, other = result("CYP2C9", "*1/*3"), result("CYP2C9", "*2/*3")
    both = replace(one, status=Status.AMBIGUOUS, diplotypes=(*one.diplotypes, *other.diplotypes))
    results = {"CYP2C9": both, "VKORC1": result("VKORC1", "C/T")}
    (found,) = recommend_warfarin(results, person(), DOSING)
    assert found.rule == "cpic.warfarin.dose-clinically"
    assert "fits several genotypes (*1/*3 or *2/*3)" in found.detail


def test_an_allele_that_only_an_unread_position_allows_does_not_stop_the_equation(result):
    """*35 holds the variant of *2 and one more: a test of the *2 position alone allows both."""
    one, other = result("CYP2C9", "*1/*2", coverage=ALL_POSITIONS), result("CYP2C9", "*1/*35")
    both = replace(one, status=Status.AMBIGUOUS, diplotypes=(*one.diplotypes, *other.diplotypes))
    results = {"CYP2C9": both, "VKORC1": result("VKORC1", "C/T")}
    (found,) = recommend_warfarin(results, person(), DOSING)
    expected = shown(plain_iwpc(67, 170, 82, "AG", "*1/*2"))
    assert maintenance(found)[0] == (expected, expected)
    assert "CYP2C9 *1/*2 is counted. What was read also fits *1/*35" in lines(found)
    (alone,) = recommend_warfarin({**results, "CYP2C9": other}, person(), DOSING)
    assert (alone.rule, alone.dose) == ("cpic.warfarin.dose-clinically", ())


def test_a_conflict_is_not_a_genotype(result):
    clash = replace(result("CYP2C9", "*2/*3"), status=Status.CONFLICT)
    results = {"CYP2C9": clash, "VKORC1": result("VKORC1", "C/T")}
    (found,) = recommend_warfarin(results, person(), DOSING)
    assert (found.rule, found.action) == ("cpic.warfarin.dose-clinically", "standard")
    assert "The CYP2C9 results on file contradict each other." in found.detail


@pytest.mark.parametrize(
    ("ancestry", "rules"),
    [
        (("White",), ["algorithm"]),
        (("Asian", "Not Hispanic or Latino"), ["algorithm"]),
        (("White", "Asian"), ["algorithm"]),
        (("Middle Eastern or North African",), ["algorithm"]),
        (BLACK, ["african-ancestry-algorithm"]),
        (("Black African",), ["african-ancestry-algorithm"]),
        ((), ["algorithm", "african-ancestry-algorithm"]),
        (("Unknown",), ["algorithm", "african-ancestry-algorithm"]),
        (("Hispanic or Latino",), ["algorithm", "african-ancestry-algorithm"]),
        (("White", "Black or African American"), ["algorithm", "african-ancestry-algorithm"]),
    ],
)
def test_the_branch_follows_what_the_patient_reports_and_nothing_else(advise, ancestry, rules):
    found = advise("*1/*2", "C/T", coverage=ALL_POSITIONS, ancestry=ancestry)
    assert [each.rule for each in found] == [f"cpic.warfarin.{rule}" for rule in rules]
    both = len(rules) == 2
    assert [each.population_fit for each in found] == ["unknown" if both else "holds"] * len(rules)
    assert all(("PGX-670" in codes(each)) is both for each in found)
    assert all("self-reported and optional" in each.population_when for each in found)


@pytest.mark.parametrize(
    ("ancestry", "race"),
    [
        (("White",), "white"),
        (("Asian",), "asian"),
        (("Native Hawaiian or Other Pacific Islander",), "missing-or-mixed"),
        (("White", "Asian"), "missing-or-mixed"),
        ((), "missing-or-mixed"),
    ],
)
def test_the_ancestry_term_of_iwpc_is_the_reported_one(advise, ancestry, race):
    found = advise("*1/*2", "C/T", coverage=ALL_POSITIONS, ancestry=ancestry)[0]
    expected = shown(plain_iwpc(67, 170, 82, "AG", "*1/*2", race))
    assert maintenance(found)[0] == (expected, expected)


@pytest.mark.parametrize(
    ("cyp2c9", "cyp4f2", "low", "high", "counted_as"),
    [
        ("*1/*8", "*1/*1", 0.70, 0.85, "*1/*1"),
        ("*2/*11", "*1/*1", 0.70, 0.85, "*1/*2"),
        ("*5/*6", "*1/*1", 0.60, 0.80, "*1/*1"),
        ("*1/*9", "*1/*3", 1.05, 1.10, "*1/*1"),  # *9 has normal activity
        ("*1/*3", "*3/*3", 1.05, 1.10, "*1/*3"),
        ("*1/*3", "*1/*4", 1.05, 1.10, "*1/*3"),  # *4 holds T too
        ("*1/*8", "*1/*3", 0.70 * 1.05, 0.85 * 1.10, "*1/*1"),
        ("*1/*1", "*1/*2", 1, 1, "*1/*1"),
        ("*1/*1", "", 1, 1, "*1/*1"),
    ],
)
def test_outside_african_ancestry_the_dose_is_changed_for_further_variants(
    advise, cyp2c9, cyp4f2, low, high, counted_as
):
    (found,) = advise(cyp2c9, "C/T", cyp4f2, coverage=ALL_POSITIONS)
    iwpc = plain_iwpc(67, 170, 82, "AG", counted_as)
    gage = plain_gage(67, 170, 82, "AG", counted_as)
    assert maintenance(found) == [
        (shown(iwpc * low), shown(iwpc * high)),
        (shown(gage * low), shown(gage * high)),
    ]
    assert ("Before these changes" in lines(found)) is ((low, high) != (1, 1))


@pytest.mark.parametrize(
    ("cyp2c9", "cluster", "low", "high"),
    [
        ("*1/*1", ("G", "G"), 1, 1),
        ("*1/*1", ("G", "A"), 0.75, 0.90),
        ("*1/*8", ("G", "G"), 0.70, 0.85),
        ("*1/*8", ("A", "A"), 0.70 * 0.75, 0.85 * 0.90),
        ("*8/*11", ("G", "G"), 0.60, 0.80),
    ],
)
def test_in_african_ancestry_the_dose_is_changed_once_the_alleles_were_tested(
    advise, cyp2c9, cluster, low, high
):
    (found,) = advise(
        cyp2c9, "C/T", "*3/*3", coverage=ALL_POSITIONS, ancestry=BLACK,
        sites={"CYP2C9": (site("CYP2C9", "rs12777823", *cluster),)},
    )  # fmt: skip
    assert (found.rule, found.strength) == (
        "cpic.warfarin.african-ancestry-algorithm",
        "Moderate",
    )
    iwpc = plain_iwpc(67, 170, 82, "AG", "*1/*1", "african")
    gage = plain_gage(67, 170, 82, "AG", "*1/*1", african=1)
    # CYP4F2 *3 is on file and CPIC counts it outside African ancestry alone.
    assert maintenance(found) == [
        (shown(iwpc * low), shown(iwpc * high)),
        (shown(gage * low), shown(gage * high)),
    ]
    assert "Observation/site" in found.derived_from


@pytest.mark.parametrize(
    ("coverage", "said"),
    [
        (None, "does not say whether CYP2C9 *5, *6, *8 and *11 were looked for."),
        (Coverage(79, missing=("rs28371686", "rs9332131")), "CYP2C9 *5 and *6 were not tested."),
        (Coverage(82, no_call=("rs7900194",)), "CYP2C9 *8 was not tested."),
    ],
)
def test_in_african_ancestry_untested_alleles_stop_the_equation(advise, coverage, said):
    (found,) = advise("*1/*1", "C/T", coverage=coverage, ancestry=BLACK)
    assert found.rule == "cpic.warfarin.african-ancestry-not-tested"
    assert (found.action, found.dose, found.tells) == ("standard", (), True)
    assert said in found.detail
    clinical = shown(plain_iwpc_clinical(67, 170, 82, "african"))
    assert f"IWPC without genes: {clinical} mg/wk" in lines(found)
    assert "not counted in these doses: VKORC1 -1639 AG and CYP2C9 *1/*1." in lines(found)


def test_outside_african_ancestry_untested_alleles_are_told_beside_the_dose(advise):
    (found,) = advise("*1/*1", "C/T")
    assert maintenance(found)
    assert "PGX-671" in codes(found)
    assert "were looked for. One carried: CPIC takes 15 to 30 % off" in lines(found)
    (tested,) = advise("*1/*1", "C/T", coverage=ALL_POSITIONS)
    assert "PGX-671" not in codes(tested)


def test_rs12777823_is_counted_for_african_americans_as_cpic_states_it(advise):
    carried = {"CYP2C9": (site("CYP2C9", "rs12777823", "G", "A"),)}
    (found,) = advise(
        "*1/*1", "C/T", coverage=ALL_POSITIONS, ancestry=("Black African",), sites=carried
    )
    iwpc = shown(plain_iwpc(67, 170, 82, "AG", "*1/*1", "african"))
    assert maintenance(found)[0] == (iwpc, iwpc)
    assert "rs12777823 A is carried and was not counted" in lines(found)


@pytest.mark.parametrize(
    ("calls", "counted"),
    [
        ([("G", "A")], True),
        ([("A", ".")], True),
        ([("G", ".")], False),
        ([(".", ".")], False),
        ([("?", "?")], False),
        ([], False),
    ],
)
def test_a_base_that_was_not_read_is_neither_carried_nor_absent(advise, calls, counted):
    sites = {"CYP2C9": tuple(site("CYP2C9", "rs12777823", *alleles) for alleles in calls)}
    (found,) = advise("*1/*1", "C/T", coverage=ALL_POSITIONS, ancestry=BLACK, sites=sites)
    assert ("rs12777823 A carried (" in lines(found)) is counted
    assert ("rs12777823 is not known" in lines(found)) is not counted


def test_a_contradiction_at_a_position_is_told_and_not_counted(advise):
    sites = {
        "CYP4F2": (site("CYP4F2", "rs2108622", "C", "C"), site("CYP4F2", "rs2108622", "C", "T"))
    }
    (found,) = advise("*1/*1", "C/T", coverage=ALL_POSITIONS, sites=sites)
    assert "PGX-676" in codes(found)
    assert len(set(maintenance(found)[0])) == 1


def test_what_was_read_at_cyp4f2_comes_before_what_is_stated(advise):
    sites = {"CYP4F2": (site("CYP4F2", "rs2108622", "T", zygosity_known=False),)}
    (found,) = advise("*1/*1", "C/T", "*1/*1", coverage=ALL_POSITIONS, sites=sites)
    assert "CYP4F2 rs2108622 T carried: CPIC adds 5 to 10 % (Optional)." in found.considerations


@pytest.mark.parametrize(
    ("cyp2c9", "vkorc1", "ancestry", "rule"),
    [
        ("*2/*3", "C/C", WHITE, "poor-metabolizer-algorithm"),
        ("*3/*3", "T/T", WHITE, "poor-metabolizer-algorithm"),
        ("*3/*3", "T/T", BLACK, "poor-metabolizer-african-ancestry-algorithm"),
        ("*3/*3", "", WHITE, "poor-metabolizer-dose-clinically"),
    ],
)
def test_a_poor_metabolizer_is_offered_another_anticoagulant(
    advise, cyp2c9, vkorc1, ancestry, rule
):
    (found,) = advise(cyp2c9, vkorc1, coverage=ALL_POSITIONS, ancestry=ancestry)
    assert (found.rule, found.action) == (f"cpic.warfarin.{rule}", "alternative")
    assert found.summary == "CYP2C9 poor metabolizer: consider another anticoagulant than warfarin."
    assert found.strength == ""  # CPIC grades the equation, not this


def test_a_poor_metabolizer_is_not_shown_a_dose_that_counts_no_genes(advise):
    (found,) = advise("*2/*3", "")
    assert "mg/wk" not in lines(found)
    (untested,) = advise("*2/*3", "C/T", ancestry=BLACK)
    assert untested.rule == "cpic.warfarin.poor-metabolizer-african-ancestry-not-tested"
    assert "mg/wk" not in lines(untested)


def test_an_intermediate_metabolizer_is_not_told_to_change_the_drug(advise):
    (found,) = advise("*2/*2", "T/T", coverage=ALL_POSITIONS)
    assert (found.action, found.strength) == ("adjust-dose", "Strong")


@pytest.mark.parametrize("age", [0, 9, 17])
@pytest.mark.parametrize("ancestry", [(), WHITE, BLACK])
def test_a_child_gets_no_dose_of_an_equation_for_adults(advise, age, ancestry):
    found = advise("*1/*2", "C/T", coverage=ALL_POSITIONS, age=age, ancestry=ancestry)
    assert isinstance(found, Unanswered)
    assert found.reason == "no-row"
    assert "paediatric" in found.text
    assert "European ancestry alone" in found.text


def test_an_adult_of_18_is_dosed(advise):
    (found,) = advise("*1/*2", "C/T", age=18)
    assert maintenance(found)


# The inputs


@pytest.mark.parametrize(
    ("about", "line"),
    [
        ({"height": None}, "Height: not on file. Record a height."),
        ({"weight": None}, "Weight: not on file. Record a weight."),
        ({"age": None}, "Age: not known. Record the full date of birth."),
    ],
)
def test_a_missing_input_is_named_and_no_dose_is_made_up(advise, about, line):
    (found,) = advise("*1/*2", "C/T", coverage=ALL_POSITIONS, **about)
    (name,) = about
    assert (found.action, found.dose) == ("adjust-dose", ())
    assert found.summary == f"Dose warfarin by a genotype equation. Record: {name}."
    assert line in found.considerations
    assert "PGX-672" in codes(found)
    assert "mg" not in "".join(found.considerations).replace("Weight: not on file", "")


def test_a_measurement_in_an_unknown_unit_is_not_used(advise):
    (found,) = advise("*1/*2", "C/T", weight=None, height=None)
    assert "Record: height and weight." in found.summary
    pounds = replace(person(), weight=Measurement(Decimal(180), "[lb_av]"))
    assert read_inputs(pounds, DOSING.warfarin).missing == ("weight",)


def test_every_input_is_shown_with_its_value_date_and_source(advise):
    (found,) = advise(
        "*1/*2", "C/T", coverage=ALL_POSITIONS,
        medicines=(
            Medicine((AMIODARONE,), "active", reference="MedicationRequest/a"),
            Medicine((PHENYTOIN,), "draft", reference="MedicationRequest/p"),
        ),
        smokes=Fact(True, "2026-09-09", "Observation/smoking"),
        inr_target=Measurement(Decimal("3.0"), "{INR}", "2026-08-08", "Observation/inr"),
        conditions=(
            Condition(
                "Pulmonary embolism", frozenset({"dvt-pe"}), "active", "2026-07-07",
                reference="Condition/pe",
            ),
        ),
    )  # fmt: skip
    for line in (
        "Ancestry (self-reported and optional): White.",
        "Age: 67 years, by the date of birth.",
        "Height: 170 cm (2026-10-01, Observation/height).",
        "Weight: 82 kg (2026-10-01, Observation/weight).",
        "Amiodarone: in use (MedicationRequest/a).",
        "Phenytoin: ordered together with this (MedicationRequest/p).",
        "Smoking: yes (2026-09-09, Observation/smoking).",
        "Target INR: 3.0 (2026-08-08, Observation/inr).",
        "Deep vein thrombosis or pulmonary embolism: yes (2026-07-07, Condition/pe).",
    ):
        assert line in found.considerations
    iwpc = shown(plain_iwpc(67, 170, 82, "AG", "*1/*2", inducer=1, amiodarone=1))
    gage = shown(plain_gage(67, 170, 82, "AG", "*1/*2", 3.0, 1, 1, 0, 1))
    assert maintenance(found) == [(iwpc, iwpc), (gage, gage)]
    assert "PGX-673" not in codes(found)


def test_what_was_assumed_says_what_the_other_answer_would_change(advise):
    (found,) = advise("*1/*1", "C/C", coverage=ALL_POSITIONS, smokes=None, medicines_known=False)
    base = plain_iwpc(67, 170, 82, "GG", "*1/*1")
    less = round((1 - plain_iwpc(67, 170, 82, "GG", "*1/*1", amiodarone=1) / base) * 100)
    assert (
        f"Amiodarone is not known and was counted as no: IWPC {less} % less, Gage 22 % less if yes."
        in found.considerations
    )
    assert "Smoking is not known and was counted as no: Gage 10 % more if yes." in lines(found)
    assert "Target INR is not on file; 2.5 assumed: Gage 11 % more at 3.0." in lines(found)
    assert "PGX-673" in codes(found)


@pytest.mark.parametrize(("state", "words"), [("ended", "ended on 2026-11-01"),
                                              ("planned", "planned from 2026-12-01")])  # fmt: skip
def test_a_medicine_that_is_over_or_to_come_is_told_and_not_counted(advise, state, words):
    medicine = Medicine((AMIODARONE,), state, "2026-12-01", "2026-11-01", "MedicationRequest/a")
    (found,) = advise("*1/*1", "C/C", coverage=ALL_POSITIONS, medicines=(medicine,))
    iwpc = shown(plain_iwpc(67, 170, 82, "GG", "*1/*1"))
    assert maintenance(found)[0] == (iwpc, iwpc)
    assert "PGX-675" in codes(found)
    assert words in lines(found)


@pytest.mark.parametrize(("target", "told"), [("2.5", False), ("2.0", False), ("3.5", True)])
def test_a_target_outside_2_to_3_is_told(advise, target, told):
    (found,) = advise("*1/*1", "C/C", inr_target=Measurement(Decimal(target), "{INR}"))
    assert ("PGX-674" in codes(found)) is told


def test_the_loading_dose_is_an_option_where_the_facts_allow_it(advise):
    def days(found):
        return [each.value for each in found.dose if each.what == "loading-dose"]

    (found,) = advise("*1/*2", "C/T", coverage=ALL_POSITIONS)
    inputs = read_inputs(person(), DOSING.warfarin)
    expected = loading_days(DOSING.warfarin, inputs, Setting("AG", "*1/*2"))
    assert days(found) == [str(tenth(day)) for day in expected]
    assert "If a loading dose is planned (CPIC: Optional), EU-PACT gives day 1" in lines(found)
    # EU-PACT knows *1, *2 and *3 alone, and has no term for inducers.
    assert days(advise("*1/*8", "C/T", coverage=ALL_POSITIONS)[0]) == []
    inducer = (Medicine((PHENYTOIN,), "active"),)
    assert days(advise("*1/*2", "C/T", coverage=ALL_POSITIONS, medicines=inducer)[0]) == []
    assert days(advise("*1/*2", "C/T", coverage=ALL_POSITIONS, ancestry=BLACK)[0]) == []


# Old and unusable measures


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ("2009-03-01", "The weight is of 2009-03-01 (more than a year old): record a recent one."),
        ("2009", "The weight is of 2009 (day not stated): record a recent one."),
        ("", "The weight is without a date: record a recent one."),
        ("2026-10-01", ""),
    ],
)
def test_an_old_weight_counts_and_is_named(result, when, words):
    results = {"CYP2C9": result("CYP2C9", "*1/*1", coverage=ALL_POSITIONS),
               "VKORC1": result("VKORC1", "C/T")}  # fmt: skip
    body = person(inr_target=Measurement(Decimal("2.5"), "{INR}", "2026-10-01"))
    body = replace(body, weight=replace(body.weight, when=when))
    (found,) = recommend_warfarin(results, body, DOSING, today=TODAY)
    assert maintenance(found)
    told = [caveat.text for caveat in found.caveats if caveat.code == "PGX-673"]
    assert [text.partition(" The dose rests")[0] for text in told if "The weight" in text] == (
        [words] if words else []
    )


def test_a_weight_that_was_refused_or_not_obtained_is_not_called_absent(advise):
    refused = NotUnderstood("Observation/w", f"weight: its unit is missing{NOT_USED}")
    (found,) = advise("*1/*2", "C/T", weight=None, not_understood=(refused,))
    line = "Weight: on file and could not be used (its unit is missing). Record a weight."
    assert line in found.considerations
    (found,) = advise("*1/*2", "C/T", weight=None, lists={"measures": "unavailable"})
    assert "Weight: could not be obtained. Record a weight." in found.considerations


def test_pounds_are_shown_in_kilograms_to_one_decimal(result):
    body = replace(person(), weight=Measurement(Decimal("81.6466266"), "kg", "2026-10-01"))
    assert "Weight: 81.6 kg (2026-10-01)." in read_inputs(body, DOSING.warfarin).lines


# The order held against the computed dose


def ordered(mg, **more):
    return [OrderedDose(Decimal(mg), unit="mg", per_day=Decimal(1), daily=Decimal(mg),
                        daily_unit="mg", **more)]  # fmt: skip


def test_the_order_is_held_against_the_span_of_the_equations(advise):
    (found,) = advise("*1/*3", "T/T", coverage=ALL_POSITIONS)
    low, high = sorted(Decimal(value) / 7 for value, _ in maintenance(found))
    for mg, judgement in (
        ("10", "above"),
        (str(high * Decimal("1.21")), "above"),
        (str(high), "within"),
        (str(low * Decimal("0.81")), "within"),
        (str(low * Decimal("0.79")), "below"),
    ):
        (dose,) = doses_of(found, ordered(mg))
        assert (dose.judgement, dose.low, dose.high, dose.unit) == (judgement, low, high, "mg/d")
        assert judge([dose]) == judgement
        assert suggested_amount([dose], ordered(mg)) is None  # where to start is no dose to click
    (dose,) = doses_of(found, ordered("10"))
    assert dose.text == (
        f"Computed by IWPC and Gage: {span(low, high)} mg/d; the ordered 10 mg/d is above this."
    )
    assert doses_of(found, ordered("10", as_needed=True))[0].judgement == "above"


def test_without_a_computed_dose_or_a_daily_one_nothing_is_compared(advise):
    (found,) = advise("*1/*3", "T/T", coverage=ALL_POSITIONS)
    assert doses_of(found, []) == doses_of(found, [OrderedDose(Decimal(5), unit="mg")]) == ()
    (clinical,) = advise("*1/*3", "")
    assert doses_of(clinical, ordered("10")) == ()


def test_the_summary_is_in_milligrams_a_day(advise):
    (found,) = advise("*1/*1", "C/C", coverage=ALL_POSITIONS)
    iwpc, gage = (shown(float(value) / 7) for value, _ in maintenance(found))
    assert found.summary == f"By genotype: {iwpc} mg/d (IWPC), {gage} mg/d (Gage)."


# Long in use


@pytest.mark.parametrize(
    ("state", "since", "is_long"),
    [
        ("active", "2019-05-01", True), ("active", "2026-08-22", True),
        ("active", "2026-08-23", False), ("active", "", False), ("ended", "2019-05-01", False),
        ("draft", "2019-05-01", False),
    ],
)  # fmt: skip
@pytest.mark.parametrize(("cyp2c9", "ancestry"), [("*1/*2", WHITE), ("*3/*3", ()), ("", BLACK)])
def test_long_in_use_the_inr_decides_and_no_dose_is_computed(
    result, state, since, is_long, cyp2c9, ancestry
):
    results = {"CYP2C9": result("CYP2C9", cyp2c9), "VKORC1": result("VKORC1", "C/T")}
    taken = Medicine((Drug("11289", "warfarin"),), state, since)
    body = person(ancestry=ancestry, medicines=(taken,))
    found = recommend_warfarin(results, body, DOSING, today=TODAY)
    assert ({each.rule for each in found} == {"cpic.warfarin.in-use"}) is is_long
    if is_long:
        (one,) = found
        assert (one.action, one.dose) == ("monitor", ())
        assert f"In use since {since}" in one.summary
        assert ("CYP2C9 poor metabolizers" in one.detail) is (cyp2c9 == "*3/*3")


# Branches


def test_what_both_branches_advise_a_poor_metabolizer_is_one_advice(advise):
    both = advise("*3/*3", "T/T", ancestry=())
    assert {each.population for each in both} == {"african-ancestry", "non-african-ancestry"}
    assert len({each.rule for each in both}) == 2
    assert {each.advice for each in both} == {"poor-metabolizer"}


def test_an_allele_that_was_found_is_not_called_untested(advise):
    (found,) = advise("*1/*8", "C/T")
    (told,) = [caveat.text for caveat in found.caveats if caveat.code == "PGX-671"]
    assert told.startswith("The report does not say whether CYP2C9 *5, *6 and *11 were looked for.")


def test_a_branch_is_glossed_as_whom_it_is_for(advise):
    whens = [each.population_when for each in advise("*1/*2", "C/T", ancestry=())]
    assert len(whens) == 2
    assert all(when.startswith("for patients who report") for when in whens)


# The form


def test_every_answer_fits_its_place(advise):
    for cyp2c9, vkorc1, ancestry, coverage, height in product(
        ("*1/*1", "*1/*8", "*3/*3", ""), ("C/C", "T/T", ""), ((), WHITE, BLACK),
        (None, ALL_POSITIONS), (None, 205),
    ):  # fmt: skip
        found = advise(
            cyp2c9, vkorc1, "*1/*3", coverage=coverage, ancestry=ancestry, height=height,
            weight=190, age=19, medicines=(Medicine((PHENYTOIN,), "active"),),
        )  # fmt: skip
        if isinstance(found, Unanswered):
            continue
        for each in found:
            assert len(each.summary) <= 84
            assert each.source == "CPIC"
            assert set(each.genes) == {"CYP2C9", "VKORC1", "CYP4F2"}
            guideline, *papers = each.evidence
            assert [paper.pmid for paper in guideline.publications] == ["28198005", "21900891"]
            assert {paper.guideline for paper in papers} == {"iwpc", "gage", "eu-pact"}
            assert not any(line.startswith(" ") or "  " in line for line in each.considerations)


def test_the_caveats_of_the_results_travel_with_the_dose(advise):
    (found,) = advise("*1/*1", "C/T")
    assert any(caveat.text.startswith("The report states the CYP2C9") for caveat in found.caveats)
    assert set(found.derived_from) == {"Observation/cyp2c9", "Observation/vkorc1"}


def test_a_result_without_a_gene_is_not_needed_to_answer():
    bare = {"VKORC1": GeneResult("VKORC1", Status.CALLED, lookup_keys=("-1639 GG",))}
    (found,) = recommend_warfarin(bare, person(), DOSING)
    assert found.genes == {"CYP2C9": "No Result", "VKORC1": "Not Called"}
