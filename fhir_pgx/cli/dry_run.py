"""`fhir-pgx dry-run`: past hook requests replayed, to see what a policy would do."""

import argparse
import io
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

from fhir_pgx.cli.house import load_pipeline
from fhir_pgx.cli.options import Commands, WrongUsage, add_command, add_database, add_tenant
from fhir_pgx.cli.output import print_json, print_text
from fhir_pgx.cli.recording import record
from fhir_pgx.errors import TooLarge
from fhir_pgx.knowledge.policy import policy_bytes, read_policy
from fhir_pgx.model.audited import Access
from fhir_pgx.model.hook import HookCall
from fhir_pgx.plugins import load_services
from fhir_pgx.services.dry_run import dry_run, reader
from fhir_pgx.services.dry_run_report import places_in, text_of_dry_run, write_dry_run
from fhir_pgx.services.gather import Sources
from fhir_pgx.services.past_requests import MOST_BYTES, Past, read_requests
from fhir_pgx.settings import Settings, settings_from_environment
from fhir_pgx.storage import SqlStore
from fhir_pgx.storage.tenants import in_tenant


def register(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "dry-run",
        run,
        does="replay past hook requests and count the cards, per 1,000 orders and per rule",
        example="fhir-pgx dry-run requests.ndjson --policy candidate.toml --format text",
    )
    parser.add_argument(
        "requests",
        metavar="REQUESTS",
        help="bodies of hook requests: one a line (NDJSON), a JSON array, or one request; also "
        "gzipped; - is standard input",
    )
    parser.add_argument(
        "--policy",
        metavar="CANDIDATE.toml",
        help="a policy to hold beside the one in force (setting policy)",
    )
    parser.add_argument("--format", choices=("json", "text"), default="json")
    add_database(parser)
    add_tenant(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the report. No card is recorded and no server is called; a store is looked into only
    where --database names it, and that it was is recorded."""
    settings = settings_from_environment({"database": arguments.database})
    pipeline = load_pipeline(settings)
    others, other_text = None, ""
    if arguments.policy:
        data = policy_bytes(arguments.policy)
        other_text = data.decode()
        policy = read_policy(data, Path(arguments.policy).name, pipeline.knowledge)
        others = pipeline.under(policy, untested_cards=settings.untested_cards)
    seen: dict[str, None] = {}
    with ExitStack() as stack:
        file = stack.enter_context(_opened(arguments.requests))
        sources = _sources(arguments, settings, stack)

        def note(call: HookCall) -> None:
            seen[call.patient_id] = None

        services = load_services(pipeline.answer).services
        past = read_requests(file, max_bytes=settings.max_body_bytes, max_depth=settings.max_depth)
        report = dry_run(
            _shown(past, file),
            reader(services, sources, note),
            pipeline.answer,
            others.answer if others else None,
        )
        if sources.store is not None and seen:
            accesses = [Access("other", "dry-run", patient) for patient in seen]
            record(sources.store, settings, accesses, tenant=arguments.tenant)
    in_force = pipeline.limits.policy
    text = policy_bytes(settings.policy).decode() if settings.policy else ""
    candidate = others.limits.policy if others else in_force
    written = write_dry_run(report, places_in(in_force, text), places_in(candidate, other_text))
    print_text(text_of_dry_run(written)) if arguments.format == "text" else print_json(written)
    return 0 if report.answered or not report.in_file else 1


def _sources(arguments: argparse.Namespace, settings: Settings, stack: ExitStack) -> Sources:
    if arguments.database is None:
        return Sources()
    is_file = settings.database.startswith("sqlite:")
    if is_file and not Path(settings.database.removeprefix("sqlite:///")).exists():
        raise WrongUsage("there is no store at this database; name it with --database")
    store = SqlStore(settings.database, settings.audit_salt)
    stack.callback(store.close)
    return Sources(in_tenant(store, arguments.tenant), frozenset(settings.store_servers))


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    """A file that can be sought in; standard input is read whole. Raises WrongUsage."""
    if name == "-":
        data = sys.stdin.buffer.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise TooLarge(f"standard input holds more than {MOST_BYTES} bytes", mend="use a file")
        yield io.BytesIO(data)
        return
    try:
        with Path(name).open("rb") as file:
            if not file.seekable():
                raise WrongUsage(f"{name} is a pipe: give - and send it to standard input")
            yield file
    except OSError as error:
        raise WrongUsage(f"{name} cannot be read: {error.strerror}") from error


def _shown(past: Iterator[Past], file: BinaryIO) -> Iterator[Past]:
    """The requests, with a progress bar where a person looks at a terminal."""
    if not sys.stderr.isatty():
        yield from past
        return
    from rich.console import Console  # noqa: PLC0415 - for a terminal alone
    from rich.progress import Progress  # noqa: PLC0415

    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("replaying", total=size)
        for each in past:
            bar.update(task, completed=file.tell())
            yield each
