"""What a patient's results have to do with a reaction that is noted as an allergy."""

from dataclasses import dataclass
from typing import Literal

from fhir_pgx.model.recommendation import DrugAdvice

Meaning = Literal[
    "explains",  # the result predicts toxicity or lack of effect
    "hypersensitivity",  # an HLA allele that goes with immune reactions is present
    "untested",  # no usable result: a test could tell
]


@dataclass(frozen=True, slots=True)
class Bearing:
    """What one patient's results have to do with a reaction to one drug.

    `genes` are those that bear on it, `others` further drugs of the same guideline: the same result
    speaks of them. `fits` is False where a reaction is stated that an immune one would not be.
    """

    meaning: Meaning
    genes: tuple[str, ...]
    advice: DrugAdvice
    others: tuple[str, ...] = ()
    fits: bool = True
