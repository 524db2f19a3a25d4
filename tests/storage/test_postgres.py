"""What is PostgreSQL's own: its driver, its pool, its locks, its errors."""

import os
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from fhir_pgx.errors import InvalidSetting, StoreFailure, WriteConflict
from fhir_pgx.storage import NewResource, SqlStore
from tests.stores import empty_database, new_database, query

pytestmark = pytest.mark.postgres

PATIENT = NewResource("Patient", "p1", b"{}", "p1")


@pytest.fixture
def url(tmp_path):
    return new_database("postgres", tmp_path)


def test_without_its_driver_the_setting_says_what_to_install(url, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "fhir_pgx.storage.postgres", raising=False)
    with pytest.raises(InvalidSetting) as refused:
        SqlStore(url)
    assert "fhir-pgx[postgres]" in refused.value.mend


@pytest.mark.parametrize("wrong", ["postgresql://h/d?nonsense=1", "postgresql://[::1/d"])
def test_a_url_that_cannot_be_read_is_refused_and_not_repeated(wrong):
    with pytest.raises(InvalidSetting) as refused:
        SqlStore(wrong)
    assert wrong not in str(refused.value)


def test_a_server_that_is_not_there_is_a_failure_that_tells_no_password(tmp_path):
    with pytest.raises(StoreFailure) as refused:
        SqlStore(f"postgresql://me:hidden@/db?host={tmp_path}")
    assert "hidden" not in str(refused.value)


def test_a_deadlock_is_a_conflict_of_writers_that_can_be_tried_again(url):
    with closing(SqlStore(url)) as store:
        store.save_bundle([PATIENT, NewResource("Patient", "p2", b"{}", "p2")])
        both, met = threading.Barrier(2), []

        def write(first, second):
            try:
                with store.transaction() as unit:
                    unit.put(NewResource("Patient", first, b"1", first))
                    both.wait()
                    unit.put(NewResource("Patient", second, b"2", second))
            except WriteConflict as conflict:
                met.append(conflict)

        threads = [
            threading.Thread(target=write, args=pair) for pair in (("p1", "p2"), ("p2", "p1"))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(met) == 1
        assert [store.reads().read("Patient", each).version for each in ("p1", "p2")] == [2, 2]


def test_a_connection_that_the_server_closed_is_replaced(url):
    with closing(SqlStore(url)) as store:
        store.save_bundle([PATIENT])
        query(url, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                   "WHERE datname = current_database() AND pid <> pg_backend_pid()")  # fmt: skip
        assert store.patients() == ["p1"]
        query(url, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
                   "WHERE datname = current_database() AND pid <> pg_backend_pid()")  # fmt: skip
        assert store.save_bundle([PATIENT]).unchanged == 1


def test_tables_stand_where_the_search_path_says(url):
    query(url, "CREATE SCHEMA apart")
    with closing(SqlStore(f"{url}&options=-csearch_path%3Dapart")) as store:
        store.save_bundle([PATIENT])
        assert store.patients() == ["p1"]
    assert query(url, "SELECT COUNT(*) FROM apart.resource") == [(1,)]
    assert query(url, "SELECT COUNT(*) FROM public.resource") == [(0,)]


def test_closing_leaves_no_connection(url):
    store = SqlStore(url)
    store.save_bundle([PATIENT])
    store.close()
    counted = "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()"
    for _ in range(100):
        if query(url, counted) == [(1,)]:  # the one that asks
            return
        threading.Event().wait(0.05)
    raise AssertionError("a connection is still open")


START = "import sys; from fhir_pgx.storage import SqlStore; SqlStore(sys.argv[1]).close()"


def test_workers_that_start_together_make_the_schema_once():
    url, root = empty_database(), str(Path(__file__).parents[2])
    command = [sys.executable, "-c", START, url]
    workers = [
        subprocess.Popen(command, cwd=root, env={**os.environ, "PYTHONPATH": root})
        for _ in range(3)
    ]
    assert [worker.wait(timeout=60) for worker in workers] == [0, 0, 0]
    files = [("0003.sql",), ("0004.sql",), ("0005.sql",), ("0006.sql",)]
    assert query(url, "SELECT name FROM migration") == files


def test_a_forked_worker_opens_connections_of_its_own(url):
    with closing(SqlStore(url)) as store:
        store.save_bundle([PATIENT])
        child = os.fork()
        if child == 0:  # only what it found leaves it: the tests' own end is not run twice
            os._exit(0 if store.patients() == ["p1"] else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert store.patients() == ["p1"]


def test_a_statement_that_the_server_refuses_is_a_failure_without_its_values(url):
    with closing(SqlStore(url)) as store:
        with pytest.raises(StoreFailure) as refused, store.transaction() as unit:
            unit._connection.execute("SELECT ? / 0", ("secret",))
        assert isinstance(refused.value.__cause__, psycopg.Error)
        assert "secret" not in str(refused.value)
