"""Single calls to registered addresses: what they bring, and that they go nowhere else."""

import base64

import pytest
import responses

from fhir_pgx.fhir.client import CallFailed
from fhir_pgx.web.outgoing import fetch_json, post_form

URL = "https://ehr.example.org/auth/keys"


def public(host, port):
    return ["93.184.216.34"]


def inside(host, port):
    return ["10.0.0.7"]


@pytest.fixture
def server():
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mocked:
        yield mocked


@pytest.mark.parametrize(
    ("control", "seconds"),
    [
        ({}, None),
        ({"Cache-Control": "public, max-age=600"}, 600),
        ({"Cache-Control": 'Max-Age="60"'}, 60),
        ({"Cache-Control": "no-store, max-age=600"}, 0),
        ({"Cache-Control": "no-cache"}, 0),
        ({"Cache-Control": "max-age=soon"}, None),
    ],
)
def test_a_document_comes_with_the_time_it_may_be_kept(server, control, seconds):
    server.get(URL, json={"keys": []}, headers=control)
    assert fetch_json(URL, private=False, resolve=public) == ({"keys": []}, seconds)
    assert "Authorization" not in server.calls[0].request.headers


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"status": 302, "headers": {"Location": "http://169.254.169.254/"}}, "status 302"),
        ({"status": 404, "json": {"keys": []}}, "status 404"),
        ({"json": []}, "^the server's answer is not an object"),
        ({"body": "<html>marker"}, "not JSON"),
        ({"body": b" " * 1_000_001}, "too large"),
    ],
)
def test_what_is_no_document_is_a_failure_that_quotes_nothing(server, answer, reason):
    server.get(URL, **answer)
    with pytest.raises(CallFailed, match=reason) as raised:
        fetch_json(URL, private=False, resolve=public)
    assert "marker" not in str(raised.value)
    assert "example" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    ["http://ehr.example.org/keys", "https://me@ehr.example.org/keys", "file:///etc/passwd",
     "https://2130706433/keys", "https://ehr.example.org/../keys", "", "ehr.example.org"],
)  # fmt: skip
def test_an_address_that_may_not_be_called_is_not(server, url):
    for private in (False, True):
        with pytest.raises(CallFailed, match="none that may be called"):
            fetch_json(url, private=private, resolve=public)
    assert len(server.calls) == 0


def test_an_address_inside_needs_to_be_registered_as_private(server):
    server.get(URL, json={})
    with pytest.raises(CallFailed, match="network address"):
        fetch_json(URL, private=False, resolve=inside)
    assert len(server.calls) == 0
    assert fetch_json(URL, private=True, resolve=inside) == ({}, None)


def test_a_form_is_sent_with_our_name_and_secret_each_encoded_first(server):
    server.post(URL, json={"active": False})
    answered = post_form(
        URL, {"token": "a b&c"}, private=False, client=("us:1", "p+w %"), resolve=public
    )
    assert answered == {"active": False}
    sent = server.calls[0].request
    assert sent.body == "token=a+b%26c"
    basic = base64.b64decode(sent.headers["Authorization"].removeprefix("Basic "))
    assert basic == b"us%3A1:p%2Bw+%25"


def test_a_form_without_a_name_carries_no_credential(server):
    server.post(URL, json={})
    post_form(URL, {"a": "b"}, private=False, resolve=public)
    assert "Authorization" not in server.calls[0].request.headers


def test_a_refused_form_is_a_failure_with_its_status_alone(server):
    server.post(URL, status=400, json={"error": "invalid_grant", "error_description": "marker"})
    with pytest.raises(CallFailed, match=r"^the server answered with status 400$"):
        post_form(URL, {}, private=False, resolve=public)
