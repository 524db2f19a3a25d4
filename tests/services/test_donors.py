"""A donor's Patient in a call about the recipient: passed over where it is plainly a donor, and a
second patient refused in every other case."""

import pytest

from fhir_pgx.errors import MixedPatients
from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.services.patient_check import check_patient

DONOR = {"resourceType": "Patient", "id": "d", "birthDate": "1990-01-01"}
OWN = {"resourceType": "Patient", "id": "p"}


def typing(**more):
    return {
        "resourceType": "Observation",
        "id": "typing",
        "code": {"text": "HLA typing"},
        "subject": {"reference": "Patient/p"},
        "focus": [{"reference": "Patient/d", "display": "registry donor"}],
    } | more


def check(*resources):
    bundle = {"resourceType": "Bundle", "entry": [{"resource": each} for each in resources]}
    entries = tuple(entries_of(bundle))
    checked = check_patient(entries, "p")
    return [entry.reference for entry in checked.keep(entries)]


@pytest.mark.parametrize(
    "result",
    [
        typing(),
        typing(code={"text": "HLA typing of the donor"}, focus=[{"reference": "Patient/d"}]),
        typing(focus=[{"reference": "https://ehr.example.org/fhir/Patient/d", "display": "Donor"}]),
    ],
)
def test_a_donors_patient_is_passed_over(result):
    """It is neither refused nor used: its birth date is not the recipient's."""
    assert check(OWN, DONOR, result) == ["Patient/p", "Observation/typing"]


def test_a_donors_patient_inside_the_result_teaches_nothing_of_the_recipient():
    inside = typing(
        focus=[{"reference": "#d", "display": "donor"}],
        contained=[DONOR | {"identifier": [{"system": "urn:x", "value": "1"}]}],
    )
    assert check(OWN | {"identifier": [{"system": "urn:x", "value": "2"}]}, inside) == [
        "Patient/p",
        "Observation/typing",
    ]


@pytest.mark.parametrize(
    "others",
    [
        [DONOR],  # nothing names it
        [DONOR, typing(focus=[{"reference": "Patient/d"}])],  # nobody says donor
        [DONOR, typing(focus=[{"reference": "Patient/e", "display": "donor"}])],  # another
        [DONOR, typing(subject={"reference": "Patient/d"})],  # the donor's own record
        [DONOR, typing(), {"resourceType": "Condition", "subject": {"reference": "Patient/d"}}],
        [DONOR, typing(), DONOR | {"id": "e"}],
        [DONOR, typing(code={"text": "Donor-specific antibody"}, focus=[typing()["subject"]])],
    ],
)  # fmt: skip
def test_a_second_patient_is_refused(others):
    with pytest.raises(MixedPatients):
        check(OWN, *others)
