"""Diplotype → activity score → phenotype, and what all that is stated of a gene amounts to."""

from fhir_pgx.phenotype.acting import find_interactions
from fhir_pgx.phenotype.conclude import (
    blind_to_structure,
    conclude,
    faulty,
    looked_at,
    not_asked,
    not_called_from,
    not_tested,
    not_the_tumour,
)
from fhir_pgx.phenotype.phenoconversion import caveat_of, enzymes_of, modify
from fhir_pgx.phenotype.possible import possible_results

__all__ = [
    "blind_to_structure",
    "caveat_of",
    "conclude",
    "enzymes_of",
    "faulty",
    "find_interactions",
    "looked_at",
    "modify",
    "not_asked",
    "not_called_from",
    "not_tested",
    "not_the_tumour",
    "possible_results",
]
