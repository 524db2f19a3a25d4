"""Phenotype and drug → what a guideline advises; a module a domain."""

from fhir_pgx.recommendation.germline import no_guidance, recommend
from fhir_pgx.recommendation.rulebook import DrugEntry, Rulebook

__all__ = ["DrugEntry", "Rulebook", "no_guidance", "recommend"]
