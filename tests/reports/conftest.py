"""The pipeline with all knowledge, and a report read back by our own reader."""

import json
from datetime import UTC, datetime

import pytest

from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.fhir.json import write_json
from fhir_pgx.model.document import Calling, Document, Options
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.settings import Settings

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def pipeline():
    return Pipeline.load(Settings())


@pytest.fixture(scope="session")
def report_of(pipeline):
    """The Bundle of `interpret` of one document, as a client gets it."""

    def made(data, *, name="", guide="stu3", **calling):
        text = data if isinstance(data, bytes) else json.dumps(data).encode()
        options = Options(format="fhir", guide=guide, calling=Calling(**calling))
        return json.loads(write_json(pipeline.interpret_documents([Document(text, name)], options)))

    return made


@pytest.fixture(scope="session")
def read_back(pipeline):
    """What our own reader makes of a report, with the Patient it is about beside it."""

    def interpreted(report, *patients):
        return pipeline.interpret([*entries_of(report), *entries_of(list(patients))])

    return interpreted
