"""`fhir-pgx hla-match`: a recipient's HLA against donors'."""

import argparse

from fhir_pgx.cli.house import load_pipeline
from fhir_pgx.cli.inputs import read_files
from fhir_pgx.cli.options import Commands, add_command
from fhir_pgx.cli.output import print_json
from fhir_pgx.settings import settings_from_environment


def register(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "hla-match",
        run,
        does="compare the HLA typings of a recipient and donors, and the antibodies with them",
        example="fhir-pgx hla-match recipient.json donor.json",
    )
    parser.add_argument(
        "recipient",
        metavar="RECIPIENT",
        help="FHIR of the recipient, with the antibodies; - is standard input",
    )
    parser.add_argument(
        "donors",
        nargs="*",
        metavar="DONOR",
        help="FHIR of a donor, a file each; none where the recipient's record holds the donors",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print a Parameters resource with a match for each donor."""
    recipient, *donors = read_files([arguments.recipient, *arguments.donors])
    pipeline = load_pipeline(settings_from_environment())
    print_json(pipeline.match_hla([recipient], donors))
    return 0
