"""Genotypes of drug response as therapeutic implications. All patients are synthetic."""

import json

import pytest
from fhir.resources.R4B.observation import Observation

from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.recommendation import advise
from fhir_pgx.reports.pgx_implications import (
    PHENOTYPE_ANSWERS,
    drug_implications,
    phenotype_implication,
)
from fhir_pgx.settings import Settings
from fhir_pgx.validation.document import validate_resource

LOINC = "http://loinc.org"
TBD = "http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/tbd-codes-cs"
LEVELS = "http://hl7.org/fhir/uv/genomics-reporting/CodeSystem/pharmgkb-evidence-level-custom-cs"
FRAME = {"subject": "Patient/synthetic-1", "when": "2026-11-23", "release": "2026.11"}


@pytest.fixture(scope="module")
def pipeline():
    return Pipeline.load(Settings())


def genotype(gene, value, name="g"):
    return {
        "resourceType": "Observation",
        "id": f"{name}-{gene.lower()}",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "84413-4"}]},
        "subject": {"reference": "Patient/synthetic-1"},
        "valueCodeableConcept": {"text": f"{gene} {value}"},
        "component": [
            {
                "code": {"coding": [{"system": LOINC, "code": "48018-6"}]},
                "valueCodeableConcept": {"text": gene},
            }
        ],
    }


def results(pipeline, *resources):
    return pipeline.interpret(entries_of(list(resources))).genes


def advised(pipeline, drug, found, **members):
    (group,) = pipeline.orders.named(drug)
    advice = advise(group, found, pipeline.rulebook)
    levels = pipeline.knowledge.levels.of(advice.rxcui, advice.drug)
    return drug_implications(advice, found, levels=levels, **FRAME, **members)


def values(observation, code, system=LOINC):
    return [
        each.get("valueCodeableConcept") or each.get("valueString")
        for each in observation["component"]
        if each["code"]["coding"][0] == {"system": system, "code": code}
    ]


def test_a_phenotype_is_an_implication_of_its_genotype(pipeline):
    found = results(pipeline, genotype("CYP2C19", "*2/*2"))
    made = phenotype_implication(found["CYP2C19"], **FRAME)
    assert made["code"]["coding"] == [{"system": TBD, "code": "therapeutic-implication"}]
    assert made["status"] == "preliminary"
    assert made["derivedFrom"] == [
        {"reference": "Observation/g-cyp2c19", "display": "CYP2C19 *2/*2"}
    ]
    assert values(made, "therapeutic-implication", TBD) == [
        {
            "coding": [{"system": LOINC, "code": "LA9657-3", "display": "Poor metabolizer"}],
            "text": "CYP2C19 Poor Metabolizer",
        }
    ]
    assert {"text": "We infer it from the genotype."} in made["note"]
    assert "2026.11" in made["device"]["display"]


@pytest.mark.parametrize(
    ("gene", "genotyped", "code", "text"),
    [
        ("CYP2C19", "*1/*17", "LA25390-8", "CYP2C19 Rapid Metabolizer"),
        ("CYP2C19", "*1/*1", "LA25391-6", "CYP2C19 Normal Metabolizer"),
        ("CYP2C19", "*1/*2", "LA10317-8", "CYP2C19 Intermediate Metabolizer"),
        ("SLCO1B1", "*5/*5", "LA25394-0", "SLCO1B1 Poor Function"),
        # the guide has no answer for these: they are text
        ("CYP2C19", "*2/*9", None, "CYP2C19 Likely Poor Metabolizer"),
        ("CYP2C19", "*1/*12", None, "CYP2C19 Indeterminate"),
    ],
)
def test_a_phenotype_has_a_code_only_where_the_guide_has_its_answer(
    pipeline, gene, genotyped, code, text
):
    found = results(pipeline, genotype(gene, genotyped))
    made = phenotype_implication(found[gene], **FRAME)
    (value,) = values(made, "therapeutic-implication", TBD)
    assert value["text"] == text
    assert [each["code"] for each in value.get("coding", [])] == ([code] if code else [])


def test_one_of_several_possible_phenotypes_has_no_code(pipeline):
    found = results(pipeline, genotype("CYP2C19", "*1/*2", "a"), genotype("CYP2C19", "*2/*2", "b"))
    made = phenotype_implication(found["CYP2C19"], **FRAME)
    for value in values(made, "therapeutic-implication", TBD):
        assert "coding" not in value
        assert value["text"].startswith("if CYP2C19 ")
    assert {"text": "Two results disagree."} in made["note"]
    for each in advised(pipeline, "clopidogrel", found):
        assert all("coding" not in v for v in values(each, "therapeutic-implication", TBD))


def test_of_results_that_disagree_each_is_told_and_none_has_a_code(pipeline):
    found = results(pipeline, genotype("CYP2C19", "*2/*2"), genotype("CYP2C19", "*1/*17", "h"))
    made = phenotype_implication(found["CYP2C19"], **FRAME)
    told = values(made, "therapeutic-implication", TBD)
    assert [each["text"] for each in told] == [
        "if CYP2C19 Poor Metabolizer",
        "if CYP2C19 Rapid Metabolizer",
    ]
    assert not any("coding" in each for each in told)
    assert values(made, "conclusion-string", TBD) == [
        "CYP2C19 *2/*2 against *1/*17: Poor Metabolizer against Rapid Metabolizer."
    ]


def test_an_untested_gene_implies_nothing_and_never_normal(pipeline):
    found = results(pipeline, genotype("CYP2D6", "*1/*1"))
    assert phenotype_implication(found["CYP2C19"], **FRAME) is None
    assert advised(pipeline, "clopidogrel", found) == []


def test_advice_is_an_implication_for_each_source_and_population(pipeline):
    found = results(pipeline, genotype("CYP2C19", "*2/*2"))
    made = advised(pipeline, "clopidogrel", found)
    strengths = [values(each, "93044-6")[0]["text"] for each in made]
    assert {each.partition(":")[0] for each in strengths} == {"CPIC", "DPWG", "FDA"}
    assert len({each["id"] for each in made}) == len(made)
    coronary = [each for each in made if {"text": "ACS or PCI"} in values(each, "81259-4")]
    assert len(coronary) == 1
    for each in made:
        (drug,) = values(each, "51963-7")
        assert drug["coding"][0]["code"] == "32968"
        assert {"coding": [{"system": LEVELS, "code": "1A"}], "text": "ClinPGx 1A, CYP2C19"} in (
            values(each, "93044-6")
        )
        assert values(each, "conclusion-string", TBD)[0]
        assert values(each, "knowledge-base", TBD)[0]["text"]


def test_advice_by_two_genes_says_which_phenotype_is_whose(pipeline):
    found = results(pipeline, genotype("CYP2C19", "*2/*2"), genotype("CYP2D6", "*1/*1"))
    cpic = next(
        each
        for each in advised(pipeline, "amitriptyline", found)
        if values(each, "93044-6")[0]["text"].startswith("CPIC")
    )
    told = [each["text"] for each in values(cpic, "therapeutic-implication", TBD)]
    assert sorted(told) == ["CYP2C19 Poor Metabolizer", "CYP2D6 Normal Metabolizer"]
    held = {each["reference"] for each in cpic["derivedFrom"]}
    assert held == {"Observation/g-cyp2c19", "Observation/g-cyp2d6"}


def test_advice_that_rests_on_one_of_two_genes_says_so(pipeline):
    found = results(pipeline, genotype("CYP2D6", "*4/*4"))
    for each in advised(pipeline, "amitriptyline", found):
        assert [v["text"] for v in values(each, "therapeutic-implication", TBD)] == [
            "CYP2D6 Poor Metabolizer"
        ]
        assert [p["reference"] for p in each["derivedFrom"]] == ["Observation/g-cyp2d6"]


def test_parents_that_the_caller_wrote_take_the_place_of_the_results(pipeline):
    found = results(pipeline, genotype("CYP2C19", "*2/*2"))
    own = [{"reference": "urn:uuid:7d1f2f9c-7f7e-4b6e-9a52-6f6d5f5b1a11"}]
    for each in advised(pipeline, "clopidogrel", found, parents={"CYP2C19": own}):
        assert each["derivedFrom"] == own


def test_every_implication_is_valid_and_reads_back(pipeline):
    sent = [genotype("CYP2C19", "*2/*2"), genotype("CYP2D6", "*1/*1")]
    found = results(pipeline, *sent)
    made = advised(pipeline, "clopidogrel", found) + advised(pipeline, "amitriptyline", found)
    made += [phenotype_implication(found[gene], **FRAME) for gene in ("CYP2C19", "CYP2D6")]
    for each in made:
        Observation.model_validate_json(json.dumps(each))
        faults = [f for f in validate_resource(each) if f.severity in ("error", "fatal")]
        assert faults == []
        codes = {c["code"] for category in each["category"] for c in category["coding"]}
        assert codes == {"laboratory", "GE"}
        assert not any(name.startswith("value") for name in each)
        assert each["derivedFrom"]
    again = results(pipeline, *sent, *made)
    for gene in ("CYP2C19", "CYP2D6"):
        assert again[gene].phenotype == found[gene].phenotype
        assert again[gene].status == found[gene].status


def test_the_answers_are_those_that_the_reader_knows(pipeline):
    known = pipeline.knowledge.vocabulary.answers
    assert {name: known[code] for name, (code, _) in PHENOTYPE_ANSWERS.items()} == {
        name: name for name in PHENOTYPE_ANSWERS
    }
