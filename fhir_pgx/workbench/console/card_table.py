"""What became of the cards, as a table: by rule or whatever else is asked, sorted and narrowed.

A number that is 0 because nobody looked is no 0: where no answer to a card ever came, nothing is
known of what users did with them, and "ignored" is unknown too.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, get_args

from fhir_pgx.services.feedback_report import GRACE_HOURS, NUMBERS
from fhir_pgx.storage import CardSpan, Dimension, FeedbackLine, FeedbackReport, Store
from fhir_pgx.workbench.console.periods import Period, read_period
from fhir_pgx.workbench.console.sorting import Sorted, in_order, read_sorted, unknown

BY: Final[tuple[Dimension, ...]] = get_args(Dimension)
COLUMNS: Final = ("name", *NUMBERS)
FATES: Final = NUMBERS[1:]  # what became of a card
_USUAL: Final = Sorted("issued", falls=True)
_MOST_LETTERS: Final = 100


@dataclass(frozen=True, slots=True)
class TableAsked:
    """What the address of the page asks for. `contains` narrows the names, whatever their case."""

    period: Period
    by: Dimension = "rule"
    sorted: Sorted = _USUAL
    contains: str = ""
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class CardTable:
    """`lines` are those shown; `hidden` were left out by `contains`. `span` tells since when there
    is anything to count."""

    asked: TableAsked
    lines: tuple[FeedbackLine, ...]
    hidden: int
    report: FeedbackReport
    span: CardSpan

    @property
    def has_answers(self) -> bool:
        """Whether any answer to a card came in the period: else what became of cards is unknown."""
        last, since = self.span.last_answer, self.asked.period.since
        return last is not None and (since is None or last >= since)

    @property
    def no_cards(self) -> str:
        """Why there is no line; empty where there are some."""
        if self.lines:
            return ""
        if self.span.last_card is None:
            return "No data: no card has been issued since this record began."
        if self.hidden:
            return "No name in the table holds this text."
        return f"No data since {_moment(self.span.last_card)}, when the last card was issued."

    @property
    def no_answers(self) -> str:
        """Why nothing is known of what became of the cards; empty where something is."""
        if self.has_answers or not self.lines:
            return ""
        if self.span.last_answer is None:
            return (
                "No data: no answer to a card has ever come. Either the clients send no feedback, "
                "or it does not reach this server. Ignored cards cannot be told from others."
            )
        last = _moment(self.span.last_answer)
        return f"No data since {last}, when the last answer to a card came."


def read_asked(given: Mapping[str, str], now: datetime) -> TableAsked:
    """What a query asks for. Raises InvalidParameter for what there is not."""
    by = given.get("by") or "rule"
    if by not in BY:
        raise unknown("by", BY)
    return TableAsked(
        period=read_period(given.get("days", ""), now),
        by=by,
        sorted=read_sorted(given, COLUMNS, _USUAL, rising=("name",)),
        contains=given.get("contains", "").strip()[:_MOST_LETTERS],
        tenant=given.get("tenant", ""),
    )


def card_table(store: Store, asked: TableAsked) -> CardTable:
    """The table that was asked for. Raises StoreFailure."""
    report = store.rule_feedback(
        [asked.by],
        settled=asked.period.now - timedelta(hours=GRACE_HOURS),
        since=asked.period.since,
        tenant=asked.tenant,
    )
    wanted = asked.contains.casefold()
    lines = [line for line in report.lines if wanted in line.key[0].casefold()]
    return CardTable(
        asked=asked,
        lines=tuple(_sorted(lines, asked.sorted)),
        hidden=len(report.lines) - len(lines),
        report=report,
        span=store.card_span(tenant=asked.tenant),
    )


def total_of(lines: Sequence[FeedbackLine]) -> FeedbackLine:
    """All lines in one. Only of a dimension under which a card counts once: not of rules."""
    reasons = Counter[str]()
    for line in lines:
        reasons.update(line.reasons)
    numbers = {name: sum(getattr(line, name) for line in lines) for name in NUMBERS}
    return FeedbackLine(key=(), **numbers, reasons=dict(reasons))


def _sorted(lines: list[FeedbackLine], by: Sorted) -> list[FeedbackLine]:
    if by.by == "name":
        return sorted(lines, key=lambda line: line.key, reverse=by.falls)
    return in_order(sorted(lines, key=lambda line: line.key), by)


def _moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
