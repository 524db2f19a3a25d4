"""The record of accesses searched: each filter beside what it leaves out; no silent end."""

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from fhir_pgx.model.access import ANYBODY, Caller
from fhir_pgx.model.audited import Access, Circumstances
from fhir_pgx.services.audit_search import AuditAsked, as_question, recent, search_audit
from fhir_pgx.services.traffic import traffic_in
from fhir_pgx.storage import SqlStore
from fhir_pgx.storage.audit_queue import AuditEntry
from fhir_pgx.web.entries import audit_entry
from tests.stores import KINDS, new_database

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
EPIC = Caller("cds-client", issuer="https://epic.example", client="epic")


@pytest.fixture(params=KINDS)
def store(request, tmp_path):
    with closing(SqlStore(new_database(request.param, tmp_path))) as opened:
        yield opened


def entry(access, *, minutes=0, caller=EPIC, user="", request_id=""):
    at = Circumstances(
        caller, NOW + timedelta(minutes=minutes), "fhir_pgx", "http://x", request_id, user
    )
    return audit_entry(access, at)


@pytest.fixture
def filled(store):
    hook = Access("hook-call", "pgx-order-sign", "p1", status=200)
    refused = Access("read", "Observation", "p2", ("Observation/o1",), status=403, outcome="4")
    store.audit.append(
        [
            entry(hook, minutes=-2 * 24 * 60, user="Practitioner/7", request_id="a"),
            entry(hook, minutes=0, user="Practitioner/8", request_id="b"),
            entry(refused, minutes=1, caller=ANYBODY, request_id="c"),
            entry(Access("search-type", "Patient", "p1", status=200), minutes=2, request_id="d"),
            entry(Access("search-type", "Patient", "p2", status=200), minutes=2, request_id="d"),
            entry(
                Access("hook-call", "pgx-order-sign", status=500, outcome="8"),
                minutes=3,
                request_id="e",
            ),
        ]
    )
    return store


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({}, [6, 5, 4, 3, 2, 1]),
        ({"patient": "p1"}, [4, 2, 1]),
        ({"patient": "nobody"}, []),
        ({"user": "Practitioner/8"}, [2]),
        ({"user": "Practitioner"}, []),
        ({"client": "epic"}, [6, 5, 4, 2, 1]),
        ({"client": "open"}, [3]),
        ({"kind": "hook-call"}, [6, 2, 1]),
        ({"kind": "hook"}, []),
        ({"outcome": "4"}, [3]),
        ({"outcome": "8"}, [6]),
        ({"patient": "p1", "outcome": "8"}, []),
        ({"since": NOW}, [6, 5, 4, 3, 2]),
        ({"until": NOW}, [1]),
        ({"since": NOW, "until": NOW + timedelta(minutes=2)}, [3, 2]),
        ({"tenant": "elsewhere"}, []),
    ],
)
def test_what_is_asked_for_is_found_newest_first(filled, asked, numbers):
    found = search_audit(filled.audit, AuditAsked(**asked))
    assert [row.number for row in found.rows] == numbers
    assert found.next is None


def test_a_row_says_who_did_what_and_how_it_ended(filled):
    row = search_audit(filled.audit, AuditAsked(patient="p2", outcome="4")).rows[0]
    assert (row.client, row.kind, row.what, row.status) == ("open", "read", "Observation/o1", 403)
    assert (row.request, row.when) == ("c", NOW + timedelta(minutes=1))


def test_pages_follow_one_another_and_end(filled):
    numbers, before = [], None
    while True:
        page = search_audit(filled.audit, AuditAsked(before=before), page=4)
        numbers.append([row.number for row in page.rows])
        if (before := page.next) is None:
            break
    assert numbers == [[6, 5, 4, 3], [2, 1]]


def test_what_was_not_looked_at_is_said_and_looked_at_when_asked_to_go_on(filled):
    asked = AuditAsked(user="Practitioner/7")
    page = search_audit(filled.audit, asked, most=3)
    assert (page.rows, page.looked_at, page.next) == ((), 3, 4)
    again = search_audit(filled.audit, AuditAsked(user="Practitioner/7", before=page.next), most=3)
    assert [row.number for row in again.rows] == [1]


def test_an_entry_that_somebody_spoilt_is_shown_as_not_readable(store):
    store.audit.append([AuditEntry(1, "p1", "epic", "read Patient/p1", b"\xff{")])
    (row,) = search_audit(store.audit, AuditAsked()).rows
    assert (row.outcome, row.status, row.what) == ("", 0, "Patient/p1")


def test_a_question_is_kept_as_it_was_asked():
    asked = AuditAsked(patient="p1", kind="read", since=NOW)
    assert as_question(asked) == "patient=p1&kind=read&since=2026-11-24T12:00:00+00:00"


def test_clients_are_counted_by_request_with_their_last_call(filled):
    midnight = NOW.replace(hour=0)
    page = recent(filled.audit, AuditAsked())
    found = traffic_in(page, since=NOW - timedelta(days=7), today=midnight)
    told = {
        (c.client, c.service): (c.calls, c.today, c.refused, c.failed, c.users, c.last.minute)
        for c in found.clients
    }
    assert told == {
        ("epic", "hook-call pgx-order-sign"): (3, 2, 0, 1, 2, 3),
        ("open", "read"): (1, 1, 1, 0, 0, 1),
        ("epic", "search-type"): (1, 1, 0, 0, 0, 2),  # two patients, one search
    }
    assert [(e.service, e.status, e.calls) for e in found.endings] == [
        ("hook-call pgx-order-sign", 500, 1),
        ("read", 403, 1),
    ]
    assert (found.requests_today, found.is_whole) == (4, True)


def test_traffic_of_a_part_of_the_record_says_so(filled):
    page = recent(filled.audit, AuditAsked(), most=2)
    found = traffic_in(page, since=NOW - timedelta(days=7), today=NOW)
    assert (found.is_whole, found.looked_at, found.back_to) == (
        False, 2, NOW + timedelta(minutes=2),
    )  # fmt: skip
