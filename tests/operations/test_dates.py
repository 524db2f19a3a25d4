"""FHIR dates as intervals, and the range that several bounds leave."""

from datetime import UTC, datetime

import pytest

from fhir_pgx.errors import InvalidParameter
from fhir_pgx.model.search import EVER
from fhir_pgx.operations.dates import asked_interval, interval_at, interval_of, overlaps


def at(*parts):
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2024", at(2024, 1, 1), at(2025, 1, 1)),
        ("2024-12", at(2024, 12, 1), at(2025, 1, 1)),
        ("2024-02-29", at(2024, 2, 29), at(2024, 3, 1)),
        ("2024-05-01T10:00Z", at(2024, 5, 1, 10), at(2024, 5, 1, 10, 1)),
        ("2024-05-01T10:00:30Z", at(2024, 5, 1, 10, 0, 30), at(2024, 5, 1, 10, 0, 31)),
        ("2024-05-01T10:00:00+02:00", at(2024, 5, 1, 8), at(2024, 5, 1, 8, 0, 1)),
        ("2024-05-01T10:00:00", at(2024, 5, 1, 10), at(2024, 5, 1, 10, 0, 1)),
    ],
)
def test_a_date_is_all_that_it_can_mean(text, low, high):
    assert interval_of(text) == (low, high)


@pytest.mark.parametrize("text", ["", "2024-13", "2023-02-29", "24", "2024-05-01T25:00Z", "soon"])
def test_what_is_no_date_is_none(text):
    assert interval_of(text) is None


@pytest.mark.parametrize(
    ("bounds", "low", "high"),
    [
        (["ge2024-05-01"], at(2024, 5, 1), EVER[1]),
        (["gt2024-05-01"], at(2024, 5, 2), EVER[1]),
        (["sa2024"], at(2025, 1, 1), EVER[1]),
        (["le2024-05"], EVER[0], at(2024, 6, 1)),
        (["lt2024-05"], EVER[0], at(2024, 5, 1)),
        (["eb2024-05"], EVER[0], at(2024, 5, 1)),
        (["2024-05-01"], at(2024, 5, 1), at(2024, 5, 2)),
        (["ge2024", "le2024"], at(2024, 1, 1), at(2025, 1, 1)),
        (["ge2024", "ge2025"], at(2025, 1, 1), EVER[1]),
    ],
)
def test_bounds_together_leave_what_all_of_them_allow(bounds, low, high):
    assert asked_interval(bounds, "testDateRange") == (low, high)


@pytest.mark.parametrize("bounds", [["ge2025", "lt2025"], ["xx2024"], ["ge"], ["yesterday"]])
def test_a_range_without_a_moment_or_a_meaning_is_refused_by_name(bounds):
    with pytest.raises(InvalidParameter) as told:
        asked_interval(bounds, "testDateRange")
    assert told.value.where == "testDateRange"


def test_a_period_without_an_end_goes_on():
    found = interval_at({"effectivePeriod": {"start": "2024"}}, "effectivePeriod")
    assert found == (at(2024, 1, 1), EVER[1])
    assert overlaps(found, (at(2030, 1, 1), at(2031, 1, 1)))
    assert not overlaps(found, (at(2023, 1, 1), at(2024, 1, 1)))


def test_a_resource_without_a_readable_time_has_none():
    assert interval_at({"effectiveDateTime": "unknown"}, "effectiveDateTime", "issued") is None
