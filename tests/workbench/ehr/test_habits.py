"""Each EHR sends what it is known to send: reference C and D, clients 1. Synthetic throughout."""

import uuid

import jsonschema_rs
import pytest

from fhir_pgx.errors import InvalidParameter
from fhir_pgx.knowledge.profiles import schema
from fhir_pgx.model.client import PROFILES
from fhir_pgx.services.hooks import HOOKS
from fhir_pgx.workbench.ehr import EHRS, read_wanted, record_of

REQUEST = jsonschema_rs.validator_for(schema("request"))
EVERY = [(ehr.name, hook) for ehr in EHRS.values() for hook in sorted(ehr.hooks)]


def orders(exchange):
    bundle = exchange.document["context"]["draftOrders"]
    return [each["resource"] for each in bundle.get("entry", [])]


def test_there_is_an_ehr_for_each_client_profile():
    assert EHRS.keys() == PROFILES.keys()
    assert EHRS["generic"].hooks == HOOKS.keys()


@pytest.mark.parametrize(("ehr", "hook"), EVERY)
def test_every_request_is_answered_and_names_its_patient(fired, ehr, hook):
    done = fired(ehr, hook)
    assert (done.status, done.response.get("issue")) == (200, None)
    assert done.request["context"]["patientId"] == "synthetic-ada"
    assert done.call is not None
    assert "subject-missing" not in done.call.flags
    assert uuid.UUID(done.request["hookInstance"])


@pytest.mark.parametrize("hook", sorted(HOOKS))
def test_the_generic_request_is_cds_hooks_by_the_schema(sends, hook):
    assert [fault.message for fault in REQUEST.iter_errors(dict(sends(hook=hook).document))] == []


@pytest.mark.parametrize("hook", sorted({"order-select", "order-sign", "medication-refill",
                                         "order-review", "medication-prescribe",
                                         "order-dispatch"}))  # fmt: skip
def test_the_picked_drug_is_judged_on_every_ordering_hook(fired, hook):
    assert "Clopidogrel" in fired(hook=hook).cards[0]["summary"]


def test_epics_order_stands_beside_its_medicine(sends, fired):
    exchange = sends("epic")
    order, medicine = orders(exchange)
    assert order["medicationReference"]["reference"] == f"Medication/{medicine['id']}"
    assert order["medicationReference"]["display"] == "CLOPIDOGREL 75 MG PO TABS"
    assert "valueCode" in order["requester"]["extension"][0]
    assert 64 < len(order["id"]) < 200
    systems = [each["system"] for each in medicine["code"]["coding"]]
    assert systems[-2:] == ["urn:oid:2.16.840.1.113883.6.88"] * 2
    assert all("display" not in each for each in medicine["code"]["coding"])
    assert uuid.UUID(exchange.document["hookInstance"]).version == 1
    assert exchange.document["fhirAuthorization"]["patient"] == "synthetic-ada"
    held = exchange.document["prefetch"]["pgxObservations"]["entry"][0]["resource"]
    assert held["subject"]["reference"].startswith("https://epic.example.org/")
    assert order["subject"]["reference"] == "Patient/synthetic-ada"
    assert "Clopidogrel" in fired("epic").cards[0]["summary"]


def test_a_uuid_of_version_1_does_not_name_this_machine():
    made = {uuid.UUID(EHRS["epic"].new_instance()) for _ in range(50)}
    assert len(made) == 50
    assert {each.version for each in made} == {1}
    assert {each.variant for each in made} == {uuid.RFC_4122}
    assert all(each.node >> 40 & 1 for each in made)  # no network card has this bit
    assert len({each.node for each in made}) == 50


def test_epic_says_that_a_search_found_nothing_and_it_reads_as_nothing(sends, fired):
    empty = record_of([{"resourceType": "Patient", "id": "nobody"}])
    held = sends("epic", record=empty).document["prefetch"]["pgxObservations"]
    assert held["entry"][0]["search"] == {"mode": "outcome"}
    assert "no CYP2C19 result on file" in fired("epic", record=empty).cards[0]["summary"]


def test_oracle_fires_the_chart_alone_and_gets_no_suggestion(sends, fired):
    with pytest.raises(InvalidParameter) as refused:
        sends("oracle", "order-sign")
    assert refused.value.where == "hook"
    done = fired("oracle", "patient-view")
    assert done.cards
    assert not any("suggestions" in card for card in done.cards)
    assert all(len(card.get("detail", "")) <= 1300 for card in done.cards)


def test_the_sandbox_fires_before_a_drug_is_chosen_and_there_is_nothing_to_say(sends, fired):
    (order,) = orders(sends("cds-hooks-sandbox", "order-select", drugs=()))
    assert sorted(order) == ["authoredOn", "id", "resourceType", "status", "subject"]
    done = fired("cds-hooks-sandbox", "order-select", drugs=())
    assert (done.status, done.response) == (200, {"cards": []})


def test_the_sandbox_sends_the_shapes_of_its_form(sends):
    exchange = sends("cds-hooks-sandbox", "order-select", drugs=("clopidogrel", "codeine"))
    document = exchange.document
    assert "type" not in document["context"]["draftOrders"]
    assert "encounterId" not in document["context"]
    assert "fhirAuthorization" not in document
    assert document["context"]["userId"] == "Practitioner/COREPRACTITIONER1"
    assert document["context"]["selections"] == ["MedicationRequest/request-123"]
    (order,) = orders(exchange)  # one draft at a time
    assert isinstance(order["category"], dict)
    assert order["medicationCodeableConcept"]["coding"][0]["code"] == "309362"  # a product
    assert order["dosageInstruction"][0]["doseAndRate"][0]["doseQuantity"]["code"] == "{pill}"
    assert any("only clopidogrel is sent" in note for note in exchange.notes)


def test_the_sandbox_asks_its_own_server_in_the_open(sends):
    asked = sends("cds-hooks-sandbox").before
    read, *searches = asked
    assert (read.method, read.url.rpartition("/r4/")[2]) == ("GET", "Patient/synthetic-ada")
    assert {each.method for each in searches} == {"POST"}
    assert all(each.url.endswith("/_search") for each in searches)
    assert all(each.accept == "application/json+fhir" for each in asked)
    for each in searches:
        names = [pair.partition("=")[0] for pair in each.sent.split("&")]
        assert names == sorted(names)
    assert searches[0].body["total"] > 0


def test_what_no_template_asks_for_is_sent_or_said(sends):
    sequence = {"resourceType": "MolecularSequence", "id": "s",
                "patient": {"reference": "Patient/p"}}  # fmt: skip
    record = record_of([sequence])
    lavish = sends("generic", record=record)
    assert lavish.document["prefetch"]["siteMolecularSequence"]["total"] == 1
    assert any("under keys of the site’s own" in note for note in lavish.notes)
    plain = sends("epic", record=record)
    assert "siteMolecularSequence" not in plain.document["prefetch"]
    assert any("not sent by this EHR" in note for note in plain.notes)


@pytest.mark.parametrize(
    ("named", "where"),
    [
        ({"ehr": "meditech", "hook": "order-sign", "trouble": "none"}, "ehr"),
        ({"ehr": "generic", "hook": "order-sign", "trouble": "fire"}, "trouble"),
        ({"ehr": "generic", "hook": "order-burn", "trouble": "none"}, "hook"),
    ],
)
def test_a_choice_that_is_not_there_is_refused_at_its_place(named, where):
    with pytest.raises(InvalidParameter) as refused:
        read_wanted(**named)
    assert refused.value.where == where
    assert refused.value.mend
