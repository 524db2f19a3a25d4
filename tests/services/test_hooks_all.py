"""Every hook of ours from its request to its cards: when it speaks, what it says, when it is quiet.

All patients are synthetic.
"""

import pytest

from fhir_pgx.errors import DataUnavailable, InvalidHookRequest
from fhir_pgx.model.hook import HookAnswer
from fhir_pgx.services.hooks import HOOKS
from fhir_pgx.services.pgx import services

LOINC, RXNORM = "http://loinc.org", "http://www.nlm.nih.gov/research/umls/rxnorm"
USER = {"userId": "Practitioner/1"}
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
CLOPIDOGREL = ("309362", "clopidogrel 75 MG Oral Tablet")
SIMVASTATIN = ("314231", "simvastatin 40 MG Oral Tablet")
OMEPRAZOLE = ("198051", "omeprazole 20 MG Delayed Release Oral Capsule")
CODEINE = ("993781", "acetaminophen 300 MG / codeine phosphate 30 MG Oral Tablet")
ASPIRIN = ("243670", "aspirin 81 MG Oral Tablet")
POOR = ("CYP2C19", "*2/*2")


def bundle(*resources):
    entries = [{"resource": each} for each in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries}


def about(kind, identity, **members):
    subject = "patient" if kind in ("AllergyIntolerance", "MedicationOrder") else "subject"
    return {"resourceType": kind, "id": identity, subject: {"reference": "Patient/p1"}, **members}


def genotype(gene, text):
    return about(
        "Observation",
        f"synthetic-{gene}",
        status="final",
        code={"coding": [{"system": LOINC, "code": "84413-4"}]},
        effectiveDateTime="2024-05-02",
        valueCodeableConcept={"text": text},
        component=[
            {
                "code": {"coding": [{"system": LOINC, "code": "48018-6"}]},
                "valueCodeableConcept": {"text": gene},
            }
        ],
    )


def hla_present(code="50956-2", label="HLA-B*57:01"):
    return about(
        "Observation",
        "synthetic-hla",
        status="final",
        code={"coding": [{"system": LOINC, "code": code}], "text": label},
        valueCodeableConcept={"coding": [{"system": LOINC, "code": "LA9633-4"}]},
    )


def medicine(drug, identity="m1", kind="MedicationRequest", **members):
    code, text = drug
    concept = {"coding": [{"system": RXNORM, "code": code, "display": text}], "text": text}
    return about(
        kind,
        identity,
        **{"status": "active", "intent": "order", "medicationCodeableConcept": concept, **members},
    )


def condition(text, *, code="", system="http://snomed.info/sct", **members):
    coding = {"coding": [{"system": system, "code": code}]} if code else {}
    return about("Condition", "c1", code={**coding, "text": text}, **members)


def allergy(text, *reactions, **members):
    manifestations = [{"manifestation": [{"text": each}]} for each in reactions]
    return about(
        "AllergyIntolerance", "a1", code={"text": text}, reaction=manifestations, **members
    )


def results(*pairs):
    return {"pgxObservations": bundle(*(genotype(*pair) for pair in pairs))}


def in_use(*medicines):
    found = [medicine(each, f"in-use-{i}") for i, each in enumerate(medicines)]
    return {"activeMedications": bundle(*found)}


def new_problem(*conditions):
    return {**USER, "conditions": bundle(*conditions)}


def new_allergy(resource):
    return {**USER, "allergyIntolerance": resource}


def test_every_hook_of_the_library_that_we_offer_has_one_service_of_its_own():
    offered = services(lambda call: HookAnswer())
    assert {each.id for each in offered} == {f"pgx-{hook}" for hook in HOOKS}
    assert len(offered) == 12
    for each in offered:
        assert {"patient", "pgxObservations", "diagnosticReports"} <= each.prefetch.keys()
        assert each.title
        assert each.description
        assert each.usage_requirements


def test_wherever_a_test_may_be_offered_those_in_force_are_asked_for():
    """Else one that is ordered already is offered again."""
    offered = services(lambda call: HookAnswer())
    without = {each.hook for each in offered if "testOrders" not in each.prefetch}
    assert without == {"allergyintolerance-create"}  # its cards offer nothing


@pytest.mark.parametrize("service", services(lambda call: HookAnswer()), ids=lambda each: each.id)
def test_templates_hold_no_token_but_the_patient_and_no_modifier(service):
    for query in service.prefetch.values():
        assert query.count("{{") == query.count("{{context.patientId}}") == 1
        assert ":" not in query
        assert "_include" not in query


@pytest.mark.parametrize(
    ("hook", "context", "missing"),
    [
        ("medication-refill", {}, "medications"),
        ("encounter-start", USER, "encounterId"),
        ("encounter-discharge", USER, "encounterId"),
        ("problem-list-item-create", USER, "conditions"),
        ("allergyintolerance-create", USER, "allergyIntolerance"),
        ("order-dispatch", {"performer": "Organization/1"}, "dispatchedOrders"),
        ("appointment-book", USER, "appointments"),
        ("medication-prescribe", USER, "medications"),
        ("order-review", USER, "orders"),
    ],
)
def test_a_context_without_what_the_hook_requires_is_refused_naming_it(ask, hook, context, missing):
    with pytest.raises(InvalidHookRequest) as refused:
        ask(hook, context, results(POOR))
    assert [issue.where for issue in refused.value.issues] == [f"context.{missing}"]


# Orders


@pytest.mark.parametrize(
    ("hook", "member", "kind"),
    [
        ("medication-prescribe", "medications", "MedicationOrder"),
        ("medication-prescribe", "medications", "MedicationRequest"),
        ("order-review", "orders", "MedicationRequest"),
        ("order-sign", "draftOrders", "MedicationRequest"),
    ],
)
def test_old_names_of_hooks_get_the_card_of_order_sign(ask, hook, member, kind):
    draft = medicine(CLOPIDOGREL, "order-1", kind, status="draft")
    (card,) = ask(hook, {**USER, member: bundle(draft)}, results(POOR))
    assert card["indicator"] == "warning"
    assert card["summary"].startswith("Clopidogrel: CYP2C19 Poor Metabolizer.")
    assert {each["actions"][0]["resource"]["resourceType"] for each in card["suggestions"]} == {
        kind
    }


@pytest.mark.parametrize(
    ("user", "offers"),
    [({}, False), (USER, True), ({"userId": "PractitionerRole/1"}, True)],
)
def test_a_refill_informs_and_offers_a_change_only_to_a_practitioner(ask, user, offers):
    draft = medicine(CLOPIDOGREL, "order-1", status="draft")
    (card,) = ask("medication-refill", {**user, "medications": bundle(draft)}, results(POOR))
    assert card["indicator"] == "info"
    assert ("suggestions" in card) is offers
    assert "Use prasugrel or ticagrelor" in card["detail"]


def test_what_can_kill_stands_first_at_a_refill_though_all_cards_inform(ask):
    drafts = (
        medicine(OMEPRAZOLE, "order-1", status="draft"),
        medicine(CODEINE, "order-2", status="draft"),
    )
    cards = ask(
        "medication-refill",
        {"medications": bundle(*drafts)},
        results(POOR, ("CYP2D6", "*1x2/*2")),
    )
    assert [card["indicator"] for card in cards] == ["info", "info"]
    assert cards[0]["summary"].startswith("Codeine")


def test_a_dispatched_order_is_found_among_the_data_and_judged_without_an_offer(ask):
    context = {"dispatchedOrders": ["MedicationRequest/m1"], "performer": "Organization/1"}
    supplied = {"activeMedications": bundle(medicine(CLOPIDOGREL), medicine(ASPIRIN, "m2"))}
    (card,) = ask("order-dispatch", context, {**results(POOR), **supplied})
    assert card["indicator"] == "warning"
    assert card["extension"]["org.fhir-pgx.card"]["orders"] == ["MedicationRequest/m1"]
    assert "suggestions" not in card


def test_a_dispatched_medication_that_nobody_sent_is_never_an_empty_answer(ask):
    context = {"dispatchedOrders": ["MedicationRequest/gone"], "performer": "Organization/1"}
    with pytest.raises(DataUnavailable, match="dispatched orders"):
        ask("order-dispatch", context, results(POOR))


def test_a_dispatched_service_that_nobody_sent_needs_no_answer_of_ours(ask):
    context = {"dispatchedOrders": ["ServiceRequest/x-ray"], "performer": "Organization/1"}
    assert ask("order-dispatch", context, results(POOR)) == []


# Medicines that were not looked at


@pytest.mark.parametrize(
    ("medicines", "told"),
    [
        ({}, True),
        ({"activeMedications": OUTCOME}, True),
        ({"activeMedications": None}, False),
        ({"activeMedications": bundle()}, False),
        ({"their-meds": None}, False),
        (in_use(ASPIRIN), False),
    ],
)
def test_a_card_says_where_interactions_were_not_looked_for(ask, medicines, told):
    draft = medicine(CLOPIDOGREL, "order-1", status="draft")
    (card,) = ask(
        "order-sign", {**USER, "draftOrders": bundle(draft)}, {**results(POOR), **medicines}
    )
    assert ("PGX-625" in card["detail"]) is told


def test_a_drug_whose_genes_no_medicine_acts_on_needs_no_such_word(ask):
    draft = medicine(("190521", "abacavir"), "order-1", status="draft")
    found = {"pgxObservations": bundle(hla_present())}
    (card,) = ask("order-sign", {**USER, "draftOrders": bundle(draft)}, found)
    assert "PGX-625" not in card["detail"]


OPTIONAL = ("patient", "problems", "allergies", "bodyMeasures", "testOrders", "activeMedications")


@pytest.mark.parametrize("key", OPTIONAL)
def test_data_that_are_optional_may_fail_without_a_refusal(ask, key):
    draft = medicine(CLOPIDOGREL, "order-1", status="draft")
    prefetch = {**results(POOR), key: OUTCOME}
    assert ask("order-sign", {**USER, "draftOrders": bundle(draft)}, prefetch)


@pytest.mark.parametrize("key", OPTIONAL)
@pytest.mark.parametrize("nothing", [None, bundle(), OUTCOME])
def test_data_that_are_optional_are_never_taken_for_a_search_for_results(ask, key, nothing):
    draft = medicine(CLOPIDOGREL, "order-1", status="draft")
    with pytest.raises(DataUnavailable, match="genomic results"):
        ask("order-sign", {**USER, "draftOrders": bundle(draft)}, {key: nothing})


# Charts


def test_an_admission_gets_one_card_for_all_medicines_that_results_concern(ask):
    context = {**USER, "encounterId": "e1"}
    prefetch = {**results(POOR), **in_use(CLOPIDOGREL, ASPIRIN, OMEPRAZOLE)}
    (card,) = ask("encounter-start", context, prefetch)
    assert card["indicator"] == "info"
    assert card["summary"] == (
        "On admission: results concern 2 medicines in use: Clopidogrel, Omeprazole."
    )


CHARTS = {
    "encounter-start": {**USER, "encounterId": "e1"},
    "encounter-discharge": {**USER, "encounterId": "e1"},
    "appointment-book": {**USER, "appointments": bundle(about("Appointment", "b1"))},
    "patient-view": USER,
}


@pytest.mark.parametrize("hook", CHARTS)
def test_a_chart_is_quiet_where_no_result_concerns_a_medicine(ask, hook):
    context = CHARTS[hook]
    assert ask(hook, context, {**results(POOR), **in_use(ASPIRIN)}) == []
    assert ask(hook, context, {**results(("CYP2C19", "*1/*1")), **in_use(CLOPIDOGREL)}) == []
    assert ask(hook, context, {**results(POOR), "activeMedications": None}) == []


@pytest.mark.parametrize("hook", sorted(CHARTS.keys() - {"patient-view"}))
def test_a_hook_about_medicines_that_got_none_is_refused_and_a_chart_that_is_opened_is_not(
    ask, hook
):
    with pytest.raises(DataUnavailable, match="medicines in use"):
        ask(hook, CHARTS[hook], results(POOR))
    assert ask("patient-view", CHARTS["patient-view"], results(POOR)) == []


@pytest.mark.parametrize("hook", CHARTS)
def test_a_chart_whose_medicines_or_results_failed_is_never_quiet(ask, hook):
    with pytest.raises(DataUnavailable, match="medicines in use"):
        ask(hook, CHARTS[hook], {**results(POOR), "activeMedications": OUTCOME})
    with pytest.raises(DataUnavailable, match="genomic results"):
        ask(hook, CHARTS[hook], {"pgxObservations": OUTCOME, **in_use(CLOPIDOGREL)})


@pytest.mark.parametrize("hook", CHARTS)
def test_results_that_failed_refuse_a_chart_though_no_medicine_has_guidance(ask, hook):
    """Findings of a tumour or a gene need no medicine to be told: their absence is not known."""
    with pytest.raises(DataUnavailable, match="genomic results"):
        ask(hook, CHARTS[hook], {"pgxObservations": OUTCOME, **in_use(ASPIRIN)})
    assert ask(hook, CHARTS[hook], {"pgxObservations": None, **in_use(ASPIRIN)}) == []


def test_each_moment_has_a_topic_of_its_own_so_that_one_can_be_overridden(ask):
    prefetch = {**results(POOR), **in_use(OMEPRAZOLE)}
    cards = [ask(hook, context, prefetch)[0] for hook, context in CHARTS.items()]
    assert len({card["source"]["topic"]["code"] for card in cards}) == len(CHARTS)


def category(code):
    return [{"coding": [{"code": code}]}]


def test_a_discharge_judges_what_is_marked_for_it_and_nothing_else(ask):
    medicines = bundle(
        medicine(CODEINE, "ward", category=category("inpatient")),
        medicine(CLOPIDOGREL, "home-1", category=category("discharge")),
        medicine(OMEPRAZOLE, "home-2", category=category("discharge"), status="draft"),
    )
    prefetch = {**results(POOR, ("CYP2D6", "*1x2/*2")), "activeMedications": medicines}
    warning, summary = ask("encounter-discharge", CHARTS["encounter-discharge"], prefetch)
    assert warning["indicator"] == "warning"
    assert warning["summary"].startswith("Clopidogrel")
    assert "suggestions" not in warning  # no draft that an action could change
    assert summary["indicator"] == "info"
    assert summary["summary"].endswith("without a warning: Omeprazole.")
    assert "odeine" not in warning["detail"] + summary["detail"]


def test_a_discharge_without_marks_judges_every_active_medicine(ask):
    prefetch = {**results(("SLCO1B1", "*5/*5")), **in_use(SIMVASTATIN, ASPIRIN)}
    (card,) = ask("encounter-discharge", CHARTS["encounter-discharge"], prefetch)
    assert card["summary"].startswith("Simvastatin")


@pytest.mark.parametrize("user", ["Patient/p1", "RelatedPerson/1"])
def test_a_patient_who_books_a_visit_gets_no_card_that_speaks_to_prescribers(ask, user):
    context = {**CHARTS["appointment-book"], "userId": user}
    assert ask("appointment-book", context, {**results(POOR), **in_use(CLOPIDOGREL)}) == []


# A new problem


@pytest.mark.parametrize(
    ("problem", "found", "against", "others"),
    [
        (
            condition("STEMI", code="401303003", onsetDateTime="2026-11-22"),
            [genotype(*POOR)], "clopidogrel", [],
        ),
        (
            condition("Epilepsy"), [hla_present("57979-7", "HLA-B*15:02")],
            "carbamazepine, oxcarbazepine, phenytoin", [],
        ),
        (
            condition("HIV disease", code="B20", system="http://hl7.org/fhir/sid/icd-10-cm"),
            [hla_present()], "abacavir", ["Efavirenz: not judged", "Atazanavir: not judged"],
        ),
        (condition("Gout"), [hla_present("79711-8", "HLA-B*58:01")], "allopurinol", []),
        (
            condition("Major depression"), [genotype("CYP2C19", "*17/*17")],
            "citalopram, escitalopram", ["Paroxetine: not judged"],
        ),
    ],
    ids=["acs", "epilepsy", "hiv", "gout", "depression"],
)  # fmt: skip
def test_a_new_problem_names_the_drugs_that_results_speak_against(
    ask, problem, found, against, others
):
    (card,) = ask(
        "problem-list-item-create", new_problem(problem), {"pgxObservations": bundle(*found)}
    )
    assert card["indicator"] == "info"
    assert card["summary"].endswith(f"this patient's results advise against {against}.")
    assert "This is no recommendation of a treatment." in card["detail"]
    assert all(other in card["detail"] for other in others)
    assert "suggestions" not in card


@pytest.mark.parametrize(
    "problem",
    [
        condition("Sprained ankle"),
        condition("STEMI", code="401303003", clinicalStatus={"coding": [{"code": "resolved"}]}),
        condition("STEMI", verificationStatus={"coding": [{"code": "refuted"}]}),
        condition("Rule out myocardial infarction"),
        condition("Gout"),  # nothing known of HLA-B
    ],
    ids=["no drugs", "over", "refuted", "doubted", "no result"],
)
def test_a_new_problem_is_quiet_where_results_speak_against_nothing(ask, problem):
    assert ask("problem-list-item-create", new_problem(problem), results(POOR)) == []


def test_a_problem_that_was_there_before_is_not_told_of_again(ask):
    old = {"problems": bundle(condition("STEMI", code="401303003"))}
    context = new_problem(about("Condition", "c2", code={"text": "Sprained ankle"}))
    assert ask("problem-list-item-create", context, {**results(POOR), **old}) == []


@pytest.mark.parametrize(
    ("hook", "context"),
    [
        ("problem-list-item-create", new_problem(condition("Gout"))),
        ("allergyintolerance-create", new_allergy(allergy("Codeine", "Sedation"))),
    ],
)
def test_what_needs_results_is_refused_where_they_failed_or_never_came(ask, hook, context):
    for prefetch in ({"pgxObservations": OUTCOME}, {}):
        with pytest.raises(DataUnavailable, match="genomic results"):
            ask(hook, context, prefetch)


# A new allergy

NEVER = ("is not an allergy", "not allergic", "can be removed", "may be removed")


@pytest.mark.parametrize(
    ("noted", "found", "said"),
    [
        (allergy("Codeine", "Sedation"), [genotype("CYP2D6", "*1x2/*2")], "could explain this"),
        (allergy("Codeine", "No effect"), [genotype("CYP2D6", "*4/*4")], "could explain this"),
        (allergy("Codeine"), [genotype("CYP2D6", "*1x2/*2")], "could explain a reaction"),
        (allergy("Abacavir"), [hla_present()], "if the reaction was of the skin or of the whole"),
        (allergy("Abacavir", "Dizziness"), [hla_present()], "does not explain this reaction; keep"),
        (allergy("Simvastatin", "Muscle pain"), [genotype("SLCO1B1", "*5/*5")], "could explain"),
        (allergy("Citalopram", "Nausea"), [genotype("CYP2C19", "*2/*2")], "could explain this"),
        (allergy("Abacavir", "Rash"), [hla_present()], "fits a true hypersensitivity; keep"),
        (
            allergy("Allopurinol", "Rash"), [hla_present("79711-8", "HLA-B*58:01")],
            "fits a true hypersensitivity; keep",
        ),
        (allergy("Codeine", "Sedation"), [genotype("CYP2C19", "*1/*1")], "a test could tell"),
        (allergy("Abacavir", "Rash"), [genotype("CYP2C19", "*1/*1")], "no usable HLA-B result"),
    ],
)  # fmt: skip
def test_a_new_allergy_says_which_result_it_may_have_to_do_with(ask, noted, found, said):
    (card,) = ask(
        "allergyintolerance-create", new_allergy(noted), {"pgxObservations": bundle(*found)}
    )
    assert card["indicator"] == "info"
    assert said in card["summary"]
    assert not any(phrase in card["detail"] for phrase in NEVER)
    assert "suggestions" not in card


@pytest.mark.parametrize(
    ("noted", "found"),
    [
        (allergy("Codeine", "Urticaria"), [genotype("CYP2D6", "*1x2/*2")]),
        (allergy("Codeine", "Sedation"), [genotype("CYP2D6", "*4/*4")]),
        (allergy("Codeine", "No effect"), [genotype("CYP2D6", "*1x2/*2")]),
        (allergy("Codeine", "Sedation"), [genotype("CYP2D6", "*1/*1")]),
        (allergy("Peanut", "Urticaria", category=["food"]), [genotype("CYP2D6", "*4/*4")]),
        (allergy("Opioids", "Sedation"), [genotype("CYP2D6", "*1x2/*2")]),
        (
            allergy("Codeine", verificationStatus={"coding": [{"code": "refuted"}]}),
            [genotype("CYP2D6", "*1x2/*2")],
        ),
    ],
    ids=["hives", "the other way", "the other way too", "normal", "food", "a class", "refuted"],
)
def test_a_new_allergy_is_quiet_where_no_result_could_explain_it(ask, noted, found):
    found = {"pgxObservations": bundle(*found)}
    assert ask("allergyintolerance-create", new_allergy(noted), found) == []


def test_an_allergy_in_the_wrapper_of_the_published_example_and_of_dstu2_is_read(ask):
    old = about("AllergyIntolerance", "a1", substance={"text": "Codeine"}, status="active")
    for shape in ({"resource": old}, bundle(old)):
        (card,) = ask(
            "allergyintolerance-create", new_allergy(shape), results(("CYP2D6", "*1x2/*2"))
        )
        assert card["extension"]["org.fhir-pgx.card"]["allergies"] == ["AllergyIntolerance/a1"]


def test_an_hla_allele_that_is_absent_never_speaks_against_an_allergy(ask):
    absent = hla_present()
    absent["valueCodeableConcept"]["coding"][0]["code"] = "LA9634-2"
    context = new_allergy(allergy("Abacavir", "Rash"))
    assert ask("allergyintolerance-create", context, {"pgxObservations": bundle(absent)}) == []
