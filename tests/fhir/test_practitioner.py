"""The user's roles: those a call states of its user, never somebody else's."""

import pytest

from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.fhir.practitioner import read_specialties

ROLE = {
    "resourceType": "PractitionerRole",
    "id": "r1",
    "practitioner": {"reference": "Practitioner/u1"},
    "code": [{"coding": [{"code": "Pharmacist"}]}],
    "specialty": [
        {"coding": [{"code": "394577000", "display": "Anesthetics"}], "text": "Theatre 2"}
    ],
}
WORDS = {"pharmacist", "394577000", "anesthetics", "theatre 2"}


@pytest.mark.parametrize(
    ("user", "change", "found"),
    [
        ("Practitioner/u1", {}, {"practitioner", *WORDS}),
        ("PractitionerRole/r1", {}, {"practitionerrole", *WORDS}),
        ("Practitioner/u2", {}, {"practitioner"}),  # somebody else's role
        ("Practitioner/u1", {"practitioner": None}, {"practitioner"}),
        ("Practitioner/u1", {"active": False}, {"practitioner"}),
        ("Practitioner/u1", {"specialty": "surgery", "code": [None]}, {"practitioner"}),
        (
            "Practitioner/u1",
            {"practitioner": {"reference": "https://ehr.example.org/Practitioner/u1"}},
            {"practitioner", *WORDS},
        ),
        ("Patient/p1", {}, {"patient"}),
        ("", {}, set()),
        ("u1", {}, set()),
    ],
)
def test_a_role_counts_for_the_user_it_is_of(user, change, found):
    entries = [Entry({**ROLE, **change}, "prefetch.role")]
    assert read_specialties(entries, user) == found


def test_a_role_that_is_prefetched_reaches_the_call():
    from fhir_pgx.plugins import load_services
    from fhir_pgx.services.call import read_hook_call

    service = load_services(lambda call: None).service("pgx-patient-view")
    request = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/u1", "patientId": "p1"},
        "prefetch": {"practitionerRole": ROLE},
    }
    call = read_hook_call(request, service)
    assert "anesthetics" in read_specialties(call.evidence, call.user_id)
    assert call.genomics == "missing"  # a role is no look for results
    empty = read_hook_call({**request, "prefetch": {"practitionerRole": None}}, service)
    assert empty.genomics == "missing"
