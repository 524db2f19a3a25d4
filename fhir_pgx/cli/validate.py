"""`fhir-pgx validate`: every finding in a resource, Bundle or CDS Hooks message."""

import argparse

from fhir_pgx.cli.inputs import read_files
from fhir_pgx.cli.options import Commands, add_command
from fhir_pgx.cli.output import print_json, say
from fhir_pgx.errors import Issue
from fhir_pgx.fhir.operation_outcome import to_operation_outcome
from fhir_pgx.knowledge import load_knowledge
from fhir_pgx.model.document import Document

_FAILING = ("fatal", "error")


def register(commands: Commands) -> None:
    """Declare the command."""
    parser = add_command(
        commands,
        "validate",
        run,
        does="check FHIR resources, Bundles and CDS Hooks messages",
        example="fhir-pgx validate bundle.json request.json",
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        help="a FHIR resource or Bundle (JSON, XML) or a CDS Hooks message; - is standard input",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print one OperationOutcome with every finding; 1 where there is an error among them."""
    from fhir_pgx.validation import validate_document  # noqa: PLC0415 - compiles the schemas

    documents = read_files(arguments.files)
    findings: list[Issue] = []
    for document in documents:
        for issue in validate_document(
            document.data, _media_of(document), vocabulary=load_knowledge().vocabulary
        ):
            findings.append(issue)
            where = f" at {issue.where}" if issue.where else ""
            say(f"{document.name}: {issue.severity}{where}: {issue.text}")
    print_json(to_operation_outcome(tuple(findings)))
    return 1 if any(issue.severity in _FAILING for issue in findings) else 0


def _media_of(document: Document) -> str:
    start = document.data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return "application/fhir+xml" if start == b"<" else "application/fhir+json"
