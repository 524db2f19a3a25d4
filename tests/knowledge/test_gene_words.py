"""The words for genes are put together from every table that names one."""

import pytest

from fhir_pgx.fhir.transcripts import _GENES as OF_READER
from fhir_pgx.knowledge.gene_words import load_gene_words
from fhir_pgx.model.gene_words import PATHOGEN, TUMOUR

WORDS = load_gene_words()


@pytest.mark.parametrize(
    ("code", "some", "none"),
    [
        ("pharmacogene", {"CYP2C19", "DPYD", "HLA-B", "G6PD", "CFTR"}, {"BRCA1", "KRAS", "LDLR"}),
        ("hla", {"HLA-A", "HLA-B", "HLA-DRB1"}, {"CYP2C19"}),
        ("hereditary-cancer", {"BRCA1", "MLH1", "TP53"}, {"CYP2C19", "LDLR"}),
        ("cardiac", {"LDLR", "KCNQ1", "FBN1"}, {"BRCA1", "DPYD"}),
        ("hereditary-other", {"HFE", "OTC", "DMD"}, {"BRCA1", "KCNQ1", "CYP2D6"}),
        ("tumour", {TUMOUR, "EGFR", "KRAS"}, {"DPYD", "CYP2D6"}),
        ("pathogen", {PATHOGEN}, {"EGFR"}),
    ],
)
def test_a_class_has_its_genes_and_no_others(code, some, none):
    genes = WORDS.classes[code].genes
    assert some <= genes
    assert genes.isdisjoint(none)


def test_every_gene_of_a_class_has_words():
    assert {gene for each in WORDS.classes.values() for gene in each.genes} <= WORDS.genes


def test_every_gene_that_is_judged_has_words_and_a_class(knowledge):
    judged = set(knowledge.genes)
    judged |= {gene for row in knowledge.therapies.tumour.rows for gene in row.genes}
    judged |= {gene for row in knowledge.therapies.inherited.rows for gene in row.criterion.genes}
    judged |= {each.gene for each in knowledge.therapies.inherited.risk_genes}
    assert judged <= WORDS.genes
    classed = {gene for each in WORDS.classes.values() for gene in each.genes}
    assert judged <= classed


def test_every_transcript_that_a_reader_knows_is_a_word():
    for gene, listed in OF_READER.items():
        for accession in listed.split():
            kind, number = accession.lower().split("_")
            found = [p for p in WORDS.phrases[number] if p.words == (kind, number)]
            assert gene in found[0].genes


def test_a_position_far_from_its_gene_does_not_reach_to_it():
    # rs12777823 is read with CYP2C9 and lies beyond CYP2C19: what is between is not CYP2C9's.
    spans = [span for span in WORDS.spans if span.gene == "CYP2C9"]
    assert not any(span.start <= 94781858 <= span.end for span in spans)
    assert any(span.start <= 94981295 <= span.end for span in spans)


def test_everyday_words_are_shouted():
    assert {"met", "max", "ret", "set"} & set(WORDS.shouted) >= {"met", "max", "ret"}
    assert WORDS.shouted.isdisjoint({"cyp2c19", "tpmt", "brca1", "hla"})
