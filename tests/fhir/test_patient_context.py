"""One patient beyond the genes, in every release's shapes. Every patient is synthetic."""

from datetime import date
from decimal import Decimal

import pytest

from fhir_pgx.fhir.bundle import References, entries_of
from fhir_pgx.fhir.medication import read_orders
from fhir_pgx.fhir.patient_context import BIRTH_DATE, read_patient_context
from fhir_pgx.knowledge.conditions import load_conditions
from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.model.dates import days_of, years_between
from fhir_pgx.model.drug import Drug, DrugMatch

TODAY = date(2026, 11, 23)
CLASSES = load_conditions(HERE)
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
PAROXETINE = Drug("32937", "paroxetine")


def match(concept):
    """Knows one drug by name."""
    return DrugMatch((PAROXETINE,), "name") if concept.label.lower() == "paroxetine" else None


def context_of(*resources, drafts=(), looked_for=frozenset()):
    bundle = {"resourceType": "Bundle", "entry": [{"resource": each} for each in resources]}
    entries = entries_of(bundle)
    proposed = [entry for entry in entries if any(entry.resource is each for each in drafts)]
    used = [entry for entry in entries if entry not in proposed]
    references = References(entries)
    orders, _ = read_orders(used, references, proposed=False, match=match)
    drafted, _ = read_orders(proposed, references, proposed=True, match=match)
    return read_patient_context(
        entries,
        references,
        classes=CLASSES,
        orders=orders,
        drafts=drafted,
        match=match,
        today=TODAY,
        looked_for=looked_for,
    )


def patient(**members):
    return {"resourceType": "Patient", "id": "synthetic", **members}


def observation(code, name="o1", system=LOINC, status="final", **members):
    return {
        "resourceType": "Observation",
        "id": name,
        "status": status,
        "code": {"coding": [{"system": system, "code": code}]},
        **members,
    }


def quantity(value, unit="", code="", **members):
    stated = {"value": value, "unit": unit, "code": code, **members}
    return {"valueQuantity": {key: each for key, each in stated.items() if each != ""}}


def reasons(context):
    return [each.reason for each in context.not_understood]


# Who


@pytest.mark.parametrize(
    ("born", "age"),
    [
        ("1950-11-23", 76),
        ("1950-11-24", 75),
        ("1950-03", 76),
        ("1950-11", None),  # 75 or 76
        ("1950", None),
        ("2026-11-23", 0),
    ],
)
def test_an_age_is_taken_only_from_a_birth_date_that_tells_it(born, age):
    context = context_of(patient(birthDate=born))
    assert (context.birth_date, context.age_years) == (born, age)


@pytest.mark.parametrize("born", ["2027-01-01", "1850-01-01", "unknown", "2000-02-30"])
def test_a_birth_date_that_nobody_can_have_is_listed(born):
    context = context_of(patient(birthDate=born))
    assert (context.birth_date, context.age_years, reasons(context)) == ("", None, [BIRTH_DATE])


def test_a_year_is_all_its_days_and_a_time_is_its_day():
    assert days_of("2026") == (date(2026, 1, 1), date(2026, 12, 31))
    assert days_of("2024-02") == (date(2024, 2, 1), date(2024, 2, 29))
    assert days_of("2026-11-23T23:30:00-05:00") == (TODAY, TODAY)
    assert days_of("2026-13-01") is days_of("soon") is days_of("") is None
    assert years_between("1950", date(2026, 12, 31)) == 76


@pytest.mark.parametrize(
    ("gender", "sex"), [("female", "female"), ("male", "male"), ("other", ""), ("unknown", "")]
)
def test_sex_is_what_the_record_says_or_unknown(gender, sex):
    assert context_of(patient(gender=gender)).sex == sex


def test_ancestry_is_what_us_core_holds_and_nothing_else():
    def extension(name, *parts):
        return {"url": f"http://hl7.org/fhir/us/core/StructureDefinition/{name}",
                "extension": list(parts)}  # fmt: skip

    def category(display):
        return {"url": "ombCategory", "valueCoding": {"code": "x", "display": display}}

    told = patient(
        extension=[
            extension("us-core-race", category("Asian"), category("White"),
                      {"url": "text", "valueString": "Mixed"}),
            extension("us-core-ethnicity", category("Hispanic or Latino")),
        ]
    )  # fmt: skip
    assert context_of(told).ancestry == ("Asian", "White", "Hispanic or Latino")
    text = patient(extension=[extension("us-core-race", {"url": "text", "valueString": "Asian"})])
    assert context_of(text).ancestry == ("Asian",)
    silent = patient(extension=[extension("us-core-race", category("Unknown"))],
                     name=[{"family": "Nakamura"}], address=[{"country": "JP"}])  # fmt: skip
    assert context_of(silent).ancestry == ()


# Numbers


@pytest.mark.parametrize(
    ("code", "member", "stated", "value", "unit"),
    [
        ("29463-7", "weight", quantity(70, "kg", "kg"), "70", "kg"),
        ("3141-9", "weight", quantity(70500, "g", "g"), "70.5", "kg"),
        ("29463-7", "weight", quantity(Decimal("154.0"), "lbs", "[lb_av]"), "69.853", "kg"),
        ("29463-7", "weight", quantity("70", "Kg"), "70", "kg"),
        ("8302-2", "height", quantity(Decimal("1.75"), "m", "m"), "175", "cm"),
        ("8302-2", "height", quantity(70, "in", "[in_i]"), "177.8", "cm"),
        ("98979-8", "egfr", quantity(55, "mL/min/1.73 m2", "mL/min/{1.73_m2}"), "55",
         "mL/min/{1.73_m2}"),
        ("62238-1", "egfr", quantity(55, "mL/min/1.73m²"), "55", "mL/min/{1.73_m2}"),
        ("2164-2", "egfr", quantity(48, "mL/min"), "48", "mL/min"),
        # the printed unit is short, the code says the whole: no contradiction
        ("98979-8", "egfr", quantity(55, "mL/min", "mL/min/{1.73_m2}"), "55", "mL/min/{1.73_m2}"),
    ],
)  # fmt: skip
def test_a_measurement_is_turned_into_its_unit(code, member, stated, value, unit):
    found = getattr(context_of(observation(code, effectiveDateTime="2026-10-01", **stated)), member)
    assert (found.value.quantize(Decimal("0.001")), found.unit) == (Decimal(value), unit)
    assert (found.when, found.reference) == ("2026-10-01", "Observation/o1")


@pytest.mark.parametrize(
    ("code", "stated", "words"),
    [
        ("29463-7", quantity(70), "unit is missing"),
        ("29463-7", quantity(70, "stone"), "not one we know"),
        ("29463-7", quantity(0, "kg"), "no person"),
        ("29463-7", quantity(700, "kg"), "no person"),
        ("8302-2", quantity(Decimal("1.75"), "cm"), "no person"),  # metres, sent as centimetres
        ("98979-8", quantity(60, "mL/min/{1.73_m2}", comparator=">"), "only a bound"),
        ("29463-7", {"valueString": "70 kg"}, "no quantity"),
        ("29463-7", quantity("heavy", "kg"), "no number"),
        ("29463-7", {**quantity(70, "kg"), "effectiveDateTime": "2027-01-01"}, "in the future"),
        ("29463-7", {**quantity(70, "kg"), "effectiveDateTime": "2026-02-31"}, "no date of the"),
        ("29463-7", {**quantity(70, "kg"), "effectiveDateTime": "last week"}, "no date of the"),
        ("29463-7", quantity(70, "kg", "[lb_av]"), "contradicts its code"),
        ("8302-2", quantity(170, "cm", "[in_i]"), "contradicts its code"),
        ("29463-7", quantity(70, "kg", comparator="<"), "only a bound"),
    ],
)
def test_a_number_that_cannot_be_trusted_is_listed_and_not_used(code, stated, words):
    context = context_of(observation(code, **stated))
    assert (context.weight, context.height, context.egfr) == (None, None, None)
    (reason,) = reasons(context)
    assert words in reason
    assert not any(sign.isdigit() for sign in reason)  # no patient's value in a message


def test_the_newest_counts_and_a_final_one_before_a_preliminary_one():
    kg = {name: quantity(value, "kg") for name, value in (("old", 80), ("new", 70), ("early", 60))}
    weights = [
        observation("29463-7", "old", effectiveDateTime="2026-01-01", **kg["old"]),
        observation("3141-9", "new", effectiveDateTime="2026-06-01T08:00:00Z", **kg["new"]),
        observation("29463-7", "early", "", "preliminary", effectiveDateTime="2026-11-01",
                    **kg["early"]),
        observation("29463-7", "undated", **quantity(90, "kg")),
        observation("29463-7", "wrong", status="entered-in-error",
                    effectiveDateTime="2026-11-20", **quantity(40, "kg")),
    ]  # fmt: skip
    for sequence in (weights, weights[::-1]):
        assert context_of(*sequence).weight.reference == "Observation/new"


def test_of_two_results_of_one_time_the_one_without_a_race_coefficient_counts():
    both = [
        observation(code, code, effectiveDateTime="2026-05-01",
                    **quantity(value, "mL/min/{1.73_m2}"))
        for code, value in (("48643-1", 71), ("48642-3", 59))
    ]  # fmt: skip
    for sequence in (both, both[::-1]):
        assert context_of(*sequence).egfr.value == 59


def test_a_weight_in_a_panels_component_is_read():
    panel = observation(
        "85353-1",
        component=[
            {"code": {"coding": [{"system": LOINC, "code": "29463-7"}]}, **quantity(70, "kg")}
        ],
    )
    assert context_of(panel).weight.value == 70


def test_a_measurement_of_somebody_else_is_not_the_patients():
    fetal = observation("29463-7", focus=[{"reference": "Patient/fetus"}], **quantity(3, "kg"))
    assert context_of(fetal).weight is None


@pytest.mark.parametrize(
    ("target", "value"),
    [
        ({"detailQuantity": {"value": Decimal("2.5"), "unit": "INR"}}, "2.5"),
        ({"detailRange": {"low": {"value": 2}, "high": {"value": 3}}}, "2.5"),
        ({"detailRange": {"low": {"value": Decimal("2.5"), "code": "{INR}"},
                          "high": {"value": Decimal("3.5"), "code": "{INR}"}}}, "3"),
        ({"detailRange": {"high": {"value": 3}}}, None),
        ({"detailRange": {"low": {"value": 3}, "high": {"value": 2}}}, None),
        ({"detailQuantity": {"value": 25}}, None),
        ({"detailString": "2 to 3"}, None),
    ],
)  # fmt: skip
def test_the_inr_aimed_at_is_a_goals(target, value):
    measure = {"coding": [{"system": LOINC, "code": "6301-6"}]}
    goal = {"resourceType": "Goal", "id": "g1", "lifecycleStatus": "active",
            "startDate": "2026-01-01", "target": [{"measure": measure, **target}]}  # fmt: skip
    context = context_of(goal)
    if value is None:
        assert context.inr_target is None
        assert len(context.not_understood) == 1
    else:
        assert (context.inr_target.value, context.inr_target.unit) == (Decimal(value), "{INR}")
    assert context_of({**goal, "lifecycleStatus": "cancelled"}).inr_target is None


def test_a_measured_inr_is_no_target():
    assert context_of(observation("6301-6", **quantity(Decimal("2.4")))).inr_target is None


# Yes and no


def answered(code, system, answer, display="", **members):
    coding = {"system": system, "code": answer, **({"display": display} if display else {})}
    return observation(code, valueCodeableConcept={"coding": [coding]}, **members)


@pytest.mark.parametrize(
    ("answer", "display", "smokes"),
    [
        ("449868002", "Current every day smoker", True),
        ("428041000124106", "", True),
        ("77176002", "Smoker", True),
        ("77176002", "Smoker, current status unknown", None),
        ("8517006", "Former smoker", False),
        ("266919005", "", False),
        ("266927001", "", None),
        ("LA18976-3", "", True),
        ("LA15920-4", "", False),
    ],
)
def test_the_smoking_status_is_the_one_recorded(answer, display, smokes):
    fact = context_of(answered("72166-2", SNOMED, answer, display)).smokes
    assert (fact.value if fact else None) is smokes


def test_an_answer_that_says_unknown_does_not_undo_an_older_one():
    told = answered("72166-2", SNOMED, "449868002", effectiveDateTime="2025-01-01")
    unknown = {**answered("72166-2", SNOMED, "266927001", effectiveDateTime="2026-01-01"),
               "id": "o2"}  # fmt: skip
    quit_ = {**answered("72166-2", SNOMED, "8517006", effectiveDateTime="2026-06-01"), "id": "o3"}
    assert context_of(told, unknown).smokes.when == "2025-01-01"
    assert context_of(told, unknown, quit_).smokes.value is False


@pytest.mark.parametrize(
    ("resource", "pregnant"),
    [
        (answered("82810-3", SNOMED, "77386006", effectiveDateTime="2026-09-01"), True),
        (answered("82810-3", LOINC, "LA26683-5", effectiveDateTime="2026-09-01"), False),
        (answered("82810-3", LOINC, "LA4489-6"), None),
        (answered("82810-3", SNOMED, "77386006", effectiveDateTime="2025-09-01"), None),
        ({"resourceType": "Condition", "id": "c", "code": {"text": "Pregnancy"},
          "clinicalStatus": "active"}, True),
        ({"resourceType": "Condition", "id": "c", "code": {"text": "Pregnancy"},
          "clinicalStatus": "resolved"}, None),
        ({"resourceType": "Condition", "id": "c", "code": {"text": "Pregnancy"},
          "onsetDateTime": "2024-01-01"}, None),  # never closed
        (patient(gender="female", birthDate="1996-01-01"), None),
    ],
)  # fmt: skip
def test_pregnancy_is_stated_and_still_possible_or_not_known(resource, pregnant):
    fact = context_of(resource).pregnant
    assert (fact.value if fact else None) is pregnant


def test_breastfeeding_is_stated_or_not_known():
    assert context_of(answered("63895-7", LOINC, "LA29252-6")).breastfeeding.value is True
    assert context_of(answered("63895-7", LOINC, "LA29253-4")).breastfeeding.value is False
    assert context_of(observation("63895-7", valueBoolean=False)).breastfeeding.value is False
    assert context_of(patient()).breastfeeding is None


def test_an_answer_we_do_not_know_is_listed():
    context = context_of(answered("72166-2", SNOMED, "160573003"))
    assert context.smokes is None
    assert "none of those we know" in reasons(context)[0]


@pytest.mark.parametrize(
    ("text", "hepatic"),
    [
        ("Cirrhosis of liver, Child-Pugh class B", "moderate"),
        ("Alcoholic cirrhosis (Child-Turcotte-Pugh C)", "severe"),
        ("Cirrhosis, Child-Pugh score 6", "mild"),
        ("Cirrhosis, Child-Pugh 11", "severe"),
        ("Severe hepatic impairment", "severe"),
        ("Cirrhosis", ""),
        ("Cirrhosis, Child-Pugh class A/B", ""),
        ("Possible cirrhosis, Child-Pugh B", ""),
    ],
)
def test_the_livers_class_is_the_one_stated(text, hepatic):
    condition = {"resourceType": "Condition", "id": "c", "code": {"text": text}}
    assert context_of(condition).hepatic == hepatic


@pytest.mark.parametrize(
    ("value", "hepatic"),
    [
        ({"valueString": "Class C"}, "severe"),
        ({"valueCodeableConcept": {"text": "Child-Pugh B"}}, "moderate"),
        ({"valueInteger": 5}, "mild"),
        ({"valueInteger": 4}, ""),
        ({"valueString": "pending"}, ""),
    ],
)
def test_a_child_pugh_observation_gives_the_livers_class(value, hepatic):
    resource = {"resourceType": "Observation", "id": "o", "status": "final",
                "code": {"text": "Child-Pugh score"}, **value}  # fmt: skip
    assert context_of(resource).hepatic == hepatic


# Medicines in time


def request(name="r1", status="active", **members):
    return {"resourceType": "MedicationRequest", "id": name, "status": status,
            "medicationCodeableConcept": {"text": "Paroxetine"}, **members}  # fmt: skip


def statement(status="active", **members):
    return {**request("s1", status, **members), "resourceType": "MedicationStatement"}


def timed(**repeat):
    return {"dosageInstruction": [{"timing": {"repeat": repeat}}]}


@pytest.mark.parametrize(
    ("release", "resource", "state", "since", "until"),
    [
        ("R4", request(authoredOn="2026-03-01"), "active", "2026-03-01", ""),
        ("R4, a period", request(authoredOn="2026-03-01", **timed(
            boundsPeriod={"start": "2026-04-01", "end": "2026-05-01"})),
         "ended", "2026-04-01", "2026-05-01"),
        ("R4, seven days that are over", request(authoredOn="2026-11-01", **timed(
            boundsDuration={"value": 7, "code": "d"})), "ended", "2026-11-01", "2026-11-07"),
        ("R4, its last day is today", request(authoredOn="2026-11-17", **timed(
            boundsDuration={"value": 1, "unit": "week"})), "active", "2026-11-17", "2026-11-23"),
        ("R4, a month is no number of days", request(authoredOn="2026-01-01", **timed(
            boundsDuration={"value": 1, "code": "mo"})), "active", "2026-01-01", ""),
        ("R4, a supply is no end", request(authoredOn="2026-01-01", dispenseRequest={
            "validityPeriod": {"end": "2026-02-01"},
            "expectedSupplyDuration": {"value": 30, "code": "d"}}), "active", "2026-01-01", ""),
        ("R4, once", request(authoredOn="2026-09-10", **timed(count=1)),
         "ended", "2026-09-10", "2026-09-10"),
        ("R4, once, today", request(authoredOn="2026-11-23", **timed(count=1)),
         "active", "2026-11-23", "2026-11-23"),
        ("R4, for one day", request(authoredOn="2026-09-10", **timed(
            boundsDuration={"value": 1, "code": "d"})), "ended", "2026-09-10", "2026-09-10"),
        ("R4, once to three times", request(authoredOn="2026-09-10", **timed(count=1, countMax=3)),
         "active", "2026-09-10", ""),
        ("R4, ten times", request(authoredOn="2026-09-10", **timed(count=10)),
         "active", "2026-09-10", ""),
        ("R4, one tablet", request(authoredOn="2026-09-10", dispenseRequest={
            "quantity": {"value": 1, "unit": "tablet"}, "numberOfRepeatsAllowed": 0}),
         "ended", "2026-09-10", "2026-09-10"),
        ("R4, one capsule by code", request(authoredOn="2026-09-10", dispenseRequest={
            "quantity": {"value": 1.0, "unit": "Kapsel", "code": "CAP"}}),
         "ended", "2026-09-10", "2026-09-10"),
        ("R4, one tablet and more to fetch", request(authoredOn="2026-09-10", dispenseRequest={
            "quantity": {"value": 1, "unit": "tablet"}, "numberOfRepeatsAllowed": 3}),
         "active", "2026-09-10", ""),
        ("R4, one bottle", request(authoredOn="2026-09-10", dispenseRequest={
            "quantity": {"value": 1, "unit": "bottle"}}), "active", "2026-09-10", ""),
        ("R4, one of nobody knows what", request(authoredOn="2026-09-10", dispenseRequest={
            "quantity": {"value": 1}}), "active", "2026-09-10", ""),
        ("R4, thirty tablets", request(authoredOn="2026-09-10", dispenseRequest={
            "quantity": {"value": 30, "unit": "tablet"}}), "active", "2026-09-10", ""),
        ("dispense, one tablet", {**request("d1", "completed", whenHandedOver="2026-09-10",
                                            quantity={"value": 1, "code": "TAB"}),
                                  "resourceType": "MedicationDispense"},
         "ended", "2026-09-10", "2026-09-10"),
        ("R4, begins later", request(**timed(boundsPeriod={"start": "2026-12-01"})),
         "planned", "2026-12-01", ""),
        ("R4, stopped", request(status="stopped", authoredOn="2026-03-01"),
         "ended", "2026-03-01", ""),
        ("R5, stopped", request(status="stopped", authoredOn="2026-03-01",
                                statusChanged="2026-11-20"), "ended", "2026-03-01", "2026-11-20"),
        ("DSTU2", {**request(dateWritten="2025-01-01", dateEnded="2025-03-01", status="completed"),
                   "resourceType": "MedicationOrder"}, "ended", "2025-01-01", "2025-03-01"),
        ("R4 statement", statement(effectivePeriod={"start": "2024", "end": "2026-10-30"}),
         "ended", "2024", "2026-10-30"),
        ("R4 statement", statement("completed", effectivePeriod={"end": "2026-11-20"}),
         "ended", "", "2026-11-20"),
        ("R4 statement", statement("intended"), "planned", "", ""),
        ("R4 statement", statement(effectiveDateTime="2026-10-01"), "active", "2026-10-01", ""),
        ("R5 statement", statement("recorded", adherence={"code": {"coding": [
            {"code": "stopped"}]}}), "ended", "", ""),
        ("dispense", {**request("d1", "completed", whenHandedOver="2026-11-01T10:00:00Z",
                                daysSupply={"value": 30, "unit": "days"}),
                      "resourceType": "MedicationDispense"},
         "active", "2026-11-01T10:00:00Z", "2026-11-30"),
        ("dispense", {**request("d1", "completed", whenHandedOver="2026-01-01",
                                daysSupply={"value": 30}),
                      "resourceType": "MedicationDispense"}, "ended", "2026-01-01", "2026-01-30"),
        ("administration", {**request("m1", "completed", effectiveDateTime="2026-11-21"),
                            "resourceType": "MedicationAdministration"},
         "ended", "2026-11-21", "2026-11-21"),
        ("administration, R5", {**request("m1", "completed", occurenceDateTime="2026-11-23"),
                                "resourceType": "MedicationAdministration"},
         "active", "2026-11-23", "2026-11-23"),
    ],
)  # fmt: skip
def test_a_medicine_stands_in_time(release, resource, state, since, until):
    (found,) = context_of(resource).medicines
    assert (found.state, found.since, found.until) == (state, since, until), release
    assert found.drugs == (PAROXETINE,)


@pytest.mark.parametrize(
    "resource",
    [
        request(status="cancelled"),
        request(status="entered-in-error"),
        request(doNotPerform=True, status="completed"),
        statement("not-taken"),
        statement("completed", taken="n"),
        {**request(status="stopped"), "resourceType": "MedicationDispense"},
    ],
)
def test_what_was_never_taken_is_no_medicine_in_any_time(resource):
    assert context_of(resource).medicines == ()


def test_drafts_are_drafts_and_no_sign_that_anybody_looked():
    draft = request("draft", "draft")
    context = context_of(draft, drafts=(draft,))
    assert [(each.state, each.reference) for each in context.medicines] == [
        ("draft", "MedicationRequest/draft")
    ]
    assert context.medicines_known is False


def test_ended_medicines_stand_behind_those_in_use():
    context = context_of(request("old", "completed"), request("now"))
    assert [(each.reference, each.state) for each in context.medicines] == [
        ("MedicationRequest/now", "active"), ("MedicationRequest/old", "ended")
    ]  # fmt: skip


# What is known


def test_nothing_sent_is_not_known_and_nothing_found_is():
    silent = context_of(patient())
    assert (silent.conditions_known, silent.allergies_known, silent.medicines_known) == (
        False, False, False
    )  # fmt: skip
    kinds = frozenset({"Condition", "AllergyIntolerance", "MedicationRequest"})
    asked = context_of(patient(), looked_for=kinds)
    assert (asked.conditions_known, asked.allergies_known, asked.medicines_known) == (
        True, True, True
    )  # fmt: skip
    assert (asked.conditions, asked.allergies, asked.medicines) == ((), (), ())


def test_no_known_allergies_are_known_to_be_none():
    none = {"resourceType": "AllergyIntolerance", "id": "a",
            "code": {"coding": [{"system": SNOMED, "code": "716186003"}]}}  # fmt: skip
    context = context_of(none)
    assert (context.allergies, context.allergies_known) == ((), True)


def test_conditions_and_allergies_reach_the_context():
    problem = {"resourceType": "Condition", "id": "c", "code": {"text": "Epilepsy"}}
    allergy = {"resourceType": "AllergyIntolerance", "id": "a", "code": {"text": "Paroxetine"}}
    context = context_of(problem, allergy)
    assert context.has("epilepsy") is True
    assert context.has("gout") is None
    assert context.allergies[0].drugs == (PAROXETINE,)


# What senders get wrong


ODD = (None, True, 7, "", "text", [], [None], ["text"], {}, [{}], [[{}]], {"coding": "x"},
       {"coding": [None, {"code": 5}]}, {"reference": {"reference": 3}}, {"value": {}})  # fmt: skip
SHAPES = (
    patient(birthDate="1950-01-01", gender="male", extension=[{"url": "x/us-core-race"}]),
    observation("29463-7", effectiveDateTime="2026-10-01", **quantity(70, "kg")),
    answered("72166-2", SNOMED, "449868002", effectiveDateTime="2026-01-01", component=[]),
    {"resourceType": "Goal", "id": "g", "status": "active", "target": [
        {"measure": {"coding": [{"code": "6301-6"}]}, "detailQuantity": {"value": 2}}]},
    {"resourceType": "Condition", "id": "c", "code": {"text": "Stroke"}, "onsetPeriod": {},
     "clinicalStatus": "active", "verificationStatus": "confirmed", "recordedDate": "2026"},
    {"resourceType": "Procedure", "id": "p", "code": {"text": "PCI"}, "performedPeriod": {},
     "status": "completed"},
    {"resourceType": "Encounter", "id": "e", "status": "in-progress", "reason": [{"value": []}],
     "reasonCode": []},
    {"resourceType": "AllergyIntolerance", "id": "a", "code": {"text": "x"}, "reaction": [
        {"manifestation": [{"concept": {}}]}], "category": ["food"], "type": "allergy",
     "clinicalStatus": "active", "onsetPeriod": {}, "substance": {}},
    request(authoredOn="2026-01-01", **timed(boundsPeriod={}, boundsDuration={"value": 3})),
    statement("completed", effectivePeriod={"end": "2026-01-01"}, taken="y", adherence={}),
    {**request("d1", "completed", whenHandedOver="2026-01-01", daysSupply={"value": 30}),
     "resourceType": "MedicationDispense"},
)  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape["resourceType"])
def test_a_member_of_the_wrong_shape_is_never_an_error(shape):
    context_of(shape)
    for member in shape.keys() - {"resourceType"}:
        for odd in ODD:
            context_of({**shape, member: odd})
            if isinstance(shape[member], dict):
                for inner in shape[member]:
                    context_of({**shape, member: {**shape[member], inner: odd}})
            if isinstance(shape[member], list) and shape[member]:
                for inner in shape[member][0]:
                    if isinstance(shape[member][0], dict):
                        context_of({**shape, member: [{**shape[member][0], inner: odd}]})
