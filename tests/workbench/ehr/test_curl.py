"""The command works as it stands in bash, whatever the data hold."""

import json
import shutil
import subprocess

import pytest

from fhir_pgx.workbench.ehr import as_curl, given_exchange, record_of
from tests.running_server import running_server

NASTY = 'it\'s $(touch x) `touch x` \\n "q" END_OF_REQUEST\nEND_OF_REQUEST\n !! ü \u2028'


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with running_server(tmp_path_factory.mktemp("curl")) as address:
        yield address


def run(command, folder):
    if shutil.which("curl") is None or shutil.which("bash") is None:
        pytest.skip("curl or bash is not installed")
    return subprocess.run(
        ["bash", "-eu", "-c", command], cwd=folder, capture_output=True, timeout=30, check=False
    )


@pytest.mark.parametrize("ehr", ["generic", "epic", "cds-hooks-sandbox"])
def test_the_command_gives_the_answer_that_was_shown(server, fired, tmp_path, ehr):
    done = fired(ehr)
    ran = run(as_curl(done.exchange, server), tmp_path)
    assert (ran.returncode, ran.stderr) == (0, b"")
    summaries = [card["summary"] for card in json.loads(ran.stdout)["cards"]]
    assert summaries == [card["summary"] for card in done.cards]


def test_nothing_in_the_data_is_run_or_ends_the_body(server, sends, site, tmp_path):
    patient = {"resourceType": "Patient", "id": "p", "name": [{"text": NASTY}]}
    exchange = sends(record=record_of([patient]), drugs=("clopidogrel", NASTY))
    ran = run(as_curl(exchange, f"{server}/"), tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "cards" in json.loads(ran.stdout)
    assert not (tmp_path / "x").exists()


def test_a_body_that_the_shell_gets_is_the_body_that_was_sent(tmp_path, site):
    document = {"hook": "x", "text": NASTY}
    exchange = given_exchange(document, site.registry.service("pgx-order-sign"))
    command = as_curl(exchange, "http://127.0.0.1:1/it's")
    body = command[command.index("<<'") :]
    ran = run(f"cat {body}", tmp_path)
    assert json.loads(ran.stdout) == document
    assert "'http://127.0.0.1:1/it'\"'\"'s/cds-services/pgx-order-sign'" in command
