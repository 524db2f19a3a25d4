"""Read, create, update and delete over HTTP: every status, every header (FHIR R4, RESTful API)."""

import gzip
import json
import threading
from collections import Counter
from contextlib import closing

import pytest

from fhir_pgx.fhir.xml import parse_xml, write_xml
from fhir_pgx.rest.loading import drafts_in, load_documents
from fhir_pgx.storage import SqlStore
from fhir_pgx.web.fhir_server import server_of

from ..stores import KINDS, new_database
from .fhir_client import (
    BASE,
    JSON,
    XML,
    code_of,
    entry,
    fhir_client,
    observation,
    patient,
    places_of,
    transaction,
    without_server_meta,
)


@pytest.fixture(params=KINDS)
def store(request, tmp_path):
    with closing(SqlStore(new_database(request.param, tmp_path))) as opened:
        yield opened


@pytest.fixture
def client(store):
    return fhir_client(store)


def put(client, resource, **headers):
    path = f"/fhir/{resource['resourceType']}/{resource['id']}"
    return client.put(path, json=resource, headers=headers)


# Create


def test_a_resource_is_created_under_an_id_of_ours(client):
    answer = client.post("/fhir/Patient", json=patient("theirs", active=True))
    assert answer.status_code == 201
    created = answer.get_json()
    assert created["id"] != "theirs"
    assert created["meta"]["versionId"] == "1"
    assert answer.headers["ETag"] == 'W/"1"'
    assert answer.headers["Last-Modified"].endswith("GMT")
    assert answer.headers["Location"] == f"{BASE}/Patient/{created['id']}/_history/1"
    assert answer.content_type == "application/fhir+json; charset=utf-8"
    assert client.get(f"/fhir/Patient/{created['id']}").get_json() == created


def test_a_create_with_criteria_writes_only_where_nothing_matches(client):
    person = patient(identifier=[{"system": "urn:synthetic", "value": "1"}])
    ask = {"If-None-Exist": "identifier=urn:synthetic|1"}
    first = client.post("/fhir/Patient", json=person, headers=ask)
    second = client.post("/fhir/Patient", json=person, headers=ask)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.get_json() == second.get_json()
    client.post("/fhir/Patient", json=person)
    third = client.post("/fhir/Patient", json=person, headers=ask)
    assert (third.status_code, code_of(third)) == (412, "PGX-315")


def test_of_several_who_create_on_one_condition_at_once_one_does(client, store):
    """Also where they spell the condition differently."""
    spelled = ("identifier=urn:synthetic|{0}", "identifier=urn%3Asynthetic%7C{0}")
    found = Counter()

    def create(number, spelling):
        body = patient(identifier=[{"system": "urn:synthetic", "value": str(number)}])
        own = client.application.test_client()
        headers = {"If-None-Exist": spelling.format(number)}
        found[own.post("/fhir/Patient", json=body, headers=headers).status_code] += 1

    for number in range(8):
        threads = [threading.Thread(target=create, args=(number, each)) for each in spelled * 2]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
    assert found == {201: 8, 200: 24}


@pytest.mark.parametrize("criteria", ["nonsense=1", "_count=1", "_sort=_id"])
def test_criteria_that_would_match_everything_are_refused(client, criteria):
    answer = client.post("/fhir/Patient", json=patient(), headers={"If-None-Exist": criteria})
    assert answer.status_code == 400
    assert client.get("/fhir/Patient?_summary=count").get_json()["total"] == 0


@pytest.mark.parametrize(
    ("wanted", "status", "kind"),
    [
        ("return=minimal", 201, None),
        ("return=representation", 201, "Patient"),
        ("return=OperationOutcome", 201, "OperationOutcome"),
        ("handling=lenient; return=minimal", 201, None),
        ("respond-async", 201, "Patient"),
    ],
)
def test_a_write_returns_what_is_preferred(client, wanted, status, kind):
    answer = client.post("/fhir/Patient", json=patient(), headers={"Prefer": wanted})
    assert answer.status_code == status
    assert answer.headers["Location"].startswith(f"{BASE}/Patient/")
    found = json.loads(answer.data)["resourceType"] if answer.data else None
    assert found == kind


# Read, versions, history


def test_versions_are_kept_and_listed_newest_first(client):
    for family in ("One", "Two"):
        put(client, patient("p", name=[{"family": family}]))
    assert client.get("/fhir/Patient/p").headers["ETag"] == 'W/"2"'
    old = client.get("/fhir/Patient/p/_history/1").get_json()
    assert (old["name"][0]["family"], old["meta"]["versionId"]) == ("One", "1")
    for path in ("/fhir/Patient/p/_history", "/fhir/Patient/_history", "/fhir/_history"):
        found = client.get(path).get_json()
        assert found["type"] == "history"
        assert [each["resource"]["meta"]["versionId"] for each in found["entry"]] == ["2", "1"]
        assert [each["response"]["status"] for each in found["entry"]] == ["200", "201"]


def test_a_history_comes_in_pages_that_writes_do_not_disturb(client):
    for number in range(5):
        put(client, patient("p", name=[{"family": f"V{number}"}]))
    page = client.get("/fhir/Patient/p/_history?_count=2").get_json()
    seen = [each["resource"]["meta"]["versionId"] for each in page["entry"]]
    put(client, patient("p", name=[{"family": "later"}]))
    while links := [each["url"] for each in page["link"] if each["relation"] == "next"]:
        assert links[0].startswith(f"{BASE}/Patient/p/_history?_count=2&_after=")
        page = client.get(links[0].removeprefix("http://127.0.0.1:8080")).get_json()
        seen += [each["resource"]["meta"]["versionId"] for each in page["entry"]]
    assert seen == ["5", "4", "3", "2", "1"]


def test_who_has_the_version_already_is_not_sent_it_again(client):
    put(client, patient("p"))
    answer = client.get("/fhir/Patient/p")
    for headers in (
        {"If-None-Match": 'W/"1"'},
        {"If-Modified-Since": answer.headers["Last-Modified"]},
    ):
        again = client.get("/fhir/Patient/p", headers=headers)
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", 'W/"1"')
    assert client.get("/fhir/Patient/p", headers={"If-None-Match": 'W/"2"'}).status_code == 200


def test_head_has_the_headers_and_no_body(client):
    put(client, patient("p"))
    answer = client.head("/fhir/Patient/p")
    assert (answer.status_code, answer.data, answer.headers["ETag"]) == (200, b"", 'W/"1"')


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("get", "/fhir/Patient/nobody", 404, "PGX-310"),
        ("get", "/fhir/Patient/nobody/_history", 404, "PGX-310"),
        ("get", "/fhir/Patient/p/_history/7", 404, "PGX-310"),
        ("get", "/fhir/Patient/p/_history/x", 404, "PGX-310"),
        ("get", "/fhir/Patient/p%20q", 404, "PGX-310"),
        ("get", "/fhir/Basic/1", 404, "PGX-312"),
        ("get", "/fhir/Basic", 404, "PGX-312"),
        ("get", "/fhir/patient", 404, "PGX-312"),
        ("delete", "/fhir/Basic/1", 404, "PGX-312"),
        ("get", "/fhir/$nothing", 404, "PGX-312"),
        ("post", "/fhir/Patient/p/$nothing", 404, "PGX-312"),
        ("patch", "/fhir/Patient/p", 405, ""),
        ("put", "/fhir", 405, ""),
        ("get", "/fhir/a/b/c/d/e", 404, ""),
        ("get", "/fhir/Patient/p/_history?_count=x", 400, "PGX-313"),
        ("get", "/fhir/_history?_since=yesterday", 400, "PGX-313"),
        ("get", "/fhir/_history?_after=nonsense", 400, "PGX-313"),
        # Written by nobody of ours: places of the wrong shape, beyond a database's numbers, a NUL.
        ("get", "/fhir/_history?_after=WzFd", 400, "PGX-313"),
        ("get", "/fhir/_history?_after=WyJhIiwiYiIsImMiLDFd", 400, "PGX-313"),
        (
            "get",
            "/fhir/_history?_after=WzE4NDQ2NzQ0MDczNzA5NTUxNjE1LCJhIiwiYiIsMV0",
            400,
            "PGX-313",
        ),
        ("get", "/fhir/_history?_after=WzEsIlx1MDAwMCIsImEiLDFd", 400, "PGX-313"),
        ("get", "/fhir/Patient/p/$everything?_after=WzFd", 400, "PGX-313"),
        # PostgreSQL takes no NUL.
        ("get", "/fhir/Patient/a%00b", 404, "PGX-310"),
        ("get", "/fhir/Patient/a%00b/_history", 404, "PGX-310"),
        ("get", "/fhir/Patient/a%00b/$everything", 404, "PGX-310"),
        ("get", "/fhir/Patient/a%00b/$validate", 404, "PGX-310"),
        ("put", "/fhir/Patient/%2e%2e", 400, "PGX-313"),
        ("delete", "/fhir/Patient", 400, "PGX-313"),
        ("delete", "/fhir/Patient?_count=1", 400, "PGX-313"),
    ],
)
def test_what_is_not_there_or_not_asked_well_is_said_as_an_outcome(
    client, method, path, status, code
):
    put(client, patient("p"))
    body = {"json": patient("..")} if method == "put" else {}
    answer = getattr(client, method)(path, **body)
    assert (answer.status_code, code_of(answer)) == (status, code)
    assert answer.content_type == "application/fhir+json; charset=utf-8"
    assert "nobody" not in answer.get_data(as_text=True)  # an id may be a name
    in_xml = getattr(client, method)(path, headers={"Accept": XML}, **body)
    assert (in_xml.status_code, in_xml.content_type) == (status, f"{XML}; charset=utf-8")
    assert parse_xml(in_xml.data)["resourceType"] == "OperationOutcome"


# Update


def test_an_update_creates_under_the_id_of_its_address_and_then_updates(client):
    first = put(client, patient("p", active=True))
    second = put(client, patient("p", active=False))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.headers["Location"] == f"{BASE}/Patient/p/_history/1"
    assert second.headers["ETag"] == 'W/"2"'
    assert second.get_json()["active"] is False


def test_what_is_sent_back_unchanged_makes_no_new_version(client):
    read = put(client, patient("p", name=[{"family": "Synthetic"}])).get_json()
    again = put(client, read)
    assert (again.status_code, again.headers["ETag"]) == (200, 'W/"1"')


def test_what_can_be_no_id_is_nobodys(client):
    """Also to a database that takes no NUL."""
    assert client.delete("/fhir/Patient/a%00b").status_code == 204
    assert client.get("/fhir/Patient/a%00b/Observation").get_json()["total"] == 0


@pytest.mark.parametrize("meta", [5, [], "x", None])
def test_a_meta_that_the_server_cannot_write_in_is_refused_and_spoils_no_search(client, meta):
    """One resource that cannot be shown would be every search's fault."""
    for headers in ({}, {"Prefer": "return=minimal"}):
        answer = put(client, patient("p", meta=meta), **headers)
        assert (answer.status_code, places_of(answer)) == (400, ["Patient.meta"])
    sent = transaction(entry("PUT", "Patient/p", patient("p", meta=meta)))
    assert client.post("/fhir", json=sent).status_code == 400
    load_documents(
        server_of(client.application.extensions["fhir_pgx"]), drafts_in([patient("p", meta=meta)])
    )
    for path in (
        "Patient",
        "Patient/p",
        "_history",
        "Patient/p/$everything",
        "Patient?_summary=true",
    ):
        assert client.get(f"/fhir/{path}").status_code == 200
        assert client.get(f"/fhir/{path}", headers={"Accept": XML}).status_code == 200


def test_an_id_does_not_lead_out_of_its_address(client):
    for id_ in (".", ".."):
        answer = put(client, patient(id_))
        assert (answer.status_code, code_of(answer)) == (400, "PGX-313")


@pytest.mark.parametrize(
    ("tag", "status"),
    [
        ('W/"7", W/"1"', 200),
        ('W/"7", W/"8"', 412),
        ('W/"1",', 400),
        ('W/"1"', 200),
        ('"1"', 200),
        ("1", 200),
        ("*", 200),
        ('W/"2"', 412),
        ("W/'1'", 400),
    ],
)
def test_an_update_is_bound_to_the_version_that_it_names(client, tag, status):
    put(client, patient("p", active=True))
    answer = put(client, patient("p", active=False), **{"If-Match": tag})
    assert answer.status_code == status
    assert client.get("/fhir/Patient/p").get_json()["active"] is (status != 200)


def test_a_version_of_what_is_not_there_is_no_match(client):
    assert put(client, patient("p"), **{"If-Match": 'W/"1"'}).status_code == 412
    assert client.get("/fhir/Patient/p").status_code == 404


def test_an_update_may_ask_that_nothing_is_there(client):
    assert put(client, patient("p"), **{"If-None-Match": "*"}).status_code == 201
    assert put(client, patient("p", active=True), **{"If-None-Match": "*"}).status_code == 412


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/fhir/Patient/p", patient("q")),
        ("/fhir/Patient/p", patient()),
        ("/fhir/Patient/p", observation("Patient/p", "p")),
        ("/fhir/Patient/p", {"id": "p"}),
        ("/fhir/Patient/p", []),
        ("/fhir/Patient/a_b", patient("a_b")),
    ],
)
def test_a_body_that_is_not_what_its_address_says_is_400(client, path, body):
    answer = client.put(path, json=body)
    assert (answer.status_code, code_of(answer)) == (400, "PGX-313")


def test_a_conditional_update_creates_updates_or_is_undecided(client):
    def send(**more):
        person = patient(identifier=[{"system": "urn:synthetic", "value": "1"}], **more)
        return client.put("/fhir/Patient?identifier=urn:synthetic|1", json=person)

    created, updated = send(), send(active=True)
    assert (created.status_code, updated.status_code) == (201, 200)
    assert updated.get_json()["id"] == created.get_json()["id"]
    assert send(id="another").status_code == 400
    client.post("/fhir/Patient", json=created.get_json())
    assert (send().status_code, code_of(send())) == (412, "PGX-315")


def test_a_resource_never_goes_to_another_patient(client):
    put(client, observation("Patient/one", "o"))
    answer = put(client, observation("Patient/two", "o"))
    assert (answer.status_code, code_of(answer)) == (409, "PGX-316")
    assert "one" not in answer.get_data(as_text=True).replace("anew", "")
    assert client.get("/fhir/Observation/o").get_json()["subject"]["reference"] == "Patient/one"


def test_an_update_without_subject_keeps_its_patient(client):
    put(client, observation("Patient/one", "o"))
    bare = observation("", "o")
    del bare["subject"]
    assert put(client, bare).status_code == 200
    found = client.get("/fhir/Patient/one/Observation").get_json()
    assert [each["resource"]["id"] for each in found["entry"]] == ["o"]


def test_an_id_of_another_server_is_not_a_patient_of_ours(client):
    put(client, observation("https://elsewhere.example.org/fhir/Patient/one", "o"))
    put(client, observation(f"{BASE}/Patient/one", "ours"))
    found = client.get("/fhir/Patient/one/Observation").get_json()
    assert [each["resource"]["id"] for each in found["entry"]] == ["ours"]


# Delete


def test_a_deleted_resource_is_gone_and_can_come_back(client):
    put(client, patient("p"))
    for _ in range(2):
        assert client.delete("/fhir/Patient/p").status_code == 204
    assert client.delete("/fhir/Patient/never").status_code == 204
    gone = client.get("/fhir/Patient/p")
    assert (gone.status_code, code_of(gone)) == (410, "PGX-311")
    assert client.get("/fhir/Patient/p/_history/1").status_code == 200
    assert client.get("/fhir/Patient/p/_history/2").status_code == 410
    history = client.get("/fhir/Patient/p/_history").get_json()["entry"]
    assert [each["request"]["method"] for each in history] == ["DELETE", "PUT"]
    assert "resource" not in history[0]
    assert put(client, patient("p")).headers["ETag"] == 'W/"3"'


def test_a_deletion_tells_an_outcome_where_that_is_preferred(client):
    put(client, patient("p"))
    answer = client.delete("/fhir/Patient/p", headers={"Prefer": "return=OperationOutcome"})
    assert (answer.status_code, answer.get_json()["resourceType"]) == (200, "OperationOutcome")


def test_a_deletion_is_bound_to_the_version_that_it_names(client):
    put(client, patient("p"))
    assert client.delete("/fhir/Patient/p", headers={"If-Match": 'W/"9"'}).status_code == 412
    assert client.delete("/fhir/Patient/p", headers={"If-Match": 'W/"1"'}).status_code == 204


def test_a_conditional_deletion_takes_one_and_never_several(client):
    for id_ in ("a", "b"):
        put(client, patient(id_, identifier=[{"system": "urn:synthetic", "value": id_}]))
    path = "/fhir/Patient?identifier="
    assert client.delete(f"{path}urn:synthetic|a,urn:synthetic|b").status_code == 412
    assert client.delete(f"{path}urn:synthetic|a").status_code == 204
    assert client.delete(f"{path}urn:synthetic|a").status_code == 204
    assert client.get("/fhir/Patient/a").status_code == 410
    assert client.get("/fhir/Patient/b").status_code == 200


# Bodies


def test_decimals_come_back_as_they_were_written(client):
    text = (
        b'{"resourceType":"Observation","id":"d","status":"final","code":{"text":"x"},'
        b'"subject":{"reference":"Patient/p"},"valueQuantity":{"value":7.50, "unit":"g"}}'
    )
    client.put("/fhir/Observation/d", data=text, content_type=JSON)
    assert b'"value":7.50' in client.get("/fhir/Observation/d").data
    in_xml = client.get("/fhir/Observation/d", headers={"Accept": XML}).data
    assert b'<value value="7.50"/>' in in_xml
    client.put("/fhir/Observation/d", data=in_xml, content_type=XML)
    assert b'"value":7.50' in client.get("/fhir/Observation/d").data


def test_the_received_bytes_are_what_is_kept(client, store):
    text = b'{ "id": "p",  "resourceType": "Patient", "name": [ {"family": "Synth\\u00e9tique"} ] }'
    client.put("/fhir/Patient/p", data=text, content_type=JSON)
    assert store.reads().read("Patient", "p").body == text


@pytest.mark.parametrize(
    ("accept", "form", "kind"),
    [
        ("application/json+fhir", "", JSON),
        ("*/*", "", JSON),
        ("", "", JSON),
        ("text/html,application/xhtml+xml", "", JSON),
        ("application/json", "", JSON),
        ("application/fhir+xml", "", XML),
        ("text/xml", "", XML),
        ("application/fhir+json;q=0.5, application/fhir+xml", "", XML),
        ("application/fhir+xml;q=0.5, application/fhir+json", "", JSON),
        ("application/fhir+xml", "json", JSON),
        ("application/fhir+json", "xml", XML),
        ("*/*", "application/fhir%2Bxml", XML),
        ("*/*", "application/fhir+xml", XML),  # a plus that became a blank on its way
        ("*/*", "html", JSON),
    ],
)
def test_the_form_of_the_answer_is_negotiated_and_never_refused(client, accept, form, kind):
    put(client, patient("p"))
    path = f"/fhir/Patient/p?_format={form}" if form else "/fhir/Patient/p"
    answer = client.get(path, headers={"Accept": accept} if accept else {})
    assert (answer.status_code, answer.mimetype) == (200, kind)


def test_a_pretty_answer_has_a_line_for_each_member(client):
    put(client, patient("p"))
    assert b'\n  "id": "p"' in client.get("/fhir/Patient/p?_pretty=true").data


def test_a_get_with_a_content_type_and_no_body_is_answered(client):
    put(client, patient("p"))
    assert client.get("/fhir/Patient/p", headers={"Content-Type": JSON}).status_code == 200


@pytest.mark.parametrize("media", [None, "application/octet-stream", XML, "application/xml"])
def test_xml_comes_in_and_goes_out(client, media):
    person = patient("p", name=[{"family": "Synthetic"}], birthDate="1970-01-01")
    answer = client.put("/fhir/Patient/p", data=write_xml(person), content_type=media)
    assert answer.status_code == 201
    assert without_server_meta(client.get("/fhir/Patient/p").get_json()) == person
    out = client.get("/fhir/Patient/p", headers={"Accept": XML})
    assert without_server_meta(parse_xml(out.data)) == person


def test_a_compressed_body_is_read(client):
    body = gzip.compress(json.dumps(patient("p")).encode())
    headers = {"Content-Encoding": "gzip"}
    answer = client.put("/fhir/Patient/p", data=body, content_type=JSON, headers=headers)
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("body", "media", "status", "code"),
    [
        (b"{", JSON, 400, "PGX-101"),
        (b"", JSON, 400, "PGX-313"),
        (b"<Patient/>", XML, 400, "PGX-104"),
        (b"<!DOCTYPE a><Patient xmlns='http://hl7.org/fhir'/>", XML, 400, "PGX-104"),
        (b'{"resourceType":"Patient","resourceType":"Patient"}', JSON, 400, "PGX-101"),
        (b"{}", "text/plain", 415, "PGX-306"),
        (b"a=b", "application/x-www-form-urlencoded", 415, "PGX-306"),
        (b"x" * 2000, JSON, 413, ""),
        (gzip.compress(b" " * 3000, mtime=0), JSON, 413, "PGX-103"),
        (b'{"resourceType":"Basic"}', JSON, 404, "PGX-312"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(store, body, media, status, code):
    client = fhir_client(store, max_fhir_bytes=1000)
    answer = client.post("/fhir/Patient", data=body, content_type=media)
    assert (answer.status_code, code_of(answer)) == (status, code)


# Validation on write

INVALID = {**observation("Patient/p", "o"), "status": "nonsense"}


def test_an_invalid_resource_is_refused_where_the_setting_says_so(store):
    client = fhir_client(store, validate_writes="reject")
    answer = put(client, INVALID)
    assert answer.status_code == 422
    assert places_of(answer) == ["Observation.status"]
    assert client.get("/fhir/Observation/o").status_code == 404
    assert put(client, observation("Patient/p", "o")).status_code == 201


def test_an_invalid_resource_is_kept_with_a_warning_where_the_setting_says_that(store):
    client = fhir_client(store, validate_writes="warn")
    answer = put(client, INVALID, Prefer="return=OperationOutcome")
    assert answer.status_code == 201
    assert places_of(answer) == ["Observation.status"]
    assert {each["severity"] for each in answer.get_json()["issue"]} == {"warning"}


def test_an_invalid_resource_is_kept_without_a_word_where_nothing_is_checked(store):
    client = fhir_client(store, validate_writes="off")
    answer = put(client, INVALID, Prefer="return=OperationOutcome")
    assert (answer.status_code, places_of(answer)) == (201, [])


# Across origins


def test_a_page_of_another_origin_may_read_the_headers_that_it_needs(client):
    answer = client.get("/fhir/metadata", headers={"Origin": "https://app.example.org"})
    exposed = answer.headers["Access-Control-Expose-Headers"]
    assert all(name in exposed for name in ("ETag", "Location", "Last-Modified"))
    preflight = client.options("/fhir/Patient/p")
    assert preflight.status_code == 204
    assert {"GET", "PUT", "DELETE"} <= set(preflight.headers["Allow"].split(", "))
