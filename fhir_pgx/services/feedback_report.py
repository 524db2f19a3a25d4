"""What became of the cards, written for programs: JSON and CSV, the same for command and page."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from fhir_pgx.storage import Dimension, FeedbackLine, FeedbackReport

GRACE_HOURS = 72  # a client may send feedback in batches, nights and a weekend later
NUMBERS = ("issued", "accepted", "overridden", "ignored", "waiting")
_FORMULA = ("=", "+", "-", "@")


def json_report(
    report: FeedbackReport, by: Sequence[Dimension], *, grace: int, period: dict[str, str]
) -> dict[str, Any]:
    """The report as a JSON value."""
    return {
        **period,
        "grace_hours": grace,
        "by": list(by),
        "lines": [json_line(line, by) for line in report.lines],
        "answers_to_unknown_cards": report.unknown,
    }


def json_line(line: FeedbackLine, by: Sequence[Dimension]) -> dict[str, Any]:
    """A line of the report as a JSON value."""
    return {
        **dict(zip(by, line.key, strict=True)),
        **{name: getattr(line, name) for name in NUMBERS},
        "reasons": {_reason(code): number for code, number in line.reasons.items()},
    }


def csv_report(report: FeedbackReport, by: Sequence[Dimension]) -> str:
    """The report as CSV, the reasons in one column."""
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow([*by, *NUMBERS, "reasons"])
    for line in report.lines:
        names = [_no_formula(value) for value in line.key]
        table.writerow([*names, *numbers_of(line), _no_formula(reasons_of(line))])
    return written.getvalue()


def _no_formula(cell: str) -> str:
    """A text that a spreadsheet shows and does not run: a client chose the codes of its reasons."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def numbers_of(line: FeedbackLine) -> list[int]:
    """The numbers of a line, in the order of NUMBERS."""
    return [getattr(line, name) for name in NUMBERS]


def reasons_of(line: FeedbackLine) -> str:
    """The override reasons of a line in one text, each with its number."""
    return ", ".join(f"{_reason(code)} {number}" for code, number in line.reasons.items())


def _reason(code: str) -> str:
    # A sign that is not printed could steer the terminal, or look like another line.
    return "".join(sign if sign.isprintable() else "?" for sign in code) or "(none given)"
