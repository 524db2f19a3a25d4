"""`fhir-pgx audit`: the record of accesses, listed and verified."""

import argparse
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from fhir_pgx.cli.options import Commands, WrongUsage, add_command, add_database
from fhir_pgx.cli.output import print_json, print_line, print_text, say
from fhir_pgx.fhir.json import read_json
from fhir_pgx.settings import Settings, settings_from_environment
from fhir_pgx.storage import SqlStore
from fhir_pgx.storage.audit import KeptEntry

_LARGEST = 10_000_000


def register(commands: Commands) -> None:
    """Declare the command and its forms."""
    parser = add_command(
        commands,
        "audit",
        run_list,
        does="show who has seen whose data, and verify that the record of it is whole",
        example="fhir-pgx audit list --patient example --since 2026-10-01",
    )
    forms = parser.add_subparsers(metavar="list|verify", required=True)
    listing = add_command(
        forms,
        "list",
        run_list,
        does="list accesses, the oldest first",
        example="fhir-pgx audit list --patient example --since 2026-10-01",
    )
    listing.add_argument("--patient", default="", metavar="ID", help="to this patient's data")
    listing.add_argument(
        "--agent", default="", metavar="NAME", help="by this client or user, as the list shows it"
    )
    listing.add_argument("--tenant", default="", metavar="NAME", help="in this tenant's record")
    listing.add_argument(
        "--json", action="store_true", help="each access as its AuditEvent, one a line (NDJSON)"
    )
    verifying = add_command(
        forms,
        "verify",
        run_verify,
        does="verify that no row of the record was changed, moved, put in or removed",
        example="fhir-pgx audit verify --head $(cat head-of-last-week)",
    )
    verifying.add_argument(
        "--head",
        action="append",
        default=[],
        metavar="DIGEST",
        help="a head that was printed before and must still be in the record; may be repeated",
    )
    for form in (listing, verifying):
        form.add_argument(
            "--since", type=_instant, metavar="TIME", help="recorded since, as 2026-10-31 (UTC)"
        )
        add_database(form)


def run_list(arguments: argparse.Namespace) -> int:
    """Print the accesses asked for."""
    settings = _settings(arguments)
    patient = arguments.patient.removeprefix("Patient/")
    with closing(SqlStore(settings.database, settings.audit_salt)) as store:
        found = store.audit.entries(tenant=arguments.tenant, patient=patient, since=arguments.since)
        for each in _by(found, arguments.agent):
            if arguments.json:
                print_line(read_json(each.body, max_bytes=_LARGEST))
            else:
                print_text(_line(each))
    return 0


def run_verify(arguments: argparse.Namespace) -> int:
    """Print how many rows hold, and the heads to note. Raises BrokenAudit at the first that does
    not."""
    settings = _settings(arguments)
    with closing(SqlStore(settings.database, settings.audit_salt)) as store:
        chains = store.audit.verify(arguments.head, since=arguments.since)
    print_json(
        {
            "rows": sum(each.rows for each in chains),
            "chains": [
                {"tenant": each.tenant, "rows": each.rows, "last": each.number, "head": each.head}
                for each in chains
            ],
        }
    )
    if chains:
        say("the record holds; note the heads outside this database, and give them to the next run")
    else:
        say("there is nothing in the record: where there was, it was removed as a whole")
    return 0


def _settings(arguments: argparse.Namespace) -> Settings:
    """Raises WrongUsage where there is no store, which looking would make."""
    settings = settings_from_environment({"database": arguments.database})
    is_file = settings.database.startswith("sqlite:")
    if is_file and not Path(settings.database.removeprefix("sqlite:///")).exists():
        raise WrongUsage("there is no store at this database; name it with --database")
    return settings


def _by(found: Iterator[KeptEntry], agent: str) -> Iterator[KeptEntry]:
    """Those of a client or user, or of both together (`user@client`)."""
    for each in found:
        user, _, client = each.agent.rpartition("@")
        if not agent or agent in (each.agent, client, user):
            yield each


def _line(entry: KeptEntry) -> str:
    when = entry.when.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    columns = (str(entry.number), when, entry.agent, f"Patient/{entry.patient or '-'}", entry.what)
    # Nothing of a caller's may look like a line of ours.
    return "  ".join("".join(c if c.isprintable() else " " for c in each) for each in columns)


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("give a date or an instant, as 2026-10-31") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
