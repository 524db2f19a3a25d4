"""An advice's doses in numbers for one patient: rows of our guidelines that a pharmacist can check.

Every patient here is synthetic.
"""

from dataclasses import replace
from datetime import date
from decimal import Decimal as D

import pytest

from fhir_pgx.model.dose import OrderedDose
from fhir_pgx.model.drug import Drug
from fhir_pgx.model.finding import NotUnderstood
from fhir_pgx.model.knowledge import Dose
from fhir_pgx.model.patient import NOBODY, NOT_USED, Measurement, Medicine, PatientContext
from fhir_pgx.recommendation.dose import doses_for_patient, is_settled, judge, suggested_amount
from fhir_pgx.recommendation.dose_words import in_words, show

TODAY = date(2026, 11, 23)
CHILD = PatientContext(
    age_years=9,
    weight=Measurement(D("24.6"), "kg", "2026-10-01", "Observation/w"),
    height=Measurement(D(131), "cm", "2026-10-01", "Observation/h"),
)
ADULT = PatientContext(
    age_years=44,
    weight=Measurement(D(70), "kg", "2026-03-01", "Observation/w"),
    height=Measurement(D(175), "cm", "2019-01-01", "Observation/h"),
)
STATINS = "slco1b1-abcg2-cyp2c9-statins"
SEROTONIN = "serotonin-reuptake-inhibitors"


def order(amount, times=1, unit="mg", **more):
    """An order of `amount` so many times a day."""
    amount = D(amount)
    if times is None:
        return OrderedDose(amount=amount, unit=unit, **more)
    return OrderedDose(
        amount=amount, unit=unit, per_day=D(times), daily=amount * times, daily_unit=unit, **more
    )


@pytest.fixture
def doses(knowledge):
    return lambda guideline, advice: knowledge.guidelines[guideline].advice[advice].dose


# Ceilings and absolute doses: what the order is held against


@pytest.mark.parametrize(
    ("guideline", "advice", "ordered", "judgement", "suggested"),
    [
        # statins: a ceiling for the start
        (STATINS, "start-at-most-20-mg-consider-combination", order(40), "above", 20),
        (STATINS, "start-at-most-20-mg-consider-combination", order(20), "within", None),
        (STATINS, "start-at-most-20-mg-consider-combination", order(10), "within", None),
        (STATINS, "start-at-most-20-mg-consider-combination", order(20, 2), "above", 10),
        (STATINS, "start-at-most-20-mg-consider-combination", order(20, None), "unknown", None),
        (STATINS, "start-at-most-2-mg", order(4), "above", 2),
        (STATINS, "start-at-most-2-mg", order(2), "within", None),
        # another statin first: the ceiling holds only if this one is warranted
        (STATINS, "prescribe-another-statin-or-at-most-20-mg", order(40), "above", None),
        (STATINS, "prescribe-another-statin-or-at-most-20-mg", order(20), "unknown", None),
        # below 20 mg: 20 is too much already, and no number to take is named
        (STATINS, "prescribe-another-statin-or-below-20-mg", order(20), "above", None),
        # desired dose, and a risk above 40 mg
        (STATINS, "desired-dose-myopathy-above-40-mg", order(40), "within", None),
        (STATINS, "desired-dose-myopathy-above-40-mg", order(80), "above", None),
        # citalopram, FDA: at most 20 mg a day
        ("fda-labels", "citalopram-poor-maximum-20-mg", order(40), "above", 20),
        ("fda-labels", "citalopram-poor-maximum-20-mg", order(20), "within", None),
        ("fda-labels", "citalopram-poor-maximum-20-mg", order(20, None), "unknown", None),
        # efavirenz: 400 mg; or a choice of 400 and 200 mg
        ("cyp2b6-efavirenz", "consider-400-mg", order(600), "above", 400),
        ("cyp2b6-efavirenz", "consider-400-mg", order(400), "within", None),
        ("cyp2b6-efavirenz", "consider-400-mg", order(200), "below", None),
        ("cyp2b6-efavirenz", "consider-400-or-200-mg", order(200), "within", None),
        ("cyp2b6-efavirenz", "consider-400-or-200-mg", order(400), "within", None),
        ("cyp2b6-efavirenz", "consider-400-or-200-mg", order(600), "above", None),
        ("cyp2b6-efavirenz", "consider-400-or-200-mg", order(300), "unknown", None),
        # the standard dose is stated to be known: it may be the very dose to avoid
        ("cyp2b6-efavirenz", "standard-dose-600-mg", order(600), "unknown", None),
        ("cyp2c19-clopidogrel", "avoid-standard-dose-use-prasugrel-or-ticagrelor", order(75),
         "unknown", None),
        # hydralazine, poor metabolizers: 40 to 75 mg a day; caution from 200
        ("nat2-hydralazine", "start-40-to-75-mg-titrate-carefully", order(25, 2), "within", None),
        ("nat2-hydralazine", "start-40-to-75-mg-titrate-carefully", order(10, 4), "within", None),
        ("nat2-hydralazine", "start-40-to-75-mg-titrate-carefully", order(25, 4), "above", None),
        ("nat2-hydralazine", "start-40-to-75-mg-titrate-carefully", order(10, 2), "below", None),
        ("nat2-hydralazine", "consider-75-mg-or-more-titrate-to-300-mg", order(100, 4), "above",
         None),
        # atomoxetine, adults: 40 mg, 80 mg after 3 days: an order of 80 may be that stage
        ("cyp2d6-atomoxetine", "adult-40-mg-raise-after-3-days", order(40), "within", None),
        ("cyp2d6-atomoxetine", "adult-40-mg-raise-after-3-days", order(80), "unknown", None),
        ("cyp2d6-atomoxetine", "adult-40-mg-raise-after-3-days", order(25), "below", None),
        # tamoxifen: 40 mg where an aromatase inhibitor is contraindicated
        ("cyp2d6-tamoxifen", "consider-aromatase-inhibitor-or-40-mg", order(40), "unknown", None),
        # vortioxetine: half the start (of what?), at most 10 mg
        (SEROTONIN, "cyp2d6-half-start-maximum-10-mg-or-alternative", order(20), "above", None),
        (SEROTONIN, "cyp2d6-half-start-maximum-10-mg-or-alternative", order(5), "unknown", None),
        # tacrolimus: 1.5 to 2 times the usual start, at most 0.3 mg/kg a day (70 kg: 21 mg)
        ("cyp3a5-tacrolimus", "start-1-5-to-2-times-standard", order(12, 2), "above", None),
        ("cyp3a5-tacrolimus", "start-1-5-to-2-times-standard", order(5, 2), "unknown", None),
    ],
)  # fmt: skip
def test_an_order_is_held_against_the_advice(
    doses, guideline, advice, ordered, judgement, suggested
):
    found = doses_for_patient(doses(guideline, advice), [ordered], ADULT, today=TODAY)
    assert judge(found) == judgement
    assert suggested_amount(found, [ordered]) == suggested


def test_codeine_s_advice_states_no_amount(knowledge):
    for advice in knowledge.guidelines["cyp2d6-opioids"].advice.values():
        found = doses_for_patient(advice.dose, [order(30, 4)], ADULT, today=TODAY)
        assert found == ()
        assert judge(found) == "unknown"
        assert suggested_amount(found, [order(30, 4)]) is None


# Percentages: shown of the order, judged never


@pytest.mark.parametrize(
    ("guideline", "advice", "ordered", "shown"),
    [
        ("cyp2c9-hla-b-phenytoin", "typical-first-dose-then-25-percent-less", order(100, 3),
         [(225, 225, "mg/d", "75% of the ordered 300 mg/d")]),
        ("cyp2c9-hla-b-phenytoin", "typical-first-dose-then-50-percent-less", order(100, 3),
         [(150, 150, "mg/d", "50% of the ordered 300 mg/d")]),
        (SEROTONIN, "cyp2c19-lower-start-half-maintenance-or-alternative", order(20),
         [(10, 10, "mg/d", "50% of the ordered 20 mg/d")]),
        (SEROTONIN, "cyp2d6-lower-start-by-25-to-50-percent-or-alternative", order(50, 2),
         [(50, 75, "mg/d", "50 to 75% of the ordered 100 mg/d")]),
        ("cyp2c19-proton-pump-inhibitors", "increase-starting-dose-by-100-percent", order(20),
         [(40, 40, "mg/d", "200% of the ordered 20 mg/d")]),
        # NSAIDs: of the lowest start and of the maximum, which the order is not
        ("cyp2c9-nsaids", "half-dose-wait-7-days", order(15),
         [(50, 50, "%", "50% of the lowest recommended starting dose, which is not held here"),
          (50, 50, "%", "50% of the maximum recommended dose, which is not held here")]),
        ("cyp2c9-nsaids", "quarter-to-half-dose-wait-8-days", order(200, 2),
         [(25, 50, "%",
           "25 to 50% of the lowest recommended starting dose, which is not held here"),
          (25, 50, "%", "25 to 50% of the maximum recommended dose, which is not held here")]),
        # without a daily dose the percentage stays
        ("cyp2c9-hla-b-phenytoin", "typical-first-dose-then-25-percent-less", order(100, None),
         [(75, 75, "%", "75% of the typical maintenance dose, which is not held here")]),
    ],
)  # fmt: skip
def test_a_percentage_is_shown_of_the_order_and_judges_nothing(
    doses, guideline, advice, ordered, shown
):
    found = doses_for_patient(doses(guideline, advice), [ordered], ADULT, today=TODAY)
    assert [(each.low, each.high, each.unit, each.basis) for each in found] == shown
    assert {each.judgement for each in found} == {"unknown"}
    assert judge(found) == "unknown"
    assert suggested_amount(found, [ordered]) is None


def test_a_loading_dose_is_no_maintenance_dose(doses):
    dose = doses("cyp2c9-hla-b-phenytoin", "typical-first-dose-then-25-percent-less")
    ordered = [order(1000, None, role="loading"), order(300)]
    (found,) = doses_for_patient(dose, ordered, ADULT, today=TODAY)
    assert (found.low, found.basis) == (225, "75% of the ordered 300 mg/d")


def test_a_percentage_of_a_usual_dose_that_the_advice_states_is_judged():
    dose = (
        Dose("daily-dose", "mg/d", value="100", of="standard dose"),
        Dose("daily-dose", "%", change="-25", of="standard dose"),
    )
    for amount, judgement in ((75, "within"), (100, "above"), (50, "below")):
        found = doses_for_patient(dose, [order(amount)], ADULT, today=TODAY)
        assert (found[1].high, found[1].judgement) == (75, judgement)


@pytest.mark.parametrize(
    ("ordered", "number"),
    [
        (order(12, 2), "36 mg/d or more, above the ceiling of 21 mg/d: at most 21 mg/d"),
        (order(6, 2), "18 to 21 mg/d, cut at the ceiling of 21 mg/d"),
        (order(5, 2), "15 to 20 mg/d"),
        # by kilogram, against the ceiling as the source states it
        (order("0.2", 2, "mg/kg"),
         "0.6 mg/kg/d or more, above the ceiling of 0.3 mg/kg/d: at most 0.3 mg/kg/d"),
    ],
)  # fmt: skip
def test_a_percentage_is_cut_at_the_ceiling_of_the_same_advice(doses, ordered, number):
    dose = doses("cyp3a5-tacrolimus", "start-1-5-to-2-times-standard")
    found = doses_for_patient(dose, [ordered], ADULT, today=TODAY)[0]
    assert f"is that dose: {number}. If the order is raised already" in found.text
    assert suggested_amount([found], [ordered]) is None


def test_a_ceiling_under_a_condition_or_of_another_dose_cuts_nothing():
    percent = Dose("maintenance-dose", "%", low="150", high="200", of="usual dose")
    for ceiling in (
        Dose("maintenance-dose", "mg/d", value="21", comparator="<=", when="with renal failure"),
        Dose("starting-dose", "mg/d", value="21", comparator="<="),
    ):
        found = doses_for_patient([percent, ceiling], [order(24)], ADULT, today=TODAY)
        assert found[0].high == 48


def test_a_percentage_cut_at_a_ceiling_does_not_make_the_usual_dose_within():
    dose = (
        Dose("daily-dose", "mg/d", value="100", of="usual dose"),
        Dose("daily-dose", "%", change="50", of="usual dose"),
        Dose("maximum-dose", "mg/d", value="120", comparator="<="),
    )
    for amount, judgement in ((100, "below"), (120, "within"), (130, "above")):
        found = doses_for_patient(dose, [order(amount)], ADULT, today=TODAY)
        assert found[1].judgement == judgement


def test_a_percentage_is_not_to_be_taken_twice(doses):
    dose = doses("dpwg-siponimod-cyp2c9", "half-maintenance-dose")
    (found,) = doses_for_patient(dose, [order(1)], ADULT, today=TODAY)
    assert found.text.endswith(
        "if the ordered 1 mg/d is that dose: 0.5 mg/d. If the order is reduced already, this does "
        "not apply."
    )


def test_a_weight_is_shown_to_one_decimal_and_counts_in_full(doses):
    pounds = replace(ADULT, weight=Measurement(D("81.6466266"), "kg", "2026-10-01"))
    dose = doses("cyp3a5-tacrolimus", "start-1-5-to-2-times-standard")
    found = doses_for_patient(dose, [], pounds, today=TODAY)[1]
    assert "for 81.6 kg of 2026-10-01" in found.text
    assert found.high == D("0.3") * D("81.6466266")


def test_a_weight_that_could_not_be_used_is_not_called_missing(doses):
    refused = NotUnderstood("Observation/w", f"weight: only a bound is stated{NOT_USED}")
    dose = doses("cyp3a5-tacrolimus", "start-1-5-to-2-times-standard")
    patient = PatientContext(age_years=44, not_understood=(refused,))
    found = doses_for_patient(dose, [], patient, today=TODAY)[1]
    assert "a weight is on file and could not be used (only a bound is stated)" in found.text


@pytest.mark.parametrize(
    ("state", "since", "settled"),
    [
        ("active", "2024-11-01", True), ("active", "2026-08-23", False),  # 92 days
        ("active", "2026-08-22", True), ("active", "2025", True), ("active", "2026-08", False),
        ("active", "", False), ("draft", "2024-11-01", False), ("ended", "2024-11-01", False),
    ],
)  # fmt: skip
def test_long_use_within_every_ceiling_is_settled(state, since, settled):
    citalopram = Drug("2556", "citalopram")
    patient = PatientContext(medicines=(Medicine((citalopram,), state, since),))
    ceiling = [Dose("maximum-dose", "mg/d", value="20", comparator="<=")]

    def asked(amount, rxcui="2556"):
        found = doses_for_patient(ceiling, [order(amount)], patient, today=TODAY)
        return is_settled(patient, rxcui, [found], TODAY)

    assert asked(20) is settled
    assert not asked(40)
    assert not asked(20, "321988")


def test_a_maximum_of_another_drug_is_no_ceiling_for_the_order():
    dose = Dose("maximum-dose", "mg/d", value="6", comparator="<=", of="maximum dose of another")
    (found,) = doses_for_patient([dose], [order(8)], ADULT, today=TODAY)
    assert (found.kind, found.judgement) == ("reference", "unknown")
    assert "at most 6 mg/d (maximum dose of another)" in found.text


# By weight and surface


@pytest.mark.parametrize(
    ("amount", "times", "judgement"),
    [
        ("12.3", 1, "within"),  # 0.5 mg/kg for 24.6 kg
        (10, 1, "below"),
        (18, 1, "above"),  # over the start, and not the 1.2 mg/kg of after 3 days either
        ("29.52", 1, "unknown"),  # it may be the stage of after 3 days
        (20, 2, "above"),
    ],
)
def test_atomoxetine_for_a_child_by_weight(doses, amount, times, judgement):
    dose = doses("cyp2d6-atomoxetine", "pediatric-half-mg-per-kg-raise-after-3-days")
    start, later = found = doses_for_patient(dose, [order(amount, times)], CHILD, today=TODAY)
    assert (start.low, start.high, start.unit) == (D("12.30"), D("12.30"), "mg/d")
    assert start.basis == "0.5 mg/kg/d for 24.6 kg of 2026-10-01"
    assert start.measured_by == CHILD.weight
    assert later.high == D("29.52")
    assert later.conditional
    assert "1.2 mg/kg/d: 29.5 mg/d for 24.6 kg of 2026-10-01 (after 3 days)" in later.text
    assert judge(found) == judgement


@pytest.mark.parametrize(
    ("patient", "today", "words"),
    [
        (replace(CHILD, weight=replace(CHILD.weight, when="2026-08-01")), TODAY,
         "of 2026-08-01 (more than three months old)"),
        (replace(ADULT, weight=replace(ADULT.weight, when="2025-08-01")), TODAY,
         "of 2025-08-01 (more than a year old)"),
        (replace(ADULT, age_years=None), TODAY, "of 2026-03-01 (more than three months old)"),
        (replace(ADULT, weight=replace(ADULT.weight, when="")), TODAY, "(date not stated)"),
        (replace(ADULT, weight=replace(ADULT.weight, when="2026")), TODAY,
         "of 2026 (day not stated)"),
        (replace(ADULT, weight=replace(ADULT.weight, when="2027-03-01")), TODAY, "of 2027-03-01"),
        (ADULT, None, "of 2026-03-01"),
    ],
)  # fmt: skip
def test_an_old_weight_is_shown_with_its_date_and_judges_nothing(doses, patient, today, words):
    dose = doses("cyp3a5-tacrolimus", "start-1-5-to-2-times-standard")
    found = doses_for_patient(dose, [order(50, 2)], patient, today=today)[1]
    assert found.basis.endswith(words)
    assert found.judgement == "unknown"
    assert found.text.endswith("record a recent weight to judge.")


def test_without_a_weight_the_figure_stays_and_asks_for_one(doses):
    dose = doses("cyp3a5-tacrolimus", "start-1-5-to-2-times-standard")
    found = doses_for_patient(dose, [order(50, 2)], NOBODY, today=TODAY)[1]
    assert (found.low, found.high, found.unit) == (None, D("0.3"), "mg/kg/d")
    assert found.judgement == "unknown"
    assert "at most 0.3 mg/kg/d" in found.text
    assert "record a weight" in found.text
    pounds = replace(ADULT, weight=Measurement(D(154), "[lb_av]", "2026-11-01"))
    assert doses_for_patient(dose, [order(50, 2)], pounds, today=TODAY)[1] == found


def test_an_order_by_weight_needs_none_to_be_held_against_advice_by_weight(doses):
    dose = doses("cyp3a5-tacrolimus", "start-1-5-to-2-times-standard")
    for amount, judgement in (("0.1", "within"), ("0.2", "above")):
        ordered = [order(amount, 2, "mg/kg")]
        assert doses_for_patient(dose, ordered, NOBODY, today=TODAY)[1].judgement == judgement


def test_an_order_by_weight_is_held_against_milligrams_by_a_recent_weight(doses):
    dose = doses(STATINS, "start-at-most-20-mg-consider-combination")
    ordered = [order("0.5", 1, "mg/kg")]
    assert judge(doses_for_patient(dose, ordered, ADULT, today=TODAY)) == "above"
    assert judge(doses_for_patient(dose, ordered, NOBODY, today=TODAY)) == "unknown"


def test_a_dose_by_surface_is_mosteller_s(doses):
    dose = doses("tpmt-nudt15-thiopurines", "mercaptopurine-standard-start")
    by_surface, by_weight = doses_for_patient(dose, [], CHILD, today=TODAY)
    # root of 131 x 24.6 / 3600 is 0.946 m2; times 75 is 70.9 mg
    assert "75 mg/m2/d: 71 mg/d for 0.946 m2 by Mosteller" in by_surface.text
    assert "1.5 mg/kg/d: 36.9 mg/d for 24.6 kg of 2026-10-01" in by_weight.text
    (short, _) = doses_for_patient(dose, [], replace(CHILD, height=None), today=TODAY)
    assert (short.low, short.unit) == (75, "mg/m2/d")
    assert "record a weight and a height" in short.text


@pytest.mark.parametrize(
    ("age", "ceilings"),
    [(70, ["7.5"]), (65, ["7.5"]), (44, ["15"]), (None, ["15", "7.5"]), (12, [])],
)
def test_what_is_stated_for_another_age_is_left_out(age, ceilings):
    dose = (
        Dose("maximum-dose", "mg/d", value="15", comparator="<=", when="adults below 65 years"),
        Dose("maximum-dose", "mg/d", value="7.5", comparator="<=", when="65 years or older"),
    )
    patient = PatientContext(age_years=age)
    found = doses_for_patient(dose, [order(10)], patient, today=TODAY)
    assert [str(each.high) for each in found] == ceilings
    expected = {70: "above", 65: "above", 44: "within"}.get(age, "unknown")
    assert judge(found) == expected
    assert suggested_amount(found, [order(10)]) == (D("7.5") if expected == "above" else None)


# What an order leaves open


@pytest.mark.parametrize(
    ("ordered", "judgement"),
    [
        ([order(20, 4, as_needed=True)], "above"),  # allows 80 mg a day
        ([order(5, 4, as_needed=True)], "within"),  # never more than 20
        ([order(20, 4, as_needed=True, maximum_daily=D(20))], "within"),
        ([order(20, None, maximum_daily=D(80), daily_unit="mg")], "above"),
        ([order(20, amount_low=D(10))], "within"),
        ([order(40, amount_low=D(10))], "above"),
        # two dosages: together, or one after the other?
        ([order(10), order(10)], "within"),
        ([order(15), order(15)], "unknown"),
        ([order(40), order(10)], "above"),
        ([order(10), order(40)], "unknown"),  # the second may be the next step after the start
        ([order(10), order(10, None)], "unknown"),
        ([order(40, None, role="loading"), order(10)], "within"),
        ([], "unknown"),
    ],
)
def test_what_an_order_leaves_open_is_not_decided(doses, ordered, judgement):
    dose = doses(STATINS, "start-at-most-20-mg-consider-combination")
    found = doses_for_patient(dose, ordered, ADULT, today=TODAY)
    assert judge(found) == judgement


@pytest.mark.parametrize(
    "ordered",
    [
        [order(40, as_needed=True)],
        [order(40, amount_low=D(20))],
        [order(40), order(40)],
        [order(40, role="loading")],
        [order(40, 3)],  # 20 mg in three doses does not come out even
    ],
)
def test_no_dose_is_suggested_for_an_order_that_is_not_one_plain_dose(doses, ordered):
    dose = doses(STATINS, "start-at-most-20-mg-consider-combination")
    found = doses_for_patient(dose, ordered, ADULT, today=TODAY)
    assert suggested_amount(found, ordered) is None


def test_no_dose_is_suggested_below_a_number_or_by_a_weight():
    below = Dose("maximum-dose", "mg/d", value="20", comparator="<")
    by_weight = Dose("maximum-dose", "mg/kg/d", value="0.3", comparator="<=")
    for dose in (below, by_weight):
        found = doses_for_patient([dose], [order(40)], ADULT, today=TODAY)
        assert judge(found) == "above"
        assert suggested_amount(found, [order(40)]) is None


def test_of_two_ceilings_the_suggestion_keeps_both():
    dose = (
        Dose("maximum-dose", "mg/d", value="50", comparator="<="),
        Dose("single-dose", "mg", value="25", comparator="<="),
    )
    for amount, times, suggested in (
        (40, 1, 25),
        (30, 2, 25),
        (25, 4, D("12.5")),
        (40, 4, D("12.5")),
    ):
        ordered = [order(amount, times)]
        found = doses_for_patient(dose, ordered, ADULT, today=TODAY)
        assert suggested_amount(found, ordered) == suggested


def test_numbers_are_exact_inside_and_never_rounded_past_a_ceiling():
    dose = Dose("maximum-dose", "mg/kg/d", value="0.3", comparator="<=")
    patient = replace(ADULT, weight=replace(ADULT.weight, value=D("71.39")))
    (found,) = doses_for_patient([dose], [order("21.41")], patient, today=TODAY)
    assert found.high == D("21.417")
    assert found.judgement == "within"
    assert "at most 21.4 mg/d" in found.text
    patient = replace(ADULT, weight=replace(ADULT.weight, value=D("71.66")))
    (found,) = doses_for_patient([dose], [order("21.5")], patient, today=TODAY)
    assert found.high == D("21.498")
    assert found.judgement == "above"
    assert "at most 21.4 mg/d" in found.text


def test_every_amount_of_every_guideline_makes_a_line(knowledge):
    """No text names a number that is not there, and none is empty."""
    for guideline in knowledge.guidelines.values():
        for advice in guideline.advice.values():
            for ordered in ([], [order(40)], [order(40, None)]):
                for patient in (NOBODY, CHILD, ADULT):
                    found = doses_for_patient(advice.dose, ordered, patient, today=TODAY)
                    for each in found:
                        assert each.text.endswith("."), advice.id
                        assert "None" not in each.text, advice.id
                    assert judge(found) in ("within", "above", "below", "unknown")


def test_an_unknown_daily_dose_is_said(doses):
    dose = doses(STATINS, "start-at-most-20-mg-consider-combination")
    found = doses_for_patient(dose, [order(20, None)], ADULT, today=TODAY)
    assert found[0].text == "Starting dose at most 20 mg/d; the ordered daily dose is not known."
    above = doses_for_patient(dose, [order(40)], ADULT, today=TODAY)[0]
    assert above.text == "Starting dose at most 20 mg/d; the ordered 40 mg/d is above this."


@pytest.mark.parametrize(
    ("value", "shown"),
    [("0.0123456", "0.0123"), ("12.30", "12.3"), ("99.96", "100"), ("1234.5", "1230"),
     ("600", "600"), ("2E+1", "20")],
)  # fmt: skip
def test_a_number_is_shown_with_three_digits_at_most(value, shown):
    assert show(D(value)) == shown


def test_a_range_of_which_three_digits_tell_nothing_is_not_shown_upside_down():
    assert in_words(D("10.01"), D("10.04"), "mg", None) == "10 mg"
    assert in_words(D("10.04"), D("12.36"), "mg", None) == "10.1 to 12.3 mg"
