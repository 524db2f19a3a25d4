"""A tenant's part of the store holds nobody else's data, whichever method is asked."""

import inspect
from datetime import UTC, datetime

from fhir_pgx.storage import FeedbackItem, IssuedCard, NewResource
from fhir_pgx.storage.store import Store
from fhir_pgx.storage.tenants import _OF_TENANT, in_tenant

HERS = NewResource("Patient", "p", b"{}", "p")


def test_every_method_that_takes_a_tenant_is_bound_to_it():
    taking = {
        name
        for name, method in inspect.getmembers(Store, inspect.isfunction)
        if "tenant" in inspect.signature(method).parameters
    }
    assert taking == _OF_TENANT


def test_the_only_tenant_is_the_store_itself(store):
    assert in_tenant(store, "") is store


def test_one_tenant_sees_nothing_of_another(store):
    north, south = in_tenant(store, "north"), in_tenant(store, "south")
    north.save_bundle([HERS])
    assert north.patients() == ["p"]
    assert north.reads().read("Patient", "p") is not None
    for other in (south, store):
        assert other.patients() == []
        assert other.resources_of("p") == []
        assert other.versions_of("Patient", "p") == []
        assert other.reads().read("Patient", "p") is None
        with other.transaction() as unit:
            assert unit.read("Patient", "p") is None


def test_feedback_stays_with_the_tenant_whose_client_sent_it(store):
    north, south = in_tenant(store, "north"), in_tenant(store, "south")
    card = IssuedCard("c", "T", ("r",), "order-sign", "s", "p")
    north.record_cards([card])
    item = FeedbackItem("c", "accepted", datetime(2026, 1, 1, tzinfo=UTC).isoformat())
    south.record_feedback([item])
    (of_north,) = north.feedback_summary()
    assert (of_north.issued, of_north.accepted) == (1, 0)
    (of_south,) = south.feedback_summary()
    assert (of_south.topic, of_south.issued) == ("", 0)
