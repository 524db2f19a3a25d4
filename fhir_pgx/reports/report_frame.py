"""What every resource of a report of ours has: subject, release, device, tag, and an id.

The id is made from the knowledge release, the subject and the content: the same data give the same
resources, and a report that is written twice is written once.
"""

import re
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from fhir_pgx.reports.implication_frame import (
    NAMESPACE,
    PROFILES,
    Resource,
    both_categories,
    code,
    component,
)
from fhir_pgx.terminology import DERIVATION, DERIVED, GENE_STUDIED, HGNC, LOINC, TBD

_REFERENCE = re.compile(r"[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}(?:/_history/[A-Za-z0-9.-]{1,64})?")


@dataclass(frozen=True, slots=True)
class About:
    """What all resources of one report share.

    `subject` is the patient's reference, or a sample's name, or empty where the data name nobody;
    `release` of the knowledge, `version` of the software; `device` the fullUrl of its Device.
    """

    subject: str
    release: str
    version: str
    device: str

    @property
    def subject_reference(self) -> Resource:
        """Empty where nobody is named. A sample of a VCF is a name and no resource."""
        if not self.subject:
            return {}
        return (
            {"reference": self.subject} if is_reference(self.subject) else {"display": self.subject}
        )


def about(subject: str, release: str, version: str) -> About:
    """With the id that the Device of this release has."""
    name = f"{release} device {version}"
    return About(subject, release, version, f"urn:uuid:{uuid.uuid5(NAMESPACE, name)}")


def device(of: About) -> Resource:
    """The software as the resource that drew the conclusions (FHIR R4, Device)."""
    return {
        "resourceType": "Device",
        "id": of.device.removeprefix("urn:uuid:"),
        "deviceName": [{"name": "fhir_pgx", "type": "model-name"}],
        "type": {"text": "Software that interprets genomic results"},
        "version": [
            {"type": {"text": "software"}, "value": of.version},
            {"type": {"text": "knowledge release"}, "value": of.release},
        ],
    }


def observation(
    of: About,
    profile: str,
    asked: Resource,
    *,
    value: Resource | None = None,
    gene: Resource | None = None,
    components: Sequence[Resource] = (),
    parents: Sequence[Resource] = (),
    notes: Iterable[str] = (),
    when: str = "",
    method: Resource | None = None,
    categories: Sequence[Resource] = (),
    extensions: Sequence[Resource] = (),
    said: str = "",
) -> Resource:
    """One Observation; absent members are left out. `asked` is its code, `said` the whole in words.

    Status `preliminary`: no person has verified what a machine derived (FHIR R4, ObservationStatus:
    an initial observation, whose data may be incomplete or unverified).
    """
    conclusion = [{"code": code(TBD, "conclusion-string"), "valueString": said}] if said else []
    written: Resource = {
        "resourceType": "Observation",
        "meta": {"profile": [PROFILES + profile]},
        "extension": list(extensions),
        "status": "preliminary",
        "category": list(categories) or both_categories(),
        "code": asked,
        "effectiveDateTime": when,
        "valueCodeableConcept": value,
        "method": method,
        "note": [{"text": note} for note in dict.fromkeys(notes) if note],
        "derivedFrom": list(parents),
        "component": [*([gene] if gene else []), *components, *conclusion],
    }
    return finished(written, of)


def finished(resource: Resource, of: About) -> Resource:
    """With subject, device, tag and, where it has none, an id made from its content."""
    kind = resource["resourceType"]
    subject = of.subject_reference
    # An OperationOutcome is about the writing, a Provenance about its targets.
    whose = {"Task": "for", "Provenance": "", "OperationOutcome": ""}.get(kind, "subject")
    written = {key: value for key, value in resource.items() if value}
    if whose and subject:
        written[whose] = subject
    if kind == "Observation":
        written["device"] = {
            "reference": of.device,
            "display": f"fhir_pgx, knowledge release {of.release}",
        }
    if "id" not in written:
        content = orjson.dumps(written, option=orjson.OPT_SORT_KEYS)
        name = f"{of.release} {of.subject} {kind} ".encode() + content
        written["id"] = str(uuid.uuid5(NAMESPACE, name.decode()))
    meta = written.get("meta", {})
    written["meta"] = {**meta, "tag": [{"system": DERIVATION, "code": DERIVED}]}
    first = {key: written[key] for key in ("resourceType", "id", "meta")}
    return first | written


def address(resource: Mapping[str, Any]) -> str:
    """The fullUrl of a resource in a report's Bundle."""
    return f"urn:uuid:{resource['id']}"


def refer(resource: Mapping[str, Any], display: str = "") -> Resource:
    """A Reference to another resource of the same Bundle."""
    return {"reference": address(resource)} | ({"display": display} if display else {})


def gene_studied(gene: str, hgnc: str) -> Resource:
    """The component that says which gene it is (48018-6)."""
    coding = {"system": HGNC, "code": hgnc, "display": gene}
    value = ({"coding": [coding]} if hgnc else {}) | {"text": gene}
    return component(LOINC, GENE_STUDIED, value)


def loinc_answer(code_: str, display: str) -> Resource:
    """A LOINC answer as a CodeableConcept."""
    return {"coding": [{"system": LOINC, "code": code_, "display": display}], "text": display}


def sources(references: Iterable[str], display: str = "") -> list[Resource]:
    """References to what was read. What is contained is referred to by what holds it; what is no
    resource (a file) by its name."""
    found: dict[str, Resource] = {}
    for each in references:
        named = each.partition("#")[0]
        if not named:
            continue
        if is_reference(named):
            found[named] = {"reference": named} | ({"display": display} if display else {})
        else:
            found[named] = {"display": named}
    return list(found.values())


def is_reference(text: str) -> bool:
    """Whether a text can stand as a FHIR reference."""
    return text.startswith(("urn:", "http")) or _REFERENCE.fullmatch(text) is not None
