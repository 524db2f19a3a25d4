"""The services as a server offers them, asked in this process."""

import copy
from datetime import date

import pytest

from fhir_pgx.cards import write_answer
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.services.answering import read_call
from fhir_pgx.services.gather import Sources
from fhir_pgx.services.pgx import services


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 23))


@pytest.fixture
def ask(pipeline):
    offered = {service.hook: service for service in services(pipeline.answer)}

    def asked(hook, context, prefetch):
        request = {
            "hook": hook,
            "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
            "context": {"patientId": "p1", **copy.deepcopy(context)},
            "prefetch": copy.deepcopy(prefetch),
        }
        service = offered[hook]
        return write_answer(service.answer(read_call(request, service, Sources())))["cards"]

    return asked
