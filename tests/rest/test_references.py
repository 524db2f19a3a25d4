"""References of a document led to what its resources became."""

import pytest

from fhir_pgx.rest.references import Targets, criteria_of, is_conditional, references_in, rewritten

URN = "urn:uuid:11111111-2222-4333-8444-555555555555"
AT_EHR = "https://ehr.example.org/fhir"

MOVED = [
    (URN, "Patient/7", "Patient/new"),
    (f"{AT_EHR}/Specimen/1", "Specimen/1", "Specimen/moved"),
    ("", "Device/same", "Device/first"),
    ("", "Device/same", "Device/second"),
]


@pytest.mark.parametrize(
    ("reference", "leads_to"),
    [
        (URN, "Patient/new"),
        ("Patient/7", "Patient/new"),
        ("Patient/7/_history/2", "Patient/new"),
        ("Patient/8", None),  # not of this document
        (f"{AT_EHR}/Specimen/1", "Specimen/moved"),
        (f"{AT_EHR}/Specimen/1/_history/3", "Specimen/moved"),
        ("https://other.example.org/fhir/Specimen/1", None),  # another server's
        ("Specimen/1", "Specimen/moved"),
        ("Device/same", None),  # of two, nobody knows which
        ("urn:uuid:00000000-0000-0000-0000-000000000000", None),
        ("#contained", None),
        ("Patient?identifier=a|7", None),
        ("", None),
    ],
)
def test_a_reference_leads_to_what_its_target_became(reference, leads_to):
    resolve = Targets(MOVED).from_(f"{AT_EHR}/Observation/1", "Observation")
    assert resolve(reference) == leads_to


def test_a_relative_reference_is_first_one_at_the_base_of_its_own_entry():
    moved = [(f"{AT_EHR}/Patient/7", "", "Patient/theirs"), ("", "Patient/7", "Patient/other")]
    targets = Targets(moved)
    at_ehr = targets.from_(f"{AT_EHR}/Observation/1", "Observation")
    assert at_ehr("Patient/7") == "Patient/theirs"
    assert targets.from_(URN, "Observation")("Patient/7") == "Patient/other"


def test_what_changes_nothing_is_the_very_same_value():
    resource = {"subject": {"reference": "Patient/8"}, "note": [{"text": URN}]}
    assert rewritten(resource, Targets(MOVED).from_("", "Observation")) is resource


def test_addresses_are_rewritten_and_names_are_not():
    resource = {
        "content": [{"attachment": {"url": URN}}],
        "instantiatesUri": [URN, "http://example.org/a"],
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": URN}],
        "inside": {"resourceType": "Bundle", "resource": [{"url": URN}]},
    }
    found = rewritten(resource, Targets(MOVED).from_("", "DocumentReference"))
    assert found["content"] == [{"attachment": {"url": "Patient/new"}}]
    assert found["instantiatesUri"] == ["Patient/new", "http://example.org/a"]
    assert found["identifier"] == resource["identifier"]
    assert resource["content"] == [{"attachment": {"url": URN}}]  # what was sent stays as it was


@pytest.mark.parametrize(
    ("reference", "criteria"),
    [
        ("Patient?identifier=a|b", ("Patient", "identifier=a|b")),
        ("Patient/1", ("", "")),
        ("Patient?", ("Patient", "")),
        ("https://a.example.org/Patient?name=b", ("", "")),
    ],
)
def test_a_search_in_the_place_of_a_reference_is_known(reference, criteria):
    assert criteria_of(reference) == criteria
    assert is_conditional(reference) is (criteria != ("", ""))


def test_every_reference_is_found_at_any_depth():
    resource = {
        "subject": {"reference": "a"},
        "extension": [{"valueReference": {"reference": "b"}}],
        "contained": [{"subject": [{"reference": "c"}]}],
        "reference": 7,
    }
    assert list(references_in(resource)) == ["a", "b", "c"]
