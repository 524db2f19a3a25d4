"""FHIR-native pharmacogenomics: CDS Hooks, FHIR Genomics, cards with their sources."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fhir_pgx.web.app import FhirPgx, create_app

__all__ = ["FhirPgx", "create_app"]


def __getattr__(name: str) -> Any:
    # Flask and the knowledge load when they are asked for: the command needs neither for --help.
    if name in __all__:
        return getattr(import_module("fhir_pgx.web.app"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
