"""A server that is started on the store of an earlier release finds what is in it."""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.request

import pytest

from fhir_pgx.cli import serve

from ..rest.test_reindexing import old_store
from ..running_server import ROOT, free_port, wait_until_ready
from ..web.fhir_client import observation, patient


def store_of(folder, count):
    """A synthetic patient with so many results, as a release without search kept them."""
    results = [observation("Patient/p", f"o{n}", valueQuantity={"value": n}) for n in range(count)]
    return old_store(folder / "old.db", [patient("p"), *results])


@contextlib.contextmanager
def served(url, folder, workers):
    port = free_port()
    environ = {k: v for k, v in os.environ.items() if not k.startswith("FHIR_PGX_")}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "fhir_pgx", "serve", "--port", str(port),
             "--workers", str(workers), "--database", url],
            env={**environ, "PYTHONPATH": str(ROOT)}, cwd=folder, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        wait_until_ready(process, port)
        yield f"http://127.0.0.1:{port}/fhir"
    finally:
        process.terminate()
        process.wait(timeout=20)


def total(base):
    with urllib.request.urlopen(f"{base}/Observation?patient=p&_summary=count") as answer:
        return json.load(answer)["total"]


def test_a_few_resources_are_found_from_the_first_request_on(tmp_path):
    with served(store_of(tmp_path, 5), tmp_path, 1) as base:
        assert total(base) == 5
    assert "6 resources of an earlier release are found" in (tmp_path / "log").read_text()


@pytest.mark.parametrize("workers", [1, 2])
def test_many_are_found_one_after_another_while_the_server_answers(tmp_path, workers):
    count = serve.FEW + 300
    with served(store_of(tmp_path, count), tmp_path, workers) as base:
        until = time.monotonic() + 60
        while (found := total(base)) < count and time.monotonic() < until:
            written = observation("Patient/q", valueQuantity={"value": 1})
            body, media = json.dumps(written).encode(), {"Content-Type": "application/fhir+json"}
            sent = urllib.request.Request(f"{base}/Observation", body, media)
            assert urllib.request.urlopen(sent).status == 201  # others can write meanwhile
            time.sleep(0.05)
        assert found == count
        time.sleep(0.5)
    log = (tmp_path / "log").read_text()
    assert log.count("resources of an earlier release are found by searches now") == 1
    assert "Traceback" not in log
