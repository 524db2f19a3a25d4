"""Dates as intervals: as long as their precision (FHIR R4, Search, date)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_pgx.model.search import EVER
from fhir_pgx.rest.values_times import interval_of, intervals_of


def micros(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2013", "2013-01-01T00:00:00", "2014-01-01T00:00:00"),
        ("2013-01", "2013-01-01T00:00:00", "2013-02-01T00:00:00"),
        ("2012-02", "2012-02-01T00:00:00", "2012-03-01T00:00:00"),  # a leap year
        ("2013-01-14", "2013-01-14T00:00:00", "2013-01-15T00:00:00"),
        ("2013-01-14T10:00", "2013-01-14T10:00:00", "2013-01-14T10:01:00"),
        ("2013-01-14T10:00:00", "2013-01-14T10:00:00", "2013-01-14T10:00:01"),
        ("2013-01-14T10:00:00Z", "2013-01-14T10:00:00", "2013-01-14T10:00:01"),
        ("2013-01-14T10:00:00+02:00", "2013-01-14T08:00:00", "2013-01-14T08:00:01"),
        ("2013-01-14T22:00:00-05:30", "2013-01-15T03:30:00", "2013-01-15T03:30:01"),
        ("1969-12-31", "1969-12-31T00:00:00", "1970-01-01T00:00:00"),
        ("1850-06-01", "1850-06-01T00:00:00", "1850-06-02T00:00:00"),
    ],
)
def test_a_date_covers_all_that_its_precision_leaves_open(text, low, high):
    assert interval_of(text) == (micros(low), micros(high))


def test_a_fraction_of_a_second_is_as_long_as_its_last_digit():
    start = micros("2013-01-14T10:00:00")
    assert interval_of("2013-01-14T10:00:00.5Z") == (start + 500_000, start + 600_000)
    assert interval_of("2013-01-14T10:00:00.123456789Z") == (start + 123_456, start + 123_457)


def test_the_last_year_has_an_end():
    low, high = interval_of("9999")
    assert high - low == 365 * 86_400_000_000


@pytest.mark.parametrize(
    "text",
    ["", "2013-1", "2013-13", "2013-02-30", "0000", "13", "2013-01-14T25:00:00Z", "yesterday",
     "2013-01-14T10:00:00+99:00", "2013-01-14 10:00", "٢٠١٣", "2013-01-14T10"],
)  # fmt: skip
def test_what_is_no_date_has_no_interval(text):
    assert interval_of(text) is None


@pytest.mark.parametrize(
    ("kind", "value", "low", "high"),
    [
        ("Period", {"start": "2013-01", "end": "2013-03"}, "2013-01-01", "2013-04-01"),
        ("Timing", {"event": ["2013-01-05", "2013-01-03"]}, "2013-01-03", "2013-01-06"),
        (
            "Timing",
            {"repeat": {"boundsPeriod": {"start": "2013-01-01", "end": "2013-01-31"}}},
            "2013-01-01",
            "2013-02-01",
        ),
    ],
)
def test_a_period_and_a_timing_cover_their_outer_limits(kind, value, low, high):
    assert list(intervals_of(kind, value)) == [(micros(low), micros(high))]


def test_an_end_that_is_not_stated_is_open():
    assert list(intervals_of("Period", {"start": "2013"})) == [(micros("2013-01-01"), EVER[1])]
    assert list(intervals_of("Period", {"end": "2013"})) == [(EVER[0], micros("2014-01-01"))]
    assert list(intervals_of("Period", {})) == []


def test_a_period_that_ends_before_it_starts_is_none():
    assert list(intervals_of("Period", {"start": "2020", "end": "2010"})) == []


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_time_is_counted_as_the_calendar_counts_it(moment):
    whole = moment.replace(microsecond=0)
    low, high = interval_of(whole.isoformat())
    assert timedelta(microseconds=low) == whole - datetime.fromtimestamp(0, UTC)
    assert high - low == 1_000_000


@given(st.text())
def test_no_text_is_too_odd_to_be_looked_at(text):
    found = interval_of(text)
    assert found is None or found[0] < found[1]
