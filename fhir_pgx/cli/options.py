"""How commands are declared: what the options of several have in common."""

import argparse
from collections.abc import Callable
from typing import Any

Commands = Any  # argparse's own type for subparsers is private
Run = Callable[[argparse.Namespace], int]


class WrongUsage(Exception):
    """The command was given something that cannot be: a file that is not there, an unknown name."""


FILES_HELP = "FHIR as JSON, XML or NDJSON, also gzipped; - is standard input"


def add_command(
    commands: Commands, name: str, run: Run, *, does: str, example: str
) -> argparse.ArgumentParser:
    """Add a command whose help ends with an example."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=does,
        description=does[0].upper() + does[1:] + ".",
        epilog=f"example: {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.set_defaults(run=run)
    return parser


def add_database(parser: argparse.ArgumentParser) -> None:
    """Add --database, which stands over the setting of that name."""
    parser.add_argument("--database", metavar="URL", help="the store, such as sqlite:///pgx.db")
