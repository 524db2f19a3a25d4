"""Statements → alleles, haplotypes and diplotypes in standard names."""

from fhir_pgx.genotype.evidence import gather

__all__ = ["gather"]
