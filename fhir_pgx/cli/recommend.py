"""`fhir-pgx recommend`: what guidance says of drugs, given the patient's genes."""

import argparse
from dataclasses import replace

from fhir_pgx.cli.house import load_pipeline
from fhir_pgx.cli.inputs import read_files
from fhir_pgx.cli.options import (
    FILES_HELP,
    Commands,
    add_calling,
    add_command,
    add_format,
    add_guide,
    calling_of,
    format_of,
)
from fhir_pgx.cli.views.shown import show
from fhir_pgx.model.document import Document, Options
from fhir_pgx.settings import settings_from_environment


def register(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "recommend",
        run,
        does="say what guidelines advise for drugs, given the data of one patient",
        example="fhir-pgx recommend report.json --drug clopidogrel --drug 704",
    )
    add_drugs(parser)
    add_format(
        parser,
        "fhir",
        meaning="json, fhir: a Bundle of what the findings imply, and of the Tasks that follow "
        "(Genomics Reporting), or view for a person to read",
    )
    add_guide(parser)


def add_drugs(parser: argparse.ArgumentParser) -> None:
    """The files, drugs and flags that `recommend` and `explain` take alike."""
    parser.add_argument("files", nargs="+", metavar="FILE", help=FILES_HELP)
    parser.add_argument(
        "--drug",
        action="append",
        default=[],
        metavar="NAME|RXCUI",
        help="a drug by name or RxNorm code; may be repeated; "
        "without it, every drug that the findings concern",
    )
    parser.add_argument(
        "--context",
        action="append",
        default=[],
        metavar="FILE",
        help="more of the same patient: age, weight, problems, medicines in use; "
        "read as FILE is; may be repeated",
    )
    add_calling(parser)


def patient_files(arguments: argparse.Namespace) -> list[Document]:
    """What `add_drugs` was given of the patient, results and context."""
    return read_files([*arguments.files, *arguments.context])


def drug_options(arguments: argparse.Namespace) -> Options:
    """What `add_drugs` added."""
    return Options(
        drugs=tuple(arguments.drug),
        calling=calling_of(arguments),
        outside_calls=tuple(read_files(arguments.outside_calls)),
    )


def run(arguments: argparse.Namespace) -> int:
    """Recommend from the files, all of one patient."""
    documents = patient_files(arguments)
    pipeline = load_pipeline(settings_from_environment())
    options = replace(drug_options(arguments), format=format_of(arguments), guide=arguments.ig)
    show(arguments, pipeline.recommend_documents(documents, options), "recommendations")
    return 0
