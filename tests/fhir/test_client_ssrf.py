"""Attacks on outgoing calls: each a road by which somebody could make us call what we should not,
hold us, or get at a token. Where it matters a real socket on this machine is at the other end."""

import gzip
import io
import json
import logging
import socket
import ssl
import threading
import time
import traceback
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest
import responses
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fhir_pgx.fhir.addresses import may_connect, parse_base
from fhir_pgx.fhir.client import CallFailed, Limits
from fhir_pgx.fhir.visit import Retrieved, Unavailable, VisitingClient

BASE = "https://ehr.example.org/fhir"
PUBLIC = "93.184.216.34"
SEARCH = "Observation?patient=patient-marker"
TOKEN = "token-marker.abc"
NOT_LISTED = Unavailable("the FHIR server is not on the list of servers we call")


def client(*, public=(BASE,), private=(), addresses=(PUBLIC,), timeout=5.0):
    return VisitingClient(
        public, private, timeout_seconds=timeout, resolve=lambda host, port: addresses
    )


def local(port, *, addresses=("127.0.0.1",), timeout=5.0):
    """A client whose one listed server is a socket of this machine, and its base."""
    base = f"http://localhost:{port}/fhir"
    return client(public=(), private=(base,), addresses=addresses, timeout=timeout), base


def fetch(of, base=BASE, *, query=SEARCH, token=TOKEN, among=None):
    with of.visit(base, token=token, among=among) as visit:
        return visit.fetch(query)


def bundle(**members):
    return {"resourceType": "Bundle", "type": "searchset", "entry": [], **members}


def answered(document, *headers):
    """The bytes of an answer with this document."""
    body = json.dumps(document).encode()
    lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Listener:
    """A socket that keeps what was asked and lets `speak` answer each connection."""

    def __init__(self, speak, address="127.0.0.1", port=0):
        self._speak, self.asked = speak, []
        self._socket = socket.create_server((address, port))
        self._open = []
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self):
        with suppress(OSError):
            while True:
                found, _ = self._socket.accept()
                self._open.append(found)
                threading.Thread(target=self._answer, args=(found,), daemon=True).start()

    def _answer(self, found):
        with suppress(OSError):
            while asked := found.recv(65_536):
                self.asked.append(asked.decode("latin-1"))
                self._speak(found)

    def close(self):
        for each in (self._socket, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()


@pytest.fixture
def listen():
    made = []

    def start(speak, **where):
        made.append(Listener(speak, **where))
        return made[-1]

    yield start
    for each in made:
        each.close()


def saying(answer):
    return lambda found: found.sendall(answer)


@contextmanager
def within(seconds):
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


# Where a name leads


@pytest.mark.parametrize(
    "addresses",
    [("10.0.0.7",), ("127.0.0.1",), ("169.254.169.254",), ("::1",), ("fd00:ec2::254",)],
    ids=str,
)
def test_a_listed_name_whose_dns_answer_lies_inside_is_not_called(addresses):
    with responses.RequestsMock() as mocked:
        found = fetch(client(addresses=addresses))
        assert "network address" in found.reason
        assert len(mocked.calls) == 0


@pytest.mark.parametrize("addresses", [(PUBLIC, "10.0.0.7"), ("10.0.0.7", PUBLIC)], ids=str)
def test_one_inside_address_among_public_ones_is_enough_to_refuse(addresses):
    with responses.RequestsMock() as mocked:
        assert "network address" in fetch(client(addresses=addresses)).reason
        assert len(mocked.calls) == 0


def test_a_name_that_leads_elsewhere_the_second_time_is_not_looked_up_twice(listen):
    first = listen(saying(answered(bundle())), address="127.0.0.2")
    second = listen(saying(answered(bundle())), address="127.0.0.3", port=first.port)
    answers = iter((["127.0.0.2"], ["127.0.0.3"], ["127.0.0.3"]))
    base = f"http://localhost:{first.port}/fhir"
    of = VisitingClient((), (base,), resolve=lambda host, port: next(answers))
    with of.visit(base) as visit:
        assert isinstance(visit.fetch(SEARCH), Retrieved)
        assert isinstance(visit.fetch(SEARCH), Retrieved)
    assert (len(first.asked), second.asked) == (2, [])


def test_a_name_that_is_looked_up_for_ever_meets_the_deadline():
    waiting = threading.Event()

    def resolve(host, port):
        waiting.wait(20)
        return [PUBLIC]

    with within(3):
        found = fetch(VisitingClient((BASE,), timeout_seconds=0.3, resolve=resolve))
    waiting.set()
    assert "in time" in found.reason


@pytest.mark.parametrize("error", [OSError("no"), UnicodeError("label too long")])
def test_a_name_that_is_not_resolved_is_a_failure_that_says_so(error):
    def resolve(host, port):
        raise error

    assert "not resolved" in fetch(VisitingClient((BASE,), resolve=resolve)).reason


NEVER = [
    ("0.0.0.0", "unspecified"),
    ("0.1.2.3", "this network"),
    ("169.254.169.254", "cloud metadata"),
    ("169.254.170.2", "container credentials"),
    ("100.100.100.200", "cloud metadata"),
    ("168.63.129.16", "cloud metadata at a public address"),
    ("192.0.0.192", "cloud metadata"),
    ("224.0.0.1", "multicast"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.255", "broadcast"),
    ("::", "unspecified"),
    ("fe80::1", "link-local"),
    ("fe80::1%eth0", "link-local with a zone"),
    ("fec0::1", "site-local"),
    ("ff02::1", "multicast"),
    ("fd00:ec2::254", "cloud metadata"),
    ("fd20:ce::254", "cloud metadata"),
    ("::ffff:169.254.169.254", "mapped metadata"),
    ("::ffff:0:0", "mapped unspecified"),
    ("::ffff:0:7f00:1", "translated loopback"),
    ("::7f00:1", "IPv4-compatible loopback"),
    ("64:ff9b::a9fe:a9fe", "NAT64 of metadata"),
    ("64:ff9b:1::7f00:1", "NAT64 of a site's own"),
    ("2002:7f00:1::", "6to4 of loopback"),
    ("2002:5db8:d822::", "6to4 of a public address"),
    ("2001:0:5db8:d822::1", "Teredo"),
    ("2001:db8::5efe:7f00:1", "ISATAP"),
    ("2606:2800::200:5efe:a00:7", "ISATAP of a private address"),
    ("127.0.0.1.example.org", "a name"),
    ("0x7f000001", "hexadecimal"),
    ("0177.0.0.1", "octal"),
    ("2130706433", "one number"),
    ("", "nothing"),
]


@pytest.mark.parametrize(("address", "what"), NEVER, ids=str)
def test_no_server_is_called_at_an_address_that_is_no_server_s(address, what):
    assert not may_connect(address, parse_base(BASE))
    assert not may_connect(address, parse_base(BASE, private=True))


@pytest.mark.parametrize(
    "address",
    ["10.0.0.7", "172.31.255.255", "192.168.1.1", "100.64.0.1", "127.0.0.1", "::1", "fd00::1",
     "::ffff:10.0.0.7", "::ffff:7f00:1", "64:ff9b::a00:7", "192.0.2.1", "198.18.0.1",
     "203.0.113.9"],
)  # fmt: skip
def test_an_address_inside_is_called_only_for_a_server_that_is_listed_as_private(address):
    assert not may_connect(address, parse_base(BASE))
    assert may_connect(address, parse_base(BASE, private=True))


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:220:1::1", "::ffff:93.184.216.34"])
def test_a_public_address_is_called(address):
    assert may_connect(address, parse_base(BASE))


@pytest.mark.parametrize("address", ["10.0.0.7", PUBLIC, "fd00::1"])
def test_plain_http_goes_to_loopback_alone_wherever_the_name_leads(address):
    assert not may_connect(address, parse_base("http://localhost:8080", private=True))


@pytest.mark.parametrize(
    "url",
    [
        "https://2130706433/fhir",
        "https://0x7f000001/fhir",
        "https://0x7f.1/fhir",
        "https://0177.0.0.1/fhir",
        "https://127.1/fhir",
        "https://ehr.example.0x7f/fhir",
        "https://ehr.example.org../fhir",
        "https://.ehr.example.org/fhir",
        "https://ehr..example.org/fhir",
        "https://ehr.example.org%2eevil.example.net/fhir",
        "https://ehr.ex\u0430mple.org/fhir",  # a Cyrillic letter
        "https://ehr\u3002example\u3002org/fhir",  # full stops that are folded to dots
        "https://[fe80::1%25eth0]/fhir",
        "https://[v1.x]/fhir",
        "https:///fhir",
        "https://ehr.example.org:0/fhir",
        "https://ehr.example.org:99999/fhir",
        "https://" + "a." * 130 + "org/fhir",
    ],
)
def test_a_host_that_could_be_read_in_two_ways_is_no_base(url):
    assert parse_base(url, private=True) is None
    assert client(public=(url, BASE)).find_listed(url) is None


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://ehr.example.org./fhir", "ehr.example.org"),
        ("https://xn--kran-0ra.example.org/fhir", "xn--kran-0ra.example.org"),
        ("https://[2606:2800:220:1::1]/fhir", "2606:2800:220:1::1"),
        ("https://93.184.216.34/fhir", "93.184.216.34"),
    ],
)
def test_a_host_in_its_usual_spelling_is_one(url, host):
    assert parse_base(url).host == host


# Which address is asked


@pytest.mark.parametrize(
    "asked",
    [
        "https://ehr.example.org@evil.example.net/fhir",
        "https://user:pw@ehr.example.org/fhir",
        "https://ehr.example.org:8443/fhir",
        "https://ehr.example.org:22/fhir",
        "https://xn--ehr-9na.example.org/fhir",
        "https://ehr.example.org.evil.example.net/fhir",
        "https://ehr.example.org/fhir/..%2fadmin/%2e%2e",
        "https://ehr.example.org/FHIR",
        "https://[::ffff:93.184.216.34]/fhir",
        "gopher://ehr.example.org/fhir",
        "file:///etc/passwd",
    ],
)
def test_what_is_only_like_a_listed_server_is_not_called(asked):
    with responses.RequestsMock() as mocked:
        assert fetch(client(), asked) == NOT_LISTED
        assert len(mocked.calls) == 0


def test_a_port_other_than_usual_is_called_only_where_it_is_listed():
    listed = "https://ehr.example.org:8443/fhir"
    assert client(public=(listed,)).find_listed(listed) is not None
    assert client(public=(listed,)).find_listed(BASE) is None


def test_a_caller_may_make_us_call_its_own_servers_alone():
    other = "https://other.example.org/fhir"
    of = client(public=(BASE, other))
    assert of.find_listed(other, among=(BASE,)) is None
    assert of.find_listed(f"{BASE}/tenant", among=(BASE,)) is not None
    assert of.find_listed(BASE, among=()) is None
    with responses.RequestsMock() as mocked:
        assert fetch(of, other, among=(BASE,)) == NOT_LISTED
        assert len(mocked.calls) == 0


def test_what_is_registered_for_a_caller_does_not_widen_the_list():
    elsewhere = "https://elsewhere.example.org/fhir"
    assert client().find_listed(elsewhere, among=(elsewhere,)) is None


@pytest.mark.parametrize(
    "query",
    [
        "Patient/p1\r\nX-Injected: 1",
        "Patient/p1\nHost: evil.example.net",
        "Patient/p1%0d%0aX: y/../../admin",
        "Patient/p1 HTTP/1.1",
        "Patient\\..\\admin",
        "Patient/\u2025/admin",
        "Patient/%2E%2e/%2e./admin",
        "@evil.example.net/",
        "Patient/p1\x00",
    ],
)
def test_a_path_cannot_carry_another_request(query):
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        mocked.get(f"{BASE}/{query.partition('?')[0]}", json=bundle())
        found = fetch(client(), query=query)
        if query.startswith("@"):  # after the base's slash it is a name like any other
            assert [call.request.url for call in mocked.calls] == [f"{BASE}/{query}"]
        else:
            assert "plain relative" in found.reason
            assert len(mocked.calls) == 0


@pytest.mark.parametrize(
    "token", ["abc\r\nX-Injected: 1", "abc\nx", "a b", "abc\x00", "caf\u00e9", "a=b=c,"]
)
def test_a_token_cannot_carry_another_header_and_is_not_quoted(listen, token):
    there = listen(saying(answered(bundle())))
    of, base = local(there.port)
    found = fetch(of, base, token=token)
    assert found == Unavailable("the access token has signs that no token has")
    assert there.asked == []


# What an answer may try


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_cloud_metadata_or_elsewhere_is_not_followed(listen, status):
    thief = listen(saying(answered(bundle())))
    for target in ("http://169.254.169.254/latest/", f"http://localhost:{thief.port}/fhir/x"):
        head = f"HTTP/1.1 {status} Found\r\nLocation: {target}\r\nContent-Length: 0\r\n\r\n"
        there = listen(saying(head.encode()))
        of, base = local(there.port)
        assert fetch(of, base) == Unavailable(f"the FHIR server answered with status {status}")
        assert len(there.asked) == 1
    assert thief.asked == []


def test_a_next_link_to_another_server_is_not_followed_and_the_token_stays(listen):
    thief = listen(saying(answered(bundle())))
    link = [{"relation": "next", "url": f"http://localhost:{thief.port}/fhir?page=2"}]
    there = listen(saying(answered(bundle(link=link))))
    of, base = local(there.port)
    found = fetch(of, base)
    assert found.complete is False
    assert TOKEN in there.asked[0]
    assert thief.asked == []


@pytest.mark.parametrize(
    "tail", ["?page=2\r\nX: y", "?page=2 HTTP/1.1", "?page=\u2028x", "?p=\\..", "#x", "/../admin"]
)
def test_a_next_link_of_this_server_with_odd_signs_is_not_followed(tail):
    page = bundle(link=[{"relation": "next", "url": f"{BASE}{tail}"}])
    with responses.RequestsMock() as mocked:
        mocked.get(f"{BASE}/{SEARCH}", json=page)
        assert fetch(client()).complete is False
        assert len(mocked.calls) == 1


def test_an_absolute_reference_to_another_server_is_not_followed(listen):
    thief = listen(saying(answered(bundle())))
    elsewhere = f"http://localhost:{thief.port}/fhir/Patient/p1"
    entry = {
        "fullUrl": elsewhere,
        "resource": {
            "resourceType": "Observation",
            "subject": {"reference": elsewhere},
            "derivedFrom": [{"reference": elsewhere}],
            "contained": [{"resourceType": "Binary", "data": elsewhere}],
        },
    }
    there = listen(saying(answered(bundle(entry=[entry]))))
    of, base = local(there.port)
    assert isinstance(fetch(of, base), Retrieved)
    assert (len(there.asked), thief.asked) == (1, [])


def test_a_token_is_not_sent_beyond_the_base_whoever_asks():
    of = client()
    base = of.find_listed(BASE)
    with responses.RequestsMock() as mocked, of.connect(base, Limits(1000, 5.0)) as connection:
        for url in ("https://ehr.example.org/other", "https://evil.example.net/fhir"):
            with pytest.raises(CallFailed, match="not under the base"):
                connection.call("GET", url, token=TOKEN)
        assert len(mocked.calls) == 0


def test_a_cookie_that_is_planted_is_not_sent_back(listen):
    planted = ("Set-Cookie: a=patient-marker; Path=/", "Set-Cookie: b=1; Domain=localhost")
    there = listen(saying(answered(bundle(), *planted)))
    of, base = local(there.port)
    with of.visit(base) as visit:
        visit.fetch(SEARCH)
        visit.fetch(SEARCH)
    assert len(there.asked) == 2
    assert "cookie" not in "".join(there.asked).lower()


def test_a_proxy_of_the_environment_is_not_used(listen, monkeypatch):
    proxy, there = listen(saying(answered(bundle()))), listen(saying(answered(bundle())))
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("NO_PROXY", "")
    monkeypatch.setenv("no_proxy", "")
    of, base = local(there.port)
    assert isinstance(fetch(of, base), Retrieved)
    assert (len(there.asked), proxy.asked) == (1, [])


# What holds us


def dripping(*parts, every=0.05):
    """Say the first part, then the second one letter at a time, for longer than anybody waits."""

    def speak(found):
        found.sendall(parts[0])
        until = time.monotonic() + 4
        while time.monotonic() < until:
            for letter in parts[1]:
                found.sendall(bytes([letter]))
                time.sleep(every)
        found.shutdown(socket.SHUT_RDWR)

    return speak


@pytest.mark.parametrize(
    "parts",
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 ", b"O"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"a"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", b"a"),
    ],
    ids=["1xx", "status", "header", "body", "chunks", "chunk size"],
)
def test_an_answer_that_drips_meets_the_deadline_wherever_it_drips(listen, parts):
    there = listen(dripping(*parts))
    of, base = local(there.port, timeout=0.5)
    with within(2):
        assert fetch(of, base) == Unavailable("the FHIR server did not answer in time")


def test_a_tls_handshake_that_drips_meets_the_deadline(listen):
    # The head of a record of 16 KiB, whose content then comes a byte at a time.
    there = listen(dripping(b"\x16\x03\x03\x40\x00", b"\x02"))
    base = f"https://localhost:{there.port}/fhir"
    of = client(public=(), private=(base,), addresses=("127.0.0.1",), timeout=0.5)
    with within(2):
        assert fetch(of, base) == Unavailable("the FHIR server did not answer in time")


def test_a_server_that_says_nothing_meets_the_deadline(listen):
    there = listen(lambda found: time.sleep(5))
    of, base = local(there.port, timeout=0.3)
    with within(2):
        assert "in time" in fetch(of, base).reason


def test_the_watch_over_a_call_ends_with_it(listen):
    there = listen(saying(answered(bundle())))
    of, base = local(there.port, timeout=60.0)
    before = threading.active_count()
    for _ in range(3):
        assert isinstance(fetch(of, base), Retrieved)
    assert threading.active_count() <= before + 3  # those of the listener


def test_a_body_without_end_is_given_up(listen, monkeypatch):
    monkeypatch.setattr("fhir_pgx.fhir.visit.MAX_BYTES", 200_000)

    def speak(found):
        found.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            found.sendall(b"8000\r\n" + b" " * 0x8000 + b"\r\n")

    there = listen(speak)
    of, base = local(there.port)
    with within(4):
        assert "too large" in fetch(of, base).reason


def test_a_length_that_is_announced_is_not_believed(listen, monkeypatch):
    monkeypatch.setattr("fhir_pgx.fhir.visit.MAX_BYTES", 1000)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n"
    there = listen(saying(head + b" " * 5000))
    of, base = local(there.port)
    with within(4):
        assert "too large" in fetch(of, base).reason


@pytest.mark.parametrize("many", [b"X-A: b\r\n" * 5000, b"X-A: " + b"b" * 200_000 + b"\r\n"])
def test_headers_without_measure_are_given_up(listen, many):
    there = listen(saying(b"HTTP/1.1 200 OK\r\n" + many + b"Content-Length: 2\r\n\r\n{}"))
    of, base = local(there.port, timeout=3.0)
    with within(4):
        assert isinstance(fetch(of, base), Unavailable)


def bomb():
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb") as file:
        for _ in range(100):
            file.write(b" " * 1_000_000)
    return packed.getvalue()


@pytest.mark.parametrize("coding", ["gzip", "GZIP", "deflate", "br", "gzip, gzip", "x-gzip"])
def test_a_compressed_answer_is_not_unpacked(listen, coding):
    body = bomb()
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n"
    there = listen(saying(head.encode() + body))
    of, base = local(there.port)
    assert "compressed" in fetch(of, base).reason


def test_a_transfer_that_is_compressed_is_not_unpacked_either(listen):
    body = bomb()
    head = f"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: {len(body)}\r\n\r\n"
    there = listen(saying(head.encode() + body))
    of, base = local(there.port)
    assert isinstance(fetch(of, base, token=""), Unavailable)


def test_pages_without_end_come_to_an_end_with_real_connections(listen):
    def speak(found):
        found.sendall(answered(bundle(link=[{"relation": "next", "url": f"{base}?page=again"}])))

    there = listen(speak)
    of, base = local(there.port)
    found = fetch(of, base)
    assert (len(found.documents), found.complete, len(there.asked)) == (10, False, 10)


# What is left behind


@pytest.mark.parametrize(
    "answer",
    [
        answered(bundle()),
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n: broken\r\nbroken\r\n\r\n{}",
        b"HTTP/1.1 302 Found\r\nLocation: /patient-marker\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/9.9 what\r\n\r\n",
        b"",
    ],
    ids=["in order", "broken headers", "redirect", "broken status", "silence"],
)
def test_neither_token_nor_address_reaches_a_log_or_an_error(listen, caplog, answer):
    caplog.set_level(logging.DEBUG)
    there = listen(lambda found: found.sendall(answer) if answer else found.close())
    of, base = local(there.port, timeout=1.0)
    visit = of.visit(base, token=TOKEN)
    with visit:
        found = visit.fetch(SEARCH)
        listed = of.find_listed(base)
        with of.connect(listed, Limits(10_000, 1.0)) as connection:
            try:
                connection.get(f"{base}/{SEARCH}", token=TOKEN)
                told = ""
            except CallFailed as failed:
                told = "".join(traceback.format_exception(failed))
    shown = f"{caplog.text} {told} {found!r} {visit!r} {vars(visit)!r} {connection!r}"
    assert "token-marker" not in shown
    assert "patient-marker" not in shown
    assert TOKEN in there.asked[0]  # and yet it was sent


def test_where_nobody_listens_the_error_of_the_library_is_not_passed_on():
    with closing(socket.create_server(("127.0.0.1", 0))) as closed:
        port = closed.getsockname()[1]
    of, base = local(port)
    with (
        of.connect(of.find_listed(base), Limits(10_000, 2.0)) as connection,
        pytest.raises(CallFailed, match="could not be reached") as raised,
    ):
        connection.get(f"{base}/{SEARCH}", token=TOKEN)
    shown = "".join(traceback.format_exception(raised.value))
    assert "patient-marker" not in shown  # the library's own names the whole address
    assert "token-marker" not in shown


def test_the_library_s_log_of_others_is_left_to_them(caplog):
    caplog.set_level(logging.DEBUG)
    logging.getLogger("urllib3.connectionpool").debug("a call of the host application")
    assert "a call of the host application" in caplog.text


def test_a_token_is_forgotten_with_the_visit(listen):
    there = listen(saying(answered(bundle())))
    of, base = local(there.port)
    with of.visit(base, token=TOKEN) as visit:
        visit.fetch(SEARCH)
    assert TOKEN not in repr(vars(visit))
    session = visit._connection._session
    assert TOKEN not in repr(session.headers)


def certificate(folder):
    """A certificate that nobody vouches for, and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    written = folder / "certificate.pem"
    written.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return written


def test_a_server_whose_certificate_nobody_vouches_for_gets_no_token(tmp_path):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(tmp_path))
    heard = []

    def serve(listening):
        with (
            suppress(OSError),
            closing(listening.accept()[0]) as plain,
            context.wrap_socket(plain, server_side=True) as secure,
        ):
            heard.append(secure.recv(10_000))

    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        serving = threading.Thread(target=serve, args=(listening,), daemon=True)
        serving.start()
        base = f"https://localhost:{listening.getsockname()[1]}/fhir"
        found = fetch(client(public=(), private=(base,), addresses=("127.0.0.1",)), base)
        serving.join(5)
    assert found == Unavailable("the FHIR server's certificate was not accepted")
    assert TOKEN not in repr(heard)
