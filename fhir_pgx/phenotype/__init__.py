"""Diplotype → activity score → phenotype, and what a gene's evidence amounts to."""

from fhir_pgx.phenotype.conclude import conclude, not_tested

__all__ = ["conclude", "not_tested"]
