"""`--context`: what else is known of the patient, in files of its own."""

import json

import pytest

from fhir_pgx.cli import main
from tests.cli.conftest import GENOTYPE, PATIENT, bundle

WEIGHT = {
    "resourceType": "Observation",
    "id": "weight",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
    "subject": {"reference": "Patient/synthetic-1"},
    "effectiveDateTime": "2026-11-01",
    "valueQuantity": {
        "value": 70,
        "unit": "kg",
        "system": "http://unitsofmeasure.org",
        "code": "kg",
    },
}
FLUVOXAMINE = {
    "resourceType": "MedicationStatement",
    "id": "fluvoxamine",
    "status": "active",
    "subject": {"reference": "Patient/synthetic-1"},
    "medicationCodeableConcept": {"text": "fluvoxamine"},
}


@pytest.fixture
def files(tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_text(json.dumps(content))
        return str(path)

    return write


def answer(capsys, *arguments):
    assert main(list(arguments)) == 0
    return json.loads(capsys.readouterr().out)


def test_medicines_of_a_context_file_act_on_the_genes_of_the_others(files, capsys):
    normal = {**GENOTYPE, "valueCodeableConcept": {"text": "*1/*1"}}
    genes, context = files("genes.json", normal), files("context.json", bundle(FLUVOXAMINE))
    for command in ("recommend", "explain"):
        alone = answer(capsys, command, genes, "--drug", "omeprazole")
        both = answer(capsys, command, genes, "--drug", "omeprazole", "--context", context)
        assert "fluvoxamine" not in json.dumps(alone)
        assert "fluvoxamine" in json.dumps(both)


def test_context_in_two_files_is_as_all_in_one(files, capsys):
    whole = files("whole.json", bundle(PATIENT, GENOTYPE, WEIGHT, FLUVOXAMINE))
    genes = files("genes.json", GENOTYPE)
    first, second = files("a.json", bundle(PATIENT, WEIGHT)), files("b.json", FLUVOXAMINE)
    apart = answer(capsys, "recommend", genes, "--context", first, "--context", second)
    assert apart == answer(capsys, "recommend", whole)


def test_context_of_another_patient_is_refused(files, capsys):
    other = {**FLUVOXAMINE, "subject": {"reference": "Patient/synthetic-2"}}
    genes, context = files("genes.json", GENOTYPE), files("other.json", other)
    assert main(["recommend", genes, "--drug", "omeprazole", "--context", context]) == 1
    assert json.loads(capsys.readouterr().out)["resourceType"] == "OperationOutcome"
