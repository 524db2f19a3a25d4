"""`fhir-pgx interpret`: what is known of each gene."""

import argparse
from typing import TYPE_CHECKING

from fhir_pgx.cli.house import load_pipeline
from fhir_pgx.cli.inputs import read_files
from fhir_pgx.cli.options import (
    FILES_HELP,
    VIEW,
    Commands,
    WrongUsage,
    add_calling,
    add_command,
    add_format,
    add_guide,
    calling_of,
    format_of,
)
from fhir_pgx.cli.output import print_line, print_text
from fhir_pgx.cli.views.shown import show
from fhir_pgx.model.document import Document, Options
from fhir_pgx.settings import settings_from_environment

if TYPE_CHECKING:
    from fhir_pgx.pipeline import Pipeline


def register(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "interpret",
        run,
        does="say what the data of one patient tell about each gene",
        example="fhir-pgx interpret genome.vcf.gz report.json --format text",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help=FILES_HELP)
    add_format(
        parser,
        "text",
        "fhir",
        meaning="json, text, fhir: a Bundle with a genomic report (Genomics Reporting), or view: "
        "tables for a person",
    )
    add_guide(parser)
    parser.add_argument(
        "--all-samples",
        action="store_true",
        help="answer for each sample of one VCF: one JSON value a line, or one text after another",
    )
    add_calling(parser)


def run(arguments: argparse.Namespace) -> int:
    """Interpret the files, all of one patient."""
    documents = read_files(arguments.files)
    pipeline = load_pipeline(settings_from_environment())
    options = Options(
        format=format_of(arguments),
        calling=calling_of(arguments),
        outside_calls=tuple(read_files(arguments.outside_calls)),
        guide=arguments.ig,
    )
    if arguments.all_samples:
        return _run_samples(pipeline, documents, options, arguments)
    show(arguments, pipeline.interpret_documents(documents, options), "interpretation")
    return 0


def _run_samples(
    pipeline: "Pipeline",
    documents: list[Document],
    options: Options,
    arguments: argparse.Namespace,
) -> int:
    if (
        len(documents) != 1
        or documents[0].source is None
        or options.outside_calls
        or options.calling.sample
    ):
        raise WrongUsage("--all-samples takes one VCF and no other file or sample")
    for found in pipeline.interpret_samples(documents[0], options):
        if isinstance(found, str):
            print_text(found)
        elif arguments.format == VIEW:
            show(arguments, found, "interpretation")
            print_text("")
        else:
            print_line(found)
    return 0
