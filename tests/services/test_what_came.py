"""What came of the data and what did not: a list that is empty, one that could not be obtained, one
that nobody sent, and a part of one are four things, and the cards say which.

All patients are synthetic.
"""

import pytest

from fhir_pgx.errors import DataUnavailable, InvalidHookRequest

OURS = "org.fhir-pgx.card"
LOINC, RXNORM = "http://loinc.org", "http://www.nlm.nih.gov/research/umls/rxnorm"
USER = {"userId": "Practitioner/1"}
FAILED = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}
CLOPIDOGREL = ("309362", "clopidogrel 75 MG Oral Tablet")
ASPIRIN = ("243670", "aspirin 81 MG Oral Tablet")
METFORMIN = ("6809", "metformin")


def bundle(*resources, **members):
    entries = [{"resource": each} for each in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, **members}


def about(kind, identity, **members):
    subject = "patient" if kind == "AllergyIntolerance" else "subject"
    return {"resourceType": kind, "id": identity, subject: {"reference": "Patient/p1"}, **members}


def genotype(gene, text):
    return about(
        "Observation",
        f"synthetic-{gene}",
        status="final",
        code={"coding": [{"system": LOINC, "code": "84413-4"}]},
        valueCodeableConcept={"text": text},
        component=[
            {
                "code": {"coding": [{"system": LOINC, "code": "48018-6"}]},
                "valueCodeableConcept": {"text": gene},
            }
        ],
    )


def medicine(drug, identity="m1", **members):
    code, text = drug
    concept = {"coding": [{"system": RXNORM, "code": code, "display": text}], "text": text}
    return about(
        "MedicationRequest",
        identity,
        **{"status": "active", "intent": "order", "medicationCodeableConcept": concept, **members},
    )


def unread(identity="u1", status="active"):
    """An order whose Medication stands elsewhere."""
    return about(
        "MedicationRequest",
        identity,
        status=status,
        intent="order",
        medicationReference={"reference": "Medication/elsewhere"},
    )


POOR = {"pgxObservations": bundle(genotype("CYP2C19", "*2/*2"))}
NORMAL = {"pgxObservations": bundle(genotype("CYP2C19", "*1/*1"))}
SIGNED = {**USER, "draftOrders": bundle(medicine(CLOPIDOGREL, "order-1", status="draft"))}
CHARTS = {
    "encounter-start": {**USER, "encounterId": "e1"},
    "encounter-discharge": {**USER, "encounterId": "e1"},
    "appointment-book": {**USER, "appointments": bundle(about("Appointment", "b1"))},
    "patient-view": USER,
}
NEXT = {"link": [{"relation": "next", "url": "https://ehr.test/fhir?page=2"}]}


# Lists that help to judge


@pytest.mark.parametrize(
    ("key", "sent", "failed"),
    [
        ("problems", "The problem list was not sent", "The problem list could not be obtained"),
        ("allergies", "Allergies were not sent", "The allergy list could not be obtained"),
    ],
)
def test_the_alternatives_say_of_a_list_that_it_was_not_sent_or_could_not_be_obtained(
    ask, key, sent, failed
):
    others = {"problems": None, "allergies": None, "activeMedications": None}
    del others[key]
    said = {
        name: ask("order-sign", SIGNED, {**POOR, **others, **given})[0]["detail"]
        for name, given in {"silent": {}, "failed": {key: FAILED}, "empty": {key: None}}.items()
    }
    assert sent in said["silent"]
    assert failed not in said["silent"]
    assert failed in said["failed"]
    assert sent not in said["failed"]
    assert sent not in said["empty"]
    assert failed not in said["empty"]


def test_a_first_page_of_allergies_is_not_the_list(ask):
    none = about("AllergyIntolerance", "a1", code={"text": "Latex"}, category=["environment"])
    others = {"problems": None, "activeMedications": None}
    first_page = {"allergies": bundle(none, total=2)}
    (card,) = ask("order-sign", SIGNED, {**POOR, **others, **first_page})
    assert "The allergy list could not be obtained" in card["detail"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"problems": FAILED}, "Could not be obtained: the problem list."),
        ({"bodyMeasures": FAILED}, "Could not be obtained: weight, height"),
        ({"problems": FAILED, "bodyMeasures": FAILED}, "the problem list, and weight"),
        ({"problems": None, "bodyMeasures": bundle()}, ""),
        ({}, ""),
    ],
)
def test_a_card_says_which_lists_could_not_be_obtained(ask, given, told):
    (card,) = ask("order-sign", SIGNED, {**POOR, **given})
    assert ("PGX-627" in card["detail"]) is bool(told)
    assert told in card["detail"]


@pytest.mark.parametrize(
    ("medicines", "told"),
    [
        ({}, "Medicines in use did not reach this service"),
        ({"activeMedications": FAILED}, "medicines in use could not be obtained: "),
        (
            {"activeMedications": bundle(medicine(ASPIRIN)), "medicationStatements": FAILED},
            "could not be obtained in full",
        ),
        (
            {"activeMedications": bundle(medicine(ASPIRIN), total=9)},
            "could not be obtained in full",
        ),
    ],
)
def test_medicines_that_were_not_sent_and_those_that_failed_are_told_apart(ask, medicines, told):
    (card,) = ask("order-sign", SIGNED, {**POOR, **medicines})
    assert told in card["detail"]


@pytest.mark.parametrize(
    ("given", "failed"),
    [({"testOrders": FAILED}, True), ({"testOrders": None}, False), ({}, False)],
)
def test_an_offered_test_says_where_open_orders_could_not_be_looked_for(ask, given, failed):
    (card,) = ask("order-sign", SIGNED, {"pgxObservations": None, **given})
    (offer,) = card["suggestions"]
    said = offer["actions"][0]["description"]
    assert ("Open orders could not be looked for" in said) is failed
    assert ("there is no order for it" in said) is not failed
    assert ("PGX-628" in card["detail"]) is failed


# Medicines that could not be read


def test_a_draft_whose_medicine_did_not_come_is_never_an_empty_answer(ask):
    orders = bundle(unread("order-1", "draft"), medicine(METFORMIN, "order-2", status="draft"))
    (card,) = ask("order-sign", {**USER, "draftOrders": orders}, {})
    assert card["indicator"] == "warning"
    assert (
        card["summary"] == "This order's medicine could not be read: no genetic advice was given."
    )
    assert card["extension"][OURS]["orders"] == ["MedicationRequest/order-1"]


def test_a_draft_whose_medicine_came_or_has_a_name_is_read(ask):
    named = unread("order-1", "draft")
    named["medicationReference"]["display"] = "Metformin 500 mg"
    assert ask("order-sign", {**USER, "draftOrders": bundle(named)}, {}) == []
    sent = {"resourceType": "Medication", "id": "elsewhere", "code": {"text": "Clopidogrel"}}
    found = ask(
        "order-sign",
        {**USER, "draftOrders": bundle(unread("order-1", "draft"))},
        {**POOR, "their-drugs": bundle(sent)},
    )
    assert [card["summary"].partition(":")[0] for card in found] == ["Clopidogrel"]


@pytest.mark.parametrize(
    "nothing", [{}, {"medicationCodeableConcept": {}}, {"medicationReference": {}}]
)
def test_a_draft_that_has_no_medicine_yet_is_passed_over(ask, nothing):
    draft = about("MedicationRequest", "order-1", status="draft", intent="order", **nothing)
    assert ask("order-sign", {**USER, "draftOrders": bundle(draft)}, POOR) == []


def test_a_medication_that_came_and_names_nothing_is_told_as_one_that_did_not_come(ask):
    sent = {"resourceType": "Medication", "id": "elsewhere", "status": "active"}
    orders = {**USER, "draftOrders": bundle(unread("order-1", "draft"), sent)}
    cards = ask("order-sign", orders, {})
    assert [card["summary"].partition(":")[0] for card in cards] == [
        "This order's medicine could not be read"
    ]


def test_only_a_selected_order_is_told_of(ask):
    orders = bundle(unread("order-1", "draft"), medicine(METFORMIN, "order-2", status="draft"))
    context = {**USER, "draftOrders": orders, "selections": ["MedicationRequest/order-2"]}
    assert ask("order-select", context, {}) == []


@pytest.mark.parametrize("hook", CHARTS)
def test_a_card_about_a_chart_counts_the_medicines_that_could_not_be_read(ask, hook):
    medicines = bundle(medicine(CLOPIDOGREL), unread("u1"), unread("u2"))
    cards = ask(hook, CHARTS[hook], {**POOR, "activeMedications": medicines})
    assert any("2 medicines in use could not be read" in each["detail"] for each in cards)
    assert any("PGX-626" in each["detail"] for each in cards)


@pytest.mark.parametrize(
    ("hook", "count"),
    [
        ("encounter-start", 1),
        ("encounter-discharge", 1),
        ("patient-view", 0),  # opened too often for a card that says nothing of a medicine
        ("appointment-book", 0),
    ],
)
@pytest.mark.parametrize(
    "medicines",
    [
        bundle(medicine(ASPIRIN), unread()),
        bundle(medicine(METFORMIN), unread()),
        bundle(medicine(METFORMIN), **NEXT),
        bundle(medicine(ASPIRIN), total=9),
        bundle(medicine(CLOPIDOGREL), **NEXT),
    ],
)
def test_admission_and_discharge_are_not_quiet_where_not_all_could_be_looked_at(
    ask, hook, count, medicines
):
    cards = ask(hook, CHARTS[hook], {**NORMAL, "activeMedications": medicines})
    assert len(cards) == count
    for card in cards:
        assert card["indicator"] == "info"
        assert "What was not looked at" in card["detail"]


def test_medicines_that_all_came_leave_admission_and_discharge_quiet(ask):
    supplied = {**NORMAL, "activeMedications": bundle(medicine(CLOPIDOGREL), total=1)}
    for hook, context in CHARTS.items():
        assert ask(hook, context, supplied) == []


@pytest.mark.parametrize("hook", CHARTS)
@pytest.mark.parametrize("partial", ["activeMedications", "pgxObservations"])
def test_a_card_about_a_chart_says_that_a_part_of_the_data_did_not_come(ask, hook, partial):
    supplied = {**POOR, "activeMedications": bundle(medicine(CLOPIDOGREL))}
    whole = ask(hook, CHARTS[hook], supplied)
    supplied = {**supplied, partial: {**supplied[partial], **NEXT}}
    partly = ask(hook, CHARTS[hook], supplied)
    assert whole
    assert partly
    assert not any("PGX-622" in card["detail"] for card in whole)
    assert all("PGX-622" in card["detail"] for card in partly)


def test_a_second_search_for_medicines_that_failed_leaves_a_part(ask):
    supplied = {
        **POOR,
        "activeMedications": bundle(medicine(CLOPIDOGREL)),
        "medicationStatements": FAILED,
    }
    (card,) = ask("encounter-start", CHARTS["encounter-start"], supplied)
    assert "PGX-622" in card["detail"]


# A report without its results


def report(**members):
    return about(
        "DiagnosticReport",
        "d1",
        status="final",
        code={"coding": [{"system": LOINC, "code": "51969-4"}], "text": "Genetic analysis report"},
        result=[{"reference": "Observation/not-sent"}],
        **members,
    )


@pytest.mark.parametrize("members", [{}, {"conclusion": "See the results below."}])
def test_a_report_whose_results_were_not_sent_is_no_missing_result(ask, members):
    (card,) = ask("order-sign", SIGNED, {"diagnosticReports": bundle(report(**members))})
    assert "a genetic report came without its results" in card["summary"]
    assert "result on file" not in card["summary"]
    assert "no result on file" not in card["detail"]
    assert "PGX-629" in card["detail"]
    assert "1 resource sent along could not be read" not in card["detail"]


def test_a_report_whose_results_came_says_nothing_of_the_kind(ask):
    found = bundle(report(), {**genotype("CYP2C9", "*1/*1"), "id": "not-sent"})
    (card,) = ask("order-sign", SIGNED, {"diagnosticReports": found})
    assert "no CYP2C19 result on file" in card["summary"]
    assert "PGX-629" not in card["detail"]


# Context and keys


@pytest.mark.parametrize("value", ["", "  ", 5, {}])
def test_dispatched_orders_that_name_nothing_are_refused(ask, value):
    context = {"dispatchedOrders": value, "performer": "Organization/1"}
    with pytest.raises(InvalidHookRequest) as refused:
        ask("order-dispatch", context, POOR)
    assert [issue.where for issue in refused.value.issues] == ["context.dispatchedOrders"]


def test_ids_with_signs_that_nobody_sees_are_shown_without_them(ask):
    hidden = "order\u202e-\x071"
    orders = bundle(medicine(CLOPIDOGREL, hidden, status="draft"))
    (card,) = ask("order-sign", {**USER, "draftOrders": orders}, POOR)
    assert card["extension"][OURS]["orders"] == ["MedicationRequest/order - 1"]
    plain = bundle(medicine(CLOPIDOGREL, "a" * 256, status="draft"))
    (card,) = ask("order-sign", {**USER, "draftOrders": plain}, POOR)
    assert card["extension"][OURS]["orders"] == ["MedicationRequest/" + "a" * 256]
    # What goes back to the client is the draft as it came.
    assert card["suggestions"][0]["actions"][0]["resource"]["id"] == "a" * 256


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("2026-11-20", "(2026-11-20)"),
        ("2026-11-20T10:00:00Z", "(2026-11-20)"),
        ("2026", "(2026)"),
        ("2026-13-40", ""),
        ("[x](//a.b", ""),
    ],
)
def test_only_a_date_is_shown_as_the_date_of_a_test(ask, written, shown):
    test = about(
        "ServiceRequest",
        "t1",
        status="active",
        intent="order",
        authoredOn=written,
        code={"coding": [{"system": LOINC, "code": "57132-3"}], "text": "CYP2C19 genotype"},
    )
    (card,) = ask("order-sign", SIGNED, {"pgxObservations": None, "testOrders": bundle(test)})
    assert f"a test is ordered already{f' {shown}' if shown else ''}." in card["summary"]
    assert f"ordered already{f' {shown}' if shown else ''}: CYP2C19 genotype" in card["detail"]
    drafted = {**USER, "draftOrders": bundle({**test, "id": "t2", "status": "draft"})}
    (card,) = ask("order-sign", drafted, {"pgxObservations": None, "testOrders": bundle(test)})
    assert f"ordered already{f' {shown}' if shown else ''}." in card["summary"]
    assert written[:10] in card["detail"] or not shown
    assert "[x](" not in card["detail"]


# What failed or was cut short inside a Bundle


FAILED_ENTRY = {"response": {"status": "500 Internal Server Error"}}
FAILED_OUTCOME = {"response": {"status": "200", "outcome": FAILED}}


def batch(*entries):
    return {"resourceType": "Bundle", "type": "batch-response", "entry": list(entries)}


@pytest.mark.parametrize("entry", [FAILED_ENTRY, FAILED_OUTCOME, {"fullUrl": "urn:uuid:nothing"}])
def test_an_entry_without_its_resource_is_no_answer_that_nothing_is_on_file(ask, entry):
    with pytest.raises(DataUnavailable):
        ask("order-sign", SIGNED, {"pgxObservations": batch(entry)})


def test_a_normal_result_beside_a_search_that_failed_is_told_as_a_part(ask):
    assert ask("order-sign", SIGNED, NORMAL) == []
    for entry in (FAILED_ENTRY, FAILED_OUTCOME):
        (card,) = ask("order-sign", SIGNED, {**NORMAL, "pgxReports": batch(entry)})
        assert card["indicator"] == "info"
        assert "PGX-622" in card["detail"]


@pytest.mark.parametrize("total", [2, "2"])
def test_what_is_included_or_contained_does_not_fill_a_page(ask, total):
    """One result of two came; the laboratory beside it is no result."""
    result = genotype("CYP2C19", "*1/*1")
    laboratory = {"resourceType": "Organization", "id": "lab", "name": "Synthetic Laboratory"}
    contained = bundle({**result, "contained": [laboratory]}, total=total)
    included = bundle(result, total=total)
    included["entry"].append({"resource": laboratory, "search": {"mode": "include"}})
    inner = batch({"resource": contained, "response": {"status": "200"}})
    for came in (contained, included, inner):
        (card,) = ask("order-sign", SIGNED, {"pgxObservations": came})
        assert "PGX-622" in card["detail"]
    whole = {**included, "total": 1}
    assert ask("order-sign", SIGNED, {"pgxObservations": whole}) == []


def test_a_normal_result_is_told_where_an_inhibitor_may_stand_on_a_list_that_failed(ask):
    """Codeine by a normal CYP2D6 is silent, but not where nobody could look for an inhibitor."""
    codeine = ("2670", "codeine")
    order = {**USER, "draftOrders": bundle(medicine(codeine, "order-1", status="draft"))}
    normal = {"pgxObservations": bundle(genotype("CYP2D6", "*1/*1"))}
    assert ask("order-sign", order, {**normal, "activeMedications": None}) == []
    for failed in (FAILED, batch(FAILED_ENTRY)):
        (card,) = ask("order-sign", order, {**normal, "activeMedications": failed})
        assert card["indicator"] == "info"
        assert "PGX-625" in card["detail"]


def test_an_r5_statement_that_is_recorded_is_a_medicine_in_use(ask):
    concept = {"concept": {"coding": [{"system": RXNORM, "code": CLOPIDOGREL[0]}]}}
    statement = about("MedicationStatement", "s1", status="recorded", medication=concept)
    (card,) = ask("patient-view", USER, {**POOR, "activeMedications": bundle(statement)})
    assert "Clopidogrel" in card["summary"]


# A record that says yes and no


PREGNANCY = about(
    "Condition", "c1", onsetDateTime="2026-10-01",
    clinicalStatus={"coding": [{"code": "active"}]},
    code={"coding": [{"system": "http://snomed.info/sct", "code": "77386006"}], "text": "Pregnant"},
)  # fmt: skip


@pytest.mark.parametrize(
    ("when", "is_pregnant"), [("2026-03-01", True), (None, True), ("2026-11-15", False)]
)
def test_only_a_later_no_closes_a_pregnancy_on_the_problem_list(ask, when, is_pregnant):
    said_no = about(
        "Observation", "o1", status="final",
        code={"coding": [{"system": LOINC, "code": "82810-3"}]},
        valueCodeableConcept={
            "coding": [{"system": "http://snomed.info/sct", "code": "60001007"}],
            "text": "Not pregnant",
        },
        **({"effectiveDateTime": when} if when else {}),
    )  # fmt: skip
    codeine = ("2670", "codeine")
    order = {**USER, "draftOrders": bundle(medicine(codeine, "order-1", status="draft"))}
    results = {"pgxObservations": bundle(genotype("CYP2D6", "*4/*4"))}
    sent = {**results, "problems": bundle(PREGNANCY), "other": bundle(said_no)}
    (card,) = ask("order-sign", order, sent)
    assert ("the patient is pregnant" in card["detail"]) is is_pregnant
