"""What every implication of the Genomics Reporting guide has, whatever it says.

An implication is an Observation without a value: what it says stands in components, and what it
rests on in `derivedFrom`. Ours are `preliminary`, for no person has verified them, and name the
knowledge release as the device, so that nobody takes what we infer for what a laboratory said.
"""

import uuid
from collections.abc import Sequence
from typing import Any

from fhir_pgx.terminology import LOINC, OBSERVATION_CATEGORY, TBD

PROFILES = "http://hl7.org/fhir/uv/genomics-reporting/StructureDefinition/"
LEVEL, CONTEXT = "93044-6", "81259-4"
NAMESPACE = uuid.UUID("1d0a6c0e-8d0c-5b6e-9f43-6a5b0f1c7d52")  # ours, for ids made from names
_ARTIFACT = "http://hl7.org/fhir/StructureDefinition/workflow-relatedArtifact"
_DIAGNOSTIC_SERVICE = "http://terminology.hl7.org/CodeSystem/v2-0074"
Resource = dict[str, Any]


def implication(
    kind: str,
    *,
    name: str,
    subject: str,
    when: str,
    release: str,
    parents: Sequence[Resource],
    components: Sequence[Resource],
    levels: Sequence[Resource],
    base: str,
    said: str,
    notes: Sequence[str],
    artifacts: Sequence[Resource] = (),
) -> Resource:
    """One implication, the same for the same data: its id is made from release, subject and `name`.

    `kind` is the guide's profile and code; `levels` are the values of the evidence level; `base`
    names the knowledge base with its date; `said` is the whole in words. Empty notes are left out.
    """
    more = [component(LOINC, LEVEL, each) for each in levels]
    more.append(component(TBD, "knowledge-base", {"text": base}))
    more.append({"code": code(TBD, "conclusion-string"), "valueString": said})
    written: Resource = {
        "resourceType": "Observation",
        "id": str(uuid.uuid5(NAMESPACE, f"{release} {subject} {kind} {name}")),
        "meta": {"profile": [PROFILES + kind]},
        "extension": list(artifacts),
        "status": "preliminary",
        "category": both_categories(),
        "code": code(TBD, kind),
        "subject": {"reference": subject} if subject else None,
        "effectiveDateTime": when,
        "note": [{"text": note} for note in dict.fromkeys(notes) if note],
        "device": {"display": f"fhir_pgx, knowledge release {release}"},
        "derivedFrom": list(parents),
        "component": [*components, *more],
    }
    return {key: value for key, value in written.items() if value}


def both_categories() -> list[Resource]:
    """Laboratory and genetics: STU3 asks for the two as categories of their own."""
    return [
        {"coding": [{"system": OBSERVATION_CATEGORY, "code": "laboratory"}]},
        {"coding": [{"system": _DIAGNOSTIC_SERVICE, "code": "GE"}]},
    ]


def code(system: str, value: str) -> Resource:
    return {"coding": [{"system": system, "code": value}]}


def component(system: str, of: str, value: Resource) -> Resource:
    return {"code": code(system, of), "valueCodeableConcept": value}


def citation(display: str, *, text: str = "", url: str = "") -> Resource:
    """An extension that cites what an implication rests on."""
    cited: Resource = {"type": "citation", "display": display}
    cited |= {"citation": text} if text else {}
    cited |= {"url": url} if url else {}
    return {"url": _ARTIFACT, "valueRelatedArtifact": cited}


def paper(pmid: str) -> Resource:
    return citation(f"PMID {pmid}", url=f"https://pubmed.ncbi.nlm.nih.gov/{pmid}/")
