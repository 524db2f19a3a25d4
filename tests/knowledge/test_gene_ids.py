"""HGNC ids of the genes that therapies are about."""

import pytest

from fhir_pgx.knowledge.imports.tumour.gene_ids import gene_rows
from fhir_pgx.normalize.tumour_names import names_of


@pytest.mark.parametrize(
    ("hgnc", "symbol"),
    [("HGNC:3236", "EGFR"), ("HGNC:6251", "KCNH2"), ("HGNC:1100", "BRCA1")],
)
def test_a_gene_given_by_its_id_alone_is_known(knowledge, hgnc, symbol):
    assert knowledge.vocabulary.tumour_genes[hgnc] == symbol
    assert names_of(knowledge.therapies.tumour).genes[hgnc] == symbol


def test_a_gene_of_drug_response_stays_with_its_own_readers(knowledge):
    assert "HGNC:2621" not in knowledge.vocabulary.tumour_genes
    assert knowledge.vocabulary.genes["HGNC:2621"] == "CYP2C19"


def test_a_bare_number_is_no_gene(knowledge):
    assert "3236" not in knowledge.vocabulary.tumour_genes


def test_ids_and_genes_of_a_row_are_paired():
    rows = [{"gene": "A;B", "hgnc_id": ";HGNC:2"}, {"gene": "C", "hgnc_id": ""}]
    assert gene_rows(rows) == [{"hgnc": "HGNC:2", "symbol": "B"}]
    with pytest.raises(ValueError, match="HGNC:2 is B and C"):
        gene_rows([*rows, {"gene": "C", "hgnc_id": "HGNC:2"}])
