"""What became of the cards: counted by what a site asks, shared by workers, free of free text."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from fhir_pgx.errors import StoreFailure
from fhir_pgx.storage import DIMENSIONS, FeedbackItem, IssuedCard, ShownCard, SqlStore
from tests.stores import query

NOW = datetime.now(UTC)
SOON = NOW + timedelta(hours=1)
AT = "2026-11-23T10:00:00Z"


def card(uuid, rules=("r1",), indicator="warning", **more):
    values = {"hook": "order-sign", "service": "pgx-order-sign", "source": "CPIC",
              "drug": "clopidogrel", "knowledge": "2026.08"}  # fmt: skip
    return IssuedCard(
        uuid, "T1", tuple(rules), patient="p1", indicator=indicator, **{**values, **more}
    )


def answer(uuid, outcome="overridden", at=AT, **more):
    return FeedbackItem(uuid, outcome, at, **more)


def shown(report):
    return {
        line.key: (
            line.issued,
            line.accepted,
            line.overridden,
            line.ignored,
            line.waiting,
            line.reasons,
        )
        for line in report.lines
    }


def test_cards_are_counted_by_rule_with_what_became_of_them(store):
    store.record_cards(
        [card("c0"), card("c1", ("r1", "r2")), card("c2", ("r2",)), card("c3"), card("c4", ())]
    )
    store.record_feedback(
        [
            answer("c0", "accepted", accepted=("s1",)),
            answer("c1", reason_code="tolerated-before", comment="Mrs Example said so"),
            answer("c2", "accepted", at="2026-11-23T09:00:00Z"),
            answer("c2", reason_code="will-monitor"),  # a change of mind
            answer("of-another-deployment"),
        ]
    )
    report = store.rule_feedback(["rule"], settled=SOON)
    assert shown(report) == {
        ("",): (1, 0, 0, 1, 0, {}),  # tells of a missing result
        ("r1",): (3, 1, 1, 1, 0, {"tolerated-before": 1}),
        ("r2",): (2, 0, 2, 0, 0, {"tolerated-before": 1, "will-monitor": 1}),
    }
    assert report.unknown == 1
    assert "Example" not in repr(report)


def test_a_card_is_ignored_only_when_the_grace_period_is_over(store):
    store.record_cards([card("c0")])
    ignored = store.rule_feedback(["drug"], settled=SOON)
    waiting = store.rule_feedback(["drug"], settled=NOW - timedelta(hours=1))
    assert shown(ignored) == {("clopidogrel",): (1, 0, 0, 1, 0, {})}
    assert shown(waiting) == {("clopidogrel",): (1, 0, 0, 0, 1, {})}


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        (["rule"], {("r1",), ("r2",)}),
        (["topic"], {("T1",)}),
        (["source"], {("CPIC",), ("FDA",)}),
        (["hook"], {("order-select",), ("order-sign",)}),
        (["service"], {("pgx-order-sign",), ("pgx-order-select",)}),
        (["indicator", "drug"], {("warning", "clopidogrel"), ("info", "codeine")}),
        (["knowledge"], {("2026.08",)}),
        (["month"], {(f"{NOW:%Y-%m}",)}),
        (["day"], {(f"{NOW:%Y-%m-%d}",)}),
    ],
)
def test_a_line_is_for_each_value_of_what_was_asked(store, by, keys):
    other = {"hook": "order-select", "service": "pgx-order-select", "source": "FDA"}
    store.record_cards([card("c0"), card("c1", ("r2",), "info", drug="codeine", **other)])
    assert {line.key for line in store.rule_feedback(by, settled=SOON).lines} == keys


def test_every_dimension_can_be_asked_for_together(store):
    store.record_cards([card("c0")])
    (line,) = store.rule_feedback(DIMENSIONS, settled=SOON).lines
    assert len(line.key) == len(DIMENSIONS)


def test_a_period_counts_the_cards_issued_in_it(store):
    store.record_cards([card("c0")])
    store.record_feedback([answer("stranger")])
    hour = timedelta(hours=1)
    for since, until, issued in (
        (NOW - hour, None, 1),
        (NOW - hour, SOON, 1),
        (SOON, None, 0),
        (None, NOW - hour, 0),
    ):
        found = store.rule_feedback(["rule"], settled=SOON, since=since, until=until)
        assert (sum(line.issued for line in found.lines), found.unknown) == (issued, issued)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("tolerated-before", "tolerated-before"),
        ("7", "7"),
        ("urn:x:1.2", "urn:x:1.2"),
        ("", ""),
        ("Mrs Example, born 1950", "(other)"),  # a text in the place of a code
        ("=HYPERLINK(1)", "(other)"),
        ("x" * 65, "(other)"),
    ],
)
def test_a_reason_is_told_by_its_code_and_never_by_a_text(store, sent, told):
    store.record_cards([card("c0")])
    store.record_feedback([answer("c0", reason_code=sent, reason_display="Mrs Example")])
    (line,) = store.rule_feedback(["rule"], settled=SOON).lines
    assert line.reasons == {told: 1}


def test_of_two_answers_in_one_second_the_later_counts(store):
    store.record_cards([card("c0")])
    store.record_feedback(
        [
            answer("c0", "accepted", "2026-11-23T10:00:00.500Z", accepted=("s1",)),
            answer("c0", "overridden", "2026-11-23T10:00:00Z"),
        ]
    )
    assert shown(store.rule_feedback(["rule"], settled=SOON)) == {("r1",): (1, 1, 0, 0, 0, {})}
    (topic,) = store.feedback_summary()
    assert (topic.accepted, topic.overridden) == (1, 0)


def test_two_workers_report_and_remember_the_same(store, url):
    with closing(SqlStore(url)) as other:
        store.record_cards([card("c0", audience="a", ordered="o", said="s")])
        other.record_cards([card("c1", ("r2",), audience="a")])
        store._cards.flush()
        other._cards.flush()
        for each in (store, other):
            assert len(each.rule_feedback(["rule"], settled=SOON).lines) == 2
            found = each.recently_shown("a", "order-sign", NOW - timedelta(minutes=1))
            assert set(found) == {
                ShownCard("T1", ("r1",), "warning", "clopidogrel", "o", "s"),
                ShownCard("T1", ("r2",), "warning", "clopidogrel", "", ""),
            }


def test_what_was_shown_is_found_for_its_audience_hook_tenant_and_time_alone(store):
    before = NOW - timedelta(minutes=1)
    store.record_cards([card("c0", audience="a"), card("c1")])
    store._cards.flush()
    assert len(store.recently_shown("a", "order-sign", before)) == 1
    assert store.recently_shown("b", "order-sign", before) == []
    assert store.recently_shown("a", "order-select", before) == []
    assert store.recently_shown("a", "order-sign", SOON) == []
    assert store.recently_shown("a", "order-sign", before, tenant="t") == []


def test_the_record_holds_no_plain_audience(store, url):
    store.record_cards([card("c0", audience='["https://ehr", "patient-p1", "Practitioner/u1"]')])
    store._cards.flush()
    (row,) = query(url, "SELECT * FROM issued_card")
    assert "Practitioner" not in str(row)
    assert "patient-p1" not in str(row)


def test_a_report_of_a_broken_store_is_a_failure_not_an_empty_report(store, url):
    query(url, "DROP TABLE feedback")
    with pytest.raises(StoreFailure):
        store.rule_feedback(["rule"], settled=SOON)
