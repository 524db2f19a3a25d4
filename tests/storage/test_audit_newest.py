"""The newest entries of the record, by time, on every database."""

from datetime import UTC, datetime, timedelta

from fhir_pgx.storage.audit_queue import AuditEntry
from tests.stores import query

NOW = datetime(2026, 11, 24, tzinfo=UTC)


def entry(minute, patient="p1"):
    at = NOW + timedelta(minutes=minute)
    return AuditEntry(round(at.timestamp() * 1_000_000), patient, "epic", "read X", b"{}")


def numbers(found):
    return [each.number for each in found]


def test_the_newest_come_first_by_their_own_time_and_go_on_from_any_of_them(store):
    # The third was written late, as after a failure of the store: it is not the newest.
    store.audit.append([entry(1), entry(3), entry(0), entry(3, "p2"), entry(2)])
    assert numbers(store.audit.newest(9)) == [4, 2, 5, 1, 3]
    assert numbers(store.audit.newest(2)) == [4, 2]
    assert numbers(store.audit.newest(9, before=2)) == [5, 1, 3]
    assert numbers(store.audit.newest(9, before=3)) == []
    assert numbers(store.audit.newest(9, patient="p1", before=5)) == [1, 3]
    since, until = NOW + timedelta(minutes=1), NOW + timedelta(minutes=3)
    assert numbers(store.audit.newest(9, since=since, until=until)) == [5, 1]
    assert store.audit.newest(9, tenant="north") == []


def test_what_is_about_no_patient_is_found_by_itself(store):
    store.audit.append([entry(0, ""), entry(1), entry(2, ""), entry(3)])
    assert numbers(store.audit.newest_of_nobody(9)) == [3, 1]
    assert numbers(store.audit.newest_of_nobody(1)) == [3]
    assert numbers(store.audit.newest_of_nobody(9, before=3)) == [1]


def test_an_entry_that_was_removed_does_not_end_the_list(store, url):
    store.audit.append([entry(0), entry(1), entry(2)])
    query(url, "DELETE FROM audit_entry WHERE number = 2")
    assert numbers(store.audit.newest(9, before=2)) == [1]
