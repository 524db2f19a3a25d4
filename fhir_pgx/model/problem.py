"""Drugs that a guideline itself names a problem for."""

from dataclasses import dataclass

from fhir_pgx.model.drug import Drug


@dataclass(frozen=True, slots=True)
class NamedDrug:
    """A drug that `guideline` (its id) names for a class of problems; `named` says how."""

    drug: Drug
    guideline: str
    named: str


Problems = dict[str, tuple[NamedDrug, ...]]  # by condition class
