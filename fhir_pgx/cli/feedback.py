"""`fhir-pgx feedback report`: what became of the cards, by rule, drug, hook and time."""

import argparse
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from fhir_pgx.cli.options import Commands, WrongUsage, add_command, add_database
from fhir_pgx.cli.output import print_json, print_text
from fhir_pgx.services.feedback_report import (
    GRACE_HOURS,
    NUMBERS,
    csv_report,
    json_report,
    numbers_of,
    reasons_of,
)
from fhir_pgx.settings import settings_from_environment
from fhir_pgx.storage import DIMENSIONS, Dimension, FeedbackReport, SqlStore


def register(commands: Commands) -> None:
    """Declare the command and its form."""
    example = "fhir-pgx feedback report --since 2026-10-01 --by rule --by indicator --format csv"
    parser = add_command(
        commands,
        "feedback",
        run_report,
        does="show what became of the cards: accepted, overridden and why, or ignored",
        example=example,
    )
    forms = parser.add_subparsers(metavar="report", required=True)
    report = add_command(
        forms,
        "report",
        run_report,
        does="count issued, accepted, overridden and ignored cards, with the override reasons",
        example=example,
    )
    report.add_argument(
        "--since", type=_date, metavar="DATE", help="the first day of issue (UTC), as 2026-10-31"
    )
    report.add_argument("--until", type=_date, metavar="DATE", help="the last day of issue (UTC)")
    report.add_argument(
        "--by",
        action="append",
        choices=DIMENSIONS,
        help="what a line is for; may be repeated; by default rule",
    )
    report.add_argument("--format", choices=("json", "csv", "text"), default="json")
    report.add_argument(
        "--grace",
        type=_hours,
        default=GRACE_HOURS,
        metavar="HOURS",
        help="an unanswered card older than this counts as ignored; by default %(default)s",
    )
    add_database(report)


def run_report(arguments: argparse.Namespace) -> int:
    """Print the report. Raises WrongUsage where there is no store, which looking would make."""
    settings = settings_from_environment({"database": arguments.database})
    if not Path(settings.database.removeprefix("sqlite:///")).exists():
        # The address is not repeated: it may hold a password.
        raise WrongUsage("there is no store at this database; name it with --database")
    by: list[Dimension] = list(dict.fromkeys(arguments.by or ["rule"]))
    since = _midnight(arguments.since) if arguments.since else None
    until = _midnight(arguments.until) + timedelta(days=1) if arguments.until else None
    if since and until and since >= until:
        raise WrongUsage("--since is later than --until")
    settled = datetime.now(UTC) - timedelta(hours=arguments.grace)
    with closing(SqlStore(settings.database, settings.audit_salt)) as store:
        report = store.rule_feedback(by, settled=settled, since=since, until=until)
    if arguments.format == "csv":
        print_text(csv_report(report, by))
    elif arguments.format == "text":
        print_text(text_report(report, by))
    else:
        days = {"since": arguments.since, "until": arguments.until}
        period = {name: day.isoformat() for name, day in days.items() if day}
        print_json(json_report(report, by, grace=arguments.grace, period=period))
    return 0


def text_report(report: FeedbackReport, by: Sequence[Dimension]) -> str:
    """The report as a table for people."""
    rows = [[*by, *NUMBERS, "reasons"]]
    rows += [
        [*(value or "-" for value in line.key), *map(str, numbers_of(line)), reasons_of(line)]
        for line in report.lines
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(_padded(row, widths, len(by))).rstrip() for row in rows]
    if not report.lines:
        lines = ["No card was issued in this period."]
    if report.unknown:
        lines.append(f"Cards answered that we hold no record of: {report.unknown}")
    return "\n".join(lines)


def _padded(row: Sequence[str], widths: Sequence[int], left: int) -> list[str]:
    """Names to the left, numbers to the right, the reasons as they are."""
    cells = [
        cell.ljust(width) if i < left else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return [*cells[:-1], row[-1]]


def _date(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = date.max
    if not 2000 <= found.year < 9999:
        raise argparse.ArgumentTypeError(f"{text} is not a date such as 2026-10-31")
    return found


def _hours(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of hours")
    return int(text)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
