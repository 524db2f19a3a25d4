"""A card's way to our app: from the hook's answer to the page that opens at its drug."""

import json
from contextlib import closing
from pathlib import Path
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from fhir_pgx.settings import Settings
from fhir_pgx.storage import SqlStore
from fhir_pgx.web.app import create_app
from tests.foreign_ehr import ForeignEhr, genotype, person
from tests.web.fhir_client import real_pipeline

ROOT = Path(__file__).parents[2]
US = "http://127.0.0.1:8080"


@pytest.fixture
def ehr():
    running = ForeignEhr([person(), genotype("CYP2C19", "*2/*2")])
    yield running
    running.close()


@pytest.fixture
def client(ehr, tmp_path):
    with closing(SqlStore(f"sqlite:///{tmp_path}/link.db")) as store:
        settings = Settings(access=ehr.access(tmp_path))
        yield create_app(settings, pipeline=real_pipeline(), store=store).test_client()


def order_of_clopidogrel(server):
    """The example of a poor metabolizer, as this server's EHR would send it."""
    text = (ROOT / "examples/order-sign-clopidogrel/request.json").read_text()
    asked = json.loads(text)
    asked["fhirServer"] = server
    return asked


def links(client, server):
    answer = client.post("/cds-services/pgx-order-sign", json=order_of_clopidogrel(server))
    assert answer.status_code == 200, answer.text
    return [link for card in answer.json["cards"] for link in card.get("links", ())]


def test_the_card_of_an_ehr_that_launches_us_leads_to_its_drug_in_the_app(client, ehr):
    (link,) = [each for each in links(client, f"{ehr.base}/fhir") if each["type"] == "smart"]
    assert link["url"] == f"{US}/app/launch"
    assert link["appContext"] == "drug-clopidogrel"
    ehr.granted = {"appContext": link["appContext"]}  # as an EHR hands it on
    asked = urlencode({"iss": f"{ehr.base}/fhir", "launch": "x"})
    began = client.get(f"{link['url'].removeprefix(US)}?{asked}")
    back = urlsplit(ehr.approved(dict(parse_qsl(urlsplit(began.location).query))))
    page = client.get(f"/app/callback?{back.query}").location
    assert page.endswith("#drug-clopidogrel")
    shown = client.get(page.removeprefix(US).partition("#")[0]).text
    assert 'id="drug-clopidogrel"' in shown
    assert "The drug that the card is about" in shown


@pytest.mark.parametrize("server", ["https://other.example.org/fhir", ""])
def test_an_ehr_that_cannot_launch_us_is_sent_no_such_link(client, server):
    assert [each for each in links(client, server) if each["type"] == "smart"] == []
