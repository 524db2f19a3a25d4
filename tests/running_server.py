"""A server of ours as a process of its own, for clients that speak HTTP."""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
READY_SECONDS = 60


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running_server(
    folder: Path, *, arguments: Sequence[str] = (), **settings: str
) -> Iterator[str]:
    """The address of a server with a new database in `folder`; it has ended on leaving.

    `settings` are by name, as the environment holds them without `FHIR_PGX_`; `arguments` are more
    of the command `serve`.
    """
    port = free_port()
    environ = {k: v for k, v in os.environ.items() if not k.startswith("FHIR_PGX_")}
    given = {f"FHIR_PGX_{name.upper()}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "fhir_pgx", "serve", "--port", str(port), "--workers", "1"]
    command += arguments
    log = (folder / f"server-{port}.log").open("wb")
    database = f"sqlite:///{folder}/server-{port}.db"
    with (
        log,
        subprocess.Popen(
            [*command, "--database", database],
            cwd=folder,
            env={**environ, **given, "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
        ) as process,
    ):
        try:
            wait_until_ready(process, port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()  # not killed: it ends the processes that it started
            process.wait(timeout=20)


def wait_until_ready(process: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise AssertionError("the server ended before it was ready")
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            with contextlib.closing(connection):
                connection.request("GET", "/health/ready")
                if connection.getresponse().status == 200:
                    return
        time.sleep(0.05)
    raise AssertionError("the server did not become ready")
