"""The server as a program: it starts, answers, shares its store, and stops when told."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fhir_pgx.cli import demo, serve

from .conftest import GENOTYPE, PATIENT, bundle, order_sign

ROOT = Path(__file__).parents[2]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def start(tmp_path):
    """Start a program of ours in a folder of its own; whatever a test leaves running is ended."""
    running = []

    def start_program(*arguments):
        environ = {k: v for k, v in os.environ.items() if not k.startswith("FHIR_PGX_")}
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=tmp_path,
            env={**environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        running.append(process)
        return process

    yield start_program
    for process in running:
        if process.poll() is None:
            process.terminate()  # not killed: it ends the processes that it started
        process.communicate(timeout=20)


def ask(port, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        data = None if body is None else json.dumps(body)
        connection.request(method, path, data, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())


def figures_of(port):
    """The lines of /metrics by name and labels."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", "/metrics")
        lines = connection.getresponse().read().decode().splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def wait_until_ready(process, port, seconds=30):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert process.poll() is None, process.communicate()
        with contextlib.suppress(OSError):
            if ask(port, "GET", "/health/ready")[0] == 200:
                return
        time.sleep(0.05)
    raise AssertionError("the server did not become ready")


def test_the_server_answers_hooks_and_stops_on_ctrl_c(start, tmp_path):
    port = free_port()
    server = start("fhir_pgx", "serve", "--port", str(port), "--workers", "2")
    wait_until_ready(server, port)
    status, answer = ask(port, "POST", "/cds-services/pgx-order-sign", order_sign())
    assert (status, len(answer["cards"])) == (200, 1)
    server.send_signal(signal.SIGINT)
    out, err = server.communicate(timeout=10)
    assert (server.returncode, out) == (0, b"")
    assert f"http://127.0.0.1:{port}".encode() in err
    assert b"Traceback" not in err
    from fhir_pgx.storage import SqlStore

    store = SqlStore(f"sqlite:///{tmp_path / 'fhir_pgx.db'}")
    assert sum(topic.issued for topic in store.feedback_summary()) == 1  # written before it left
    store.close()


def test_feedback_reaches_the_card_that_another_worker_issued(start, tmp_path):
    port = free_port()
    server = start("fhir_pgx", "serve", "--port", str(port), "--workers", "2")
    wait_until_ready(server, port)
    issued = set()
    for i in range(6):  # each on a connection of its own: both workers have their share
        request = order_sign(hookInstance=f"d1577c69-dfbe-44ad-ba6d-3e05e953b2e{i}")
        _, answer = ask(port, "POST", "/cds-services/pgx-order-sign", request)
        issued.add(answer["cards"][0]["uuid"])
    feedback = {
        "feedback": [
            {"card": card, "outcome": "overridden", "outcomeTimestamp": "2026-11-23T10:00:00Z"}
            for card in issued
        ]
    }
    assert ask(port, "POST", "/cds-services/pgx-order-sign/feedback", feedback)[0] == 200
    server.terminate()
    server.communicate(timeout=10)
    from fhir_pgx.storage import SqlStore

    store = SqlStore(f"sqlite:///{tmp_path / 'fhir_pgx.db'}")
    (topic,) = store.feedback_summary()
    assert (topic.issued, topic.overridden, topic.unanswered) == (6, 6, 0)
    store.close()


@pytest.mark.parametrize("workers", [1, 2])
def test_the_metrics_are_those_of_all_workers_together(start, monkeypatch, tmp_path, workers):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    port = free_port()
    server = start("fhir_pgx", "serve", "--port", str(port), "--workers", str(workers))
    wait_until_ready(server, port)
    calls = 0
    shares = 0 if workers == 1 else workers  # one counts in memory
    while calls < 6 or (len(list(temporary.rglob("counter_*.db"))) < shares and calls < 500):
        # Each on a connection of its own, so that each worker gets its share.
        assert ask(port, "POST", "/cds-services/pgx-order-sign", order_sign())[0] == 200
        calls += 1
    assert len(list(temporary.rglob("counter_*.db"))) == shares
    for _ in range(4):  # whichever worker is asked
        figures = figures_of(port)
        answers = figures['fhir_pgx_hook_answers_total{service="pgx-order-sign",status="200"}']
        assert (answers, figures['fhir_pgx_hook_seconds_count{service="pgx-order-sign"}']) == (
            calls,
            calls,
        )
    server.terminate()
    server.communicate(timeout=10)
    assert list(temporary.iterdir()) == []


def test_without_a_temporary_folder_the_server_says_so_and_starts(monkeypatch, capsys):
    def refuse(**_):
        raise FileNotFoundError(2, "No usable temporary directory found")

    monkeypatch.setattr(serve, "TemporaryDirectory", refuse)
    monkeypatch.setattr(serve.signal, "signal", lambda *_: None)
    with contextlib.ExitStack() as stack:
        serve._count_together(stack)
    assert "/metrics will show one worker at a time" in capsys.readouterr().err
    assert "PROMETHEUS_MULTIPROC_DIR" not in os.environ


def test_the_server_reads_what_was_loaded(start, write, tmp_path):
    file = write("one.json", bundle(PATIENT, GENOTYPE))
    database = f"sqlite:///{tmp_path / 'loaded.db'}"
    port = free_port()
    assert start("fhir_pgx", "load", file, "--database", database).wait(timeout=30) == 0
    server = start(
        "fhir_pgx", "serve", "--port", str(port), "--workers", "1", "--database", database
    )
    wait_until_ready(server, port)
    own = order_sign(prefetched=False, fhirServer=f"http://127.0.0.1:{port}/fhir")
    status, answer = ask(port, "POST", "/cds-services/pgx-order-sign", own)
    assert (status, len(answer["cards"])) == (200, 1)
    server.terminate()
    server.communicate(timeout=10)


def test_a_busy_port_is_said_at_once(start):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        server = start("fhir_pgx", "serve", "--port", port)
        _, err = server.communicate(timeout=20)
        assert server.returncode == 2
        assert f"127.0.0.1:{port}".encode() in err
        assert b"--port" in err
        shown = start("fhir_pgx.cli.demo", "--port", port, "--detach")
        _, err = shown.communicate(timeout=20)
        assert shown.returncode == 1
        assert port.encode() in err


@pytest.mark.parametrize("after", [0.1, 0.5, 0.9])
def test_a_server_that_is_stopped_while_it_starts_neither_hangs_nor_leaves_files(
    start, monkeypatch, tmp_path, after
):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    server = start("fhir_pgx", "serve", "--port", str(free_port()), "--workers", "2")
    time.sleep(after)
    server.terminate()
    server.communicate(timeout=8)  # a worker that will not go is ended after five seconds
    assert list(temporary.iterdir()) == []


def test_the_demonstration_shows_a_card_and_leaves_nothing_running(start, tmp_path):
    port = free_port()
    shown = start("fhir_pgx.cli.demo", "--port", str(port), "--detach")
    out, err = shown.communicate(timeout=60)
    assert shown.returncode == 0, err
    text = out.decode()
    assert "clopidogrel" in text.lower()
    assert "source:" in text
    # and Genomics Operations: of the patient, of what follows from it, and of everybody
    assert "genotype: CYP2C19: *2/*2 (Observation/synthetic-ada-cyp2c19)" in text
    assert "implication: clopidogrel, CPIC: CYP2C19 Poor Metabolizer; Avoid" in text
    assert 'numerator: {"value": 1}' in text
    assert b"synthetic example patients are loaded" in err
    with pytest.raises(OSError, match="refused"):
        ask(port, "GET", "/health/live")
    assert (tmp_path / ".demo" / "fhir_pgx.db").exists()


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_the_demonstration_goes_on_until_it_is_told_to_stop(start, told):
    port = free_port()
    shown = start("fhir_pgx.cli.demo", "--port", str(port))
    while b"goes on" not in (line := shown.stderr.readline()):  # it comes after the card
        assert line
    assert ask(port, "GET", "/health/ready")[0] == 200
    shown.send_signal(told)
    shown.communicate(timeout=15)
    assert shown.returncode == 0
    with pytest.raises(OSError, match="refused"):
        ask(port, "GET", "/health/live")


def test_other_wsgi_servers_find_the_app_by_name(tmp_path):
    code = (
        "import gc; from fhir_pgx.web.wsgi import app;"
        "assert app.test_client().get('/health/ready').status_code == 200;"
        "assert gc.get_freeze_count() > 10_000 and gc.get_threshold()[0] == 50_000"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "FHIR_PGX_DATABASE": "sqlite:///other.db"}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environ, check=True)
    assert (tmp_path / "other.db").exists()


def test_the_answer_of_an_operation_is_printed_for_people():
    def part(code, **value):
        return {"code": {"coding": [{"code": code}]}, **value}

    result = {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "valueCodeableConcept": {"text": "CYP2C19 *1/*2"},
        "component": [part("48018-6", valueCodeableConcept={"coding": [{"display": "CYP2C19"}]})],
    }
    made = {
        "resourceType": "Observation",
        "id": "o2",
        "status": "preliminary",
        "component": [
            part("51963-7", valueCodeableConcept={"text": "clopidogrel"}),
            part("knowledge-base", valueCodeableConcept={"text": "CPIC, a-table, retrieved 2026"}),
            part("therapeutic-implication", valueCodeableConcept={"text": "Intermediate"}),
            part("conclusion-string", valueString="Avoid."),
        ],
    }
    parts = [
        {"name": "geneItem", "valueString": "CYP2C19"},
        {"name": "genotype", "resource": result},
        {"name": "implication", "resource": made},
    ]
    answer = {"parameter": [{"name": "haplotypes", "part": parts}]}
    assert demo.describe_parameters(answer) == [
        "  haplotypes",
        "    geneItem: CYP2C19",
        "    genotype: CYP2C19: *1/*2 (Observation/o1)",
        "    implication: clopidogrel, CPIC: Intermediate; Avoid.",
    ]
    assert demo.describe_parameters({}) == []


def test_a_card_is_printed_for_people():
    card = {
        "summary": "Clopidogrel may not work",
        "indicator": "warning",
        "detail": "**Why** *Strong.*\n\n- CYP2C19 \\*2/\\*17: reduced\n\n| gene | result |",
        "source": {"label": "CPIC", "url": "https://cpicpgx.org"},
        "suggestions": [{"label": "Prasugrel", "uuid": "s1", "isRecommended": True}],
        "links": [{"label": "Guideline", "url": "https://example.org", "type": "absolute"}],
    }
    assert demo.describe_card(card).splitlines() == [
        "[WARNING] Clopidogrel may not work",
        "  Why Strong.",
        "",
        "  - CYP2C19 *2/*17: reduced",
        "",
        "  | gene | result |",
        "  * suggestion: Prasugrel",
        "    Guideline: https://example.org",
        "  source: CPIC https://cpicpgx.org",
    ]
