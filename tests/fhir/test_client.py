"""The FHIR client: whom it calls, what it refuses, and that a failure is never an empty answer."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
import responses

from fhir_pgx.fhir.addresses import is_safe_relative, may_connect, parse_base
from fhir_pgx.fhir.client import FhirClient, _PinnedAdapter
from fhir_pgx.fhir.visit import Retrieved, Unavailable, Visit, VisitingClient

BASE = "https://ehr.example.org/fhir"
PUBLIC = "93.184.216.34"
SEARCH = "Observation?patient=p1"


def client(*servers, private=(), addresses=(PUBLIC,), timeout=5.0):
    def resolve(host, port):
        return addresses

    return VisitingClient(servers or (BASE,), private, timeout_seconds=timeout, resolve=resolve)


def fetch(query=SEARCH, *, base=BASE, token="", of=None):
    with Visit(of or client(), base, token=token) as visit:
        return visit.fetch(query)


def bundle(*ids, next_url=None):
    written = {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": {"resourceType": "Observation", "id": each}} for each in ids],
    }
    if next_url:
        written["link"] = [{"relation": "next", "url": next_url}]
    return written


def ids_of(found):
    return [e["resource"]["id"] for page in found.documents for e in page.get("entry", [])]


@pytest.fixture
def server():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


# What is asked, and what comes back


def test_a_search_goes_to_the_listed_server_with_the_token_of_the_call(server):
    server.get(f"{BASE}/{SEARCH}", json=bundle("a"))
    found = fetch(token="secret")
    assert isinstance(found, Retrieved)
    assert (ids_of(found), found.complete) == (["a"], True)
    sent = server.calls[0].request
    assert sent.headers["Authorization"] == "Bearer secret"
    assert sent.headers["Accept"] == "application/fhir+json"


def test_without_a_token_none_is_sent(server, monkeypatch, tmp_path):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine ehr.example.org login me password mine\n")
    monkeypatch.setenv("NETRC", str(netrc))
    server.get(f"{BASE}/{SEARCH}", json=bundle())
    fetch()
    assert "Authorization" not in server.calls[0].request.headers


def test_a_server_that_found_nothing_is_not_a_server_that_failed(server):
    server.get(f"{BASE}/{SEARCH}", json=bundle())
    assert ids_of(fetch()) == []
    server.replace("GET", f"{BASE}/{SEARCH}", status=500)
    assert fetch() == Unavailable("the FHIR server answered with status 500")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"status": 401}, "status 401"),
        ({"status": 404}, "status 404"),
        ({"status": 302, "headers": {"Location": "https://evil.example.net/"}}, "status 302"),
        ({"body": "<html>"}, "not JSON"),
        ({"body": ""}, "not JSON"),
        ({"json": [1]}, "not a FHIR resource"),
        ({"json": {"hello": "there"}}, "not a FHIR resource"),
        ({"json": {"resourceType": "OperationOutcome"}}, "OperationOutcome"),
        ({"body": requests.ConnectTimeout()}, "in time"),
        ({"body": requests.exceptions.SSLError()}, "certificate"),
        ({"body": requests.ConnectionError()}, "could not be reached"),
        ({"body": b"\x1f\x8b", "headers": {"Content-Encoding": "gzip"}}, "compressed"),
    ],
)
def test_what_goes_wrong_is_said_and_never_raised(server, answer, reason):
    server.get(f"{BASE}/{SEARCH}", **answer)
    found = fetch()
    assert isinstance(found, Unavailable)
    assert reason in found.reason
    assert "p1" not in found.reason  # no patient data in a reason that is logged and shown


def test_a_redirect_is_not_followed(server):
    server.get(f"{BASE}/{SEARCH}", status=307, headers={"Location": "https://evil.example.net/x"})
    fetch(token="secret")
    assert len(server.calls) == 1


def test_an_answer_that_is_too_large_is_given_up(server, monkeypatch):
    monkeypatch.setattr("fhir_pgx.fhir.visit.MAX_BYTES", 1000)
    server.get(f"{BASE}/{SEARCH}", json=bundle(*(f"o{i}" for i in range(100))))
    assert "too large" in fetch().reason


# Further pages


def test_further_pages_of_the_same_server_are_read(server):
    server.get(f"{BASE}/{SEARCH}", json=bundle("a", next_url=f"{BASE}?page=2"))
    server.get(f"{BASE}?page=2", json=bundle("b"))
    found = fetch(token="secret")
    assert (ids_of(found), found.complete) == (["a", "b"], True)


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example.net/fhir?page=2",
        "https://ehr.example.org.evil.example.net/fhir?page=2",
        "https://ehr.example.org@evil.example.net/fhir?page=2",
        "https://ehr.example.org:8443/fhir?page=2",
        "http://ehr.example.org/fhir?page=2",
        "https://ehr.example.org/other?page=2",
        "https://ehr.example.org/fhir/../other?page=2",
        "https://ehr.example.org/fhir/%2e%2e/other?page=2",
        "/fhir?page=2",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_page_elsewhere_is_not_read_and_the_answer_says_it_is_not_complete(server, elsewhere):
    page = bundle("a")
    page["link"] = [{"relation": "next", "url": elsewhere}]
    server.get(f"{BASE}/{SEARCH}", json=page)
    found = fetch(token="secret")
    assert (ids_of(found), found.complete) == (["a"], False)
    assert len(server.calls) == 1


def test_pages_without_end_come_to_an_end(server):
    server.get(f"{BASE}/{SEARCH}", json=bundle("a", next_url=f"{BASE}/{SEARCH}"))
    found = fetch()
    assert (len(found.documents), found.complete) == (10, False)


def test_a_page_that_fails_leaves_the_pages_before_it_marked_as_not_complete(server):
    server.get(f"{BASE}/{SEARCH}", json=bundle("a", next_url=f"{BASE}?page=2"))
    server.get(f"{BASE}?page=2", status=500)
    found = fetch()
    assert (ids_of(found), found.complete) == (["a"], False)


# Whom we call


@pytest.mark.parametrize(
    "asked",
    [
        "https://evil.example.net/fhir",
        "https://ehr.example.org/fhirx",  # a prefix by letters is none by segments
        "https://ehr.example.org/",
        "https://ehr.example.org/fhir/../admin",
        "https://ehr.example.org:444/fhir",
        "http://ehr.example.org/fhir",
        "https://me:secret@ehr.example.org/fhir",
        "https://ehr.example.org/fhir?x=1",
        "https://ehr.example.org/fhir#x",
        "https://ehr.example.org\\@evil.example.net/fhir",
        "https://ehr.example.org/fhir\r\nX: y",
        "https://[",
        "ftp://ehr.example.org/fhir",
        "",
    ],
)
def test_a_server_that_is_not_listed_is_never_called(server, asked):
    found = fetch(base=asked, token="secret")
    assert found == Unavailable("the FHIR server is not on the list of servers we call")
    assert len(server.calls) == 0


@pytest.mark.parametrize(
    "asked",
    ["https://ehr.example.org/fhir/", "https://EHR.example.org/fhir", "https://ehr.example.org:443/fhir/t1"],
)  # fmt: skip
def test_the_same_server_in_another_spelling_or_a_tenant_below_it_is_listed(asked):
    assert client().find_listed(asked) is not None


def test_by_default_no_server_is_listed():
    assert FhirClient().find_listed(BASE) is None


@pytest.mark.parametrize(
    ("query", "safe"),
    [
        ("Patient/p1", True),
        ("Observation?patient=p1&category=laboratory&code=http://loinc.org|84413-4", True),
        ("Observation/_search?x=a:b", True),
        ("../admin", False),
        ("Patient/%2e%2e/admin", False),
        ("/admin", False),
        ("//evil.example.net/", False),
        ("https://evil.example.net/", False),
        ("Patient/p1\r\nX: y", False),
        ("Patient/p1#x", False),
        ("?x", False),
        ("", False),
    ],
)
def test_a_query_stays_under_its_base(server, query, safe):
    assert is_safe_relative(query) is safe
    if not safe:
        assert "plain relative" in fetch(query).reason
        assert len(server.calls) == 0


@pytest.mark.parametrize(
    ("address", "public", "private"),
    [
        ("93.184.216.34", True, True),
        ("2606:2800:220:1::1", True, True),
        ("10.0.0.7", False, True),
        ("192.168.1.1", False, True),
        ("172.16.0.1", False, True),
        ("100.64.0.1", False, True),  # carrier-grade NAT
        ("127.0.0.1", False, True),
        ("169.254.169.254", False, False),  # cloud metadata
        ("0.0.0.0", False, False),
        ("224.0.0.1", False, False),
        ("::1", False, True),
        ("fe80::1%eth0", False, False),  # link-local
        ("fd00::1", False, True),
        ("::ffff:10.0.0.7", False, True),  # the same, mapped into IPv6
        ("2002:0a00:0007::", False, False),  # 6to4
        ("64:ff9b::a00:7", False, True),  # NAT64
        ("not an address", False, False),
    ],
)
def test_addresses_inside_our_network_need_a_server_that_is_listed_as_private(
    address, public, private
):
    assert may_connect(address, parse_base(BASE)) is public
    assert may_connect(address, parse_base(BASE, private=True)) is private


def test_a_name_that_leads_into_our_network_is_not_followed(server):
    found = fetch(of=client(BASE, addresses=(PUBLIC, "10.0.0.7")), token="secret")
    assert "network address" in found.reason
    assert len(server.calls) == 0


def test_plain_http_is_for_loopback_alone():
    assert parse_base("http://localhost:8080/fhir") is None  # listed, but not as private
    assert parse_base("http://localhost:8080/fhir", private=True) is not None
    assert parse_base("http://ehr.example.org/fhir", private=True) is None
    asked = client(private=("http://localhost:8080/fhir",), addresses=("10.0.0.7",))
    found = fetch(base="http://localhost:8080/fhir", of=asked)
    assert "network address" in found.reason


def test_tls_checks_the_name_although_the_connection_goes_to_the_address_checked():
    adapter = _PinnedAdapter(parse_base(BASE), PUBLIC)
    request = requests.Request("GET", f"{BASE}/{SEARCH}").prepare()
    pool = adapter.get_connection_with_tls_context(request, True)
    assert pool.host == PUBLIC
    assert pool.assert_hostname == "ehr.example.org"
    assert pool.conn_kw["server_hostname"] == "ehr.example.org"
    adapter.close()


# A real server on this machine


class Quiet(BaseHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def listening():
    """Start a server at an address of the loopback net; give its port."""
    started = []

    def start(handler, address="127.0.0.1"):
        running = ThreadingHTTPServer((address, 0), handler)
        running.daemon_threads = True
        threading.Thread(target=running.serve_forever, daemon=True).start()
        started.append(running)
        return running.server_address[1]

    yield start
    for running in started:
        running.shutdown()
        running.server_close()


def test_the_name_is_looked_up_once_and_that_address_is_called(listening):
    seen = []

    class Handler(Quiet):
        def do_GET(self):
            seen.append((self.headers["Host"], self.path, self.headers["Cookie"]))
            body = json.dumps(bundle("a")).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Set-Cookie", "who=p1")
            self.end_headers()
            self.wfile.write(body)

    port = listening(Handler, "127.0.0.2")  # where only the resolver below leads
    asked = []

    def resolve(host, port):
        asked.append(host)
        return ["127.0.0.2"]

    base = f"http://localhost:{port}/fhir"
    with Visit(VisitingClient((), (base,), resolve=resolve), base) as visit:
        for _ in range(2):
            assert ids_of(visit.fetch(SEARCH)) == ["a"]
    assert asked == ["localhost"]
    assert seen == [(f"localhost:{port}", f"/fhir/{SEARCH}", None)] * 2


def test_a_server_that_drips_its_answer_meets_the_deadline(listening):
    class Handler(Quiet):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            for _ in range(100):
                try:
                    self.wfile.write(b" ")
                    self.wfile.flush()
                except OSError:
                    return
                time.sleep(0.1)

    base = f"http://127.0.0.1:{listening(Handler)}/fhir"
    began = time.monotonic()
    found = fetch(base=base, of=client(private=(base,), addresses=("127.0.0.1",), timeout=0.5))
    assert "in time" in found.reason
    assert time.monotonic() - began < 3


def test_a_port_where_no_one_listens_is_unavailable(listening):
    base = "http://127.0.0.1:9/fhir"
    found = fetch(base=base, of=client(private=(base,), addresses=("127.0.0.1",)))
    assert found == Unavailable("the FHIR server could not be reached")
