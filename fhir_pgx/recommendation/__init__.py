"""Phenotype and drug → what guidelines advise; a module a domain."""

from fhir_pgx.recommendation.abcd_gene import abcd_gene
from fhir_pgx.recommendation.advise import Computed, advise
from fhir_pgx.recommendation.dose import doses_for_patient, is_settled, judge, suggested_amount
from fhir_pgx.recommendation.germline import no_guidance, recommend
from fhir_pgx.recommendation.intolerance import bearing_of
from fhir_pgx.recommendation.population import Situation, fits_of
from fhir_pgx.recommendation.pretest import all_needs, needs_of, plan_tests, repeated_tests
from fhir_pgx.recommendation.problems import judge_named
from fhir_pgx.recommendation.rulebook import DrugEntry, DrugGroup, Rulebook
from fhir_pgx.recommendation.warfarin import recommend_warfarin

__all__ = [
    "Computed",
    "DrugEntry",
    "DrugGroup",
    "Rulebook",
    "Situation",
    "abcd_gene",
    "advise",
    "all_needs",
    "bearing_of",
    "doses_for_patient",
    "fits_of",
    "is_settled",
    "judge",
    "judge_named",
    "needs_of",
    "no_guidance",
    "plan_tests",
    "recommend",
    "recommend_warfarin",
    "repeated_tests",
    "suggested_amount",
]
