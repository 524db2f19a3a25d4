"""`fhir-pgx pull` as a backend service: which key signs for us."""

from urllib.parse import parse_qsl

import pytest
import responses
from joserfc import jwt
from joserfc.jwk import KeySet

from fhir_pgx.cli.command import main
from fhir_pgx.security.own_keys import new_key, read_own_keys

BASE = "https://ehr.example.org/fhir"
TOKEN_URL = f"{BASE}/token"


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr("fhir_pgx.fhir.client._resolve", lambda host, port: ["93.184.216.34"])
    with responses.RequestsMock() as mocked:
        yield mocked


def pull(tmp_path, *more):
    database = f"sqlite:///{tmp_path}/pull.db"
    return main(["pull", BASE, "--patient", "p1", "--database", database, *more])


def test_the_key_of_ours_that_signs_is_used_where_none_is_named(server, tmp_path, monkeypatch):
    first, later = new_key("ES384"), new_key("ES384", signs_from=2**40)
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    for name, (_, document) in (("a.json", first), ("b.json", later)):
        (folder / name).write_bytes(document)
    monkeypatch.setenv("FHIR_PGX_SIGNING_KEYS", str(folder))
    server.post(TOKEN_URL, status=401)
    assert pull(tmp_path, "--client-id", "us", "--token-url", TOKEN_URL) == 1
    form = dict(parse_qsl(server.calls[0].request.body))
    published = KeySet.import_key_set(read_own_keys([first[1], later[1]]).published())
    found = jwt.decode(form["client_assertion"], published, algorithms=["ES384"])
    assert found.header["kid"] == first[0]
    assert (found.claims["iss"], found.claims["aud"]) == ("us", TOKEN_URL)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--client-id", "us"], "no key to sign with"),
        (["--key", "key.json"], "--key needs --client-id"),
        (["--client-id", "us", "--key", "nowhere.json"], "cannot be read"),
    ],
)
def test_a_name_without_a_key_or_a_key_without_a_name_was_used_wrongly(
    tmp_path, monkeypatch, capsys, arguments, told
):
    monkeypatch.delenv("FHIR_PGX_SIGNING_KEYS", raising=False)
    assert pull(tmp_path, *arguments) == 2
    assert told in capsys.readouterr().err
