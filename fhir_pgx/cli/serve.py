"""`fhir-pgx serve`: the production server, granian with worker processes."""

import argparse
import os
import signal
import socket
import sys
import time
from contextlib import ExitStack, closing
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NoReturn

from fhir_pgx.cli.examples import example_patients
from fhir_pgx.cli.load import load_files
from fhir_pgx.cli.options import Commands, add_command, add_database
from fhir_pgx.cli.output import say
from fhir_pgx.cli.stored import open_server
from fhir_pgx.errors import InvalidSetting, StoreFailure
from fhir_pgx.model.registered import Registered
from fhir_pgx.rest.reindexing import Reindexed, reindex
from fhir_pgx.settings import Settings, settings_from_environment, share_metrics
from fhir_pgx.storage import SqlStore

if TYPE_CHECKING:
    from flask import Flask

FEW = 500  # resources to index before the server listens: about half a second
TRIES, PAUSE_SECONDS = 10, 5.0  # of indexing behind a server whose store fails
MOST_HEADERS = 128 * 1024  # bytes of one request's address and headers
DEMO_DATABASE = "sqlite:///fhir_pgx-demo.db"


def register(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "serve",
        run,
        does="start the server",
        example="fhir-pgx serve --port 9000 --workers 2 --database sqlite:////srv/pgx.db",
    )
    parser.add_argument("--host", help="the address to listen on")
    parser.add_argument("--port", type=int, help="the port to listen on")
    parser.add_argument(
        "--workers", type=int, metavar="N", help="worker processes; by default one a core"
    )
    add_database(parser)
    parser.add_argument(
        "--demo",
        action="store_true",
        help="load the synthetic example patients first, into a database of their own",
    )
    parser.add_argument(
        "--insecure-open",
        action="store_true",
        help="let other machines reach the server although nobody is asked who calls",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal stops it."""
    named = {name: getattr(arguments, name) for name in ("host", "port", "workers", "database")}
    flags = {"demo": arguments.demo, "insecure_open": arguments.insecure_open}
    named |= {name: "on" for name, is_set in flags.items() if is_set}
    settings = settings_from_environment(named)
    if arguments.demo and settings.database == Settings().database:
        # Synthetic patients do not belong among those of whoever uses the default file.
        settings = settings_from_environment({**named, "database": DEMO_DATABASE})
    check_port(settings.host, settings.port)
    workers = worker_count(settings)
    with ExitStack() as stack:
        if workers > 1:  # one counts in memory
            _count_together(stack)
        if not _prepare(settings, demo=arguments.demo):
            _reindex_behind(settings)
        _serve(settings, workers)
    return 0


def worker_count(settings: Settings) -> int:
    """The worker processes to start: as the setting says, or one a core; one alone where the
    demonstration's authorization server runs, which keeps its codes in one process."""
    usual = 1 if settings.demo_authorization == "on" else os.cpu_count() or 1
    return settings.workers or usual


def _count_together(stack: ExitStack) -> None:
    """Give the workers a folder to count in, which goes with the server."""
    signal.signal(signal.SIGTERM, _leave)  # until granian has its own: the folder must go then too
    try:
        folder = TemporaryDirectory(prefix="fhir_pgx-metrics-", ignore_cleanup_errors=True)
    except OSError as error:  # a read-only container; no reason to leave clinicians without cards
        say(f"no temporary folder ({error.strerror}): /metrics will show one worker at a time")
        return
    share_metrics(Path(stack.enter_context(folder)))


def _leave(told: int, _: object) -> NoReturn:
    sys.exit(128 + told)


def _prepare(settings: Settings, *, demo: bool) -> bool:
    """Do once what every worker would do, or fail at, by itself.

    The store gets the present schema. An app is built and thrown away: whatever keeps one from
    starting is raised here and not in a worker, which would be started over and over; and what it
    imported is there for every worker that is forked. Few resources of an earlier release's store
    are indexed here; False where that is left to do.
    """
    from fhir_pgx.web.app import create_app  # noqa: PLC0415 - no other command needs Flask
    from fhir_pgx.web.fhir_server import server_of  # noqa: PLC0415 - as above

    with closing(SqlStore(settings.database, settings.audit_salt)) as store:
        app = create_app(settings, store=store)
        registered = app.extensions["fhir_pgx"].registered
        _warn_if_open(registered, settings)
        _warn_of_address(registered, settings)
        server = server_of(app.extensions["fhir_pgx"])
        if demo:
            load_files(example_patients(), server)
            say(f"{len(store.patients())} synthetic example patients are loaded")
        waiting = len(store.unindexed(FEW + 1))
        if waiting > FEW:
            say(
                "resources of an earlier release are being indexed: until this says that they are "
                "found, searches and operations do not find all of them"
            )
            return False
        if waiting:
            _tell(reindex(server))
    return True


def _warn_if_open(registered: Registered, settings: Settings) -> None:
    if registered.is_open and not settings.is_local:
        say("WARNING: nobody is asked who calls; who reaches this server reads and changes records")


def _warn_of_address(registered: Registered, settings: Settings) -> None:
    """Of a `base_url` that nobody from elsewhere can have meant, or that no TLS protects."""
    if registered.is_open or settings.is_local or settings.base_url.startswith("https:"):
        return
    if settings.is_called_local:
        say(
            f"WARNING: other machines reach this server, and base_url is {settings.base_url}: a "
            "credential holds only if it was made for that address; set base_url to the one that "
            "callers use"
        )
    else:
        say("WARNING: base_url is not https: whoever listens on the way can use what callers send")


def _reindex_behind(settings: Settings) -> None:
    """Index what an earlier release kept, in a process that ends with this one or before."""
    get_context("spawn").Process(
        target=reindex_all, args=(settings,), name="reindex", daemon=True
    ).start()


def reindex_all(settings: Settings) -> None:
    """Index everything that no search finds yet, half of the time, so that others can write."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C reaches this process too
    for left in reversed(range(TRIES)):
        with closing(SqlStore(settings.database, settings.audit_salt)) as store:
            try:
                _tell(reindex(open_server(settings, store), time.sleep))
            except StoreFailure as failure:
                if not left:
                    say(f"not everything is found by searches yet: {failure.text}")
                    return
            else:
                return
        time.sleep(PAUSE_SECONDS)


def _tell(indexed: Reindexed) -> None:
    say(f"{indexed.done} resources of an earlier release are found by searches now")
    if indexed.failed:
        say(f"{indexed.failed} cannot be read and stay unfound")


def check_port(host: str, port: int) -> None:
    """Raises InvalidSetting where the address is taken: workers would share it without a word."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise InvalidSetting(
                f"{host}:{port} cannot be listened on: {error.strerror}; "
                "another program may be using it, so choose a port with --port",
                where="port",
            ) from error


def _serve(settings: Settings, workers: int) -> None:
    from granian import Granian  # noqa: PLC0415 - no other command needs it
    from granian.constants import Interfaces  # noqa: PLC0415
    from granian.http import HTTP1Settings, HTTP2Settings  # noqa: PLC0415
    from granian.log import LogLevels  # noqa: PLC0415

    server = Granian(
        "fhir_pgx.web.wsgi:app",  # only a name here: the loader below builds the app
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=settings.threads,
        backpressure=max(64, settings.threads * 16),
        respawn_failed_workers=True,
        # Room for the longest address that is answered, and ten seconds to send all headers.
        http1_settings=HTTP1Settings(header_read_timeout=10_000, max_buffer_size=MOST_HEADERS),
        http2_settings=HTTP2Settings(max_headers_size=MOST_HEADERS),
        workers_kill_timeout=5,  # a worker told to stop while it starts would hang for ever
        websockets=False,
        log_level=LogLevels.warning,
    )
    server.on_startup(
        partial(say, f"fhir_pgx on {settings.base_url} ({workers} workers); Ctrl-C stops it")
    )
    # The loader runs in each worker, so that no connection or thread is shared over a fork.
    server.serve(target_loader=partial(_load_worker, settings), wrap_loader=False)


def _load_worker(settings: Settings) -> "Flask":
    """Runs in the new process, before granian's worker takes over its signals."""
    from fhir_pgx.web.worker import worker_app  # noqa: PLC0415

    # A fork inherits granian's handler, which does nothing here: told to stop while it starts, the
    # worker would go on, and be killed only when the kill timeout is over.
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return worker_app(settings)
