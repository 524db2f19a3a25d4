"""Findings as OperationOutcome."""

import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome

from fhir_pgx.errors import Issue
from fhir_pgx.fhir.operation_outcome import to_operation_outcome


def test_a_finding_says_what_where_and_how_to_mend_it() -> None:
    issue = Issue("no status", "Observation.status", "add one", "required", "error", "PGX-105")
    found = to_operation_outcome([issue])["issue"]
    assert found == [
        {
            "severity": "error",
            "code": "required",
            "details": {
                "coding": [{"system": "urn:fhir-pgx:error", "code": "PGX-105"}],
                "text": "no status",
            },
            "diagnostics": "no status. To mend it: add one",
            "expression": ["Observation.status"],
        }
    ]


def test_without_findings_one_information_says_all_is_well() -> None:
    (issue,) = to_operation_outcome([])["issue"]
    assert (issue["severity"], issue["code"]) == ("information", "informational")


def test_members_that_would_be_empty_are_left_out() -> None:
    (issue,) = to_operation_outcome([Issue("odd")])["issue"]
    assert set(issue) == {"severity", "code", "details", "diagnostics"}
    assert "coding" not in issue["details"]


def test_a_long_text_is_short_in_details_and_whole_in_diagnostics() -> None:
    text = "word " * 60 + "end"
    (issue,) = to_operation_outcome([Issue(text)])["issue"]
    assert len(issue["details"]["text"]) < 130
    assert issue["diagnostics"].endswith("end")


@pytest.mark.parametrize(
    "issues", [[], [Issue("a", "Bundle.entry[0]", "b", "too-costly", "warning", "PGX-102")]]
)
def test_the_outcome_is_a_valid_resource(issues: list[Issue]) -> None:
    OperationOutcome.model_validate(to_operation_outcome(issues))
