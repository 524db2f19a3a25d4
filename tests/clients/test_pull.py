"""`fhir-pgx pull` against a running copy of ourselves, and into a store of its own."""

import json
from contextlib import closing

import pytest

from fhir_pgx.cli import main
from fhir_pgx.storage import SqlStore


@pytest.fixture
def database(tmp_path):
    return f"sqlite:///{tmp_path}/pulled.db"


def told(capsys):
    return json.loads(capsys.readouterr().out)


def pull(base, database, *arguments):
    return main(["pull", base, "--private", "--database", database, *arguments])


def stored(database):
    with closing(SqlStore(database)) as store:
        return {
            each.reference: each.full_url
            for patient in store.patients()
            for each in store.resources_of(patient)
        }


def test_a_record_comes_whole_and_a_second_time_changes_nothing(base, database, capsys):
    assert pull(base, database, "--patient", "p1") == 0
    assert told(capsys) == {"created": 6, "updated": 0, "unchanged": 0, "patients": 1}
    held = stored(database)
    assert set(held) == {
        "Patient/p1", "Condition/c1",
        "Observation/g00", "Observation/g03", "Observation/g06", "Observation/g09",
    }  # fmt: skip
    assert held["Observation/g00"] == f"{base}/Observation/g00"
    assert pull(base, database, "--patient", "Patient/p1") == 0
    assert told(capsys)["unchanged"] == 6


def test_every_record_comes_with_all(base, database, capsys):
    assert pull(base, database, "--all") == 0
    assert told(capsys)["patients"] >= 3


def test_a_patient_who_is_not_there_is_a_failure_and_the_next_is_pulled(base, database, capsys):
    assert pull(base, database, "--patient", "nobody", "--patient", "p2") == 1
    (issue,) = told(capsys)["issue"]
    assert issue["details"]["coding"][0]["code"] == "PGX-411"
    assert "404" in issue["diagnostics"]
    assert "Patient/p2" in stored(database)


def test_a_resource_of_the_same_id_from_elsewhere_is_never_written_over(
    base, database, capsys, tmp_path
):
    ours = tmp_path / "ours.json"
    ours.write_text('{"resourceType": "Patient", "id": "p1", "gender": "other"}')
    assert main(["load", str(ours), "--database", database]) == 0
    capsys.readouterr()
    assert pull(base, database, "--patient", "p1") == 1
    (issue,) = told(capsys)["issue"]
    assert issue["details"]["coding"][0]["code"] == "PGX-410"
    assert set(stored(database)) == {"Patient/p1"}


@pytest.mark.parametrize(
    ("url", "arguments"),
    [
        ("http://ehr.example.org/fhir", ("--all",)),  # not https
        ("https://user@ehr.example.org/fhir", ("--all",)),
        ("https://ehr.example.org/fhir", ("--all", "--client-id", "us")),  # and no key
        ("https://ehr.example.org/fhir", ("--all", "--client-id", "us", "--key", "no-such-file")),
    ],
)
def test_a_wrong_use_is_told_before_anything_is_called(url, arguments, database, capsys):
    assert main(["pull", url, "--database", database, *arguments]) == 2
    assert "fhir-pgx:" in capsys.readouterr().err


def test_a_server_without_bulk_data_is_a_failure(base, database, capsys):
    assert pull(base, database, "--bulk") == 1
    (issue,) = told(capsys)["issue"]
    assert issue["details"]["coding"][0]["code"] == "PGX-411"
