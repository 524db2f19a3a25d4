"""Warfarin's computed dose against each input in turn, made ready to be seen.

Doses are mg a week, not rounded. Every point is the whole flow asked again with one input changed.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from fhir_pgx.model.dosing import ComputedDose
from fhir_pgx.model.recommendation import Recommendation

InputState = Literal[
    "known",
    "assumed",  # not on file, and counted as the value shown
    "not-known",  # not on file, and nothing is counted in its place
]


@dataclass(frozen=True, slots=True)
class BranchDoses:
    """What a branch of the flow comes to in numbers.

    `refusal` says why the genotype is not counted; the doses are then those without genes, empty
    for a poor metabolizer. It is empty where the genotype is counted. `before` are the doses before
    the guideline's changes, `doses` after them; `changes` is a line for each.
    """

    code: str
    label: str
    when: str
    is_stated: bool
    refusal: str
    before: tuple[ComputedDose, ...]
    doses: tuple[ComputedDose, ...]
    changes: tuple[str, ...] = ()

    @property
    def with_genes(self) -> bool:
        return not self.refusal


@dataclass(frozen=True, slots=True)
class DosePoint:
    """The doses at one value of an input: `at` is its number (None for a step without one), `label`
    how it is written. `refusal` says why the genotype is not counted there, or why nothing is
    computed; `is_patient` marks the patient's own value."""

    at: Decimal | None
    label: str
    doses: tuple[ComputedDose, ...]
    refusal: str = ""
    is_patient: bool = False


@dataclass(frozen=True, slots=True)
class DosePanel:
    """One input and the dose against it. `value` is the patient's own in words, or what is counted
    in its place; `unit` is UCUM, empty for a step. `counted_by` are the equations that ask for it,
    by label."""

    name: str
    label: str
    unit: str
    kind: Literal["line", "steps"]
    state: InputState
    value: str
    points: tuple[DosePoint, ...]
    counted_by: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class BranchCurves:
    """A branch with its panels."""

    doses: BranchDoses
    panels: tuple[DosePanel, ...]


@dataclass(frozen=True, slots=True)
class WarfarinView:
    """`refusal` says why no equation is asked at all; `missing` are the inputs without which none
    computes anything; `lines` say each input with where it stands. `answers` are what the flow
    advises, one for each branch unless they advise alike."""

    refusal: str
    missing: tuple[str, ...]
    lines: tuple[str, ...]
    branches: tuple[BranchCurves, ...]
    answers: tuple[Recommendation, ...] = ()
