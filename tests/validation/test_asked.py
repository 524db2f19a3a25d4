"""`$validate` as a question: resource, mode, profile and address, and the findings."""

from typing import Any

import pytest

from fhir_pgx.errors import InvalidInteraction
from fhir_pgx.validation.asked import asked_issues, read_question

PATIENT = {"resourceType": "Patient", "id": "1", "gender": "female"}
GENOTYPE = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "84413-4"}]},
    "valueCodeableConcept": {"text": "*1/*2"},
}
GUIDE = "http://hl7.org/fhir/uv/genomics-reporting/StructureDefinition/"


def envelope(**named: Any) -> dict[str, Any]:
    parameters = [
        {"name": name, "resource": value}
        if isinstance(value, dict)
        else {"name": name, "valueCode" if name == "mode" else "valueUri": value}
        for name, value in named.items()
    ]
    return {"resourceType": "Parameters", "parameter": parameters}


def found(document: Any, query: dict[str, str] | None = None, **address: str) -> set[str]:
    question = read_question(document, query or {}, **address)
    return {f"{i.severity} {i.where}" for i in asked_issues(question, None)}


@pytest.mark.parametrize(
    ("document", "query", "address", "expected"),
    [
        (PATIENT, {}, {}, set()),
        (PATIENT | {"gender": "x"}, {}, {}, {"error Patient.gender"}),
        (envelope(resource=PATIENT), {}, {}, set()),
        (envelope(resource=PATIENT | {"gender": "x"}), {}, {}, {"error Patient.gender"}),
        (PATIENT, {}, {"type_": "Patient", "id_": "1"}, set()),
        (PATIENT, {}, {"type_": "Observation"}, {"error resourceType"}),
        (PATIENT, {}, {"type_": "Patient", "id_": "2"}, {"error Patient.id"}),
        (PATIENT, {"mode": "create"}, {}, {"information Patient.id"}),
        ({"resourceType": "Patient"}, {"mode": "update"}, {}, {"error Patient.id"}),
        (envelope(mode="delete"), {}, {"type_": "Patient", "id_": "1"}, set()),
        # Parameters sent to their own address are what is validated
        (envelope(name=PATIENT), {}, {"type_": "Parameters"}, set()),
        ({"resourceType": "Parameters", "parameter": [{}]}, {}, {"type_": "Parameters"},
         {"error Parameters.parameter[0]"}),
    ],
)  # fmt: skip
def test_the_question_is_read_from_body_query_and_address(
    document: Any, query: dict[str, str], address: dict[str, str], expected: set[str]
) -> None:
    assert found(document, query, **address) == expected


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ("", set()),
        (f"{GUIDE}genotype", {"error Observation.category", "warning Observation.category"}),
        (f"{GUIDE}genotype|3.0.0", {"error Observation.category"}),
        (f"{GUIDE}genomic-report", {"error resourceType"}),
        ("http://hl7.org/fhir/StructureDefinition/Observation", set()),
        ("http://hl7.org/fhir/StructureDefinition/Patient", {"error profile"}),
        ("http://example.org/unknown", {"error profile"}),
    ],
)
def test_a_profile_that_is_asked_for_is_checked_and_one_that_is_not_known_is_no_success(
    profile: str, expected: set[str]
) -> None:
    assert found(GENOTYPE, {"profile": profile}) == expected
    if profile:
        assert found(envelope(resource=GENOTYPE, profile=profile)) == expected


@pytest.mark.parametrize(
    ("document", "query"),
    [
        (None, {}),
        ([PATIENT], {}),
        (envelope(mode="create"), {}),
        (PATIENT, {"mode": "perhaps"}),
    ],
)
def test_what_is_no_question_is_refused(document: Any, query: dict[str, str]) -> None:
    with pytest.raises(InvalidInteraction):
        asked_issues(read_question(document, query), None)


def test_what_nests_too_deep_is_a_finding() -> None:
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "collection"}
    for _ in range(12):
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": bundle}]}
    assert any("nest" in i.text for i in asked_issues(read_question(bundle, {}), None))
