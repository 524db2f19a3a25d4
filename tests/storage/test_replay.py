"""Assertions are used once: by any thread, any worker process, on every database."""

import multiprocessing
import sqlite3
import threading
import time
from contextlib import closing

import pytest

from fhir_pgx.errors import StoreFailure
from fhir_pgx.storage import SqlStore
from fhir_pgx.storage.replay import _AT_ONCE, _EVERY, BESIDE

from ..stores import KINDS, new_database, query

NOW = 1_800_000_000


@pytest.fixture(params=KINDS)
def url(request, tmp_path):
    return new_database(request.param, tmp_path)


@pytest.fixture
def store(url):
    with closing(SqlStore(url)) as opened:
        yield opened


def names(url):
    beside = f"{url}{BESIDE}" if url.startswith("sqlite:") else url
    return {name for (name,) in query(beside, "SELECT name FROM seen_assertion")}


def test_the_first_use_is_told_from_every_later_one(store):
    assert store.use_once("a", NOW + 300, NOW)
    assert not store.use_once("a", NOW + 300, NOW)
    assert not store.use_once("a", NOW + 999, NOW)
    assert store.use_once("b", NOW + 300, NOW)


def test_a_use_is_remembered_by_a_store_that_opens_later(store, url):
    assert store.use_once("a", NOW + 300, NOW)
    with closing(SqlStore(url)) as later:
        assert not later.use_once("a", NOW + 300, NOW)


def test_what_has_expired_is_removed_and_what_has_not_is_kept(store, url):
    for number in range(_EVERY - 1):
        assert store.use_once(f"old-{number}", NOW - 1, NOW - 300)
    assert store.use_once("edge", NOW, NOW)  # its last second
    for number in range(_EVERY):
        assert store.use_once(f"new-{number}", NOW + 300, NOW)
    assert names(url) == {"edge"} | {f"new-{number}" for number in range(_EVERY)}
    assert not store.use_once("edge", NOW, NOW)


def test_the_record_does_not_grow_for_ever(store, url):
    for number in range(_EVERY * 8):  # each expires a second after it was used
        assert store.use_once(f"n-{number}", NOW + number, NOW + number)
    assert len(names(url)) <= 2 * _EVERY


def test_of_threads_that_use_one_together_one_is_first(store):
    together, found = threading.Barrier(8), []

    def use():
        together.wait()
        found.append(store.use_once("shared", NOW + 300, NOW))

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [False] * 7 + [True]


def test_nobody_waits_for_the_writer_of_the_store(store):
    """A large Bundle may hold SQLite's one writer for seconds; a hook call has half of one."""
    with store.transaction():
        began = time.monotonic()
        assert store.use_once("a", NOW + 300, NOW)
        assert time.monotonic() - began < 2


def test_where_nobody_is_asked_who_calls_no_file_is_made(tmp_path):
    with closing(SqlStore(new_database("sqlite", tmp_path))) as store:
        store.check()
        assert not list(tmp_path.glob(f"*{BESIDE}*"))
        assert store.use_once("a", NOW + 300, NOW)
        (file,) = tmp_path.glob(f"*{BESIDE}")
        assert file.stat().st_mode & 0o077 == 0  # its owner's alone, as the store's is


def test_a_store_whose_file_beside_cannot_be_written_notes_nothing(tmp_path):
    with closing(SqlStore(new_database("sqlite", tmp_path))) as store:
        (tmp_path / f"store.db{BESIDE}").mkdir()
        with pytest.raises(StoreFailure):
            store.use_once("a", NOW + 300, NOW)


def use_all(url, together, found, count):
    with closing(SqlStore(url)) as store:
        together.wait()
        found.put([store.use_once(f"n-{number}", NOW + 300, NOW) for number in range(count)])


def test_of_worker_processes_that_use_the_same_assertions_one_is_first_with_each(url):
    """Two processes with stores of their own replay the same two hundred assertions at once."""
    SqlStore(url).close()
    spawn = multiprocessing.get_context("spawn")
    together, found, count = spawn.Barrier(2), spawn.Queue(), 200
    workers = [
        spawn.Process(target=use_all, args=(url, together, found, count), daemon=True)
        for _ in range(2)
    ]
    for worker in workers:
        worker.start()
    one, two = found.get(timeout=60), found.get(timeout=60)
    for worker in workers:
        worker.join(timeout=60)
    assert len(one) == len(two) == count
    assert [a + b for a, b in zip(one, two, strict=True)] == [1] * count
    assert len(names(url)) == count


def test_what_is_over_is_found_in_a_table_of_many_parts(store, url):
    live = _AT_ONCE * 3
    for number in range(live):
        end = NOW + 300 if number % 3 else NOW - 1
        assert store.use_once(f"{number * 7919 % live:05}", end, NOW - 300)
    for number in range(live):  # a walk around all that is there, and more
        assert store.use_once(f"new-{number}", NOW + 300, NOW)
    kept = {each for each in names(url) if not each.startswith("new-")}
    assert kept == {f"{number * 7919 % live:05}" for number in range(live) if number % 3}
    assert not store.use_once(min(kept), NOW + 300, NOW)


def test_a_file_beside_that_has_an_index_by_time_loses_it(tmp_path):
    url = new_database("sqlite", tmp_path)
    with closing(SqlStore(url)) as store:
        assert store.use_once("a", NOW + 300, NOW)
    beside = f"{url}{BESIDE}"
    with closing(sqlite3.connect(tmp_path / f"store.db{BESIDE}")) as before:
        before.execute("CREATE INDEX seen_assertion_expires ON seen_assertion (expires)")
    with closing(SqlStore(url)) as store:
        assert not store.use_once("a", NOW + 300, NOW)
    assert not list(
        query(beside, "SELECT name FROM sqlite_master WHERE type = 'index' AND sql <> ''")
    )
