"""Diplotypes as laboratories write them, read in the standard names."""

import pytest

from fhir_pgx.genotype.names import parse_diplotypes


def names(text, rules):
    read = parse_diplotypes(text, rules)
    return None if read is None else [diplotype.name for diplotype in read[0]]


@pytest.mark.parametrize(
    ("gene", "stated", "read"),
    [
        ("CYP2C19", "*1/*17", ["*1/*17"]),
        ("CYP2C19", "CYP2C19 *17/*1", ["*1/*17"]),  # one order for both
        ("CYP2C19", "CYP2C19*2|CYP2C19*17", ["*2/*17"]),
        ("CYP2C19", "*1/*2 (Intermediate Metabolizer)", ["*1/*2"]),
        ("CYP2C19", "*1/*4B", ["*1/*4"]),  # the old names of sub-alleles
        ("CYP2C9", "*4/*35B", ["*4/*35"]),
        ("CYP2D6", "CYP2D6*7.001 / CYP2D6*1.001", ["*1/*7"]),
        ("CYP2D6", "*4.024/*1", ["*1/*4"]),
        ("CYP2D6", "*1/*2x2", ["*1/*2x2"]),
        ("CYP2D6", "*1x4/*2", ["*1x≥3/*2"]),  # three or more copies score alike
        ("CYP2D6", "*41x3/*1", ["*1/*41x3"]),
        ("CYP2D6", "*36+*10/*1x2", ["*1x2/*36 + *10"]),
        ("CYP2D6", "*68 + *4/*1", ["*1/*68 + *4"]),
        ("CYP2D6", "*4/*2xN", ["*4/*2xN"]),  # unknown copies stay unknown
        ("CYP2D6", "*1/*4 or *4/*10", ["*1/*4", "*4/*10"]),
        ("DPYD", "*1/*2A", ["Reference/c.1905+1G>A (*2A)"]),
        ("DPYD", "c.1905+1G>A/Reference", ["Reference/c.1905+1G>A (*2A)"]),
        ("DPYD", "*1/HapB3", ["Reference/c.1129-5923C>G, c.1236G>A (HapB3)"]),
        ("TPMT", "*1/*3A", ["*1/*3A"]),  # here the letter is part of the name
        ("NUDT15", "*1/*2", ["*1/*3"]),
        ("SLCO1B1", "*1A/*1B", ["*1/*37"]),
        ("SLCO1B1", "T/C", ["*1/*5"]),
        ("UGT1A1", "*1/*80+*28", ["*1/*80+*28"]),
        ("UGT1A1", "(TA)6/(TA)7", ["*1/*28"]),
        ("VKORC1", "-1639 G/A", ["rs9923231 reference (C)/rs9923231 variant (T)"]),
        ("VKORC1", "rs9923231 T/T", ["rs9923231 variant (T)/rs9923231 variant (T)"]),
        ("VKORC1", "CT", ["rs9923231 reference (C)/rs9923231 variant (T)"]),
        ("IFNL3", "C/C", ["rs12979860 reference (C)/rs12979860 reference (C)"]),
        ("G6PD", "A-", ["A- 202A_376G"]),  # one X: one allele is the whole genotype
        ("G6PD", "B/A-", ["A- 202A_376G/B (reference)"]),
        ("MT-RNR1", "m.1555A>G", ["m.1555A>G"]),
        ("MT-RNR1", "1555A>G", ["m.1555A>G"]),
        ("CFTR", "G551D/F508del", ["G551D/ivacaftor non-responsive CFTR sequence"]),
        ("CYP2D6", "(*1/*4)x2", ["*1x2/*4", "*1/*4x2"]),
        ("CYP2D6", "*1/*4, x3", ["*1x2/*4", "*1/*4x2"]),
        ("VKORC1", "-1639G/A", ["rs9923231 reference (C)/rs9923231 variant (T)"]),
        ("SLCO1B1", "*1a/*5", ["*1/*5"]),
        ("CYP2C19", "wt/*2", ["*1/*2"]),
        ("DPYD", "*1/*HapB3", ["Reference/c.1129-5923C>G, c.1236G>A (HapB3)"]),
        ("DPYD", "[c.1905+1G>A + c.85T>C]/Reference", ["Reference/c.1905+1G>A (*2A)"]),
        ("RYR1", "[c.418G>A + c.7300G>A]/Reference", ["Reference/c.7300G>A"]),
        ("G6PD", "A- (hemizygous)", ["A- 202A_376G"]),
        ("CYP2C19", "*1/*999", ["*1/*999"]),  # kept, so that the next stage can say so
    ],
)
def test_a_stated_diplotype_is_read_in_standard_names(knowledge, gene, stated, read):
    assert names(stated, knowledge.genes[gene]) == read


@pytest.mark.parametrize(
    ("gene", "stated"),
    [
        ("CYP2C19", "0/1"),  # a VCF genotype is not a star diplotype
        ("CYP2C19", "1/1"),
        ("CYP2C19", "*1"),  # one allele is half an answer
        ("CYP2C19", "*1/*2/*3"),
        ("CYP2C19", "normal"),
        ("CYP2C19", ""),
        ("VKORC1", "C/A"),  # bases of different strands
        ("CFTR", "F508del"),
        ("CYP2D6", "*1/*2 x2"),  # two copies in all, or of *2: nobody can tell
        ("TPMT", "T/C"),  # nucleotides without a position say nothing of TPMT
    ],
)
def test_what_is_not_a_diplotype_is_refused(knowledge, gene, stated):
    assert names(stated, knowledge.genes[gene]) is None


def test_a_name_read_as_another_says_so(knowledge):
    _, caveats = parse_diplotypes("*1/*35B", knowledge.genes["CYP2C9"])
    assert [caveat.text for caveat in caveats] == ["CYP2C9 *35B was read as *35."]


def test_a_long_hostile_text_is_refused_quickly(knowledge):
    assert names("*1/" * 5000, knowledge.genes["CYP2D6"]) is None
    assert names("*1 + " * 5000 + "!", knowledge.genes["CYP2D6"]) is None
