"""Since when there is anything to count, on every database."""

from datetime import UTC, datetime, timedelta

from fhir_pgx.storage import CardSpan, FeedbackItem, IssuedCard

AT = "2026-11-23T10:00:00Z"


def test_an_empty_record_has_no_beginning(store):
    assert store.card_span() == CardSpan()


def test_cards_and_answers_are_told_apart_and_by_tenant(store):
    begun = datetime.now(UTC) - timedelta(seconds=1)
    store.record_cards([IssuedCard("c1", "T1", ("r1",), "order-sign", "pgx", "p1")])
    span = store.card_span()
    assert begun <= span.first_card == span.last_card
    assert (span.first_answer, span.last_answer) == (None, None)
    store.record_feedback([FeedbackItem("c1", "accepted", AT)])
    assert begun <= store.card_span().first_answer
    assert store.card_span(tenant="north") == CardSpan()
