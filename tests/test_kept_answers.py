"""What the pipeline keeps from call to call: never a patient's, and never another answer."""

import pytest

from fhir_pgx import memory
from fhir_pgx.cards.write import write_answer
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.knowledge.loader import load_knowledge
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.plugins import load_services
from fhir_pgx.services.answering import read_call
from fhir_pgx.services.gather import Sources

# Synthetic patients and results throughout.
CLOPIDOGREL = ("309362", "clopidogrel 75 MG Oral Tablet")
CODEINE = ("2670", "codeine")


@pytest.fixture(scope="module")
def knowledge():
    return load_knowledge()


@pytest.fixture
def stages(knowledge):
    codes = DrugCodes()
    yield Pipeline(knowledge, codes)
    codes.close()


def genotype(result_id, patient, gene, text, when="2024-05-02"):
    return {
        "resourceType": "Observation",
        "id": result_id,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "84413-4"}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": when,
        "valueCodeableConcept": {"text": f"{gene} {text}"},
    }


def order(drug, patient, text=None):
    code, name = drug
    return {
        "resourceType": "MedicationRequest",
        "id": "order-1",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": f"Patient/{patient}"},
        "medicationCodeableConcept": {
            "coding": [
                {
                    "system": "http://www.nlm.nih.gov/research/umls/rxnorm",
                    "code": code,
                    "display": name,
                }
            ],
            "text": text or name,
        },
    }


def cards(stages, patient, drug, results, text=None):
    service = load_services(stages.answer).service("pgx-order-sign")
    document = {
        "hook": "order-sign",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": {
            "userId": "Practitioner/u1",
            "patientId": patient,
            "draftOrders": {
                "resourceType": "Bundle",
                "entry": [{"resource": order(drug, patient, text)}],
            },
        },
        "prefetch": {
            "results": {"resourceType": "Bundle", "entry": [{"resource": r} for r in results]}
        },
    }
    return write_answer(service.answer(read_call(document, service, Sources())))["cards"]


def memories(stages):
    return stages.orders.matches, stages.genes.results, stages.advice.advised, stages.advice.changes


def test_a_second_patient_with_the_same_genotype_gets_his_own_evidence_on_the_card(stages):
    first = [genotype("first-result", "p1", "CYP2C19", "*2/*2", "2021-01-01")]
    second = [genotype("second-result", "p2", "CYP2C19", "*2/*2", "2025-06-30")]
    (told_first,) = cards(stages, "p1", CLOPIDOGREL, first)
    (told_second,) = cards(stages, "p2", CLOPIDOGREL, second)
    assert "Observation/first-result, 2021-01-01" in told_first["detail"]
    assert "Observation/second-result, 2025-06-30" in told_second["detail"]
    assert "first-result" not in str(told_second)
    assert told_first["summary"] == told_second["summary"]
    assert told_first["uuid"] != told_second["uuid"]


@pytest.mark.parametrize(
    ("drug", "gene", "before", "after"),
    [
        (CLOPIDOGREL, "CYP2C19", "*2/*2", "*1/*1"),  # poor, then normal: no card
        (CLOPIDOGREL, "CYP2C19", "*1/*1", "*2/*2"),
        (CODEINE, "CYP2D6", "*4/*4", "*1/*2x2"),  # poor, then ultrarapid
        (CODEINE, "CYP2D6", "*1/*4", "*1/*999"),  # then an allele nobody has defined
        (CODEINE, "CYP2D6", "*4/*4", "no answer"),
    ],
)
def test_an_answer_is_the_same_whoever_was_answered_before(
    stages, knowledge, drug, gene, before, after
):
    cards(stages, "p1", drug, [genotype("a", "p1", gene, before)])
    kept = cards(stages, "p2", drug, [genotype("b", "p2", gene, after)])
    codes = DrugCodes()
    fresh = cards(Pipeline(knowledge, codes), "p2", drug, [genotype("b", "p2", gene, after)])
    codes.close()
    assert kept == fresh


def test_nothing_that_is_kept_names_a_patient(stages):
    results = [
        genotype("result-of-somebody", "somebody", "CYP2C19", "*2/*2", "2021-01-01"),
        genotype("remark", "somebody", "CYP2D6", "*4/*4 as told by Ms Somebody"),
    ]
    cards(stages, "somebody", CLOPIDOGREL, results, text="clopidogrel 75 mg for Ms Somebody")
    cards(stages, "somebody", CODEINE, results)
    kept = str([each._kept for each in memories(stages)])
    assert "CYP2C19" in kept  # it does keep something
    for identifying in ("somebody", "Somebody", "result-of", "2021-01-01", "order-1"):
        assert identifying not in kept


def test_only_so_much_is_kept_and_forgetting_changes_no_answer(stages, monkeypatch):
    monkeypatch.setattr(memory, "MOST", 2)
    told = {}
    for _ in range(2):
        for text in ("*1/*2", "*2/*2", "*2/*3", "*17/*17", "*1/*1"):
            found = cards(stages, "p1", CLOPIDOGREL, [genotype("a", "p1", "CYP2C19", text)])
            assert told.setdefault(text, found) == found
    assert max(len(each._kept) for each in memories(stages)) <= 2
