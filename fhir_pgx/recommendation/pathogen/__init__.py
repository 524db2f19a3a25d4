"""What sources make of a pathogen's changes, organism by organism and drug by drug."""

from fhir_pgx.recommendation.pathogen.advice import advice_of
from fhir_pgx.recommendation.pathogen.hiv import HivScorer
from fhir_pgx.recommendation.pathogen.judge import PathogenJudge

__all__ = ["HivScorer", "PathogenJudge", "advice_of"]
