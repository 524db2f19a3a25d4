"""The mislabel detector: what disagrees is found, and what is only unusual is not."""

import json
from pathlib import Path
from typing import Any

import pytest

from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.mislabel import Mislabel
from fhir_pgx.validation import check_resource
from fhir_pgx.validation.mislabel import mislabelled

LOINC = "http://loinc.org"
HGNC = "http://www.genenames.org/geneId"


def result(
    code: str,
    label: str = "",
    value: Any = None,
    gene: tuple[str, str] | None = None,
    **more: Any,
) -> dict[str, Any]:
    coding = {"system": LOINC, "code": code} | ({"display": label} if label else {})
    made: dict[str, Any] = {
        "resourceType": "Observation",
        "id": "a",
        "status": "final",
        "code": {"coding": [coding]},
        "subject": {"reference": "Patient/1"},
    }
    if value is not None:
        made["valueCodeableConcept"] = {"text": value} if isinstance(value, str) else value
    if gene:
        coded = {"system": HGNC, "code": gene[0], "display": gene[1]}
        made["component"] = [
            {
                "code": {"coding": [{"system": LOINC, "code": "48018-6"}]},
                "valueCodeableConcept": {"coding": [coded]},
            }
        ]
    return made | more


def found(resource: dict[str, Any], knowledge: Knowledge) -> list[Mislabel]:
    return mislabelled(entries_of(resource), knowledge.vocabulary, knowledge.genes)


C19, D6 = ("HGNC:2621", "CYP2C19"), ("HGNC:2625", "CYP2D6")
ANSWER = {"system": LOINC, "code": "LA10315-2"}  # ultrarapid


@pytest.mark.parametrize(
    ("resource", "says", "gravity"),
    [
        (result("79714-2", "CYP2D6 gene product metabolic activity", "Poor metabolizer"),
         "the code's words names CYP2D6, the code 79714-2 CYP2C19", "high"),
        (result("57132-3", "", "*4/*4", D6), "CYP2C19, the gene component CYP2D6", "high"),
        (result("57132-3", "", "CYP2D6 *4/*4"), "the value names CYP2D6", "high"),
        (result("84413-4", "", "CYP2D6 *4/*4", C19), "the value names CYP2D6", "high"),
        (result("84413-4", "", "*1/*999", C19), "CYP2C19 has no allele *999", "moderate"),
        (result("84413-4", "", "*119/*119", C19), "no allele *119 in our tables (defined for",
         "moderate"),
        (result("79714-2", "", {"coding": [ANSWER | {"display": "Normal metabolizer"}]}),
         "means Ultrarapid Metabolizer, the words beside it say Normal Metabolizer", "high"),
        (result("79714-2", "", {"coding": [ANSWER], "text": "CYP2C19 poor metabolizer"}),
         "say Poor Metabolizer", "high"),
        (result("66741-0", "CYP2C19*3 allele [Presence]", "Present"), "its name says *3", "high"),
        (result("84413-4", "", {"coding": [{"code": "1", "display": "CYP2C19 *1/*2"}],
                                "text": "CYP2C19 *1/*17"}, C19), "different genotypes", "high"),
    ],
)  # fmt: skip
def test_what_names_different_things_is_found(
    resource: dict[str, Any], says: str, gravity: str, knowledge: Knowledge
) -> None:
    (mislabel,) = found(resource, knowledge)
    assert says in mislabel.text
    assert (mislabel.gravity, mislabel.reference, mislabel.subject) == (
        gravity, "Observation/a", "Patient/1",
    )  # fmt: skip
    assert mislabel.where.startswith("Observation.")
    assert mislabel.mend


@pytest.mark.parametrize(
    "resource",
    [
        result("79714-2", "CYP2C19 gene product metabolic activity", "Poor metabolizer", C19),
        result("84413-4", "Genotype display name", "CYP2C19 *1/*17", C19),
        result("84413-4", "", "CYP2D6*4.024 / CYP2D6*1", D6),  # suballeles
        result("84413-4", "", "*36+*10/*1x2", D6),
        result("84413-4", "", "*2A/*1", C19),
        result("57132-3", "", "*1/*2"),
        result("54451-0", "CYP2C9 and VKORC1", "CYP2C9 *1/*3, VKORC1 A/A"),  # two genes, one code
        result("79714-2", "", {"coding": [ANSWER], "text": "Ultra-rapid metaboliser"}),
        result("66741-0", "CYP2C19*2 allele [Presence]", "Present"),
        result("50956-2", "HLA-B*57:01 [Presence]", "Positive"),
        result("84413-4", "", "HLA-B*57:01+HLA-B*08:01"),
        result("57290-9", "HLA typing", "HLA-B*57:01"),  # a typing code is used for all loci
        result("718-7", "Hemoglobin", "low"),
        {"resourceType": "Observation", "code": "broken", "component": [3]},
    ],
)
def test_what_is_right_or_only_unusual_is_not_found(
    resource: dict[str, Any], knowledge: Knowledge
) -> None:
    assert found(resource, knowledge) == []


def test_it_is_a_warning_of_validation_with_a_code_of_its_own(knowledge: Knowledge) -> None:
    issues = check_resource(result("57132-3", "", "CYP2D6 *4/*4"), knowledge.vocabulary)
    (issue,) = [issue for issue in issues if issue.code]
    assert (issue.code, issue.severity, issue.kind) == ("PGX-345", "warning", "conflict")


def test_what_one_coding_says_against_itself_is_told_once(knowledge: Knowledge) -> None:
    issues = check_resource(result("79714-2", "CYP2D6 activity", "Poor"), knowledge.vocabulary)
    assert [issue.where for issue in issues] == ["Observation.code.coding[0]"]


def test_published_samples_are_not_accused(shared: Path, knowledge: Knowledge) -> None:
    for file in sorted((shared / "samples").glob("*.json")):
        assert found(json.loads(file.read_bytes()), knowledge) == [], file.name
