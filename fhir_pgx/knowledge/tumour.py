"""Reads the files of `knowledge/therapies/tumour/`."""

from pathlib import Path

from fhir_pgx.model.tumour import TumourKnowledge


def load_tumour(here: Path) -> TumourKnowledge:
    """Everything known of a tumour. Raises BrokenKnowledge."""
    return TumourKnowledge()
