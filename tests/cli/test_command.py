"""The command as a whole: help, exit codes, files in all their forms, what goes where."""

import gzip
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fhir_pgx.fhir.xml import write_xml

from .conftest import GENOTYPE, PATIENT, bundle, order_sign

COMMANDS = [
    ("serve",), ("interpret",), ("recommend",), ("hook",), ("validate",), ("load",), ("export",),
    ("knowledge",), ("knowledge", "list"), ("knowledge", "show"), ("knowledge", "verify"),
]  # fmt: skip


@pytest.mark.parametrize("command", [(), *COMMANDS])
def test_the_help_of_every_command_has_an_example(run, command):
    code, text, _ = run(*command, "--help")
    assert code == 0
    example = re.search(r"^example: (fhir-pgx .+)$", text, re.MULTILINE)
    assert example
    assert example[1].startswith(" ".join(("fhir-pgx", *command)))


@pytest.mark.parametrize(
    "wrong",
    [
        (),
        ("nonsense",),
        ("interpret",),
        ("interpret", "a.json", "--format", "fhir"),  # of a later release, and said so
        ("recommend", "a.json", "--format", "text"),
        ("explain", "a.json", "--format", "fhir"),
        ("interpret", "a.json", "--all-matches"),
        ("interpret", "not-there.json"),
        ("interpret", "."),  # a folder
        ("hook", "a.json", "b.json"),
        ("serve", "--port", "http"),
        ("serve", "--port", "99999"),
        ("serve", "--database", "oracle://x"),
        ("knowledge", "show", "NOSUCHGENE"),
    ],
)
def test_wrong_usage_is_exit_code_2_with_a_message_and_no_output(run, wrong):
    code, out, err = run(*wrong)
    assert (code, out) == (2, "")
    assert "fhir-pgx" in err
    assert "Traceback" not in err


def test_a_wrong_setting_is_wrong_usage_by_name(run, monkeypatch, write):
    monkeypatch.setenv("FHIR_PGX_MAX_CARDS", "many")
    code, out, err = run("interpret", write("a.json", GENOTYPE))
    assert (code, out) == (2, "")
    assert "FHIR_PGX_MAX_CARDS" in err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"resourceType": "Observation"', "JSON"),
        (b"<Observation", "XML"),
        (b"", "empty"),
        (b"hello", "neither JSON nor XML"),
        (b"##fileformat=VCFv4.2\n", "#CHROM"),
        (b"\x1f\x8bbroken", "gzip"),
        (b'{"resourceType":"Patient","id":"a"}\n{"resourceType":', "line 2"),
        (b"{}", "no resourceType"),
    ],
)
def test_bad_data_are_exit_code_1_with_an_outcome(run, write, content, said):
    code, outcome, err = run("interpret", write("a.json", content))
    assert code == 1
    assert outcome["resourceType"] == "OperationOutcome"
    assert said in err


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("resource.json", json.dumps(GENOTYPE).encode()),
        ("pretty.json", json.dumps(GENOTYPE, indent=2).encode()),
        ("marked.json", b"\xef\xbb\xbf" + json.dumps(GENOTYPE).encode()),
        ("bundle.json", json.dumps(bundle(PATIENT, GENOTYPE)).encode()),
        ("bulk.ndjson", f"{json.dumps(PATIENT)}\n\n{json.dumps(GENOTYPE)}\n".encode()),
        ("lines.json", f"{json.dumps(PATIENT)}\r\n{json.dumps(GENOTYPE)}".encode()),
        ("bundle.xml", write_xml(bundle(PATIENT, GENOTYPE))),
        ("wide.xml", write_xml(GENOTYPE).decode().replace("UTF-8", "UTF-16").encode("utf-16")),
        ("bundle.json.gz", gzip.compress(json.dumps(bundle(GENOTYPE)).encode(), mtime=0)),
        ("hidden", gzip.compress(write_xml(GENOTYPE), mtime=0)),
    ],
)
def test_every_form_of_the_same_result_is_read_alike(run, write, name, content):
    code, found, _ = run("interpret", write(name, content))
    assert code == 0
    gene = found["genes"]["CYP2C19"]
    assert gene["diplotypes"][0]["name"] == "*2/*2"
    assert gene["phenotype"] == "Poor Metabolizer"
    assert found["subject"] == "Patient/synthetic-1"


def test_standard_input_is_read_for_a_dash(run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(json.dumps(GENOTYPE).encode())))
    code, found, _ = run("interpret", "-")
    assert code == 0
    assert found["genes"]["CYP2C19"]["phenotype"] == "Poor Metabolizer"


def test_several_files_are_one_patient(run, write):
    other = {**GENOTYPE, "id": "x", "subject": {"reference": "Patient/synthetic-2"}}
    first = write("a.json", GENOTYPE)
    code, found, _ = run("interpret", first, write("patient.json", PATIENT))
    assert (code, found["genes"]["CYP2C19"]["phenotype"]) == (0, "Poor Metabolizer")
    code, outcome, _ = run("interpret", first, write("b.json", other))
    assert code == 1
    assert "2 patients" in outcome["issue"][0]["diagnostics"]


def test_text_is_for_people(run, write):
    code, text, _ = run("interpret", write("a.json", GENOTYPE), "--format", "text")
    assert code == 0
    assert re.search(r"CYP2C19 +\*2/\*2.*Poor Metabolizer", text)


def test_recommend_speaks_of_the_drugs_named(run, write):
    file = write("a.json", GENOTYPE)
    code, found, _ = run("recommend", file, "--drug", "clopidogrel")
    assert code == 0
    assert {each["drug"] for each in found["recommendations"]} == {"clopidogrel"}
    by_code = run("recommend", file, "--drug", "32968")[1]
    assert by_code["recommendations"] == found["recommendations"]
    everything = run("recommend", file)[1]
    assert {"clopidogrel", "citalopram"} <= {e["drug"] for e in everything["recommendations"]}


def test_a_drug_that_no_table_knows_is_an_error_not_an_empty_answer(run, write):
    code, outcome, _ = run("recommend", write("a.json", GENOTYPE), "--drug", "nosuchdrug")
    assert code == 1
    assert outcome["issue"][0]["details"]["coding"][0]["code"] == "PGX-203"


def test_knowledge_shows_what_it_holds_and_where_it_is_from(run):
    code, held, _ = run("knowledge", "list")
    assert code == 0
    assert "CYP2C19" in {each["gene"] for each in held["genes"]}
    assert all(
        each["url"].startswith("https://") and each["licence"] for each in held["guidelines"]
    )
    guideline = next(e["guideline"] for e in held["drugs"] if e["drug"] == "clopidogrel")
    assert run("knowledge", "show", guideline)[1]["id"] == guideline
    assert run("knowledge", "show", "cyp2c19")[1]["alleles"]["*2"]["function"] == "No function"
    assert run("knowledge", "show", "Clopidogrel")[1] == run("knowledge", "show", "32968")[1]


def test_knowledge_verify_fails_where_the_hash_differs(run, monkeypatch, tmp_path):
    code, found, _ = run("knowledge", "verify")
    assert (code, found["verified"]) == (0, True)
    assert found["drug_codes"]["file"] == "drug_codes.sqlite"
    assert len(found["drug_codes"]["sha256"]) == 64
    from fhir_pgx.cli import knowledge
    from fhir_pgx.knowledge import loader

    damaged = tmp_path / "knowledge.msgpack"
    damaged.write_bytes(loader.ARTEFACT.read_bytes()[:-1])
    monkeypatch.setattr(knowledge, "load_artefact", lambda: loader.load_artefact(damaged))
    code, outcome, _ = run("knowledge", "verify")
    assert code == 1
    assert outcome["issue"][0]["details"]["coding"][0]["code"] == "PGX-204"


def test_knowledge_verify_fails_where_the_drug_codes_are_not_those_recorded(
    run, monkeypatch, tmp_path
):
    from fhir_pgx.cli import knowledge
    from fhir_pgx.knowledge import drug_codes

    damaged = tmp_path / "drug_codes.sqlite"
    damaged.write_bytes(drug_codes.FILE.read_bytes()[:-1] + b"x")
    record = drug_codes.FILE.with_suffix(".json")
    damaged.with_suffix(".json").write_bytes(record.read_bytes())
    monkeypatch.setattr(knowledge, "DrugCodes", lambda: drug_codes.DrugCodes(damaged))
    code, outcome, _ = run("knowledge", "verify")
    assert code == 1
    (issue,) = outcome["issue"]
    assert issue["details"]["coding"][0]["code"] == "PGX-204"
    assert "drug_codes.sqlite" in issue["details"]["text"]


# The hook


def test_hook_answers_with_the_cards_of_the_server(run, write):
    from fhir_pgx import create_app
    from fhir_pgx.settings import load_settings

    code, offline, _ = run("hook", write("request.json", order_sign()))
    assert code == 0
    assert offline["cards"][0]["indicator"] in ("critical", "warning")
    assert "clopidogrel" in offline["cards"][0]["summary"].lower()
    app = create_app(load_settings({}, overrides={"database": "sqlite:///server.db"}))
    served = app.test_client().post("/cds-services/pgx-order-sign", json=order_sign())
    assert served.get_json() == offline
    app.extensions["fhir_pgx"].store.close()


def test_hook_finds_the_service_by_the_requests_hook_or_takes_the_one_named(run, write):
    request = write("request.json", order_sign())
    by_hook = run("hook", request)
    assert run("hook", request, "--service", "pgx-order-sign") == by_hook
    code, outcome, _ = run("hook", request, "--service", "nonsense")
    assert (code, outcome["issue"][0]["code"]) == (1, "not-found")
    code, outcome, _ = run("hook", write("other.json", {**order_sign(), "hook": "tea-time"}))
    assert (code, outcome["issue"][0]["code"]) == (1, "not-found")
    assert "--service" in json.dumps(outcome)


def test_hook_leaves_no_store_behind_and_records_nothing_in_one_that_is_there(run, write, tmp_path):
    from fhir_pgx.storage import SqlStore

    request = write("request.json", order_sign())
    run("hook", request)
    assert list(tmp_path.glob("*.db")) == []
    SqlStore("sqlite:///fhir_pgx.db").close()
    assert run("hook", request)[0] == 0
    store = SqlStore("sqlite:///fhir_pgx.db")
    assert store.feedback_summary() == []
    store.close()


def test_hook_reads_the_store_for_its_own_server_as_the_server_does(run, write):
    own = order_sign(prefetched=False, fhirServer="http://127.0.0.1:8080/fhir")
    code, outcome, _ = run("hook", write("request.json", own))
    assert (code, outcome["resourceType"]) == (1, "OperationOutcome")  # nothing is known: 412
    assert run("load", write("patient.json", bundle(PATIENT, GENOTYPE)))[0] == 0
    code, answer, _ = run("hook", write("request.json", own))
    assert (code, len(answer["cards"])) == (0, 1)
    other = order_sign(prefetched=False, fhirServer="https://elsewhere.example.org/fhir")
    assert run("hook", write("request.json", other))[0] == 1  # the id is of another server


# Validating


def test_validate_finds_nothing_in_a_good_resource_and_everything_in_a_bad_one(run, write):
    good = write("good.json", GENOTYPE)
    code, outcome, _ = run("validate", good)
    assert (code, outcome["resourceType"]) == (0, "OperationOutcome")
    bad = write("bad.json", {**GENOTYPE, "status": "nonsense", "colour": "red"})
    code, outcome, err = run("validate", good, bad)
    assert code == 1
    places = {e for issue in outcome["issue"] for e in issue.get("expression", [])}
    assert any("status" in each for each in places)
    assert "bad.json: error" in err


# As a program of its own


def test_the_installed_program_writes_json_and_stops_quietly_when_its_reader_does(tmp_path):
    root = Path(__file__).parents[2]
    command = f"{sys.executable} -m fhir_pgx knowledge list | head -c 20"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=root, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b'{\n  "release"')


def test_recommendations_are_written_as_resources_on_request(run, write):
    code, bundle, _ = run("recommend", write("a.json", GENOTYPE), "--format", "fhir")
    assert (code, bundle["resourceType"], bundle["type"]) == (0, "Bundle", "collection")
    types = {each["resource"]["resourceType"] for each in bundle["entry"]}
    assert {"Observation", "Device"} <= types


def test_an_interpretation_is_written_as_a_genomic_report_on_request(run, write):
    code, bundle, _ = run("interpret", write("a.json", GENOTYPE), "--format", "fhir")
    assert (code, bundle["resourceType"], bundle["type"]) == (0, "Bundle", "collection")
    report = bundle["entry"][0]["resource"]
    assert report["meta"]["profile"][0].endswith("/genomic-report")
    _, older, _ = run("interpret", write("a.json", GENOTYPE), "--format", "fhir", "--ig", "stu2")
    assert older["entry"][0]["resource"]["meta"]["profile"][0].endswith("/genomics-report")
