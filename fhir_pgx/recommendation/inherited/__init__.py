"""Inherited findings held against what is known of their genes."""

from fhir_pgx.recommendation.inherited.book import InheritedBook
from fhir_pgx.recommendation.inherited.chart import (
    named_for_findings,
    rows_for_problem,
    untested_genes,
)
from fhir_pgx.recommendation.inherited.hazards import hazards_of
from fhir_pgx.recommendation.inherited.hla import judge_hla
from fhir_pgx.recommendation.inherited.known import Known
from fhir_pgx.recommendation.inherited.orders import judge_order

__all__ = [
    "InheritedBook",
    "Known",
    "hazards_of",
    "judge_hla",
    "judge_order",
    "named_for_findings",
    "rows_for_problem",
    "untested_genes",
]
