"""Every test of the store runs on every database."""

from contextlib import closing

import pytest

from fhir_pgx.storage import SqlStore
from tests.stores import KINDS, new_database


@pytest.fixture(params=KINDS)
def url(request, tmp_path):
    """The URL of an empty database of each kind."""
    return new_database(request.param, tmp_path)


@pytest.fixture
def store(url):
    with closing(SqlStore(url)) as opened:
        yield opened
