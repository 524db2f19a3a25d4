"""The vocabulary that readers of tumours get: codes of biomarkers, and genes of therapies."""

from typing import get_args

from fhir_pgx.knowledge.loader import load_knowledge
from fhir_pgx.model.tumour import MarkerName


def test_no_code_of_one_gene_of_drug_response_is_a_biomarker_s():
    vocabulary = load_knowledge().vocabulary
    both = vocabulary.markers.keys() & vocabulary.loinc.keys()
    assert [code for code in both if vocabulary.loinc[code].gene] == []


def test_every_answer_of_a_code_is_one_that_the_reader_knows():
    names = set(get_args(MarkerName))
    for answers in load_knowledge().vocabulary.markers.values():
        kind, _, rest = answers.partition(":")
        assert kind in {"marker", "test", "panel", "stage", "status", "skip"}
        if kind == "marker":
            assert rest.partition(":")[0] in names


def test_the_genes_of_therapies_are_known_by_symbol_and_alias():
    vocabulary = load_knowledge().vocabulary
    assert vocabulary.tumour_genes["EGFR"] == "EGFR"
    assert vocabulary.tumour_genes["HER2"] == "ERBB2"
    assert "CYP2D6" not in vocabulary.tumour_genes
