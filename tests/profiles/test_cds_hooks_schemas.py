"""The published CDS Hooks schemas: what passes, what does not, and that both validators agree."""

import copy
from typing import Any, Literal

import jsonschema
import jsonschema_rs
import pytest

from fhir_pgx.knowledge.profiles import profiles_folder, schema

Message = Literal["discovery", "request", "response", "feedback"]
MESSAGES: tuple[Message, ...] = ("discovery", "request", "response", "feedback")

UUID = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
ABSENT = object()


def faults(message: Message, document: Any) -> list[str]:
    """The places at fault, as both validators find them."""
    fast = jsonschema_rs.validator_for(schema(message)).iter_errors(document)
    slow = jsonschema.Draft202012Validator(schema(message)).iter_errors(document)
    found = sorted("/".join(map(str, fault.instance_path)) for fault in fast)
    assert found == sorted("/".join(map(str, fault.absolute_path)) for fault in slow)
    return found


def changed(document: Any, path: str, value: Any) -> Any:
    """A copy with the member at `a/0/b` set, or taken out where the value is ABSENT."""
    document = copy.deepcopy(document)
    *outer, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    place = document
    for step in outer:
        place = place[step]
    if value is ABSENT:
        del place[last]
    else:
        place[last] = value
    return document


ORDERS = {
    "resourceType": "Bundle",
    "entry": [
        {
            "resource": {
                "resourceType": "MedicationRequest",
                "id": "request-123",
                "status": "draft",
                "intent": "order",
                "category": {"text": "Outpatient"},
                "subject": {"reference": "Patient/1"},
            }
        }
    ],
}
ORDER_SELECT: dict[str, Any] = {
    "hook": "order-select",
    "hookInstance": UUID,
    "fhirServer": "https://ehr.example.org/fhir",
    "fhirAuthorization": {
        "access_token": "opaque",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "patient/Patient.read (a name, with spaces)",
        "subject": "cds-service",
    },
    "context": {
        "userId": "Practitioner/COREPRACTITIONER1",
        "patientId": "1",
        "selections": ["MedicationRequest/request-123"],
        "draftOrders": ORDERS,
    },
    "prefetch": {"patient": {"resourceType": "Patient", "id": "1"}, "results": None},
    "extension": {"com.example.request": 1},
}


def call(hook: str, **context: Any) -> dict[str, Any]:
    return {"hook": hook, "hookInstance": UUID, "context": {"patientId": "1", **context}}


USER = {"userId": "Practitioner/1"}
CALLS = {
    "order-select": {**USER, "selections": ["MedicationRequest/1"], "draftOrders": ORDERS},
    "order-sign": {**USER, "draftOrders": ORDERS},
    "patient-view": USER,
    "medication-refill": {"medications": ORDERS},
    "encounter-start": {**USER, "encounterId": "2"},
    "encounter-discharge": {**USER, "encounterId": "2"},
    "problem-list-item-create": {**USER, "conditions": {"resourceType": "Bundle"}},
    "allergyintolerance-create": {
        **USER,
        "allergyIntolerance": {"resource": {"resourceType": "AllergyIntolerance"}},
    },
    "order-dispatch": {"dispatchedOrders": ["ServiceRequest/1"], "performer": "Organization/1"},
    "appointment-book": {**USER, "appointments": {"resourceType": "Bundle"}},
    "medication-prescribe": {**USER, "medications": ORDERS},
    "order-review": {**USER, "orders": ORDERS},
}


@pytest.mark.parametrize("message", MESSAGES)
def test_every_schema_is_a_valid_schema(message: Message) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(message))
    assert schema(message)["$schema"].endswith("2020-12/schema")


def test_there_is_no_schema_that_the_loader_does_not_name() -> None:
    files = {path.stem for path in (profiles_folder() / "cds-hooks").glob("*.json")}
    assert files == set(MESSAGES)


def test_the_request_of_a_sandbox_without_bundle_type_and_drug_passes() -> None:
    assert faults("request", ORDER_SELECT) == []


@pytest.mark.parametrize("hook", CALLS)
def test_each_hook_passes_with_its_context_and_not_without_a_required_field(hook: str) -> None:
    request = call(hook, **CALLS[hook])
    assert faults("request", request) == []
    for field in request["context"]:
        assert faults("request", changed(request, f"context/{field}", ABSENT)), field
        assert faults("request", changed(request, f"context/{field}", 7)), field


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("context/encounterId", None),
        ("context/unknown", 1),
        ("unknown", {"a": 1}),
        ("hook", "a-hook-of-theirs"),
        ("hookInstance", "not-a-uuid"),
        ("fhirAuthorization", ABSENT),
        ("prefetch", ABSENT),
        ("prefetch/patient", [{"resourceType": "Patient"}]),
        ("prefetch/patient", {"response": {"status": "200"}, "resource": ORDERS}),
    ],
)
def test_requests_in_their_odd_but_known_forms_pass(path: str, value: Any) -> None:
    assert faults("request", changed(ORDER_SELECT, path, value)) == []


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("hook", ABSENT, ""),
        ("hook", "", "hook"),
        ("hookInstance", ABSENT, ""),
        ("hookInstance", 5, "hookInstance"),
        ("context", ABSENT, ""),
        ("context", [], "context"),
        ("context/draftOrders", ABSENT, "context"),
        ("context/draftOrders", {"entry": []}, "context/draftOrders"),
        ("context/selections", "MedicationRequest/1", "context/selections"),
        ("context/patientId", "", "context/patientId"),
        ("fhirServer", ABSENT, ""),
        ("fhirServer", "file:///etc/passwd", "fhirServer"),
        ("fhirAuthorization/access_token", ABSENT, "fhirAuthorization"),
        ("fhirAuthorization/token_type", "MAC", "fhirAuthorization/token_type"),
        ("fhirAuthorization/expires_in", "300", "fhirAuthorization/expires_in"),
        ("prefetch/patient", "Patient/1", "prefetch/patient"),
    ],
)
def test_requests_that_break_the_specification_are_told_where(
    path: str, value: Any, where: str
) -> None:
    assert where in faults("request", changed(ORDER_SELECT, path, value))


CARD: dict[str, Any] = {
    "uuid": UUID,
    "summary": "s" * 139,
    "detail": "**Clopidogrel** …",
    "indicator": "warning",
    "source": {
        "label": "CPIC",
        "url": "https://cpicpgx.org/guidelines/",
        "topic": {"code": "a1b2c3", "system": "urn:topics", "display": "CYP2C19"},
    },
    "selectionBehavior": "at-most-one",
    "suggestions": [
        {
            "label": "Use prasugrel",
            "uuid": UUID,
            "isRecommended": True,
            "actions": [
                {"type": "delete", "description": "-", "resourceId": "MedicationRequest/1"},
                {
                    "type": "create",
                    "description": "+",
                    "resource": {"resourceType": "MedicationRequest"},
                },
            ],
        },
        {"label": "Use ticagrelor", "uuid": UUID},
    ],
    "overrideReasons": [{"code": "tolerated", "system": "urn:reasons", "display": "Tolerated"}],
    "links": [
        {"label": "Guideline", "url": "https://cpicpgx.org", "type": "absolute"},
        {"label": "App", "url": "https://app/launch", "type": "smart", "appContext": "x"},
    ],
    "extension": {"org.example.pgx": {"release": "1"}},
}
RESPONSE = {"cards": [CARD]}


def test_a_full_card_and_an_answer_without_cards_pass() -> None:
    assert faults("response", RESPONSE) == []
    assert faults("response", {"cards": []}) == []


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("cards", ABSENT, ""),
        ("systemActions", [], "systemActions"),
        ("unknown", 1, ""),
        ("cards/0/unknown", 1, "cards/0"),
        ("cards/0/summary", "s" * 140, "cards/0/summary"),
        ("cards/0/summary", "", "cards/0/summary"),
        ("cards/0/detail", "", "cards/0/detail"),
        ("cards/0/uuid", "1", "cards/0/uuid"),
        ("cards/0/uuid", ABSENT, "cards/0"),
        ("cards/0/indicator", "hard-stop", "cards/0/indicator"),
        ("cards/0/source", ABSENT, "cards/0"),
        ("cards/0/source/label", ABSENT, "cards/0/source"),
        ("cards/0/source/url", "guideline.html", "cards/0/source/url"),
        ("cards/0/source/topic/code", "CYP2C19-poor", "cards/0/source/topic/code"),
        ("cards/0/source/topic/code", "a" * 101, "cards/0/source/topic/code"),
        ("cards/0/selectionBehavior", ABSENT, "cards/0"),
        ("cards/0/selectionBehavior", "all", "cards/0/selectionBehavior"),
        ("cards/0/suggestions", [], "cards/0/suggestions"),
        ("cards/0/suggestions/0/actions", [], "cards/0/suggestions/0/actions"),
        ("cards/0/suggestions/1/isRecommended", True, "cards/0/suggestions"),
        (
            "cards/0/suggestions/0/actions/1/resource",
            ABSENT,
            "cards/0/suggestions/0/actions/1",
        ),
        (
            "cards/0/suggestions/0/actions/0/resourceId",
            ABSENT,
            "cards/0/suggestions/0/actions/0",
        ),
        (
            "cards/0/suggestions/0/actions/0/resource",
            {"resourceType": "MedicationRequest"},
            "cards/0/suggestions/0/actions/0",
        ),
        (
            "cards/0/suggestions/0/actions/0/description",
            ABSENT,
            "cards/0/suggestions/0/actions/0",
        ),
        ("cards/0/overrideReasons/0/display", ABSENT, "cards/0/overrideReasons/0"),
        ("cards/0/overrideReasons", [], "cards/0/overrideReasons"),
        ("cards/0/links/0/type", "relative", "cards/0/links/0/type"),
        ("cards/0/links/0/appContext", "x", "cards/0/links/0"),
        ("cards/0/links", [], "cards/0/links"),
        ("cards/0/extension", {}, "cards/0/extension"),
    ],
)
def test_answers_that_break_the_specification_are_told_where(
    path: str, value: Any, where: str
) -> None:
    assert where in faults("response", changed(RESPONSE, path, value))


def test_a_summary_is_counted_in_characters_not_bytes() -> None:
    assert faults("response", changed(RESPONSE, "cards/0/summary", "é" * 139)) == []


SERVICES = {
    "services": [
        {
            "hook": "order-sign",
            "id": "pgx-order-sign",
            "title": "Pharmacogenomics",
            "description": "What the genes say of an order",
            "prefetch": {"patient": "Patient/{{context.patientId}}"},
            "version": "3.0.0",
            "hookVersion": "1.0",
        }
    ]
}


def test_a_discovery_answer_passes_also_without_services() -> None:
    assert faults("discovery", SERVICES) == []
    assert faults("discovery", {"services": []}) == []


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("services", ABSENT, ""),
        ("services/0/id", "pgx/order sign", "services/0/id"),
        ("services/0/hook", ABSENT, "services/0"),
        ("services/0/description", ABSENT, "services/0"),
        ("services/0/title", "", "services/0/title"),
        ("services/0/prefetch", {}, "services/0/prefetch"),
        ("services/0/prefetch/patient", None, "services/0/prefetch/patient"),
        ("services/0/version", "three", "services/0/version"),
        ("services/0/unknown", 1, "services/0"),
    ],
)
def test_discovery_answers_that_break_the_specification_are_told_where(
    path: str, value: Any, where: str
) -> None:
    assert where in faults("discovery", changed(SERVICES, path, value))


ACCEPTED = {
    "card": UUID,
    "outcome": "accepted",
    "acceptedSuggestions": [{"id": UUID}],
    "outcomeTimestamp": "2026-11-23T07:00:00Z",
}
OVERRIDDEN = {
    "card": "epic.card.12^3",
    "outcome": "overridden",
    "overrideReasons": {"reason": {"code": "tolerated", "system": "urn:reasons"}},
    "outcomeTimestamp": "2026-11-23T07:00:00.123+01:00",
}
FEEDBACK = {"feedback": [ACCEPTED, OVERRIDDEN]}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("feedback/0/unknown", 1),
        ("feedback/1/overrideReasons", ABSENT),
        ("feedback/1/overrideReason", {"userComment": "seen"}),
        ("feedback/1/overrideReasons", [{"reason": {"code": "x"}}]),
        ("feedback/1/overrideReasons", {"extension": {"com.epic.cdshooks.feedback": 1}}),
    ],
)
def test_feedback_passes_in_the_forms_that_clients_send(path: str, value: Any) -> None:
    assert faults("feedback", FEEDBACK) == []
    assert faults("feedback", changed(FEEDBACK, path, value)) == []


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("feedback", ABSENT, ""),
        ("feedback", {}, "feedback"),
        ("feedback/0/card", ABSENT, "feedback/0"),
        ("feedback/0/outcome", "ignored", "feedback/0/outcome"),
        ("feedback/0/acceptedSuggestions", ABSENT, "feedback/0"),
        ("feedback/0/acceptedSuggestions", [], "feedback/0/acceptedSuggestions"),
        ("feedback/0/acceptedSuggestions/0/id", ABSENT, "feedback/0/acceptedSuggestions/0"),
        ("feedback/0/outcomeTimestamp", "yesterday", "feedback/0/outcomeTimestamp"),
        ("feedback/1/overrideReason", {}, "feedback/1/overrideReason"),
    ],
)
def test_feedback_that_breaks_the_specification_is_told_where(
    path: str, value: Any, where: str
) -> None:
    assert where in faults("feedback", changed(FEEDBACK, path, value))
