"""Phenotype, activity score and guideline key of diplotypes, as CPIC's tables have them."""

import pytest

from fhir_pgx.genotype.names import parse_diplotypes
from fhir_pgx.phenotype.diplotype import keys_of_phenotype, phenotype_of, plain_score


@pytest.mark.parametrize(
    ("gene", "diplotype", "phenotype", "score", "key"),
    [
        ("CYP2C19", "*1/*1", "Normal Metabolizer", None, "Normal Metabolizer"),
        ("CYP2C19", "*38/*38", "Normal Metabolizer", None, "Normal Metabolizer"),
        ("CYP2C19", "*1/*17", "Rapid Metabolizer", None, "Rapid Metabolizer"),
        ("CYP2C19", "*17/*17", "Ultrarapid Metabolizer", None, "Ultrarapid Metabolizer"),
        ("CYP2C19", "*2/*17", "Intermediate Metabolizer", None, "Intermediate Metabolizer"),
        ("CYP2C19", "*2/*3", "Poor Metabolizer", None, "Poor Metabolizer"),
        ("CYP2C19", "*2/*9", "Likely Poor Metabolizer", None, "Likely Poor Metabolizer"),
        ("CYP2C19", "*1/*12", "Indeterminate", None, "Indeterminate"),
        ("CYP2C19", "*1/*40", "Indeterminate", None, "Indeterminate"),  # no function assigned
        ("CYP2C19", "*1/*999", "Indeterminate", None, "Indeterminate"),  # not defined
        ("CYP2C9", "*1/*1", "Normal Metabolizer", "2.0", "2.0"),
        ("CYP2C9", "*1/*2", "Intermediate Metabolizer", "1.5", "1.5"),
        ("CYP2C9", "*1/*3", "Intermediate Metabolizer", "1.0", "1.0"),
        ("CYP2C9", "*2/*3", "Poor Metabolizer", "0.5", "0.5"),
        ("CYP2C9", "*1/*7", "Indeterminate", "n/a", "n/a"),
        ("CYP2D6", "*1/*4", "Intermediate Metabolizer", "1.0", "1.0"),
        ("CYP2D6", "*1/*10", "Normal Metabolizer", "1.25", "1.25"),
        ("CYP2D6", "*1/*41", "Normal Metabolizer", "1.25", "1.25"),  # *41 is 0.25 since 2025
        ("CYP2D6", "*4/*5", "Poor Metabolizer", "0.0", "0.0"),
        ("CYP2D6", "*1/*2x2", "Ultrarapid Metabolizer", "3.0", "3.0"),
        ("CYP2D6", "*1x4/*2", "Ultrarapid Metabolizer", "≥4.0", "≥4.0"),
        ("CYP2D6", "*4/*2xN", "Indeterminate", "n/a", "n/a"),
        ("DPYD", "*1/*2A", "Intermediate Metabolizer", "1.0", "1.0"),
        ("DPYD", "*2A/*13", "Poor Metabolizer", "0.0", "0.0"),
        ("DPYD", "*1/HapB3", "Intermediate Metabolizer", "1.5", "1.5"),
        ("TPMT", "*3A/*3C", "Poor Metabolizer", None, "Poor Metabolizer"),
        ("TPMT", "*1/*8", "Normal Metabolizer", None, "Normal Metabolizer"),  # *8 of 2026-02
        ("NUDT15", "*3/*5", "Poor Metabolizer", None, "Poor Metabolizer"),  # *5 of 2026-02
        ("SLCO1B1", "*5/*15", "Poor Function", None, "Poor Function"),
        ("UGT1A1", "*28/*28", "Poor Metabolizer", None, "Poor Metabolizer"),
        ("CYP3A5", "*1/*3", "Intermediate Metabolizer", None, "Intermediate Metabolizer"),
        ("G6PD", "A-", "Deficient", None, "Deficient"),
        ("G6PD", "B/A-", "Variable", None, "Variable"),
        ("VKORC1", "T/T", "-1639 AA", None, "-1639 AA"),
    ],
)
def test_a_diplotype_means_what_the_table_says(knowledge, gene, diplotype, phenotype, score, key):
    rules = knowledge.genes[gene]
    ((found, *_), _) = parse_diplotypes(diplotype, rules)
    result = phenotype_of(found, rules)
    assert (result.phenotype, result.activity_score, result.lookup_key) == (phenotype, score, key)


def test_a_gene_without_a_phenotype_table_gives_none(knowledge):
    rules = knowledge.genes["CYP4F2"]
    ((found, *_), _) = parse_diplotypes("*1/*3", rules)
    assert phenotype_of(found, rules).phenotype is None


def test_a_phenotype_alone_stands_for_every_score_it_can_be(knowledge):
    keys = keys_of_phenotype("Intermediate Metabolizer", knowledge.genes["CYP2D6"])
    assert keys == ("0.25", "0.5", "0.75", "1.0")


@pytest.mark.parametrize(
    ("stated", "plain"),
    [
        ("1", "1.0"),
        ("1.00", "1.0"),
        ("1.25", "1.25"),
        (">=3", "≥3.0"),
        ("≥3.0", "≥3.0"),
        ("n/a", "n/a"),
    ],
)
def test_scores_are_compared_in_one_spelling(stated, plain):
    assert plain_score(stated) == plain
