"""Reads the files of `knowledge/therapies/pathogen/`."""

from pathlib import Path

from fhir_pgx.model.pathogen import PathogenKnowledge


def load_pathogen(here: Path) -> PathogenKnowledge:
    """Everything known of pathogens. Raises BrokenKnowledge."""
    return PathogenKnowledge()
