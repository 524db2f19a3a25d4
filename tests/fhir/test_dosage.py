"""What an order says of its dose, in every release's shape. All orders are synthetic."""

from decimal import Decimal as D

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_pgx.fhir.dosage import product_strength, read_doses
from fhir_pgx.fhir.medication import read_concept

MG = "http://unitsofmeasure.org"


def mg(value, unit="mg"):
    return {"value": value, "unit": unit, "system": MG, "code": unit}


def daily(times=1, **more):
    return {"repeat": {"frequency": times, "period": 1, "periodUnit": "d", **more}}


def one(dosage, strength=None, member="dosageInstruction"):
    (found,) = read_doses(
        {"resourceType": "MedicationRequest", member: [dosage]}, strength=strength
    )
    return found


def numbers(found):
    return (found.amount, found.unit, found.per_day, found.daily)


R4 = {"timing": daily(2), "doseAndRate": [{"doseQuantity": mg(20)}]}


@pytest.mark.parametrize(
    ("release", "resource"),
    [
        ("DSTU2", {"dosageInstruction": [{
            "doseQuantity": mg(20),
            "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnits": "d"}}}]}),
        ("DSTU2 statement", {"dosage": [{"quantityQuantity": mg(20), "timing": daily(2)}]}),
        ("STU3", {"dosageInstruction": [{"doseQuantity": mg(20), "timing": daily(2)}]}),
        ("STU3 by its long name", {"dosageInstruction": [
            {"doseSimpleQuantity": mg(20), "timing": daily(2)}]}),
        ("R4", {"dosageInstruction": [R4]}),
        ("R4 statement", {"dosage": [R4]}),
        ("one object for a list", {"dosageInstruction": {
            "timing": daily(2), "doseAndRate": {"doseQuantity": mg(20)}}}),
        ("a number in text", {"dosageInstruction": [
            {"timing": daily("2"), "doseAndRate": [{"doseQuantity": mg("20")}]}]}),
    ],
)  # fmt: skip
def test_every_release_says_the_same_dose(release, resource):
    (found,) = read_doses({"resourceType": "X", **resource})
    assert numbers(found) == (D(20), "mg", D(2), D(40)), release
    assert found.daily_unit == "mg"


def test_of_three_entries_for_one_dose_the_ordered_one_counts():
    def entry(code, quantity):
        return {"type": {"coding": [{"code": code}]}, "doseQuantity": quantity}

    entries = [
        entry("calculated", mg(19.5)),
        entry("admin-amount", {"value": 0.5, "unit": "tablet"}),
        entry("ordered", mg(20)),
    ]
    assert numbers(one({"timing": daily(), "doseAndRate": entries})) == (D(20), "mg", D(1), D(20))
    entries[2] = entry("ordered", {"value": 1, "unit": "tablet"})
    assert one({"timing": daily(), "doseAndRate": entries}).amount == D("19.5")
    twice = [entry("ordered", mg(20)), entry("ordered", mg(30))]
    assert one({"timing": daily(), "doseAndRate": twice}).amount is None


@pytest.mark.parametrize(
    ("quantity", "strength", "amount"),
    [
        (mg("0.5", "g"), None, (D(500), "mg")),
        (mg(250, "ug"), None, (D("0.25"), "mg")),
        (mg(250, "mcg"), None, (D("0.25"), "mg")),
        ({"value": 75, "unit": "MG"}, None, (D(75), "mg")),
        (mg("0.5", "mg/kg"), None, (D("0.5"), "mg/kg")),
        (mg(75, "mg/m2"), None, (D(75), "mg/m2")),
        ({"value": 2, "unit": "TABLET"}, (D(30), "mg"), (D(60), "mg")),
        ({"value": 2, "code": "{tablet}", "unit": "Tablet(s)"}, (D(30), "mg"), (D(60), "mg")),
        ({"value": 1, "unit": "{pill}"}, (D(75), "mg"), (D(75), "mg")),
        ({"value": 5, "unit": "mL"}, (D(2), "mg/mL"), (D(10), "mg")),
        # and what is no mass
        ({"value": 2, "unit": "TABLET"}, None, (None, "")),
        ({"value": 5, "unit": "mL"}, (D(30), "mg"), (None, "")),
        ({"value": 75}, None, (None, "")),
        (mg(1000, "[iU]"), None, (None, "")),
        (mg(5, "mL"), None, (None, "")),
        ({"value": 1, "unit": "g", "code": "mg"}, None, (None, "")),  # they contradict each other
        ({**mg(20), "comparator": "<"}, None, (None, "")),
        (mg(0), None, (None, "")),
        (mg(-20), None, (None, "")),
        (mg("NaN"), None, (None, "")),
        (mg(True), None, (None, "")),
    ],
)  # fmt: skip
def test_a_unit_becomes_mass_or_nothing(quantity, strength, amount):
    found = one({"timing": daily(), "doseAndRate": [{"doseQuantity": quantity}]}, strength)
    assert (found.amount, found.unit) == amount
    assert (found.daily is None) == (amount[0] is None)


@pytest.mark.parametrize(
    ("timing", "per_day"),
    [
        (daily(1), 1),
        (daily(3), 3),
        ({"repeat": {"frequency": 1, "period": 6, "periodUnit": "h"}}, 4),
        ({"repeat": {"period": 12, "periodUnit": "h"}}, 2),
        ({"repeat": {"when": ["MORN", "NIGHT"]}}, 2),
        ({"repeat": {"frequency": 2, "period": 1, "periodUnit": "d", "when": ["CM", "CV"]}}, 2),
        ({"repeat": {"timeOfDay": ["08:00:00", "14:00:00", "20:00:00"]}}, 3),
        ({"code": {"coding": [{"code": "BID"}]}}, 2),
        ({"code": {"coding": [{"code": "TID"}]}}, 3),
        ({"code": {"coding": [{"code": "QID"}]}}, 4),
        ({"code": {"coding": [{"code": "QD"}]}}, 1),
        ({"code": {"coding": [{"code": "Q4H"}]}}, 6),
        ({"code": {"coding": [{"code": "Q8H"}]}}, 3),
        ({"code": {"coding": [{"code": "AM"}]}}, 1),
        ({"code": {"coding": [{"code": "BED"}]}}, 1),
        ({"code": {"text": "twice a day"}}, 2),
        ({"code": {"coding": [{"code": "BID"}]}, **daily(2)}, 2),
        # not a daily count
        ({"code": {"coding": [{"code": "BID"}]}, **daily(3)}, None),  # which of the two?
        ({"code": {"coding": [{"code": "QOD"}]}}, None),
        ({"code": {"text": "as directed"}}, None),
        ({"repeat": {"frequency": 1, "period": 1, "periodUnit": "wk"}}, None),
        ({"repeat": {"frequency": 3, "period": 1, "periodUnit": "wk"}}, None),
        ({"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "dayOfWeek": ["mon"]}}, None),
        ({"repeat": {"frequency": 2}}, None),
        ({"repeat": {"when": ["C"]}}, None),  # however many meals there are
        ({"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "when": ["MORN", "EVE"]}},
         None),
        ({"repeat": {"frequency": 1, "period": 9, "periodUnit": "h"}}, None),
        ({"event": ["2026-11-23T08:00:00Z"]}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_a_timing_is_counted_in_doses_a_day(timing, per_day):
    found = one({"timing": timing, "doseAndRate": [{"doseQuantity": mg(10)}]})
    assert found.amount == 10
    assert found.per_day == per_day
    assert found.daily == (None if per_day is None else 10 * per_day)


def test_every_four_to_six_hours_is_at_most_six_times_and_no_one_dose_a_day():
    timing = {"repeat": {"frequency": 1, "period": 4, "periodMax": 6, "periodUnit": "h"}}
    found = one({"timing": timing, "asNeededBoolean": True, "doseAndRate": [
        {"doseRange": {"low": mg(15), "high": mg(30)}}]})  # fmt: skip
    assert (found.amount_low, found.amount) == (15, 30)
    assert (found.per_day, found.daily, found.maximum_daily) == (None, None, 180)
    assert found.as_needed


@pytest.mark.parametrize(
    ("member", "as_needed"),
    [
        ({"asNeededBoolean": True}, True),
        ({"asNeededBoolean": False}, False),
        ({"asNeededCodeableConcept": {"text": "pain"}}, True),
        ({"asNeeded": True}, True),
        ({"asNeededFor": [{"text": "pain"}]}, True),
        ({}, False),
    ],
)
def test_as_needed_is_read_in_every_form(member, as_needed):
    assert one({**R4, **member}).as_needed is as_needed


@pytest.mark.parametrize(
    ("ratio", "maximum"),
    [
        ({"numerator": mg(240), "denominator": {"value": 24, "code": "h"}}, 240),
        ({"numerator": mg(240), "denominator": {"value": 1, "unit": "day"}}, 240),
        ({"numerator": mg(100), "denominator": {"value": 12, "code": "h"}}, 200),
        ([{"numerator": mg(240), "denominator": {"value": 1, "code": "d"}}], 240),  # R5
        ({"numerator": {"value": 8, "unit": "tablets"}, "denominator": {"value": 1, "code": "d"}},
         240),
        ({"numerator": mg(240), "denominator": {"value": 1, "code": "wk"}}, None),
        ({"numerator": {"value": 8, "unit": "drops"}, "denominator": {"value": 1, "code": "d"}},
         None),
    ],
)  # fmt: skip
def test_the_most_in_a_period_is_read_as_a_day(ratio, maximum):
    assert one({**R4, "maxDosePerPeriod": ratio}, (D(30), "mg")).maximum_daily == maximum


@pytest.mark.parametrize(
    ("bounds", "days"),
    [
        ({"boundsDuration": {"value": 2, "unit": "weeks", "code": "wk"}}, 14),
        ({"boundsDuration": {"value": 36, "code": "h"}}, 2),
        ({"boundsPeriod": {"start": "2026-11-01", "end": "2026-11-05"}}, 5),
        ({"boundsRange": {"low": {"value": 3, "code": "d"}, "high": {"value": 5, "code": "d"}}}, 5),
        ({"boundsPeriod": {"start": "2026-11-01"}}, None),
        ({"boundsPeriod": {"start": "2026-11", "end": "2026-12"}}, None),
        ({"boundsDuration": {"value": 1, "code": "mo"}}, None),  # months differ
    ],
)
def test_a_duration_is_counted_in_days(bounds, days):
    timing = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", **bounds}}
    assert one({"timing": timing}).duration_days == days


@pytest.mark.parametrize(
    ("dosage", "role"),
    [
        ({"text": "Loading dose: 300 mg once"}, "loading"),
        ({"additionalInstruction": [{"text": "loading dose"}]}, "loading"),
        ({"additionalInstructions": {"text": "loading"}}, "loading"),  # DSTU2
        ({"text": "start 24 hours after the loading dose"}, ""),
        ({"text": "no loading dose"}, ""),
        ({"text": "downloading"}, ""),
        ({"sequence": 1}, ""),  # the first of several is not yet a loading dose
    ],
)
def test_a_loading_dose_is_one_only_where_it_says_so(dosage, role):
    assert one({**dosage, "doseAndRate": [{"doseQuantity": mg(300)}]}).role == role


def test_several_dosages_come_each_by_itself_in_their_sequence():
    found = read_doses({"dosageInstruction": [
        {"sequence": 2, "timing": daily(), "doseAndRate": [{"doseQuantity": mg(80)}]},
        {"sequence": 1, "timing": daily(), "doseAndRate": [{"doseQuantity": mg(40)}]},
    ]})  # fmt: skip
    assert [dose.daily for dose in found] == [40, 80]
    assert [dose.path for dose in found] == ["dosageInstruction[1]", "dosageInstruction[0]"]


@pytest.mark.parametrize(
    ("text", "amount", "per_day"),
    [
        ("75 mg once daily", 75, 1),
        ("Take 75 mg by mouth once daily", 75, 1),
        ("30 mg q6h prn for pain", 30, 4),
        ("20 mg BID", 20, 2),
        ("Take 1 tablet by mouth three times daily", 30, 3),
        ("2 capsules at bedtime", 60, 1),
        ("0.5 g every 12 hours for 5 days.", 500, 2),
        # and what is not plain
        ("75 mg", None, None),
        ("75 mg every other day", None, None),
        ("75 mg once daily or as directed by the clinic", None, None),
        ("300 mg once, then 75 mg once daily", None, None),
        ("1,000 mg daily", None, None),
        ("half a tablet daily", None, None),
        ("1 drop twice daily", None, None),
        ("as directed", None, None),
    ],
)
def test_a_plain_text_is_read_whole_or_not_at_all(text, amount, per_day):
    found = one({"text": text}, (D(30), "mg"))
    assert (found.amount, found.per_day) == (amount, per_day)
    assert found.text == text


def test_tablets_a_day_say_the_day_s_dose_and_not_the_single_one():
    found = one({"text": "2 tablets a day"}, (D(50), "mg"))
    assert (found.amount, found.per_day, found.daily) == (None, None, 100)
    ranged = one({"text": "1-2 tablets per day"}, (D(50), "mg"))
    assert (ranged.daily, ranged.maximum_daily) == (None, 100)


def test_words_fill_a_timing_only_where_they_agree_with_the_structured_dose():
    dose = {"doseAndRate": [{"doseQuantity": mg(75)}]}
    assert one({**dose, "text": "75 mg twice daily"}).daily == 150
    assert one({**dose, "text": "150 mg twice daily"}).daily is None
    assert one({**dose, "text": "75 mg twice daily", "timing": daily(1)}).daily == 75
    drops = {"doseAndRate": [{"doseQuantity": {"value": 3, "unit": "drops"}}]}
    assert one({**drops, "text": "75 mg twice daily"}).amount is None


def test_a_day_s_dose_says_no_single_one():
    found = one({"timing": daily(2), "doseAndRate": [{"doseQuantity": mg(40, "mg/d")}]})
    assert (found.amount, found.daily) == (None, 40)
    rate = one({"doseAndRate": [{"rateQuantity": mg(5, "mg/h")}]})
    assert (rate.amount, rate.daily) == (None, None)


@pytest.mark.parametrize("resource", [
    {}, {"dosageInstruction": []}, {"dosageInstruction": ["75 mg"]}, {"dosageInstruction": None},
])  # fmt: skip
def test_an_order_without_a_dosage_has_no_dose(resource):
    assert read_doses(resource) == ()


def test_an_empty_dosage_is_one_of_which_nothing_is_known():
    assert numbers(one({})) == (None, "", None, None)
    (rendered,) = read_doses({"renderedDosageInstruction": "75 mg once daily"})  # R5
    assert rendered.daily == 75


@pytest.mark.parametrize(
    ("text", "strength"),
    [
        ("codeine sulfate 30 MG Oral Tablet", (D(30), "mg")),
        ("CLOPIDOGREL 75 MG PO TABS", (D(75), "mg")),
        ("levothyroxine sodium 125 MCG tablet", (D("0.125"), "mg")),
        ("24 HR metoprolol succinate 50 MG Extended Release Oral Tablet", (D(50), "mg")),
        ("codeine phosphate 5 MG/ML Oral Solution", (D(5), "mg/mL")),
        ("amoxicillin 250 MG/5 ML suspension", (D(50), "mg/mL")),
        # refused
        ("acetaminophen 300 MG / codeine phosphate 30 MG Oral Tablet", None),
        ("acetaminophen-codeine 300-30 mg tablet", None),
        ("lisinopril/hydrochlorothiazide 20 MG", None),
        ("Somebrand 5/325 mg tablet", None),
        ("fentanyl 0.025 MG/HR Transdermal System", None),
        ("clopidogrel 75 mg (as bisulfate 97.875 mg)", None),
        ("metformin 1,000 mg tablet", None),
        ("clopidogrel", None),
    ],
)
def test_a_product_states_its_strength_or_none_is_used(text, strength):
    assert product_strength(read_concept({"text": text})) == strength


def test_strengths_that_disagree_are_none():
    concept = {
        "coding": [{"code": "1", "display": "clopidogrel 75 MG"}],
        "text": "clopidogrel 300 mg",
    }
    assert product_strength(read_concept(concept)) is None


MEMBERS = [
    "text", "timing", "repeat", "code", "coding", "frequency", "period", "periodUnit", "periodMax",
    "frequencyMax", "when", "timeOfDay", "dayOfWeek", "event", "doseAndRate", "doseQuantity",
    "doseRange", "low", "high", "value", "unit", "type", "maxDosePerPeriod", "numerator",
    "denominator", "boundsDuration", "boundsPeriod", "start", "end", "asNeeded", "sequence",
    "additionalInstruction", "rateQuantity",
]  # fmt: skip
WORDS = ["d", "mg", "h", "2026-11-23", "75 mg daily", "1e999", "-1", "NaN", "ordered", "MORN", ""]
LEAVES = st.none() | st.booleans() | st.integers(-2, 50) | st.sampled_from(WORDS) | st.just(0.5)
JUNK = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=5)
    ),
    max_leaves=25,
)


@given(st.dictionaries(st.sampled_from(["dosage", "dosageInstruction"]), JUNK), st.booleans())
def test_no_shape_of_json_breaks_the_reading(resource, has_strength):
    for dose in read_doses(resource, strength=(D(30), "mg") if has_strength else None):
        assert dose.amount is None or dose.amount > 0
        assert (dose.daily is None) or dose.daily_unit
        assert dose.per_day is None or 1 <= dose.per_day <= 96


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(MEMBERS, JUNK)))
def test_no_shape_of_a_dosage_breaks_the_reading(dosage):
    assert len(read_doses({"dosageInstruction": [dosage]})) == 1
