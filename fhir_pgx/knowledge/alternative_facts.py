"""Loads what is held on drugs as alternatives: `alternatives_facts.yaml`, `drug_classes.yaml`."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.conditions import classes_of
from fhir_pgx.knowledge.files import checked, read_yaml
from fhir_pgx.model.alternative_facts import AlternativeFact, AlternativeFacts, DrugKinds, Kind
from fhir_pgx.model.condition_class import ConditionClass

FACTS, CLASSES = "alternatives_facts.yaml", "drug_classes.yaml"
_NUMBERS = ("age_at_least", "age_below", "weight_below", "egfr_below")


def load_alternative_facts(
    home: Path, codes: Mapping[str, str], classes: Sequence[ConditionClass]
) -> AlternativeFacts:
    """Everything, by RxNorm code. `codes` are those of the drugs by name; `classes` the condition
    classes that all rules share.

    Raises BrokenKnowledge where a file breaks its schema, or a fact names a drug, a source, a
    condition class or a family that is not there.
    """
    content = checked(read_yaml(home / FACTS), "alternatives_facts", FACTS)
    kinds = checked(read_yaml(home / CLASSES), "drug_classes", CLASSES)
    own = {"citations": {}, "classes": content["conditions"]}
    conditions = classes_of(checked(own, "conditions", FACTS), FACTS)
    families = {family for row in kinds["drugs"] for family in row["families"]}
    shared = {each.name for each in classes}
    known = shared | {each.name for each in conditions}
    faults = [
        *_faults(content, codes, known, families),
        *(f"the class {c.name} stands twice" for c in conditions if c.name in shared),
    ]
    if faults:
        raise BrokenKnowledge("; ".join(faults), where=FACTS)
    by_drug: dict[str, list[AlternativeFact]] = {}
    for row in content["facts"]:
        fact = _fact(row, content["citations"])
        for name in row["drugs"]:
            by_drug.setdefault(codes[name], []).append(fact)
    return AlternativeFacts(
        by_drug={code: tuple(facts) for code, facts in by_drug.items()},
        kinds={
            row["rxnorm"]: DrugKinds(row["drug"], tuple(row["atc"]), tuple(row["families"]))
            for row in kinds["drugs"]
        },
        atc=kinds["groups"],
        crossing=tuple(kinds["crossing"]),
        conditions=conditions,
    )


def _fact(row: Mapping[str, Any], citations: Mapping[str, Any]) -> AlternativeFact:
    kind = kind_of(row)
    stated = row[kind]
    section = f", {row['section']}" if "section" in row else ""
    also = f"; {citations[row['also']]['short']}" if "also" in row else ""
    return AlternativeFact(
        kind=kind,
        verdict=row["verdict"],
        text=row["text"],
        source=f"{citations[row['source']]['short']}{section}{also}",
        citation=row["source"],
        values=() if stated is True or kind in _NUMBERS else tuple(stated),
        bound=Decimal(str(stated)) if kind in _NUMBERS else None,
        to_confirm=row.get("to_confirm", False),
    )


def kind_of(row: Mapping[str, Any]) -> Kind:
    """What of a patient a row turns on; its schema allows exactly one."""
    found: Kind = next(kind for kind in get_args(Kind) if kind in row)
    return found


def _faults(
    content: Mapping[str, Any], codes: Mapping[str, str], classes: set[str], families: set[str]
) -> Iterator[str]:
    for row in content["facts"]:
        kind = kind_of(row)
        for name in row["drugs"]:
            if not codes.get(name):
                yield f"{name} has no code: add it to alternatives.yaml"
        for source in (row["source"], row.get("also", row["source"])):
            if source not in content["citations"]:
                yield f"no citation {source}"
        if kind in ("history", "condition"):
            yield from (f"no condition class {each}" for each in row[kind] if each not in classes)
        if kind == "allergy":
            yield from (f"no family {each}" for each in row[kind] if each not in families)
