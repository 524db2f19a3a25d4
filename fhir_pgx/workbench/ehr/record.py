"""A patient's chart as an EHR holds it: every resource with an id, about one patient.

What is dropped on the workbench comes in Bundles with `urn:uuid:` references, or without a Patient
at all. An EHR would have filed it: references lead to `Type/id`, and the Patient is there.
"""

import copy
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fhir_pgx.errors import MixedPatients
from fhir_pgx.fhir.bundle import Entry, as_dicts, as_text, entries_of, reference_of, type_and_id

Resource = dict[str, Any]

NEW_PATIENT = "synthetic-patient"
_SUBJECTS = ("subject", "patient")


@dataclass(frozen=True, slots=True)
class Record:
    """The chart of one patient; `patient_id` is of the Patient among `resources`."""

    patient_id: str
    resources: tuple[Resource, ...]

    @property
    def patient(self) -> Resource:
        return next(each for each in self.resources if self.is_patient(each))

    def is_patient(self, resource: Mapping[str, Any]) -> bool:
        return bool(resource["resourceType"] == "Patient" and resource["id"] == self.patient_id)

    def with_more(self, more: Iterable[Resource]) -> "Record":
        return Record(self.patient_id, (*self.resources, *more))


def record_of(documents: Iterable[Any]) -> Record:
    """The chart made of resources and Bundles, none of which is changed.

    Without a Patient a synthetic one is made. Raises MixedPatients where the data name several
    patients and nothing says whose chart it is.
    """
    entries = [
        entry
        for document in documents
        for entry in entries_of(document)
        if entry.container is None and entry.type not in ("", "OperationOutcome")
    ]
    entries = _once(entries)
    resources = [copy.deepcopy(dict(entry.resource)) for entry in entries]
    names = dict(_named(entries, resources))
    for resource in resources:
        _refer(resource, names)
    patient_id = _whose(resources)
    for resource in resources:
        _file(resource, patient_id)
    if not any(each["resourceType"] == "Patient" and each["id"] == patient_id
               for each in resources):  # fmt: skip
        resources.insert(0, _made(patient_id))
    return Record(patient_id, tuple(resources))


def request_resources(document: Mapping[str, Any]) -> list[Any]:
    """What a hook request holds of its patient, without the orders in its context."""
    prefetch = document.get("prefetch")
    values = list(prefetch.values()) if isinstance(prefetch, dict) else []
    return [value for value in values if isinstance(value, dict | list)]


def _once(entries: Sequence[Entry]) -> list[Entry]:
    """No resource twice: the same report comes in a Bundle and beside it."""
    found: dict[str, Entry] = {}
    for place, entry in enumerate(entries):
        key = f"{entry.type}/{entry.id}" if entry.id else entry.full_url or f"{place}"
        found.setdefault(key, entry)
    return list(found.values())


def _named(entries: Sequence[Entry], resources: Sequence[Resource]) -> Iterator[tuple[str, str]]:
    """What each resource may be referred to by, and its `Type/id`. One without an id is given one,
    in place."""
    for place, (entry, resource) in enumerate(zip(entries, resources, strict=True), start=1):
        if not isinstance(resource.get("id"), str) or not resource["id"]:
            stated = type_and_id(entry.full_url)[1]
            resource["id"] = stated or entry.full_url.removeprefix("urn:uuid:") or f"r{place}"
        name = f"{resource['resourceType']}/{resource['id']}"
        if entry.full_url:
            yield entry.full_url, name
        yield f"urn:uuid:{resource['id']}", name  # where a Bundle was taken apart
        yield name, name


def _refer(value: Any, names: Mapping[str, str]) -> None:
    """Every reference to what is in the chart as `Type/id`, in place."""
    if isinstance(value, list):
        for each in value:
            _refer(each, names)
    elif isinstance(value, dict):
        stated = value.get("reference")
        if isinstance(stated, str):
            kind, identity = type_and_id(stated)
            value["reference"] = names.get(stated) or names.get(f"{kind}/{identity}", stated)
        for each in value.values():
            _refer(each, names)


def _whose(resources: Sequence[Resource]) -> str:
    """The id of the patient whom the resources are about, else of the one Patient there is."""
    named = dict.fromkeys(_subjects(resources))
    patients = [each["id"] for each in resources if each["resourceType"] == "Patient"]
    if len(named) > 1 or (not named and len(patients) > 1):
        raise MixedPatients(
            f"the data are about {max(len(named), len(patients))} patients",
            where="subject",
            mend="give the data of one patient",
        )
    return next(iter(named), "") or next(iter(patients), NEW_PATIENT)


def _subjects(resources: Sequence[Resource]) -> Iterator[str]:
    for resource in resources:
        for member in _SUBJECTS:
            for value in as_dicts(resource.get(member)):
                kind, identity = type_and_id(as_text(reference_of(value)))
                if kind == "Patient":
                    yield identity


def _file(resource: Resource, patient_id: str) -> None:
    """A subject that is known by its words alone is filed under the patient of the chart, in place.
    One that an identifier names is left: it may tell that it is somebody else."""
    subject = resource.get("subject")
    if isinstance(subject, dict) and not subject.keys() & {"reference", "identifier"}:
        subject["reference"] = f"Patient/{patient_id}"


def _made(identity: str) -> Resource:
    return {
        "resourceType": "Patient",
        "id": identity,
        "meta": {
            "tag": [{
                "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
                "code": "HTEST",
                "display": "test health data",
            }]
        },
        "name": [{"use": "official", "family": "Example", "given": ["Synthetic"]}],
    }  # fmt: skip
