"""Past calls replayed: every figure by hand, nobody's data in it, and no zero for what was not
looked at."""

import json

import pytest

from fhir_pgx.errors import DataUnavailable, InvalidHookRequest, StoreFailure
from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.model.card import Card, Facets, Source
from fhir_pgx.model.drug import Coding
from fhir_pgx.model.hook import HookAnswer, HookCall
from fhir_pgx.model.policy import Muted
from fhir_pgx.services.dry_run import dry_run, orders_in, reader
from fhir_pgx.services.dry_run_report import text_of_dry_run, write_dry_run
from fhir_pgx.services.gather import Sources
from fhir_pgx.services.past_requests import Past
from fhir_pgx.services.service import Service


def NOWHERE(why, by):
    """No policy file: no key and no line."""
    return "", 0


def card(uuid, rules=("r1",), indicator="warning", topic="T1", drug="codeine"):
    source = Source("CPIC", None, Coding("urn:x", topic, topic))
    return Card(uuid, "Mrs Example: CYP2D6", indicator, source, rules=rules, facets=Facets(drug))


def call(hook="order-sign", patient="p1", orders=1, **more):
    drafts = [{"resourceType": "MedicationRequest", "id": f"m{i}"} for i in range(orders)]
    return HookCall("pgx", hook, "i", patient, drafts=tuple(entries_of(drafts, "x")), **more)


def replay(calls, before, after=None, **more):
    """Calls in, a report out; `before` and `after` give the cards of a call by its place."""
    place = {id(each): i for i, each in enumerate(calls)}

    def of(answers):
        return lambda c: answers[place[id(c)]]

    past = [Past(i + 1, each) for i, each in enumerate(calls)]
    return dry_run(past, lambda c: c, of(before), of(after) if after else None, **more)


def test_alerts_are_counted_per_thousand_orders_and_per_rule():
    run = replay(
        [call(orders=3), call(patient="p2", orders=1), call("patient-view", "p3", orders=0)],
        [
            HookAnswer((card("a", ("r1", "r2")), card("b", ("r1",), "critical"))),
            HookAnswer(),
            HookAnswer((card("c", (), "info", topic="NotTested"),)),
        ],
    )
    found = run.in_force
    assert (run.in_file, run.answered, run.orders, run.patients) == (3, 3, 4, 3)
    assert (found.cards, found.alerts, found.patients, found.requests_with_cards) == (3, 2, 2, 2)
    assert run.per_thousand(found) == 500.0
    assert found.by_indicator == {"critical": 1, "warning": 1, "info": 1}
    assert [(each.rule, each.topic, each.cards, each.calls) for each in found.by_rule] == [
        ("r1", "", 2, 1),
        ("", "NotTested", 1, 1),
        ("r2", "", 1, 1),
    ]
    assert found.by_drug == {"codeine": 3}
    assert [(h.hook, h.calls, h.orders, h.cards) for h in found.by_hook] == [
        ("order-sign", 2, 4, 2),
        ("patient-view", 1, None, 1),
    ]


def test_the_same_patient_id_on_two_servers_is_two_patients():
    run = replay(
        [call(fhir_server="https://a.example"), call(fhir_server="https://b.example"), call()],
        [HookAnswer()] * 3,
    )
    assert run.patients == 3


def test_what_a_candidate_changes_is_told_with_the_requests_it_was_seen_in():
    loud, quiet = card("a"), card("a", indicator="info")
    muted = Muted(("r2",), "T1", "warning", "drug", "codeine")
    run = replay(
        [call(), call(), call()],
        [
            HookAnswer((loud, card("b", ("r2",)))),
            HookAnswer((card("b", ("r2",)),)),
            HookAnswer((), (Muted(("r3",), "T1", "info", "level", "order-sign"),)),
        ],
        [
            HookAnswer((quiet,), (muted,)),
            HookAnswer((), (muted,)),
            HookAnswer((card("c", ("r3",), "info"),)),
        ],
    )
    told = [(c.what, c.rules, c.before, c.after, c.why, c.cards, c.lines) for c in run.changes]
    assert told == [
        ("disappears", ("r2",), "warning", "", "drug", 2, (1, 2)),
        ("quieter", ("r1",), "warning", "info", "", 1, (1,)),
        ("appears", ("r3",), "", "info", "level", 1, (3,)),
    ]
    assert [(m.why, m.by, m.indicator, m.cards) for m in run.candidate.muted] == [
        ("drug", "codeine", "warning", 2)
    ]


def test_a_candidate_that_changes_nothing_says_so():
    run = replay([call()], [HookAnswer((card("a"),))], [HookAnswer((card("a"),))])
    report = write_dry_run(run, NOWHERE, NOWHERE)
    assert report["changes"] == []
    assert "changes no card" in text_of_dry_run(report)


def test_a_louder_card_is_told_as_such():
    run = replay([call()], [HookAnswer((card("a", indicator="info"),))], [HookAnswer((card("a"),))])
    assert [(c.what, c.before, c.after) for c in run.changes] == [("louder", "info", "warning")]


@pytest.mark.parametrize(
    ("fault", "code", "refused"),
    [
        (InvalidHookRequest("hook is missing", where="hook"), "PGX-301", False),
        (DataUnavailable("not obtained"), "PGX-303", True),
    ],
)
def test_a_request_that_cannot_be_answered_is_listed_and_the_others_are(fault, code, refused):
    def read(document):
        if document == "bad":
            raise fault
        return call()

    past = [Past(1, "good"), Past(2, "bad"), Past(7, fault=fault), Past(8, "good")]
    run = dry_run(past, read, lambda _: HookAnswer((card("a"),)))
    assert (run.in_file, run.answered, run.in_force.cards) == (4, 2, 2)
    assert [(u.line, u.code, u.is_refused) for u in run.unread] == [
        (2, code, refused),
        (7, code, refused),
    ]


def test_a_fault_of_ours_in_one_answer_hides_no_other_and_quotes_nothing():
    def answer(each):
        if each.patient_id == "p2":
            raise ValueError("Mrs Example")
        return HookAnswer()

    past = [Past(1, call(patient="p2")), Past(2, call())]
    run = dry_run(past, lambda c: c, answer)
    assert (run.answered, run.unread[0].line, run.unread[0].code) == (1, 1, "")
    assert "ValueError" in run.unread[0].reason
    assert "Example" not in run.unread[0].reason


def test_a_store_that_fails_ends_the_run():
    def read(_):
        raise StoreFailure("it is away")

    with pytest.raises(StoreFailure):
        dry_run([Past(1, {})], read, lambda _: HookAnswer())


def test_nothing_looked_at_is_no_zero():
    report = write_dry_run(replay([], []), NOWHERE, NOWHERE)
    found = report["in_force"]
    assert (found["cards"], found["alerts_per_1000_orders"], found["by_indicator"]) == (None,) * 3
    assert "no data: no request was answered" in text_of_dry_run(report)


def test_without_orders_there_are_no_alerts_per_thousand_orders():
    run = replay([call("patient-view", orders=0)], [HookAnswer((card("a"),))])
    report = write_dry_run(run, NOWHERE, NOWHERE)
    assert (report["in_force"]["cards"], report["in_force"]["alerts_per_1000_orders"]) == (1, None)
    assert "no data: nothing is ordered" in text_of_dry_run(report)


def test_a_run_that_is_stopped_says_that_it_is_not_whole():
    left = iter((True, False))
    run = replay([call(), call()], [HookAnswer()] * 2, go_on=lambda: next(left))
    assert (run.is_whole, run.in_file) == (False, 1)
    assert "stopped early" in text_of_dry_run(write_dry_run(run, NOWHERE, NOWHERE))


def test_no_report_holds_a_word_of_a_card_or_a_patient():
    run = replay([call(patient="secret-77")], [HookAnswer((card("a"),))], [HookAnswer()])
    report = write_dry_run(run, NOWHERE, NOWHERE)
    for told in (json.dumps(report), text_of_dry_run(report)):
        assert "secret-77" not in told
        assert "Example" not in told


def test_of_an_order_select_the_selected_orders_are_counted():
    chosen = frozenset(("MedicationRequest/m1",))
    assert orders_in(call("order-select", orders=3, selections=chosen)) == 1
    assert orders_in(call("order-sign", orders=3)) == 3
    assert orders_in(call("patient-view", orders=3)) == 0


def test_a_document_is_read_as_the_service_of_its_hook_would():
    service = Service("pgx-patient-view", "patient-view", "t", "d", lambda _: HookAnswer())
    seen = []
    read = reader([service], Sources(), seen.append)
    document = {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {"userId": "Practitioner/u1", "patientId": "p1"},
    }
    assert read(document).patient_id == "p1"
    assert [each.service_id for each in seen] == ["pgx-patient-view"]


@pytest.mark.parametrize("document", [{"hook": "order-sign"}, {"hook": 7}, {}, [], None, "x"])
def test_what_is_no_request_of_a_service_is_refused(document):
    service = Service("pgx-patient-view", "patient-view", "t", "d", lambda _: HookAnswer())
    run = dry_run([Past(1, document)], reader([service], Sources()), lambda _: HookAnswer())
    assert (run.answered, run.unread[0].where) == (0, "hook")
