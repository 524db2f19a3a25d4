"""Which of a guideline's groups a patient and an order stand in: tables a pharmacist can check."""

from decimal import Decimal

import pytest

from fhir_pgx.model.phenotype import DiplotypeResult, GeneResult, Status
from fhir_pgx.recommendation import Rulebook, Situation, fits_of, recommend
from fhir_pgx.recommendation.population_why import population_fits
from fhir_pgx.recommendation.what_if_population import unstated

PHENYTOIN, CARBAMAZEPINE = "8183", "2002"


def fits(knowledge, guideline, situation, results=None):
    held = knowledge.guidelines[guideline]
    found = fits_of(held, situation, results or {})
    return {held.populations[name].code: fit for name, fit in found.items()}


@pytest.mark.parametrize(
    ("reasons", "conditions", "acs", "other", "neuro"),
    [
        ((), (), "unknown", "unknown", "unknown"),
        # the order says what it is for
        (("acs-pci",), (), "holds", "no", "no"),
        (("neurovascular",), (), "no", "no", "holds"),
        (("acs-pci", "neurovascular"), (), "holds", "no", "holds"),
        # the problem list leans, and excludes nothing
        ((), ("neurovascular",), "unknown", "unknown", "likely"),
        # the order's indication stands above the problem list
        (("acs-pci",), ("neurovascular",), "holds", "no", "no"),
        # an indication of none of the groups
        (("depression",), (), "unknown", "unknown", "unknown"),
    ],
)
def test_the_indication_of_clopidogrel(knowledge, reasons, conditions, acs, other, neuro):
    situation = Situation(reasons=frozenset(reasons), conditions=frozenset(conditions))
    assert fits(knowledge, "cyp2c19-clopidogrel", situation) == {
        "acs-pci": acs, "cardiovascular-other": other, "neurovascular": neuro,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("taken", "naive", "long"),
    [
        ({}, "unknown", "unknown"),  # nobody can show that a drug was never taken
        ({PHENYTOIN: 200}, "no", "likely"),  # steadily, and without a reaction: no record shows it
        ({PHENYTOIN: 92}, "no", "no"),  # three months are not more than three months
        ({PHENYTOIN: None}, "no", "likely"),  # in use, since nobody says when
        ({"72236": 400}, "no", "likely"),  # fosphenytoin is turned into phenytoin
        ({CARBAMAZEPINE: 400}, "unknown", "unknown"),
    ],
)
def test_earlier_use_of_phenytoin(knowledge, taken, naive, long):
    assert fits(knowledge, "cyp2c9-hla-b-phenytoin", Situation(days_taken=taken)) == {
        "phenytoin-naive": naive, "phenytoin-over-3-months": long,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("age", "weight", "fit"),
    [
        (18, None, "holds"), (17, None, "unknown"), (12, "40.5", "holds"), (12, "40", "no"),
        (None, "41", "holds"), (None, None, "unknown"),
    ],
)  # fmt: skip
def test_adults_and_children_above_40_kg_for_efavirenz(knowledge, age, weight, fit):
    situation = Situation(age_years=age, weight=Decimal(weight) if weight else None)
    found = fits(knowledge, "cyp2b6-efavirenz", situation)
    assert found == {"adult-or-child-over-40-kg": fit}


@pytest.mark.parametrize(
    ("age", "weight", "from_40", "below"),
    [
        (30, "35", "holds", "no"), (18, None, "holds", "no"), (12, "40", "holds", "no"),
        (12, "39.9", "no", "holds"), (12, None, "unknown", "unknown"),
        (None, "35", "unknown", "unknown"), (None, "40", "holds", "no"),
    ],
)  # fmt: skip
def test_dpwg_draws_its_line_for_efavirenz_at_40_kg_itself(knowledge, age, weight, from_40, below):
    situation = Situation(age_years=age, weight=Decimal(weight) if weight else None)
    found = fits(knowledge, "dpwg-efavirenz-cyp2b6", situation)
    assert found["adult-or-child-from-40-kg"] == from_40
    assert found["child-below-40-kg"] == below


def test_no_gloss_of_a_group_is_stated_as_a_fact_of_the_patient(knowledge):
    whens = {p.when for g in knowledge.guidelines.values() for p in g.populations.values()}
    assert [when for when in whens if when and not when.startswith("for ")] == []


@pytest.mark.parametrize(
    ("daily", "fit"), [("81", "holds"), ("1000", "holds"), ("1001", "no"), (None, "unknown")]
)
def test_aspirin_up_to_1_g_a_day(knowledge, daily, fit):
    situation = Situation(daily_dose=Decimal(daily) if daily else None)
    assert fits(knowledge, "g6pd", situation)["up-to-1-g-per-day"] == fit


@pytest.mark.parametrize(
    ("haplotypes", "fit"),
    [
        (("Reference", "c.1905+1G>A (*2A)"), "no"),
        (("c.2846A>T", "c.2846A>T"), "no"),  # two copies of one variant
        (("c.1905+1G>A (*2A)", "c.2846A>T"), "unknown"),  # on one copy, or on both?
        (("[c.1905+1G>A (*2A) + c.2846A>T]", "Reference"), "unknown"),
    ],
)
def test_dpwg_has_dpd_measured_where_two_variants_were_found(knowledge, haplotypes, fit):
    diplotype = DiplotypeResult("/".join(haplotypes), haplotypes, None, None, ())
    results = {"DPYD": GeneResult("DPYD", Status.CALLED, diplotypes=(diplotype,))}
    found = fits(knowledge, "dpwg-capecitabine-dpyd", Situation(), results)
    assert found["dpd-activity-to-be-measured"] == fit


def test_a_patient_in_none_of_the_groups_gets_the_advice_of_each_and_is_told_so(knowledge):
    """Three weeks on carbamazepine: HLA-B*15:02 must not go unmentioned."""
    rulebook = Rulebook(knowledge, ("CPIC",))
    (entry,) = rulebook.named("carbamazepine")[0].entries
    results = {
        "HLA-B": GeneResult(
            "HLA-B", Status.CALLED, lookup_keys=("*15:02 positive",),
            allele_status={"*15:02": "positive"},
        )
    }  # fmt: skip
    answer = recommend(
        entry, results, rulebook, situation=Situation(days_taken={CARBAMAZEPINE: 21})
    )
    assert len({r.population for r in answer}) == 3
    assert all("PGX-624" in {caveat.code for caveat in r.caveats} for r in answer)


def test_what_is_the_patients_comes_first_and_what_is_not_is_left_out(knowledge):
    rulebook = Rulebook(knowledge, ("CPIC",))
    (entry,) = rulebook.named("clopidogrel")[0].entries
    poor = GeneResult(
        "CYP2C19", Status.CALLED, phenotype="Poor Metabolizer", lookup_keys=("Poor Metabolizer",)
    )

    def populations(**situation):
        answer = recommend(entry, {"CYP2C19": poor}, rulebook, situation=Situation(**situation))
        return [r.population for r in answer]

    assert populations(reasons=frozenset({"neurovascular"})) == ["neurovascular"]
    assert populations(conditions=frozenset({"neurovascular"}))[0] == "neurovascular"
    assert len(populations(conditions=frozenset({"neurovascular"}))) == 3


def test_a_line_that_two_sources_draw_at_one_weight_is_asked_on_it_and_on_either_side(knowledge):
    (group,) = Rulebook(knowledge, ("CPIC", "DPWG")).named("efavirenz")
    asked = [each for each in unstated(group, Situation(age_years=12)) if each.code == "weight"]
    assert {each.words: str(each.situation.weight) for each in asked} == {
        "above 40 kg": "40.1", "of 40 kg": "40", "below 40 kg": "39.9",
    }  # fmt: skip
    assert not any(each.code == "weight" for each in unstated(group, Situation(age_years=18)))
    (alone,) = Rulebook(knowledge, ("CPIC",)).named("efavirenz")
    words = [each.words for each in unstated(alone, Situation(age_years=12))]
    assert words == ["above 40 kg", "up to 40 kg"]


def test_why_a_child_stands_on_one_side_of_40_kg_is_said(knowledge):
    (group,) = Rulebook(knowledge, ("DPWG",)).named("efavirenz")
    found = population_fits(group, Situation(age_years=12, weight=Decimal(35)), {})
    assert {each.population: (each.fit, *each.why) for each in found} == {
        "adult-or-child-from-40-kg": ("no", "adult or at least 40 kg: 12 years old, 35 kg"),
        "child-below-40-kg": ("holds", "child below 40 kg: 12 years old, 35 kg"),
    }
