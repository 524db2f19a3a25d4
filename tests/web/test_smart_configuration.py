"""Where a SMART app learns how to authorize itself: both documents, and what they may claim."""

import json
from contextlib import closing

import pytest

from fhir_pgx.settings import Settings
from fhir_pgx.storage import SqlStore
from fhir_pgx.web.app import create_app

AT = "https://auth.example.org/realms/hospital"
NAMED = {
    "smart_authorize_url": f"{AT}/authorize",
    "smart_token_url": f"{AT}/token",
    "smart_introspect_url": f"{AT}/introspect",
    "smart_revoke_url": f"{AT}/revoke",
    "smart_register_url": f"{AT}/register",
    "smart_manage_url": f"{AT}/account",
}
PLACES = ("/fhir/.well-known/smart-configuration", "/.well-known/smart-configuration")
ENFORCED = {"permission-v1", "permission-v2", "permission-patient", "permission-user"}
KEYS = {
    "keys": [
        {
            "kty": "EC",
            "crv": "P-256",
            "kid": "a",
            "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        }
    ]
}


@pytest.fixture
def guarded(tmp_path):
    """A file of who may call, in which one authorization server is registered."""
    (tmp_path / "keys.json").write_text(json.dumps(KEYS))
    file = tmp_path / "access.toml"
    file.write_text(
        f'[[token_issuers]]\nname = "hospital"\nissuer = "{AT}"\nkeys_file = "keys.json"\n'
    )
    return str(file)


@pytest.fixture
def make(tmp_path, pipeline):
    with closing(SqlStore(f"sqlite:///{tmp_path}/smart.db")) as store:
        yield lambda **given: create_app(
            Settings(**given), pipeline=pipeline, store=store
        ).test_client()


def configuration(client, path=PLACES[0], **more):
    answer = client.get(path, **more)
    assert answer.status_code == 200
    return answer.get_json()


@pytest.mark.parametrize("path", PLACES)
def test_the_external_server_is_named_with_absolute_addresses(make, path):
    found = configuration(make(**NAMED), path)
    assert found["authorization_endpoint"] == f"{AT}/authorize"
    assert found["token_endpoint"] == f"{AT}/token"
    assert found["introspection_endpoint"] == f"{AT}/introspect"
    assert found["revocation_endpoint"] == f"{AT}/revoke"
    assert found["registration_endpoint"] == f"{AT}/register"
    assert found["management_endpoint"] == f"{AT}/account"
    assert found["response_types_supported"] == ["code"]
    assert found["grant_types_supported"] == ["authorization_code"]


def test_what_smart_requires_is_always_there(make):
    found = configuration(make(smart_token_url=f"{AT}/token"))
    required = {
        "token_endpoint",
        "grant_types_supported",
        "capabilities",
        "code_challenge_methods_supported",
    }
    assert required <= set(found)
    assert found["code_challenge_methods_supported"] == ["S256"]
    assert "plain" not in str(found)
    assert "authorization_endpoint" not in found


@pytest.mark.parametrize("accept", ["application/xml", "text/html", "application/fhir+json", "*/*"])
@pytest.mark.parametrize("path", PLACES)
def test_it_is_json_whatever_accept_says(make, path, accept):
    answer = make(**NAMED).get(path, headers={"Accept": accept})
    assert answer.mimetype == "application/json"
    assert answer.get_json()["token_endpoint"] == f"{AT}/token"


@pytest.mark.parametrize("path", [*PLACES, "/fhir/metadata"])
def test_an_app_of_any_origin_may_read_it(make, path):
    client = make(**NAMED, cors_origins=("https://ehr.example.org",))
    app = {"Origin": "https://app.example.net"}
    assert client.get(path, headers=app).headers["Access-Control-Allow-Origin"] == "*"
    preflight = client.options(
        path, headers={**app, "Access-Control-Request-Headers": "authorization"}
    )
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "GET" in preflight.headers["Access-Control-Allow-Methods"]
    # The data stay closed to origins that are not listed.
    closed = client.get("/fhir/Patient", headers=app)
    assert "Access-Control-Allow-Origin" not in closed.headers
    assert "Access-Control-Allow-Credentials" not in client.get(path, headers=app).headers


def test_only_what_holds_is_claimed(make, guarded):
    assert configuration(make(**NAMED))["capabilities"] == []  # nobody is asked for a token
    client = make(**NAMED, access=guarded)
    assert set(configuration(client)["capabilities"]) == ENFORCED
    told = ("launch-ehr", "client-public", "client-confidential-asymmetric")
    client = make(**NAMED, access=guarded, smart_capabilities=told)
    found = configuration(client)
    assert set(found["capabilities"]) == {*ENFORCED, *told}
    assert found["token_endpoint_auth_methods_supported"] == ["none", "private_key_jwt"]


def test_openid_connect_is_claimed_with_issuer_and_keys_or_not_at_all(make):
    for part in ({"smart_issuer": AT}, {"smart_jwks_url": f"{AT}/jwks"}):
        found = configuration(make(**NAMED, **part))
        assert not {"issuer", "jwks_uri"} & set(found)
        assert "sso-openid-connect" not in found["capabilities"]
    found = configuration(make(**NAMED, smart_issuer=AT, smart_jwks_url=f"{AT}/jwks"))
    assert (found["issuer"], found["jwks_uri"]) == (AT, f"{AT}/jwks")
    assert found["capabilities"] == ["sso-openid-connect"]


def test_the_statement_has_the_same_addresses_for_older_clients(make, guarded):
    client = make(**NAMED, access=guarded)
    security = client.get("/fhir/metadata").get_json()["rest"][0]["security"]
    assert security["service"][0]["coding"][0] == {
        "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
        "code": "SMART-on-FHIR",
        "display": "SMART-on-FHIR",
    }
    (uris,) = security["extension"]
    assert uris["url"].endswith("/StructureDefinition/oauth-uris")
    assert {each["url"]: each["valueUri"] for each in uris["extension"]} == {
        "authorize": f"{AT}/authorize",
        "token": f"{AT}/token",
        "introspect": f"{AT}/introspect",
        "revoke": f"{AT}/revoke",
        "register": f"{AT}/register",
        "manage": f"{AT}/account",
    }
    assert "asks for no token" not in security["description"]


def test_the_statement_says_where_no_token_is_asked_for(make, guarded):
    def said(**given):
        statement = make(**given).get("/fhir/metadata").get_json()
        return statement["rest"][0]["security"]["description"]

    assert "asks for no token" in said(**NAMED)
    assert "no authorization server" in said()
    assert "registered" in said(access=guarded)


@pytest.mark.parametrize("path", PLACES)
def test_without_an_authorization_server_there_is_no_configuration(make, path):
    assert make().get(path).status_code == 404
    assert make(smart_authorize_url=f"{AT}/authorize").get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/.well-known/openid-configuration", "/fhir/.well-known/openid-configuration"]
)
@pytest.mark.parametrize("accept", ["application/json", "application/fhir+xml", "text/html"])
def test_this_server_is_nobodys_identity_provider(make, path, accept):
    answer = make(**NAMED).get(path, headers={"Accept": accept})
    assert (answer.status_code, answer.mimetype) == (404, "application/json")
    assert answer.get_json()["resourceType"] == "OperationOutcome"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_the_configuration_needs_no_token(make, guarded):
    client = make(**NAMED, access=guarded)
    assert all(client.get(path).status_code == 200 for path in (*PLACES, "/fhir/metadata"))
    assert client.get("/fhir/Patient").status_code == 401
