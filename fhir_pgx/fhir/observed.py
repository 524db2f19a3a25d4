"""Observations about the patient as a person: the ones that count, newest and final first."""

from collections.abc import Container, Iterable, Iterator, Mapping
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


def observations_of(entries: Iterable[Entry], asked: Container[str]) -> Iterator[Observed]:
    """Each Observation of the patient, and each component (height and weight come as a panel too),
    that has one of the LOINC codes `asked` or speaks of a liver score.

    Left out: entered in error, cancelled, not yet made; and those with a focus, which is somebody
    else than the patient (a fetus, a donor).
    """
    for entry in entries:
        resource = entry.resource
        if entry.type != "Observation" or entry.container is not None:
            continue
        codes, words = entry.asked
        if "pugh" not in words and not any(code in asked for code in codes):
            continue  # most Observations of a chart are of other things
        status = as_text(resource.get("status")).lower()
        if status in _OUT or resource.get("focus"):
            continue
        when, is_final = _when(resource), status in _FINAL
        parts = [(resource, entry.path)] if _is_asked(resource.get("code"), asked) else []
        for i, component in enumerate(as_dicts(resource.get("component"))):
            if _is_asked(component.get("code"), asked):
                parts.append((component, f"{entry.path}.component[{i}]"))
        for element, path in parts:
            code = concept_of(element.get("code"))
            loinc = tuple(each.code for each in code.codings if _is_loinc(each.system))
            yield Observed(entry, element, path, code, loinc, when, is_final)


def _is_asked(code: Any, asked: Container[str]) -> bool:
    """A look before the whole code is read: most Observations of a chart are of other things."""
    if not isinstance(code, dict):
        return False
    words = [code.get("text")]
    for coding in as_dicts(code.get("coding")):
        stated = coding.get("code")
        if isinstance(stated, str) and stated.strip() in asked:
            return True
        words.append(coding.get("display"))
    return any(isinstance(each, str) and "pugh" in each.lower() for each in words)


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
