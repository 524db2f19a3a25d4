"""What was issued for one patient, and what became of it: that patient's, that tenant's, alone."""

from fhir_pgx.storage import FeedbackItem, IssuedCard
from fhir_pgx.storage.tenants import in_tenant


def card(uuid, patient="p1", **more):
    values = {"source": "CPIC", "drug": "clopidogrel", "indicator": "warning"} | more
    return IssuedCard(uuid, "T", ("r1", "r2"), "order-sign", "s", patient, **values)


def test_the_cards_of_a_patient_come_with_the_latest_word_on_each(store):
    store.record_cards([card("c1"), card("c2", drug="codeine"), card("other", "p2")])
    store.record_feedback(
        [
            FeedbackItem("c1", "accepted", "2026-11-23T09:00:00Z", accepted=("s1", "s2")),
            FeedbackItem("c1", "overridden", "2026-11-23T10:00:00.5Z", reason_code="will-monitor"),
            FeedbackItem("c1", "accepted", "2026-11-23T10:00:00Z", accepted=("s1",)),
        ]
    )
    found = {each.uuid: each for each in store.cards_of("p1")}
    assert set(found) == {"c1", "c2"}
    first = found["c1"]
    assert (first.outcome, first.reason, first.accepted) == ("overridden", "will-monitor", 0)
    assert (first.drug, first.rules, first.hook) == ("clopidogrel", ("r1", "r2"), "order-sign")
    assert first.issued.endswith("Z")
    # Nobody answered: not the same as overridden.
    assert (found["c2"].outcome, found["c2"].outcome_at) == ("", "")


def test_the_newest_come_first_and_no_more_than_asked_for(store):
    for number in range(3):
        store.record_cards([card(f"c{number}")])
        store.feedback_summary()  # written, each in a moment of its own
    times = [each.issued for each in store.cards_of("p1")]
    assert times == sorted(times, reverse=True)
    assert len(store.cards_of("p1", limit=2)) == 2


def test_nobody_is_shown_the_cards_of_another_patient_or_tenant(store):
    north, south = in_tenant(store, "north"), in_tenant(store, "south")
    north.record_cards([card("c1")])
    south.record_feedback([FeedbackItem("c1", "accepted", "2026-11-23T09:00:00Z")])
    assert store.cards_of("p1") == south.cards_of("p1") == []
    (found,) = north.cards_of("p1")
    assert found.outcome == ""  # what another tenant says of it is not taken
    assert north.cards_of("p2") == []
