"""`fhir-pgx explain`: the whole way from each resource to each recommendation."""

import argparse
from dataclasses import replace

from fhir_pgx.cli.house import load_pipeline
from fhir_pgx.cli.options import Commands, add_command
from fhir_pgx.cli.output import print_json, print_text
from fhir_pgx.cli.recommend import add_drugs, drug_options, patient_files
from fhir_pgx.settings import settings_from_environment


def register(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "explain",
        run,
        does="show how a recommendation follows from the data of one patient",
        example="fhir-pgx explain report.json --drug clopidogrel",
    )
    add_drugs(parser)
    parser.add_argument(
        "--format",
        choices=("json", "text"),
        default="json",
        help="json, or text for a person to read",
    )


def run(arguments: argparse.Namespace) -> int:
    """Explain from the files, all of one patient."""
    documents = patient_files(arguments)
    pipeline = load_pipeline(settings_from_environment())
    options = replace(drug_options(arguments), format=arguments.format)
    found = pipeline.explain_documents(documents, options)
    print_text(found) if isinstance(found, str) else print_json(found)
    return 0
