"""Findings of a tumour and what stored rows say of them; see `docs/methods/tumour.md`."""

from fhir_pgx.recommendation.tumour.biomarkers import biomarkers_of
from fhir_pgx.recommendation.tumour.board import board_of
from fhir_pgx.recommendation.tumour.cautions import cautions_of
from fhir_pgx.recommendation.tumour.cutoffs import cutoffs_of
from fhir_pgx.recommendation.tumour.findings import Findings, marker_words
from fhir_pgx.recommendation.tumour.judge import judge
from fhir_pgx.recommendation.tumour.opposed import opposites_of
from fhir_pgx.recommendation.tumour.rules import TumourRules, is_positive
from fhir_pgx.recommendation.tumour.tiers import strength

__all__ = [
    "Findings",
    "TumourRules",
    "biomarkers_of",
    "board_of",
    "cautions_of",
    "cutoffs_of",
    "is_positive",
    "judge",
    "marker_words",
    "opposites_of",
    "strength",
]
