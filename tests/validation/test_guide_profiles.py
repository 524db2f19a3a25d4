"""The Genomics Reporting guide's profiles: what a claim is held to, and what a code alone asks."""

import copy
from pathlib import Path
from typing import Any

import pytest

from fhir_pgx.knowledge.guide import guide_profiles
from fhir_pgx.validation import check_resource

GUIDE = "http://hl7.org/fhir/uv/genomics-reporting/StructureDefinition/"
LOINC = "http://loinc.org"
TBD = "http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/tbd-codes-cs"
ABSENT = object()
LABORATORY = {
    "coding": [
        {
            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
            "code": "laboratory",
        }
    ]
}
GENETICS = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "GE"}]}


def concept(code: str, system: str = LOINC) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def part(code: str, system: str = LOINC, **value: Any) -> dict[str, Any]:
    return {"code": concept(code, system), **value}


def observation(profile: str, code: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "meta": {"profile": [GUIDE + profile]},
        "status": "final",
        "category": [LABORATORY, GENETICS],
        "code": code,
        **more,
    }


PARENT = [{"reference": "Observation/parent"}]
RIGHT: dict[str, dict[str, Any]] = {
    "variant": observation(
        "variant",
        concept("69548-6"),
        valueCodeableConcept=concept("LA9633-4"),
        component=[
            part("69547-8", valueString="G"),
            part("81254-5", valueRange={"low": {"value": 1}}),
            part("82155-3", valueQuantity={"value": 2}),
        ],
    ),
    "genotype": observation("genotype", concept("84413-4"), valueCodeableConcept={"text": "*1/*2"}),
    "haplotype": observation("haplotype", concept("84414-2"), valueCodeableConcept={"text": "*2"}),
    "sequence-phase-relationship": observation(
        "sequence-phase-relationship",
        concept("82120-7"),
        valueCodeableConcept=concept(
            "Cis",
            "http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/sequence-phase-relationship-cs",
        ),
    ),
    "therapeutic-implication": observation(
        "therapeutic-implication", concept("therapeutic-implication", TBD), derivedFrom=PARENT
    ),
    "diagnostic-implication": observation(
        "diagnostic-implication", concept("diagnostic-implication", TBD), derivedFrom=PARENT
    ),
    "molecular-consequence": observation(
        "molecular-consequence", concept("molecular-consequence", TBD), derivedFrom=PARENT
    ),
    "genomic-report": {
        "resourceType": "DiagnosticReport",
        "meta": {"profile": [GUIDE + "genomic-report"]},
        "status": "final",
        "category": [GENETICS],
        "code": concept("51969-4"),
    },
    "genomic-study": {
        "resourceType": "Procedure",
        "meta": {"profile": [GUIDE + "genomic-study"]},
        "status": "completed",
        "category": LABORATORY,
        "subject": {"reference": "Patient/1"},
    },
    "medication-recommendation": {
        "resourceType": "Task",
        "meta": {"profile": [GUIDE + "medication-recommendation"]},
        "status": "requested",
        "intent": "proposal",
        "code": concept("LA26421-0"),
    },
}


def changed(document: Any, path: str, value: Any) -> Any:
    document = copy.deepcopy(document)
    *outer, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    place = document
    for step in outer:
        place = place[step]
    if value is ABSENT:
        del place[last]
    else:
        place[last] = value
    return document


def found(resource: dict[str, Any]) -> set[tuple[str, str]]:
    kind = resource["resourceType"]
    return {(i.severity, i.where.removeprefix(f"{kind}.")) for i in check_resource(resource)}


@pytest.mark.parametrize("name", RIGHT)
def test_what_keeps_to_its_profile_has_no_findings(name: str) -> None:
    assert check_resource(RIGHT[name]) == []


@pytest.mark.parametrize(
    ("name", "path", "value", "where"),
    [
        ("variant", "code", concept("84413-4"), "code"),
        ("variant", "valueCodeableConcept", concept("LA6576-8"), "valueCodeableConcept"),
        ("variant", "component/0", part("69547-8", valueCodeableConcept={"text": "G"}),
         "component[0].valueCodeableConcept"),
        ("variant", "component/1", part("81254-5", valueQuantity={"value": 1}),
         "component[1].valueQuantity"),
        ("variant", "component/2", part("82155-3", valueString="2"), "component[2].valueString"),
        ("variant", "component/1", part("69547-8", valueString="A"), "component[1]"),
        ("variant", "category", [GENETICS], "category"),
        ("genotype", "valueCodeableConcept", ABSENT, "value[x]"),
        ("haplotype", "code", concept("84413-4"), "code"),
        ("sequence-phase-relationship", "valueCodeableConcept", concept("LA9633-4"),
         "valueCodeableConcept"),
        ("therapeutic-implication", "valueString", "poor metabolizer", "valueString"),
        ("therapeutic-implication", "derivedFrom", ABSENT, "derivedFrom"),
        ("diagnostic-implication", "derivedFrom", ABSENT, "derivedFrom"),
        ("molecular-consequence", "valueBoolean", True, "valueBoolean"),
        ("genomic-report", "code", concept("11502-2"), "code"),
        ("genomic-study", "outcome", {"text": "done"}, "outcome"),
        ("genomic-study", "category", {"text": "laboratory"}, "category"),
        ("medication-recommendation", "status", "accepted", "status"),
        ("medication-recommendation", "code", concept("LA9633-4"), "code"),
    ],
)  # fmt: skip
def test_a_claim_is_held_to_its_profile(name: str, path: str, value: Any, where: str) -> None:
    assert found(changed(RIGHT[name], path, value)) == {("error", where)}


@pytest.mark.parametrize(
    ("version", "severity"), [("", "warning"), ("|2.0.0", "warning"), ("|3.0.0", "error")]
)
def test_genetics_as_category_is_asked_of_stu3_and_wished_for_elsewhere(
    version: str, severity: str
) -> None:
    document = changed(RIGHT["genotype"], "category", [LABORATORY])
    document["meta"]["profile"] = [f"{GUIDE}genotype{version}"]
    assert found(document) == {(severity, "category")}


def test_what_claims_nothing_is_warned_by_its_code_and_not_asked_for_categories() -> None:
    document = changed(RIGHT["therapeutic-implication"], "meta", ABSENT)
    document["category"] = [{"text": "laboratory"}]
    assert found(document) == set()
    assert found(document | {"valueString": "x"}) == {("warning", "valueString")}


@pytest.mark.parametrize(
    "document",
    [
        # STU2: the report's other name and code, and code systems that were moved since.
        RIGHT["genomic-report"]
        | {"meta": {"profile": [GUIDE + "genomics-report"]}, "code": concept("81247-9")},
        observation(
            "diagnostic-implication",
            concept(
                "diagnostic-implication",
                "http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/TbdCodes",
            ),
            derivedFrom=PARENT,
        ),
    ],
)
def test_stu2_is_tolerated(document: dict[str, Any]) -> None:
    assert not [i for i in check_resource(document) if i.severity == "error"]


def test_a_reason_for_no_value_stands_for_the_value() -> None:
    document = changed(RIGHT["genotype"], "valueCodeableConcept", ABSENT)
    assert check_resource(document | {"dataAbsentReason": {"text": "unknown"}}) == []


def test_the_table_is_what_the_guide_says(shared: Path, capsys: Any) -> None:
    """The kept script makes the same table of the guide's own files again."""
    from fhir_pgx.knowledge.imports.guide_rules import main
    from fhir_pgx.knowledge.loader import HERE

    main(str(shared / "profiles" / "genomics-reporting"))
    assert capsys.readouterr().out == (HERE / "fhir" / "guide.json").read_text("utf-8")


def test_both_categories_and_the_types_of_components_are_in_the_table() -> None:
    variant = guide_profiles()["variant"]
    assert len(variant.categories) == 2
    assert variant.components[f"{LOINC}|69547-8"].types == ("string",)
    assert guide_profiles()["therapeutic-implication"].forbidden == ("value",)
