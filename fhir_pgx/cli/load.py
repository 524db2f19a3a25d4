"""`fhir-pgx load`: resources into the store, a file at a time, whole or not at all."""

import argparse
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace

from fhir_pgx.cli.inputs import MAX_BYTES, find_files, read_files
from fhir_pgx.cli.options import (
    FILES_HELP,
    Commands,
    WrongUsage,
    add_command,
    add_database,
    add_tenant,
)
from fhir_pgx.cli.output import print_json, say
from fhir_pgx.cli.recording import of_patients, record
from fhir_pgx.cli.stored import open_server
from fhir_pgx.errors import GenomicsNotIndexed, Issue, NotFhir, PgxError, StoreFailure
from fhir_pgx.fhir.documents import read_documents
from fhir_pgx.fhir.operation_outcome import to_operation_outcome
from fhir_pgx.model.audited import Access
from fhir_pgx.model.document import Document
from fhir_pgx.rest.draft import Draft
from fhir_pgx.rest.loading import drafts_in, load_documents
from fhir_pgx.rest.reindexing import reindex
from fhir_pgx.rest.server import Server
from fhir_pgx.settings import settings_from_environment
from fhir_pgx.storage import SqlStore


def register(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "load",
        run,
        does="put FHIR resources into the store",
        example="fhir-pgx load patients/ more.ndjson.gz --database sqlite:///pgx.db",
    )
    parser.add_argument("files", nargs="*", metavar="FILE|DIR", help=FILES_HELP)
    parser.add_argument(
        "--reindex",
        action="store_true",
        help="first index what a store of an earlier release holds and no search finds",
    )
    add_database(parser)
    add_tenant(parser)


def run(arguments: argparse.Namespace) -> int:
    """Load every file; one that has an error leaves nothing behind, and the next is loaded."""
    if not (arguments.files or arguments.reindex):
        raise WrongUsage("name files to load, or say --reindex")
    settings = settings_from_environment({"database": arguments.database})
    names = list(find_files(arguments.files))
    with closing(SqlStore(settings.database, settings.audit_salt)) as store:
        tenant = arguments.tenant
        server = replace(open_server(settings, store), tenant=tenant)
        indexed = reindex(server) if arguments.reindex else None
        loaded = load_files(
            names, server, lambda found: record(store, settings, found, tenant=tenant)
        )
        patients = len(store.patients(tenant=tenant))
    if indexed is not None:
        say(f"{indexed.done} stored resources are found by searches from now on")
    if indexed is not None and indexed.failed:
        loaded.issues.insert(0, _not_indexed(indexed.failed))
    if loaded.issues:
        print_json(to_operation_outcome(tuple(loaded.issues)))
        say(f"{loaded.files} files were stored, {loaded.failed} were not")
        return 1
    counts = {name: getattr(loaded, name) for name in ("files", "created", "updated", "unchanged")}
    print_json({**counts, "patients": patients})
    return 0


def _not_indexed(count: int) -> Issue:
    return Issue(
        f"{count} stored resources cannot be read, and no search finds them",
        mend="their types stand in the log; write them again, or delete them",
        kind=GenomicsNotIndexed.kind,
        code=GenomicsNotIndexed.code,
    )


Note = Callable[[Sequence[Access]], None]


def _unrecorded(accesses: Sequence[Access]) -> None:
    """For synthetic patients."""


@dataclass(slots=True)
class Loaded:
    """What a load did: files and resources counted, and what was wrong with files that failed."""

    files: int = 0
    failed: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    issues: list[Issue] = field(default_factory=list)


def load_files(names: Iterable[str], server: Server, note: Note = _unrecorded) -> Loaded:
    """Put each file into the store; one that has an error leaves nothing behind.

    `note` is told what was loaded, file by file, for the record of accesses. Raises WrongUsage
    where a file cannot be read at all, StoreFailure where the store fails.
    """
    loaded = Loaded()
    for name in names:
        (document,) = read_files([name])
        try:
            resources = read_resources(document)
            saved = load_documents(server, resources)
        except StoreFailure:
            raise
        except PgxError as error:
            loaded.failed += 1
            loaded.issues += [
                replace(issue, where=f"{document.name} {issue.where}".strip())
                for issue in error.issues
            ]
            say(f"{document.name}: nothing of it was stored: {error.text}")
            continue
        loaded.files += 1
        loaded.created += saved.created
        loaded.updated += saved.updated
        loaded.unchanged += saved.unchanged
        note(_accesses(resources))
        homeless = _without_patient(resources)
        if homeless:
            say(f"{document.name}: {homeless} resources are of no known patient")
    return loaded


def read_resources(document: Document) -> list[Draft]:
    """The resources of a file, ready for the store. Raises NotFhir where there is none."""
    found = drafts_in([each.content for each in read_documents(document, max_bytes=MAX_BYTES)])
    if not found:
        raise NotFhir(
            "the file holds no FHIR resource",
            mend="load FHIR resources, Bundles or NDJSON",
        )
    return found


def _accesses(resources: Sequence[Draft]) -> list[Access]:
    named = [(each.patient, each.reference) for each in resources]
    return of_patients(Access("load", "load"), named)


def _without_patient(resources: Sequence[Draft]) -> int:
    return sum(not each.patient and not each.referred_by for each in resources)
