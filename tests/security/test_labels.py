"""From whom the label of a resource keeps it."""

import json

import pytest

from fhir_pgx.model.access import Caller
from fhir_pgx.security.labels import confidentiality, is_kept_back, is_limited_by_labels, labels_of

from .consent_examples import CLINICIAN, EMERGENCY, NOBODY, RESEARCHER, hidden, judged, resource

SYSTEM = Caller("application", "https://as.test", "warehouse")  # treats, and names nobody
PATIENT = Caller("application", "https://as.test", "app", "Patient/p1", purpose="PATRQT")
PARENT = Caller("cds-client", "https://ehr.test", "ehr", "RelatedPerson/2")
PAYER = Caller("application", "https://as.test", "payer", "Practitioner/1", purpose="HPAYMT")


@pytest.mark.parametrize(
    ("labels", "level"),
    [
        ([], ""),
        (["N"], "N"),
        (["U", "R"], "R"),  # the highest stands
        (["R", "V"], "V"),
        (["GDIS"], "R"),  # delicate, and nobody says how much
        (["HIV"], "R"),
        (["GDIS", "N"], "N"),  # somebody does
        (["NODSCLCD", "N"], "V"),
        (["NOAUTH"], "V"),
        (["DELAU"], ""),  # an obligation: nothing here is kept longer than the answer
        (["PERSISTLABEL", "N"], "N"),
        (["HTEST"], ""),
        (["something"], ""),
    ],
)
def test_the_level_of_confidentiality(labels, level):
    assert confidentiality(frozenset(labels)) == level


@pytest.mark.parametrize(
    ("label", "clinician", "system", "researcher", "payer", "patient"),
    [
        # withheld from:
        ("U", False, False, False, False, False),
        ("N", False, False, False, False, False),
        ("R", False, False, True, True, True),
        ("GDIS", False, False, True, True, True),
        ("V", False, True, True, True, True),
        ("NODSCLCD", False, True, True, True, True),
        ("NOPAT", False, False, False, False, True),
    ],
)
def test_whom_a_label_keeps_data_from(label, clinician, system, researcher, payer, patient):
    kept = {
        who: is_kept_back(frozenset((label,)), caller)
        for who, caller in {
            "clinician": CLINICIAN,
            "system": SYSTEM,
            "researcher": RESEARCHER,
            "payer": PAYER,
            "patient": PATIENT,
        }.items()
    }
    assert kept == {
        "clinician": clinician,
        "system": system,
        "researcher": researcher,
        "payer": payer,
        "patient": patient,
    }


def test_a_label_for_relatives_holds_in_an_emergency_too():
    worried = Caller("cds-client", "https://ehr.test", "ehr", "RelatedPerson/2", purpose="ETREAT")
    assert is_kept_back(frozenset(("NOPAT",)), PARENT)
    assert is_kept_back(frozenset(("NOPAT",)), worried)
    assert not is_kept_back(frozenset(("V", "R")), EMERGENCY)


@pytest.mark.parametrize(
    ("user", "is_kept"),
    [
        ("Patient/p1", True),
        ("RelatedPerson/2", True),
        ("Person/3", True),  # as SMART names somebody who may be either
        ("https://there.test/fhir/Patient/p1", True),
        ("https://there.test/fhir/RelatedPerson/2", True),
        ("Practitioner/7", False),
        ("https://there.test/fhir/Practitioner/7", False),
        ("", False),
    ],
)
def test_a_label_for_relatives_holds_whichever_server_names_them(user, is_kept):
    caller = Caller("application", "https://as.test", "app", user)
    assert is_kept_back(frozenset(("NOPAT",)), caller) is is_kept


def test_labels_that_an_emergency_sets_aside_are_recorded():
    nameless = Caller("application", "https://as.test", "app", purpose="ETREAT")
    found = judged((), (resource(meta={"security": [{"code": "V"}]}),), nameless)
    assert (found.hidden, found.is_glass_broken) == (frozenset(), True)
    assert not judged((), (), EMERGENCY).is_glass_broken  # by name, and treating: none is set aside


def test_an_open_service_asks_nobody_and_applies_no_label():
    assert not is_kept_back(frozenset(("V",)), NOBODY)
    assert not is_limited_by_labels(NOBODY)


@pytest.mark.parametrize(
    ("caller", "is_limited"),
    [
        (CLINICIAN, False), (SYSTEM, True), (RESEARCHER, True), (PAYER, True), (PATIENT, True),
        (PARENT, True), (EMERGENCY, False), (Caller("operator"), False),
    ],
)  # fmt: skip
def test_whether_labels_limit_is_asked_of_the_caller_alone(caller, is_limited):
    assert is_limited_by_labels(caller) is is_limited
    restricted = resource(meta={"security": [{"code": "R"}]})
    assert judged((), (), caller).is_limited is is_limited
    assert judged((), (restricted,), caller).is_limited is is_limited


@pytest.mark.parametrize(
    "made",
    [
        {"meta": {"security": [{"code": "R"}]}},
        {"meta": {"security": {"code": "R"}}},
        {"contained": [{"resourceType": "Observation", "meta": {"security": [{"code": "R"}]}}]},
        {"entry": [{"resource": {"meta": {"security": [{"code": "R"}]}}}]},
    ],
)
def test_a_label_is_read_wherever_it_stands(made):
    assert "R" in labels_of(json.dumps(made).encode())


def test_a_resource_that_cannot_be_read_has_every_label():
    assert {"R", "V", "NOPAT"} <= labels_of(b'{"meta": {"security": [')


def test_what_is_labelled_is_withheld_with_what_rests_on_it():
    restricted = resource(identity="a", meta={"security": [{"code": "R"}]})
    report = resource("DiagnosticReport", "b", result=[{"reference": "Observation/a"}])
    other = resource(identity="c")
    assert hidden((), (restricted, report, other), caller=RESEARCHER) == {"a", "b"}
    assert hidden((), (restricted, report, other), caller=CLINICIAN) == set()
