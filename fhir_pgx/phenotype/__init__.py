"""Diplotype → activity score → phenotype, and what all that is stated of a gene amounts to."""

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

__all__ = [
    "blind_to_structure",
    "conclude",
    "faulty",
    "looked_at",
    "not_asked",
    "not_called_from",
    "not_tested",
    "not_the_tumour",
]
