"""Charts of synthetic patients, and what is understood of them."""

import json
from datetime import date
from pathlib import Path

import pytest

from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.settings import Settings
from fhir_pgx.workbench.ehr import record_of
from fhir_pgx.workbench.facts import Facts, change_facts

ROOT = Path(__file__).resolve().parents[3]
TODAY = date(2026, 11, 23)


@pytest.fixture(scope="session")
def pipeline():
    return Pipeline.load(Settings())


@pytest.fixture(scope="session")
def ada():
    return record_of([json.loads((ROOT / "examples/patients/synthetic-ada.json").read_bytes())])


@pytest.fixture
def understood(pipeline):
    """Each gene of a chart that is known: status, diplotypes, phenotype."""

    def read(record):
        found = pipeline.interpret(entries_of(list(record.resources))).genes
        return {
            gene: (
                result.status.value,
                tuple(dict.fromkeys(each.name for each in result.diplotypes)),
                result.phenotype,
            )
            for gene, result in found.items()
            if result.status != "not-tested"
        }

    return read


@pytest.fixture
def change(pipeline):
    """A chart with some facts changed, on a fixed day."""
    return lambda record, **facts: change_facts(record, Facts(**facts), pipeline, today=TODAY)
