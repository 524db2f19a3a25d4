"""Whose each resource of a file is, so that the store can find it by patient."""

import hashlib
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_pgx.fhir.bundle import Entry, as_list, entries_of, reference_of, type_and_id
from fhir_pgx.fhir.json import write_json
from fhir_pgx.storage import NewResource

_SUBJECTS = ("subject", "patient", "beneficiary", "for", "individual")

# About no patient by themselves: they belong to whoever's record refers to them.
_SHARED = frozenset(
    {
        "Medication", "Organization", "Practitioner", "PractitionerRole", "Location", "Substance",
        "Device", "HealthcareService", "Endpoint", "Questionnaire", "PlanDefinition", "Group",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Placed:
    """A resource of the file with the id it will be stored under."""

    entry: Entry
    id: str

    @property
    def reference(self) -> str:
        return f"{self.entry.type}/{self.id}"


def resources_in(documents: Sequence[Any]) -> list[NewResource]:
    """Every resource of the documents (contained ones inside theirs), each with its patient.

    A resource that names no subject is the patient's where the documents hold exactly one
    Patient; otherwise it is nobody's. One without an id gets one that stays the same when the same
    file is loaded again. Raises TooDeep for Bundles in Bundles without end.
    """
    placed = [
        _Placed(entry, _id_of(entry))
        for each in documents
        for entry in entries_of(each)
        if entry.container is None
    ]
    by_url = {each.entry.full_url: each.reference for each in placed if each.entry.full_url}
    patients = {each.id for each in placed if each.entry.type == "Patient"}
    only = next(iter(patients)) if len(patients) == 1 else ""
    owners = [_owner(each, by_url, only) for each in placed]
    referred: dict[str, dict[str, None]] = {}
    for each, owner in zip(placed, owners, strict=True):
        for reference in _references(each.entry.resource) if owner else ():
            referred.setdefault(_target(reference, by_url), {})[owner] = None
    return [
        NewResource(
            type=each.entry.type,
            id=each.id,
            body=write_json({**each.entry.resource, "id": each.id}),
            patient=owner,
            full_url=each.entry.full_url,
            referred_by=() if owner else tuple(referred.get(each.reference, ())),
        )
        for each, owner in zip(placed, owners, strict=True)
    ]


def _id_of(entry: Entry) -> str:
    """The resource's own id, else that of its fullUrl, else one made of its content."""
    if entry.id:
        return entry.id
    if entry.full_url.startswith("urn:uuid:"):
        return entry.full_url.removeprefix("urn:uuid:")
    kind, identity = type_and_id(entry.full_url)
    if kind == entry.type:
        return identity
    digest = hashlib.sha256(write_json(entry.resource)).digest()
    return str(uuid.UUID(bytes=digest[:16], version=4))


def _owner(placed: _Placed, by_url: Mapping[str, str], only: str) -> str:
    """The id of the patient a resource is about; empty where it is about none, or nobody knows."""
    resource = placed.entry.resource
    if placed.entry.type == "Patient":
        return placed.id
    subjects = [each for member in _SUBJECTS for each in as_list(resource.get(member)) if each]
    for subject in subjects:
        kind, _, identity = _target(reference_of(subject), by_url).partition("/")
        if kind == "Patient" and identity:
            return identity
    return "" if subjects or placed.entry.type in _SHARED else only


def _target(reference: str, by_url: Mapping[str, str]) -> str:
    """`Type/id` of what a reference means; empty where it cannot be told."""
    if reference in by_url:
        return by_url[reference]
    kind, identity = type_and_id(reference)
    return f"{kind}/{identity}" if kind else ""


def _references(value: Any) -> Iterator[str]:
    """Every reference in a resource; the reader of the file has bounded its depth."""
    if isinstance(value, dict):
        reference = value.get("reference")
        if isinstance(reference, str):
            yield reference
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, list):
        for item in value:
            yield from _references(item)
