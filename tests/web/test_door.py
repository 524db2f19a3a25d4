"""The door: each address asks for its credential, and what nobody thought of is shut."""

import json
import logging
import re
import time
from contextlib import closing
from itertools import count

import pytest
from flask import Flask, g

from fhir_pgx.errors import InvalidAccess, StoreFailure, Unauthenticated
from fhir_pgx.model.access import ANYBODY, Caller
from fhir_pgx.settings import Settings
from fhir_pgx.storage import SqlStore
from fhir_pgx.web import access
from fhir_pgx.web.app import FhirPgx, create_app
from fhir_pgx.web.door import door_of

from .. import secured
from ..security.assertion_maker import GONE, assertion, key_of, public

BASE = "https://pgx.example.org"
SERVICE = "/cds-services/pgx-order-sign"
ACCESS = """
[[cds_clients]]
name = "main-ehr"
issuer = "https://ehr.example.org"
jku = "https://ehr.example.org/.well-known/jwks.json"
keys_file = "keys.json"

[[cds_clients]]
name = "emergency-room"
issuer = "https://er.example.org"
keys_file = "keys.json"
tenant = "north"
may_break_glass = true

[[token_issuers]]
name = "login"
issuer = "https://login.example.org"
keys_file = "keys.json"
"""
OPERATOR = "an-operator-token-of-tests"
# What answers without a credential, written here once more: the code's own list proves nothing.
OPEN = {
    "/health", "/health/live", "/health/ready", "/health/<path:rest>",
    "/fhir/metadata", "/fhir/.well-known/smart-configuration", "/.well-known/smart-configuration",
    "/fhir/.well-known/openid-configuration", "/.well-known/openid-configuration",
    "/.well-known/jwks.json",
    # These have sessions of their own.
    "/app", "/app/launch", "/app/callback", "/app/logout", "/app/<path:rest>",
    "/app/card", "/app/card/file",
    # These tell nothing of anybody.
    "/assets/<digest>/<name>", "/assets/<path:rest>", "/docs", "/openapi.json",
    "/card/verify", "/card/<path:rest>", "/console/sign-in",
    *(f"/fhir/{kind}{rest}"
      for kind in ("StructureDefinition", "OperationDefinition", "CodeSystem", "ValueSet",
                   "SearchParameter", "CapabilityStatement")
      for rest in ("", "/<id_>", "/_search")),
}  # fmt: skip


class Tokens:
    """Stands for the verifier of access tokens: one token holds."""

    def check(self, token, *, purpose):
        if token != "an-access-token":
            raise Unauthenticated("it is not the token")
        return Caller("application", client="app", grants=(), purpose=purpose)


@pytest.fixture
def access_file(tmp_path):
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [public(key_of("ES384"))]}))
    file = tmp_path / "access.toml"
    file.write_text(ACCESS)
    return str(file)


@pytest.fixture
def guarded(access_file, pipeline, store, monkeypatch):
    """An app whose callers are registered, and that keeps who called last."""

    def with_tokens(site):
        return access.Verifiers(plain(site).assertions, Tokens())

    plain = access.verifiers_of
    monkeypatch.setattr("fhir_pgx.web.app.verifiers_of", with_tokens)

    def make(**more):
        given = {"base_url": BASE, "access": access_file, **more}
        app = create_app(Settings(**given), pipeline=pipeline, store=store)
        app.config["callers"] = []

        @app.after_request
        def keep(answer):
            app.config["callers"].append(g.get("caller"))
            return answer

        return app

    return make


@pytest.fixture
def app(guarded):
    return guarded()


@pytest.fixture
def client(app):
    return app.test_client()


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


NUMBERS = count()


def said(path, **claims):
    """The header of an assertion that holds for an address, but for what is said otherwise."""
    now = time.time()
    given = {"aud": f"{BASE}{path}", "iat": now, "exp": now + 300, "jti": f"j{next(NUMBERS)}"}
    return bearer(assertion(**{**given, **claims}))


def rules(app):
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods - {"OPTIONS"}):
            yield method, rule.rule


def address(rule):
    return re.sub(r"<[^>]*>", "x", rule)


# Every address


def test_without_a_credential_nothing_but_the_open_list_answers_other_than_401(client, app):
    found = {
        (method, rule): client.open(address(rule), method=method).status_code
        for method, rule in rules(app)
    }
    assert len(found) > 250
    pages = {(m, rule) for m, rule in found if door_of(rule) in ("bench", "console")}
    # A browser is shown where to sign in; whoever asks for more is refused.
    assert {found[page] for page in pages if page[0] in ("GET", "HEAD")} == {303}
    assert {found[page] for page in pages if page[0] not in ("GET", "HEAD")} == {401}
    others = {page: status for page, status in found.items() if page not in pages}
    assert {rule for (_, rule), status in others.items() if status != 401} == OPEN
    assert all(caller.grants == () for caller in app.config["callers"])


@pytest.mark.parametrize("sent", ["Bearer x.y.z", "Bearer", "Basic dTpw", "x", "Bearer a b"])
def test_with_a_credential_that_does_not_hold_it_is_the_same(guarded, sent):
    app = guarded(failures_per_minute=0)
    client = app.test_client()
    for method, rule in rules(app):
        answer = client.open(address(rule), method=method, headers={"Authorization": sent})
        if door_of(rule) in ("bench", "console"):
            assert answer.status_code in (303, 401), rule
        else:
            assert (answer.status_code == 401) == (rule not in OPEN), rule


def test_no_address_is_shut_because_nobody_decided(app):
    """A new address needs a line in the table of doors."""
    assert [rule for _, rule in rules(app) if door_of(rule) == "shut"] == []
    assert door_of("/a-page-that-nobody-thought-of") == "shut"
    assert door_of("/fhirs") == door_of("/apiary") == door_of("/metrics2") == "shut"


@pytest.mark.parametrize(
    "path",
    [
        "//cds-services", "/cds-services//pgx-order-sign", "/%63ds-services", "/CDS-SERVICES",
        "/cds-services/../health/live", "/health/../fhir/Patient", "/health/..%2ffhir/Patient",
        "/fhir/metadata/../Patient", "/fhir/metadata/x", "/fhir//Patient", "/fhir/./Patient",
        "/fhir/StructureDefinition/../Patient/x", "/fhir/Patient/x;/metadata", "/fhir/Patient/",
        "/.well-known/../fhir/Patient/x", "/metrics/", "/fhir/Patient?x=/health/live",
        "/fhir/Patient/x/_history", "/fhir/StructureDefinition/x/_history",
    ],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "PUT", "DELETE", "PATCH"])
def test_no_spelling_of_an_address_finds_another_door(client, path, method):
    assert client.open(path, method=method).status_code in (401, 404, 405, 308)


def test_writing_where_definitions_are_read_is_for_those_who_may(client):
    for method in ("PUT", "DELETE", "PATCH"):
        assert client.open("/fhir/StructureDefinition/x", method=method).status_code == 401
    assert client.post("/fhir/StructureDefinition").status_code == 401


def test_a_preflight_is_answered_without_a_credential(client):
    for path in (SERVICE, "/fhir/Patient/x", "/api/interpret"):
        answer = client.options(path, headers={"Origin": "https://ehr.example.org"})
        assert answer.status_code == 204
        assert "authorization" in answer.headers["Access-Control-Allow-Headers"]
        assert "x-purpose-of-use" in answer.headers["Access-Control-Allow-Headers"]
        assert "authorization" not in answer.headers


# CDS clients


def test_a_client_is_known_at_discovery_call_and_feedback(client, app, order_sign):
    assert client.get("/cds-services", headers=said("/cds-services")).status_code == 200
    answer = client.post(SERVICE, json=order_sign, headers=said(SERVICE))
    assert (answer.status_code, len(answer.json["cards"])) == (200, 1)
    feedback = {"feedback": [{"card": answer.json["cards"][0]["uuid"], "outcome": "accepted",
                              "acceptedSuggestions": [{"id": "s1"}],
                              "outcomeTimestamp": "2026-01-01T00:00:00Z"}]}  # fmt: skip
    path = f"{SERVICE}/feedback"
    assert client.post(path, json=feedback, headers=said(path)).status_code == 200
    assert {caller.client for caller in app.config["callers"]} == {"main-ehr"}


def test_a_refusal_of_a_cds_client_is_bare(client, order_sign):
    for headers in ({}, said(SERVICE, aud=f"{BASE}/cds-services"), bearer("x.y.z")):
        sent = {**headers, "Origin": "https://ehr.example.org"}
        answer = client.post(SERVICE, json=order_sign, headers=sent)
        assert (answer.status_code, answer.data) == (401, b"")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Content-Type" not in answer.headers


def test_every_refusal_of_a_cds_client_is_the_same(client, order_sign):
    """What differed would tell a forger how far it came."""
    headers = [
        {}, bearer("x"), said(SERVICE, iss="https://evil.example"), said(SERVICE, exp=1),
        said(SERVICE, key=key_of("ES384", "mallory")), said(SERVICE, aud="https://evil.example"),
    ]  # fmt: skip
    answers = [client.post(SERVICE, json=order_sign, headers=each) for each in headers]
    seen = {(a.status, a.data, str({**a.headers, "X-Request-Id": ""})) for a in answers}
    assert len(seen) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"base_url": "https://evil.example"},
        {"headers": {"Host": "evil.example"}},
        {"headers": {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}},
        {"headers": {"Forwarded": "host=evil.example;proto=https"}},
    ],
)
def test_the_audience_is_the_configured_address_whatever_the_request_says(client, more):
    headers = more.pop("headers", {})
    evil = said("/cds-services", aud="https://evil.example/cds-services")
    assert client.get("/cds-services", headers={**headers, **evil}, **more).status_code == 401
    ours = said("/cds-services")
    assert client.get("/cds-services", headers={**headers, **ours}, **more).status_code == 200


def test_an_assertion_for_one_address_opens_no_other(client, order_sign):
    assert client.get("/cds-services", headers=said(SERVICE)).status_code == 401
    feedback = f"{SERVICE}/feedback"
    assert client.post(feedback, json={}, headers=said(SERVICE)).status_code == 401
    assert client.post(SERVICE, json=order_sign, headers=said("/cds-services")).status_code == 401


def test_an_assertion_is_used_once_by_all_apps_of_one_database(
    guarded, pipeline, store, tmp_path, monkeypatch
):
    headers = said("/cds-services")
    assert guarded().test_client().get("/cds-services", headers=headers).status_code == 200
    with closing(SqlStore(f"sqlite:///{tmp_path}/web.db")) as again:
        monkeypatch.setattr("fhir_pgx.web.app.SqlStore", lambda *_: again)
        other = guarded().test_client()
        assert other.get("/cds-services", headers=headers).status_code == 401
    assert guarded().test_client().get("/cds-services", headers=headers).status_code == 401


def test_where_an_assertion_cannot_be_noted_nobody_comes_in(guarded, store, monkeypatch):
    def fail(*_):
        raise StoreFailure("the disk is full")

    monkeypatch.setattr(store, "use_once", fail)
    answer = guarded().test_client().get("/cds-services", headers=said("/cds-services"))
    assert answer.status_code == 503
    assert b"services" not in answer.data


def test_the_body_of_a_refused_call_is_never_read(guarded, order_sign):
    client = guarded(max_body_bytes=1000).test_client()
    answer = client.post(SERVICE, data=b"x" * 5000, content_type="application/json")
    assert answer.status_code == 401  # and not 413
    assert client.post("/api/interpret", data=b"\x1f\x8b broken").status_code == 401


def test_mounted_in_another_app_the_prefix_is_no_way_around(access_file, pipeline, store):
    app = Flask("host")
    app.get("/")(lambda: "the host's own page")
    settings = Settings(base_url=f"{BASE}/pgx", access=access_file)
    FhirPgx(app, "/pgx", settings=settings, pipeline=pipeline, store=store)
    client = app.test_client()
    assert client.get("/").status_code == 200
    for path in ("/pgx/cds-services", "/pgx/fhir/Patient/x", "/pgx/metrics", "/pgx/api/interpret"):
        assert client.get(path).status_code == 401
    assert client.get("/pgx/fhir/metadata").status_code == 200
    path = "/pgx/cds-services"
    assert client.get(path, headers=said(path)).status_code == 200
    assert client.get(path, headers=said("/cds-services")).status_code == 401


# The other doors


def test_a_refusal_at_the_fhir_door_is_an_operation_outcome(client):
    for path in ("/fhir/Patient/x", "/fhir", "/fhir/$find-subject-variants?subject=x",
                 "/subject-operations/genotype-operations/$find-subject-variants",
                 "/api/interpret"):  # fmt: skip
        answer = client.get(path)
        assert (answer.status_code, answer.json["resourceType"]) == (401, "OperationOutcome")
        assert answer.json["issue"][0]["code"] == "login"
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        refused = client.get(path, headers=bearer("x.y.z"))
        assert refused.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
        assert refused.json == answer.json


def test_each_credential_opens_its_own_door(client, order_sign):
    token = bearer("an-access-token")
    assert client.get("/fhir/Patient/x", headers=token).status_code not in (401, 500)
    assert client.post(SERVICE, json=order_sign, headers=token).status_code == 401
    assert client.get("/fhir/Patient/x", headers=said("/fhir/Patient/x")).status_code == 401
    assert client.get("/metrics", headers=token).status_code == 401
    assert client.get("/metrics", headers=said("/metrics")).status_code == 401


def test_at_the_api_either_credential_does(client, app):
    path = "/api/interpret"
    assert client.post(path, data=b"{}", headers=said(path)).status_code not in (401, 500)
    assert app.config["callers"][-1].client == "main-ehr"
    answer = client.post(path, data=b"{}", headers=bearer("an-access-token"))
    assert answer.status_code not in (401, 500)
    assert app.config["callers"][-1].client == "app"
    assert client.post(path, data=b"{}", headers=said("/api/recommend")).status_code == 401


def test_a_token_in_the_address_or_a_cookie_is_not_read(client):
    token = "an-access-token"
    assert client.get(f"/fhir/Patient/x?access_token={token}").status_code == 401
    client.set_cookie("access_token", token)
    client.set_cookie("Authorization", f"Bearer {token}")
    assert client.get("/fhir/Patient/x").status_code == 401
    form = {"access_token": token}
    assert client.post("/fhir/Patient/_search", data=form).status_code == 401


def test_two_credentials_in_one_request_are_none(client):
    headers = [("Authorization", "Bearer an-access-token"), ("Authorization", "Bearer x")]
    assert client.get("/fhir/Patient/x", headers=headers).status_code == 401
    both = {"Authorization": "Bearer an-access-token, Bearer x"}
    assert client.get("/fhir/Patient/x", headers=both).status_code == 401


@pytest.mark.parametrize("written", ["Bearer {}", "bearer {}", "BEARER  {}"])
def test_the_scheme_is_read_in_any_case(client, written):
    headers = {"Authorization": written.format("an-access-token")}
    assert client.get("/fhir/Patient/x", headers=headers).status_code not in (401, 500)


def test_where_only_one_kind_is_registered_the_other_door_is_shut(tmp_path, pipeline, store):
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [public(key_of("ES384"))]}))
    only = {"cds": ACCESS[: ACCESS.index("[[token")], "tokens": ACCESS[ACCESS.index("[[token") :]}
    for name, text in only.items():
        file = tmp_path / f"{name}.toml"
        file.write_text(text)
        settings = Settings(base_url=BASE, access=str(file))
        client = create_app(settings, pipeline=pipeline, store=store).test_client()
        status = client.get("/cds-services", headers=said("/cds-services")).status_code
        assert status == (200 if name == "cds" else 401)
        assert client.get("/fhir/Patient/x", headers=bearer("x")).status_code == 401


# The operator


def test_the_figures_are_for_the_operator(guarded):
    client = guarded(operator_token=OPERATOR).test_client()
    assert client.get("/metrics", headers=bearer(OPERATOR)).status_code == 200
    for sent in ({}, bearer(OPERATOR[:-1]), bearer(OPERATOR + "x"), bearer(OPERATOR.upper())):
        answer = client.get("/metrics", headers=sent)
        assert (answer.status_code, answer.data) == (401, b"")


def test_without_an_operators_token_the_figures_are_shut_where_anybody_is_registered(client):
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers=bearer("")).status_code == 401


def test_the_operators_token_opens_nothing_else(guarded):
    client = guarded(operator_token=OPERATOR).test_client()
    for path in ("/fhir/Patient/x", "/cds-services", "/api/interpret"):
        assert client.get(path, headers=bearer(OPERATOR)).status_code == 401


# Purpose of use


def test_an_emergency_is_for_clients_that_are_registered_for_it(client, app):
    def call(purpose, **claims):
        headers = {**said("/cds-services", **claims), "X-Purpose-Of-Use": purpose}
        return client.get("/cds-services", headers=headers).status_code

    trusted = {"iss": "https://er.example.org", "header": {"jku": GONE}}
    assert call("BTG") == 403
    assert call("ETREAT") == 403
    assert call("TREAT") == 200
    assert call("HRESCH") == 200
    assert app.config["callers"][-1].purpose == "HRESCH"
    assert call("BTG", **trusted) == 200
    assert app.config["callers"][-1].breaks_glass
    assert app.config["callers"][-1].tenant == "north"


def test_who_tried_to_name_an_emergency_stands_in_the_record(client, store):
    for claims in ({}, {"iss": "https://else.example"}):
        headers = {**said("/cds-services/pgx-order-sign", **claims), "X-Purpose-Of-Use": "BTG"}
        client.post(SERVICE, headers=headers, json={"context": {"patientId": "p1"}})
    store.audit.queue.flush()
    tried, forged = store.audit.entries()
    assert (tried.agent, tried.what) == ("main-ehr", "hook-call pgx-order-sign")
    assert "main-ehr" not in forged.agent  # of an unknown issuer no word is believed


@pytest.mark.parametrize("purpose", ["BTG,TREAT", "BTG TREAT", "%42TG", "<b>", "x" * 40, "BTG\t,"])
def test_a_purpose_is_one_code(client, purpose):
    headers = {**said("/cds-services"), "X-Purpose-Of-Use": purpose}
    assert client.get("/cds-services", headers=headers).status_code == 400
    assert client.get("/cds-services", headers={"X-Purpose-Of-Use": purpose}).status_code == 401


# Where nobody is asked


def test_an_open_service_asks_nobody(make_client, order_sign):
    client = make_client()
    answers = [
        client.get("/cds-services"), client.post(SERVICE, json=order_sign),
        client.get("/metrics"), client.get("/fhir/Patient"),
    ]  # fmt: skip
    assert [answer.status_code for answer in answers] == [200] * 4
    with client:
        client.get("/cds-services")
        assert g.caller is ANYBODY


def test_an_open_service_takes_nobodys_word_for_an_emergency(make_client):
    client = make_client()
    assert client.get("/fhir/Patient", headers={"X-Purpose-Of-Use": "BTG"}).status_code == 403
    with client:
        client.get("/fhir/Patient", headers={"X-Purpose-Of-Use": "HRESCH"})
        assert g.caller.purpose == "HRESCH"


def test_an_open_service_with_an_operators_token_asks_for_it(make_client):
    client = make_client(operator_token=OPERATOR)
    assert client.get("/metrics").status_code == 401
    assert client.get("/metrics", headers=bearer(OPERATOR)).status_code == 200


# The start


@pytest.mark.parametrize(
    "given",
    [
        {"host": "0.0.0.0"}, {"host": "::"}, {"host": ""}, {"host": "10.0.0.5"},
        {"host": "pgx.example.org"}, {"base_url": BASE}, {"base_url": "http://10.0.0.5:8080"},
        {"host": "0.0.0.0", "base_url": "http://127.0.0.1:8080"},
        {"base_url": "http://localhost.evil.example"}, {"base_url": "http://127.0.0.1.evil.org"},
    ],
)  # fmt: skip
def test_a_server_that_others_reach_does_not_start_open(given, pipeline, store, access_file):
    with pytest.raises(InvalidAccess) as refused:
        create_app(Settings(**given), pipeline=pipeline, store=store)
    assert "--insecure-open" in refused.value.text
    with pytest.raises(InvalidAccess):
        FhirPgx(Flask("host"), settings=Settings(**given), pipeline=pipeline, store=store)
    assert create_app(Settings(**given, insecure_open="on"), pipeline=pipeline, store=store)
    assert create_app(Settings(**given, access=access_file), pipeline=pipeline, store=store)


@pytest.mark.parametrize(
    "given",
    [{}, {"host": "localhost"}, {"host": "::1"}, {"host": "127.0.0.2"},
     {"base_url": "http://localhost:9000"}],
)  # fmt: skip
def test_on_this_machine_alone_nothing_need_be_set_up(given, pipeline, store):
    assert create_app(Settings(**given), pipeline=pipeline, store=store)


def test_launching_ehrs_alone_are_nobody_who_calls(tmp_path, pipeline, store):
    file = tmp_path / "access.toml"
    file.write_text('[[launch_issuers]]\nname = "e"\nissuer = "https://e.example"\nclient_id = "x"')
    with pytest.raises(InvalidAccess):
        create_app(Settings(base_url=BASE, access=str(file)), pipeline=pipeline, store=store)


def test_a_client_whose_fhir_server_we_may_not_call_stops_the_start(tmp_path):
    server = "https://ehr.example.org/fhir"
    text = secured.ACCESS.replace('"ehr.json"', f'"ehr.json"\nfhir_servers = ["{server}"]')
    with pytest.raises(InvalidAccess, match=r"cds_clients\[1\]\.fhir_servers"):
        secured.Secured(tmp_path, text)
    secured.Secured(tmp_path, text, fhir_servers=(server,))


def test_a_file_that_cannot_be_read_stops_the_start(tmp_path, pipeline, store):
    for file in (tmp_path / "absent.toml", tmp_path):
        with pytest.raises(InvalidAccess) as refused:
            create_app(Settings(access=str(file)), pipeline=pipeline, store=store)
        assert str(tmp_path) not in refused.value.text


def test_insecure_open_does_not_open_what_is_registered(guarded):
    assert guarded(insecure_open="on").test_client().get("/cds-services").status_code == 401


def test_the_sandbox_is_let_in_by_a_demonstration_on_this_machine_alone(
    tmp_path, access_file, pipeline, store
):
    text = ACCESS.replace("https://ehr.example.org", "https://sandbox.cds-hooks.org")
    file = tmp_path / "sandbox.toml"
    file.write_text(text)
    for given in ({}, {"demo": "on", "base_url": BASE}, {"demo": "on", "host": "0.0.0.0"}):
        with pytest.raises(InvalidAccess):
            create_app(Settings(**given, access=str(file)), pipeline=pipeline, store=store)
    assert create_app(Settings(demo="on", access=str(file)), pipeline=pipeline, store=store)


# What is logged and counted


def test_the_log_says_why_and_whose_and_never_the_token(client, caplog):
    caplog.set_level(logging.DEBUG)
    headers = said("/cds-services", exp=1, iat=0.5, tenant="t-1")
    client.get("/cds-services", headers=headers)
    (line,) = [r.getMessage() for r in caplog.records if r.name == "fhir_pgx.security"]
    found = json.loads(line)
    assert found["reason"] == "the token has expired"
    assert (found["refused"], found["issuer"], found["tenant"]) == (
        "cds", "https://ehr.example.org", "t-1",
    )  # fmt: skip
    token = headers["Authorization"].removeprefix("Bearer ")
    for part in (token, *token.split(".")):
        assert part not in caplog.text


@pytest.mark.parametrize("audience", [BASE, [f"{BASE}/", "https://else.example"]])
def test_the_log_has_the_audience_that_was_meant(client, caplog, audience):
    client.get("/cds-services", headers=said("/cds-services", aud=audience))
    (line,) = [r.getMessage() for r in caplog.records if r.name == "fhir_pgx.security"]
    assert json.loads(line)["audience"].removesuffix("/") == BASE


def test_where_either_credential_would_do_the_log_says_why_neither_did(client, caplog):
    client.post("/api/interpret", headers=said("/api/interpret", exp=1, iat=0.5))
    (line,) = [r.getMessage() for r in caplog.records if r.name == "fhir_pgx.security"]
    reason = "as an assertion: the token has expired; as an access token: it is not the token"
    assert json.loads(line)["reason"] == reason


def test_a_flood_without_any_credential_fills_neither_the_log_nor_the_record(
    guarded, store, caplog
):
    caplog.set_level(logging.WARNING, "fhir_pgx.security")
    client = guarded(failures_per_minute=3).test_client()
    answers = [client.get(path) for path in ("/cds-services", "/fhir/Patient") for _ in range(5)]
    assert {answer.status_code for answer in answers} == {401}  # as it asks for a credential
    assert len(caplog.records) == 3
    store.audit.queue.flush()
    assert len(list(store.audit.entries())) == 3
    client.get("/cds-services", headers=bearer("x"))  # is counted by itself
    assert len(caplog.records) == 4
    assert client.get("/cds-services", headers=said("/cds-services")).status_code == 200


def test_a_forger_writes_no_line_of_the_log(client, caplog):
    forged = 'x"}\n{"reason": "all is well"}\r\x1b[31m\u2028\u202e' + "y" * 500
    client.get("/cds-services", headers=said("/cds-services", iss=forged, jti=forged))
    (line,) = [r.getMessage() for r in caplog.records if r.name == "fhir_pgx.security"]
    assert line.isascii()
    assert line.isprintable()
    assert len(json.loads(line)["issuer"]) == 100
    assert set(json.loads(line)) == {"refused", "reason", "issuer", "audience", "token_id"}


def test_an_operators_token_that_is_mistyped_is_not_logged(guarded, caplog):
    client = guarded(operator_token=OPERATOR).test_client()
    client.get("/metrics", headers=bearer(OPERATOR + "x"))
    assert OPERATOR not in caplog.text
    assert "not the operator" in caplog.text


def test_an_address_that_fails_too_often_is_told_to_wait_and_a_good_credential_still_holds(
    guarded, caplog
):
    caplog.set_level(logging.WARNING, "fhir_pgx.security")
    client = guarded(failures_per_minute=3).test_client()
    statuses = [client.get("/cds-services", headers=bearer("x")).status_code for _ in range(5)]
    assert statuses == [401, 401, 401, 429, 429]
    assert len(caplog.records) == 3  # nor does it fill the disk
    assert client.get("/cds-services", headers=said("/cds-services")).status_code == 200
