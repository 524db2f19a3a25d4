"""Reads the files of `knowledge/therapies/transplant/`."""

from pathlib import Path

from fhir_pgx.model.transplant import TransplantKnowledge


def load_transplant(here: Path) -> TransplantKnowledge:
    """Everything known of transplantation. Raises BrokenKnowledge."""
    return TransplantKnowledge()
