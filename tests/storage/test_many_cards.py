"""Cards by the hundred, written together: all of them, and soon enough."""

import threading
from contextlib import closing

from fhir_pgx.storage import IssuedCard, SqlStore


def cards(start, count):
    return [
        IssuedCard(f"card-{i}", "clopidogrel", ("rule-1",), "order-sign", "pgx-order-sign", "p1")
        for i in range(start, start + count)
    ]


def issued(store):
    return sum(topic.issued for topic in store.feedback_summary())


def test_more_cards_than_one_statement_holds_are_all_recorded_once(url):
    with closing(SqlStore(url)) as store:
        store.record_cards(cards(0, 1203))
        store.record_cards(cards(1100, 200))  # 103 of them again
        assert issued(store) == 1300


def test_a_busy_interpreter_does_not_keep_cards_waiting(url):
    """Row by row, each waited for the busy threads: 600 took seconds, under the writer's lock."""
    stop = threading.Event()

    def work():
        while not stop.is_set():
            sum(range(1000))

    busy = [threading.Thread(target=work) for _ in range(2)]
    with closing(SqlStore(url)) as store:
        for thread in busy:
            thread.start()
        try:
            store.record_cards(cards(0, 600))
            written = threading.Thread(target=store._cards.flush)
            written.start()
            written.join(timeout=2)
            assert not written.is_alive()
        finally:
            stop.set()
            for thread in busy:
                thread.join()
        assert issued(store) == 600
