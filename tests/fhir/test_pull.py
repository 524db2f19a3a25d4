"""Records from other servers: complete or refused, and the token goes nowhere else."""

import json
from urllib.parse import parse_qs

import pytest
import responses

from fhir_pgx.fhir.backend_tokens import Credentials
from fhir_pgx.fhir.client import CallFailed, FhirClient, Limits
from fhir_pgx.fhir.pull import TYPES, ExportFile, Puller

BASE = "https://ehr.example.org/fhir"
TOKEN_URL = "https://ehr.example.org/fhir/token"
CONFIG = f"{BASE}/.well-known/smart-configuration"


def puller(credentials=None, *, waits=None, now=None, seconds=60.0):
    client = FhirClient((BASE,), resolve=lambda host, port: ("93.184.216.34",))
    return Puller(
        client,
        BASE,
        credentials,
        wait=(waits if waits is not None else []).append,
        clock=now or (lambda: 1000.0),
        limits=Limits(1_000_000, seconds),
    )


def page(*resources, next_url=None):
    entries = [{"resource": each} for each in resources]
    link = [{"relation": "next", "url": next_url}] if next_url else []
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries, "link": link}


def observation(identity):
    subject = {"reference": "Patient/p1"}
    return {"resourceType": "Observation", "id": identity, "subject": subject}


PATIENT = {"resourceType": "Patient", "id": "p1"}


@pytest.fixture
def server():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        mocked.get(f"{BASE}/Patient/p1", json=PATIENT)
        for kind in TYPES:
            mocked.get(f"{BASE}/{kind}", json=page())
        yield mocked


def record(**given):
    with puller(**given) as pulled:
        return pulled.record("p1")


def test_a_record_is_the_patient_and_every_page_of_every_type(server):
    following = f"{BASE}/Observation?_page=2"
    server.replace("GET", f"{BASE}/Observation", json=page(observation("a"), next_url=following))
    server.get(following, json=page(observation("b"), observation("a")))
    found = record()
    names = [entry.reference for entry in found.entries]
    assert names == ["Patient/p1", "Observation/a", "Observation/b"]
    asked = {call.request.url.partition("?")[0].rpartition("/")[2] for call in server.calls}
    assert asked >= set(TYPES)


def test_a_type_that_the_server_does_not_serve_is_listed(server):
    server.replace("GET", f"{BASE}/MolecularSequence", status=404)
    assert record().not_served == ("MolecularSequence",)


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("Observation", 404),  # without results there is no record
        ("Condition", 500),
        ("MedicationRequest", 401),
        ("Task", 429),
    ],
)
def test_a_record_with_a_part_missing_is_refused(server, kind, status):
    server.replace("GET", f"{BASE}/{kind}", status=status)
    with pytest.raises(CallFailed, match=str(status)):
        record()


def test_a_page_whose_outcome_is_an_error_is_no_page(server):
    issue = {"severity": "error", "code": "incomplete"}
    outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
    server.replace("GET", f"{BASE}/Observation", json=page(observation("a"), outcome))
    with pytest.raises(CallFailed, match="error"):
        record()


def test_a_later_page_that_fails_costs_the_record(server):
    following = f"{BASE}/Observation?_page=2"
    server.replace("GET", f"{BASE}/Observation", json=page(observation("a"), next_url=following))
    server.get(following, status=500)
    with pytest.raises(CallFailed):
        record()


def test_a_page_on_another_host_is_never_asked_for(server):
    following = "https://elsewhere.example.org/fhir/Observation?_page=2"
    server.replace("GET", f"{BASE}/Observation", json=page(next_url=following))
    with pytest.raises(CallFailed, match="another address"):
        record()
    assert all("elsewhere" not in call.request.url for call in server.calls)


@pytest.mark.parametrize("identity", ["../Group/g", "p1/$everything", "p1?x=y", "a b", ""])
def test_a_patient_id_that_is_none_is_not_sent(server, identity):
    with puller() as pulled, pytest.raises(CallFailed, match="FHIR id"):
        pulled.record(identity)
    assert not server.calls


def test_a_server_that_is_not_listed_is_not_called():
    client = FhirClient((BASE,))
    with pytest.raises(CallFailed, match="not on the list"):
        Puller(client, "https://other.example.org/fhir")


# Backend services


def credentials(token_url=""):
    return Credentials(lambda url: f"signed for {url}", "urn:jwt-bearer", token_url=token_url)


def test_the_token_address_is_looked_up_and_the_token_used_for_every_call(server):
    server.get(CONFIG, json={"token_endpoint": TOKEN_URL})
    server.post(TOKEN_URL, json={"access_token": "t1", "expires_in": 300})
    record(credentials=credentials())
    asked = [call.request for call in server.calls]
    (request,) = [each for each in asked if each.method == "POST"]
    assert parse_qs(request.body) == {
        "grant_type": ["client_credentials"],
        "scope": ["system/*.rs"],
        "client_assertion_type": ["urn:jwt-bearer"],
        "client_assertion": [f"signed for {TOKEN_URL}"],
    }
    reads = [each for each in asked if each.method == "GET" and each.url != CONFIG]
    assert {each.headers["Authorization"] for each in reads} == {"Bearer t1"}


def test_a_token_is_renewed_before_it_ends(server):
    server.post(TOKEN_URL, json={"access_token": "t1", "expires_in": 60})
    moments = iter(range(0, 1000, 20))
    record(credentials=credentials(TOKEN_URL), now=lambda: next(moments))
    assert sum(call.request.method == "POST" for call in server.calls) > 1


def test_a_token_address_of_another_server_is_not_called(server):
    with pytest.raises(CallFailed, match="token address"):
        record(credentials=credentials("https://thief.example.org/token"))


def test_a_refused_token_is_a_failure(server):
    server.post(TOKEN_URL, status=400, json={"error": "invalid_client"})
    with pytest.raises(CallFailed, match="no access token"):
        record(credentials=credentials(TOKEN_URL))


# Bulk Data export

STATUS = "https://ehr.example.org/bulk/1"
FILE = "https://ehr.example.org/bulk/1/observation.ndjson"


def manifest(**members):
    return {"output": [{"type": "Observation", "url": FILE}], "error": [], **members}


def test_an_export_is_waited_for_and_its_files_read_line_by_line(server):
    server.get(f"{BASE}/Patient/$export", status=202, headers={"Content-Location": STATUS})
    server.get(STATUS, status=202, headers={"Retry-After": "7"})
    server.get(STATUS, status=429)
    server.get(STATUS, json=manifest())
    lines = b"\n".join(json.dumps(observation(each)).encode() for each in "abc")
    server.get(FILE, body=lines + b"\n\n")
    waits: list[float] = []
    with puller(waits=waits) as pulled:
        files = pulled.export(types=("Observation",), since="2026-01-01T00:00:00Z")
        read = [json.loads(line)["id"] for line in pulled.lines(files[0])]
    assert (files, read) == ((ExportFile("Observation", FILE),), ["a", "b", "c"])
    assert waits == [7.0, 5.0]
    asked = server.calls[0].request
    assert asked.headers["Prefer"] == "respond-async"
    assert "_type=Observation" in asked.url


@pytest.mark.parametrize(
    "answer",
    [
        {"json": manifest(error=[{"type": "OperationOutcome", "url": FILE}])},
        {"status": 500},
        {"body": b"<html>"},
    ],
)
def test_an_export_that_is_not_whole_is_refused(server, answer):
    server.get(f"{BASE}/Patient/$export", status=202, headers={"Content-Location": STATUS})
    server.get(STATUS, **answer)
    with puller() as pulled, pytest.raises(CallFailed):
        pulled.export()


def test_an_export_is_not_waited_for_without_end(server):
    server.get(f"{BASE}/Patient/$export", status=202, headers={"Content-Location": STATUS})
    server.get(STATUS, status=202)
    with puller(seconds=0.2) as pulled, pytest.raises(CallFailed, match="in time"):
        pulled.export()


@pytest.mark.parametrize("url", ["https://thief.example.org/f", "http://ehr.example.org/f"])
def test_a_file_on_another_host_is_never_fetched(server, url):
    with puller(credentials(TOKEN_URL)) as pulled, pytest.raises(CallFailed, match="another host"):
        list(pulled.lines(ExportFile("Observation", url)))
    assert not server.calls


def test_an_export_that_was_not_started_is_a_failure(server):
    server.get(f"{BASE}/Group/g1/$export", status=403)
    with puller() as pulled, pytest.raises(CallFailed, match="403"):
        pulled.export(group="g1")
