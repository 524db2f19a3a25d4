"""The words of laboratories against the standard terms of CPIC."""

import pytest

from fhir_pgx.knowledge import load_knowledge
from fhir_pgx.model.phenotype_words import is_metabolizer_gene, standard_phenotype


@pytest.fixture(scope="module")
def vocabulary():
    return load_knowledge().vocabulary


@pytest.mark.parametrize(
    ("gene", "words", "expected"),
    [
        ("CYP2D6", "Poor metabolizer", "Poor Metabolizer"),
        ("CYP2D6", "POOR METABOLISER", "Poor Metabolizer"),
        ("CYP2D6", "extensive metabolizer", "Normal Metabolizer"),
        ("CYP2D6", "Normal (Extensive) Metabolizer", "Normal Metabolizer"),
        ("CYP2D6", "EM", "Normal Metabolizer"),
        ("CYP2D6", "Intermediate Metabolizer (IM)", "Intermediate Metabolizer"),
        ("CYP2C19", "Ultra-rapid metabolizer", "Ultrarapid Metabolizer"),
        ("CYP2C19", "CYP2C19 likely poor metabolizer", "Likely Poor Metabolizer"),
        ("CYP2C19", "Predicted phenotype: Rapid Metabolizer", "Rapid Metabolizer"),
        ("TPMT", "High activity", "Normal Metabolizer"),
        ("TPMT", "Intermediate activity", "Intermediate Metabolizer"),
        ("TPMT", "low activity", "Poor Metabolizer"),
        ("TPMT", "Deficient activity", "Poor Metabolizer"),
        ("TPMT", "Low or deficient activity", "Poor Metabolizer"),
        ("TPMT", "TPMT low/absent activity", "Poor Metabolizer"),
        ("TPMT", "Normal/high activity", "Normal Metabolizer"),
        ("TPMT", "Poor metabolizer (low or deficient activity)", "Poor Metabolizer"),
        ("SLCO1B1", "low function", "Poor Function"),
        ("SLCO1B1", "Intermediate function", "Decreased Function"),
        ("SLCO1B1", "Normal Function", "Normal Function"),
        ("ABCG2", "Poor function", "Poor Function"),
        ("IFNL3", "Favourable response genotype", "Favorable response genotype"),
        ("IFNL3", "Unfavorable response genotype", "Unfavorable response genotype"),
        ("G6PD", "Deficient with CNSHA", "Deficient with CNSHA"),
        ("NAT2", "slow acetylator", "Poor Metabolizer"),
        (
            "RYR1",
            "Malignant Hyperthermia Susceptibility",
            "Malignant Hyperthermia Susceptibility",
        ),
        (
            "MT-RNR1",
            "increased risk of aminoglycoside-induced hearing loss",
            "increased risk of aminoglycoside-induced hearing loss",
        ),
        ("CYP2C19", "LA25391-6", "Normal Metabolizer"),
        ("CYP2C19", "LA10315-2", "Ultrarapid Metabolizer"),
        ("SLCO1B1", "LA25394-0", "Poor Function"),
    ],
)
def test_a_word_maps_to_the_standard_term(vocabulary, gene, words, expected):
    assert standard_phenotype(gene, words, vocabulary) == expected


@pytest.mark.parametrize(
    ("gene", "words"),
    [
        ("CYP2D6", "Intermediate to poor metabolizer"),  # two at once
        ("CYP2D6", "Normal/Intermediate Metabolizer"),
        ("TPMT", "Low or intermediate activity"),
        ("SLCO1B1", "Decreased function allele"),  # of an allele, not of a person
        ("SLCO1B1", "two decreased function variants"),
        ("CFTR", "ivacaftor non-responsive CFTR sequence"),
        ("CYP2D6", "Not a poor metabolizer"),
        ("CYP2D6", "poor metabolizer or intermediate metabolizer"),
        ("CYP2D6", "Family history of poor metabolizer"),
        ("CYP2D6", "likely normal metabolizer"),  # no standard term says this
        ("CYP2D6", "seen at 5 pm"),
        ("CYP2D6", "Positive"),
        ("CYP2D6", ""),
        ("TPMT", "Normal function"),  # a word of transporters
        ("SLCO1B1", "Poor metabolizer"),  # a word of enzymes
        ("SLCO1B1", "LA25391-6"),  # the code of one, too
        ("VKORC1", "Intermediate metabolizer"),
        ("HLA-B", "High risk"),
        ("CYP2D6", "poor metabolizer " * 100),
    ],
)
def test_a_word_that_could_mean_another_thing_maps_to_nothing(vocabulary, gene, words):
    assert standard_phenotype(gene, words, vocabulary) is None


def test_every_phenotype_of_the_knowledge_maps_to_itself(vocabulary):
    genes = load_knowledge().genes
    for gene, rules in genes.items():
        for phenotype in sorted({pair.phenotype for pair in rules.pairs}):
            found = standard_phenotype(gene, phenotype, vocabulary)
            assert found is not None, (gene, phenotype)
            assert found.lower() == phenotype.lower(), (gene, phenotype)


def test_the_genes_with_metabolizer_terms():
    assert [is_metabolizer_gene(gene) for gene in ("CYP2C9", "TPMT", "UGT1A1")] == [True] * 3
    assert [is_metabolizer_gene(gene) for gene in ("VKORC1", "SLCO1B1", "HLA-B")] == [False] * 3
