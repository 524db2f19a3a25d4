"""Dates of others, on a card."""

import pytest

from fhir_pgx.cards.dates import day_of


@pytest.mark.parametrize(
    ("when", "shown"),
    [
        ("2026", "2026"),
        ("2026-11", "2026-11"),
        ("2026-11-20", "2026-11-20"),
        ("2026-11-20T09:30:00+01:00", "2026-11-20"),
        ("2024-02-29", "2024-02-29"),
        ("2026-02-29", ""),
        ("2026-13", ""),
        ("2026-11-2", ""),
        ("0000-01-01", ""),
        ("20 Nov 2026", ""),
        ("2026-11-20<b>", ""),
        ("", ""),
    ],
)
def test_only_a_date_that_exists_is_shown(when, shown):
    assert day_of(when) == shown
