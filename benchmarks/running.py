"""A server for a measurement: started on a free port with a database of its own, and stopped."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from load import post

HERE = Path(__file__).resolve().parent
SERVICE = "/cds-services/pgx-order-sign"


@dataclass(frozen=True, slots=True)
class Running:
    """A server that has answered its first call, `seconds` after its process was started."""

    pid: int
    port: int
    seconds: float
    first: object


@contextmanager
def server(
    first: bytes,
    *,
    noop: bool = False,
    access: str = "",
    token: Callable[[str], str] | None = None,
    audit: str = "on",
) -> Iterator[Running]:
    """A server that answers, stopped in the end. `first` is its first call.

    `access` is its file of who may call; `token` then makes a credential for an address. `audit`
    is the setting of that name.
    """
    with tempfile.TemporaryDirectory() as folder:
        port = _free_port()
        # What is set for another server must not reach this one.
        kept = {k: v for k, v in os.environ.items() if not k.startswith("FHIR_PGX_")}
        kept["PYTHONPATH"] = str(HERE.parent)
        kept["BENCH_AUDIT"] = f"{folder}/audit.log"
        kept["BENCH_NOOP"] = "1" if noop else ""
        kept["FHIR_PGX_ACCESS"] = access
        kept["FHIR_PGX_AUDIT"] = audit
        command = [sys.executable, str(HERE / "server.py"), "serve", "--port", str(port)]
        command += ["--database", f"sqlite:///{folder}/bench.db"]
        started = perf_counter()
        process = subprocess.Popen(command, env=kept)
        try:
            known = token(f"http://127.0.0.1:{port}{SERVICE}") if token else ""
            answer = _first_answer(process, port, first, known)
            yield Running(process.pid, port, perf_counter() - started, answer)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=30)


def _first_answer(process: subprocess.Popen[bytes], port: int, body: bytes, token: str) -> object:
    while process.poll() is None:
        try:
            return post(port, SERVICE, body, token)
        except OSError:
            time.sleep(0.005)
    raise SystemExit("the server did not start")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
