"""Every example, sent over HTTP to a fresh server with the example patients, gives its answer."""

import copy
import json

import jsonschema
import jsonschema_rs
import pytest

from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.knowledge.profiles import schema

from .replay import EXAMPLES, ZEROS, demo_client, differences, listed_examples, send

LISTED = listed_examples()
PATIENTS = sorted((EXAMPLES / "patients").glob("*.json"))


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with demo_client(tmp_path_factory.mktemp("examples")) as opened:
        yield opened


def faults(message, document):
    """What is wrong with a message of CDS Hooks, as two validators see it."""
    fast = jsonschema_rs.validator_for(schema(message)).iter_errors(document)
    slow = jsonschema.Draft202012Validator(schema(message)).iter_errors(document)
    return [fault.message for fault in fast] + [fault.message for fault in slow]


def written(example):
    return json.loads(example.answer_file.read_bytes())


@pytest.mark.parametrize("example", LISTED, ids=lambda example: example.name)
def test_an_example_gives_the_answer_written_beside_it(client, example):
    status, body = send(client, example)
    assert status == example.status
    assert differences(written(example), body) == []


@pytest.mark.parametrize(
    "example", [e for e in LISTED if e.status == 200], ids=lambda example: example.name
)
def test_request_and_answer_are_cds_hooks_by_both_validators(example):
    request = json.loads(example.request)
    assert faults("request", request) == []
    assert faults("response", written(example)) == []
    assert example.service == f"pgx-{request['hook']}"


@pytest.mark.parametrize(
    "example", [e for e in LISTED if e.status != 200], ids=lambda example: example.name
)
def test_a_refusal_is_an_operation_outcome_that_says_how_to_mend_it(example):
    outcome = written(example)
    assert outcome["resourceType"] == "OperationOutcome"
    assert all("To mend it: " in issue["diagnostics"] for issue in outcome["issue"])
    assert "synthetic-" not in json.dumps(outcome).lower()


def test_every_folder_is_in_the_table_and_has_its_three_files():
    folders = {each.name for each in EXAMPLES.iterdir() if each.is_dir()}
    folders -= {"patients", "genomes", "operations"}
    assert sorted(folders) == sorted(example.name for example in LISTED)
    assert len(LISTED) == len(folders) >= 30
    for folder in folders:
        files = {file.name for file in (EXAMPLES / folder).iterdir()}
        assert files == {"request.json", "answer.json", "README.md"}, folder


def test_the_example_that_make_demo_sends_gets_a_card_with_a_suggestion(client):
    (demo,) = [example for example in LISTED if example.name == "order-sign-clopidogrel"]
    _, answer = send(client, demo)
    assert answer["cards"][0]["suggestions"]


def test_no_written_answer_keeps_the_hash_of_a_knowledge_that_will_change():
    for example in LISTED:
        for card in written(example).get("cards", []):
            for part in card["extension"].values():
                assert part.get("knowledge", {}).get("sha256", ZEROS) == ZEROS


@pytest.mark.parametrize("file", PATIENTS, ids=lambda file: file.stem)
def test_an_example_patient_says_that_it_is_synthetic(file):
    entries = list(entries_of(json.loads(file.read_bytes())))
    (patient,) = [entry.resource for entry in entries if entry.type == "Patient"]
    assert patient["id"].startswith("synthetic-")
    assert patient["name"][0]["given"][0].startswith("Synthetic-")
    assert patient["name"][0]["family"] == "Example"
    assert patient["birthDate"]
    assert patient["meta"]["tag"][0]["code"] == "HTEST"
    others = [entry.resource for entry in entries if entry.type != "Patient"]
    assert {resource["subject"]["reference"] for resource in others} == {f"Patient/{patient['id']}"}
    assert {"DiagnosticReport", "Observation", "MedicationRequest"} <= {e.type for e in entries}


ANSWER = {"cards": [{"summary": "a", "indicator": "info"}, {"summary": "b", "links": []}]}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda a: a["cards"][0].update(summary="A"), 'answer.cards[0].summary: written "a"'),
        (lambda a: a["cards"][0].pop("indicator"), "answer.cards[0].indicator: written, not"),
        (lambda a: a["cards"][1].update(uuid="x"), "answer.cards[1].uuid: found, not written"),
        (lambda a: a["cards"].reverse(), "answer.cards[0].indicator: written, not found"),
        (lambda a: a["cards"].pop(), "answer.cards: 2 items written, 1 found"),
        (lambda a: a["cards"][1].update(links=None), "answer.cards[1].links: written [], found"),
        (lambda a: a["cards"][1].update(links={}), "answer.cards[1].links: written [], found {}"),
    ],
)
def test_the_comparer_sees_a_change_and_tells_where(change, told):
    found = copy.deepcopy(ANSWER)
    change(found)
    assert differences(ANSWER, found)[0].startswith(told)


def test_the_comparer_tells_a_number_from_a_boolean_and_is_silent_on_the_same():
    assert differences({"n": 1}, {"n": True}) == ["answer.n: written 1, found true"]
    assert differences(ANSWER, copy.deepcopy(ANSWER)) == []
