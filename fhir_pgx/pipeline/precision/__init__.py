"""Precision therapy: tumour, pathogen, inherited and transplant findings, a module a domain."""

from fhir_pgx.pipeline.precision.precision import Precision

__all__ = ["Precision"]
