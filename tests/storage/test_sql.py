"""The SQL store: all or nothing, versions, cards that never hold up a call, feedback."""

import logging
import os
import sqlite3
import stat
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest

from fhir_pgx.errors import InvalidSetting, MixedPatients, StoreFailure
from fhir_pgx.storage import FeedbackItem, IssuedCard, NewResource, Saved, SqlStore
from fhir_pgx.storage import waiting as waiting_rows
from tests.stores import new_database, query

# Synthetic patients and results throughout.
PATIENT = NewResource("Patient", "p1", b'{"resourceType":"Patient","id":"p1"}', "p1")
RESULT = NewResource(
    "Observation", "o1", b'{"resourceType":"Observation","id":"o1","x":7.50}', "p1", "urn:uuid:1"
)


def is_sqlite(url):
    return url.startswith("sqlite:")


def card(uuid, topic="clopidogrel", patient="p1"):
    return IssuedCard(uuid, topic, ("rule-1", "rule-2"), "order-sign", "pgx-order-sign", patient)


def answer(uuid, outcome="accepted", at="2026-11-23T10:00:00Z", **more):
    return FeedbackItem(uuid, outcome, at, **more)


def test_a_resource_comes_back_byte_for_byte(store):
    assert store.save_bundle([PATIENT, RESULT]) == Saved(created=2, updated=0, unchanged=0)
    found = store.resources_of("p1")
    assert [each.reference for each in found] == ["Observation/o1", "Patient/p1"]
    assert found[0].body == RESULT.body
    assert (found[0].version, found[0].full_url) == (1, "urn:uuid:1")
    assert found[0].last_updated.endswith("Z")


def test_nothing_is_known_of_a_patient_who_was_never_stored(store):
    store.save_bundle([PATIENT])
    assert store.resources_of("p2") == []
    assert store.patients() == ["p1"]


def test_a_resource_about_no_patient_is_kept_but_is_no_patient(store):
    store.save_bundle([NewResource("Organization", "lab", b"{}")])
    assert store.patients() == []
    assert store.versions_of("Organization", "lab")[0].body == b"{}"


def test_a_medication_that_two_patients_orders_refer_to_comes_back_with_both(store):
    shared = NewResource("Medication", "m1", b"{}", referred_by=("p1", "p2"))
    store.save_bundle([PATIENT, shared])
    assert [each.reference for each in store.resources_of("p1")] == ["Medication/m1", "Patient/p1"]
    assert [each.reference for each in store.resources_of("p2")] == ["Medication/m1"]
    assert store.resources_of("p3") == []
    assert store.patients() == ["p1"]


def test_a_reference_never_opens_another_patients_result(store):
    store.save_bundle([RESULT])
    store.save_bundle([NewResource("Observation", "o1", RESULT.body, "p1", referred_by=("p2",))])
    assert store.resources_of("p2") == []


def test_a_changed_resource_gets_a_version_and_the_old_one_stays_in_the_history(store):
    changed = NewResource("Observation", "o1", b'{"status":"amended"}', "p1")
    store.save_bundle([RESULT])
    assert store.save_bundle([changed]) == Saved(created=0, updated=1, unchanged=0)
    assert [each.body for each in store.resources_of("p1")] == [changed.body]
    versions = store.versions_of("Observation", "o1")
    assert [(each.version, each.body) for each in versions] == [
        (2, changed.body),
        (1, RESULT.body),
    ]


def test_the_same_bytes_again_make_no_new_version(store):
    store.save_bundle([RESULT])
    assert store.save_bundle([RESULT]) == Saved(created=0, updated=0, unchanged=1)
    assert len(store.versions_of("Observation", "o1")) == 1


def test_an_id_of_one_patient_is_never_taken_over_by_another_and_nothing_is_stored(store):
    store.save_bundle([RESULT])
    other = NewResource("Observation", "o1", b"{}", "p2")
    with pytest.raises(MixedPatients) as refused:
        store.save_bundle([NewResource("Patient", "p2", b"{}", "p2"), other])
    assert "p2" not in refused.value.text
    assert store.patients() == ["p1"]
    assert store.resources_of("p1")[0].body == RESULT.body


def test_tenants_do_not_see_one_another(store):
    store.save_bundle([RESULT], tenant="a")
    store.save_bundle([NewResource("Observation", "o1", b"{}", "p2")], tenant="b")
    assert store.patients(tenant="a") == ["p1"]
    assert store.resources_of("p1", tenant="b") == []
    assert store.resources_of("p1") == []


def test_a_bundle_that_breaks_in_the_middle_leaves_nothing(store):
    broken = NewResource("Observation", "o2", b"{}", {"not": "text"})  # the driver refuses it
    with pytest.raises(StoreFailure, match=r"ProgrammingError|InterfaceError"):
        store.save_bundle([PATIENT, broken])
    assert store.patients() == []
    store.save_bundle([PATIENT])  # and the store goes on working
    assert store.patients() == ["p1"]


def test_what_went_wrong_with_an_sqlite_file_is_named(tmp_path):
    file = tmp_path / "pgx.db"
    file.write_bytes(b"nothing of the kind" * 1000)
    with pytest.raises(StoreFailure, match="SQLITE_NOTADB"):
        SqlStore(f"sqlite:///{file}")


def test_a_stored_body_that_is_damaged_is_a_failure_not_an_empty_answer(store, url):
    store.save_bundle([RESULT])
    damaged = "x'00'" if is_sqlite(url) else "'\\x00'"
    query(url, f"UPDATE resource SET body = {damaged}")
    with pytest.raises(StoreFailure, match="damaged"):
        store.resources_of("p1")


def test_what_is_stored_is_there_after_a_restart(store, url):
    store.save_bundle([RESULT])
    store.close()
    again = SqlStore(url)
    assert again.resources_of("p1")[0].body == RESULT.body
    again.close()


def test_the_file_is_its_owners_alone(tmp_path):
    url = new_database("sqlite", tmp_path)
    SqlStore(url).close()
    mode = stat.S_IMODE(Path(url.removeprefix("sqlite:///")).stat().st_mode)
    assert mode == 0o600


@pytest.mark.parametrize("wrong", ["sqlite://", "sqlite:///:memory:", "oracle://db/x", "x.db"])
def test_a_url_that_names_no_database_of_ours_is_refused(wrong):
    with pytest.raises(InvalidSetting, match="SQLite file"):
        SqlStore(wrong)


def test_a_file_that_cannot_be_used_is_a_store_failure(tmp_path):
    (tmp_path / "no.db").write_bytes(b"this is not a database" * 100)
    with pytest.raises(StoreFailure):
        SqlStore(f"sqlite:///{tmp_path / 'no.db'}")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreFailure, match="could not be made"):
        SqlStore(f"sqlite:///{tmp_path / 'file' / 'below.db'}")


def test_check_says_whether_the_store_answers(store, url):
    assert store.check() is None
    store.close()
    query(url, "DROP TABLE resource")
    with pytest.raises(StoreFailure):
        store.check()


# Issued cards and feedback


def test_recording_a_card_does_not_wait_for_the_writers_lock(store, url, monkeypatch):
    monkeypatch.setattr(waiting_rows, "FLUSH_SECONDS", 60)
    if is_sqlite(url):  # another process writes, and takes its time
        holder = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
    else:
        holder = psycopg.connect(url, autocommit=True)
        holder.execute("BEGIN")
        holder.execute("LOCK TABLE issued_card")
    done = threading.Thread(target=store.record_cards, args=([card("c1")],))
    done.start()
    done.join(timeout=2)
    assert not done.is_alive()
    holder.execute("ROLLBACK")
    holder.close()
    assert [topic.issued for topic in store.feedback_summary()] == [1]


def test_cards_are_written_a_moment_later_by_themselves(store, url, monkeypatch):
    written = threading.Event()
    write = store._cards._write
    monkeypatch.setattr(store._cards, "_write", lambda rows: (write(rows), written.set()))
    store.record_cards([card("c1"), card("c2")])
    assert written.wait(5)
    assert query(url, "SELECT COUNT(*) FROM issued_card") == [(2,)]


def test_the_record_of_cards_holds_no_plain_patient_id(store, url):
    store.record_cards([card("c1", patient="p1"), card("c2", patient="p1"), card("c3", "x", "p2")])
    store.close()
    rows = query(url, "SELECT uuid, patient_hash, rules FROM issued_card ORDER BY uuid")
    first, second, third = (row[1] for row in rows)
    assert first == second != third  # one patient's cards can still be counted
    assert len(first) == 64
    assert rows[0][2] == '["rule-1", "rule-2"]'


def test_the_same_salt_gives_the_same_pseudonym_and_another_does_not(tmp_path):
    found = []
    for i, salt in enumerate(["pepper", "pepper", "other", ""]):
        url = f"sqlite:///{tmp_path / f'{i}.db'}"
        store = SqlStore(url, salt)
        store.record_cards([card("c1")])
        store.close()
        found.append(query(url, "SELECT patient_hash FROM issued_card")[0][0])
    assert found[0] == found[1]
    assert len(set(found)) == 3


def test_without_a_salt_of_ours_the_file_keeps_its_own(url):
    for uuid in ("c1", "c2"):  # two starts of the server
        store = SqlStore(url)
        store.record_cards([card(uuid)])
        store.close()
    assert len(set(query(url, "SELECT patient_hash FROM issued_card"))) == 1


def test_a_failing_store_loses_no_card_that_there_is_room_for_and_breaks_no_call(
    store, monkeypatch, caplog
):
    def fail(rows):
        raise StoreFailure("the disk is full")

    write = store._cards._write
    monkeypatch.setattr(waiting_rows, "MAX_WAITING", 3)
    monkeypatch.setattr(waiting_rows, "FLUSH_SECONDS", 60)
    monkeypatch.setattr(store._cards, "_write", fail)
    store.record_cards([card("c1"), card("c2")])
    with caplog.at_level(logging.WARNING):
        store._cards.flush()
    assert "2 issued cards wait" in caplog.text
    store.record_cards([card("c3"), card("c4")])  # one too many: the oldest is given up
    monkeypatch.setattr(store._cards, "_write", write)
    assert [topic.issued for topic in store.feedback_summary()] == [3]
    assert "1 issued cards were not recorded" in caplog.text


def test_feedback_is_summed_by_topic_and_the_latest_answer_to_a_card_counts(store):
    store.record_cards([card(f"c{i}") for i in range(4)] + [card("w1", "warfarin")])
    store.record_feedback(
        [
            answer("c0", accepted=("s1",)),
            answer("c1", "overridden", reason_code="tolerated-before"),
            answer("c2", "overridden", at="2026-11-23T09:00:00Z"),
            answer("c2", "accepted", at="2026-11-23T11:00:00Z"),  # a change of mind
            answer("before-the-restart", "overridden"),
        ]
    )
    found = {each.topic: each for each in store.feedback_summary()}
    shown = {
        topic: (each.issued, each.accepted, each.overridden, each.unanswered, each.reasons)
        for topic, each in found.items()
    }
    assert shown == {
        "": (0, 0, 1, 0, {"": 1}),  # a card we hold no record of
        "clopidogrel": (4, 2, 1, 1, {"tolerated-before": 1}),
        "warfarin": (1, 0, 0, 1, {}),
    }


def test_feedback_sent_twice_is_kept_once(store, url):
    item = answer("c1", accepted=("s1",), comment="seen")
    store.record_feedback([item, item])
    store.record_feedback([item])
    assert query(url, "SELECT COUNT(*) FROM feedback") == [(1,)]
    assert query(url, "SELECT comment FROM feedback_comment") == [("seen",)]


def test_free_text_is_kept_apart_and_cut(store, url):
    store.record_feedback([answer("c1", "overridden", comment="a" * 5000)])
    assert query(url, "SELECT LENGTH(comment) FROM feedback_comment") == [(2000,)]
    (row,) = query(url, "SELECT * FROM feedback")
    assert not any("a" * 20 in str(value) for value in row)


def test_feedback_is_stored_whole_or_not_at_all(store, url):
    with pytest.raises(StoreFailure):
        store.record_feedback([answer("c1"), answer("c2", {"not": "text"})])
    assert query(url, "SELECT COUNT(*) FROM feedback") == [(0,)]


# Several at once

WRITER = """
import sys
from fhir_pgx.storage import FeedbackItem, IssuedCard, NewResource, SqlStore
url, name = sys.argv[1:]
store = SqlStore(url)
for i in range(40):
    body = f'{{"id":"{name}-{i}"}}'.encode()
    store.save_bundle([NewResource("Observation", f"{name}-{i}", body, name)])
    store.record_feedback([FeedbackItem(f"{name}-{i}", "accepted", "2026-11-23T10:00:00Z")])
    store.record_cards([IssuedCard(f"{name}-{i}", "t", (), "h", "s", name)])
"""  # it ends without close(): what waits must be written all the same


def test_worker_processes_share_a_new_file_and_lose_nothing(url):
    command = [sys.executable, "-c", WRITER, url]
    root = str(Path(__file__).parents[2])
    workers = [
        subprocess.Popen([*command, name], cwd=root, env={**os.environ, "PYTHONPATH": root})
        for name in ("a", "b", "c")
    ]
    assert [worker.wait(timeout=60) for worker in workers] == [0, 0, 0]
    store = SqlStore(url)
    assert [len(store.resources_of(name)) for name in ("a", "b", "c")] == [40, 40, 40]
    (topic,) = store.feedback_summary()
    assert (topic.issued, topic.accepted, topic.unanswered) == (120, 120, 0)
    store.close()


def test_threads_share_a_store(store):
    def work(name):
        for i in range(20):
            store.save_bundle([NewResource("Observation", f"{name}-{i}", b"{}", name)])
            assert len(store.resources_of(name)) == i + 1

    threads = [threading.Thread(target=work, args=(f"t{i}",)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(store.resources_of(f"t{i}")) for i in range(4)] == [20] * 4
