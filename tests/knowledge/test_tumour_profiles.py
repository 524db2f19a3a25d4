"""The language of profiles: what is read is what is written, and faults are named."""

from decimal import Decimal
from typing import get_args

import pytest

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.imports.tumour.atoms import one_spelling, profile_of_name, profile_of_tree
from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.knowledge.tumour import load_tumour
from fhir_pgx.knowledge.tumour.profile_text import (
    BadProfile,
    parse_atom,
    parse_profile,
    write_profile,
)
from fhir_pgx.knowledge.tumour.tables import atoms_in, genes_in, profile_in
from fhir_pgx.model.tumour import AtomKind


@pytest.fixture(scope="module")
def tumour():
    return load_tumour(HERE)


@pytest.mark.parametrize(
    "text",
    [
        "EGFR p.Leu858Arg",
        "EGFR exon 19 deletion OR EGFR p.Leu858Arg",
        "EML4::ALK fusion AND ALK p.Gly1202Arg",
        "BRAF amplification AND (BRAF p.Val600Glu OR BRAF p.Val600Lys)",
        "MET amplification AND NOT KRAS mutation",
        "NOT (ALK rearrangement OR *::ALK fusion)",
        "KRAS codon p.Gly12|p.Gly13",
        "BRAF codon-excluded p.Val600",
        "BRCA1|BRCA2 loss-of-function",
        "ESR1 codons 310-547",
        "EML4::ALK breakpoint e6::e20",
        "KRAS wild-type exon 2|3|4 AND NRAS wild-type exon 2|3|4",
        "EGFR p.Ala763_Tyr764insPheGlnGluAla",
        "NPM1 p.Trp288fs",
        "PTEN p.Arg233Ter",
        "JAK2 c.1641+1dup",
        "KRAS rsid rs61764370",
        'ABL1 domain "P-Loop Mutation"',
        'other "Kataegis Positive"',
        "hla HLA-A*02:01P|HLA-A*02:06P",
        "marker MSI high",
        "marker MSI stable|low",
        "marker TMB >=10 else high",
        "marker TMB high in plasma",
        "marker PD-L1 >=50 TPS",
        "marker HER2-IHC >=1 <2 else low",
        "marker HER2-ISH >=2 copies>=4 else positive",
        "marker del(17p) positive OR TP53 copy-loss",
    ],
)
def test_a_profile_reads_back_as_it_was_written(text):
    assert write_profile(parse_profile(text)) == text


def test_and_binds_tighter_than_or_and_not_tighter_than_both():
    found = parse_profile("NOT KRAS mutation AND NRAS mutation OR BRAF mutation")
    assert found.op == "or"
    assert [part.op for part in found.of] == ["and", "is"]
    assert [part.op for part in found.of[0].of] == ["not", "is"]


def test_an_atom_holds_what_its_words_say():
    her2 = parse_atom("marker HER2-ISH >=2 copies>=4 else positive").marker
    assert (her2.name, her2.at_least, her2.copies_at_least, her2.verdicts) == (
        "HER2-ISH", Decimal(2), Decimal(4), ("positive",),
    )  # fmt: skip
    assert parse_atom("marker TMB high in plasma").marker.specimen == "plasma"
    assert parse_atom("marker PD-L1 >=50 TPS").marker.scale == "TPS"
    assert parse_atom("ESR1 codons 310-547").codons == (310, 547)
    assert parse_atom("*::RET fusion").genes == ("*", "RET")
    assert parse_atom("KRAS exon 2|3|4 mutation").exons == ("2", "3", "4")
    assert genes_in(parse_profile("marker HER2 positive OR *::ALK fusion")) == ("ERBB2", "ALK")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "EGFR",
        "EGFR L858R",  # not our one spelling
        "EGFR p.L858R",
        "EGFR p.Leu858",  # a residue without what it becomes: `codon`
        "EGFR codon p.Leu858Arg",
        "EGFR p.Leu531fsTer30",
        "egfr mutation",
        "EGFR mutated",
        "EGFR mutation AND",
        "EGFR mutation EGFR amplification",
        "(EGFR mutation",
        "EGFR mutation)",
        "ALK fusion",  # a fusion has two partners
        "A::B::C fusion",
        "marker KI-67 >=20",
        "marker TMB",
        "marker TMB >=ten",
        "marker MSI plenty",
        "KRAS exon 2 trouble",
        "KRAS rsid 61764370",
    ],
)
def test_what_does_not_follow_the_language_is_refused(text):
    with pytest.raises(BadProfile):
        parse_profile(text)


def test_a_fault_names_its_file_and_row():
    row = {"id": "CIViC:EID1", "profile": "EGFR L858R"}
    with pytest.raises(BrokenKnowledge, match=r"civic\.csv CIViC:EID1: .*L858R"):
        profile_in(row, "civic.csv")


def test_every_profile_that_ships_reads_back_and_every_kind_is_known(tumour):
    kinds = set(get_args(AtomKind))
    for row in (*tumour.rows, *tumour.statements):
        assert parse_profile(write_profile(row.profile)) == row.profile, row.id
        assert {atom.kind for atom in atoms_in(row.profile)} <= kinds, row.id


@pytest.mark.parametrize(
    ("protein", "ours"),
    [
        ("p.Leu531fsTer30", "p.Leu531fs"),
        ("p.Met54Ilefs", "p.Met54fs"),
        ("p.Arg233Ter", "p.Arg233Ter"),
        ("p.Glu746_Ala750del", "p.Glu746_Ala750del"),
    ],
)
def test_a_protein_change_has_one_spelling(protein, ours):
    assert one_spelling(protein) == ours


def test_a_tree_of_the_source_becomes_text():
    egfr = {"name": "EGFR T790M", "class": "protein_substitution", "gene": "EGFR",
            "p": ["p.Thr790Met"]}  # fmt: skip
    ros1 = {"name": "v::ROS1 Fusion", "class": "fusion", "gene": "ROS1", "fusion": ["v", "ROS1"]}
    assert profile_of_tree({"and": [ros1, {"or": [egfr, {"not": egfr}]}]}) == (
        "*::ROS1 fusion AND (EGFR p.Thr790Met OR NOT EGFR p.Thr790Met)"
    )
    with pytest.raises(ValueError, match="not known"):
        profile_of_tree({"name": "X", "class": "unheard-of", "gene": "X"})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("U2AF1 Q157P/R", "U2AF1 p.Gln157Pro|p.Gln157Arg"),
        ("RUNX1 R135FSX177", "RUNX1 p.Arg135fs"),
        ("VHL R82_V84del (c.243_251del)", "VHL p.Arg82_Val84del"),
        ("VHL Splice Site (c.340+1G>A)", "VHL c.340+1G>A"),
        ("EWSR1::FLI1 e7::e6", "EWSR1::FLI1 breakpoint e7::e6"),
        ("KMT2A::v Fusion", "KMT2A::* fusion"),
        ("TERT C228T", "TERT c.-124C>T"),  # of the promoter, no residue
        ("CEBPA BIALLELIC INACTIVATION", 'CEBPA other "CEBPA biallelic inactivation"'),
        ("PIK3CA Exon 21 Mutation OR PIK3CA Exon 10 Mutation",
         "PIK3CA exon 21 mutation OR PIK3CA exon 10 mutation"),
        ("MDM2 SNP309", 'MDM2 other "MDM2 SNP309"'),
    ],
)  # fmt: skip
def test_a_profile_given_as_a_name_is_read_or_kept_as_words(name, text):
    assert profile_of_name(name, {}) == text
