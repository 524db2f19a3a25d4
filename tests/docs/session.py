"""A reader at a terminal: the commands of one page, in order, in a folder of their own.

What a page says of the world is put in its place: port 8080 is a free one, `.venv/bin` the programs
of this environment, `/etc/fhir_pgx` a folder beside. A server is started where the page starts one,
and is gone with the next, or with the page.
"""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.docs.blocks import ROOT
from tests.docs.plugin_package import install
from tests.docs.shown import Command, is_as_shown
from tests.running_server import free_port

SECONDS = 90
_SERVER = re.compile(r"(?:^|\s)(?:fhir-pgx serve|flask\b.* run)\b")
_STATUS = re.compile(r"^curl -s?i .*# (\d{3})\b[^\n]*\Z", re.S)  # a comment says what must come
_PIP = re.compile(r"pip install \./(\S+)")


class Session:
    """Commands run in `folder`; `instead` has further texts of the page and what takes their
    place."""

    def __init__(self, folder: Path, instead: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.port = free_port()
        (folder / "examples").symlink_to(ROOT / "examples")
        (folder / "etc").mkdir()
        self._packages = folder / "site-packages"
        self._state = folder / ".state"
        self._server: subprocess.Popen[bytes] | None = None
        self.instead = {
            **(instead or {}),
            "127.0.0.1:8080": f"127.0.0.1:{self.port}",
            "--port 8080": f"--port {self.port}",
            "--host 0.0.0.0": "--host 127.0.0.1",
            ".venv/bin/": "",
            "/etc/fhir_pgx": f"{folder}/etc",
            "/etc/fhir-pgx": f"{folder}/etc",
        }

    def run(self, command: Command, *, code: int = 0) -> None:
        """Run a command; fails where it ends or answers otherwise than the page says."""
        text = self._here(command.text).strip()
        if package := _PIP.match(text):
            install(self.folder / package[1], self._packages)
            return
        if text == "kill %1":
            self.stop()
            return
        if _SERVER.search(text) or text.endswith("&"):
            answered = self._serve(text.removesuffix("&"))
        else:
            ended = self._bash(text)
            answered = ended.stdout
            assert ended.returncode == code, f"{text}\nended with {ended.returncode}:\n{answered}"
        if status := _STATUS.search(text):
            assert f"HTTP/1.1 {status[1]} " in answered, f"{text}\nanswered\n{answered}"
        shown = None if command.answer is None else self._here(command.answer)
        if shown is not None:
            assert is_as_shown(answered, shown), f"{text}\nanswered\n{answered}\nnot\n{shown}"

    def answer(self, text: str) -> str:
        """What a command of our own answers."""
        return self._bash(text).stdout

    def write(self, title: str, text: str) -> None:
        """The file that a block is."""
        file = self.folder / title
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self._here(text), encoding="utf-8")

    def stop(self) -> None:
        """End the server, if there is one."""
        if self._server is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._server.pid, signal.SIGTERM)
        try:
            self._server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(self._server.pid, signal.SIGKILL)
            self._server.wait(timeout=20)
        self._server = None

    def _here(self, text: str) -> str:
        for said, meant in self.instead.items():
            text = text.replace(said, meant)
        return text

    def _bash(self, text: str) -> "subprocess.CompletedProcess[str]":
        # What is exported stays for the next command, as in one terminal.
        script = f"set -a; [ -f {self._state} ] && . {self._state}\n{text}\n"
        script += f"code=$?; export -p > {self._state}; exit $code\n"
        return subprocess.run(
            ["bash", "-c", script], cwd=self.folder, env=self._environ(), check=False, text=True,
            encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS,
        )  # fmt: skip

    def _serve(self, text: str) -> str:
        self.stop()
        log = self.folder / ".server.log"
        with log.open("wb") as sink:
            self._server = subprocess.Popen(
                ["bash", "-c", f"[ -f {self._state} ] && . {self._state}\n{text}"],
                cwd=self.folder, env=self._environ(), start_new_session=True, stdout=sink,
                stderr=subprocess.STDOUT,
            )  # fmt: skip
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            said = log.read_text(encoding="utf-8")
            assert self._server.poll() is None, f"{text}\ndid not start:\n{said}"
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return log.read_text(encoding="utf-8")
            time.sleep(0.1)
        raise AssertionError(f"{text}\nis not listening:\n{log.read_text(encoding='utf-8')}")

    def _environ(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("FHIR_PGX_", "COV"))}
        return {
            **kept,
            "PATH": f"{Path(sys.executable).parent}:{kept.get('PATH', '')}",
            "PYTHONPATH": f"{ROOT}:{self._packages}",
            "HOME": str(self.folder),
            "COLUMNS": "80",
            "TERM": "dumb",
            "NO_COLOR": "1",
            "FHIR_PGX_PORT": str(self.port),
            "FHIR_PGX_WORKERS": "1",
        }
