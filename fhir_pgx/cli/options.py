"""How commands are declared: what the options of several have in common."""

import argparse
from collections.abc import Callable
from typing import Any

from fhir_pgx.model.document import Calling, Format

Commands = Any  # argparse's own type for subparsers is private
Run = Callable[[argparse.Namespace], int]
VIEW = "view"


class WrongUsage(Exception):
    """The command was given something that cannot be: a file that is not there, an unknown name."""


FILES_HELP = "FHIR as JSON, XML or NDJSON, or VCF; also gzipped; - is standard input"


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


def add_tenant(parser: argparse.ArgumentParser) -> None:
    """Add --tenant, for a store that several tenants share."""
    parser.add_argument(
        "--tenant",
        default="",
        metavar="NAME",
        help="a tenant's part of the store (docs/access.md)",
    )


def add_calling(parser: argparse.ArgumentParser) -> None:
    """Add the flags that say how alleles are called from variants, and --outside-calls."""
    parser.add_argument(
        "--outside-calls",
        action="append",
        default=[],
        metavar="TSV",
        help="calls made by another program; they stand before ours",
    )
    parser.add_argument(
        "--all-matches",
        action="store_true",
        help="keep every diplotype that the variants allow, not the best alone",
    )
    parser.add_argument(
        "--missing-as-reference",
        action="store_true",
        help="read positions that were not tested as reference; every result then says so",
    )
    parser.add_argument(
        "--cyp2d6-from-snvs",
        action="store_true",
        help="call CYP2D6 from single variants, blind to deletions, copies and hybrids",
    )
    parser.add_argument("--sample", default="", metavar="NAME", help="which sample of a VCF")


def add_guide(parser: argparse.ArgumentParser) -> None:
    """Add --ig, the release of the Genomics Reporting guide that `--format fhir` is written by."""
    parser.add_argument(
        "--ig",
        choices=("stu3", "stu2"),
        default="stu3",
        help="the release of the Genomics Reporting guide that fhir is written by",
    )


def add_format(
    parser: argparse.ArgumentParser, *more: str, meaning: str = "json, or view for a person to read"
) -> None:
    """Add --format, and --view, which is short for `--format view`; the last that is given counts.

    One rule for every command: standard output gets JSON unless something else was asked for by
    name. It never depends on where standard output leads, since a terminal is also what programs
    see in `docker run -t` and in many build servers. None stands for JSON that nobody asked for by
    name (`format_of`).
    """
    parser.add_argument(
        "--format",
        choices=("json", *more, VIEW),
        default=None,
        help=f"{meaning}; by default json",
    )
    parser.add_argument(
        "--view",
        dest="format",
        action="store_const",
        const=VIEW,
        help="show the answer as tables for a person (the same as --format view)",
    )


def format_of(arguments: argparse.Namespace) -> Format:
    """What the pipeline is asked for: a view is drawn from the JSON."""
    chosen: Format = "json" if arguments.format in (None, VIEW) else arguments.format
    return chosen


def calling_of(arguments: argparse.Namespace) -> Calling:
    """The flags that `add_calling` added."""
    return Calling(
        all_matches=arguments.all_matches,
        missing_as_reference=arguments.missing_as_reference,
        cyp2d6_from_snvs=arguments.cyp2d6_from_snvs,
        sample=arguments.sample,
    )
