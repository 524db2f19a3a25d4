"""The command line as a whole: which commands there are, and what their exit codes mean.

0 is done; 1 the data had errors (an OperationOutcome is printed); 2 the command was used wrongly.
JSON goes to standard output, messages to standard error.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from fhir_pgx.cli.options import VIEW, WrongUsage
from fhir_pgx.cli.output import print_outcome
from fhir_pgx.errors import InvalidSetting, PgxError
from fhir_pgx.version import __version__

# Each a module of this room; only the one that is asked for is imported, which is most of the time
# that a short command takes.
COMMANDS = (
    "serve", "interpret", "recommend", "explain", "hook", "validate", "load", "export", "feedback",
    "pull", "derive", "dry-run", "knowledge", "hla-match", "audit", "keys", "card",
)  # fmt: skip
DONE, DATA_ERRORS, WRONG_USAGE = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    try:
        given = sys.argv[1:] if argv is None else list(argv)
        arguments = _parser(given).parse_args(given)
    except SystemExit as stop:  # argparse has said why; also after --help
        return stop.code if isinstance(stop.code, int) else WRONG_USAGE
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except (InvalidSetting, WrongUsage) as error:
        print(f"fhir-pgx: {error}", file=sys.stderr)
        return WRONG_USAGE
    except PgxError as error:
        print_outcome(error) if getattr(arguments, "format", "") != VIEW else _show(error)
        return DATA_ERRORS
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (`| head`) has gone; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    return code


def _show(error: PgxError) -> None:
    from fhir_pgx.cli.views.findings import outcome_view  # noqa: PLC0415 - loads rich
    from fhir_pgx.cli.views.screen import print_view  # noqa: PLC0415 - as above
    from fhir_pgx.fhir.operation_outcome import to_operation_outcome  # noqa: PLC0415 - as above

    print_view(outcome_view(to_operation_outcome(error.issues)))


def _parser(given: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of the command that is given; of all where none is, for their help."""
    parser = argparse.ArgumentParser(
        prog="fhir-pgx",
        description="Pharmacogenomic advice from FHIR data: cards, interpretations, a server.",
        epilog="example: fhir-pgx interpret genome.json\n`fhir-pgx COMMAND --help` says more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"fhir-pgx {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    asked = [given[0]] if given and given[0] in COMMANDS else COMMANDS
    for name in asked:
        import_module(f"fhir_pgx.cli.{name.replace('-', '_')}").register(commands)
    return parser
