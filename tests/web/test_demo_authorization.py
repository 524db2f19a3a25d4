"""The demonstration's authorization server: each way to a token, and each refusal beside it."""

import base64
import hashlib
import json
import os
import re
import threading
import time
from contextlib import closing
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from fhir_pgx.cli.serve import worker_count
from fhir_pgx.errors import InvalidSetting
from fhir_pgx.settings import Settings, load_settings
from fhir_pgx.storage import SqlStore
from fhir_pgx.web.app import create_app
from fhir_pgx.web.demo_server import open_demo
from tests.web.fhir_client import fhir_client, observation, patient, real_pipeline

ORIGIN = "http://127.0.0.1:8080"
BASE = f"{ORIGIN}/fhir"
AT = f"{ORIGIN}/demo-authorization"
BACK = "http://127.0.0.1:9999/callback?kept=1"
VERIFIER = "verifier-" * 6
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)
OTHER_VERIFIER = "another-" * 6
KEY = ECKey.generate_key("P-384", {"kid": "k1", "use": "sig"})
RSA = RSAKey.generate_key(2048, {"kid": "k2"})
STRANGER = ECKey.generate_key("P-384", {"kid": "k1"})
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
FROM_HERE = {"Origin": ORIGIN}


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """A server that asks for tokens of the demonstration, with two synthetic patients in it."""
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    with closing(SqlStore(f"sqlite:///{path}")) as store:
        writer = fhir_client(store)
        for number, name in ((1, "Ada"), (2, '<script>alert("x")</script>')):
            id_ = f"p{number}"
            named = patient(id_, name=[{"family": name, "given": ["Synthetic"]}])
            assert writer.put(f"/fhir/Patient/{id_}", json=named).status_code == 201
            result = observation(f"Patient/{id_}", f"o{number}")
            assert writer.put(f"/fhir/Observation/o{number}", json=result).status_code == 201
        yield create_app(Settings(demo_authorization="on"), pipeline=real_pipeline(), store=store)


@pytest.fixture
def server(app):
    return app.extensions["fhir_pgx"].demo


@pytest.fixture
def client(app):
    return app.test_client()


@pytest.fixture
def clock(server, monkeypatch):
    """The server's clock, in a list, to be moved."""
    now = [server._now()]
    for part in (server, server._tokens):
        monkeypatch.setattr(part, "_now", lambda: now[0])
    return now


@pytest.fixture
def public(client):
    """The id of a public client."""
    return register(client, redirect_uris=[BACK], client_name="Growth <b>chart</b>")


@pytest.fixture
def backend(client):
    """The id of a backend service."""
    keys = [KEY.as_dict(private=False), RSA.as_dict(private=False)]
    return register(client, jwks={"keys": keys})


def register(client, **asked):
    answer = client.post("/demo-authorization/register", json=asked)
    assert answer.status_code == 201
    return answer.get_json()["client_id"]


def authorize(client, id_, *, method="GET", without=(), **more):
    asked = {
        "response_type": "code",
        "client_id": id_,
        "redirect_uri": BACK,
        "scope": "openid fhirUser launch/patient offline_access patient/*.rs",
        "state": "s-1 &?=",
        "aud": BASE,
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **more,
    }
    asked = {name: value for name, value in asked.items() if name not in without}
    if method == "POST":
        return client.post("/demo-authorization/authorize", data=asked)
    return client.get("/demo-authorization/authorize", query_string=asked)


def fields(page):
    """The hidden fields of a page's form."""
    hidden = re.findall(r'<input type="?hidden"? name="?(\w+)"? value="([^"]*)"', page.text)
    return dict(hidden)


def choose(client, page, patient_id="p1", answer="allow", headers=FROM_HERE, **more):
    sent = {**fields(page), "answer": answer, **more}
    if patient_id:
        sent["patient"] = patient_id
    return client.post("/demo-authorization/choose", data=sent, headers=headers)


def sent_back(answer):
    """The parameters with which the browser was sent to the client's own address."""
    assert answer.status_code == 303
    where = urlsplit(answer.headers["Location"])
    assert answer.headers["Location"].startswith(BACK + "&")
    return dict(parse_qsl(where.query))


def code_for(client, id_, patient_id="p1", **more):
    return sent_back(choose(client, authorize(client, id_, **more), patient_id))["code"]


def exchange(client, id_, code, without=(), **more):
    form = {
        "grant_type": "authorization_code",
        "client_id": id_,
        "code": code,
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        **more,
    }
    form = {name: value for name, value in form.items() if name not in without}
    return client.post("/demo-authorization/token", data=form)


def tokens(client, id_, patient_id="p1", **more):
    answer = exchange(client, id_, code_for(client, id_, patient_id, **more))
    assert answer.status_code == 200
    return answer.get_json()


def refused(answer, error, status=400):
    told = answer.get_json()
    assert (answer.status_code, told["error"]) == (status, error)
    assert set(told) == {"error", "error_description"}
    assert answer.headers["Cache-Control"] == "no-store"


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def claims(token):
    body = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def read(client, token, what="Observation/o1"):
    return client.get(f"/fhir/{what}", headers=bearer(token)).status_code


# Whether it runs at all


def test_without_the_setting_there_is_no_such_server(make_client):
    client = make_client()
    for path in ("", "authorize", "token", "jwks", "register"):
        assert client.get(f"/demo-authorization/{path}").status_code == 404
    assert open_demo(Settings()) is None


@pytest.mark.parametrize(
    "settings",
    [
        {"host": "0.0.0.0"},
        {"host": "10.0.0.5"},
        {"host": "pgx.example.org"},
        {"base_url": "https://pgx.example.org"},
        {"base_url": "http://127.0.0.1.example.org"},
        {"base_url": "http://192.168.1.5:8080"},
        {"workers": 2},
        {"smart_token_url": "https://auth.example.org/token"},
        {"smart_authorize_url": "https://auth.example.org/authorize"},
    ],
)
def test_it_is_refused_at_start_where_others_could_reach_it(settings, pipeline, store):
    told = Settings(demo_authorization="on", insecure_open="on", **settings)
    with pytest.raises(InvalidSetting) as found:
        create_app(told, pipeline=pipeline, store=store)
    assert found.value.where == "demo_authorization"


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"host": "localhost"},
        {"host": "::1"},
        {"base_url": "http://localhost:9000"},
        {"workers": 1},
    ],
)
def test_it_runs_on_this_machine(settings):
    assert open_demo(Settings(demo_authorization="on", **settings)) is not None


def test_one_worker_is_started_unless_it_is_said():
    assert worker_count(Settings(demo_authorization="on")) == 1
    assert worker_count(Settings()) == (os.cpu_count() or 1)
    assert worker_count(Settings(workers=3)) == 3


def test_the_setting_is_on_or_off():
    with pytest.raises(InvalidSetting):
        load_settings({"FHIR_PGX_DEMO_AUTHORIZATION": "yes"})


def test_it_names_itself_where_clients_look(client):
    found = client.get("/fhir/.well-known/smart-configuration").get_json()
    assert found["authorization_endpoint"] == f"{AT}/authorize"
    assert found["token_endpoint"] == f"{AT}/token"
    assert found["issuer"] == AT
    assert {"launch-ehr", "launch-standalone", "sso-openid-connect", "permission-v2"} <= set(
        found["capabilities"]
    )
    for name in ("jwks_uri",):
        assert client.get(urlsplit(found[name]).path).status_code == 200
    (key,) = client.get("/demo-authorization/jwks").get_json()["keys"]
    assert key["crv"] == "P-384"
    assert "d" not in key
    openid = client.get("/demo-authorization/.well-known/openid-configuration").get_json()
    assert openid["issuer"] == AT


def test_the_data_ask_for_its_tokens(client, public):
    answer = client.get("/fhir/Observation/o1")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert read(client, tokens(client, public)["access_token"]) == 200


# The standalone launch


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_standalone_launch_ends_with_tokens_for_the_patient_chosen(client, public, method):
    page = authorize(client, public, method=method)
    assert (page.status_code, page.mimetype) == (200, "text/html")
    back = sent_back(choose(client, page, "p2"))
    assert back["state"] == "s-1 &?="
    assert back["kept"] == "1"
    answer = exchange(client, public, back["code"])
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    found = answer.get_json()
    assert (found["token_type"], found["expires_in"], found["patient"]) == ("Bearer", 3600, "p2")
    assert found["scope"] == "openid fhirUser launch/patient offline_access patient/*.rs"
    assert found["need_patient_banner"] is True
    told = claims(found["access_token"])
    assert (told["iss"], told["aud"], told["client_id"]) == (AT, BASE, public)
    assert told["exp"] - told["iat"] == 3600
    identity = claims(found["id_token"])
    assert (identity["aud"], identity["fhirUser"]) == (public, f"{BASE}/Practitioner/demo")


def test_the_nonce_comes_back_in_the_id_token(client, public):
    assert claims(tokens(client, public, nonce="n-7")["id_token"])["nonce"] == "n-7"


def test_a_token_reaches_the_patient_in_context_and_nobody_else(client, public):
    token = tokens(client, public, "p1")["access_token"]
    assert read(client, token, "Observation/o1") == 200
    assert read(client, token, "Observation/o2") == 404
    found = client.get("/fhir/Observation", headers=bearer(token)).get_json()
    assert [each["resource"]["id"] for each in found["entry"]] == ["o1"]
    answer = client.put(
        "/fhir/Observation/o1", json=observation("Patient/p1", "o1"), headers=bearer(token)
    )
    assert answer.status_code == 403


def test_the_page_shows_what_was_registered_as_text(client, public):
    page = authorize(client, public, scope="patient/*.rs launch/patient")
    assert "&lt;script&gt;" in page.text
    assert "<script" not in page.text
    assert "Growth &lt;b&gt;chart&lt;/b&gt;" in page.text
    assert "style=" not in page.text
    assert not re.search(r"\son\w+=", page.text)
    policy = page.headers["Content-Security-Policy"]
    assert "form-action 'self' http://127.0.0.1:9999" in policy
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy
    assert page.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in page.headers  # no other site reads the names on it


def test_a_scope_that_nobody_understands_is_left_out(client, public):
    found = tokens(
        client, public, scope="patient/Observation.rs patient/Patient.dus odd (name) system/*.rs"
    )
    assert found["scope"] == "patient/Observation.rs"
    assert "id_token" not in found
    assert "refresh_token" not in found
    assert read(client, found["access_token"], "Patient/p1") == 403


def test_an_app_without_need_of_a_patient_gets_none(client, public):
    page = authorize(client, public, scope="openid fhirUser user/Practitioner.rs")
    assert 'name="patient"' not in page.text
    assert "name=patient" not in page.text
    back = sent_back(choose(client, page, ""))
    assert "patient" not in exchange(client, public, back["code"]).get_json()


def test_a_granular_scope_reaches_what_has_the_token(client, public, app):
    site = app.extensions["fhir_pgx"]
    writer = fhir_client(site.store)
    category = {"coding": [{"system": "urn:synthetic", "code": "laboratory"}]}
    kept = observation("Patient/p1", "lab1", category=[category])
    assert writer.put("/fhir/Observation/lab1", json=kept).status_code in (200, 201)
    scope = "patient/Observation.rs?category=urn:synthetic|laboratory"
    token = tokens(client, public, scope=scope)["access_token"]
    found = client.get("/fhir/Observation", headers=bearer(token)).get_json()
    assert [each["resource"]["id"] for each in found["entry"]] == ["lab1"]
    assert found["total"] == 1
    assert read(client, token, "Observation/lab1") == 200
    assert read(client, token, "Observation/o1") == 404
    assert read(client, token, "Patient/p1") == 403


def test_reading_and_searching_are_two_things(client, public):
    reader = tokens(client, public, scope="patient/Observation.r")["access_token"]
    assert read(client, reader, "Observation/o1") == 200
    assert read(client, reader, "Observation") == 403
    searcher = tokens(client, public, scope="patient/Observation.s")["access_token"]
    assert read(client, searcher, "Observation/o1") == 403
    assert read(client, searcher, "Observation") == 200


def test_a_scope_to_write_is_of_the_patient_in_context(client, public):
    token = tokens(client, public, scope="patient/Observation.cud")["access_token"]

    def post(who):
        sent = observation(f"Patient/{who}")
        return client.post("/fhir/Observation", json=sent, headers=bearer(token)).status_code

    assert post("p1") == 201
    assert post("p2") == 403
    assert read(client, token, "Observation") == 403


# Requests that are refused to the person: nobody is sent anywhere


@pytest.mark.parametrize(
    "asked",
    [
        {"client_id": "nobody"},
        {"client_id": ""},
        {"redirect_uri": "http://127.0.0.1:9999/callback"},
        {"redirect_uri": BACK + "/"},
        {"redirect_uri": BACK + "&x=1"},
        {"redirect_uri": BACK.replace("127.0.0.1", "localhost")},
        {"redirect_uri": BACK.replace("9999", "9998")},
        {"redirect_uri": "https://evil.example/callback?kept=1"},
        {"redirect_uri": "http://127.0.0.1:9999@evil.example/callback?kept=1"},
        {"redirect_uri": "javascript:alert(1)"},
        {"redirect_uri": ""},
        {"redirect_uri": [BACK, BACK]},
        {"redirect_uri": [BACK, "https://evil.example"]},
        {"client_id": ["nobody", "nobody"]},
    ],
)
def test_an_unknown_client_or_address_is_sent_nowhere(client, public, asked):
    answer = authorize(client, public, **asked)
    assert answer.status_code == 400
    assert "Location" not in answer.headers
    assert "evil" not in answer.text


@pytest.mark.parametrize("missing", ["client_id", "redirect_uri"])
def test_client_and_address_must_be_named(client, public, missing):
    answer = authorize(client, public, without=(missing,))
    assert (answer.status_code, answer.headers.get("Location")) == (400, None)


def test_a_backend_service_has_no_address_to_be_sent_to(client, backend):
    assert authorize(client, backend).status_code == 400


# Requests that are refused to the client


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code token"}, "unsupported_response_type"),
        ({"response_type": ""}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "unsupported_response_type"),
        ({"aud": "https://elsewhere.example/fhir"}, "invalid_request"),
        ({"aud": ORIGIN}, "invalid_request"),
        ({"aud": BASE + "/x"}, "invalid_request"),
        ({"code_challenge_method": "plain", "code_challenge": VERIFIER}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge": VERIFIER}, "invalid_request"),
        ({"code_challenge": CHALLENGE + "="}, "invalid_request"),
        ({"code_challenge": CHALLENGE[:-1]}, "invalid_request"),
        ({"scope": ""}, "invalid_scope"),
        ({"scope": "patient/Observation.dus"}, "invalid_scope"),
        ({"scope": "system/*.rs"}, "invalid_scope"),
        ({"scope": "launch/patient offline_access"}, "invalid_scope"),
        ({"scope": "patient/*.rs " * 300}, "invalid_scope"),
        ({"launch": "unknown", "scope": "launch patient/*.rs"}, "invalid_request"),
        ({"launch": "", "scope": "launch patient/*.rs"}, "invalid_request"),
        ({"launch": "unknown"}, "invalid_request"),
        ({"request": "eyJ"}, "request_not_supported"),
        ({"request_uri": "https://evil.example/r"}, "request_not_supported"),
        ({"scope": ["patient/*.rs", "user/*.rs"]}, "invalid_request"),
        ({"nonce": "n" * 2001}, "invalid_request"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_that_is_not_in_order_goes_back_to_the_client(
    client, public, asked, error, method
):
    back = sent_back(authorize(client, public, method=method, **asked))
    assert (back["error"], back["state"]) == (error, "s-1 &?=")
    assert "code" not in back


@pytest.mark.parametrize(
    "missing", ["response_type", "aud", "code_challenge", "code_challenge_method", "scope", "state"]
)
def test_every_parameter_is_needed(client, public, missing):
    assert "error" in sent_back(authorize(client, public, without=(missing,)))


def test_a_state_that_is_too_long_is_not_repeated(client, public):
    back = sent_back(authorize(client, public, state="x" * 2001))
    assert back["error"] == "invalid_request"
    assert "state" not in back


# The page's form


def test_a_person_may_say_no(client, public):
    back = sent_back(choose(client, authorize(client, public), answer="deny"))
    assert (back["error"], back["state"]) == ("access_denied", "s-1 &?=")
    back = sent_back(choose(client, authorize(client, public), answer="anything"))
    assert back["error"] == "access_denied"


@pytest.mark.parametrize("headers", [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}])
def test_a_form_from_elsewhere_is_refused(client, public, headers):
    page = authorize(client, public)
    answer = choose(client, page, headers=headers)
    assert answer.status_code == 403
    assert sent_back(choose(client, page))["code"]  # the ticket was not used up by it


def test_a_form_of_another_browser_is_refused(app, client, public):
    page = authorize(client, public)
    assert choose(app.test_client(), page).status_code == 403
    assert choose(client, page, csrf_token="x" * 43).status_code == 403
    sent = {"ticket": fields(page)["ticket"], "patient": "p1", "answer": "allow"}
    bare = client.post("/demo-authorization/choose", data=sent, headers=FROM_HERE)
    assert bare.status_code == 403


def test_a_ticket_holds_once_and_for_a_while(client, public, clock):
    page = authorize(client, public)
    assert sent_back(choose(client, page))["code"]
    again = choose(client, page)
    assert (again.status_code, again.headers.get("Location")) == (400, None)
    page = authorize(client, public)
    clock[0] += 601
    assert choose(client, page).status_code == 400
    assert choose(client, authorize(client, public), ticket="guessed").status_code == 400


@pytest.mark.parametrize("who", ["", "nobody", "../p1", "p1 ", "p" * 65, "Patient/p1"])
def test_a_patient_must_be_one_who_is_there(client, public, who):
    page = authorize(client, public)
    assert choose(client, page, None, patient=who).status_code == 400


def test_a_patient_must_be_chosen(client, public):
    assert choose(client, authorize(client, public), None).status_code == 400


# The EHR launch


def launch(client, server, app_id="fhir-pgx-app", patient_id="p1"):
    page = client.get("/demo-authorization/")
    sent = {**fields(page), "app": app_id, "patient": patient_id}
    return client.post("/demo-authorization/launch", data=sent, headers=FROM_HERE)


def test_an_app_is_launched_for_a_patient(client, server):
    answer = launch(client, server)
    assert answer.status_code == 303
    where = urlsplit(answer.headers["Location"])
    assert f"{where.scheme}://{where.netloc}{where.path}" == f"{ORIGIN}/app/launch"
    given = dict(parse_qsl(where.query))
    assert given["iss"] == BASE
    assert len(given["launch"]) == 43
    assert "p1" not in given["launch"]


@pytest.mark.parametrize(("app_id", "who"), [("nobody", "p1"), ("fhir-pgx-app", "nobody")])
def test_only_a_known_app_is_launched_for_a_known_patient(client, server, app_id, who):
    assert launch(client, server, app_id, who).status_code == 400


def test_a_launch_is_made_on_our_own_page_alone(client):
    page = client.get("/demo-authorization/")
    sent = {**fields(page), "app": "fhir-pgx-app", "patient": "p1"}
    for headers in ({}, {"Origin": "https://evil.example"}):
        assert (
            client.post("/demo-authorization/launch", data=sent, headers=headers).status_code == 403
        )


def test_an_ehr_launch_brings_its_patient_and_asks_nobody(client, server, public):
    scope = "launch openid patient/*.rs"
    code = sent_back(authorize(client, public, scope=scope, launch=server.launch("p2")))["code"]
    found = exchange(client, public, code).get_json()
    assert found["patient"] == "p2"
    assert read(client, found["access_token"], "Observation/o2") == 200
    assert read(client, found["access_token"], "Observation/o1") == 404


def test_a_launch_holds_once_and_for_ten_minutes(client, server, public, clock):
    asked = {"scope": "launch patient/*.rs", "launch": server.launch("p1")}
    assert "code" in sent_back(authorize(client, public, **asked))
    assert sent_back(authorize(client, public, **asked))["error"] == "invalid_request"
    late = server.launch("p1")
    clock[0] += 601
    asked["launch"] = late
    assert sent_back(authorize(client, public, **asked))["error"] == "invalid_request"


# Codes


@pytest.mark.parametrize(
    "more",
    [
        {"redirect_uri": "http://127.0.0.1:9999/callback"},
        {"redirect_uri": ""},
        {"code_verifier": OTHER_VERIFIER},
        {"code_verifier": CHALLENGE},
        {"code_verifier": ""},
        {"code_verifier": VERIFIER + "x"},
        {"code_verifier": "é" * 50},
        {"code": "guessed"},
        {"code": ""},
    ],
)
def test_a_code_holds_for_its_client_address_and_verifier_alone(client, public, more):
    sent = {"code": code_for(client, public), **more}
    refused(exchange(client, public, **sent), "invalid_grant")


@pytest.mark.parametrize("missing", ["redirect_uri", "code_verifier", "code"])
def test_an_exchange_says_all_of_them(client, public, missing):
    answer = exchange(client, public, code_for(client, public), without=(missing,))
    refused(answer, "invalid_grant")


def test_a_code_is_of_one_client(client, public):
    other = register(client, redirect_uris=[BACK])
    refused(exchange(client, other, code_for(client, public)), "invalid_grant")


def test_a_code_lives_for_a_minute(client, public, clock):
    code = code_for(client, public)
    clock[0] += 59
    assert exchange(client, public, code).status_code == 200
    code = code_for(client, public)
    clock[0] += 60
    refused(exchange(client, public, code), "invalid_grant")


def test_a_code_that_failed_once_is_gone(client, public):
    code = code_for(client, public)
    refused(exchange(client, public, code, code_verifier=OTHER_VERIFIER), "invalid_grant")
    refused(exchange(client, public, code), "invalid_grant")


def test_a_code_that_comes_twice_takes_back_what_it_gave(client, public):
    code = code_for(client, public)
    first = exchange(client, public, code).get_json()
    refused(exchange(client, public, code), "invalid_grant")
    refused(refresh(client, public, first["refresh_token"]), "invalid_grant")
    assert introspect(client, public, first["access_token"]) == {"active": False}


def exchanges_at_once(app, count, send):
    """The statuses that as many threads get who send the same at once."""
    barrier, statuses = threading.Barrier(count), []

    def work():
        client = app.test_client()
        barrier.wait()
        statuses.append(send(client).status_code)

    threads = [threading.Thread(target=work) for _ in range(count)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return sorted(statuses)


def test_of_many_who_bring_one_code_at_once_one_gets_tokens(app, client, public):
    code = code_for(client, public)
    found = exchanges_at_once(app, 6, lambda browser: exchange(browser, public, code))
    assert found == [200, 400, 400, 400, 400, 400]


# Refreshing


def refresh(client, id_, token, **more):
    form = {"grant_type": "refresh_token", "client_id": id_, "refresh_token": token, **more}
    return client.post("/demo-authorization/token", data=form)


def test_a_refresh_token_is_given_for_a_new_one(client, public):
    first = tokens(client, public)
    second = refresh(client, public, first["refresh_token"]).get_json()
    assert second["refresh_token"] != first["refresh_token"]
    assert second["patient"] == "p1"
    assert read(client, second["access_token"]) == 200
    assert refresh(client, public, second["refresh_token"]).status_code == 200


def test_a_public_client_need_not_say_who_it_is_to_refresh(client, public):
    token = tokens(client, public)["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": token}
    assert client.post("/demo-authorization/token", data=form).status_code == 200
    refused(
        client.post("/demo-authorization/token", data={**form, "client_id": ""}),
        "invalid_client",
        401,
    )
    unknown = {"grant_type": "refresh_token", "refresh_token": "guessed"}
    refused(client.post("/demo-authorization/token", data=unknown), "invalid_client", 401)


def test_a_client_with_keys_signs_to_refresh(client):
    id_ = register(client, redirect_uris=[BACK], jwks={"keys": [KEY.as_dict(private=False)]})

    def signed():
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion(id_)}

    found = exchange(client, id_, code_for(client, id_), **signed()).get_json()
    form = {"grant_type": "refresh_token", "refresh_token": found["refresh_token"]}
    for silent in (form, {**form, "client_id": id_}):
        refused(client.post("/demo-authorization/token", data=silent), "invalid_client", 401)
    assert client.post("/demo-authorization/token", data={**form, **signed()}).status_code == 200


def test_a_refresh_token_that_comes_twice_ends_them_all(client, public):
    first = tokens(client, public)
    second = refresh(client, public, first["refresh_token"]).get_json()
    refused(refresh(client, public, first["refresh_token"]), "invalid_grant")
    refused(refresh(client, public, second["refresh_token"]), "invalid_grant")
    assert introspect(client, public, second["access_token"]) == {"active": False}


def test_a_refresh_token_is_of_one_client_and_for_a_day(client, public, clock):
    other = register(client, redirect_uris=[BACK])
    token = tokens(client, public)["refresh_token"]
    refused(refresh(client, other, token), "invalid_grant")
    refused(refresh(client, public, token + "x"), "invalid_grant")
    clock[0] += 4 * 3600
    token = refresh(client, public, token).get_json()["refresh_token"]
    clock[0] += 4 * 3600  # the end is that of the first
    refused(refresh(client, public, token), "invalid_grant")


def test_of_many_who_refresh_with_one_token_at_once_one_gets_tokens(app, client, public):
    token = tokens(client, public)["refresh_token"]
    found = exchanges_at_once(app, 6, lambda browser: refresh(browser, public, token))
    assert found == [200, 400, 400, 400, 400, 400]


def test_a_refresh_may_ask_for_less_and_not_for_more(client, public):
    token = tokens(client, public)["refresh_token"]
    refused(refresh(client, public, token, scope="user/*.cruds"), "invalid_scope")
    less = refresh(client, public, token, scope="patient/*.rs offline_access").get_json()
    assert less["scope"] == "patient/*.rs offline_access"


def test_no_refresh_token_is_given_that_was_not_asked_for(client, public):
    assert "refresh_token" not in tokens(client, public, scope="patient/*.rs")


# Backend services


def assertion(id_, key=KEY, header=None, without=(), **more):
    now = int(time.time())
    told = {
        "iss": id_,
        "sub": id_,
        "aud": f"{AT}/token",
        "exp": now + 240,
        "jti": f"j-{time.time_ns()}",
    }
    told = {name: value for name, value in {**told, **more}.items() if name not in without}
    algorithm = "RS384" if key is RSA else "ES384"
    head = {"alg": algorithm, "kid": key.kid, "typ": "JWT", **(header or {})}
    return jwt.encode(head, told, key, algorithms=[algorithm])


def credentials(client, signed, **more):
    form = {
        "grant_type": "client_credentials",
        "scope": "system/*.rs",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": signed,
        **more,
    }
    return client.post("/demo-authorization/token", data=form)


@pytest.mark.parametrize("key", [KEY, RSA])
def test_a_backend_service_signs_for_a_token(client, backend, key):
    found = credentials(client, assertion(backend, key)).get_json()
    assert (found["expires_in"], found["scope"], found["token_type"]) == (
        300,
        "system/*.rs",
        "Bearer",
    )
    assert not {"refresh_token", "id_token", "patient"} & set(found)
    assert read(client, found["access_token"], "Observation/o1") == 200
    assert read(client, found["access_token"], "Observation/o2") == 200


@pytest.mark.parametrize(
    "forged",
    [
        {"key": STRANGER},
        {"iss": "nobody"},
        {"sub": "nobody"},
        {"aud": AT},
        {"aud": BASE},
        {"aud": [f"{AT}/token", "https://evil.example/token"]},
        {"exp": 1},
        {"exp": 4_000_000_000},
        {"iat": 4_000_000_000},
        {"jti": ""},
        {"jti": 7},
        {"without": ("exp",)},
        {"without": ("jti",)},
        {"without": ("sub",)},
        {"without": ("iss",)},
        {"without": ("aud",)},
        {"header": {"kid": "k3"}},
        {"header": {"kid": "k2"}},
        {"header": {"typ": "at+jwt"}},
        {"header": {"jwk": STRANGER.as_dict(private=False)}, "key": STRANGER},
    ],
)
def test_an_assertion_that_does_not_hold_is_refused(client, backend, forged):
    refused(credentials(client, assertion(backend, **forged)), "invalid_client", 401)


def test_an_assertion_lives_five_minutes_at_most(client, backend):
    now = int(time.time())
    refused(credentials(client, assertion(backend, iat=now, exp=now + 301)), "invalid_client", 401)
    assert credentials(client, assertion(backend, iat=now, exp=now + 300)).status_code == 200


def test_an_assertion_holds_once(client, backend):
    signed = assertion(backend)
    assert credentials(client, signed).status_code == 200
    refused(credentials(client, signed), "invalid_client", 401)


def test_an_assertion_of_one_client_is_not_anothers(client, backend):
    other = register(client, jwks={"keys": [STRANGER.as_dict(private=False)]})
    refused(credentials(client, assertion(other)), "invalid_client", 401)
    refused(credentials(client, assertion(backend), client_id=other), "invalid_client", 401)
    assert credentials(client, assertion(backend), client_id=backend).status_code == 200


@pytest.mark.parametrize(
    "more",
    [
        {"client_assertion_type": ""},
        {"client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"},
        {"client_assertion": ""},
        {"client_assertion": "a.b.c"},
    ],
)
def test_an_assertion_must_be_sent_as_one(client, backend, more):
    refused(credentials(client, assertion(backend), **more), "invalid_client", 401)


def test_a_client_with_keys_is_nobody_without_its_signature(client, backend):
    form = {"grant_type": "client_credentials", "client_id": backend, "scope": "system/*.rs"}
    refused(client.post("/demo-authorization/token", data=form), "invalid_client", 401)


def test_a_public_client_is_no_backend_service(client, public):
    form = {"grant_type": "client_credentials", "client_id": public, "scope": "system/*.rs"}
    refused(client.post("/demo-authorization/token", data=form), "unauthorized_client")


@pytest.mark.parametrize("scope", ["", "patient/*.rs", "user/*.rs", "openid", "system/*.dus"])
def test_a_backend_service_has_scopes_of_the_system_alone(client, backend, scope):
    refused(credentials(client, assertion(backend), scope=scope), "invalid_scope")


def test_a_confidential_app_signs_for_its_code_too(client):
    app_id = register(client, redirect_uris=[BACK], jwks={"keys": [KEY.as_dict(private=False)]})
    refused(exchange(client, app_id, code_for(client, app_id)), "invalid_client", 401)
    answer = exchange(
        client,
        app_id,
        code_for(client, app_id),
        client_assertion_type=ASSERTION_TYPE,
        client_assertion=assertion(app_id),
    )
    assert answer.status_code == 200


# Requests to the token address


@pytest.mark.parametrize(
    "grant", ["password", "implicit", "", "urn:ietf:params:oauth:grant-type:x"]
)
def test_other_grants_are_not_given(client, public, grant):
    form = {"grant_type": grant, "client_id": public}
    refused(client.post("/demo-authorization/token", data=form), "unsupported_grant_type")


def test_a_token_request_is_a_form_and_nothing_else(client, public):
    code = code_for(client, public)
    query = {"grant_type": "authorization_code", "client_id": public, "code": code}
    refused(client.post("/demo-authorization/token", query_string=query), "invalid_request")
    refused(client.post("/demo-authorization/token", json=query), "invalid_request")
    assert client.get("/demo-authorization/token", query_string=query).status_code == 405
    twice = {"grant_type": ["authorization_code", "refresh_token"], "client_id": public}
    refused(client.post("/demo-authorization/token", data=twice), "invalid_request")


def test_a_browser_of_any_origin_may_exchange_its_code(client, public):
    headers = {"Origin": "http://127.0.0.1:9999"}
    preflight = client.options("/demo-authorization/token", headers=headers)
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    answer = client.post(
        "/demo-authorization/token", data={"grant_type": "x", "client_id": public}, headers=headers
    )
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers


# Introspection and revocation


def introspect(client, id_, token):
    form = {"client_id": id_, "token": token}
    answer = client.post("/demo-authorization/introspect", data=form)
    assert answer.status_code == 200
    return answer.get_json()


def test_a_client_learns_of_its_own_token(client, public):
    token = tokens(client, public)["access_token"]
    found = introspect(client, public, token)
    assert found["active"] is True
    assert (found["client_id"], found["patient"]) == (public, "p1")
    assert {"scope", "exp", "iss", "sub", "fhirUser"} <= set(found)


def test_what_does_not_hold_is_inactive_and_no_more_is_said(client, public, server, clock):
    found = tokens(client, public)
    other = register(client, redirect_uris=[BACK])
    inactive = {"active": False}
    assert introspect(client, other, found["access_token"]) == inactive
    assert introspect(client, public, found["id_token"]) == inactive
    assert introspect(client, public, "guessed") == inactive
    assert introspect(client, public, "") == inactive
    clock[0] += 3601
    assert introspect(client, public, found["access_token"]) == inactive
    answer = client.post("/demo-authorization/introspect", data={"token": found["access_token"]})
    refused(answer, "invalid_client", 401)


def test_a_service_with_keys_learns_of_every_token(client, public, backend):
    token = tokens(client, public)["access_token"]
    form = {
        "token": token,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion(backend),
    }
    found = client.post("/demo-authorization/introspect", data=form).get_json()
    assert (found["active"], found["client_id"]) == (True, public)


@pytest.mark.parametrize("which", ["access_token", "refresh_token"])
def test_revoking_one_token_ends_them_all(client, public, which):
    found = tokens(client, public)
    form = {"client_id": public, "token": found[which]}
    assert client.post("/demo-authorization/revoke", data=form).status_code == 200
    assert introspect(client, public, found["access_token"]) == {"active": False}
    refused(refresh(client, public, found["refresh_token"]), "invalid_grant")


def test_nobody_revokes_anothers_token(client, public):
    found = tokens(client, public)
    other = register(client, redirect_uris=[BACK])
    for token in (found["access_token"], found["refresh_token"], "unknown"):
        form = {"client_id": other, "token": token}
        assert client.post("/demo-authorization/revoke", data=form).status_code == 200
    assert introspect(client, public, found["access_token"])["active"] is True
    assert refresh(client, public, found["refresh_token"]).status_code == 200


# Registration


@pytest.mark.parametrize(
    "asked",
    [
        {},
        [],
        {"redirect_uris": []},
        {"redirect_uris": "http://localhost/x"},
        {"redirect_uris": ["https://evil.example/callback"]},
        {"redirect_uris": ["http://127.0.0.1@evil.example/"]},
        {"redirect_uris": ["http://127.0.0.1.evil.example/"]},
        {"redirect_uris": ["http://127.0.0.1/#x"]},
        {"redirect_uris": ["http://127.0.0.1\\@evil.example/"]},
        {"redirect_uris": ["http://127.0.0.1/\r\nX: y"]},
        {"redirect_uris": ["javascript:alert(1)"]},
        {"redirect_uris": ["myapp://callback"]},
        {"redirect_uris": ["//127.0.0.1/x"]},
        {"redirect_uris": [7]},
        {"redirect_uris": [BACK] * 11},
        {"redirect_uris": [BACK], "launch_url": "https://evil.example/launch"},
        {"redirect_uris": [BACK], "token_endpoint_auth_method": "client_secret_basic"},
        {"redirect_uris": [BACK], "token_endpoint_auth_method": "private_key_jwt"},
        {"jwks": {}},
        {"jwks": {"keys": []}},
        {"jwks": {"keys": "x"}},
        {"jwks": {"keys": [{"kty": "oct", "k": "AAAA", "kid": "a"}]}},
        {"jwks": {"keys": [KEY.as_dict(private=True)]}},
        {"jwks": {"keys": [KEY.as_dict(private=False), KEY.as_dict(private=False)]}},
        {"jwks": {"keys": [{"kty": "EC", "crv": "P-384", "x": "A", "y": "A", "kid": "a"}]}},
        {"jwks": {"keys": [KEY.as_dict(private=False)]}, "token_endpoint_auth_method": "none"},
    ],
)
def test_a_client_that_could_lead_elsewhere_is_not_registered(client, asked):
    answer = client.post("/demo-authorization/register", json=asked)
    assert answer.status_code == 400
    assert answer.get_json()["error"] in ("invalid_redirect_uri", "invalid_client_metadata")


@pytest.mark.parametrize(
    "headers", [FROM_HERE, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_no_web_page_registers_a_client(client, headers):
    asked = {"jwks": {"keys": [KEY.as_dict(private=False)]}}
    answer = client.post("/demo-authorization/register", json=asked, headers=headers)
    refused(answer, "access_denied", 403)


def test_a_body_that_is_too_large_or_no_json_is_refused(client):
    assert client.post("/demo-authorization/register", data=b"{").status_code == 400
    large = json.dumps({"client_name": "x" * 70_000})
    assert client.post("/demo-authorization/register", data=large).status_code in (400, 413)


def test_forgotten_clients_make_room_and_our_own_app_stays(client, server):
    first = register(client, redirect_uris=[BACK])
    for _ in range(200):
        server.register({"redirect_uris": [BACK]})
    assert authorize(client, first).status_code == 400
    assert server.clients.find("fhir-pgx-app") is not None
