"""Loads `knowledge/conditions.yaml`, the classes that rules, doses and cautions turn on."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.files import checked, read_yaml
from fhir_pgx.model.condition_class import ConditionClass

NAME = "conditions.yaml"


def load_conditions(home: Path) -> tuple[ConditionClass, ...]:
    """Every class, in the order of the file.

    Raises BrokenKnowledge where the file is not of its form, a `later` names no class, or a code
    is included and excluded at once.
    """
    return classes_of(checked(read_yaml(home / NAME), "conditions", NAME), NAME)


def classes_of(content: Mapping[str, Any], where: str) -> tuple[ConditionClass, ...]:
    """The classes of a checked file's content; raises as `load_conditions` does."""
    classes = tuple(_class(name, entry) for name, entry in content["classes"].items())
    faults = [fault for each in classes for fault in _faults(each, classes)]
    if faults:
        raise BrokenKnowledge("; ".join(faults), where=where)
    return classes


def _class(name: str, entry: dict[str, Any]) -> ConditionClass:
    def codes(member: str) -> tuple[str, ...]:
        return tuple(code.replace(".", "") for code in entry.get(member, ()))

    return ConditionClass(
        name=name,
        label=entry["label"],
        icd10=codes("icd10"),
        icd10_not=codes("icd10_not"),
        icd10_pcs=codes("icd10_pcs"),
        snomed=tuple(entry.get("snomed", {})),
        words=tuple(entry.get("words", ())),
        words_not=tuple(entry.get("words_not", ())),
        within_days=entry.get("within_days"),
        later=entry.get("later", ""),
        procedure_days=entry.get("procedure_days"),
    )


def _faults(each: ConditionClass, classes: Sequence[ConditionClass]) -> Iterator[str]:
    if each.later and each.later not in {other.name for other in classes}:
        yield f"{each.name}: later names no class {each.later}"
    if each.later and each.within_days is None:
        yield f"{each.name}: later needs within_days"
    for code in each.icd10_not:
        if not any(code.startswith(prefix) and code != prefix for prefix in each.icd10):
            yield f"{each.name}: {code} excludes nothing"
    for phrase in each.words_not:
        if not any(word in phrase for word in each.words):
            yield f"{each.name}: {phrase} excludes nothing"
