"""All that one set of resources says, read once."""

from dataclasses import dataclass

from fhir_pgx.model.finding import (
    Caveat,
    NotUnderstood,
    ObservedVariant,
    StatedDiagnosis,
    StatedImplication,
    StatedPhase,
    StatedRecommendation,
    StatedSequence,
    Statement,
)
from fhir_pgx.model.precision import NOTHING_READ, PrecisionReading


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a set of resources says. `subjects` are the distinct patient ids met;
    `refused_genes` the genes of variants that are listed in `not_understood`: they were looked at.
    """

    subjects: tuple[str, ...] = ()
    statements: tuple[Statement, ...] = ()
    implications: tuple[StatedImplication, ...] = ()
    recommendations: tuple[StatedRecommendation, ...] = ()
    phases: tuple[StatedPhase, ...] = ()
    variants: tuple[ObservedVariant, ...] = ()
    sequence_count: int = 0
    not_understood: tuple[NotUnderstood, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    diagnoses: tuple[StatedDiagnosis, ...] = ()
    sequences: tuple[StatedSequence, ...] = ()
    refused_genes: tuple[str, ...] = ()
    precision: PrecisionReading = NOTHING_READ
