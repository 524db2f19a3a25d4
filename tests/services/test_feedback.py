"""Feedback messages: the standard's, Epic's, and those refused whole."""

from datetime import UTC, datetime

import pytest

from fhir_pgx.errors import InvalidFeedback
from fhir_pgx.services.feedback import MAX_ITEMS, MOST_FAULTS, read_feedback
from fhir_pgx.storage.store import MAX_COMMENT

CARD = "3b8a1c52-6c29-4c3d-8a0e-0d7c8f6f1a11"
WHEN = "2026-01-31T12:00:00Z"
ACCEPTED = {
    "card": CARD,
    "outcome": "accepted",
    "acceptedSuggestions": [{"id": "s1"}, {"id": "s2"}],
    "outcomeTimestamp": WHEN,
}
OVERRIDDEN = {"card": CARD, "outcome": "overridden", "outcomeTimestamp": WHEN}
REASON = {"system": "http://example.org/reasons", "code": "tolerated", "display": "Tolerated"}
EPIC = "com.epic.cdshooks.feedback.overrideReason"


def read(*items):
    return read_feedback({"feedback": list(items)}, "pgx-order-sign")


def test_an_accepted_card_keeps_its_suggestions():
    (item,) = read(ACCEPTED)
    assert (item.card, item.outcome, item.accepted) == (CARD, "accepted", ("s1", "s2"))
    assert (item.service, item.timestamp) == ("pgx-order-sign", WHEN)


@pytest.mark.parametrize(
    ("members", "code", "comment"),
    [
        ({}, "", ""),
        ({"overrideReason": {"reason": REASON}}, "tolerated", ""),
        ({"overrideReason": {"userComment": "ok before"}}, "", "ok before"),
        ({"overrideReason": {"reason": REASON, "userComment": "x"}}, "tolerated", "x"),
        ({"overrideReasons": {"reason": REASON, "userComment": "x"}}, "tolerated", "x"),
        ({"overrideReasons": [{"reason": REASON}]}, "tolerated", ""),
        ({"overrideReasons": {"extension": {f"{EPIC}.code": "7"}}}, "7", ""),
        ({"extension": {f"{EPIC}.code": "7"}}, "7", ""),
        ({"overrideReasons": {"extension": {f"{EPIC}.code": 7}}}, "7", ""),  # a number
        ({"overrideReasons": {"reason": {"extension": {f"{EPIC}.code": "7"}}}}, "7", ""),
        ({"overrideReasons": {"reason": {}}, "extension": {f"{EPIC}.code": "7"}}, "7", ""),
        ({"overrideReason": None}, "", ""),
        ({"overrideReason": {"reason": None, "userComment": None}}, "", ""),
        ({"acceptedSuggestions": None}, "", ""),
    ],
)
def test_an_override_reason_is_read_in_every_dialect(members, code, comment):
    (item,) = read({**OVERRIDDEN, **members})
    assert (item.outcome, item.reason_code, item.comment) == ("overridden", code, comment)


def test_a_reason_that_has_lost_its_code_keeps_its_display():
    (item,) = read({**OVERRIDDEN, "overrideReason": {"reason": {"display": "Tolerated"}}})
    assert (item.reason_code, item.reason_display) == ("", "Tolerated")


def test_the_faults_of_one_item_are_not_listed_without_end():
    with pytest.raises(InvalidFeedback) as refused:
        read({**OVERRIDDEN, "acceptedSuggestions": [5] * 100_000})
    assert len(refused.value.issues) == MOST_FAULTS


@pytest.mark.parametrize("card", ["12345^CARD", "a" * 200])
def test_a_card_id_need_not_be_a_uuid_nor_known_to_us(card):
    assert read({**OVERRIDDEN, "card": card})[0].card == card


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"card": None}, "card"),
        ({"card": ""}, "card"),
        ({"card": "a" * 201}, "card"),
        ({"outcome": "ignored"}, "outcome"),
        ({"outcome": ["accepted"]}, "outcome"),
        ({"outcomeTimestamp": None}, "outcomeTimestamp"),
        ({"outcomeTimestamp": "yesterday"}, "outcomeTimestamp"),
        ({"outcomeTimestamp": "2026-01-31"}, "outcomeTimestamp"),
        ({"outcomeTimestamp": "2026-02-31T12:00:00Z"}, "outcomeTimestamp"),
        ({"outcomeTimestamp": "2026-01-31T12:00:00"}, "outcomeTimestamp"),
        ({"outcomeTimestamp": "0001-01-01T00:00:00+23:59"}, "outcomeTimestamp"),
        ({"acceptedSuggestions": None}, "acceptedSuggestions"),
        ({"acceptedSuggestions": []}, "acceptedSuggestions"),
        ({"acceptedSuggestions": [{}]}, "acceptedSuggestions[0].id"),
        ({"acceptedSuggestions": [{"id": "s1"}, {"id": 5}]}, "acceptedSuggestions[1].id"),
        ({"acceptedSuggestions": ["s1"]}, "acceptedSuggestions[0]"),
        ({"acceptedSuggestions": "s1"}, "acceptedSuggestions"),
        ({"card": 5}, "card"),
        ({"card": True}, "card"),
        ({"overrideReason": "x"}, "overrideReason"),
        ({"overrideReason": [{}]}, "overrideReason"),
        ({"overrideReason": {"reason": "x"}}, "overrideReason.reason"),
        ({"overrideReason": {"reason": [REASON]}}, "overrideReason.reason"),
        ({"overrideReason": {"reason": {"code": 5}}}, "overrideReason.reason.code"),
        ({"overrideReason": {"reason": {**REASON, "system": 5}}}, "overrideReason.reason.system"),
        ({"overrideReason": {"userComment": ["x"]}}, "overrideReason.userComment"),
        ({"overrideReasons": [{}, "x"]}, "overrideReasons[1]"),
        ({"overrideReasons": {"reason": "x"}}, "overrideReasons.reason"),
    ],
)
def test_one_faulty_item_refuses_the_whole_message_naming_it(change, where):
    with pytest.raises(InvalidFeedback) as refused:
        read(OVERRIDDEN, {**ACCEPTED, **change})
    assert [issue.where for issue in refused.value.issues] == [f"feedback[1].{where}"]


@pytest.mark.parametrize("document", [None, [], {}, {"feedback": {}}, {"feedback": None}, "x"])
def test_a_message_without_items_is_refused(document):
    with pytest.raises(InvalidFeedback):
        read_feedback(document, "pgx-order-sign")


@pytest.mark.parametrize("item", [None, 1, "x", []])
def test_an_item_that_is_no_object_is_refused(item):
    with pytest.raises(InvalidFeedback):
        read(item)


def test_an_empty_message_says_nothing_and_is_no_fault():
    assert read() == ()


def test_more_items_than_any_client_sends_are_refused():
    with pytest.raises(InvalidFeedback):
        read(*[OVERRIDDEN] * (MAX_ITEMS + 1))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00Z"),
        ("2026-01-31T12:00:00.5Z", "2026-01-31T12:00:00.500Z"),
        ("2026-01-31T13:30:00+01:30", "2026-01-31T12:00:00Z"),
        ("2026-01-31t12:00:00z", "2026-01-31T12:00:00Z"),
    ],
)
def test_times_are_kept_in_utc(sent, kept):
    assert read({**OVERRIDDEN, "outcomeTimestamp": sent})[0].timestamp == kept


def test_a_long_comment_is_cut():
    (item,) = read({**OVERRIDDEN, "overrideReason": {"userComment": "x" * (MAX_COMMENT + 1)}})
    assert len(item.comment) == MAX_COMMENT


@pytest.mark.parametrize(
    ("when", "is_taken"),
    [
        ("2026-11-23T12:00:00Z", True),
        ("2026-11-24T11:59:59Z", True),  # clocks and time zones differ
        ("2026-11-24T13:59:59+02:00", True),
        ("2026-11-24T12:00:01Z", False),
        ("2026-11-24T10:00:00-05:00", False),
        ("9999-12-31T23:59:59Z", False),
    ],
)
def test_nobody_acted_on_a_card_tomorrow(when, is_taken):
    message = {"feedback": [{**OVERRIDDEN, "outcomeTimestamp": when}]}
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    if is_taken:
        assert len(read_feedback(message, "pgx-order-sign", now=now)) == 1
        return
    with pytest.raises(InvalidFeedback, match="more than a day in the future") as refused:
        read_feedback(message, "pgx-order-sign", now=now)
    assert refused.value.where == "feedback[0].outcomeTimestamp"
