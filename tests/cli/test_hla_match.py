"""`fhir-pgx hla-match`: a file of the recipient, a file for each donor."""

import json

import pytest

from fhir_pgx.cli import main


def typing(patient, gl_string):
    return {
        "resourceType": "Observation",
        "id": "typing",
        "status": "final",
        "code": {"text": "HLA typing"},
        "subject": {"reference": f"Patient/{patient}"},
        "valueString": gl_string,
    }


@pytest.fixture
def file(tmp_path):
    def write(patient, gl_string):
        path = tmp_path / f"{patient}.json"
        path.write_text(json.dumps(typing(patient, gl_string)))
        return str(path)

    return write


def test_each_donor_is_compared(file, capsys):
    donors = [file("d1", "A*01:01+A*02:01"), file("d2", "A*01:01+A*03:01")]
    assert main(["hla-match", file("r", "A*01:01+A*02:01"), *donors]) == 0
    found = json.loads(capsys.readouterr().out)
    summaries = [
        part["valueString"]
        for each in found["parameter"]
        for part in each["part"]
        if part["name"] == "summary"
    ]
    assert [summary[:3] for summary in summaries] == ["2/2", "1/2"]


def test_no_typing_is_an_error_and_not_an_empty_match(file, capsys):
    assert main(["hla-match", file("r", "A*01:01+A*02:01"), file("d", "see report")]) == 1
    assert json.loads(capsys.readouterr().out)["resourceType"] == "OperationOutcome"


def test_a_recipient_is_asked_for(capsys):
    assert main(["hla-match"]) == 2
    assert "RECIPIENT" in capsys.readouterr().err
