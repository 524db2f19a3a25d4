"""Each trouble gives what the contract promises: a failure is never an empty answer."""

import time

import pytest

from fhir_pgx.workbench.ehr import TROUBLES, fire

RESULTS = "pgxObservations"


def codes(done):
    return [each["details"]["coding"][0]["code"] for each in done.response["issue"]]


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.parametrize("ehr", ["generic", "epic", "cds-hooks-sandbox"])
def test_every_trouble_is_answered_by_cards_or_an_outcome(fired, ehr, trouble):
    done = fired(ehr, trouble=trouble)
    assert done.status in (200, 400, 412)
    assert ("cards" in done.response) == (done.status == 200)
    assert done.milliseconds < 2_000


def test_without_prefetch_the_server_is_asked_for_every_template(sends, site):
    exchange = sends(trouble="prefetch-missing")
    assert "prefetch" not in exchange.document
    done = fire(site, exchange)
    service = site.registry.service(exchange.service_id)
    assert len(done.asked) == len(service.prefetch)
    assert {(each.method, each.status) for each in done.asked} == {("GET", 200)}
    assert "Poor Metabolizer" in done.cards[0]["summary"]


def test_a_server_that_we_may_not_call_leaves_412(fired):
    done = fired(trouble="prefetch-missing-not-listed")
    assert (done.status, codes(done), done.asked) == (412, ["PGX-303"], ())


def test_null_is_none_on_file_and_is_not_asked_for_again(fired):
    done = fired(trouble="prefetch-null")
    assert done.request["prefetch"][RESULTS] is None
    assert done.asked == ()
    assert "no CYP2C19 result on file" in done.cards[0]["summary"]


def test_an_error_in_place_of_results_is_no_empty_result(fired):
    done = fired(trouble="prefetch-error")
    assert done.request["prefetch"][RESULTS]["resourceType"] == "OperationOutcome"
    assert (done.status, codes(done)) == (412, ["PGX-303"])


@pytest.mark.parametrize(("ehr", "trouble"), [("generic", "prefetch-left-out"),
                                              ("cds-hooks-sandbox", "prefetch-error")])  # fmt: skip
def test_a_key_that_is_left_out_is_asked_for_alone(fired, ehr, trouble):
    done = fired(ehr, trouble=trouble)
    assert RESULTS not in done.request["prefetch"]
    assert "patient" in done.request["prefetch"]
    assert 0 < len(done.asked) < 6
    assert "Poor Metabolizer" in done.cards[0]["summary"]


def test_a_first_page_is_not_taken_for_everything(fired):
    done = fired(trouble="prefetch-first-page")
    held = done.request["prefetch"][RESULTS]
    assert len(held["entry"]) < held["total"]
    assert {each["relation"] for each in held["link"]} == {"self", "next"}
    assert done.call.incomplete
    assert "a result may be missing. (PGX-622)" in done.cards[0]["detail"]


def test_pages_of_the_server_are_followed(fired):
    done = fired(trouble="server-paged")
    assert any("_page=2" in each.url for each in done.asked)
    assert not done.call.incomplete
    assert "Poor Metabolizer" in done.cards[0]["summary"]


def test_a_slow_server_costs_what_did_not_come_and_no_time_of_ours(fired):
    started = time.monotonic()
    done = fired(trouble="server-slow")
    assert time.monotonic() - started < 2
    assert done.waited_ms == pytest.approx(5_000, abs=50)  # our time limit
    assert [each.status for each in done.asked] == [200, 200, 0]
    assert done.asked[-1].body is None
    assert done.call.unavailable_reason == "the FHIR server did not answer in time"


@pytest.mark.parametrize("trouble", ["server-500", "server-403"])
def test_a_server_that_fails_or_refuses_leaves_412(fired, trouble):
    done = fired(trouble=trouble)
    assert (done.status, codes(done)) == (412, ["PGX-303"])
    refused = [each for each in done.asked if each.status != 200]
    assert refused
    assert all(each.body["resourceType"] == "OperationOutcome" for each in refused)
    medicines = [each for each in done.asked if "/MedicationRequest?" in each.url]
    assert {each.status for each in medicines} == {500 if trouble == "server-500" else 200}


def test_a_client_that_takes_no_suggestion_is_told_in_words(fired):
    usual, bare = fired(), fired(trouble="no-suggestions")
    assert "suggestions" in usual.cards[0]
    assert not any("suggestions" in card for card in bare.cards)
    assert "**To enter by hand**" in bare.cards[0]["detail"]
    assert [card["summary"] for card in bare.cards] == [card["summary"] for card in usual.cards]


def test_two_patients_are_refused(fired):
    done = fired(trouble="two-patients")
    assert (done.status, codes(done)) == (400, ["PGX-106"])


def test_the_chart_is_left_as_it_was(sends, ada):
    before = repr(ada)
    for trouble in TROUBLES:
        sends("epic", trouble=trouble)
    assert repr(ada) == before
