"""`fhir-pgx validate`: every finding in a resource, Bundle or CDS Hooks message."""

import argparse

from fhir_pgx.cli.inputs import read_files
from fhir_pgx.cli.options import VIEW, Commands, add_command, add_format
from fhir_pgx.cli.output import print_json, say
from fhir_pgx.cli.views.shown import tell_of_views
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
    add_format(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print one OperationOutcome with every finding; 1 where there is an error among them."""
    is_view = arguments.format == VIEW
    from fhir_pgx.validation import validate_document  # noqa: PLC0415 - compiles the schemas

    documents = read_files(arguments.files)
    findings: dict[str, list[Issue]] = {}
    for place, document in enumerate(documents):
        # Two files may have one name; `place` keeps them apart.
        of_file = findings.setdefault(f"{place}:{document.name}", [])
        for issue in validate_document(
            document.data, _media_of(document), vocabulary=load_knowledge().vocabulary
        ):
            of_file.append(issue)
            where = f" at {issue.where}" if issue.where else ""
            if not is_view:  # which shows them itself
                say(f"{document.name}: {issue.severity}{where}: {issue.text}")
    found = [issue for of_file in findings.values() for issue in of_file]
    if is_view:
        _show(findings)
    else:
        print_json(to_operation_outcome(tuple(found)))
        tell_of_views(arguments)
    return 1 if any(issue.severity in _FAILING for issue in found) else 0


def _show(findings: dict[str, list[Issue]]) -> None:
    from fhir_pgx.cli.views.findings import findings_view  # noqa: PLC0415 - loads rich
    from fhir_pgx.cli.views.screen import print_view  # noqa: PLC0415 - as above

    for name, issues in findings.items():
        print_view(findings_view(name.partition(":")[2], issues))


def _media_of(document: Document) -> str:
    start = document.data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return "application/fhir+xml" if start == b"<" else "application/fhir+json"
