"""Statements and variants → alleles, haplotypes and diplotypes in standard names."""

from fhir_pgx.genotype.call import call_gene
from fhir_pgx.genotype.evidence import gather
from fhir_pgx.genotype.from_variants import call_sources
from fhir_pgx.genotype.stated import contradicts, possible_keys
from fhir_pgx.genotype.table import CallTable, build_table

__all__ = [
    "CallTable",
    "build_table",
    "call_gene",
    "call_sources",
    "contradicts",
    "gather",
    "possible_keys",
]
