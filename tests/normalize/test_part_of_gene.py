"""What a test of a part of a gene says of the gene. Every finding here is invented."""

import pytest

from fhir_pgx.model.finding import ObservedVariant, Origin, Presence
from fhir_pgx.normalize.alteration import alterations_of
from fhir_pgx.normalize.tumour_names import names_of

ORIGIN = Origin("Observation/v", "Observation")


@pytest.fixture(scope="module")
def names(knowledge):
    return names_of(knowledge.therapies.tumour)


def one(names, words, presence):
    variant = ObservedVariant(ORIGIN, genes=("KRAS",), words=(words,), presence=presence)
    (found,) = alterations_of(variant, names)
    return found


@pytest.mark.parametrize(
    ("words", "presence"),
    [
        ("Not detected in codons 12/13", Presence.ABSENT),
        ("KRAS codons 12, 13: wild type", Presence.ABSENT),
        ("KRAS wild type (codons 12/13)", Presence.PRESENT),
        ("KRAS hotspot mutation analysis", Presence.ABSENT),
    ],
)
def test_nothing_in_some_codons_leaves_the_gene_open(names, words, presence):
    found = one(names, words, presence)
    assert (found.kind, found.presence) == ("any", Presence.INDETERMINATE)
    assert [caveat.code for caveat in found.caveats] == ["PGX-734"]


@pytest.mark.parametrize(
    ("words", "exons"),
    [
        ("KRAS wild type, exons 2, 3 and 4", ("2", "3", "4")),
        ("KRAS wild-type exons 2-4", ("2", "3", "4")),
        ("wild type, exon 2", ("2",)),
        ("KRAS codons 12, 13, 59, 61, 117 and 146: wild type", ()),  # all that is asked of RAS
        ("KRAS wild type", ()),
    ],
)
def test_a_wild_type_keeps_the_exons_that_were_looked_at(names, words, exons):
    found = one(names, words, Presence.ABSENT)
    assert (found.kind, found.presence, found.exons) == ("wild-type", Presence.PRESENT, exons)


def test_a_mutation_in_a_codon_is_one_all_the_same(names):
    assert one(names, "KRAS codon 12 mutation", Presence.PRESENT).presence is Presence.PRESENT


def test_a_coding_name_in_words_is_the_protein_change_that_it_is_known_to_make(names):
    found = one(names, "KRAS c.35G>A", Presence.PRESENT)
    assert found.is_resolved
    assert found.protein.text == "p.Gly12Asp"
