"""The resource types that this server keeps, and the shape of their ids."""

import re
from typing import Any, Final

from fhir_pgx.errors import InvalidInteraction, UnknownType

# Those of a genomic record, and what such records refer to in the samples of the guides.
TYPES: Final = (
    "AllergyIntolerance", "AuditEvent", "Binary", "BodyStructure", "Bundle", "CarePlan",
    "Condition", "Consent", "DetectedIssue", "Device", "DiagnosticReport", "DocumentReference",
    "Encounter", "FamilyMemberHistory", "Group", "GuidanceResponse", "Location", "Medication",
    "MedicationAdministration", "MedicationDispense", "MedicationRequest", "MedicationStatement",
    "MolecularSequence", "Observation", "Organization", "Patient", "PlanDefinition",
    "Practitioner", "PractitionerRole", "Procedure", "Provenance", "RelatedPerson",
    "RiskAssessment", "ServiceRequest", "Specimen", "Task",
)  # fmt: skip

_KNOWN: Final = frozenset(TYPES)
_ID: Final = re.compile(r"[A-Za-z0-9.\-]{1,64}")
_TYPE: Final = re.compile(r"[A-Z][A-Za-z]{1,63}")


def is_kept(type_: str) -> bool:
    return type_ in _KNOWN


def is_id(text: str) -> bool:
    """Whether a text may be the id of a resource (FHIR R4, id).

    One dot or two would do by FHIR, but in an address they lead elsewhere (RFC 3986, 5.2.4).
    """
    return _ID.fullmatch(text) is not None and text not in (".", "..")


def get_type(type_: str) -> str:
    """The type, if it is kept here. Raises UnknownType."""
    if type_ in _KNOWN:
        return type_
    # What is no name of a type is not repeated: it may be anything.
    named = type_ if _TYPE.fullmatch(type_) else "the address"
    raise UnknownType(
        f"{named} is no resource type that this server keeps",
        mend="GET /fhir/metadata lists the types",
    )


def check_id(id_: str, where: str) -> None:
    """Raises InvalidInteraction for what can be no id."""
    if not is_id(id_):
        raise InvalidInteraction(
            "the id is not one by FHIR: 1 to 64 letters, digits, hyphens and dots",
            where=where,
            mend="use such an id",
        )


def type_of(resource: Any, where: str = "") -> str:
    """The type of what a client sent as a resource. Raises InvalidInteraction, UnknownType."""
    kind = resource.get("resourceType") if isinstance(resource, dict) else None
    if not isinstance(kind, str) or not kind:
        raise InvalidInteraction(
            "the body is no FHIR resource: it has no resourceType",
            where=where or "resourceType",
            mend="send one resource",
        )
    return get_type(kind)
