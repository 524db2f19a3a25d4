"""Our own tokens at servers that know us: for whom, for how long, and that they go nowhere else."""

import threading
from urllib.parse import parse_qsl

import pytest
import responses

from fhir_pgx.fhir.backend_tokens import BackendTokens, Credentials
from fhir_pgx.fhir.client import CallFailed, FhirClient, Limits
from fhir_pgx.fhir.visit import Retrieved, Unavailable, VisitingClient

BASE = "https://ehr.example.org/fhir"
OTHER = "https://other.example.org/fhir"
TOKEN_URL = f"{BASE}/token"
CONFIG = f"{BASE}/.well-known/smart-configuration"
SEARCH = "Observation?patient=p1"
FOUND = {"resourceType": "Bundle", "type": "searchset"}


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


def credentials(token_url=TOKEN_URL):
    return Credentials(lambda url: f"signed for {url}", "urn:jwt-bearer", token_url=token_url)


def resolve(host, port):
    return ["93.184.216.34"]


@pytest.fixture
def server():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        mocked.post(TOKEN_URL, json={"access_token": "ours", "expires_in": 300})
        mocked.get(f"{BASE}/{SEARCH}", json=FOUND)
        mocked.get(f"{OTHER}/{SEARCH}", json=FOUND)
        yield mocked


@pytest.fixture
def visiting():
    made = VisitingClient((BASE, OTHER), resolve=resolve)
    made.know_us_at({BASE: credentials()})
    return made


def sent(server):
    return [
        (call.request.url.partition("?")[0], call.request.headers.get("Authorization"))
        for call in server.calls
    ]


def fetch(visiting, base=BASE, token="", among=(BASE, OTHER)):
    with visiting.visit(base, token=token, among=among) as visit:
        return visit.fetch(SEARCH)


def test_a_call_without_a_token_is_made_with_ours_where_the_server_knows_us(server, visiting):
    assert isinstance(fetch(visiting), Retrieved)
    assert sent(server) == [(TOKEN_URL, None), (f"{BASE}/Observation", "Bearer ours")]
    form = dict(parse_qsl(server.calls[0].request.body))
    assert form == {
        "grant_type": "client_credentials",
        "scope": "system/*.rs",
        "client_assertion_type": "urn:jwt-bearer",
        "client_assertion": f"signed for {TOKEN_URL}",
    }


def test_a_call_with_a_token_of_its_own_is_made_with_that(server, visiting):
    fetch(visiting, token="theirs")
    assert sent(server) == [(f"{BASE}/Observation", "Bearer theirs")]


def test_our_token_goes_to_no_other_server(server, visiting):
    fetch(visiting)
    fetch(visiting, OTHER)
    assert sent(server)[-1] == (f"{OTHER}/Observation", None)


@pytest.mark.parametrize("among", [None, (OTHER,), ()])
def test_our_rights_are_not_lent_to_a_caller_that_the_server_is_not_registered_for(
    server, visiting, among
):
    fetch(visiting, among=among)
    assert TOKEN_URL not in [url for url, _ in sent(server)]
    assert "Bearer ours" not in [header for _, header in sent(server)]


def test_where_no_token_is_given_nothing_is_asked(server, visiting):
    server.replace("POST", TOKEN_URL, status=401, json={"error": "marker"})
    assert fetch(visiting) == Unavailable("no access token was given: status 401")
    assert [url for url, _ in sent(server)] == [TOKEN_URL]


def tokens_of(clock, token_url=TOKEN_URL, servers=(BASE,)):
    client = FhirClient(servers, resolve=resolve)
    connection = client.connect(client.find_listed(BASE), Limits(10_000, 5.0))
    return BackendTokens(client, credentials(token_url), clock=clock), connection


def test_a_token_is_used_until_shortly_before_it_ends(server):
    clock = Clock()
    tokens, connection = tokens_of(clock)
    for now, asked in ((1000, 1), (1269, 1), (1270, 2), (1271, 2)):
        clock.now = now
        assert tokens.get(connection) == "ours"
        assert len(server.calls) == asked


@pytest.mark.parametrize(
    ("given", "after"), [({}, 270), ({"expires_in": 10**9}, 3570), ({"expires_in": -1}, 1)]
)
def test_a_token_is_held_an_hour_at_most_whatever_its_server_says(server, given, after):
    server.replace("POST", TOKEN_URL, json={"access_token": "ours", **given})
    clock = Clock()
    tokens, connection = tokens_of(clock)
    tokens.get(connection)
    clock.now += after - 0.5
    tokens.get(connection)
    assert len(server.calls) == 1
    clock.now += 1
    tokens.get(connection)
    assert len(server.calls) == 2


@pytest.mark.parametrize(
    "answer", [{}, {"access_token": []}, {"access_token": "a", "expires_in": "300"},
               {"access_token": "a", "expires_in": True}, {"access_token": ""}],
)  # fmt: skip
def test_an_answer_without_a_token_is_a_failure(server, answer):
    server.replace("POST", TOKEN_URL, json=answer)
    tokens, connection = tokens_of(Clock())
    with pytest.raises(CallFailed, match="holds no token"):
        tokens.get(connection)


@pytest.mark.parametrize("url", ["https://evil.example.net/token", "http://ehr.example.org/token"])
def test_discovery_cannot_lead_our_assertion_to_a_server_that_is_not_listed(server, url):
    server.get(CONFIG, json={"token_endpoint": url})
    tokens, connection = tokens_of(Clock(), token_url="")
    with pytest.raises(CallFailed, match="not on the list"):
        tokens.get(connection)
    assert [each for each, _ in sent(server)] == [CONFIG]


def test_a_token_that_was_forgotten_is_asked_for_again(server):
    tokens, connection = tokens_of(Clock())
    tokens.get(connection)
    tokens.forget()
    tokens.get(connection)
    assert len(server.calls) == 2


def test_threads_that_ask_at_once_share_one_token(server):
    tokens, _ = tokens_of(Clock())
    began, got = threading.Barrier(5), []

    def ask():
        client = FhirClient((BASE,), resolve=resolve)
        connection = client.connect(client.find_listed(BASE), Limits(10_000, 5.0))
        began.wait()
        got.append(tokens.get(connection))

    threads = [threading.Thread(target=ask) for _ in range(5)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert (got, len(server.calls)) == (["ours"] * 5, 1)


def test_neither_token_nor_assertion_is_in_a_representation(server):
    tokens, connection = tokens_of(Clock())
    tokens.get(connection)
    assert "ours" not in f"{tokens!r} {tokens._credentials!r}"
    assert "signed" not in f"{tokens._credentials!r}"
