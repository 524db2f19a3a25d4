"""The knowledge of precision therapy: a folder and a module a domain."""

from pathlib import Path

from fhir_pgx.knowledge.inherited import load_inherited
from fhir_pgx.knowledge.pathogen import load_pathogen
from fhir_pgx.knowledge.transplant import load_transplant
from fhir_pgx.knowledge.tumour import load_tumour
from fhir_pgx.model.precision import Therapies


def load_therapies(here: Path) -> Therapies:
    """Every domain under `therapies/`. Raises BrokenKnowledge."""
    return Therapies(
        tumour=load_tumour(here),
        inherited=load_inherited(here),
        pathogen=load_pathogen(here),
        transplant=load_transplant(here),
    )
