"""Sealed sessions: found by their secret alone, taken once, over in time; on every database."""

import threading
from contextlib import closing, contextmanager, suppress
from types import SimpleNamespace

import pytest

from fhir_pgx.errors import StoreFailure
from fhir_pgx.storage import SqlStore, sessions
from fhir_pgx.storage.sessions import LaunchSessions
from tests.stores import query

SECRET = "a" * 43
OTHER = "b" * 43
BODY = {"access_token": "token-marker", "patient": "patient-marker", "count": 1}


class Clock:
    def __init__(self):
        self.now = 1_000_000.5

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def kept(store, clock):
    return LaunchSessions(store._database, clock=clock)


def test_a_session_is_found_by_its_secret_and_by_no_other(kept):
    kept.keep(SECRET, "session", BODY, seconds=60)
    assert kept.find(SECRET, "session") == BODY
    assert kept.find(OTHER, "session") is None
    assert kept.find(SECRET.upper(), "session") is None


def test_a_launch_under_way_does_not_open_as_a_session(kept):
    kept.keep(SECRET, "launch", BODY, seconds=60)
    assert kept.find(SECRET, "session") is None
    assert kept.take(SECRET, "launch") == BODY


@pytest.mark.parametrize(
    "secret", ["", "a" * 42, "a" * 44, "a" * 42 + "'", "a" * 42 + "\n", "ä" * 43]
)
def test_a_secret_of_another_shape_finds_and_keeps_nothing(kept, secret):
    assert kept.find(secret, "session") is None
    assert kept.take(secret, "session") is None
    kept.remove(secret, "session")
    with pytest.raises(ValueError, match="32 random bytes"):
        kept.keep(secret, "session", BODY, seconds=60)


def test_what_is_stored_holds_neither_the_secret_nor_a_word_of_the_session(kept, url):
    kept.keep(SECRET, "session", BODY, seconds=60)
    ((name, body),) = query(url, "SELECT name, body FROM launch_session")
    shown = f"{name} {bytes(body)!r}"
    for word in (SECRET, "token-marker", "patient-marker", "access_token"):
        assert word not in shown


def test_the_same_body_is_sealed_differently_each_time(kept, url):
    seen = set()
    for _ in range(2):
        kept.keep(SECRET, "session", BODY, seconds=60)
        ((body,),) = query(url, "SELECT body FROM launch_session")
        seen.add(bytes(body))
    assert len(seen) == 2


def test_a_row_that_was_tampered_with_or_put_under_another_name_does_not_open(kept, url):
    kept.keep(SECRET, "session", BODY, seconds=60)
    kept.keep(OTHER, "session", {"patient": "other"}, seconds=60)
    names = [row[0] for row in query(url, "SELECT name FROM launch_session ORDER BY expires, name")]
    first, second = names
    query(
        url,
        "UPDATE launch_session SET body = "
        f"(SELECT l.body FROM launch_session l WHERE l.name = '{second}') WHERE name = '{first}'",
    )
    found = [kept.find(SECRET, "session"), kept.find(OTHER, "session")]
    assert found.count(None) == 1


def test_a_session_ends(kept, clock):
    kept.keep(SECRET, "session", BODY, seconds=60)
    clock.now += 59
    assert kept.find(SECRET, "session") == BODY
    clock.now += 1
    assert kept.find(SECRET, "session") is None
    assert kept.take(SECRET, "session") is None


def test_what_has_ended_is_cleared_away_when_another_is_kept(kept, clock, url):
    kept.keep(SECRET, "session", BODY, seconds=60)
    clock.now += 61
    kept.keep(OTHER, "session", BODY, seconds=60)
    assert query(url, "SELECT COUNT(*) FROM launch_session") == [(1,)]


def test_a_launch_is_taken_once(kept):
    kept.keep(SECRET, "launch", BODY, seconds=60)
    assert kept.take(SECRET, "launch") == BODY
    assert kept.take(SECRET, "launch") is None


def test_of_many_that_take_a_launch_at_once_one_gets_it(kept):
    kept.keep(SECRET, "launch", BODY, seconds=60)
    began, got = threading.Barrier(6), []

    def take():
        began.wait()
        got.append(kept.take(SECRET, "launch"))

    threads = [threading.Thread(target=take) for _ in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(found is None for found in got) == [False, True, True, True, True, True]


class Meeting:
    """A database in which two that read the same row meet before either goes on, where it lets two
    read at once."""

    def __init__(self, database):
        self._database, self._meeting = database, threading.Barrier(2)

    @contextmanager
    def transaction(self):
        with self._database.transaction() as connection:
            yield Connection(connection, self._meeting)


class Connection:
    def __init__(self, connection, meeting):
        self._connection, self._meeting = connection, meeting

    def execute(self, statement, values=()):
        found = self._connection.execute(statement, values)
        if statement.startswith("SELECT"):
            row = found.fetchone()
            with suppress(threading.BrokenBarrierError):
                self._meeting.wait(0.5)
            return SimpleNamespace(fetchone=lambda: row)
        return found


def test_of_two_that_read_a_launch_before_either_took_it_one_gets_it(kept, store, clock):
    kept.keep(SECRET, "launch", BODY, seconds=60)
    meeting, got = LaunchSessions(Meeting(store._database), clock=clock), []
    threads = [
        threading.Thread(target=lambda: got.append(meeting.take(SECRET, "launch")))
        for _ in range(2)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(found is None for found in got) == [False, True]


def test_a_session_that_was_removed_is_not_brought_back_by_a_refresh(kept):
    kept.keep(SECRET, "session", BODY, seconds=60)
    assert kept.replace(SECRET, "session", {"access_token": "new"}, seconds=60)
    assert kept.find(SECRET, "session") == {"access_token": "new"}
    kept.remove(SECRET, "session")
    assert not kept.replace(SECRET, "session", BODY, seconds=60)
    assert kept.find(SECRET, "session") is None


def test_the_table_does_not_grow_without_measure(kept, monkeypatch, clock):
    monkeypatch.setattr(sessions, "MAX_ROWS", 1)
    kept.keep(SECRET, "launch", BODY, seconds=60)
    with pytest.raises(StoreFailure, match="too many launches"):
        kept.keep(OTHER, "launch", BODY, seconds=60)
    clock.now += 61
    kept.keep(OTHER, "launch", BODY, seconds=60)


def test_another_process_finds_what_one_has_kept(kept, url, clock):
    kept.keep(SECRET, "session", BODY, seconds=60)
    with closing(SqlStore(url)) as again:
        assert LaunchSessions(again._database, clock=clock).find(SECRET, "session") == BODY
