"""The command line as a whole: which commands there are, and what their exit codes mean.

0 is done; 1 the data had errors (an OperationOutcome is printed); 2 the command was used wrongly.
JSON goes to standard output, messages to standard error.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from fhir_pgx.cli import (
    explain,
    export,
    hook,
    interpret,
    knowledge,
    load,
    recommend,
    serve,
    validate,
)
from fhir_pgx.cli.options import WrongUsage
from fhir_pgx.cli.output import print_outcome
from fhir_pgx.errors import InvalidSetting, PgxError
from fhir_pgx.version import __version__

COMMANDS = (serve, interpret, recommend, explain, hook, validate, load, export, knowledge)
DONE, DATA_ERRORS, WRONG_USAGE = 0, 1, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; return its exit code."""
    try:
        arguments = _parser().parse_args(argv)
    except SystemExit as stop:  # argparse has said why; also after --help
        return stop.code if isinstance(stop.code, int) else WRONG_USAGE
    try:
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except (InvalidSetting, WrongUsage) as error:
        print(f"fhir-pgx: {error}", file=sys.stderr)
        return WRONG_USAGE
    except PgxError as error:
        print_outcome(error)
        return DATA_ERRORS
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader (`| head`) has gone; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fhir-pgx",
        description="Pharmacogenomic advice from FHIR data: cards, interpretations, a server.",
        epilog="example: fhir-pgx interpret genome.json\n`fhir-pgx COMMAND --help` says more.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"fhir-pgx {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.register(commands)
    return parser
