"""Care plans, orders for a service, and a patient's word on secondary findings; all synthetic."""

import pytest

from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.fhir.reading import read
from fhir_pgx.model.knowledge import Vocabulary

SUBJECT = {"reference": "Patient/synthetic-1"}
NOTHING_NAMED = Vocabulary(genes={}, loinc={}, answers={}, accessions={})


def plans(*resources):
    entries = [entry for each in resources for entry in entries_of(each)]
    return read(entries, NOTHING_NAMED).precision.plans


def resource(kind, **fields):
    return {"resourceType": kind, "id": "x", "status": "active", "subject": SUBJECT} | fields


@pytest.mark.parametrize(
    ("found", "kind", "words"),
    [
        (resource("CarePlan", title="High-risk breast surveillance"), "plan", "High-risk breast"),
        (
            resource(
                "CarePlan",
                activity=[
                    {"detail": {"code": {"text": "MRI of the breast"}, "status": "scheduled"}}
                ],
            ),
            "plan",
            "MRI of the breast",
        ),
        (resource("CarePlan", addresses=[{"display": "Lynch syndrome"}]), "plan", "Lynch"),
        (resource("ServiceRequest", code={"text": "Colonoscopy"}), "order", "Colonoscopy"),
        (  # R5
            resource("ServiceRequest", code={"concept": {"text": "Colonoscopy"}}),
            "order",
            "Colonoscopy",
        ),
        (
            resource("ServiceRequest", code={"text": "MRI"}, reasonCode=[{"text": "BRCA1"}]),
            "order",
            "BRCA1",
        ),
    ],
)
def test_a_plan_or_order_is_known_by_all_its_words(found, kind, words):
    (plan,) = plans(found)
    assert plan.kind == kind
    assert any(words in each for each in plan.words)


@pytest.mark.parametrize(
    "found",
    [
        resource("CarePlan", title="Surveillance", status="revoked"),
        resource("CarePlan", title="Surveillance", status="completed"),
        resource("CarePlan"),  # says nothing of itself
        resource("ServiceRequest", code={"text": "Colonoscopy"}, doNotPerform=True),
        resource("ServiceRequest", code={"text": "Colonoscopy"}, status="entered-in-error"),
    ],
)
def test_what_is_over_not_wanted_or_silent_is_no_plan(found):
    assert plans(found) == ()


def consent(category="Return of secondary findings", **fields):
    return resource("Consent", category=[{"text": category}], dateTime="2026-02-20") | fields


@pytest.mark.parametrize(
    ("found", "kinds"),
    [
        (consent(provision={"type": "deny"}), ["declined"]),
        (consent(provision={"type": "permit"}), ["permitted"]),
        (consent(decision="deny"), ["declined"]),  # R5
        (consent("Declines incidental findings"), ["declined"]),
        (consent("Opted out of secondary findings"), ["declined"]),
        (
            consent(
                "Genomic testing",
                provision={
                    "type": "permit",
                    "provision": [{"type": "deny", "code": [{"text": "Secondary findings"}]}],
                },
            ),
            ["declined"],
        ),
        (consent(), []),  # names them, and says neither
        (consent("Research", provision={"type": "deny"}), []),  # of something else
        (consent(provision={"type": "deny"}, status="inactive"), []),
    ],
)
def test_a_consent_says_whether_secondary_findings_are_wanted(found, kinds):
    assert [plan.kind for plan in plans(found)] == kinds


@pytest.mark.parametrize(
    ("code", "value", "kinds"),
    [
        ("Secondary findings preference", {"valueString": "Declined"}, ["declined"]),
        ("Secondary findings preference", {"valueString": "Opt out"}, ["declined"]),
        ("Wishes to receive secondary findings", {"valueBoolean": False}, ["declined"]),
        ("Wishes to receive secondary findings", {"valueBoolean": True}, ["permitted"]),
        ("Declined secondary findings", {"valueBoolean": True}, ["declined"]),
        ("Declined secondary findings", {"valueBoolean": False}, ["permitted"]),
        ("Secondary findings", {"valueString": "BRCA1 variant"}, []),  # a result, no wish
        ("Preference of meals", {"valueString": "Declined"}, []),
    ],
)
def test_an_observation_may_say_it_too(code, value, kinds):
    found = resource("Observation", status="final", code={"text": code}) | value
    assert [plan.kind for plan in plans(found)] == kinds
