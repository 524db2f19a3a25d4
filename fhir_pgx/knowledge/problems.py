"""Loads `knowledge/problems.yaml`: problems, and the drugs that guidelines name them for."""

from collections.abc import Iterable
from pathlib import Path

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.files import checked, read_yaml
from fhir_pgx.model.condition_class import ConditionClass
from fhir_pgx.model.drug import Drug
from fhir_pgx.model.knowledge import DrugRules
from fhir_pgx.model.problem import NamedDrug, Problems

NAME = "problems.yaml"


def load_problems(
    home: Path, classes: Iterable[ConditionClass], drugs: Iterable[DrugRules]
) -> Problems:
    """Every problem with its drugs, in the order of the file.

    Raises BrokenKnowledge where the file is not of its form, a problem is no class of conditions,
    or a guideline has no rows for the drug it is to name.
    """
    content = checked(read_yaml(home / NAME), "problems", NAME)
    known = {each.name for each in classes}
    codes = {(rules.drug, rules.guideline): rules.rxcui for rules in drugs}
    faults = [f"no class {name}" for name in content["problems"] if name not in known]
    faults += [
        f"{name}: {entry['guideline']} has no rows for {entry['drug']}"
        for name, entries in content["problems"].items()
        for entry in entries
        if (entry["drug"], entry["guideline"]) not in codes
    ]
    if faults:
        raise BrokenKnowledge("; ".join(faults), where=NAME)
    return {
        name: tuple(
            NamedDrug(
                Drug(codes[entry["drug"], entry["guideline"]], entry["drug"]),
                entry["guideline"],
                entry["named"],
            )
            for entry in entries
        )
        for name, entries in content["problems"].items()
    }
