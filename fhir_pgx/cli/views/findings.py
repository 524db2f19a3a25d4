"""An OperationOutcome for a person: each finding, where it is, and how to mend it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from rich.console import RenderableType
from rich.text import Text

from fhir_pgx.cli.views.looks import SEVERITIES, look_of
from fhir_pgx.cli.views.screen import Rows, words
from fhir_pgx.errors import Issue

_HEADS: Final = ("Finding", "Where", "What is wrong", "To mend it", "Code")


def findings_view(name: str, issues: Sequence[Issue]) -> Iterator[RenderableType]:
    """The findings in one file, and how many there are of each severity."""
    if not issues:
        yield words(Text("✓ nothing to correct", style="green"), f"in {name}")
        return
    yield Rows(_HEADS, [_row(each) for each in issues], title=name)
    yield words(f"{name}: {counted(each.severity for each in issues)}")
    yield ""


def _row(issue: Issue) -> Sequence[str | Text]:
    look = look_of(SEVERITIES, issue.severity)
    return look.text(), issue.where, issue.text, issue.mend, issue.code


def outcome_view(outcome: Mapping[str, Any]) -> Iterator[RenderableType]:
    """What went wrong with a command's data."""
    rows = [
        (
            look_of(SEVERITIES, each["severity"]).text(),
            ", ".join(each.get("expression", ())),
            each.get("diagnostics") or each.get("details", {}).get("text", ""),
            ", ".join(coding["code"] for coding in each.get("details", {}).get("coding", ())),
        )
        for each in outcome.get("issue", ())
    ]
    yield Rows(("Finding", "Where", "What is wrong, and how to mend it", "Code"), rows)


def counted(severities: Iterable[str]) -> str:
    """`2 errors, 1 warning`, the gravest first."""
    counts = Counter(severities)
    known = [*SEVERITIES, *sorted(set(counts) - set(SEVERITIES))]
    plural = {"error": "errors", "warning": "warnings"}
    return ", ".join(
        f"{counts[each]} {plural.get(each, each) if counts[each] > 1 else each}"
        for each in known
        if counts[each]
    )
