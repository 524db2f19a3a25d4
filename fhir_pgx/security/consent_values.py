"""Values of FHIR as a Consent has them, of whatever shape: what is not there is empty."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from fhir_pgx.model.dates import days_of


def type_and_id(reference: str) -> tuple[str, str]:
    """Type and id of a reference, relative or absolute, its version apart; empty where it has
    none."""
    parts = reference.partition("/_history/")[0].rstrip("/").split("/")
    if len(parts) < 2 or not parts[-2][:1].isupper() or not parts[-2].isalpha():
        return "", ""
    return parts[-2], parts[-1]


def days_in(period: Any) -> tuple[date, date] | None:
    """The first and last day of a Period, open ends included; None where it cannot be read."""
    if not isinstance(period, Mapping):
        return None
    first, last = date.min, date.max
    for name in ("start", "end"):
        stated = period.get(name)
        if stated is None:
            continue
        days = days_of(stated) if isinstance(stated, str) else None
        if days is None:
            return None
        first, last = (days[0], last) if name == "start" else (first, days[1])
    return (first, last) if first <= last else None


def coding_of(coding: Any) -> tuple[str, str]:
    if not isinstance(coding, Mapping):
        return "", ""
    return text_of(coding.get("system")), text_of(coding.get("code"))


def all_codes(value: Any) -> set[str]:
    """The codes of codings and concepts; a concept in words alone counts by its text."""
    return {code for each in list_of(value) for code in codes_in(each)}


def codes_in(concept: Any) -> frozenset[str]:
    if isinstance(concept, str):
        return frozenset((concept,))
    if not isinstance(concept, Mapping):
        return frozenset()
    codings = dicts_in(concept.get("coding")) or [concept]
    found = {text_of(each.get("code")) for each in codings} - {""}
    return frozenset(found or {text_of(concept.get("text"))} - {""})


def list_of(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def dicts_in(value: Any) -> list[Mapping[str, Any]]:
    return [each for each in list_of(value) if isinstance(each, Mapping)]


def text_of(value: Any) -> str:
    return value.strip() if isinstance(value, str) else ""
