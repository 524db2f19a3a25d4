"""`fhir-pgx export`: everything stored of one patient, as a Bundle."""

import argparse
from contextlib import closing
from typing import Any

from fhir_pgx.cli.inputs import MAX_BYTES
from fhir_pgx.cli.options import Commands, add_command, add_database
from fhir_pgx.cli.output import print_json
from fhir_pgx.errors import UnknownPatient
from fhir_pgx.fhir.json import read_json
from fhir_pgx.settings import settings_from_environment
from fhir_pgx.storage import SqlStore, StoredResource


def register(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "export",
        run,
        does="take everything that is stored of a patient out of the store",
        example="fhir-pgx export example > example.json",
    )
    parser.add_argument("patient", metavar="PATIENT", help="the patient's id")
    add_database(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the patient's resources as a Bundle of type collection."""
    settings = settings_from_environment({"database": arguments.database})
    patient = arguments.patient.removeprefix("Patient/")
    with closing(SqlStore(settings.database, settings.audit_salt)) as store:
        resources = store.resources_of(patient)
    if not resources:
        raise UnknownPatient(
            "nothing is stored of this patient",
            where="PATIENT",
            mend="give the id of a patient that was loaded",
        )
    print_json(
        {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [_entry(each, settings.base_url) for each in resources],
        }
    )
    return 0


def _entry(stored: StoredResource, base_url: str) -> dict[str, Any]:
    return {
        "fullUrl": stored.full_url or f"{base_url}/fhir/{stored.reference}",
        "resource": read_json(stored.body, max_bytes=MAX_BYTES),
    }
