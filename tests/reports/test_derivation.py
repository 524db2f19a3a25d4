"""The report that a store keeps beside the sources: up to date, once, and never its own evidence.

All patients are synthetic.
"""

import contextlib
from contextlib import closing

import pytest

from fhir_pgx.errors import StoreFailure
from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.fhir.derived import is_kept_derivation
from fhir_pgx.fhir.json import read_json, write_json
from fhir_pgx.operations.reports import stored_entries
from fhir_pgx.rest.derivation import derive_report
from fhir_pgx.rest.deriver import Deriver
from fhir_pgx.rest.loading import drafts_in, load_documents
from fhir_pgx.rest.watched_store import watched
from fhir_pgx.settings import Settings
from fhir_pgx.storage import SqlStore
from fhir_pgx.web.derivation import derivation_server
from tests.reports.people import PATIENT, bundle, result
from tests.stores import KINDS, new_database


@pytest.fixture(params=KINDS)
def store(request, tmp_path):
    with closing(SqlStore(new_database(request.param, tmp_path))) as opened:
        yield opened


@pytest.fixture
def server(store):
    return derivation_server(store, Settings())


@pytest.fixture
def load(server):
    def into(*resources):
        load_documents(server, drafts_in([bundle(*resources)]))

    return into


def bodies(store, *, kept):
    found = [read_json(each.body, max_bytes=10_000_000) for each in store.resources_of("x")]
    return [each for each in found if is_kept_derivation(each) is kept]


def genotypes(store):
    return [
        each["valueCodeableConcept"]["text"]
        for each in bodies(store, kept=True)
        if each["resourceType"] == "Observation"
        and each["code"].get("coding", [{}])[0].get("code") == "84413-4"
    ]


def test_a_report_is_kept_beside_the_sources_and_says_what_it_is_derived_from(
    store, server, load, pipeline
):
    load(PATIENT, result("one", "CYP2C19", "*1/*2"))
    done = derive_report(server, pipeline, "x")
    kept = bodies(store, kept=True)
    assert done.written == len(kept)
    assert genotypes(store) == ["*1/*2"]
    types = {each["resourceType"] for each in kept}
    assert types >= {"DiagnosticReport", "Observation", "Provenance"}
    here = {f"{each['resourceType']}/{each['id']}" for each in kept} | {"Observation/one"}
    (report,) = (each for each in kept if each["resourceType"] == "DiagnosticReport")
    assert {each["reference"] for each in report["result"]} <= here
    assert report["subject"] == {"reference": "Patient/x"}


def test_deriving_again_writes_nothing(store, server, load, pipeline):
    load(PATIENT, result("one", "CYP2C19", "*1/*2"))
    derive_report(server, pipeline, "x")
    before = {each.reference: each.version for each in store.resources_of("x")}
    again = derive_report(server, pipeline, "x")
    assert (again.written, again.removed) == (0, 0)
    assert {each.reference: each.version for each in store.resources_of("x")} == before


def test_what_no_longer_follows_is_removed(store, server, load, pipeline):
    load(PATIENT, result("one", "CYP2C19", "*1/*2"))
    derive_report(server, pipeline, "x")
    load(result("one", "CYP2C19", "*2/*2"))
    done = derive_report(server, pipeline, "x")
    assert done.removed
    assert genotypes(store) == ["*2/*2"]


def test_without_sources_nothing_is_kept(store, server, load, pipeline):
    load(PATIENT, result("one", "CYP2C19", "*1/*2"))
    derive_report(server, pipeline, "x")
    with store.transaction() as unit:
        unit.delete("Observation", "one")
    derive_report(server, pipeline, "x")
    assert bodies(store, kept=True) == []
    (patient,) = bodies(store, kept=False)
    assert patient["resourceType"] == "Patient"


def test_the_kept_report_does_not_confirm_itself(store, server, load, pipeline):
    load(PATIENT, result("one", "CYP2C19", "*1/*2"))
    before = pipeline.interpret(stored_entries(store.reads(), "x")).genes
    derive_report(server, pipeline, "x")
    assert pipeline.interpret(stored_entries(store.reads(), "x")).genes == before
    everything = [
        each
        for stored in store.resources_of("x")
        for each in entries_of(read_json(stored.body, max_bytes=10_000_000))
    ]
    assert pipeline.interpret(everything).genes == before


def test_the_kept_report_is_in_no_genomic_index(store, server, load, pipeline):
    load(PATIENT, result("one", "CYP2C19", "*1/*2"))
    before = store.reads().genotypes_of((), patient="x")
    derive_report(server, pipeline, "x")
    assert store.reads().genotypes_of((), patient="x") == before


def test_one_patient_never_holds_what_was_derived_of_another(store, server, load, pipeline):
    other = PATIENT | {"id": "y"}
    load(PATIENT, result("one", "CYP2C19", "*1/*2"), other,
         result("two", "TPMT", "*1/*3A") | {"subject": {"reference": "Patient/y"}})  # fmt: skip
    derive_report(server, pipeline, "x")
    derive_report(server, pipeline, "y")
    assert genotypes(store) == ["*1/*2"]
    shown = b"".join(e.body for e in store.resources_of("y") if e.type == "Observation")
    assert b'"*1/*2"' not in shown


# Behind the writes


def test_patients_are_named_after_the_commit_and_not_where_it_fails(store):
    told = []
    seen = watched(store, told.extend)
    server = derivation_server(seen, Settings())
    load_documents(server, drafts_in([bundle(PATIENT, result("one", "CYP2C19", "*1/*2"))]))
    assert told == [("", "x")]
    with contextlib.suppress(RuntimeError), seen.transaction() as unit:
        unit.delete("Observation", "one")
        raise RuntimeError
    assert told == [("", "x")]
    with seen.transaction() as unit:
        unit.delete("Observation", "one")
    assert told == [("", "x")] * 2


def test_one_patients_fault_does_not_stop_the_next_and_names_nobody(caplog):
    done = []

    def derive(patient):
        done.append(patient)
        if patient == "broken":
            raise ValueError("the name of somebody")

    deriver = Deriver(derive)
    deriver.tell(["broken", "whole"])
    assert deriver.settle(20)
    assert done == ["broken", "whole"]
    assert "ValueError" in caplog.text
    assert "somebody" not in caplog.text
    assert "broken" not in caplog.text
    deriver.tell(["broken"])  # derived again at the next write
    assert deriver.settle(20)
    assert done[2:] == ["broken"]


def test_more_patients_than_can_wait_are_left_out_with_a_warning(caplog):
    from threading import Event

    go, done = Event(), []

    def derive(patient):
        go.wait(20)
        done.append(patient)

    deriver = Deriver(derive, most=2)
    deriver.tell(["a", "b", "c", "d"])
    go.set()
    assert deriver.settle(20)
    assert done == ["a", "b"]
    assert "2 reports were not derived" in caplog.text


def test_nothing_kept_refers_to_what_is_only_in_a_bundle(store, server, load, pipeline):
    load(PATIENT, result("one", "CYP2C19", "*1/*2"))
    derive_report(server, pipeline, "x")
    assert not any(b"urn:uuid:" in write_json(each) for each in bodies(store, kept=True))


def test_a_store_that_fails_for_a_while_is_asked_again(caplog):
    done = []

    def derive(patient):
        done.append(patient)
        if len(done) < 3:
            raise StoreFailure("the database is locked")

    deriver = Deriver(derive, rest=0, pauses=(0.01, 0.01))
    deriver.tell(["x"])
    assert deriver.settle(20)
    assert done == ["x"] * 3
    assert caplog.text == ""


def test_a_store_that_goes_on_failing_is_told_of_in_the_log(caplog):
    done = []

    def derive(patient):
        done.append(patient)
        raise StoreFailure("the database is locked")

    deriver = Deriver(derive, rest=0, pauses=(0.01, 0.01))
    deriver.tell(["somebody"])
    assert deriver.settle(20)
    assert done == ["somebody"] * 3
    assert caplog.text.count("was not derived: StoreFailure") == 1
    assert "somebody" not in caplog.text


def test_writes_that_follow_each_other_are_derived_once():
    done = []
    deriver = Deriver(done.append, rest=0.2)
    for _ in range(5):
        deriver.tell(["x"])
    assert deriver.settle(20)
    assert done == ["x"]


@pytest.mark.parametrize(
    ("type_", "is_told"), [("AllergyIntolerance", True), ("RiskAssessment", True),
                           ("MedicationStatement", True), ("AuditEvent", False)]
)  # fmt: skip
def test_whatever_a_report_may_rest_on_is_told_of(store, type_, is_told):
    told = []
    server = derivation_server(watched(store, told.extend), Settings())
    name = "patient" if type_ in ("AllergyIntolerance", "AuditEvent") else "subject"
    of_x = {name: {"reference": "Patient/x"}}
    if type_ == "AuditEvent":
        of_x = {"entity": [{"what": {"reference": "Patient/x"}}]}
    load_documents(server, drafts_in([bundle({"resourceType": type_, "id": "a", **of_x})]))
    assert told == ([("", "x")] if is_told else [])


def test_an_allele_that_an_allergy_states_is_in_the_report(store, pipeline):
    told = []
    server = derivation_server(watched(store, told.extend), Settings())
    load_documents(server, drafts_in([bundle(PATIENT)]))
    told.clear()
    allergy = {
        "resourceType": "AllergyIntolerance",
        "id": "a",
        "patient": {"reference": "Patient/x"},
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": {"text": "HLA-B*57:01 positive"},
    }
    load_documents(server, drafts_in([bundle(allergy)]))
    assert told == [("", "x")]
    derive_report(derivation_server(store, Settings()), pipeline, "x")
    (report,) = (e for e in bodies(store, kept=True) if e["resourceType"] == "DiagnosticReport")
    assert "HLA-B: *57:01 positive" in report["conclusion"]
