"""Oversized, deep, compressed and many-parted requests are refused, quickly and in words."""

import contextlib
import gc
import gzip
import io
import json
import socket
import time
import tracemalloc

import pytest

from fhir_pgx.settings import Settings
from fhir_pgx.web.app import create_app

from ..running_server import running_server

SIGN = "/cds-services/pgx-order-sign"
JSON = {"content_type": "application/json"}
FHIR_JSON = {"content_type": "application/fhir+json"}
FHIR_XML = {"content_type": "application/fhir+xml"}
FORM = {"content_type": "application/x-www-form-urlencoded"}
PARTS = {"content_type": "multipart/form-data"}
OPEN_XML = b'<Patient xmlns="http://hl7.org/fhir">'
# Each takes milliseconds here; what grew with the square of its length would take minutes.
SECONDS = 5


@pytest.fixture
def ask(client):
    """Send, and see that the answer was quick and an OperationOutcome; gives its status."""

    def send(path, data, **more):
        began = time.perf_counter()
        answer = client.post(path, data=data, **more)
        assert time.perf_counter() - began < SECONDS
        assert answer.get_json()["resourceType"] == "OperationOutcome"
        return answer.status_code

    return send


def outcome(answer):
    return answer.get_json()["issue"][0]


# Bodies


@pytest.mark.parametrize("path", [SIGN, f"{SIGN}/feedback", "/api/interpret", "/fhir/Patient"])
def test_a_body_over_the_limit_is_413(make_client, path):
    client = make_client(max_body_bytes=10_000, max_fhir_bytes=10_000)
    assert client.post(path, data=b" " * 10_001, **JSON).status_code == 413


def chunked(client, path, body, **more):
    """Send a body without its length, as `Transfer-Encoding: chunked` does."""
    return client.post(
        path,
        input_stream=io.BytesIO(body),
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"wsgi.input_terminated": True},
        **more,
    )


@pytest.mark.parametrize("path", [SIGN, "/fhir/Patient", "/api/interpret"])
@pytest.mark.parametrize("length", [10_001, 1_000_000])
def test_a_body_whose_length_is_not_stated_is_refused_behind_the_limit(make_client, path, length):
    client = make_client(max_body_bytes=10_000, max_fhir_bytes=10_000)
    assert chunked(client, path, b" " * length, **JSON).status_code == 413


def test_a_body_whose_length_is_not_stated_is_read_whole_up_to_the_limit(make_client, pipeline):
    client = make_client(max_body_bytes=10_000)
    lines = b'{"resourceType": "Patient"}\n' * 10_000
    answer = chunked(client, "/api/interpret", lines[:10_000], content_type="application/ndjson")
    assert answer.status_code == 200
    assert len(pipeline.documents[0].data) == 10_000
    # Cut off at the limit without a word, the patients behind it would just not be there.
    answer = chunked(client, "/api/interpret", lines, content_type="application/ndjson")
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 2_000_000,
        b"[" * 500 + b"]" * 500,
        b'{"a":' * 500_000,
        b'{"a":' * 65 + b"1" + b"}" * 65,
    ],
)
@pytest.mark.parametrize("path", [SIGN, "/fhir/Patient"])
def test_json_without_a_bottom_is_refused(ask, path, body):
    assert ask(path, body, **JSON) == 400


def test_xml_without_a_bottom_is_refused(ask):
    deep = OPEN_XML + b'<extension url="a">' * 200_000
    assert ask("/fhir/Patient", deep, **FHIR_XML) == 400
    closed = OPEN_XML + b'<extension url="a">' * 80 + b"</extension>" * 80 + b"</Patient>"
    assert ask("/fhir/Patient", closed, **FHIR_XML) == 400


@pytest.mark.parametrize(
    "entity",
    [
        b'<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">',
        b'<!ENTITY a SYSTEM "file:///etc/passwd">',
        b'<!ENTITY % a SYSTEM "http://127.0.0.1:9/x">%a;',
    ],
)
@pytest.mark.parametrize("path", ["/fhir/Patient", "/api/interpret", "/fhir/$validate"])
def test_an_entity_is_never_read(whole, path, entity):
    body = b"<!DOCTYPE Patient [" + entity + b"]>" + OPEN_XML + b"</Patient>"
    answer = whole.post(path, data=body, **FHIR_XML)
    assert answer.status_code in (200, 400)  # $validate tells it as a finding
    assert "a DOCTYPE is not accepted" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "number", [b"9" * 4_000_000, b"0." + b"9" * 4_000_000, b"1e999999999", b"-1E-99999"]
)
def test_a_number_too_large_for_arithmetic_is_refused(ask, number):
    assert ask(SIGN, b'{"hook":' + number + b"}", **JSON) == 400


def test_a_key_that_stands_half_a_million_times_is_refused(ask):
    assert ask(SIGN, b"{" + b'"a":1,' * 500_000 + b'"a":1}', **JSON) == 400


# Compression


BOMB = gzip.compress(b" " * 200_000_000)


def test_a_compressed_body_is_unpacked_to_the_limit_and_no_further(client):
    for path in ("/api/interpret", "/fhir/Patient", "/fhir/$validate"):
        client.post(path, data=gzip.compress(b"{}"), **FHIR_JSON)  # what is loaded at first use
    for path, most in (("/api/interpret", 5), ("/fhir/Patient", 50), ("/fhir/$validate", 50)):
        tracemalloc.start()
        answer = client.post(path, data=BOMB, headers={"Content-Encoding": "gzip"}, **FHIR_JSON)
        held = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert answer.status_code == 413
        assert held < 4 * most * 1_000_000


def test_members_of_one_gzip_file_count_together(ask):
    many = gzip.compress(b" " * 4_000_000) * 1000
    assert ask("/api/interpret", many, **FHIR_JSON) == 413


def test_what_is_packed_twice_is_not_unpacked_twice(client, pipeline):
    twice = gzip.compress(BOMB)
    client.post("/api/interpret", data=twice, **FHIR_JSON)
    assert [len(each.data) for each in pipeline.documents] == [len(BOMB)]


def packed_parts(number, size):
    part = gzip.compress(b" " * size)
    return {"file": [(io.BytesIO(part), f"{i}.json.gz") for i in range(number)]}


def test_parts_count_together_once_they_are_unpacked(client, pipeline):
    # Each alone is within the limit: five hundred of them would fill the memory.
    answer = client.post("/api/interpret", data=packed_parts(500, 4_900_000), **PARTS)
    assert answer.status_code == 413
    assert outcome(answer)["code"] == "too-long"
    assert pipeline.documents is None
    within = client.post("/api/interpret", data=packed_parts(4, 1_000_000), **PARTS)
    assert within.status_code == 200


def test_parts_of_several_names_count_together(client):
    part = gzip.compress(b" " * 3_000_000)
    form = {name: (io.BytesIO(part), "a.gz") for name in ("file", "outside-calls")}
    assert client.post("/api/interpret", data=form, **PARTS).status_code == 413


# The parts that were read are dropped with the request, and Python warns of each.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_more_parts_than_a_thousand_are_refused(client):
    parts = {"file": [(io.BytesIO(b"{}"), f"{i}.json") for i in range(1_500)]}
    assert client.post("/api/interpret", data=parts, **PARTS).status_code == 413
    gc.collect()  # here, and not within another test


@pytest.mark.parametrize("path", [SIGN, f"{SIGN}/feedback"])
@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate", "gzip, gzip", "zstd"])
def test_a_hook_takes_no_compressed_body(ask, path, encoding):
    assert ask(path, BOMB[:1000], headers={"Content-Encoding": encoding}, **JSON) == 415


@pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd", "identity, gzip"])
def test_an_encoding_we_do_not_read_is_refused(ask, encoding):
    for path in ("/api/interpret", "/fhir/Patient"):
        assert ask(path, BOMB[:1000], headers={"Content-Encoding": encoding}, **FHIR_JSON) == 415


@pytest.mark.parametrize(
    "broken",
    [BOMB[:100], BOMB[:50] + b"x" * 100, b"\x1f\x8b"],
    ids=["cut off", "overwritten", "begun"],  # what is compressed holds the time: no name of a test
)
def test_broken_compression_is_refused(ask, broken):
    for path in ("/api/interpret", "/fhir/Patient"):
        assert ask(path, broken, headers={"Content-Encoding": "gzip"}, **FHIR_JSON) == 400


# Queries and forms


def test_a_query_longer_than_any_question_is_refused(client):
    for path in ("/fhir/Observation", "/fhir/$find-subject-variants", "/fhir/StructureDefinition"):
        answer = client.get(f"{path}?code={'a' * 70_000}")
        assert answer.status_code == 413
        assert "a" * 100 not in answer.get_data(as_text=True)


def test_a_long_list_of_ids_is_still_answered(client):
    ids = ",".join(f"{number:064}" for number in range(300))
    assert client.get(f"/fhir/Observation?_id={ids}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/fhir/Observation/_search",
        "/fhir/$find-subject-variants",
        "/fhir/StructureDefinition/_search",
        "/fhir/Patient/p1/$everything",
    ],
)
def test_a_form_larger_than_any_question_is_refused(ask, path):
    assert ask(path, "a=1&" * 200_000, **FORM) == 413


@pytest.mark.parametrize("path", ["/fhir/Observation/_search", "/fhir/$find-subject-variants"])
def test_a_form_of_many_parameters_is_refused(ask, path):
    assert ask(path, "code=1&" * 5_000, **FORM) == 400


def test_a_form_of_unstated_length_is_refused_and_never_cut(client):
    answer = chunked(client, "/fhir/Observation/_search", b"a=1&" * 200_000, **FORM)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    "query",
    [
        "code=" + ",".join(str(number) for number in range(5_000)),
        "&".join(f"code={number}" for number in range(5_000)),
        "&".join("_include=Observation:subject" for _ in range(1_000)),
        "_sort=" + ",".join(["date"] * 5_000),
        "_count=99999999999999999999999",
    ],
)
def test_a_search_that_asks_for_everything_at_once_is_refused_or_cut(client, query):
    began = time.perf_counter()
    assert client.get(f"/fhir/Observation?{query}").status_code in (200, 400)
    assert time.perf_counter() - began < SECONDS


def test_a_bundle_of_too_many_entries_is_refused_before_any_is_carried_out(make_client, store):
    client = make_client(max_bundle_entries=10)
    entry = {
        "resource": {"resourceType": "Patient"},
        "request": {"method": "POST", "url": "Patient"},
    }
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry] * 11}
    assert client.post("/fhir", json=bundle).status_code == 413
    assert store.patients() == []


# What little text can stand for much work


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The real pipeline, and a patient with a result."""
    folder = tmp_path_factory.mktemp("whole")
    client = create_app(Settings(database=f"sqlite:///{folder}/limits.db")).test_client()
    client.put("/fhir/Patient/p1", json={"resourceType": "Patient", "id": "p1"})
    client.post("/fhir/MolecularSequence", json=sequence("A", "G"))
    return client


def sequence(ref, alt):
    return {
        "resourceType": "MolecularSequence",
        "coordinateSystem": 0,
        "patient": {"reference": "Patient/p1"},
        "referenceSeq": {
            "referenceSeqId": {"coding": [{"code": "NC_000010.11"}]},
            "windowStart": 0,
            "windowEnd": 100_000_000,
        },
        "variant": [{"start": 1000, "end": 1001, "referenceAllele": ref, "observedAllele": alt}],
    }


def test_alleles_that_fill_a_body_are_compared_in_time_with_their_length(whole):
    began = time.perf_counter()
    body = json.dumps(sequence("A" * 2_000_000, "A" * 2_000_001))
    assert whole.post("/api/interpret", data=body, **FHIR_JSON).status_code == 200
    assert time.perf_counter() - began < SECONDS


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("NC_000001.11:g.1_248000000del", 422),
        ("NC_000001.11:0:248000000:A", 422),
        ("NC_000001.11:g.1_240000000delinsA", 422),
        ("NC_000001.11:g.100000_400000del", 200),
    ],
)
def test_a_short_name_for_a_whole_chromosome_costs_nothing(whole, name, status):
    began = time.perf_counter()
    answer = whole.get(f"/fhir/$find-subject-specific-variants?subject=p1&variants={name}")
    assert answer.status_code == status
    assert time.perf_counter() - began < SECONDS


def test_a_vcf_of_very_many_samples_is_read_in_time_with_its_length(whole):
    fixed = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t"
    names = "\t".join(f"S{number}" for number in range(200_000))
    called = "\t".join(["0/1"] * 200_000)
    row = f"chr10\t94781859\trs4244285\tG\tA\t.\tPASS\t.\tGT\t{called}"
    began = time.perf_counter()
    answer = whole.post(
        "/api/interpret?sample=S7",
        data=f"##fileformat=VCFv4.2\n##reference=GRCh38\n{fixed}{names}\n{row}\n",
        content_type="text/vcf",
    )
    assert answer.status_code == 200
    assert time.perf_counter() - began < SECONDS


# The server itself


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with running_server(tmp_path_factory.mktemp("server")) as address:
        yield int(address.rpartition(":")[2])


def exchange(port, *pieces, seconds=20):
    """What comes back for these bytes, as far as it comes before the connection ends or waits."""
    with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
        answer = b""
        with contextlib.suppress(OSError):
            for piece in pieces:
                connection.sendall(piece)
            while part := connection.recv(65_536):
                answer += part
                if b"\r\n\r\n" in answer:
                    break
    return answer


def start_line(port, *pieces):
    return exchange(port, *pieces).partition(b"\r\n")[0]


HEAD = b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n"


def test_the_server_does_not_say_what_it_is(port):
    answer = exchange(port, HEAD + b"\r\n").lower()
    assert answer.startswith(b"http/1.1 200")
    assert b"server: fhir\r\n" in answer
    assert b"granian" not in answer
    assert b"python" not in answer


def test_headers_larger_than_any_request_needs_are_refused(port):
    assert b" 431 " in start_line(port, HEAD + b"X-A: " + b"a" * 200_000 + b"\r\n\r\n")
    many = b"".join(b"X-%d: a\r\n" % number for number in range(500))
    assert b" 431 " in start_line(port, HEAD + many + b"\r\n")


def test_an_address_longer_than_any_question_is_refused(port):
    line = b"GET /fhir/Patient?_id=" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    assert b" 414 " in start_line(port, line)
    within = b"GET /fhir/Patient?_id=" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    assert b" 200 " in start_line(port, within)


def test_a_chunked_body_over_the_limit_is_refused_and_never_cut(port):
    head = (
        b"POST /cds-services/pgx-order-sign HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    chunk = b"10000\r\n" + b" " * 65_536 + b"\r\n"
    assert b" 413 " in start_line(port, head, chunk * 100, b"0\r\n\r\n")


@pytest.mark.parametrize(
    "lengths",
    [b"Content-Length: 5\r\nContent-Length: 6\r\n", b"Content-Length: -1\r\n",
     b"Content-Length: 5, 6\r\n", b"Content-Length: +5\r\n",
     b"Transfer-Encoding: identity, chunked, x\r\n"],
)  # fmt: skip
def test_a_body_whose_end_two_readers_could_see_at_two_places_is_refused(port, lengths):
    head = b"POST /cds-services/pgx-order-sign HTTP/1.1\r\nHost: 127.0.0.1\r\n" + lengths + b"\r\n"
    assert b" 400 " in start_line(port, head, b"{}   ")


def test_headers_that_never_end_are_not_waited_for(port):
    began = time.perf_counter()
    exchange(port, b"GET /health/live HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ", seconds=30)
    assert time.perf_counter() - began < 15
