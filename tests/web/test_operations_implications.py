"""The operations on implications, consequences and tests over HTTP. All patients are synthetic."""

from contextlib import closing

import pytest
from fhir.resources.R4B.parameters import Parameters

from fhir_pgx.pipeline import Pipeline
from fhir_pgx.rest.loading import drafts_in, load_documents
from fhir_pgx.rest.server import Server
from fhir_pgx.settings import Settings
from fhir_pgx.storage import SqlStore
from fhir_pgx.web.app import create_app

from ..operations.implied import counts, ids, resources
from ..operations.synthetic import (
    condition_part,
    drug,
    effect,
    genotype,
    implication,
    patient,
    protein,
    report,
    variant,
)

BASE = "http://localhost/fhir"
PEOPLE = (
    patient("anna"),
    genotype("anna-2c19", "anna", "CYP2C19", "*2/*2"),
    implication("anna-tx", "anna", "therapeutic-implication", effect("Poor metabolizer"),
                drug("32968", "clopidogrel"), parents=["anna-2c19"]),
    variant("anna-egfr", "anna", "EGFR", protein("p.Leu858Arg"), source="LA6684-0"),
    implication("anna-dx", "anna", "diagnostic-implication",
                condition_part("Malignant hyperthermia", "405501007"), parents=["anna-egfr"]),
    report("anna-report", "anna", ["anna-2c19"], identifier="T-1"),
)  # fmt: skip
SUBJECT = {
    "find-subject-tx-implications": ("phenotype", {"treatments": "clopidogrel"}, "implication"),
    "find-subject-dx-implications": ("phenotype", {"conditions": "405501007"}, "implication"),
    "find-subject-molecular-consequences": (
        "phenotype", {"featureConsequences": "missense_variant"}, "consequence",
    ),
    "find-study-metadata": ("metadata", {}, "tests"),
}  # fmt: skip
POPULATION = {
    "find-population-tx-implications": ({"treatments": "clopidogrel"}, "implications"),
    "find-population-dx-implications": ({"conditions": "405501007"}, "implications"),
    "find-population-molecular-consequences": (
        {"featureConsequences": "missense_variant"}, "consequences",
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("implications")
    settings = Settings(base_url="http://localhost", derive_reports="off")
    pipeline = Pipeline.load(settings)
    with closing(SqlStore(f"sqlite:///{folder}/store.db")) as store:
        entries = [{"resource": each} for each in PEOPLE]
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        load_documents(Server(store, BASE, pipeline.genomic_index), drafts_in([bundle]))
        yield create_app(settings, pipeline=pipeline, store=store).test_client()


def answered(answer):
    assert answer.status_code == 200, answer.get_data(as_text=True)
    Parameters.model_validate_json(answer.data)
    return answer.get_json()


@pytest.mark.parametrize("name", SUBJECT)
def test_a_subject_operation_answers_alike_at_each_of_its_addresses(client, name):
    family, asked, part = SUBJECT[name]
    query = {"subject": "anna", **asked}
    found = answered(client.get(f"/fhir/${name}", query_string=query))
    assert any(each["name"] == part for each in found["parameter"])
    legacy = f"/subject-operations/{family}-operations/${name}"
    for path in (f"/fhir/Observation/${name}", f"/fhir{legacy}", legacy):
        assert answered(client.get(path, query_string=query)) == found
    own = client.get(f"/fhir/Patient/anna/${name}", query_string=asked)
    assert answered(own) == found
    given = [{"name": key, "valueString": value} for key, value in query.items()]
    body = {"resourceType": "Parameters", "parameter": given}
    assert answered(client.post(f"/fhir/${name}", json=body)) == found


@pytest.mark.parametrize("name", POPULATION)
def test_a_population_operation_counts_over_http(client, name):
    asked, group = POPULATION[name]
    query = {**asked, "includePatientList": "true"}
    found = answered(client.get(f"/fhir/${name}", query_string=query))
    assert counts(found, group) == (1, 1, ["Patient/anna"])
    legacy = f"/population-operations/phenotype-operations/${name}"
    assert answered(client.get(legacy, query_string=query)) == found


def test_a_treatment_may_be_a_posted_coding(client):
    coding = {"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "309362"}
    body = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "subject", "valueString": "Patient/anna"},
            {"name": "treatments", "valueCoding": coding},
        ],
    }
    found = answered(client.post("/fhir/$find-subject-tx-implications", json=body))
    assert "anna-tx" in ids(found, "implication")
    assert ids(found, "genotype") == ["anna-2c19"]


def test_an_answer_comes_in_xml_too(client):
    query = {"subject": "anna", "treatments": "clopidogrel", "_format": "xml"}
    answer = client.get("/fhir/$find-subject-tx-implications", query_string=query)
    assert answer.status_code == 200
    assert b"<Parameters" in answer.data


@pytest.mark.parametrize(
    ("name", "query", "status"),
    [
        ("find-subject-tx-implications", {"treatments": "clopidogrel"}, 400),  # nobody's
        ("find-subject-tx-implications", {"subject": "nobody", "treatments": "x"}, 404),
        ("find-subject-tx-implications", {"subject": "anna", "ranges": "7:1-2"}, 400),
        ("find-subject-tx-implications", {"subject": "anna", "variants": "V600E"}, 400),
        ("find-subject-dx-implications", {"subject": "anna", "treatments": "x"}, 400),
        ("find-study-metadata", {"subject": "anna", "genomicSourceClass": "germline"}, 400),
        ("find-population-tx-implications", {"subject": "anna", "treatments": "x"}, 400),
    ],
)
def test_a_refusal_is_an_operation_outcome(client, name, query, status):
    answer = client.get(f"/fhir/${name}", query_string=query)
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.get_json()["resourceType"] == "OperationOutcome"


def test_nothing_found_is_an_empty_parameters_and_no_error(client):
    query = {"subject": "anna", "treatments": "warfarin"}
    found = answered(client.get("/fhir/$find-subject-tx-implications", query_string=query))
    assert resources(found, "implication") == []
