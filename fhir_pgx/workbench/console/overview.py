"""What the first page of the console tells: is the service well, and how do we know."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from fhir_pgx.services.audit_search import MOST_LOOKED_AT, AuditAsked, recent
from fhir_pgx.services.traffic import Traffic, traffic_in
from fhir_pgx.storage import Store
from fhir_pgx.storage.audit import AuditRecord
from fhir_pgx.workbench.console.bars import DayChart, day_chart, days_up_to
from fhir_pgx.workbench.console.card_table import CardTable, TableAsked, card_table, total_of
from fhir_pgx.workbench.console.periods import Period, midnight
from fhir_pgx.workbench.console.sorting import Sorted

DAYS_SHOWN = 30
AT_A_GLANCE = 5_000  # entries that the first page looks at


@dataclass(frozen=True, slots=True)
class CardDays:
    """The cards of the last days: `table` by day, its sum, and the chart."""

    table: CardTable
    issued: int
    accepted: int
    overridden: int
    ignored: int
    waiting: int
    chart: DayChart


def card_days(store: Store, now: datetime, *, tenant: str = "") -> CardDays:
    """Raises StoreFailure."""
    period = Period(DAYS_SHOWN, now)
    asked = TableAsked(period, by="day", sorted=Sorted("name", falls=False), tenant=tenant)
    table = card_table(store, asked)
    total = total_of(table.lines)
    first = table.span.first_card
    return CardDays(
        table=table,
        issued=total.issued,
        accepted=total.accepted,
        overridden=total.overridden,
        ignored=total.ignored,
        waiting=total.waiting,
        chart=day_chart(
            table.lines,
            days_up_to(now.date(), DAYS_SHOWN),
            _day(first),
            has_answers=table.has_answers,
        ),
    )


def traffic_of(
    record: AuditRecord, period: Period, *, tenant: str = "", most: int = MOST_LOOKED_AT
) -> Traffic:
    """Who called in a period, as far back as the newest entries reach. Raises StoreFailure."""
    record.queue.flush()  # a call of this moment is one, too
    today = midnight(period.now.date())
    since = period.since or today - timedelta(days=365 * 100)
    page = recent(record, AuditAsked(tenant=tenant, since=since), most=most)
    return traffic_in(page, since=since, today=today)


def newest_entry(record: AuditRecord, *, tenant: str = "") -> datetime | None:
    """When the last access was recorded; None where none ever was. Raises StoreFailure."""
    found = record.newest(1, tenant=tenant)
    return found[0].when if found else None


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None
