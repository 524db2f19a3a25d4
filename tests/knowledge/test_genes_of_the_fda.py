"""Genes that only FDA's table names: what a report must say for a result, and what gives none.

The table knows BCHE and UGT2B17 by phenotype alone, HLA-DRB1 and HLA-DQA1 by one allele each. All
results are synthetic.
"""

from datetime import date

import pytest

from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.model.phenotype import Status
from fhir_pgx.pipeline import Pipeline

LOINC = "http://loinc.org"
HGNC = "http://www.genenames.org/geneId"
GENOTYPE, METABOLISM = "84413-4", "53040-2"  # LOINC: genotype display name, effect on metabolism
POOR = {"coding": [{"system": LOINC, "code": "LA9657-3", "display": "Poor metabolizer"}]}


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 23))


@pytest.fixture
def result(pipeline):
    """The result of a gene from the Observations of one synthetic patient."""

    def interpret(gene, *observations):
        bundle = {
            "resourceType": "Bundle",
            "type": "collection",
            "entry": [{"resource": each} for each in observations],
        }
        return pipeline.interpret(entries_of(bundle)).genes[gene]

    return interpret


def observation(code, value, *components, number=1):
    return {
        "resourceType": "Observation",
        "id": f"synthetic-{number}",
        "status": "final",
        "code": code,
        "subject": {"reference": "Patient/synthetic"},
        "effectiveDateTime": "2024-05-02",
        "valueCodeableConcept": value,
        "component": list(components),
    }


def of_gene(code, gene, value, number=1):
    """An Observation with this LOINC code of a gene, by symbol or by HGNC id."""
    named = {"text": gene}
    if gene.startswith("HGNC:"):
        named = {"coding": [{"system": HGNC, "code": gene}]}
    studied = {"code": {"coding": [{"system": LOINC, "code": "48018-6"}]}}
    coded = {"coding": [{"system": LOINC, "code": code}]}
    return observation(coded, value, {**studied, "valueCodeableConcept": named}, number=number)


@pytest.mark.parametrize(
    ("gene", "named", "value", "phenotype"),
    [
        ("BCHE", "BCHE", POOR, "Poor Metabolizer"),
        ("BCHE", "HGNC:983", POOR, "Poor Metabolizer"),
        ("BCHE", "BCHE", {"text": "Intermediate Metabolizer"}, "Intermediate Metabolizer"),
        ("BCHE", "BCHE", {"text": "Normal Metabolizer"}, "Normal Metabolizer"),
        ("UGT2B17", "UGT2B17", POOR, "Poor Metabolizer"),
        ("UGT2B17", "HGNC:12547", POOR, "Poor Metabolizer"),
        ("UGT2B17", "UGT2B17", {"text": "intermediate metaboliser"}, "Intermediate Metabolizer"),
    ],
)
def test_a_reported_phenotype_is_the_result_and_the_key(result, gene, named, value, phenotype):
    found = result(gene, of_gene(METABOLISM, named, value))
    assert (found.status, found.phenotype) == (Status.CALLED, phenotype)
    assert found.lookup_keys == (phenotype,)


@pytest.mark.parametrize("gene", ["BCHE", "UGT2B17"])
def test_an_indeterminate_phenotype_stays_indeterminate(result, gene):
    found = result(gene, of_gene(METABOLISM, gene, {"text": "Indeterminate"}))
    assert (found.status, found.lookup_keys) == (Status.INDETERMINATE, ("Indeterminate",))


@pytest.mark.parametrize("gene", ["BCHE", "UGT2B17"])
@pytest.mark.parametrize("stated", ["*1/*1", "*2/*2", "A/A", "U/U", "*1"])
def test_a_genotype_gives_no_result_and_never_a_normal_one(result, gene, stated):
    found = result(gene, of_gene(GENOTYPE, gene, {"text": stated}))
    assert (found.status, found.phenotype, found.lookup_keys) == (Status.NOT_CALLED, None, ())
    assert "PGX-609" in {caveat.code for caveat in found.caveats}


def test_a_phenotype_counts_beside_a_genotype_that_cannot_be_interpreted(result):
    found = result(
        "BCHE",
        of_gene(GENOTYPE, "BCHE", {"text": "A/A"}),
        of_gene(METABOLISM, "BCHE", POOR, number=2),
    )
    assert (found.status, found.lookup_keys) == (Status.CALLED, ("Poor Metabolizer",))


def test_a_gene_nobody_spoke_of_is_not_tested(result):
    assert result("BCHE", of_gene(METABOLISM, "UGT2B17", POOR)).status is Status.NOT_TESTED


@pytest.mark.parametrize(
    ("gene", "allele", "answer", "key"),
    [
        ("HLA-DRB1", "*07:01", "Positive", "*07:01 positive"),
        ("HLA-DRB1", "*07:01", "Negative", "*07:01 negative"),
        ("HLA-DQA1", "*02:01", "Positive", "*02:01 positive"),
        ("HLA-DQA1", "*02:01", "Negative", "*02:01 negative"),
    ],
)
def test_a_test_for_the_allele_gives_its_status(result, gene, allele, answer, key):
    found = result(gene, observation({"text": f"{gene}{allele}"}, {"text": answer}))
    assert (found.status, found.lookup_keys) == (Status.CALLED, (key,))


@pytest.mark.parametrize(
    ("gene", "typing", "status", "keys"),
    [
        ("HLA-DRB1", "HLA-DRB1*07:01+HLA-DRB1*15:01", Status.CALLED, ("*07:01 positive",)),
        ("HLA-DRB1", "HLA-DRB1*01:01+HLA-DRB1*15:01", Status.CALLED, ("*07:01 negative",)),
        ("HLA-DRB1", "DRB1*07:01:01G+DRB1*15:01", Status.CALLED, ("*07:01 positive",)),
        # Typed to one field: it may be *07:01, and may not.
        (
            "HLA-DRB1",
            "HLA-DRB1*07+HLA-DRB1*15:01",
            Status.AMBIGUOUS,
            ("*07:01 positive", "*07:01 negative"),
        ),
        ("HLA-DQA1", "HLA-DQA1*01:02+HLA-DQA1*02:01", Status.CALLED, ("*02:01 positive",)),
        ("HLA-DQA1", "HLA-DQA1*01:02+HLA-DQA1*05:01", Status.CALLED, ("*02:01 negative",)),
        # One chromosome alone does not rule the allele out.
        ("HLA-DQA1", "HLA-DQA1*01:02", Status.NOT_CALLED, ()),
        # A typing of another locus says nothing of this one.
        ("HLA-DQA1", "HLA-DRB1*07:01+HLA-DRB1*15:01", Status.NOT_CALLED, ()),
    ],
)
def test_a_typing_gives_the_status_of_the_allele(result, gene, typing, status, keys):
    found = result(gene, of_gene(GENOTYPE, gene, {"text": typing}))
    assert (found.status, found.lookup_keys) == (status, keys)


@pytest.mark.parametrize(("gene", "hgnc"), [("HLA-DRB1", "HGNC:4948"), ("HLA-DQA1", "HGNC:4942")])
def test_a_typing_is_read_where_the_gene_is_an_hgnc_id(result, gene, hgnc, knowledge):
    (allele,) = knowledge.genes[gene].tracked
    found = result(gene, of_gene(GENOTYPE, hgnc, {"text": f"{gene}{allele}+{gene}*01:01"}))
    assert found.lookup_keys == (f"{allele} positive",)


@pytest.mark.parametrize("gene", ["BCHE", "UGT2B17", "HLA-DRB1", "HLA-DQA1"])
def test_the_hgnc_id_of_the_file_is_the_one_readers_know(knowledge, gene):
    assert knowledge.vocabulary.genes[knowledge.genes[gene].hgnc] == gene
