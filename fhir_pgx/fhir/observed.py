"""Observations about the patient as a person: the ones that count, newest and final first."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from fhir_pgx.fhir.bundle import Entry, as_dicts, as_text
from fhir_pgx.fhir.values import Concept, concept_of

_FINAL = frozenset({"final", "amended", "corrected", "appended"})
_OUT = frozenset({"entered-in-error", "cancelled", "registered"})
_LOINC_OID = "2.16.840.1.113883.6.1"


class Observed(NamedTuple):
    """An Observation or one of its components: its code, its LOINC codes, when and how final."""

    entry: Entry
    element: Mapping[str, Any]
    path: str
    code: Concept
    loinc: tuple[str, ...]
    when: str
    is_final: bool

    @property
    def order(self) -> tuple[bool, str]:
        """What is final before what is not, then the newer before the older."""
        return self.is_final, self.when


def observations_of(entries: Iterable[Entry]) -> Iterator[Observed]:
    """Each Observation of the patient and its components: height and weight come as a panel too.

    Left out: entered in error, cancelled, not yet made; and those with a focus, which is somebody
    else than the patient (a fetus, a donor).
    """
    for entry in entries:
        resource = entry.resource
        if entry.type != "Observation" or entry.container is not None:
            continue
        status = as_text(resource.get("status")).lower()
        if status in _OUT or resource.get("focus"):
            continue
        when, is_final = _when(resource), status in _FINAL
        parts = [(resource, entry.path)]
        for i, component in enumerate(as_dicts(resource.get("component"))):
            parts.append((component, f"{entry.path}.component[{i}]"))
        for element, path in parts:
            code = concept_of(element.get("code"))
            loinc = tuple(each.code for each in code.codings if _is_loinc(each.system))
            yield Observed(entry, element, path, code, loinc, when, is_final)


def _is_loinc(system: str) -> bool:
    lower = system.lower()
    return not system or "loinc.org" in lower or lower.endswith(_LOINC_OID)


def _when(resource: Mapping[str, Any]) -> str:
    period = resource.get("effectivePeriod")
    return (
        as_text(resource.get("effectiveDateTime"))
        or as_text(resource.get("effectiveInstant"))
        or (as_text(period.get("end") or period.get("start")) if isinstance(period, dict) else "")
        or as_text(resource.get("issued"))
    )
