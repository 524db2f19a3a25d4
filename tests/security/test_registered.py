"""The operator's file of who may call: what it says, and every fault with its place."""

import json

import pytest

from fhir_pgx.errors import InvalidAccess
from fhir_pgx.security.registered import SANDBOX, read_registered

from .assertion_maker import key_of, public

KEYS = json.dumps({"keys": [public(key_of("ES384"))]}).encode()
FILES = {
    "keys.json": KEYS,
    "secret": b"s3cret-of-the-client\n",
    "private.json": json.dumps({"keys": [key_of("ES384").as_dict(private=True)]}).encode(),
    "shared.json": json.dumps({"keys": [{"kty": "oct", "kid": "x", "k": "AAAA"}]}).encode(),
    "none.json": b'{"keys": []}',
    "one.json": json.dumps(public(key_of("ES384"))).encode(),
    "nokid.json": json.dumps({"keys": [{**public(key_of("ES384")), "kid": ""}]}).encode(),
    "text.json": b"-----BEGIN PUBLIC KEY-----",
    "empty": b"\n",
    "lines": b"one\ntwo\n",
    "bytes": b"\xff\xfe",
}
CLIENT = """
[[cds_clients]]
name = "main-ehr"
issuer = "https://ehr.example.org"
keys_file = "keys.json"
"""
ISSUER = """
[[token_issuers]]
name = "hospital"
issuer = "https://login.example.org"
keys_url = "https://login.example.org/jwks"
"""
ASKED = """
[[token_issuers]]
name = "hospital"
issuer = "https://login.example.org"
introspection_url = "https://login.example.org/introspect"
client_id = "pgx"
client_secret_file = "secret"
"""
LAUNCH = """
[[launch_issuers]]
name = "main-ehr"
issuer = "https://ehr.example.org/fhir"
client_id = "pgx-app"
"""


def read_file(name):
    if name not in FILES:
        raise FileNotFoundError(2, "No such file or directory")
    return FILES[name]


def read(text, **more):
    return read_registered(text.encode() if isinstance(text, str) else text, read_file, **more)


def refuse(text, place, **more):
    with pytest.raises(InvalidAccess) as refused:
        read(text, **more)
    assert any(place in issue.where for issue in refused.value.issues), refused.value.text
    assert all(issue.mend for issue in refused.value.issues)
    return refused.value


def test_a_client_with_a_key_file(tmp_path):
    (client,) = read(CLIENT).cds_clients
    assert (client.name, client.issuer) == ("main-ehr", "https://ehr.example.org")
    assert [jwk["kid"] for jwk in client.key_source.keys] == ["ES384-a"]
    assert (client.key_source.url, client.jku, client.tenant) == ("", "", "")
    assert (client.max_lifetime_seconds, client.may_break_glass) == (900, False)


def test_everything_that_can_be_said_of_a_client():
    text = """
[[cds_clients]]
name = "main-ehr"
issuer = "https://ehr.example.org"
jku = "https://ehr.example.org/jwks.json"
is_private = true
max_lifetime_seconds = 300
may_break_glass = true
fhir_servers = ["https://ehr.example.org/fhir/"]
[cds_clients.tenants]
"hospital-1" = "north"
"""
    (client,) = read(text).cds_clients
    assert client.key_source.url == client.jku  # keys are where the jku is, unless said otherwise
    assert client.key_source.is_private
    assert client.tenants == {"hospital-1": "north"}
    assert client.fhir_servers == ("https://ehr.example.org/fhir",)
    assert (client.max_lifetime_seconds, client.may_break_glass) == (300, True)


def test_issuers_of_tokens_by_keys_and_by_question():
    (by_keys,) = read(ISSUER + 'glass_breakers = ["er-app"]').token_issuers
    assert by_keys.key_source.url == "https://login.example.org/jwks"
    assert by_keys.glass_breakers == {"er-app"}
    (by_question,) = read(ASKED).token_issuers
    assert by_question.key_source is None
    assert (by_question.client_id, by_question.client_secret) == ("pgx", "s3cret-of-the-client")
    assert "s3cret" not in repr(by_question)


def test_an_ehr_that_launches_us():
    (launch,) = read(LAUNCH + "signs = true").launch_issuers
    assert (launch.client_id, launch.signs, launch.is_private) == ("pgx-app", True, False)
    assert launch.scope.startswith("launch ")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", "access"),
        ("x = ", "access"),
        (b"\xff", "access"),
        ("cds_clients = 1", "cds_clients"),
        ("cds_clients = [1]", "cds_clients"),
        ("[cds_clients]\nname = 'x'", "cds_clients"),
        ("[[cds_client]]\nname = 'x'", "cds_client"),
        (CLIENT + "isuer = 'x'", "cds_clients[1].isuer"),
        (CLIENT.replace('name = "main-ehr"', ""), "cds_clients[1].name"),
        (CLIENT.replace('"https://ehr.example.org"', '""'), "cds_clients[1].issuer"),
        (CLIENT.replace('"https://ehr.example.org"', "1"), "cds_clients[1].issuer"),
        (CLIENT.replace('"main-ehr"', '"main\\nehr"'), "cds_clients[1].name"),
        (CLIENT.replace("keys_file", "keys_url"), "cds_clients[1].keys_url"),
        (CLIENT.replace('keys_file = "keys.json"', ""), "cds_clients[1].keys_url"),
        (CLIENT + 'keys_url = "https://a.example/x"', "cds_clients[1].keys_file"),
        (CLIENT + 'jku = "http://a.example/x"', "cds_clients[1].jku"),
        (CLIENT + 'jku = "ftp://a.example/x"', "cds_clients[1].jku"),
        (CLIENT + 'jku = "https://u:p@a.example/x"', "cds_clients[1].jku"),
        (CLIENT + 'jku = "https://[bad"', "cds_clients[1].jku"),
        (CLIENT + "max_lifetime_seconds = 86400", "max_lifetime_seconds"),
        (CLIENT + "max_lifetime_seconds = true", "max_lifetime_seconds"),
        (CLIENT + 'may_break_glass = "no"', "may_break_glass"),
        (CLIENT + "tenants = ['a']", "tenants"),
        (CLIENT + 'tenant = "a"\ntenants = {b = "c"}', "tenant"),
        (CLIENT + 'fhir_servers = "https://a.example"', "fhir_servers"),
        (CLIENT + CLIENT, "cds_clients[2]"),
        (CLIENT + CLIENT.replace("main-ehr", "other"), "cds_clients[2]"),  # same issuer and jku
        (ISSUER + 'keys_file = "keys.json"', "token_issuers[1].keys_file"),
        (ISSUER + 'introspection_url = "https://x.example/i"', "token_issuers[1]"),
        (ASKED.replace('client_id = "pgx"', ""), "token_issuers[1].client_id"),
        (ASKED.replace('client_secret_file = "secret"', ""), "client_secret_file"),
        (ASKED + 'client_secret = "in the file"', "token_issuers[1].client_secret"),
        (ISSUER + ISSUER.replace("hospital", "other"), "token_issuers[2]"),
        (LAUNCH.replace("https://", "http://"), "launch_issuers[1].issuer"),
        (LAUNCH + 'client_secret_file = "secret"\nsigns = true', "launch_issuers[1].signs"),
        (LAUNCH + LAUNCH, "launch_issuers[2]"),
    ],
)
def test_a_fault_is_told_with_its_place_and_how_to_mend_it(text, place):
    refuse(text, place)


def test_every_fault_is_told_at_once():
    error = refuse(CLIENT + "isuer = 'x'\n" + ISSUER.replace("https", "http"), "isuer")
    assert len(error.issues) == 2


def test_a_key_that_is_nearly_one_of_ours_is_guessed():
    assert "did you mean issuer" in refuse(CLIENT + "isuer = 'x'", "isuer").text


@pytest.mark.parametrize(
    "file",
    ["private.json", "shared.json", "none.json", "one.json", "nokid.json", "text.json", "absent"],
)
def test_a_key_file_holds_public_keys_that_can_be_used(file):
    error = refuse(CLIENT.replace("keys.json", file), "cds_clients[1].keys_file")
    if file in ("private.json", "shared.json"):
        assert "holds a private or a secret key" in error.text
    for secret in (key_of("ES384").as_dict(private=True)["d"], "AAAA", "BEGIN"):
        assert secret not in error.text


@pytest.mark.parametrize("file", ["empty", "lines", "bytes", "absent"])
def test_a_secret_file_holds_one_line(file):
    error = refuse(ASKED.replace('"secret"', f'"{file}"'), "client_secret_file")
    assert "two" not in error.text


@pytest.mark.parametrize(
    "text",
    [
        CLIENT.replace("https://ehr.example.org", SANDBOX),
        CLIENT.replace("https://ehr.example.org", f"{SANDBOX}/"),
        CLIENT.replace("https://ehr.example.org", "https://SANDBOX.cds-hooks.org"),
        CLIENT + f'jku = "{SANDBOX}/.well-known/jwks.json"',
    ],
)
def test_the_public_sandbox_is_registered_in_a_demonstration_alone(text):
    """Its private key stands in its source: anybody can sign as it."""
    assert "private key" in refuse(text, "cds_clients[1]").text
    assert read(text, is_demo=True).cds_clients


def test_the_public_sandbox_is_told_with_every_other_fault():
    text = CLIENT.replace("https://ehr.example.org", SANDBOX) + "lifetime = 5"
    assert "private key" in refuse(text, "lifetime").text


def test_the_sandboxes_key_is_known_under_another_issuer_too(monkeypatch):
    jwk = {**public(key_of("ES384")), "kid": "44823f3d-0b01-4a6c-a80e-b9d3e8a7226f"}
    monkeypatch.setitem(FILES, "keys.json", json.dumps({"keys": [jwk]}).encode())
    refuse(CLIENT, "cds_clients[1]")


def test_launching_ehrs_alone_leave_the_service_open():
    assert read(LAUNCH).is_open
    assert not read(LAUNCH + CLIENT).is_open
    assert not read(ISSUER).is_open
