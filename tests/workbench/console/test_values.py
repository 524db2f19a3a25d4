"""What the console's pages show, as values: tables, bars, percentiles, settings."""

from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest

from fhir_pgx.errors import InvalidParameter
from fhir_pgx.settings import Settings
from fhir_pgx.storage import FeedbackItem, FeedbackLine, IssuedCard, SqlStore
from fhir_pgx.web.audit import Audit
from fhir_pgx.workbench.console.audit_state import last_verified, verify
from fhir_pgx.workbench.console.bars import DAYS_HEIGHT, WIDTH, day_chart, days_up_to, row_bar
from fhir_pgx.workbench.console.card_table import card_table, read_asked
from fhir_pgx.workbench.console.latency import quantiles_in, read_figures
from fhir_pgx.workbench.console.overview import card_days, newest_entry, traffic_of
from fhir_pgx.workbench.console.periods import Period, read_day, read_period
from fhir_pgx.workbench.console.settings_shown import changed_settings
from fhir_pgx.workbench.console.sorting import Sorted, in_order, read_sorted

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
AT = "2026-11-23T10:00:00Z"


@pytest.fixture
def store(tmp_path):
    with closing(SqlStore(f"sqlite:///{tmp_path}/console.db")) as opened:
        yield opened


@pytest.fixture
def filled(store):
    known = {"indicator": "warning", "source": "CPIC", "knowledge": "2026.08"}
    store.record_cards(
        [
            IssuedCard(f"c{i}", "T1", ("r1",), "order-sign", "s", "p1", drug="codeine", **known)
            for i in range(3)
        ]
        + [IssuedCard("d0", "T2", ("r2", "R3"), "order-sign", "s", "p1", drug="abacavir", **known)]
    )
    store.record_feedback(
        [
            FeedbackItem("c0", "accepted", AT),
            FeedbackItem("c1", "overridden", AT, reason_code="tolerated-before"),
        ]
    )
    return store


def soon(**given):
    return read_asked(given, datetime.now(UTC) + timedelta(seconds=5))


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, ["r1", "R3", "r2"]),
        ({"sort": "name"}, ["R3", "r1", "r2"]),
        ({"sort": "name", "order": "fall"}, ["r2", "r1", "R3"]),
        ({"order": "rise"}, ["R3", "r2", "r1"]),
        ({"sort": "overridden"}, ["r1", "R3", "r2"]),
        ({"by": "drug"}, ["codeine", "abacavir"]),
        ({"contains": "r3"}, ["R3"]),
        ({"contains": "nothing"}, []),
        ({"tenant": "north"}, []),
    ],
)
def test_the_table_is_what_the_address_asks_for(filled, given, names):
    assert [line.key[0] for line in card_table(filled, soon(**given)).lines] == names


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ({"by": "patient"}, "by"),
        ({"sort": "patient"}, "sort"),
        ({"order": "up"}, "order"),
        ({"days": "3"}, "days"),
    ],
)
def test_an_address_that_asks_for_what_there_is_not_is_refused(given, where):
    with pytest.raises(InvalidParameter) as refused:
        read_asked(given, NOW)
    assert refused.value.where == where


def test_an_empty_record_says_no_data_and_not_zero(store):
    table = card_table(store, soon())
    assert table.no_cards.startswith("No data: no card has been issued")
    assert not table.has_answers


def test_a_period_without_cards_says_since_when_there_are_no_data(filled):
    later = read_asked({"days": "7"}, datetime.now(UTC) + timedelta(days=60))
    assert card_table(filled, later).no_cards.startswith("No data since 20")


def test_without_any_answer_what_became_of_the_cards_is_not_known(store):
    store.record_cards([IssuedCard("c0", "T1", ("r1",), "order-sign", "s", "p1")])
    table = card_table(store, soon())
    assert (table.no_cards, table.has_answers) == ("", False)
    assert "no answer to a card has ever come" in table.no_answers


def test_with_answers_there_is_nothing_to_excuse(filled):
    table = card_table(filled, soon())
    assert (table.no_cards, table.no_answers, table.has_answers) == ("", "", True)


def test_a_name_that_nothing_holds_is_not_an_empty_period(filled):
    assert "holds this text" in card_table(filled, soon(contains="xyz")).no_cards


def line(key="d", issued=10, accepted=0, overridden=0, ignored=0, waiting=0):
    return FeedbackLine((key,), issued, accepted, overridden, ignored, waiting)


def test_a_bar_is_to_scale_and_its_parts_follow_one_another():
    parts = row_bar(line(issued=8, accepted=4, ignored=4), 16, has_answers=True)
    assert [(p.fate, p.start, p.length, p.number) for p in parts] == [
        ("accepted", 0.0, WIDTH / 4, 4),
        ("ignored", WIDTH / 4, WIDTH / 4, 4),
    ]


def test_a_bar_without_answers_has_one_part_of_unknown_fate():
    (part,) = row_bar(line(waiting=10), 10, has_answers=False)
    assert (part.fate, part.length) == ("unknown", WIDTH)


def test_days_before_the_record_began_are_marked_and_days_without_cards_are_not():
    days = days_up_to(date(2026, 11, 24), 3)
    found = [line("2026-11-24", issued=3, waiting=3)]
    chart = day_chart(found, days, date(2026, 11, 23), has_answers=True)
    assert [bar.is_before for bar in chart.bars] == [True, False, False]
    assert [bar.issued for bar in chart.bars] == [0, 0, 3]
    assert chart.most == 4
    assert chart.ticks == ((0, DAYS_HEIGHT), (2, DAYS_HEIGHT / 2), (4, 0.0))
    assert chart.bars[2].parts[0].length == DAYS_HEIGHT * 3 / 4


def test_a_chart_of_nothing_has_no_scale():
    chart = day_chart([], days_up_to(date(2026, 11, 24), 2), None, has_answers=False)
    assert (chart.most, chart.ticks, [bar.is_before for bar in chart.bars]) == (0, (), [True] * 2)


def test_the_first_page_sums_the_days(filled):
    days = card_days(filled, datetime.now(UTC) + timedelta(seconds=5))
    assert (days.issued, days.accepted, days.overridden, days.waiting) == (4, 1, 1, 2)
    assert sum(bar.issued for bar in days.chart.bars) == 4


# Percentiles: 90 calls took up to 10 ms, 9 up to 100 ms, 1 longer than the last bound.
BUCKETS = [(0.005, 0.0), (0.01, 90.0), (0.1, 99.0), (float("inf"), 100.0)]


def test_a_percentile_is_told_with_the_bounds_that_it_lies_between():
    p50, p95, p99 = quantiles_in(BUCKETS)
    assert (p50.low, p50.high, round(p50.milliseconds, 2)) == (5.0, 10.0, 7.78)
    assert (p95.low, p95.high, round(p95.milliseconds, 2)) == (10.0, 100.0, 60.0)
    assert (p99.low, p99.high, p99.milliseconds) == (10.0, 100.0, 100.0)


def test_above_the_last_bound_nothing_is_invented():
    (found,) = quantiles_in([(0.1, 1.0), (float("inf"), 100.0)], [0.5])
    assert (found.milliseconds, found.low, found.high) == (None, 100.0, None)


def test_of_few_calls_a_percentile_has_bounds_alone():
    p50, _, p99 = quantiles_in([(0.005, 0.0), (0.01, 2.0), (float("inf"), 2.0)])
    assert (p50.milliseconds, p99.milliseconds) == (7.5, None)
    assert (p99.low, p99.high) == (5.0, 10.0)


def test_nothing_counted_has_no_percentile():
    assert quantiles_in([]) == quantiles_in([(0.1, 0.0), (float("inf"), 0.0)]) == []


def test_the_figures_of_the_service_are_read_off_our_own_metrics():
    audit = Audit(lambda patient: patient)
    for status in (200, 200, 412):
        audit._seconds_of("pgx-order-sign").observe(0.004)
        audit._answers_of("pgx-order-sign", str(status)).inc()
    (found,) = read_figures(audit.figures().decode())
    assert (found.service, found.calls, found.errors) == ("pgx-order-sign", 3, 1)
    assert found.statuses == {"200": 2, "412": 1}
    assert found.mean_milliseconds == pytest.approx(4.0)
    assert (found.quantiles[0].low, found.quantiles[0].high) == (2.5, 5.0)


def test_before_the_first_call_there_are_no_figures():
    assert read_figures(Audit(lambda patient: patient).figures().decode()) == ()


def test_settings_as_shipped_are_none_and_what_follows_the_port_is_not_one():
    assert changed_settings(Settings()) == ()
    assert [each.variable for each in changed_settings(Settings(port=9150))] == ["FHIR_PGX_PORT"]


def test_a_secret_is_said_to_be_set_and_never_shown():
    secret = "operator-token-of-a-test"
    url = "postgresql://me:password@db/pgx"
    found = changed_settings(
        Settings(operator_token=secret, audit_salt="salt", database=url, sources=("CPIC",))
    )
    assert secret not in repr(found)
    assert "password" not in repr(found)
    shown = {each.variable: (each.value, each.is_secret) for each in found}
    assert shown["FHIR_PGX_OPERATOR_TOKEN"] == ("", True)
    assert shown["FHIR_PGX_SOURCES"] == ("CPIC", False)


def test_a_period_begins_at_midnight_of_its_first_day():
    assert Period(1, NOW).since == datetime(2026, 11, 24, tzinfo=UTC)
    assert Period(7, NOW).since == datetime(2026, 11, 18, tzinfo=UTC)
    assert read_period("all", NOW).since is None
    assert read_period("", NOW).days == 30


@pytest.mark.parametrize("text", ["2026-13-01", "yesterday", "1800-01-01"])
def test_what_is_no_day_is_refused_at_its_field(text):
    with pytest.raises(InvalidParameter) as refused:
        read_day(text, "since")
    assert refused.value.where == "since"


def test_rows_without_a_value_stand_last_whichever_way_a_table_is_sorted():
    rows = [line("a", issued=None), line("b", issued=1), line("c", issued=2)]
    for falls, names in ((True, "cba"), (False, "bca")):
        found = in_order(rows, Sorted("issued", falls=falls))
        assert "".join(each.key[0] for each in found) == names


def test_a_column_of_names_rises_where_the_address_does_not_say():
    usual = Sorted("last", falls=True)
    columns = ("name", "last")
    assert read_sorted({}, columns, usual) == usual
    assert read_sorted({"sort": "name"}, columns, usual, rising=("name",)) == Sorted("name", False)
    assert read_sorted({"sort": "last"}, columns, usual) == Sorted("last", True)


def test_a_record_never_verified_is_told_apart_from_one_that_held(store):
    assert verify(store.audit).chains == ()
    found = last_verified(store.audit)
    assert (found.when, found.is_whole) == (None, True)


def test_a_broken_record_is_named_with_its_row(filled):
    from fhir_pgx.storage.audit_queue import AuditEntry
    from tests.stores import query

    filled.audit.append([AuditEntry(1, "p1", "epic", "read Patient/p1", b"{}")] * 3)
    assert verify(filled.audit).rows == 3
    query(f"sqlite:///{filled._database._path}", "UPDATE audit_entry SET agent='x' WHERE number=2")
    found = verify(filled.audit)
    assert "row 2" in found.broken
    assert found.details(None)["record-held"] == "no"


def test_traffic_of_an_empty_record_counts_nothing_and_knows_no_last_call(store):
    found = traffic_of(store.audit, Period(7, NOW))
    assert (found.clients, found.looked_at, newest_entry(store.audit)) == ((), 0, None)
