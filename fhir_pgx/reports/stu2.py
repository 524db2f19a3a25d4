"""Resources of a report in the shapes of the Genomics Reporting guide's second release (2.0.0).

STU2 knows one category, another code for what a finding predicts, another name of the report, and
no molecular biomarker, knowledge base or chromosome of their own. What it has no place for stands
in a note, so that nothing is lost. Source: the guide's releases 2.0.0 and 3.0.0 (reference A1-A3).
"""

from collections.abc import Iterable, Iterator
from typing import Any

from fhir_pgx.reports.implication_frame import PROFILES, Resource
from fhir_pgx.terminology import (
    OBSERVATION_CATEGORY,
    TBD,
    TBD_PREDICTED_IMPLICATION,
    TBD_THERAPEUTIC_IMPLICATION,
)

_RENAMED = {f"{PROFILES}genomic-report": f"{PROFILES}genomics-report"}
_NOT_THERE = (f"{PROFILES}molecular-biomarker",)
_ARTIFACT = "http://hl7.org/fhir/StructureDefinition/workflow-relatedArtifact"
_CHROMOSOME, _KNOWLEDGE_BASE = "48000-4", "knowledge-base"


def bundle_as_stu2(bundle: Resource) -> Resource:
    """The same Bundle with every resource in STU2's shape; ids and references stay."""
    entries = [each | {"resource": as_stu2(each["resource"])} for each in bundle.get("entry", [])]
    return bundle | ({"entry": entries} if entries else {})


def as_stu2(resource: Resource) -> Resource:
    """One resource in STU2's shape."""
    written = dict(resource)
    profiles = [_RENAMED.get(each, each) for each in resource.get("meta", {}).get("profile", [])]
    kept = [each for each in profiles if each not in _NOT_THERE]
    if profiles:
        meta = {key: value for key, value in resource["meta"].items() if key != "profile"}
        written["meta"] = ({"profile": kept} if kept else {}) | meta
    if resource["resourceType"] == "Observation":
        written["category"] = [
            each for each in resource["category"] if _codes(each) == [OBSERVATION_CATEGORY]
        ]
        written |= _components(resource)
    if "extension" in resource:
        written["extension"] = [
            each | {"url": f"{PROFILES}genomics-artifact"} if each["url"] == _ARTIFACT else each
            for each in resource["extension"]
        ]
    return written


def _components(resource: Resource) -> Resource:
    parts = resource.get("component", [])
    kept = [_renamed(each) for each in parts if _code(each) not in (_CHROMOSOME, _KNOWLEDGE_BASE)]
    notes = [*resource.get("note", []), *_told(parts)]
    return ({"component": kept} if kept else {}) | ({"note": notes} if notes else {})


def _told(parts: Iterable[Resource]) -> Iterator[Resource]:
    for each in parts:
        if _code(each) == _KNOWLEDGE_BASE:
            yield {"text": f"Knowledge base: {each['valueCodeableConcept']['text']}."}


def _renamed(component: Resource) -> Resource:
    if _code(component) != TBD_THERAPEUTIC_IMPLICATION:
        return component
    coding = {"system": TBD, "code": TBD_PREDICTED_IMPLICATION}
    return component | {"code": {"coding": [coding]}}


def _code(component: Resource) -> str:
    codings: list[dict[str, Any]] = component["code"].get("coding", [])
    return str(codings[0].get("code", "")) if codings else ""


def _codes(category: Resource) -> list[str]:
    return [str(each.get("system", "")) for each in category.get("coding", [])]
