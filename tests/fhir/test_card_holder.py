"""Whose card it is, and which laboratory made a result."""

import pytest

from fhir_pgx.errors import InvalidCard
from fhir_pgx.fhir.bundle import References, entries_of
from fhir_pgx.fhir.card_holder import read_holder, read_laboratory
from fhir_pgx.model.wallet import CardHolder

NAMED = {"family": "Example", "given": ["Synthetic", "Ada"]}


def patient(id_="p1", name=NAMED, **members):
    resource = {"resourceType": "Patient", "id": id_, "birthDate": "1958-04-12", **members}
    return resource | ({"name": name if isinstance(name, list) else [name]} if name else {})


def entries(*resources):
    return entries_of({"resourceType": "Bundle", "entry": [{"resource": r} for r in resources]})


@pytest.mark.parametrize(
    ("names", "name"),
    [
        ([NAMED], "Synthetic Ada Example"),
        ([{"use": "usual", "text": "A. E."}, {"use": "official", **NAMED}],
         "Synthetic Ada Example"),
        ([{"use": "nickname", "text": "Addie"}, {"use": "usual", "text": "Ada  Example"}],
         "Ada Example"),
        ([{"use": "official", "text": "Before", "period": {"end": "2020"}}, {"text": "Now"}],
         "Now"),
        ([{"family": "Example"}], "Example"),
    ],
)  # fmt: skip
def test_the_name_is_the_one_on_a_proof_of_identity(names, name):
    assert read_holder(entries(patient(name=names)), "Patient/p1").name == name


@pytest.mark.parametrize(
    ("resources", "reason"),
    [
        ([], "no Patient"),
        ([patient("p1"), patient("p2")], "2 patients"),
        # One id of two servers is two people.
        ([patient("p1"), patient("p1", birthDate="1971-01-01")], "2 patients"),
        ([patient("p2")], "not of the Patient"),
        ([patient("p1", name=None)], "no name"),
        ([patient("p1", name=[{"use": "maiden", "text": "Before"}])], "no name"),
        ([patient("p1", birthDate="")], "no birth date"),
    ],
)
def test_a_card_of_nobody_or_of_two_is_refused(resources, reason):
    with pytest.raises(InvalidCard, match=reason):
        read_holder(entries(*resources), "Patient/p1")


def test_the_same_patient_sent_twice_is_one():
    found = read_holder(entries(patient(), patient()), "Patient/p1")
    assert found == CardHolder("Example", ("Synthetic", "Ada"), birth_date="1958-04-12")


RESULT = {"resourceType": "Observation", "id": "o1", "status": "final"}
LABORATORY = {"resourceType": "Organization", "id": "lab", "name": "Synthetic Laboratory"}


def by(**performer):
    return {"performer": [performer]}


@pytest.mark.parametrize(
    ("resources", "name"),
    [
        ([RESULT | by(reference="Organization/lab"), LABORATORY], "Synthetic Laboratory"),
        ([RESULT | by(display="Sent Along")], "Sent Along"),
        ([RESULT], ""),
        ([RESULT | by(reference="Practitioner/x", display="Dr Example")], ""),
        ([RESULT | {"performer": [{"display": "A"}, {"display": "B"}]}], ""),
        ([RESULT, {"resourceType": "DiagnosticReport", "id": "r", **by(display="Of the report"),
                   "result": [{"reference": "Observation/o1"}]}], "Of the report"),
        ([RESULT, {"resourceType": "DiagnosticReport", "id": "r", **by(display="Another")}], ""),
    ],
)  # fmt: skip
def test_the_laboratory_is_named_where_one_alone_is_stated(resources, name):
    found = entries(*resources)
    at_hand = {each.reference: each for each in found}
    assert read_laboratory("Observation/o1", References(found), at_hand) == name
