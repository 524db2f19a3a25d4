"""Reads the files of `knowledge/therapies/inherited/`."""

from pathlib import Path

from fhir_pgx.model.inherited import InheritedKnowledge


def load_inherited(here: Path) -> InheritedKnowledge:
    """Everything known of inherited findings. Raises BrokenKnowledge."""
    return InheritedKnowledge()
