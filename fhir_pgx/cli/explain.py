"""`fhir-pgx explain`: the whole way from each resource to each recommendation."""

import argparse
from dataclasses import replace

from fhir_pgx.cli.house import load_pipeline
from fhir_pgx.cli.options import Commands, add_command, add_format, format_of
from fhir_pgx.cli.recommend import add_drugs, drug_options, patient_files
from fhir_pgx.cli.views.shown import show
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
    add_format(parser, "text", meaning="json, text for a person to read, or view: the same drawn")


def run(arguments: argparse.Namespace) -> int:
    """Explain from the files, all of one patient."""
    documents = patient_files(arguments)
    pipeline = load_pipeline(settings_from_environment())
    options = replace(drug_options(arguments), format=format_of(arguments))
    found = pipeline.explain_documents(documents, options)
    show(arguments, found, "trace")
    return 0
