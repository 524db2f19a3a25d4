"""What the tests of the genomics readers share. Every resource in them is synthetic."""

import csv
from collections.abc import Callable
from dataclasses import replace
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


@pytest.fixture(scope="session")
def tumour_reading_of(vocabulary: Vocabulary) -> Callable[..., Reading]:
    """As `reading_of`, with the codes of biomarkers and the genes of tumours."""
    folder = TERMS.parent / "therapies" / "tumour"
    with (folder / "markers.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    genes = "EGFR ALK EML4 KRAS NRAS BRAF ROS1 MET RET NTRK1 NTRK2 NTRK3 ERBB2 FLT3 JAK2 BCR ABL1"
    known = replace(
        vocabulary,
        markers={row["code"]: row["answers"] for row in rows},
        tumour_genes={gene: gene for gene in genes.split()} | {"HER2": "ERBB2"},
    )

    def read_resources(*resources: dict[str, Any]) -> Reading:
        bundle = {"resourceType": "Bundle", "entry": [{"resource": item} for item in resources]}
        return read(list(entries_of(bundle)), known)

    return read_resources
