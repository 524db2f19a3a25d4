"""The operations over a real store that holds the synthetic patients."""

from contextlib import closing
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from fhir_pgx.operations.all import OPERATIONS
from fhir_pgx.operations.asking import answer
from fhir_pgx.operations.given import given_in_query
from fhir_pgx.operations.operation import Context
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.rest.loading import drafts_in, load_documents
from fhir_pgx.rest.server import Server
from fhir_pgx.settings import Settings
from fhir_pgx.storage import SqlStore

from .people import EVERYBODY

BASE = "http://localhost/fhir"
NOW = datetime(2026, 8, 1, tzinfo=UTC)
BY_NAME = {each.name: each for each in OPERATIONS}


@pytest.fixture(scope="session")
def pipeline():
    return Pipeline.load(Settings())


@pytest.fixture(scope="session")
def opened(tmp_path_factory, pipeline):
    """Makes a store in a folder of its own that holds these resources."""

    def make(resources):
        folder = tmp_path_factory.mktemp("operations")
        store = SqlStore(f"sqlite:///{folder}/store.db")
        load_documents(
            Server(store, BASE, pipeline.genomic_index),
            drafts_in([{"resourceType": "Bundle", "type": "collection",
                        "entry": [{"resource": each} for each in resources]}]),
        )  # fmt: skip
        return store

    return make


@pytest.fixture(scope="session")
def store(opened):
    with closing(opened(EVERYBODY)) as found:
        yield found


def context(store, pipeline):
    return Context(store.reads(), pipeline.both_builds, pipeline, BASE, NOW)


@pytest.fixture
def ask(store, pipeline):
    """Asks an operation by its name, as a query would: `ask("find-subject-variants", …)`."""

    def call(name, *pairs, **parameters):
        given = given_in_query([*pairs, *((key, str(value)) for key, value in parameters.items())])
        return answer(BY_NAME[name], given, context(store, pipeline))

    return call


def groups(found):
    """The groups of an answer: each a namespace of its parts by name, lists for resources."""
    made = []
    for parameter in found.get("parameter", []):
        parts = {"variant": [], "haplotype": [], "genotype": [], "sequencePhaseRelationship": [],
                 "subject": []}  # fmt: skip
        for part in parameter["part"]:
            name = part["name"]
            value = part.get("resource") or next(
                (part[key] for key in part if key.startswith("value")), None
            )
            if name in parts:
                parts[name].append(value)
            else:
                parts[name] = value
        made.append(SimpleNamespace(name=parameter["name"], **parts))
    return made


def ids(resources):
    return [each["id"] for each in resources]
