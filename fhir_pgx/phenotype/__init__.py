"""Diplotype → activity score → phenotype, and what a gene's evidence amounts to."""

from fhir_pgx.phenotype.conclude import conclude, faulty, not_called_from, not_tested

__all__ = ["conclude", "faulty", "not_called_from", "not_tested"]
