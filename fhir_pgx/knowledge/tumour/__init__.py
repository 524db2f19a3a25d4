"""What is known of tumours: rows of therapy, statements, diseases, tests that labels ask for."""

from fhir_pgx.knowledge.tumour.load import load_tumour

__all__ = ["load_tumour"]
