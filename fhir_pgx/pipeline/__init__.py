"""From what was sent to a card, stage by stage; the one room that knows every stage."""

from fhir_pgx.pipeline.limits import Limits
from fhir_pgx.pipeline.pipeline import Pipeline

__all__ = ["Limits", "Pipeline"]
