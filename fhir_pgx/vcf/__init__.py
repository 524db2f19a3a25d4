"""VCF → model: the lines that touch a wanted span, of files of any size."""

from fhir_pgx.vcf.header import is_vcf
from fhir_pgx.vcf.reader import read_vcf
from fhir_pgx.vcf.source import BytesSource

__all__ = ["BytesSource", "is_vcf", "read_vcf"]
