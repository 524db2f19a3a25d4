"""What was told at order-select is told again at order-sign, unless nothing about it is news."""

import copy
import logging
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fhir_pgx.errors import StoreFailure
from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.model.access import Caller
from fhir_pgx.model.card import Action, Card, Facets, Source, Suggestion
from fhir_pgx.model.drug import Coding
from fhir_pgx.model.hook import HookAnswer, HookCall
from fhir_pgx.services.answering import record_answer
from fhir_pgx.services.gather import Sources
from fhir_pgx.services.remember import leave_out_shown
from fhir_pgx.storage import SqlStore

# A synthetic patient and order throughout.
ORDER = {
    "resourceType": "MedicationRequest",
    "id": "order-1",
    "status": "draft",
    "medicationCodeableConcept": {"text": "clopidogrel 75 MG Oral Tablet"},
    "dosageInstruction": [{"text": "75 mg once a day"}],
}
CARD = Card(
    uuid="3b8a1c52-6c29-4c3d-8a0e-0d7c8f6f1a11",
    summary="Clopidogrel: CYP2C19 Intermediate Metabolizer. Avoid if possible.",
    indicator="warning",
    source=Source("CPIC", "https://cpicpgx.org/", Coding("urn:x", "CPICClopidogrel", "d")),
    detail="Advice.",
    suggestions=(Suggestion("Change to prasugrel", "s1", (Action("update", "d", {}),)),),
    orders=("MedicationRequest/order-1",),
    rules=("cpic.clopidogrel.im", "fda.clopidogrel.pm"),
    facets=Facets("clopidogrel", "32968", ("CYP2C19",), "CPIC", "Strong", "avoid"),
)
SELECT = HookCall(
    service_id="pgx-order-select",
    hook="order-select",
    hook_instance="d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    patient_id="synthetic-1",
    user_id="Practitioner/u1",
    fhir_server="https://ehr.example.org/fhir",
    drafts=(Entry(ORDER, "context.draftOrders.entry[0].resource"),),
)
SIGN = replace(SELECT, service_id="pgx-order-sign", hook="order-sign")


def with_order(call, **changes):
    return replace(call, drafts=(Entry({**ORDER, **changes}, "x"),))


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path}/shared.db"


@pytest.fixture
def store(url):
    with closing(SqlStore(url)) as opened:
        yield opened


def show(store, *cards, call=SELECT):
    record_answer(call, HookAnswer(cards), Sources(store), remember=True)
    store._cards.flush()


def signed(store, *cards, call=SIGN, minutes=30, later=timedelta(minutes=1)):
    """What `order-sign` leaves of the cards, a minute later."""
    now = datetime.now(UTC) + later
    return leave_out_shown(call, cards, store, minutes=minutes, now=now)


def test_a_card_shown_when_the_drug_was_chosen_is_not_repeated_when_it_is_signed(store, caplog):
    show(store, CARD)
    with caplog.at_level(logging.INFO, logger="fhir_pgx.remember"):
        kept = signed(store, CARD)
    assert kept.cards == ()
    (gone,) = kept.muted
    assert (gone.why, gone.by, gone.rules) == ("shown-before", "order-select", CARD.rules)
    assert "cpic.clopidogrel.im" in caplog.text
    assert "synthetic-1" not in caplog.text


def test_what_one_client_was_told_mutes_nothing_for_another(store):
    ehr, other = (Caller("cds-client", "https://ehr.test", name) for name in ("ehr", "other"))
    record_answer(SELECT, HookAnswer((CARD,)), Sources(store, caller=other), remember=True)
    store._cards.flush()
    soon = datetime.now(UTC) + timedelta(minutes=1)
    for caller, is_told in ((ehr, True), (other, False)):
        kept = leave_out_shown(SIGN, (CARD,), store, minutes=30, now=soon, client=caller.client)
        assert bool(kept.cards) is is_told


def test_the_draft_may_get_another_id_and_the_rules_another_order(store):
    show(store, CARD)
    again = replace(CARD, orders=("MedicationRequest/42",), rules=CARD.rules[::-1], uuid="other")
    assert signed(store, again, call=with_order(SIGN, id="42", status="active")).cards == ()


def test_a_quieter_card_is_no_news(store):
    show(store, CARD)
    assert signed(store, replace(CARD, indicator="info")).cards == ()


CRITICAL = replace(CARD, indicator="critical")


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (replace(CARD, indicator="info"), CARD),  # louder than before
        (CARD, CRITICAL),
        (CRITICAL, CRITICAL),  # a critical card is never left out
        (CARD, replace(CARD, rules=("cpic.clopidogrel.pm",))),
        (CARD, replace(CARD, rules=(*CARD.rules, "dpwg.clopidogrel.im"))),
        (CARD, replace(CARD, summary="Clopidogrel: CYP2C19 Poor Metabolizer. Avoid.")),
        (CARD, replace(CARD, detail="Advice. Omeprazole makes it worse.")),
        (CARD, replace(CARD, suggestions=())),
        (CARD, replace(CARD, source=replace(CARD.source, topic=Coding("urn:x", "Other", "d")))),
        (CARD, replace(CARD, facets=replace(CARD.facets, drug="prasugrel"))),
        (CARD, replace(CARD, facets=None)),  # of no single advice
        (CARD, replace(CARD, orders=())),
    ],
)
def test_a_card_with_any_news_is_shown(store, first, then):
    show(store, first)
    assert signed(store, then).cards == (then,)


@pytest.mark.parametrize(
    "call",
    [
        with_order(SIGN, dosageInstruction=[{"text": "150 mg once a day"}]),
        with_order(SIGN, dosageInstruction=None),
        with_order(SIGN, medicationCodeableConcept={"text": "clopidogrel 300 MG Oral Tablet"}),
        with_order(SIGN, medicationReference={"reference": "Medication/not-at-hand"}),
        replace(SIGN, drafts=()),
        replace(SIGN, user_id="Practitioner/u2"),  # who signs has not seen it
        replace(SIGN, user_id=""),
        replace(SIGN, patient_id="synthetic-2"),
        replace(SIGN, fhir_server="https://other.example.org/fhir"),  # another patient of that id
        replace(SELECT),  # choosing again is not signing
        replace(SIGN, hook="medication-refill"),
    ],
)
def test_another_dose_drug_user_patient_server_or_hook_is_told(store, call):
    show(store, CARD)
    assert signed(store, CARD, call=call).cards == (CARD,)


def test_a_card_shown_on_another_hook_than_order_select_is_not_remembered(store):
    show(store, CARD, call=SIGN)
    assert signed(store, CARD).cards == (CARD,)


@pytest.mark.parametrize(
    ("minutes", "later", "left"),
    [
        (30, timedelta(minutes=29), True),
        (30, timedelta(minutes=31), False),
        (0, timedelta(0), False),  # off, the default
    ],
)
def test_it_is_remembered_for_the_window_alone(store, minutes, later, left):
    show(store, CARD)
    assert (signed(store, CARD, minutes=minutes, later=later).cards == ()) is left


def test_one_card_of_several_is_left_out_and_the_others_keep_their_order(store):
    other = replace(CARD, summary="Codeine: something", rules=("cpic.codeine",))
    show(store, CARD)
    kept = signed(store, CRITICAL, other, CARD, other)
    assert kept.cards == (CRITICAL, other, other)
    assert len(kept.muted) == 1


def test_a_medication_beside_the_order_is_part_of_what_was_ordered(store):
    def call(base, strength):
        medication = {"resourceType": "Medication", "id": "m1", "code": {"text": strength}}
        order = copy.deepcopy(ORDER)
        del order["medicationCodeableConcept"]
        order["medicationReference"] = {"reference": "Medication/m1"}
        return replace(base, drafts=(Entry(order, "x"),), evidence=(Entry(medication, "y"),))

    show(store, CARD, call=call(SELECT, "clopidogrel 75 MG"))
    assert signed(store, CARD, call=call(SIGN, "clopidogrel 75 MG")).cards == ()
    assert signed(store, CARD, call=call(SIGN, "clopidogrel 300 MG")).cards == (CARD,)


def test_a_store_that_fails_keeps_nothing_from_anybody(store, monkeypatch, caplog):
    def fail(*_, **__):
        raise StoreFailure("the disk is gone")

    show(store, CARD)
    monkeypatch.setattr(store, "recently_shown", fail)
    with caplog.at_level(logging.WARNING):
        assert signed(store, CARD).cards == (CARD,)
    assert "all is shown" in caplog.text
    assert signed(None, CARD).cards == (CARD,)


def test_what_one_worker_showed_another_remembers(store, url):
    show(store, CARD)
    with closing(SqlStore(url)) as other:
        assert signed(other, CARD).cards == ()


def test_nothing_is_remembered_where_the_site_has_not_asked_for_it(store):
    record_answer(SELECT, HookAnswer((CARD,)), Sources(store))
    store._cards.flush()
    assert signed(store, CARD).cards == (CARD,)
