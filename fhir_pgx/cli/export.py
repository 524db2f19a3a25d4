"""`fhir-pgx export`: everything stored of one patient, as a Bundle."""

import argparse
from contextlib import closing
from typing import Any

from fhir_pgx.cli.inputs import MAX_BYTES
from fhir_pgx.cli.options import Commands, add_command, add_database, add_tenant
from fhir_pgx.cli.output import print_json
from fhir_pgx.cli.recording import record
from fhir_pgx.errors import UnknownPatient
from fhir_pgx.fhir.json import read_json
from fhir_pgx.model.audited import Access
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
    add_tenant(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the patient's resources as a Bundle of type collection."""
    settings = settings_from_environment({"database": arguments.database})
    patient = arguments.patient.removeprefix("Patient/")
    with closing(SqlStore(settings.database, settings.audit_salt)) as store:
        resources = store.resources_of(patient, tenant=arguments.tenant)
        accesses = [_access(patient, is_found=bool(resources))]
        record(store, settings, accesses, tenant=arguments.tenant)
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


def _access(patient: str, *, is_found: bool) -> Access:
    """Recorded before anything is printed: nothing leaves without its record."""
    return Access("export", "export", patient, outcome="0" if is_found else "4")


def _entry(stored: StoredResource, base_url: str) -> dict[str, Any]:
    return {
        "fullUrl": stored.full_url or f"{base_url}/fhir/{stored.reference}",
        "resource": read_json(stored.body, max_bytes=MAX_BYTES),
    }
