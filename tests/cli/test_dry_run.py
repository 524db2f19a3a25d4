"""`fhir-pgx dry-run`: a policy tried on past requests before it goes live."""

import gzip
import json
from contextlib import closing
from pathlib import Path

import pytest

from fhir_pgx.storage import SqlStore

from .conftest import bundle, order_sign

MUTED = b'[mute]\ndrugs = ["clopidogrel"]\n\n[hooks.default]\nleast_indicator = "critical"\n'


def of_patient(patient, **more):
    text = json.dumps(order_sign(**more)).replace("synthetic-1", patient)
    return json.loads(text)


@pytest.fixture
def requests(write):
    lines = [order_sign(), of_patient("synthetic-2"), {"hook": "order-sign"}]
    return write("past.ndjson", "\n".join(map(json.dumps, lines)).encode() + b"\n{broken\n")


def test_it_counts_what_the_policy_in_force_tells(run, requests):
    code, report, _ = run("dry-run", requests)
    assert code == 0
    assert (report["requests"], report["answered"], report["orders"], report["patients"]) == (
        4, 2, 2, 2,
    )  # fmt: skip
    assert report["in_force"]["alerts_per_1000_orders"] == 1000.0
    assert report["in_force"]["by_drug"] == {"clopidogrel": 2}
    assert [(each["line"], each["code"]) for each in report["unread"]] == [
        (3, "PGX-301"),
        (4, "PGX-101"),
    ]
    assert "candidate" not in report


def test_a_candidate_is_held_beside_it_with_the_line_that_mutes(run, requests, write):
    policy = write("candidate.toml", MUTED)
    report = run("dry-run", requests, "--policy", policy)[1]
    assert (report["in_force"]["cards"], report["candidate"]["cards"]) == (2, 0)
    (muted,) = report["candidate"]["muted"]
    assert (muted["key"], muted["line"], muted["cards"]) == ("mute.drugs", 2, 2)
    (change,) = report["changes"]
    assert (change["what"], change["lines"], change["why"]) == ("disappears", [1, 2], "drug")
    assert change["line"] == 2


def test_the_policy_in_force_is_the_one_of_the_settings(run, requests, write, monkeypatch):
    monkeypatch.setenv("FHIR_PGX_POLICY", write("site.toml", MUTED))
    report = run("dry-run", requests, "--policy", write("open.toml", b""))[1]
    assert (report["in_force"]["cards"], report["candidate"]["cards"]) == (0, 2)
    assert {each["what"] for each in report["changes"]} == {"appears"}


def test_text_is_for_people_and_names_no_patient(run, requests, write):
    code, told, _ = run("dry-run", requests, "--policy", write("c.toml", MUTED), "--format", "text")
    assert code == 0
    assert "alerts per 1,000 orders: 1000.0" in told
    assert "[mute.drugs, line 2]" in told
    assert "synthetic-" not in told


def test_gzip_and_arrays_and_standard_input_are_read(run, write, monkeypatch):
    array = json.dumps([order_sign(), of_patient("synthetic-2")]).encode()
    packed = write("past.json.gz", gzip.compress(array))
    assert run("dry-run", packed)[1]["answered"] == 2
    with Path(packed).open("rb") as file:
        monkeypatch.setattr("sys.stdin", type("In", (), {"buffer": file}))
        assert run("dry-run", "-")[1]["answered"] == 2


def test_nothing_is_recorded_and_no_store_is_made(run, requests):
    assert run("dry-run", requests)[0] == 0
    assert not list(Path.cwd().glob("*.db"))


def test_the_store_is_asked_only_where_it_is_named_and_that_is_recorded(run, write):
    past = write(
        "past.ndjson",
        json.dumps(order_sign(prefetched=False, fhirServer="http://127.0.0.1:8080/fhir")).encode(),
    )
    run("load", write("genome.json", bundle(_genotype())), "--database", "sqlite:///kept.db")
    without = run("dry-run", past)[1]
    assert without["answered"] == 0
    code, found, _ = run("dry-run", past, "--database", "sqlite:///kept.db")
    assert (code, found["answered"]) == (0, 1)
    with closing(SqlStore("sqlite:///kept.db")) as store:
        told = [(each.what, each.patient) for each in store.audit.entries()]
        assert told[-1] == ("other dry-run", "synthetic-1")
        assert store.card_span().first_card is None


def test_a_store_that_is_not_there_is_not_made(run, requests):
    code, _, told = run("dry-run", requests, "--database", "sqlite:///none.db")
    assert (code, "no store" in told) == (2, True)
    assert not Path("none.db").exists()


@pytest.mark.parametrize("name", ["nowhere.ndjson", "."])
def test_a_file_that_cannot_be_read_is_wrong_usage(run, name):
    assert run("dry-run", name)[0] == 2


def test_a_candidate_with_a_fault_is_told_with_its_place(run, requests, write):
    code, _, told = run("dry-run", requests, "--policy", write("c.toml", b"[mutes]\n"))
    assert code == 2
    assert "c.toml: mutes is unknown; did you mean mute?" in told


def test_a_file_of_which_nothing_could_be_answered_ends_with_1(run, write):
    code, report, _ = run("dry-run", write("past.ndjson", b"{}\n"))
    assert (code, report["in_force"]["cards"]) == (1, None)


def _genotype():
    from .conftest import GENOTYPE

    return GENOTYPE
