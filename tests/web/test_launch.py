"""A whole launch of our SMART app, from the EHR to the page, against an authorization server on
this machine; and what becomes of every attempt to bend it."""

import base64
import hashlib
import json
import re
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

from fhir_pgx.errors import StoreFailure
from fhir_pgx.fhir.addresses import parse_base
from fhir_pgx.security.own_keys import new_key
from fhir_pgx.settings import Settings
from fhir_pgx.web.app import create_app
from tests.stores import query

US = "http://127.0.0.1:8080"
ACCESS = """
[[launch_issuers]]
name = "ehr"
issuer = "{base}/fhir"
client_id = "our-client"
is_private = true
{more}
"""


class Ehr:
    """A FHIR server with its authorization server, on a socket of this machine. Approves everybody.

    `configuration`, `granted` and `claims` change what it says; `asked` is what came.
    """

    def __init__(self):
        self.key = ECKey.generate_key("P-384", {"kid": "k1"})
        self.asked, self.codes, self.refreshed, self.name = [], {}, 0, "Test Patient"
        self.configuration, self.granted, self.claims, self.status = {}, {}, {}, {}
        ehr = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                ehr.answer(self, "")

            def do_POST(self):
                ehr.answer(self, self.rfile.read(int(self.headers["Content-Length"])).decode())

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base = f"http://localhost:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def answer(self, handler, body):
        path = urlsplit(handler.path).path
        self.asked.append((handler.command, path, body, dict(handler.headers)))
        said = {
            "/fhir/.well-known/smart-configuration": self.discovery,
            "/keys": lambda: KeySet([self.key]).as_dict(private=False),
            "/token": lambda: self.token(dict(parse_qsl(body)), handler.headers),
            "/fhir/metadata": self.capability,
        }.get(path, lambda: self.record(path))()
        status = 400 if "error" in said else self.status.get(path, 200)
        written = json.dumps(said).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(written)))
        handler.end_headers()
        handler.wfile.write(written)

    def record(self, path):
        """A patient of a name, and nothing on file."""
        type_, _, id_ = path.removeprefix("/fhir/").partition("/")
        if id_:
            return {"resourceType": type_, "id": id_, "name": [{"text": self.name}]}
        return {"resourceType": "Bundle", "type": "searchset", "total": 0}

    def discovery(self):
        said = {
            "issuer": self.base,
            "authorization_endpoint": f"{self.base}/authorize",
            "token_endpoint": f"{self.base}/token",
            "jwks_uri": f"{self.base}/keys",
            "code_challenge_methods_supported": ["S256"],
        } | self.configuration
        return {name: value for name, value in said.items() if value is not None}

    def capability(self):
        uris = [{"url": name, "valueUri": f"{self.base}/{name}"} for name in ("authorize", "token")]
        url = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
        security = {"extension": [{"url": url, "extension": uris}]}
        return {"resourceType": "CapabilityStatement", "rest": [{"security": security}]}

    def authorize(self, address):
        """What a person's approval sends back, as the parameters of the way back."""
        parts = urlsplit(address)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.base}/authorize"
        asked = dict(parse_qsl(parts.query))
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return {"code": code, "state": asked["state"]}

    def token(self, form, headers):
        if form.get("grant_type") == "refresh_token":
            if form.get("refresh_token") != f"refresh-marker-{self.refreshed}":
                return {"error": "invalid_grant"}
            self.refreshed += 1
            return self.tokens({"scope": "patient/*.rs"})
        asked = self.codes.pop(form.get("code", ""), None)
        verifier = form.get("code_verifier", "")
        digest = hashlib.sha256(verifier.encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or asked["code_challenge"] != challenge
            or asked["redirect_uri"] != form["redirect_uri"]
        ):
            return {"error": "invalid_grant", "error_description": "marker"}
        claims = {
            "iss": self.base, "sub": "u1", "aud": asked["client_id"], "iat": time.time(),
            "exp": time.time() + 300, "nonce": asked.get("nonce"),
            "fhirUser": f"{self.base}/fhir/Practitioner/dr-1",
        } | self.claims  # fmt: skip
        signed = jwt.encode({"alg": "ES384", "kid": "k1"}, claims, self.key, algorithms=["ES384"])
        return self.tokens({"id_token": signed, "scope": asked["scope"]})

    def tokens(self, more):
        return {
            "access_token": f"access-marker-{self.refreshed}",
            "refresh_token": f"refresh-marker-{self.refreshed}",
            "token_type": "Bearer", "expires_in": 300, "patient": "patient-marker",
        } | more | self.granted  # fmt: skip

    def paths(self):
        return [path for _, path, _, _ in self.asked]


@pytest.fixture
def ehr():
    running = Ehr()
    yield running
    running.close()


@pytest.fixture
def make_app(ehr, tmp_path, pipeline, store):
    def make(more="", **settings):
        access = tmp_path / "access.toml"
        access.write_text(ACCESS.format(base=ehr.base, more=more))
        access.chmod(0o600)
        made = Settings(access=str(access), **settings)
        return create_app(made, pipeline=pipeline, store=store)

    return make


@pytest.fixture
def app(make_app):
    return make_app()


def browser(app):
    return app.test_client()


def launch(client, ehr, *, handle="launch-1", **more):
    asked = {"iss": f"{ehr.base}/fhir", "launch": handle} | more
    return client.get("/app/launch?" + urlencode({k: v for k, v in asked.items() if v}))


def back(client, parameters):
    return client.get("/app/callback?" + urlencode(parameters))


def launched(client, ehr):
    """A browser that went all the way; the address of its page."""
    answer = back(client, ehr.authorize(launch(client, ehr).location))
    assert answer.status_code == 303, answer.text
    return answer.location.removeprefix(US)


def cookies(client):
    return {key[2]: each.value for key, each in client._cookies.items()}


# The whole way


def test_a_launch_from_the_ehr_ends_at_the_page_of_its_patient(app, ehr):
    client = browser(app)
    began = launch(client, ehr)
    assert began.status_code == 303
    asked = dict(parse_qsl(urlsplit(began.location).query))
    assert asked["redirect_uri"] == f"{US}/app/callback"
    assert (asked["aud"], asked["launch"]) == (f"{ehr.base}/fhir", "launch-1")
    ended = back(client, ehr.authorize(began.location))
    assert ended.status_code == 303
    assert ended.location.startswith(f"{US}/app?session=")
    page = client.get(ended.location.removeprefix(US))
    assert page.status_code == 200
    assert "<dd>patient-marker</dd>" in page.text
    assert "Practitioner/dr-1" in page.text
    assert page.headers["Cache-Control"] == "no-store"
    for token in ("access-marker", "refresh-marker"):
        assert token not in page.text
        assert token not in str(ended.headers)


def test_a_launch_may_begin_here_at_the_one_server_that_is_registered(app, ehr):
    client = browser(app)
    began = client.get("/app/launch")
    asked = dict(parse_qsl(urlsplit(began.location).query))
    assert "launch" not in asked
    assert "launch/patient" in asked["scope"].split()
    assert back(client, ehr.authorize(began.location)).status_code == 303


def test_as_a_public_client_we_name_ourselves_in_the_form(app, ehr):
    launched(browser(app), ehr)
    (form,) = [dict(parse_qsl(body)) for _, path, body, _ in ehr.asked if path == "/token"]
    assert form["client_id"] == "our-client"
    assert len(form["code_verifier"]) == 43


def test_a_secret_is_sent_by_basic_to_the_token_address_alone(make_app, ehr, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("our secret\n")
    secret.chmod(0o600)
    launched(browser(make_app('client_secret_file = "secret"')), ehr)
    sent = {path: headers.get("Authorization") for _, path, _, headers in ehr.asked}
    basic = base64.b64encode(b"our-client:our+secret").decode()
    assert sent.pop("/token") == f"Basic {basic}"
    assert set(sent.values()) == {None}


def test_with_keys_of_our_own_we_sign_for_ourselves(make_app, ehr, tmp_path):
    id_, document = new_key("ES384")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "a.json").write_bytes(document)
    app = make_app("signs = true", signing_keys=str(tmp_path / "keys"))
    launched(browser(app), ehr)
    (form,) = [dict(parse_qsl(body)) for _, path, body, _ in ehr.asked if path == "/token"]
    published = browser(app).get("/.well-known/jwks.json")
    assert published.headers["Cache-Control"] == "public, max-age=3600"
    found = jwt.decode(
        form["client_assertion"], KeySet.import_key_set(published.json), algorithms=["ES384"]
    )
    assert found.header["kid"] == id_
    assert (found.claims["iss"], found.claims["aud"]) == ("our-client", f"{ehr.base}/token")
    assert "client_secret" not in form
    assert '"d"' not in published.text


def test_where_we_must_sign_and_have_no_key_the_server_does_not_start(make_app):
    with pytest.raises(Exception, match="no key to sign with"):
        make_app("signs = true")


def test_a_server_that_knows_us_as_a_backend_service_is_asked_with_our_key(make_app, tmp_path):
    url = "https://backend.example.org/fhir"
    more = f'[[backend_servers]]\nurl = "{url}"\nclient_id = "us"'
    with pytest.raises(Exception, match="no key to sign with"):
        make_app(more)
    (tmp_path / "key.json").write_bytes(new_key("ES384")[1])
    app = make_app(more, signing_keys=str(tmp_path / "key.json"), fhir_servers=(url,))
    client = app.extensions["fhir_pgx"].sources.client
    assert client.tokens_of(parse_base(f"{url}/tenant")) is not None
    assert client.tokens_of(parse_base("https://other.example.org/fhir")) is None


def test_without_keys_the_published_set_is_empty(app):
    assert browser(app).get("/.well-known/jwks.json").json == {"keys": []}


# Who may launch us


@pytest.mark.parametrize(
    "iss",
    ["https://evil.example.net/fhir", "http://169.254.169.254/", "http://localhost:1/fhir",
     "javascript:alert(1)", "<script>marker</script>"],
)  # fmt: skip
def test_a_server_that_is_not_registered_is_refused_and_nothing_is_fetched(app, ehr, iss):
    answer = launch(browser(app), ehr, iss=iss)
    assert answer.status_code == 400
    assert answer.mimetype == "text/plain"
    assert "PGX-426" in answer.text
    assert "marker" not in answer.text
    assert "Set-Cookie" not in answer.headers
    assert ehr.asked == []


def test_two_servers_in_one_launch_are_refused(app, ehr):
    base = f"{ehr.base}/fhir"
    answer = browser(app).get(f"/app/launch?iss={base}&iss=https://evil.example.net&launch=x")
    assert answer.status_code == 400
    assert ehr.asked == []


def test_nobody_launches_where_nobody_is_registered(client):
    assert client.get("/app/launch").status_code == 400


def test_a_server_without_pkce_is_refused(app, ehr):
    ehr.configuration = {"code_challenge_methods_supported": ["plain"]}
    answer = launch(browser(app), ehr)
    assert answer.status_code == 400
    assert "PKCE" in answer.text


def test_a_server_that_sends_people_elsewhere_by_script_is_refused(app, ehr):
    ehr.configuration = {"authorization_endpoint": "javascript:alert(1)"}
    assert launch(browser(app), ehr).status_code == 400


def test_an_older_server_is_found_by_its_capability_statement_if_the_operator_vouches(
    make_app, ehr
):
    ehr.status["/fhir/.well-known/smart-configuration"] = 404
    assert launch(browser(make_app()), ehr).status_code == 400
    more = 'assumes_pkce = true\nscope = "launch patient/*.read"'
    client = browser(make_app(more))
    assert "<h1>Pharmacogenomic passport</h1>" in client.get(launched(client, ehr)).text


def test_many_launches_ask_the_ehr_once(app, ehr):
    for _ in range(5):
        launch(browser(app), ehr)
    assert ehr.paths() == ["/fhir/.well-known/smart-configuration"]


# The way back


def test_an_answer_is_taken_once(app, ehr):
    client = browser(app)
    parameters = ehr.authorize(launch(client, ehr).location)
    before = cookies(client)
    assert back(client, parameters).status_code == 303
    for name, value in before.items():  # also with the cookie that it had
        client.set_cookie(name, value)
    again = back(client, parameters)
    assert again.status_code == 400
    assert ehr.paths().count("/token") == 1


def test_the_answer_to_another_browser_is_refused(app, ehr):
    theirs, ours = browser(app), browser(app)
    parameters = ehr.authorize(launch(theirs, ehr).location)
    launch(ours, ehr)
    assert back(ours, parameters).status_code == 400
    assert "/token" not in ehr.paths()
    assert back(theirs, parameters).status_code == 303  # and theirs is not spoilt


def test_an_attacker_s_own_answer_does_not_log_somebody_else_in(app, ehr):
    victim, attacker = browser(app), browser(app)
    parameters = ehr.authorize(launch(attacker, ehr).location)
    assert back(victim, parameters).status_code == 400
    assert cookies(victim) == {}


def test_a_state_of_this_browser_with_another_secret_is_refused(app, ehr):
    client = browser(app)
    parameters = ehr.authorize(launch(client, ehr).location)
    (name,) = cookies(client)
    client.set_cookie(name, "A" * 43)
    assert back(client, parameters).status_code == 400


@pytest.mark.parametrize(
    "state", ["", "x", "0" * 16, "../../etc", "0123456789abcdef.", "a" * 5000, "<script>marker"]
)
def test_a_state_that_nobody_made_is_refused_and_not_quoted(app, ehr, state):
    client = browser(app)
    launch(client, ehr)
    answer = back(client, {"code": "c", "state": state})
    assert answer.status_code == 400
    assert "marker" not in answer.text


def test_a_state_whose_second_half_was_changed_is_refused(app, ehr):
    client = browser(app)
    parameters = ehr.authorize(launch(client, ehr).location)
    answer = back(client, parameters | {"state": parameters["state"][:-1] + "~"})
    assert answer.status_code == 400
    assert back(client, parameters).status_code == 400  # the attempt has ended the launch


def test_a_launch_that_waits_too_long_is_over(app, ehr, store, monkeypatch):
    client = browser(app)
    parameters = ehr.authorize(launch(client, ehr).location)
    later = time.time() + 601
    monkeypatch.setattr(store.sessions, "_clock", lambda: later)
    answer = back(client, parameters)
    assert answer.status_code == 400
    assert "ten minutes" in answer.text


def test_a_code_that_was_stolen_elsewhere_is_refused_by_its_challenge(app, ehr):
    victim, attacker = browser(app), browser(app)
    stolen = ehr.authorize(launch(victim, ehr).location)["code"]
    own = ehr.authorize(launch(attacker, ehr).location)
    answer = back(attacker, own | {"code": stolen})
    assert answer.status_code == 400
    assert "gave no token" in answer.text
    assert "marker" not in answer.text
    assert not [name for name in cookies(attacker) if "session" in name]


def test_an_answer_of_another_authorization_server_is_refused(app, ehr):
    client = browser(app)
    parameters = ehr.authorize(launch(client, ehr).location)
    answer = back(client, parameters | {"iss": "https://evil.example.net"})
    assert answer.status_code == 400
    assert "/token" not in ehr.paths()  # the code was shown to nobody


def test_the_code_goes_where_discovery_said_when_the_launch_began(app, ehr):
    client = browser(app)
    parameters = ehr.authorize(launch(client, ehr).location)
    ehr.configuration = {"token_endpoint": "https://evil.example.net/token"}
    more = {"token_endpoint": "https://evil.example.net/token"}
    assert back(client, parameters | more).status_code == 303
    assert "/token" in ehr.paths()


@pytest.mark.parametrize(
    "claims",
    [{"nonce": "another"}, {"iss": "https://evil.example.net"}, {"aud": "their-client"},
     {"exp": 1}],
    ids=lambda each: next(iter(each)),
)  # fmt: skip
def test_an_id_token_that_does_not_hold_opens_no_session(app, ehr, claims, store, tmp_path):
    ehr.claims = claims
    client = browser(app)
    answer = back(client, ehr.authorize(launch(client, ehr).location))
    assert answer.status_code == 400
    assert "id_token" in answer.text
    assert query(f"sqlite:///{tmp_path}/web.db", "SELECT COUNT(*) FROM launch_session") == [(0,)]


def test_an_error_of_the_ehr_is_shown_as_text(app, ehr):
    client = browser(app)
    state = ehr.authorize(launch(client, ehr).location)["state"]
    told = {"error": "access_denied", "error_description": "<script>marker</script>"}
    answer = back(client, told | {"state": state, "error_uri": "https://evil.example.net"})
    assert answer.status_code == 400
    assert answer.mimetype == "text/plain"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "access_denied" in answer.text
    assert "marker" not in answer.text
    assert "evil" not in answer.text


@pytest.mark.parametrize(
    "more",
    ["redirect=https://evil.example.net", "next=//evil.example.net", "session=0123456789abcdef",
     "redirect_uri=https://evil.example.net/"],
)  # fmt: skip
def test_nothing_in_an_address_decides_where_the_browser_is_sent(app, ehr, more):
    client = browser(app)
    began = client.get(f"/app/launch?iss={ehr.base}/fhir&launch=x&{more}")
    assert began.location.startswith(f"{ehr.base}/authorize?")
    assert "evil" not in began.location
    parameters = ehr.authorize(began.location)
    ended = client.get(f"/app/callback?{urlencode(parameters)}&{more}")
    assert re.fullmatch(rf"{US}/app\?session=[0-9a-f]{{16}}", ended.location)
    assert "0123456789abcdef" not in ended.location


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "Forwarded"])
def test_a_forged_host_does_not_move_the_way_back(app, ehr, header):
    client = browser(app)
    began = client.get(f"/app/launch?iss={ehr.base}/fhir&launch=x", headers={header: "evil.test"})
    assert dict(parse_qsl(urlsplit(began.location).query))["redirect_uri"] == f"{US}/app/callback"


# Cookies and sessions


def set_cookies(answer):
    return answer.headers.getlist("Set-Cookie")


def test_the_cookie_is_the_browser_s_alone(app, ehr):
    (cookie,) = set_cookies(launch(browser(app), ehr))
    assert re.match(r"fhir_pgx_app_[0-9a-f]{16}=[A-Za-z0-9_-]{43};", cookie)
    assert {"HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"} <= set(cookie.split("; "))


@pytest.mark.parametrize(
    ("settings", "attributes", "absent"),
    [
        ({}, {"Secure", "HttpOnly", "SameSite=Lax"}, "Partitioned"),
        ({"frame_ancestors": ("https://ehr.example.org",)},
         {"Secure", "HttpOnly", "SameSite=None", "Partitioned"}, "Lax"),
    ],
    ids=["by itself", "in a frame of the EHR"],
)  # fmt: skip
def test_over_https_the_cookie_is_bound_to_this_host(make_app, ehr, settings, attributes, absent):
    app = make_app(base_url="https://us.example.org", insecure_open="on", **settings)
    (cookie,) = set_cookies(launch(browser(app), ehr))
    assert cookie.startswith("__Host-fhir_pgx_app_")
    assert attributes <= set(cookie.split("; "))
    assert absent not in cookie
    assert "Domain" not in cookie


def test_a_session_has_a_secret_that_nobody_knew_before(app, ehr):
    client = browser(app)
    began = launch(client, ehr)
    before = cookies(client)
    address = back(client, ehr.authorize(began.location)).location.removeprefix(US)
    after = cookies(client)
    assert not set(before) & set(after)
    assert not set(before.values()) & set(after.values())
    fixed = browser(app)  # who planted the first cookie has nothing of the session
    for name, value in before.items():
        fixed.set_cookie(name, value)
        handle = name.rpartition("_")[2]
        assert "Not launched" in fixed.get(f"/app?session={handle}").text
    assert "Not launched" in fixed.get(address).text


def test_two_patients_in_two_windows_stay_apart(app, ehr):
    client = browser(app)
    first = launched(client, ehr)
    ehr.granted = {"patient": "second-patient"}
    second = launched(client, ehr)
    assert "<dd>patient-marker</dd>" in client.get(first).text
    assert "<dd>second-patient</dd>" in client.get(second).text


def test_two_launches_at_once_in_one_browser_both_arrive(app, ehr):
    client = browser(app)
    first = ehr.authorize(launch(client, ehr).location)
    second = ehr.authorize(launch(client, ehr).location)
    assert back(client, first).status_code == 303
    assert back(client, second).status_code == 303


def test_a_browser_does_not_gather_cookies_without_end(app, ehr):
    client = browser(app)
    for _ in range(40):
        launch(client, ehr)
    assert len(cookies(client)) <= 13


def test_what_the_store_holds_opens_nothing(app, ehr, tmp_path):
    client = browser(app)
    launched(client, ehr)
    rows = query(f"sqlite:///{tmp_path}/web.db", "SELECT name, body FROM launch_session")
    shown = repr(rows)
    assert len(rows) == 1
    for word in ("access-marker", "refresh-marker", "patient-marker", *cookies(client).values()):
        assert word not in shown


@pytest.mark.parametrize("handle", ["", "x", "0" * 16, "../x", "<script>marker</script>"])
def test_without_a_session_the_page_says_so_and_no_more(app, handle):
    answer = browser(app).get("/app?" + urlencode({"session": handle}))
    assert "Not launched" in answer.text
    assert "marker" not in answer.text


def test_what_the_ehr_says_cannot_become_markup(app, ehr):
    ehr.name = "<script>alert(1)</script>"
    client = browser(app)
    page = client.get(launched(client, ehr))
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text


def logout_form(page):
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', page.text))


def test_a_logout_forgets_the_session_and_its_tokens(app, ehr, tmp_path):
    client = browser(app)
    address = launched(client, ehr)
    form = logout_form(client.get(address))
    answer = client.post("/app/logout", data=form, headers={"Origin": US})
    assert answer.status_code == 200
    assert "Not launched" in client.get(address).text
    assert query(f"sqlite:///{tmp_path}/web.db", "SELECT COUNT(*) FROM launch_session") == [(0,)]
    assert not [name for name in cookies(client) if name.startswith("fhir_pgx_app_")]


@pytest.mark.parametrize(
    ("change", "origin"),
    [({"csrf_token": ""}, US), ({"csrf_token": "A" * 43}, US), ({}, "https://evil.example.net"),
     ({}, None)],
)  # fmt: skip
def test_another_page_cannot_log_somebody_out(app, ehr, change, origin):
    client = browser(app)
    address = launched(client, ehr)
    form = logout_form(client.get(address)) | change
    headers = {"Origin": origin} if origin else {}
    assert client.post("/app/logout", data=form, headers=headers).status_code == 403
    assert client.get("/app/logout").status_code == 405
    assert "<h1>Pharmacogenomic passport</h1>" in client.get(address).text


def test_a_server_that_is_no_longer_registered_ends_its_sessions(make_app, ehr, tmp_path):
    client = browser(make_app())
    address = launched(client, ehr)
    before = cookies(client)
    other = browser(make_app('scope = "launch patient/*.rs"'))
    for name, value in before.items():
        other.set_cookie(name, value)
    assert "<h1>Pharmacogenomic passport</h1>" in other.get(address).text
    ehr.base = "http://localhost:1"
    gone = browser(make_app())
    for name, value in before.items():
        gone.set_cookie(name, value)
    assert "Not launched" in gone.get(address).text


# Renewal


@pytest.fixture
def smart_app(app):
    from fhir_pgx.web.smart_app import SmartApp

    return SmartApp(app.extensions["fhir_pgx"])


def opened(smart_app, client, ehr):
    launched(client, ehr)
    (secret,) = [v for name, v in cookies(client).items() if name.startswith("fhir_pgx_app_")]
    return smart_app.find(secret)


def at(monkeypatch, seconds):
    later = time.time() + seconds
    monkeypatch.setattr("fhir_pgx.web.smart_app.time.time", lambda: later)


def test_a_token_that_is_about_to_end_is_renewed_and_kept(app, ehr, smart_app, monkeypatch):
    found = opened(smart_app, browser(app), ehr)
    assert smart_app.fresh(found).access_token == "access-marker-0"
    at(monkeypatch, 290)
    assert smart_app.fresh(found).access_token == "access-marker-1"
    kept = smart_app.find(found.secret).session
    assert (kept.access_token, kept.refresh_token) == ("access-marker-1", "refresh-marker-1")
    # The other window still holds the session of before: its refresh token was used already.
    assert smart_app.fresh(found).access_token == "access-marker-1"


def test_a_renewal_for_another_patient_ends_the_session(app, ehr, smart_app, monkeypatch):
    found = opened(smart_app, browser(app), ehr)
    ehr.granted = {"patient": "second-patient"}
    at(monkeypatch, 290)
    with pytest.raises(Exception, match="another patient"):
        smart_app.fresh(found)
    assert smart_app.find(found.secret) is None


def test_a_renewal_that_is_refused_ends_the_session(app, ehr, smart_app, monkeypatch):
    found = opened(smart_app, browser(app), ehr)
    ehr.refreshed = 5
    at(monkeypatch, 290)
    with pytest.raises(Exception, match="gave no token"):
        smart_app.fresh(found)
    assert smart_app.find(found.secret) is None


def test_a_launch_that_fails_is_logged_by_its_reason_alone(app, ehr, smart_app, caplog):
    client = browser(app)
    client.get("/app/launch?iss=https://marker.example/fhir")
    client.get("/app/callback?state=0123456789abcdef.state-marker&code=code-marker")
    told = [each.getMessage() for each in caplog.records if each.name == "fhir_pgx.launch"]
    assert len(told) == 2
    assert "the server that launches is not registered here" in told[0]
    assert "no launch of this browser waits for this answer" in told[1]
    assert "marker" not in caplog.text


def test_a_launch_that_cannot_be_kept_is_a_503_that_is_logged(app, ehr, monkeypatch, caplog):
    def fail(*_, **__):
        raise StoreFailure("the disk is full")

    monkeypatch.setattr("fhir_pgx.storage.sessions.LaunchSessions.keep", fail)
    assert launch(browser(app), ehr).status_code == 503
    assert "the disk is full" in caplog.text


def test_no_token_state_or_patient_reaches_a_log(app, ehr, smart_app, monkeypatch, caplog):
    caplog.set_level("DEBUG")
    client = browser(app)
    found = opened(smart_app, client, ehr)
    ehr.refreshed = 5
    at(monkeypatch, 290)
    with pytest.raises(Exception, match="gave no token"):
        smart_app.fresh(found)
    for word in ("access-marker", "refresh-marker", "patient-marker", found.secret, "launch-1"):
        assert word not in caplog.text
    for form in (parse_qs(body) for _, path, body, _ in ehr.asked if path == "/token"):
        for value in (*form.get("code", ()), *form.get("code_verifier", ())):
            assert value not in caplog.text
