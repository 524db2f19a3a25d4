"""`fhir-pgx interpret`: what is known of each gene."""

import argparse

from fhir_pgx.cli.house import load_pipeline
from fhir_pgx.cli.inputs import read_files
from fhir_pgx.cli.options import FILES_HELP, Commands, add_command
from fhir_pgx.cli.output import print_json, print_text
from fhir_pgx.model.document import Options
from fhir_pgx.settings import settings_from_environment


def register(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "interpret",
        run,
        does="say what the data of one patient tell about each gene",
        example="fhir-pgx interpret report.json panel.xml --format text",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help=FILES_HELP)
    parser.add_argument("--format", choices=("json", "text"), default="json")


def run(arguments: argparse.Namespace) -> int:
    """Interpret the files, all of one patient."""
    documents = read_files(arguments.files)
    pipeline = load_pipeline(settings_from_environment())
    found = pipeline.interpret_documents(documents, Options(format=arguments.format))
    if isinstance(found, str):
        print_text(found)
    else:
        print_json(found)
    return 0
