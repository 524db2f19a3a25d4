"""Who may call, with the server as a program: it starts closed or not at all, and worker processes
share what they have seen."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from ..running_server import wait_until_ready
from ..security.assertion_maker import assertion, key_of, public

ROOT = Path(__file__).parents[2]
ACCESS = """
[[cds_clients]]
name = "main-ehr"
issuer = "https://ehr.example.org"
jku = "https://ehr.example.org/.well-known/jwks.json"
keys_file = "keys.json"
"""


def environ(**settings):
    kept = {k: v for k, v in os.environ.items() if not k.startswith("FHIR_PGX_")}
    named = {f"FHIR_PGX_{name.upper()}": value for name, value in settings.items()}
    return {**kept, **named, "PYTHONPATH": str(ROOT)}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def command(port, *arguments):
    return [sys.executable, "-m", "fhir_pgx", "serve", "--port", str(port), *arguments]


@contextmanager
def serving(folder, *arguments, **settings):
    port = free_port()
    process = subprocess.Popen(
        command(port, *arguments),
        cwd=folder,
        env=environ(**settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        wait_until_ready(process, port)
        yield port, process
    finally:
        process.terminate()
        process.communicate(timeout=20)


def status_of(port, path, headers=()):
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", path, headers=dict(headers))
        return connection.getresponse().status


@pytest.fixture
def access_file(tmp_path):
    (tmp_path / "keys.json").write_text(json.dumps({"keys": [public(key_of("ES384"))]}))
    (tmp_path / "access.toml").write_text(ACCESS)
    return "access.toml"


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        (("--host", "0.0.0.0"), {}),
        ((), {"base_url": "https://pgx.example.org"}),
        (("--demo", "--host", "0.0.0.0"), {}),
        ((), {"access": "absent.toml"}),
    ],
)
def test_a_server_that_may_not_start_says_what_to_do(tmp_path, arguments, settings):
    refused = subprocess.run(
        command(free_port(), *arguments),
        cwd=tmp_path, env=environ(**settings), capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert refused.returncode == 2
    assert b"access" in refused.stderr
    assert b"--insecure-open" in refused.stderr or "access" in settings
    assert b"Traceback" not in refused.stderr


def test_a_server_that_was_told_to_be_open_starts_and_warns(tmp_path):
    with serving(tmp_path, "--host", "0.0.0.0", "--insecure-open", "--workers", "1") as (port, it):
        assert status_of(port, "/cds-services") == 200
        it.terminate()
        assert b"WARNING: nobody is asked who calls" in it.communicate(timeout=20)[1]


@pytest.mark.parametrize(
    ("base_url", "told"),
    [
        ("", b"and base_url is http://127.0.0.1"),
        ("http://pgx.example.org", b"base_url is not https"),
        ("https://pgx.example.org", b""),
    ],
)
def test_an_address_that_no_credential_can_be_made_for_is_warned_of(
    tmp_path, access_file, base_url, told
):
    more = {"access": access_file} | ({"base_url": base_url} if base_url else {})
    with serving(tmp_path, "--host", "0.0.0.0", "--workers", "1", **more) as (_, it):
        it.terminate()
        said = it.communicate(timeout=20)[1]
        assert told in said
        assert (b"WARNING" in said) is bool(told)


def test_an_assertion_is_used_once_by_all_worker_processes(tmp_path, access_file):
    """Sent again and again on connections of their own, which two workers share."""
    with serving(tmp_path, "--workers", "2", access=access_file) as (port, _):
        now = time.time()
        address = f"http://127.0.0.1:{port}/cds-services"
        for number in range(3):
            token = assertion(aud=address, iat=now, exp=now + 300, jti=f"j{number}")
            headers = {"Authorization": f"Bearer {token}"}
            found = [status_of(port, "/cds-services", headers) for _ in range(12)]
            assert found == [200] + [401] * 11
        assert status_of(port, "/cds-services") == 401
        assert status_of(port, "/fhir/Patient") == 401
        assert status_of(port, "/metrics") == 401
        assert status_of(port, "/fhir/metadata") == 200
