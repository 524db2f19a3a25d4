"""`fhir-pgx derive`: bring the reports that the store keeps of its patients up to date."""

import argparse
from contextlib import closing

from fhir_pgx.cli.house import load_pipeline
from fhir_pgx.cli.options import Commands, WrongUsage, add_command, add_database
from fhir_pgx.cli.output import print_json, say
from fhir_pgx.cli.recording import record
from fhir_pgx.errors import Issue, PgxError, StoreFailure
from fhir_pgx.fhir.operation_outcome import to_operation_outcome
from fhir_pgx.rest.derivation import derive_report
from fhir_pgx.settings import settings_from_environment
from fhir_pgx.storage import SqlStore
from fhir_pgx.web.derivation import derivation_server, derived_accesses


def register(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "derive",
        run,
        does="derive genomic reports of stored patients, and keep them in the store",
        example="fhir-pgx derive --all --database sqlite:///pgx.db",
    )
    parser.add_argument("patients", nargs="*", metavar="PATIENT", help="the ids of patients")
    parser.add_argument("--all", action="store_true", help="every patient of the store")
    add_database(parser)


def run(arguments: argparse.Namespace) -> int:
    """Derive one after another; a patient whose data cannot be read costs the others nothing."""
    if bool(arguments.patients) == arguments.all:
        raise WrongUsage("name patients, or say --all")
    settings = settings_from_environment({"database": arguments.database})
    with closing(SqlStore(settings.database, settings.audit_salt)) as store:
        known = store.patients()
        unknown = [each for each in arguments.patients if each not in known]
        if unknown:
            raise WrongUsage(f"nothing is stored of {', '.join(unknown)}")
        server, pipeline = derivation_server(store, settings), load_pipeline(settings)
        counts = {"patients": 0, "written": 0, "removed": 0, "failed": 0}
        issues: list[Issue] = []
        for patient in known if arguments.all else dict.fromkeys(arguments.patients):
            try:
                done = derive_report(server, pipeline, patient)
            except StoreFailure:
                raise
            except PgxError as error:
                counts["failed"] += 1
                say(f"{patient}: {error.text}")
                issues += error.issues
                continue
            record(store, settings, derived_accesses(done))
            counts["patients"] += 1
            counts["written"] += done.written
            counts["removed"] += done.removed
    if issues:
        print_json(to_operation_outcome(tuple(issues)))
        return 1
    print_json(counts)
    return 0
