"""`fhir-pgx audit`: the record of accesses as its operator sees it, and what commands leave."""

import json
from contextlib import closing

import pytest

from fhir_pgx.cli import recording
from fhir_pgx.storage import SqlStore
from tests.cli.conftest import GENOTYPE, PATIENT, bundle, order_sign
from tests.stores import query

DATABASE = "sqlite:///fhir_pgx.db"


@pytest.fixture
def account(monkeypatch):
    monkeypatch.setattr(recording, "_account", lambda: "synthetic-operator")


@pytest.fixture
def loaded(write, run, account):
    """A store into which one synthetic patient was loaded."""
    code, _, _ = run("load", write("patient.json", bundle(PATIENT, GENOTYPE)))
    assert code == 0


def recorded():
    with closing(SqlStore(DATABASE)) as store:
        return [(each.what, each.patient, each.agent) for each in store.audit.entries()]


@pytest.mark.usefixtures("loaded")
def test_commands_leave_entries_under_the_account_that_ran_them(run, write):
    run("export", "synthetic-1")
    run("hook", write("request.json", order_sign()))
    run("derive", "synthetic-1")
    run("derive", "synthetic-1")  # the second time nothing changes
    who = "synthetic-operator@fhir-pgx"
    assert recorded() == [
        ("load Patient/synthetic-1 and 1 more", "synthetic-1", who),
        ("export export", "synthetic-1", who),
        ("hook-call pgx-order-sign", "synthetic-1", who),
        ("derive kept report", "synthetic-1", who),
    ]


@pytest.mark.usefixtures("loaded")
def test_an_export_of_somebody_unknown_is_recorded_as_failed(run):
    assert run("export", "nobody")[0] == 1
    _, text, _ = run("audit", "list", "--patient", "nobody", "--json")
    assert (text["type"]["code"], text["outcome"]) == ("110106", "4")


@pytest.mark.usefixtures("loaded")
def test_nothing_is_printed_that_cannot_be_recorded(run, monkeypatch):
    query(DATABASE, "ALTER TABLE audit_entry RENAME TO gone")
    code, out, _ = run("export", "synthetic-1")
    assert code == 1
    assert out["resourceType"] == "OperationOutcome"


@pytest.mark.usefixtures("loaded")
def test_a_record_that_is_switched_off_stays_empty(run, monkeypatch):
    monkeypatch.setenv("FHIR_PGX_AUDIT", "off")
    run("export", "synthetic-1")
    assert len(recorded()) == 1


@pytest.mark.usefixtures("loaded")
def test_the_list_names_patient_agent_and_deed(run):
    run("export", "synthetic-1")
    code, text, _ = run("audit", "list")
    assert code == 0
    first, second = text.splitlines()
    assert first.split()[0] == "1"
    assert "synthetic-operator@fhir-pgx" in second
    assert "Patient/synthetic-1" in second
    assert second.endswith("export export")


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize(
    ("options", "lines"),
    [
        (("--patient", "synthetic-1"), 2),
        (("--patient", "Patient/synthetic-1"), 2),
        (("--patient", "synthetic-2"), 0),
        (("--agent", "synthetic-operator"), 2),
        (("--agent", "fhir-pgx"), 2),
        (("--agent", "synthetic-operator@fhir-pgx"), 2),
        (("--agent", "somebody"), 0),
        (("--since", "2020-01-01"), 2),
        (("--since", "2999-01-01T00:00:00Z"), 0),
        (("--tenant", "north"), 0),
    ],
)
def test_the_list_is_of_what_was_asked(run, options, lines):
    run("export", "synthetic-1")
    code, text, _ = run("audit", "list", *options)
    assert code == 0
    assert len(text.splitlines()) == lines


@pytest.mark.usefixtures("loaded")
def test_the_list_as_json_is_a_line_an_audit_event(run):
    run("export", "synthetic-1")
    _, text, _ = run("audit", "list", "--json")
    events = [json.loads(line) for line in text.splitlines()]
    assert [each["resourceType"] for each in events] == ["AuditEvent"] * 2


@pytest.mark.usefixtures("loaded")
def test_a_record_that_holds_is_counted_and_its_head_told(run):
    run("export", "synthetic-1")
    code, found, told = run("audit", "verify")
    assert code == 0
    assert found["rows"] == 2
    (chain,) = found["chains"]
    assert (chain["rows"], chain["last"]) == (2, 2)
    assert "holds" in told
    assert run("audit", "verify", "--head", chain["head"])[0] == 0
    assert run("audit", "verify", "--since", "2020-01-01")[1]["rows"] == 2


@pytest.mark.usefixtures("loaded")
def test_a_row_that_was_changed_ends_the_command_with_its_number(run):
    run("export", "synthetic-1")
    query(DATABASE, "UPDATE audit_entry SET patient = 'another' WHERE number = 2")
    code, found, told = run("audit", "verify")
    assert code == 1
    (issue,) = found["issue"]
    assert issue["details"]["coding"][0]["code"] == "PGX-425"
    assert "row 2 " in issue["details"]["text"]
    assert "row 2 " in told
    assert "another" not in json.dumps(found) + told


@pytest.mark.usefixtures("loaded")
def test_the_end_that_was_cut_off_ends_the_command_where_a_head_was_noted(run):
    run("export", "synthetic-1")
    head = run("audit", "verify")[1]["chains"][0]["head"]
    query(DATABASE, "DELETE FROM audit_entry WHERE number = 2")
    assert run("audit", "verify")[0] == 0
    code, found, _ = run("audit", "verify", "--head", head)
    assert code == 1
    assert "cut off" in found["issue"][0]["details"]["text"]


def test_a_store_that_is_not_there_is_wrong_usage_and_none_is_made(run, tmp_path):
    assert run("audit", "verify")[0] == 2
    assert run("audit", "list")[0] == 2
    assert not (tmp_path / "fhir_pgx.db").exists()


def test_a_time_that_is_none_is_wrong_usage(run):
    assert run("audit", "list", "--since", "yesterday")[0] == 2


@pytest.mark.usefixtures("loaded")
def test_a_record_that_was_removed_as_a_whole_is_not_said_to_hold(run):
    assert "the record holds" in run("audit", "verify")[2]
    query(DATABASE, "DELETE FROM audit_entry")
    _, found, told = run("audit", "verify")
    assert found == {"rows": 0, "chains": []}
    assert "there is nothing in the record" in told
