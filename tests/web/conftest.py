"""An app with a pipeline that says what a test wants it to say, and a real store."""

from contextlib import closing

import pytest

from fhir_pgx.model.card import Card, Source
from fhir_pgx.model.drug import Coding
from fhir_pgx.model.hook import HookAnswer
from fhir_pgx.model.passport import Passport
from fhir_pgx.settings import Settings
from fhir_pgx.storage import SqlStore
from fhir_pgx.web.app import create_app

CARD = Card(
    uuid="3b8a1c52-6c29-4c3d-8a0e-0d7c8f6f1a11",
    summary="Clopidogrel: poor metabolizer of CYP2C19",
    indicator="warning",
    source=Source(
        "CPIC", "https://cpicpgx.org", Coding("https://example.org/topics", "T1", "CYP2C19")
    ),
    rules=("cpic-clopidogrel-1",),
)


class FakePipeline:
    """Answers `says`, or raises it; keeps the calls and documents it was given."""

    def __init__(self):
        self.says = HookAnswer((CARD,))
        self.calls, self.documents, self.options = [], None, None
        self.passports = []

    def answer(self, call):
        self.calls.append(call)
        if isinstance(self.says, Exception):
            raise self.says
        return self.says

    def interpret_documents(self, documents, options):
        self.documents, self.options = documents, options
        return "in words" if options.format == "text" else {"genes": {}}

    def passport(self, entries, seen, asked=""):
        self.passports.append((entries, seen, asked))
        return Passport("Patient/p1", "2026-11-23", "2026.08", "sha", (), ())

    recommend_documents = explain_documents = interpret_documents


@pytest.fixture
def pipeline():
    return FakePipeline()


@pytest.fixture
def store(tmp_path):
    with closing(SqlStore(f"sqlite:///{tmp_path}/web.db")) as opened:
        yield opened


@pytest.fixture
def make_client(pipeline, store):
    def make(**settings):
        app = create_app(Settings(**settings), pipeline=pipeline, store=store)
        return app.test_client()

    return make


@pytest.fixture
def client(make_client):
    return make_client()


@pytest.fixture
def order_sign():
    """A request that is in order, of a synthetic patient."""
    return {
        "hook": "order-sign",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {
            "userId": "Practitioner/u1",
            "patientId": "p1",
            "draftOrders": {"resourceType": "Bundle", "entry": []},
        },
    }
