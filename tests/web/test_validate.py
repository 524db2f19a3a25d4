"""`$validate` over HTTP: 200 whenever validation ran, in JSON and XML."""

import pytest

from fhir_pgx.fhir.json import write_json
from fhir_pgx.fhir.xml import parse_xml, write_xml
from fhir_pgx.storage.store import NewResource

PATIENT = {"resourceType": "Patient", "id": "1", "gender": "female"}
WRONG = PATIENT | {"gender": "x"}
PLACES = ("/fhir/$validate", "/fhir/Patient/$validate", "/fhir/Patient/1/$validate")


@pytest.fixture
def client(make_client):
    return make_client()


@pytest.mark.parametrize("place", PLACES)
def test_a_valid_resource_is_told_so(client, place):
    answer = client.post(place, json=PATIENT)
    assert (answer.status_code, answer.mimetype) == (200, "application/fhir+json")
    (issue,) = answer.get_json()["issue"]
    assert (issue["severity"], issue["code"]) == ("information", "informational")


@pytest.mark.parametrize("place", PLACES)
def test_a_resource_with_errors_is_no_failed_request(client, place):
    answer = client.post(place, json=WRONG)
    assert answer.status_code == 200
    (issue,) = answer.get_json()["issue"]
    assert (issue["severity"], issue["expression"]) == ("error", ["Patient.gender"])


def test_xml_in_and_out(client):
    answer = client.post(
        "/fhir/$validate",
        data=write_xml(WRONG),
        content_type="application/fhir+xml",
        headers={"Accept": "application/fhir+xml"},
    )
    assert (answer.status_code, answer.mimetype) == (200, "application/fhir+xml")
    assert parse_xml(answer.data)["issue"][0]["expression"] == ["Patient.gender"]


def test_an_element_that_xml_lost_on_the_way_is_told(client):
    data = write_xml(PATIENT).replace(b"</Patient>", b'<odd value="1"/></Patient>')
    answer = client.post("/fhir/$validate", data=data, content_type="application/fhir+xml")
    (issue,) = answer.get_json()["issue"]
    assert (issue["severity"], issue["expression"]) == ("error", ["Patient"])


def test_what_is_stored_is_validated_at_its_own_address(client, store):
    with store.transaction() as unit:
        unit.put(NewResource("Patient", "1", write_json(WRONG), patient="1"))
    for call in (client.get, client.post):
        answer = call("/fhir/Patient/1/$validate")
        assert answer.status_code == 200
        assert answer.get_json()["issue"][0]["expression"] == ["Patient.gender"]


def test_what_is_not_there_or_was_deleted_is_no_success(client, store):
    assert client.get("/fhir/Patient/none/$validate").status_code == 404
    with store.transaction() as unit:
        unit.put(NewResource("Patient", "1", write_json(PATIENT), patient="1"))
        unit.delete("Patient", "1")
    assert client.get("/fhir/Patient/1/$validate").status_code == 410


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 400), (b"{", 400), (b"[]", 400), (b'{"a":1,"a":2}', 400)]
)
def test_what_cannot_be_read_was_not_validated(client, body, status):
    answer = client.post("/fhir/$validate", data=body, content_type="application/fhir+json")
    assert (answer.status_code, answer.get_json()["resourceType"]) == (status, "OperationOutcome")
    assert client.post("/fhir/$validate", data="x", content_type="text/csv").status_code == 415
