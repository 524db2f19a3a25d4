"""Mislabelled results as DetectedIssue: one an Observation, for a person to look at."""

import pytest

from fhir_pgx.model.mislabel import Mislabel
from fhir_pgx.reports.detected_issue import detected_issues
from fhir_pgx.validation import validate_resource

GENES = Mislabel(
    "Observation/a", "Patient/1", "Observation.code", "the value names CYP2D6, the code CYP2C19",
    "ask the laboratory", "high", ("CYP2C19", "CYP2D6"),
)  # fmt: skip
ALLELE = Mislabel(
    "Observation/a", "Patient/1", "Observation.value[x]", "CYP2C19 has no allele *41",
    "check the gene and the allele", "moderate",
)  # fmt: skip


def test_one_observation_has_one_issue_as_grave_as_its_gravest_finding():
    (issue,) = detected_issues([ALLELE, GENES], identified="2026-11-23T07:00:00Z")
    assert issue["status"] == "preliminary"
    assert issue["severity"] == "high"
    assert issue["patient"] == {"reference": "Patient/1"}
    assert issue["implicated"] == [{"reference": "Observation/a"}]
    assert issue["code"]["coding"][0]["code"] == "PGX-345"
    assert [e["code"][0]["text"] for e in issue["evidence"]] == [
        "CYP2C19 has no allele *41. Check the gene and the allele.",
        "the value names CYP2D6, the code CYP2C19. Ask the laboratory.",
    ]
    assert issue["identifiedDateTime"] == "2026-11-23T07:00:00Z"


def test_the_resource_is_valid():
    for issue in detected_issues([GENES, ALLELE], identified="2026-11-23T07:00:00Z"):
        assert list(validate_resource(issue)) == []


def test_the_same_observation_has_the_same_identifier_and_another_has_another():
    first, again = (detected_issues([each])[0]["identifier"] for each in (GENES, ALLELE))
    (other,) = detected_issues([Mislabel("Observation/b", "", "x", "y", "z", "low")])
    assert first == again
    assert other["identifier"] != first
    assert "patient" not in other
    assert "identifiedDateTime" not in other


@pytest.mark.parametrize("reference", ["Bundle.entry[0].resource", "Observation", ""])
def test_what_cannot_be_pointed_at_has_no_issue(reference):
    assert detected_issues([Mislabel(reference, "", "x", "y", "z", "high")]) == []
