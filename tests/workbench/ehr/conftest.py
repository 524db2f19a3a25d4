"""A deployment without a web server, and a synthetic patient's chart."""

import json
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from fhir_pgx.pipeline import Pipeline
from fhir_pgx.settings import Settings
from fhir_pgx.storage import SqlStore
from fhir_pgx.web.site import open_site
from fhir_pgx.workbench.ehr import (
    build_exchange,
    drug_choices,
    find_drugs,
    fire,
    read_wanted,
    record_of,
)

ROOT = Path(__file__).resolve().parents[3]
TODAY = date(2026, 11, 23)


@pytest.fixture(scope="session")
def pipeline():
    return Pipeline.load(Settings())


@pytest.fixture(scope="session")
def choices(pipeline):
    return drug_choices(pipeline)


@pytest.fixture
def store(tmp_path):
    with closing(SqlStore(f"sqlite:///{tmp_path}/ehr.db")) as opened:
        yield opened


@pytest.fixture
def site(pipeline, store):
    return open_site(Settings(), pipeline, store)


@pytest.fixture(scope="session")
def ada():
    """The chart of a synthetic patient: CYP2C19 poor, CYP2D6 intermediate, a report, medicines."""
    return record_of([json.loads((ROOT / "examples/patients/synthetic-ada.json").read_bytes())])


@pytest.fixture
def sends(site, choices, ada):
    """The exchange of an EHR, for a synthetic patient if no other chart is given."""

    def made(ehr="generic", hook="order-sign", trouble="none", drugs=("clopidogrel",), record=ada):
        wanted = read_wanted(ehr=ehr, hook=hook, trouble=trouble, drugs=find_drugs(drugs, choices))
        service = next(each for each in site.registry.services if each.hook == hook)
        return build_exchange(record, service, wanted, today=TODAY)

    return made


@pytest.fixture
def fired(site, sends):
    """The same, sent."""
    return lambda *args, **named: fire(site, sends(*args, **named))
