"""`fhir-pgx pull`: records of another FHIR server into the store."""

import argparse
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from fhir_pgx.cli.options import Commands, WrongUsage, add_command, add_database
from fhir_pgx.cli.output import print_json, say
from fhir_pgx.cli.recording import record
from fhir_pgx.cli.stored import open_server
from fhir_pgx.errors import Issue, PgxError, PullFailed
from fhir_pgx.fhir.backend_tokens import Credentials
from fhir_pgx.fhir.client import CallFailed, FhirClient
from fhir_pgx.fhir.operation_outcome import to_operation_outcome
from fhir_pgx.fhir.pull import TYPES, Puller
from fhir_pgx.model.audited import Access
from fhir_pgx.rest.pulling import keep_lines, keep_record
from fhir_pgx.rest.server import Server
from fhir_pgx.security.backend_services import (
    ASSERTION_TYPE,
    BackendKey,
    read_key,
    sign_assertion,
)
from fhir_pgx.security.own_keys import read_own_keys
from fhir_pgx.settings import settings_from_environment
from fhir_pgx.storage import SqlStore
from fhir_pgx.storage.key_files import read_key_files
from fhir_pgx.storage.store import Saved

Note = Callable[[Access], None]

_BULK_TYPES = ("Patient", *TYPES, "Medication")


def register(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "pull",
        run,
        does="take patients' records from another FHIR server into the store",
        example="fhir-pgx pull https://ehr.example.org/fhir --patient 123 --database sqlite:///pgx.db",
    )
    parser.add_argument("server", metavar="URL", help="the server's FHIR base URL")
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument(
        "--patient", action="append", default=[], metavar="ID", help="a patient's record"
    )
    which.add_argument("--all", action="store_true", help="the record of every patient")
    which.add_argument("--bulk", action="store_true", help="a Bulk Data export of all patients")
    which.add_argument("--group", default="", metavar="ID", help="a Bulk Data export of a Group")
    parser.add_argument("--since", default="", metavar="INSTANT", help="changed since then")
    parser.add_argument("--client-id", default="", help="ours at the authorization server")
    parser.add_argument(
        "--key", default="", metavar="FILE", help="our private key, a JWK; else signing_keys"
    )
    parser.add_argument("--token-url", default="", metavar="URL", help="where tokens are given")
    parser.add_argument("--scope", default="system/*.rs", help="what the token is asked for")
    parser.add_argument(
        "--private", action="store_true", help="the server stands in our own network"
    )
    add_database(parser)


def run(arguments: argparse.Namespace) -> int:
    """Pull each record whole or not at all; one that fails does not stop the next."""
    settings = settings_from_environment({"database": arguments.database})
    with (
        closing(SqlStore(settings.database, settings.audit_salt)) as store,
        _puller(arguments) as puller,
    ):
        server = open_server(settings, store)

        def note(access: Access) -> None:
            record(store, settings, [access])

        if arguments.bulk or arguments.group:
            return _pull_export(arguments, puller, server, note)
        return _pull_records(arguments, puller, server, note)


def _puller(arguments: argparse.Namespace) -> Puller:
    if arguments.key and not arguments.client_id:
        raise WrongUsage("--key needs --client-id: whose key it is")
    # Named on the command line by whoever runs it: that is the list of servers to call.
    urls = (arguments.server, arguments.token_url) if arguments.token_url else (arguments.server,)
    client = FhirClient((), urls) if arguments.private else FhirClient(urls)
    credentials = _credentials(arguments) if arguments.client_id else None
    try:
        return Puller(client, arguments.server, credentials)
    except CallFailed as failed:
        raise WrongUsage(
            "the URL is no FHIR base that may be called: https, or http on loopback with --private"
        ) from failed


def _credentials(arguments: argparse.Namespace) -> Credentials:
    key = _key(arguments)

    def sign(token_url: str) -> str:
        return sign_assertion(
            key,
            arguments.client_id,
            token_url,
            now=time.time(),
            new_id=lambda: str(uuid.uuid4()),
        )

    return Credentials(sign, ASSERTION_TYPE, arguments.scope, arguments.token_url)


def _key(arguments: argparse.Namespace) -> BackendKey:
    """The key that --key names, else that of ours which signs now."""
    if not arguments.key:
        keys = read_own_keys(read_key_files(settings_from_environment().signing_keys))
        return keys.signing(time.time()).key
    try:
        return read_key(Path(arguments.key).read_bytes())
    except OSError as error:
        raise WrongUsage(f"{arguments.key} cannot be read: {error.strerror}") from error


def _pull_records(arguments: argparse.Namespace, puller: Puller, server: Server, note: Note) -> int:
    counts: Counter[str] = Counter()
    issues: list[Issue] = []
    absent: dict[str, None] = {}
    for patient in _patients(arguments, puller):
        try:
            record = puller.record(patient)
            _add(counts, keep_record(server, puller.base_url, patient, record.entries))
            note(Access("pull", puller.base_url, patient))
            absent.update(dict.fromkeys(record.not_served))
            counts["patients"] += 1
        except CallFailed as failed:
            # By its place in the list: the id is a patient's.
            place = f"record {counts['patients'] + len(issues) + 1}"
            issues += PullFailed(failed.reason, where=place, mend="pull it again").issues
        except PgxError as error:
            issues += error.issues
    if absent:
        say(f"not served there, and so not known here: {', '.join(absent)}")
    return _told(counts, issues)


def _patients(arguments: argparse.Namespace, puller: Puller) -> Iterator[str]:
    if not arguments.all:
        yield from dict.fromkeys(each.removeprefix("Patient/") for each in arguments.patient)
        return
    try:
        yield from puller.patients()
    except CallFailed as failed:
        raise PullFailed(
            f"the list of patients was not obtained whole: {failed.reason}",
            mend="pull again; the records that came before are stored",
        ) from failed


def _pull_export(arguments: argparse.Namespace, puller: Puller, server: Server, note: Note) -> int:
    counts: Counter[str] = Counter()
    try:
        files = puller.export(group=arguments.group, since=arguments.since, types=_BULK_TYPES)
        # Patients and what results refer to first, so that each is read with what explains it.
        for file in sorted(files, key=lambda each: _order(each.type)):
            for saved in keep_lines(server, puller.base_url, puller.lines(file)):
                _add(counts, saved)
            counts["files"] += 1
    except CallFailed as failed:
        raise PullFailed(
            f"the export was not obtained whole: {failed.reason}",
            mend="pull again: what is stored already is not stored twice",
        ) from failed
    note(Access("pull", puller.base_url, details=_details(arguments, counts)))
    return _told(counts, [])


def _details(arguments: argparse.Namespace, counts: Counter[str]) -> tuple[tuple[str, str], ...]:
    """Of an export, which is of many patients: whose it was and how much came."""
    group = (("group", arguments.group),) if arguments.group else ()
    return (*group, *((name, str(number)) for name, number in sorted(counts.items())))


def _order(type_: str) -> int:
    first = ("Patient", "Medication", "Specimen", "MolecularSequence")
    return first.index(type_) if type_ in first else len(first)


def _add(counts: Counter[str], saved: Saved) -> None:
    counts["created"] += saved.created
    counts["updated"] += saved.updated
    counts["unchanged"] += saved.unchanged


def _told(counts: Counter[str], issues: list[Issue]) -> int:
    if issues:
        print_json(to_operation_outcome(tuple(issues)))
        say(f"{counts['patients']} records were stored, {len(issues)} were not")
        return 1
    print_json({name: counts[name] for name in ("created", "updated", "unchanged")} | dict(counts))
    return 0
