"""The trace: from the resource to the row, and what would change it. Synthetic patients."""

import json
from datetime import date

import pytest

from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.model.document import Document, Options
from fhir_pgx.pipeline import Pipeline

RXNORM, LOINC = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://loinc.org"
SUBJECT = {"reference": "Patient/synthetic-1"}
PATIENT = {"resourceType": "Patient", "id": "synthetic-1", "birthDate": "1980-01-01"}
GENOTYPE = {
    "resourceType": "Observation", "id": "synthetic-cyp2d6", "status": "final",
    "subject": SUBJECT, "effectiveDateTime": "2024-05-02",
    "code": {"coding": [{"system": LOINC, "code": "84413-4"}]},
    "valueCodeableConcept": {"text": "CYP2D6 *1/*1"},
}  # fmt: skip
PAROXETINE = {
    "resourceType": "MedicationRequest", "id": "synthetic-use", "status": "active",
    "intent": "order", "subject": SUBJECT, "authoredOn": "2026-10-01",
    "medicationCodeableConcept": {
        "coding": [{"system": RXNORM, "code": "32937", "display": "paroxetine"}],
        "text": "paroxetine for Ms Somebody",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 23))


def document(*resources):
    bundle = {
        "resourceType": "Bundle", "type": "collection",
        "entry": [{"resource": each} for each in resources],
    }  # fmt: skip
    return Document(json.dumps(bundle).encode(), "data.json", "application/fhir+json")


def explain(pipeline, *drugs, resources=(PATIENT, GENOTYPE, PAROXETINE), written="json"):
    options = Options(format=written, drugs=drugs)
    return pipeline.explain_documents([document(*resources)], options)


def test_every_step_of_the_way_is_in_the_trace(pipeline):
    trace = explain(pipeline, "codeine")
    assert trace["knowledge"]["sha256"] == pipeline.knowledge.sha256
    (drug,) = trace["drugs"]
    gene = drug["genes"]["CYP2D6"]
    assert gene["stated"][0]["reference"] == "Observation/synthetic-cyp2d6"
    assert gene["concluded"]["diplotypes"][0]["name"] == "*1/*1"
    assert gene["lookup_keys"] == ["2.0"]
    rule = next(each for each in drug["modifiers"] if each["is_rule"])
    assert rule["guideline"] == "cyp2d6-opioids"
    assert rule["agents"][0]["reference"] == "MedicationRequest/synthetic-use"
    assert (rule["genetic"]["phenotype"], rule["effective"]["phenotype"]) == (
        "Normal Metabolizer",
        "Poor Metabolizer",
    )
    assert "PMID 33387367" in rule["source"]
    lead = drug["sources"][0]
    assert (drug["lead"], lead["source"], lead["stance"]) == ("CPIC", "CPIC", "leads")
    assert lead["rules"] == ["cpic.codeine.general.cyp2d6-0.0"]
    assert all(lead["source_rows"])
    (row,) = [r for r in drug["recommendations"] if r["rule"] == lead["rules"][0]]
    assert row["evidence"][0]["pmid"]
    assert row["modifiers"][0]["is_rule"] is True
    assert row["population_fit"] in ("holds", "likely", "unknown")
    assert [each["code"] for each in drug["changes"]] == ["without:32937"]


def test_a_population_is_told_with_what_decided_it(pipeline):
    (drug,) = explain(pipeline, "voriconazole")["drugs"]
    fits = {each["population"]: (each["fit"], each["why"]) for each in drug["populations"]}
    assert fits["adult"] == ("holds", ["at least 18 years: 46 years old"])
    assert fits["pediatric"] == ("no", ["below 18 years: 46 years old"])
    (unknown,) = explain(pipeline, "voriconazole", resources=(GENOTYPE,))["drugs"]
    assert {each["fit"] for each in unknown["populations"]} == {"unknown"}
    assert unknown["populations"][0]["why"][0].endswith("age not known")


def test_a_drug_without_a_result_and_one_without_guidance_say_why(pipeline):
    trace = explain(pipeline, "metformin", "clopidogrel", resources=(PATIENT,))
    reasons = {each["drug"]: each["unanswered"]["reason"] for each in trace["drugs"]}
    assert reasons == {"metformin": "no-guidance", "clopidogrel": "not-tested"}
    assert trace["drugs"][1]["changes"][0]["code"] == "test:CYP2C19"


def test_recommend_fills_in_what_other_medicines_do(pipeline):
    data = document(PATIENT, GENOTYPE, PAROXETINE)
    answer = pipeline.recommend_documents([data], Options(drugs=("codeine",)))
    first = answer["recommendations"][0]
    (modifier,) = first["modifiers"]
    assert modifier["gene"] == "CYP2D6"
    assert modifier["agents"][0] | {"source": ""} == {
        "agent": "paroxetine", "rxnorm": "32937", "role": "inhibitor", "strength": "strong",
        "state": "active", "reference": "MedicationRequest/synthetic-use", "source": "",
    }  # fmt: skip
    alone = pipeline.recommend_documents([document(PATIENT, GENOTYPE)], Options(drugs=("codeine",)))
    assert [each["modifiers"] for each in alone["recommendations"]] == [[]] * len(
        alone["recommendations"]
    )


def test_a_person_can_read_the_trace_from_top_to_bottom(pipeline):
    text = explain(pipeline, "codeine", written="text")
    steps = (
        "Patient/synthetic-1, knowledge release",
        "CODEINE",
        "stated: diplotype CYP2D6 *1/*1 (present) in Observation/synthetic-cyp2d6, 2024-05-02",
        "concluded: *1/*1; Normal Metabolizer; activity score 2.0",
        "other medicines (cyp2d6-opioids, rule): Paroxetine (in use) strongly inhibits CYP2D6",
        "CPIC by CYP2D6 leads",
        "rule cpic.codeine.general.cyp2d6-0.0",
        "genotype and opioids; PMID 33387367",
        "would change it (without:32937): Without paroxetine, once it no longer acts",
    )
    places = [text.index(step) for step in steps]
    assert places == sorted(places)
    assert pipeline.knowledge.sha256 in text


@pytest.mark.parametrize("written", ["json", "text"])
def test_what_somebody_typed_beside_a_medicine_is_not_in_the_trace(pipeline, written):
    assert "Somebody" not in str(explain(pipeline, "codeine", written=written))
