"""What refers to what, and what rests on something that is withheld."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from fhir_pgx.security.consent_values import type_and_id

Name = tuple[str, str]  # type and id

_REFERENCE = re.compile(rb'"(?:reference|url|fullUrl)"\s*:\s*"([^"\\]{1,2000})"')
# Places, people and things that everything refers to: that they appear in something withheld, or
# it in them, tells nothing of it. They are withheld only for what they say themselves. Medicines
# are among them: a drug in use that nobody sees is a danger, and a reference names no gene.
_HUBS = frozenset(
    (
        "Patient", "Practitioner", "PractitionerRole", "Organization", "Location", "Encounter",
        "EpisodeOfCare", "Device", "Specimen", "Coverage", "Account", "Appointment", "Schedule",
        "Slot", "Group", "HealthcareService", "RelatedPerson", "Person", "Substance", "Consent",
        "CareTeam", "Endpoint", "ResearchStudy", "ResearchSubject", "Medication",
        "MedicationRequest", "MedicationStatement", "MedicationDispense",
        "MedicationAdministration", "MedicationOrder", "MedicationUsage", "Immunization",
    )
)  # fmt: skip

# Of these not even what refers to them rests on them: else a patient withheld would be all.
_EVERYWHERE = _HUBS - {"Specimen", "Device", "Substance", "Medication", "Consent"}


def references_in(body: bytes) -> frozenset[str]:
    """Every reference and address in a resource as it is written, with what a Bundle in it has."""
    text = body.replace(rb"\/", b"/") if rb"\/" in body else body
    found = {each.decode("utf-8", "replace") for each in _REFERENCE.findall(text)}
    if b'"Bundle"' in body:
        found |= _held(body)
    return frozenset(found)


def _held(body: bytes) -> set[str]:
    """`Type/id` of each resource in a Bundle's entries."""
    try:
        bundle = json.loads(body)
    except ValueError:
        return set()
    entries = bundle.get("entry") if isinstance(bundle, Mapping) else None
    found = set()
    for entry in entries if isinstance(entries, list) else ():
        resource: Any = entry.get("resource") if isinstance(entry, Mapping) else None
        if isinstance(resource, Mapping):
            found.add(f"{resource.get('resourceType')}/{resource.get('id')}")
    return found


class Graph:
    """Who refers to whom among the resources of one patient."""

    def __init__(self, full_urls: Mapping[str, Name]) -> None:
        self._full_urls = full_urls
        self._to: defaultdict[Name, set[Name]] = defaultdict(set)
        self._from: defaultdict[Name, set[Name]] = defaultdict(set)

    def add(self, name: Name, references: Iterable[str]) -> None:
        for reference in references:
            target = self._full_urls.get(reference) or type_and_id(reference)
            if target[0] and target != name:
                self._to[name].add(target)
                self._from[target].add(name)

    def resting_on(self, names: Iterable[Name]) -> frozenset[Name]:
        """What refers to these, directly or by way of others; what everything refers to is no
        way."""
        found: set[Name] = set()
        left = [name for name in names if name[0] not in _EVERYWHERE]
        while left:
            for each in self._from.get(left.pop(), ()):
                if each not in found and each[0] not in _HUBS:
                    found.add(each)
                    left.append(each)
        return frozenset(found)

    def referring_to(self, name: Name) -> frozenset[Name]:
        return frozenset(self._from.get(name, ()))

    def referred_by(self, name: Name) -> frozenset[Name]:
        return frozenset(self._to.get(name, ()))
