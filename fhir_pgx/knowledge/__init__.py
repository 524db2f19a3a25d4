"""The knowledge: files people write and review, one compiled artefact that the service loads."""

from fhir_pgx.knowledge.loader import load_knowledge

__all__ = ["load_knowledge"]
