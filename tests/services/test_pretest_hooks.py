"""Tests before drugs, from the call to the cards. Every patient is synthetic."""

from datetime import date

import pytest

from fhir_pgx.cards.write import write_answer
from fhir_pgx.errors import DataUnavailable
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.pipeline import Limits, Pipeline
from fhir_pgx.plugins import load_services
from fhir_pgx.services.answering import read_call
from fhir_pgx.services.gather import Sources

LOINC, RXNORM = "http://loinc.org", "http://www.nlm.nih.gov/research/umls/rxnorm"
DRUGS = {
    "clopidogrel": ("309362", "clopidogrel 75 MG Oral Tablet"),
    "simvastatin": ("312961", "simvastatin 20 MG Oral Tablet"),
    "capecitabine": ("200328", "capecitabine 500 MG Oral Tablet"),
    "omeprazole": ("7646", "omeprazole"),
    "metformin": ("6809", "metformin"),
}
NOTHING = {"resourceType": "Bundle", "type": "searchset", "total": 0}


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 23))


def drug(name, status="draft"):
    code, text = DRUGS[name]
    return {
        "resourceType": "MedicationRequest",
        "id": name,
        "status": status,
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {
            "coding": [{"system": RXNORM, "code": code, "display": text}],
            "text": text,
        },
    }


def genetic_test(code, n=1, status="draft", **members):
    return {
        "resourceType": "ServiceRequest",
        "id": f"t{n}",
        "status": status,
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "authoredOn": "2026-11-20",
        **members,
    }


def genotype(code, text):
    return {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2024-03-05",
        "valueCodeableConcept": {"text": text},
    }


def bundle(*resources):
    return {"resourceType": "Bundle", "entry": [{"resource": each} for each in resources]}


def ask(pipeline, drafts, *, found=NOTHING, hook="order-sign", context=None, **prefetch):
    given = {"pgxObservations": found, **prefetch} if found is not None else prefetch
    request = {
        "hook": hook,
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {
            "userId": "Practitioner/1",
            "patientId": "p1",
            "draftOrders": bundle(*drafts),
            **(context or {}),
        },
        "prefetch": given,
    }
    service = load_services(pipeline.answer).service(f"pgx-{hook}")
    return write_answer(service.answer(read_call(request, service, Sources())))["cards"]


def offered(cards):
    return [
        action["resource"]
        for card in cards
        for suggestion in card.get("suggestions", [])
        for action in suggestion["actions"]
        if action["type"] == "create"
    ]


def test_one_panel_is_offered_once_for_all_drugs_of_the_call(pipeline):
    cards = ask(pipeline, [drug("clopidogrel"), drug("simvastatin")])
    assert len(cards) == 2
    (request,) = offered(cards)
    assert request["code"]["coding"][0]["code"] == "51962-9"
    assert request["subject"] == {"reference": "Patient/p1"}
    assert request["requester"] == {"reference": "Practitioner/1"}


def test_a_medicine_in_use_makes_the_panel_the_better_test(pipeline):
    in_use = bundle(drug("simvastatin", "active"))
    (request,) = offered(ask(pipeline, [drug("clopidogrel")], activeMedications=in_use))
    assert request["code"]["text"].endswith("for CYP2C19, SLCO1B1")
    (request,) = offered(ask(pipeline, [drug("clopidogrel")]))
    assert request["code"]["coding"][0]["code"] == "66489-6"


def test_an_accepted_offer_silences_the_next(pipeline):
    drafts = [drug("clopidogrel"), drug("simvastatin")]
    (request,) = offered(ask(pipeline, drafts))
    cards = ask(pipeline, [*drafts, {**request, "id": "t1"}])
    assert offered(cards) == []
    assert [card["indicator"] for card in cards] == ["info", "info"]
    assert all("a test is drafted already (2026-11-23)" in card["summary"] for card in cards)


def test_an_active_test_silences_the_offer_and_not_the_warning(pipeline):
    running = bundle(genetic_test("45284-7", status="active"))
    (card,) = ask(pipeline, [drug("capecitabine")], testOrders=running)
    assert card["indicator"] == "warning"
    assert "a test is ordered already (2026-11-20)" in card["summary"]
    assert offered([card]) == []
    over = bundle(genetic_test("45284-7", status="completed"))
    assert len(offered(ask(pipeline, [drug("capecitabine")], testOrders=over))) == 1


@pytest.mark.parametrize(
    ("setting", "name", "cards"),
    [
        ("important", "omeprazole", 1),  # level A
        ("none", "omeprazole", 0),
        ("none", "capecitabine", 0),
        ("important", "metformin", 0),  # no guidance
    ],
)
def test_the_setting_decides_about_untested_drugs(knowledge, setting, name, cards):
    limits = Limits(untested_cards=setting)
    pipeline = Pipeline(knowledge, DrugCodes(), limits, today=lambda: date(2026, 11, 23))
    assert len(ask(pipeline, [drug(name)])) == cards


def test_a_known_result_is_a_usable_one_and_needs_no_test(pipeline):
    found = bundle(genotype("57132-3", "*1/*1"))
    assert ask(pipeline, [drug("clopidogrel")], found=found) == []


def test_a_test_for_a_known_gene_is_told_although_no_drug_is_ordered(pipeline):
    found = bundle(genotype("57132-3", "*1/*2"))
    (card,) = ask(pipeline, [genetic_test("57132-3")], found=found)
    assert card["indicator"] == "info"
    assert "(2024-03-05)" in card["summary"]
    assert card["extension"]["org.fhir-pgx.card"]["orders"] == ["ServiceRequest/t1"]
    assert ask(pipeline, [genetic_test("47403-1")], found=found) == []  # CYP2D6 is not known


def test_two_equal_drafts_and_a_running_test_are_told_once(pipeline):
    (card,) = ask(pipeline, [genetic_test("57132-3"), genetic_test("57132-3", 2)])
    assert "stands 2 times" in card["summary"]
    running = bundle(genetic_test("57132-3", 9, "active"))
    (card,) = ask(pipeline, [genetic_test("57132-3")], testOrders=running)
    assert "ordered already (2026-11-20)" in card["summary"]


def test_order_select_judges_the_selected_test_alone(pipeline):
    found = bundle(genotype("57132-3", "*1/*2"))
    drafts = [genetic_test("57132-3"), drug("metformin")]

    def selected(reference):
        context = {"selections": [reference]}
        return ask(pipeline, drafts, found=found, hook="order-select", context=context)

    assert len(selected("ServiceRequest/t1")) == 1
    assert selected("MedicationRequest/metformin") == []


def test_a_test_that_is_dispatched_is_judged_as_when_it_is_signed(pipeline):
    cards = ask(
        pipeline,
        [],
        found=bundle(genotype("57132-3", "*1/*2")),
        hook="order-dispatch",
        context={
            "dispatchedOrders": ["ServiceRequest/t1"],
            "performer": "Organization/laboratory",
        },
        testOrders=bundle(genetic_test("57132-3", status="active")),
    )
    assert [card["orders"] for card in (c["extension"]["org.fhir-pgx.card"] for c in cards)] == [
        ["ServiceRequest/t1"]
    ]


def test_without_results_nobody_can_say_that_a_test_is_new(pipeline):
    with pytest.raises(DataUnavailable):
        ask(pipeline, [genetic_test("57132-3")], found=None)


def test_another_order_is_none_of_ours(pipeline):
    other = {**genetic_test("57132-3"), "code": {"text": "chest x-ray"}}
    assert ask(pipeline, [other], found=None) == []


def test_a_refill_without_a_practitioner_names_the_test_and_offers_none(pipeline):
    def refill(user):
        context = {"medications": bundle(drug("clopidogrel")), "userId": user}
        return ask(pipeline, [], hook="medication-refill", context=context)

    (card,) = refill("Patient/p1")
    assert offered([card]) == []
    assert "would answer for CYP2C19" in card["detail"]
    (card,) = refill("Practitioner/1")
    assert len(offered([card])) == 1


def admitted(pipeline, *names, found=NOTHING, **prefetch):
    in_use = bundle(*(drug(name, "active") for name in names))
    return ask(
        pipeline,
        [],
        found=found,
        hook="encounter-start",
        context={"encounterId": "e1"},
        activeMedications=in_use,
        **prefetch,
    )


def test_an_admission_offers_one_test_that_serves_several_medicines(pipeline):
    (card,) = admitted(pipeline, "clopidogrel", "simvastatin")
    assert card["indicator"] == "info"
    assert card["summary"] == ("2 medicines in use wait for results of CYP2C19, SLCO1B1: one test.")
    (request,) = offered([card])
    assert request["encounter"] == {"reference": "Encounter/e1"}
    assert request["code"]["coding"][0]["code"] == "51962-9"


def test_an_admission_is_quiet_where_one_test_would_not_serve_two(pipeline, knowledge):
    assert admitted(pipeline, "clopidogrel") == []
    known = bundle(genotype("57132-3", "*1/*1"))
    assert admitted(pipeline, "clopidogrel", "simvastatin", found=known) == []
    running = bundle(genetic_test("51962-9", status="active"))
    assert admitted(pipeline, "clopidogrel", "simvastatin", testOrders=running) == []
    limits = Limits(untested_cards="none")
    silent = Pipeline(knowledge, DrugCodes(), limits, today=lambda: date(2026, 11, 23))
    assert admitted(silent, "clopidogrel", "simvastatin") == []
