"""Every question of `examples/operations/README.md` gets the answer written beside it."""

import json

import pytest

from .operation_examples import FOLDER, PATIENT, asked, listed_questions, operations_client
from .replay import differences

LISTED = listed_questions()


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with operations_client(tmp_path_factory.mktemp("operations")) as opened:
        yield opened


@pytest.mark.parametrize("question", LISTED, ids=lambda question: question.name)
def test_a_question_gets_the_answer_written_beside_it(client, question):
    status, body = asked(client, question)
    assert status == question.status
    assert differences(json.loads(question.answer_file.read_bytes()), body) == []


def test_every_file_is_in_the_table():
    assert len(LISTED) >= 13
    named = {question.name for question in LISTED}
    assert {file.name for file in FOLDER.iterdir()} == named | {"README.md", PATIENT.name}


def test_the_patient_says_that_she_is_synthetic():
    resources = [entry["resource"] for entry in json.loads(PATIENT.read_bytes())["entry"]]
    (patient,) = [each for each in resources if each["resourceType"] == "Patient"]
    assert patient["id"].startswith("synthetic-")
    assert patient["meta"]["tag"][0]["code"] == "HTEST"
    others = [each for each in resources if each is not patient]
    assert {each["subject"]["reference"] for each in others} == {f"Patient/{patient['id']}"}
