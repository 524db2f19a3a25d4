"""The record of accesses: a chain without forks and gaps, in which every tampering is found."""

import logging
import multiprocessing
import threading
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from fhir_pgx.errors import BrokenAudit, StoreFailure
from fhir_pgx.storage import SqlStore
from fhir_pgx.storage.audit import digest_of
from fhir_pgx.storage.audit_queue import AuditEntry, AuditQueue
from fhir_pgx.storage.store import NewResource
from tests.stores import query

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PROCESSES, EACH = 4, 30


def micros(moment):
    return round(moment.timestamp() * 1_000_000)


def entry(number=0, *, patient="p1", tenant="", body=b'{"resourceType":"AuditEvent"}', minutes=0):
    when = micros(NOON + timedelta(minutes=minutes)) + number
    return AuditEntry(when, patient, "synthetic-client", f"read Observation/{number}", body, tenant)


def fill(store, count=10, **more):
    store.audit.append([entry(i, **more) for i in range(count)])


def test_each_row_follows_the_row_before(store):
    fill(store, 3)
    fill(store, 2)
    rows = list(store.audit.entries())
    assert [row.number for row in rows] == [1, 2, 3, 4, 5]
    assert [row.previous for row in rows] == ["", *(row.digest for row in rows[:-1])]
    assert rows[0].what == "read Observation/0"
    assert rows[0].body == b'{"resourceType":"AuditEvent"}'
    (chain,) = store.audit.verify()
    assert (chain.rows, chain.number, chain.head) == (5, 5, rows[-1].digest)
    assert store.audit.heads()[0].head == rows[-1].digest


def test_a_record_without_rows_holds(store):
    assert store.audit.verify() == []
    assert store.audit.heads() == []


def test_nothing_moves_from_one_part_of_a_row_to_its_neighbour():
    one = digest_of("", 1, 5, "p", "agent", "what", "", b"body")
    assert digest_of("", 1, 5, "pa", "gent", "what", "", b"body") != one
    assert digest_of("", 15, 5, "p", "agent", "what", "", b"body") != one
    assert digest_of("p", 1, 5, "", "agent", "what", "", b"body") != one
    assert digest_of("", 1, 5, "p", "agent", "whatb", "", b"ody") != one


@pytest.mark.parametrize(
    "change",
    [
        "recorded = recorded + 1",
        "patient = 'p2'",
        "agent = 'somebody else'",
        "what = 'read Observation/x'",
        "body = CAST('{}' AS {bytes})",
        "digest = '0000'",
        "previous = '0000'",
    ],
)
def test_a_row_that_was_changed_is_found(url, store, change):
    fill(store)
    kind = "BLOB" if url.startswith("sqlite") else "BYTEA"
    query(url, f"UPDATE audit_entry SET {change.replace('{bytes}', kind)} WHERE number = 4")
    with pytest.raises(BrokenAudit, match="row 4 ") as found:
        store.audit.verify()
    assert found.value.code == "PGX-425"
    assert "Observation" not in str(found.value)


def test_a_row_that_was_changed_with_its_own_digest_breaks_the_next(url, store):
    fill(store)
    rows = list(store.audit.entries())
    anew = digest_of("", 4, rows[3].recorded, "p2", rows[3].agent, rows[3].what,
                     rows[3].previous, rows[3].body)  # fmt: skip
    query(url, f"UPDATE audit_entry SET patient = 'p2', digest = '{anew}' WHERE number = 4")
    with pytest.raises(BrokenAudit, match=r"row 5 .* does not follow"):
        store.audit.verify()


@pytest.mark.parametrize("number", [1, 4])
def test_a_row_that_was_removed_is_found(url, store, number):
    fill(store)
    query(url, f"DELETE FROM audit_entry WHERE number = {number}")
    with pytest.raises(BrokenAudit, match=rf"row {number} .* missing"):
        store.audit.verify()


def test_a_row_that_was_removed_and_the_rest_counted_anew_is_found(url, store):
    fill(store)
    query(url, "DELETE FROM audit_entry WHERE number = 4")
    for number in range(5, 11):
        query(url, f"UPDATE audit_entry SET number = {number - 1} WHERE number = {number}")
    with pytest.raises(BrokenAudit, match="row 4 "):
        store.audit.verify()


def test_rows_that_changed_places_are_found(url, store):
    fill(store)
    for old, new in ((4, 100), (5, 4), (100, 5)):
        query(url, f"UPDATE audit_entry SET number = {new} WHERE number = {old}")
    with pytest.raises(BrokenAudit, match="row 4 "):
        store.audit.verify()


def test_a_row_that_was_put_in_is_found(url, store):
    fill(store)
    for number in range(10, 3, -1):
        query(url, f"UPDATE audit_entry SET number = {number + 1} WHERE number = {number}")
    columns = "tenant, {number}, recorded, patient, agent, what, previous, digest, body"
    query(
        url,
        f"INSERT INTO audit_entry SELECT {columns.format(number=4)} FROM audit_entry "
        "WHERE number = 3",
    )
    with pytest.raises(BrokenAudit, match="row 4 "):
        store.audit.verify()


def test_a_row_that_was_put_at_the_end_is_found(url, store):
    fill(store)
    columns = "tenant, 11, recorded, patient, agent, what, digest, digest, body"
    query(url, f"INSERT INTO audit_entry SELECT {columns} FROM audit_entry WHERE number = 10")
    with pytest.raises(BrokenAudit, match="row 11 "):
        store.audit.verify()


def test_a_row_of_another_tenant_is_found(url, store):
    fill(store, 3, tenant="north")
    query(url, "UPDATE audit_entry SET tenant = 'south'")
    with pytest.raises(BrokenAudit, match="row 1 of tenant south"):
        store.audit.verify()


def test_the_end_that_was_cut_off_is_found_by_a_head_noted_before(url, store):
    fill(store)
    head = store.audit.heads()[0].head
    fill(store, 2)
    store.audit.verify([head])
    query(url, "DELETE FROM audit_entry WHERE number > 9")
    store.audit.verify()  # the chain alone cannot tell
    with pytest.raises(BrokenAudit, match="cut off"):
        store.audit.verify([head])


def test_a_record_that_was_emptied_is_found_by_a_head_noted_before(url, store):
    fill(store)
    head = store.audit.heads()[0].head
    query(url, "DELETE FROM audit_entry")
    with pytest.raises(BrokenAudit, match="cut off"):
        store.audit.verify([head])


def test_a_record_that_was_made_anew_is_found_by_a_head_noted_before(url, store):
    fill(store)
    head = store.audit.heads()[0].head
    query(url, "DELETE FROM audit_entry")
    fill(store, 12, patient="p2")
    store.audit.verify()
    with pytest.raises(BrokenAudit, match="made anew"):
        store.audit.verify([head])


def test_what_was_recorded_since_a_time_can_be_verified_alone(url, store):
    fill(store, 5)
    fill(store, 5, minutes=30)
    query(url, "UPDATE audit_entry SET patient = 'p2' WHERE number = 2")
    (chain,) = store.audit.verify(since=NOON + timedelta(minutes=10))
    assert (chain.rows, chain.number) == (5, 10)
    query(url, "UPDATE audit_entry SET patient = 'p2' WHERE number = 6")
    with pytest.raises(BrokenAudit, match="row 6 "):
        store.audit.verify(since=NOON + timedelta(minutes=10))


def test_the_link_to_the_row_before_a_time_is_verified_too(url, store):
    fill(store, 5)
    fill(store, 5, minutes=30)
    query(url, "DELETE FROM audit_entry WHERE number = 5")
    with pytest.raises(BrokenAudit, match="row 5 "):
        store.audit.verify(since=NOON + timedelta(minutes=10))


def test_each_tenant_has_a_chain_of_its_own(store):
    fill(store, 3, tenant="north")
    store.audit.append([entry(0, tenant="south"), entry(1, tenant="north"), entry(2)])
    assert [(c.tenant, c.rows) for c in store.audit.verify()] == [
        ("", 1), ("north", 4), ("south", 1),
    ]  # fmt: skip
    assert [row.number for row in store.audit.entries(tenant="north")] == [1, 2, 3, 4]
    heads = [each.head for each in store.audit.heads()]
    assert store.audit.verify(heads)


def test_entries_are_found_by_patient_and_time(store):
    store.audit.append([entry(i, patient=f"p{i % 3}", minutes=i) for i in range(9)])
    assert [row.number for row in store.audit.entries(patient="p1")] == [2, 5, 8]
    since = NOON + timedelta(minutes=6)
    assert [row.number for row in store.audit.entries(patient="p1", since=since)] == [8]
    assert list(store.audit.entries(patient="nobody")) == []


def test_more_entries_than_a_page_or_a_statement_holds(store):
    fill(store, 2345)
    assert sum(1 for _ in store.audit.entries()) == 2345
    assert store.audit.verify()[0].rows == 2345


def test_texts_that_a_database_does_not_take_are_kept_in_part(store):
    odd = "p\x00\ud800ä"
    long = "\U0001f9ec" * 5000
    store.audit.append(
        [AuditEntry(1, odd, odd, odd, b"{}"), AuditEntry(1, long, long, long, b"{}")]
    )
    assert store.audit.verify()[0].rows == 2
    assert [len(each.patient) for each in store.audit.entries()] == [4, 300]


def test_the_patients_of_resources_are_told_deleted_ones_too(store):
    with store.transaction() as unit:
        unit.put(NewResource("Observation", "o1", b"{}", "p1"))
        unit.put(NewResource("Observation", "o2", b"{}", "p2"))
        unit.put(NewResource("Medication", "m1", b"{}"))
    with store.transaction() as unit:
        unit.delete("Observation", "o2")
    asked = [("Observation", "o1"), ("Observation", "o2"), ("Medication", "m1"), ("Task", "x")]
    assert store.audit.owners(asked) == {
        ("Observation", "o1"): "p1", ("Observation", "o2"): "p2", ("Medication", "m1"): "",
    }  # fmt: skip
    assert store.audit.owners(asked, tenant="other") == {}


# Writers at the same time


def write_many(url, name):
    with closing(SqlStore(url)) as store:
        for i in range(EACH):
            store.audit.append([entry(i, patient=f"{name}-{i}"), entry(i, tenant="t")])


def test_processes_that_write_at_once_make_one_chain(url):
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=write_many, args=(url, f"w{i}")) for i in range(PROCESSES)]
    SqlStore(url).close()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=120)
    assert [worker.exitcode for worker in workers] == [0] * PROCESSES
    with closing(SqlStore(url)) as store:
        chains = store.audit.verify()
        assert [(c.tenant, c.rows, c.number) for c in chains] == [
            ("", PROCESSES * EACH, PROCESSES * EACH), ("t", PROCESSES * EACH, PROCESSES * EACH),
        ]  # fmt: skip
        patients = {row.patient for row in store.audit.entries()}
        assert len(patients) == PROCESSES * EACH


def test_threads_that_write_at_once_make_one_chain(store):
    def work():
        for i in range(20):
            store.audit.append([entry(i)])
            store.audit.keep([entry(i)])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    store.audit.queue.flush()
    assert store.audit.verify()[0].rows == 160


# What waits in memory


class FailingWrite:
    """Fails as often as it is told to; keeps what it was given otherwise."""

    def __init__(self, failures=0):
        self.failures, self.written = failures, []

    def __call__(self, entries):
        if self.failures:
            self.failures -= 1
            raise StoreFailure("the database was not written")
        self.written += entries


@contextmanager
def queue_of(write, **more):
    queue = AuditQueue(write, **more)
    queue.counts = []
    queue.failed = lambda count: queue.counts.append(("failed", count))
    queue.lost = lambda count: queue.counts.append(("lost", count))
    try:
        yield queue
    finally:
        queue.close()


def test_entries_wait_a_moment_and_are_written_when_the_store_is_closed(url):
    with closing(SqlStore(url)) as store:
        store.audit.keep([entry(0), entry(1)])
    with closing(SqlStore(url)) as store:
        assert store.audit.verify()[0].rows == 2


def test_entries_are_written_by_themselves_soon():
    write, done = FailingWrite(), threading.Event()
    with queue_of(lambda entries: (write(entries), done.set())) as queue:
        queue.add([entry(0)])
        assert done.wait(5)
        assert len(write.written) == 1


def test_a_full_queue_makes_its_callers_write_for_themselves():
    write = FailingWrite()
    with queue_of(write, most=3) as queue:
        queue.add([entry(0), entry(1)])
        assert write.written == []
        queue.add([entry(2), entry(3)])
        assert [each.what[-1] for each in write.written] == ["2", "3"]
        queue.flush()
        assert len(write.written) == 4
        assert queue.counts == []


def test_what_the_store_fails_on_is_said_counted_and_written_later(caplog):
    write = FailingWrite(failures=1)
    with caplog.at_level(logging.ERROR), queue_of(write) as queue:
        queue.add([entry(0), entry(1)])
        queue.flush()
        assert queue.counts == [("failed", 2)]
        assert "2 entries of the audit record wait" in caplog.text
        queue.add([entry(2)])
        queue.flush()
        assert [each.what[-1] for each in write.written] == ["0", "1", "2"]
        assert ("lost", 2) not in queue.counts


def test_nothing_is_lost_in_silence(caplog):
    write = FailingWrite(failures=100)
    with caplog.at_level(logging.ERROR), queue_of(write, most=2) as queue:
        queue.add([entry(0), entry(1)])
        queue.add([entry(2)])  # full, and the store fails
        assert ("lost", 1) in queue.counts
        queue.close()
        assert ("lost", 2) in queue.counts
    assert "2 entries of the audit record were lost" in caplog.text
    assert "1 entries of the audit record were lost" in caplog.text
    assert "Observation" not in caplog.text


@pytest.mark.parametrize("most", [10, 1])
def test_an_entry_that_cannot_be_written_at_all_costs_no_other(caplog, most):
    written = []

    def write(entries):
        if any(each.patient == "odd" for each in entries):
            raise ValueError("Jane Doe")
        written.extend(entries)

    with caplog.at_level(logging.ERROR), queue_of(write, most=most) as queue:
        queue.add([entry(0), entry(1, patient="odd"), entry(2)])
        queue.flush()
        assert [each.what[-1] for each in written] == ["0", "2"]
        assert queue.counts == [("lost", 1)]
    assert "Jane Doe" not in caplog.text


def test_a_store_that_fails_raises_to_who_must_know(store, monkeypatch):
    def fail(*_):
        raise StoreFailure("the database was not written")

    monkeypatch.setattr(store.audit, "_extend", fail)
    with pytest.raises(StoreFailure):
        store.audit.append([entry(0)])


def write_and_stop(url):
    """As a worker that is told to stop: nothing is closed."""
    SqlStore(url).audit.keep([entry(0), entry(1)])


def test_a_process_that_ends_writes_what_waits(url):
    SqlStore(url).close()
    worker = multiprocessing.get_context("spawn").Process(target=write_and_stop, args=(url,))
    worker.start()
    worker.join(timeout=60)
    with closing(SqlStore(url)) as store:
        assert store.audit.verify()[0].rows == 2
