"""One spelling for a pathogen's genes and changes, organism by organism."""

from fhir_pgx.normalize.pathogen.findings import Spelling

__all__ = ["Spelling"]
