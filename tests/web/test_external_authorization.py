"""An authorization server that is not ours, over real sockets: its keys, and what it answers."""

import base64
import json
import logging
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from fhir_pgx.settings import Settings
from fhir_pgx.storage import SqlStore
from fhir_pgx.web.app import create_app
from tests.web.fhir_client import fhir_client, observation, patient, real_pipeline

BASE = "http://127.0.0.1:8080/fhir"
KEY = ECKey.generate_key("P-384", {"kid": "k1"})
NEW_KEY = ECKey.generate_key("P-384", {"kid": "k2"})
SECRET = "s3cret/with:signs"
TOKEN = "opaque-token-of-the-app"


class Authority:
    """An authorization server; what it answers can be changed, and what it was asked is kept."""

    def __init__(self):
        authority = self
        self.keys, self.tokens, self.asked, self.status = [KEY], {}, [], 200

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                authority.asked.append(("GET", self.path, dict(self.headers), ""))
                keys = [key.as_dict(private=False) for key in authority.keys]
                self.answer({"keys": keys})

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                authority.asked.append(("POST", self.path, dict(self.headers), body))
                (token,) = parse_qs(body)["token"]
                self.answer(authority.tokens.get(token, {"active": False}))

            def answer(self, document):
                body = json.dumps(document).encode()
                self.send_response(authority.status)
                if authority.status == 302:
                    self.send_header("Location", f"{authority.url}/elsewhere")
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def authority():
    found = Authority()
    thread = threading.Thread(target=found.server.serve_forever, daemon=True)
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()
    thread.join()


@pytest.fixture
def start(tmp_path, authority):
    """A client of a server at which the authority is registered in one way."""
    with closing(SqlStore(f"sqlite:///{tmp_path}/external.db")) as store:
        writer = fhir_client(store)
        for number in (1, 2):
            named = patient(f"p{number}")
            assert writer.put(f"/fhir/Patient/p{number}", json=named).status_code == 201
            result = observation(f"Patient/p{number}", f"o{number}")
            assert writer.put(f"/fhir/Observation/o{number}", json=result).status_code == 201

        def make(*lines):
            (tmp_path / "secret").write_text(SECRET + "\n")
            (tmp_path / "secret").chmod(0o600)
            head = ["[[token_issuers]]", 'name = "hospital"', f'issuer = "{authority.url}"']
            (tmp_path / "access.toml").write_text("\n".join([*head, "is_private = true", *lines]))
            settings = Settings(access=str(tmp_path / "access.toml"))
            return create_app(settings, pipeline=real_pipeline(), store=store).test_client()

        yield make


@pytest.fixture
def by_keys(start, authority):
    return start(f'keys_url = "{authority.url}/jwks"')


@pytest.fixture
def by_asking(start, authority):
    return start(
        f'introspection_url = "{authority.url}/introspect"',
        'client_id = "fhir pgx"',
        'client_secret_file = "secret"',
    )


def signed(authority, key=KEY, **more):
    claims = {
        "iss": authority.url,
        "aud": BASE,
        "exp": int(time.time()) + 300,
        "client_id": "growth-app",
        "scope": "patient/*.rs",
        "patient": "p1",
        **more,
    }
    header = {"alg": "ES384", "kid": key.kid, "typ": "at+jwt"}
    return jwt.encode(header, claims, key, algorithms=["ES384"])


def status(client, token, what="Observation/o1"):
    return client.get(f"/fhir/{what}", headers={"Authorization": f"Bearer {token}"}).status_code


def test_the_keys_are_fetched_once_and_kept(by_keys, authority):
    token = signed(authority)
    for _ in range(3):
        assert status(by_keys, token) == 200
    assert status(by_keys, token, "Observation/o2") == 404
    assert [(each[0], each[1]) for each in authority.asked] == [("GET", "/jwks")]
    assert "Authorization" not in authority.asked[0][2]


def test_a_new_key_is_looked_for_once_a_minute_at_most(by_keys, authority):
    assert status(by_keys, signed(authority)) == 200
    authority.keys.append(NEW_KEY)
    for _ in range(5):
        assert status(by_keys, signed(authority, NEW_KEY)) == 401
    assert len(authority.asked) == 1


def test_without_its_keys_nobody_comes_in(by_keys, authority):
    authority.status = 500
    assert status(by_keys, signed(authority)) == 401
    authority.server.server_close()
    assert status(by_keys, signed(authority)) == 401


@pytest.mark.parametrize("code", [302, 404, 500])
def test_an_answer_that_is_not_whole_opens_nothing(by_asking, authority, code):
    authority.tokens[TOKEN] = {"active": True, "scope": "user/*.rs"}
    authority.status = code
    assert status(by_asking, TOKEN) == 401
    assert [each[1] for each in authority.asked] == ["/introspect"]  # and no redirect is followed


def test_an_opaque_token_is_asked_about_as_the_client_that_we_are(by_asking, authority):
    authority.tokens[TOKEN] = {"active": True, "scope": "patient/*.rs", "patient": "p1"}
    assert status(by_asking, TOKEN) == 200
    assert status(by_asking, TOKEN, "Observation/o2") == 404
    assert status(by_asking, "another") == 401
    method, path, headers, body = authority.asked[0]
    assert (method, path) == ("POST", "/introspect")
    scheme, _, sent = headers["Authorization"].partition(" ")
    # RFC 6749, 2.3.1: id and secret are form-encoded first.
    assert (scheme, base64.b64decode(sent)) == ("Basic", b"fhir+pgx:s3cret%2Fwith%3Asigns")
    assert parse_qs(body)["token"] == [TOKEN]
    assert len(authority.asked) == 2  # the first token's answer was kept


def test_what_is_asked_is_in_no_log_and_no_answer(by_asking, authority, caplog):
    caplog.set_level(logging.DEBUG)
    authority.status = 500
    answer = by_asking.get("/fhir/Patient/p1", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 401
    for text in (caplog.text, answer.text, str(answer.headers)):
        assert TOKEN not in text
        assert "s3cret" not in text
