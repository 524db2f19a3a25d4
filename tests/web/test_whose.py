"""Whose data a question names and an answer holds."""

import pytest

from fhir_pgx.web.whose import asked_of, decoded, named_in, pairs_in, patient_of, reference_in


def of(reference):
    return {"reference": reference}


@pytest.mark.parametrize(
    ("resource", "patients", "unclear"),
    [
        ({"resourceType": "Patient", "id": "p1"}, ("p1",), ()),
        ({"resourceType": "Observation", "id": "o", "subject": of("Patient/p1")}, ("p1",), ()),
        ({"resourceType": "Observation", "id": "o", "subject": of("https://x/fhir/Patient/p1")},
         ("p1",), ()),
        ({"resourceType": "Observation", "id": "o", "subject": [of("Patient/p1")]}, ("p1",), ()),
        ({"resourceType": "Task", "id": "t", "for": of("Patient/p1")}, ("p1",), ()),
        ({"resourceType": "Consent", "id": "c", "patient": of("Patient/p1")}, ("p1",), ()),
        ({"resourceType": "Observation", "id": "o", "subject": of("Group/g")}, (),
         (("Observation", "o"),)),
        ({"resourceType": "Provenance", "id": "v"}, (), (("Provenance", "v"),)),
        ({"resourceType": "OperationOutcome", "id": "x"}, (), ()),
        ({"resourceType": "Bundle", "entry": [
            {"resource": {"resourceType": "Patient", "id": "p1"}},
            {"resource": {"resourceType": "Bundle", "entry": [
                {"resource": {"resourceType": "Patient", "id": "p2"}}]}},
            {"response": {"status": "204"}}, "broken"]}, ("p1", "p2"), ()),
        ({"resourceType": "Bundle", "id": "b"}, (), (("Bundle", "b"),)),
        # What a population operation answers: counts, and whom they are of.
        ({"resourceType": "Parameters", "parameter": [{"name": "variants", "part": [
            {"name": "numerator", "valueQuantity": {"value": 2}},
            {"name": "subject", "valueString": "Patient/p1"},
            {"name": "subject", "valueString": "Patient/p2"}]}]}, ("p1", "p2"), ()),
        # What a subject operation answers: resources in parameters.
        ({"resourceType": "Parameters", "parameter": [{"name": "variant", "resource": {
            "resourceType": "Observation", "subject": of("Patient/p1")}}]}, ("p1",), ()),
        (None, (), ()),
        ([], (), ()),
        ({"resourceType": 7, "id": []}, (), ()),
    ],
)  # fmt: skip
def test_the_patients_of_an_answer(resource, patients, unclear):
    found = named_in(resource)
    assert (found.patients, found.unclear) == (patients, unclear)


@pytest.mark.parametrize(
    ("query", "type_", "patients"),
    [
        ("patient=p1", "Observation", ["p1"]),
        ("patient=Patient/p1,Patient/p2", "Observation", ["p1", "p2"]),
        ("subject:Patient=p1", "Observation", ["p1"]),
        ("subject=https://x/fhir/Patient/p1", "Observation", ["p1"]),
        ("subject=Group/g1", "Observation", []),
        ("_id=p1,p2", "Patient", ["p1", "p2"]),
        ("_id=o1", "Observation", []),
        ("patient.name=Example", "Patient", []),
        ("patient=", "Observation", []),
    ],
)
def test_the_patients_of_a_question(query, type_, patients):
    assert list(asked_of(pairs_in(query), type_)) == patients


@pytest.mark.parametrize(
    ("reference", "patient"),
    [("Patient/p1", "p1"), ("https://x/Patient/p1/_history/2", "p1"), ("Patient/a b", ""),
     ("Patient/", ""), ("Group/p1", ""), ("p1", "")],
)  # fmt: skip
def test_the_patient_of_a_reference(reference, patient):
    assert patient_of(reference) == patient


@pytest.mark.parametrize(
    ("text", "found"),
    [("https://x/fhir/Observation/o1/_history/2", ("Observation", "o1")),
     ("Observation/o1", ("Observation", "o1")), ("Observation", None), ("Observation/a b", None),
     ("x/y", None), ("", None)],
)  # fmt: skip
def test_type_and_id_at_the_end_of_an_address(text, found):
    assert reference_in(text) == found


def test_what_is_no_json_names_nobody():
    assert decoded(b"") is None
    assert decoded(b"<xml/>") is None
