"""What the tests of the genomics readers share. Every resource in them is synthetic."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.fhir.reading import read
from fhir_pgx.knowledge.terms import load_vocabulary
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.model.reading import Reading

TERMS = Path(__file__).resolve().parents[2] / "fhir_pgx" / "knowledge" / "terms"


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    return load_vocabulary(TERMS)


@pytest.fixture(scope="session")
def reading_of(vocabulary: Vocabulary) -> Callable[..., Reading]:
    """Reads resources as the entries of one Bundle."""

    def read_resources(*resources: dict[str, Any]) -> Reading:
        bundle = {"resourceType": "Bundle", "entry": [{"resource": item} for item in resources]}
        return read(list(entries_of(bundle)), vocabulary)

    return read_resources
