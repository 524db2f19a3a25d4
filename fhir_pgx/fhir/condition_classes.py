"""Which classes a concept belongs to: by its codes where we know them, else by its words.

Then what its dates decide: an infarction is acute for a year from its onset.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from fhir_pgx.fhir.condition_words import NOTHING_SAID, Said, find_conditions
from fhir_pgx.fhir.values import Concept
from fhir_pgx.model.condition_class import ConditionClass
from fhir_pgx.model.dates import days_of
from fhir_pgx.model.drug import Coding

Classes = tuple[ConditionClass, ...]

_ICD_10_PCS = ("2.16.840.1.113883.6.4", "cms.gov/medicare/coding/icd10", "icd-10-pcs")
_ICD_10 = ("icd-10", "icd10", "2.16.840.1.113883.6.90", "2.16.840.1.113883.6.3")
_SNOMED = ("snomed.info/sct", "2.16.840.1.113883.6.96")


@dataclass(frozen=True, slots=True)
class When:
    """When something began: the text to show, and the first and last day it can have been."""

    text: str = ""
    first: date | None = None
    last: date | None = None


NOW = When()


def named_classes(concept: Concept, classes: Classes) -> Said:
    """The classes of a concept: of its codes where we know them, else of its words."""
    codes = frozenset(
        each.name for coding in concept.codings for each in classes if _covers(each, coding)
    )
    texts = dict.fromkeys([concept.text, *(coding.display for coding in concept.codings)])
    said = [find_conditions(text, classes) for text in texts if text]
    words = _joined(said)
    if not codes:
        return words
    # A text that denies what the code says is not outvoted by it: `rule out`, coded as the thing.
    own = find_conditions(concept.text, classes) if concept.text else NOTHING_SAID
    if own.is_doubted and not own.classes:
        return Said(is_doubted=True)
    return Said(codes, words.old & codes, words.is_over)


def _joined(said: Iterable[Said]) -> Said:
    found = NOTHING_SAID
    for each in said:
        found = Said(
            found.classes | each.classes,
            found.old | each.old,
            found.is_over or each.is_over,
            found.is_doubted or each.is_doubted,
        )
    return found


def _covers(each: ConditionClass, coding: Coding) -> bool:
    code = coding.code.upper()
    if not code:
        return False
    if _is_of(coding.system, _SNOMED):
        return code in each.snomed
    if _is_of(coding.system, _ICD_10_PCS):
        return code.startswith(each.icd10_pcs)
    if _is_of(coding.system, _ICD_10):
        plain = code.replace(".", "").rstrip("*+!†")
        return plain.startswith(each.icd10) and not plain.startswith(each.icd10_not)
    return False


def _is_of(system: str, names: tuple[str, ...]) -> bool:
    """Whether a system is one of these, by a part of its URL or by its whole OID."""
    lower = system.lower().removeprefix("urn:oid:")
    return any(lower == name if name[0].isdigit() else name in lower for name in names)


def settled(
    named: Said, classes: Classes, when: When, today: date | None, *, is_procedure: bool
) -> frozenset[str]:
    """The classes after what their dates decide (`within_days`, `later`, `procedure_days`)."""
    found: set[str] = set()
    for each in classes:
        if each.name not in named.classes:
            continue
        if is_procedure and each.procedure_days and _is_past(when, today, each.procedure_days):
            continue
        if each.within_days is None or (when is NOW and each.name not in named.old):
            found.add(each.name)
        elif each.name in named.old or _is_past(when, today, each.within_days):
            found.add(each.later)
        elif _is_within(when, today, each.within_days):
            found.add(each.name)
        else:  # without a date it may be either, and who reads it must see both
            found |= {each.name, each.later}
    return frozenset(found - {""})


def _is_past(when: When, today: date | None, days: int) -> bool:
    return today is not None and when.last is not None and (today - when.last).days > days


def _is_within(when: When, today: date | None, days: int) -> bool:
    return today is not None and when.first is not None and (today - when.first).days <= days


def when_of(text: str) -> When:
    days = days_of(text)
    return When(text, *days) if days else When(text)
