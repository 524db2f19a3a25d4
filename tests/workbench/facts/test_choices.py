"""Every phenotype of every gene can be picked, and each pick is what it says."""

import pytest

from fhir_pgx.errors import InvalidParameter
from fhir_pgx.knowledge import load_knowledge
from fhir_pgx.workbench.facts import NOT_TESTED, genotype_choices, stated_result

GENES = sorted(load_knowledge().genes)
PATIENT = {"resourceType": "Patient", "id": "p"}


@pytest.mark.parametrize("gene", GENES)
def test_every_phenotype_of_the_genes_file_can_be_reached(pipeline, gene):
    offered = genotype_choices(pipeline, gene)
    named = {pair.phenotype for pair in pipeline.knowledge.genes[gene].pairs}
    assert named <= {each.phenotype for each in offered}
    assert offered[-1].text == NOT_TESTED
    assert len({each.text for each in offered}) == len(offered)


@pytest.mark.parametrize("gene", GENES)
def test_each_choice_means_what_stands_beside_it(pipeline, gene):
    for choice in genotype_choices(pipeline, gene)[:-1]:
        _, found = stated_result(pipeline, gene, choice.text, patient=PATIENT, day="2026-11-23")
        if gene.startswith("HLA-"):
            there = {allele for allele, said in found.allele_status.items() if said == "positive"}
            asked = {choice.phenotype.split()[0]} if choice.phenotype.endswith(" there") else set()
            assert there == (asked if "not there" not in choice.phenotype else set())
        elif pipeline.knowledge.genes[gene].pairs:
            assert found.phenotype == choice.phenotype


@pytest.mark.parametrize(
    ("gene", "text", "phenotype"),
    [
        ("CYP2C19", "*2/*2", "Poor Metabolizer"),
        ("CYP2D6", "*4/*4", "Poor Metabolizer"),
        ("CYP2C9", "*1/*3", "Intermediate Metabolizer"),
        ("TPMT", "*1/*3A", "Intermediate Metabolizer"),
        ("SLCO1B1", "*1/*5", "Decreased Function"),
        ("UGT1A1", "*28/*28", "Poor Metabolizer"),
        ("CYP3A5", "*3/*3", "Poor Metabolizer"),
    ],
)
def test_well_known_diplotypes_are_among_the_choices(pipeline, gene, text, phenotype):
    assert (text, phenotype) in {
        (each.text, each.phenotype) for each in genotype_choices(pipeline, gene)
    }


def test_a_gene_without_a_file_has_no_choices(pipeline):
    with pytest.raises(InvalidParameter):
        genotype_choices(pipeline, "CYP9Z9")
