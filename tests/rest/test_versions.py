"""ETags and moments as HTTP writes them."""

import pytest

from fhir_pgx.errors import InvalidInteraction, VersionMismatch
from fhir_pgx.rest.versions import check_if_match, http_date, is_unchanged
from fhir_pgx.storage.store import StoredResource

STORED = StoredResource("Patient", "p", 3, "p", "", "2026-01-02T03:04:05.678Z", b"{}")
DELETED = StoredResource("Patient", "p", 3, "p", "", STORED.last_updated, b"", is_deleted=True)


def test_a_moment_is_written_to_the_second():
    assert http_date(STORED.last_updated) == "Fri, 02 Jan 2026 03:04:05 GMT"


@pytest.mark.parametrize("tag", ['W/"3"', '"3"', "3", "*", ' W/"3" ', ""])
def test_the_current_version_matches(tag):
    check_if_match(tag, STORED)


@pytest.mark.parametrize(
    ("tag", "current"),
    [('W/"2"', STORED), ("*", None), ('W/"3"', None), ('W/"3"', DELETED), ("*", DELETED)],
)
def test_another_version_or_none_does_not(tag, current):
    with pytest.raises(VersionMismatch):
        check_if_match(tag, current)


@pytest.mark.parametrize("tag", ["W/'3'", 'W/"3', 'W/"3",', '"a b"'])
def test_what_is_no_etag_is_said_to_be_none(tag):
    with pytest.raises(InvalidInteraction):
        check_if_match(tag, STORED)


@pytest.mark.parametrize(
    ("none_match", "since", "unchanged"),
    [
        ('W/"3"', "", True),
        ('W/"2", "3"', "", True),
        ("*", "", True),
        ('W/"2"', "", False),
        ('W/"2"', "Fri, 02 Jan 2026 03:04:05 GMT", False),  # the tag alone counts (RFC 9110)
        ("", "Fri, 02 Jan 2026 03:04:05 GMT", True),
        ("", "Fri, 02 Jan 2026 03:04:04 GMT", False),
        ("", "no date", False),
        ("", "", False),
    ],
)
def test_a_reader_is_told_that_nothing_changed(none_match, since, unchanged):
    assert is_unchanged(STORED, none_match, since) is unchanged
