"""The table of search parameters: whole, and in agreement with the server and its documentation."""

import re
from pathlib import Path

import pytest

from fhir_pgx.model.search import Amount, Pair
from fhir_pgx.rest.parameters import (
    capability_includes,
    capability_parameters,
    capability_revincludes,
    find_parameter,
    kept_elements,
    parameters_of,
    searchable_types,
)
from fhir_pgx.rest.types import TYPES
from fhir_pgx.rest.values_codes import CODES

PAGE = (Path(__file__).parents[2] / "docs" / "search.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([A-Z][A-Za-z]+)` \| (.+) \|$", re.MULTILINE)


def test_every_type_that_is_kept_can_be_searched():
    assert searchable_types() == set(TYPES)


@pytest.mark.parametrize(
    ("type_", "name", "kind"),
    [
        # What the clients that we know ask for
        ("Patient", "family", "string"),
        ("Condition", "patient", "reference"),
        ("Encounter", "date", "date"),
        ("MolecularSequence", "variant-start", "number"),
        ("Observation", "component-code-value-concept", "composite"),
        ("Observation", "combo-code", "token"),
        ("Observation", "_profile", "uri"),
        ("Observation", "_id", "token"),
        ("Observation", "_lastUpdated", "date"),
        ("ServiceRequest", "subject", "reference"),
        ("RiskAssessment", "probability", "number"),
    ],
)
def test_a_parameter_is_of_its_kind(type_, name, kind):
    assert find_parameter(type_, name).kind == kind


@pytest.mark.parametrize("type_", sorted(TYPES))
def test_every_parameter_can_be_kept_and_asked(type_):
    for parameter in parameters_of(type_).values():
        assert parameter.url.startswith("http://hl7.org/fhir/SearchParameter/")
        if parameter.name not in ("_id", "_lastUpdated"):
            assert parameter.elements or parameter.parts
        if parameter.kind in ("token", "uri"):
            assert {each.type for each in parameter.elements} <= set(CODES)
        if parameter.kind == "reference":
            assert parameter.targets
        assert all(find_parameter(type_, part) for part in parameter.parts)
        if parameter.value:
            assert parameter.kept_as is (Amount if parameter.is_of_amounts else Pair)


def test_an_unknown_type_has_no_parameters():
    assert parameters_of("Questionnaire") == {}
    assert find_parameter("Questionnaire", "status") is None


def test_a_capability_statement_names_each_parameter_with_its_definition():
    rows = capability_parameters("Observation")
    assert {
        "name": "code",
        "definition": "http://hl7.org/fhir/SearchParameter/clinical-code",
        "type": "token",
    } in rows
    assert [each["name"] for each in rows] == sorted(each["name"] for each in rows)
    # SMART's JavaScript client asks for `patient` only where it is named here.
    with_patient = [each for each in TYPES if find_parameter(each, "patient")]
    assert {"Observation", "Condition", "MedicationRequest", "MolecularSequence"} <= set(
        with_patient
    )


def test_includes_are_references_both_ways():
    assert "Observation:subject" in capability_includes("Observation")
    assert "Observation:code" not in capability_includes("Observation")
    assert "Provenance:target" in capability_revincludes("Observation")
    assert "Observation:subject" in capability_revincludes("Patient")
    assert "Observation:encounter" not in capability_revincludes("Patient")


def test_summaries_hold_what_is_marked_so_and_what_may_not_be_left_out():
    assert "component" in kept_elements("Observation").summary
    assert "interpretation" not in kept_elements("Observation").summary
    assert {"status", "code"} <= kept_elements("Observation").always
    assert "data" not in kept_elements("Attachment").summary
    assert kept_elements("CodeableConcept") is None


# The documentation


def rows_of(text):
    return {type_: re.findall(r"`([^`]+)`", names) for type_, names in ROW.findall(text)}


def test_the_page_lists_every_parameter_of_every_type_and_no_other():
    written = rows_of(PAGE)
    common = {"_id", "_lastUpdated", "_profile", "_security", "_source", "_tag"}
    assert written == {type_: sorted(set(parameters_of(type_)) - common) for type_ in sorted(TYPES)}


def test_a_row_that_lacks_a_parameter_is_found():
    assert rows_of("| `Location` | `name` |") == {"Location": ["name"]}
