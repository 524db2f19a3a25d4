"""The pieces that an answer, a Parameters resource, is put together from."""

from collections.abc import Iterable, Sequence

from fhir_pgx.operations.operation import Resource

Part = dict[str, object]


def parameters(groups: Sequence[Part]) -> Resource:
    """A Parameters resource; one that has nothing to say has no parameter."""
    return {"resourceType": "Parameters", **({"parameter": list(groups)} if groups else {})}


def group(name: str, parts: Iterable[Part]) -> Part:
    return {"name": name, "part": list(parts)}


def text(name: str, value: str) -> Part:
    return {"name": name, "valueString": value}


def flag(name: str, *, value: bool) -> Part:
    return {"name": name, "valueBoolean": value}


def resources(name: str, found: Iterable[Resource]) -> list[Part]:
    """One parameter for each resource."""
    return [{"name": name, "resource": each} for each in found]


def counted(patients: Iterable[str], cohort: int, *, listed: bool) -> list[Part]:
    """Numerator, denominator, and the patients where they are to be listed, by id.

    `patients` are those who meet the question, each counted once; `cohort` is how many were asked.
    """
    found = sorted(set(patients))
    subjects = [text("subject", f"Patient/{each}") for each in found] if listed else []
    return [_count("numerator", len(found)), _count("denominator", cohort), *subjects]


def _count(name: str, number: int) -> Part:
    return {"name": name, "valueQuantity": {"value": number}}
