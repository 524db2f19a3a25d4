"""Pathogens' genes and changes, however a laboratory writes them."""

import pytest

from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.knowledge.pathogen import load_pathogen
from fhir_pgx.model.finding import Origin, Presence
from fhir_pgx.model.pathogen import StatedPathogen
from fhir_pgx.normalize.pathogen import Spelling
from fhir_pgx.normalize.pathogen.hiv import read_hiv
from fhir_pgx.normalize.pathogen.residue import read_residue
from fhir_pgx.normalize.pathogen.tb import TbSpelling


@pytest.fixture(scope="module")
def knowledge():
    return load_pathogen(HERE)


@pytest.fixture(scope="module")
def tb(knowledge):
    return TbSpelling(knowledge.tb)


@pytest.mark.parametrize(
    ("text", "position", "residues"),
    [
        ("M184V", 184, "V"), ("184V", 184, "V"), ("p.Met184Val", 184, "V"),
        ("p.(Met184Val)", 184, "V"), ("M184MV", 184, "V"), ("M184M/V", 184, "V"),
        ("Met184Met/Val", 184, "V"), ("T215F/Y", 215, "FY"), ("K103KNRS", 103, "NRS"),
        ("T69ins", 69, "i"), ("69i", 69, "i"), ("T69_ins", 69, "i"), ("T69insSSA", 69, "i"),
        ("T69S_SS", 69, "i"), ("D67del", 67, "d"), ("67d", 67, "d"), ("67del", 67, "d"),
        ("184I", 184, "I"),  # an upper-case I is isoleucine
        ("M184M", 184, ""),  # the reference itself
        ("K103*", 103, "*"),
    ],
)  # fmt: skip
def test_hiv_mutations_are_read_in_every_spelling(knowledge, text, position, residues):
    found = read_hiv(text, "RT", knowledge.hiv.wild_types)
    assert (found.position, found.residues, found.caveats) == (position, residues, ())


@pytest.mark.parametrize("text", ["700A", "M0V", "frameshift", "resistant", "c.550A>G", ""])
def test_what_is_no_hiv_mutation_is_refused(knowledge, text):
    assert read_hiv(text, "RT", knowledge.hiv.wild_types) is None


@pytest.mark.parametrize(("text", "code"), [("K184V", "PGX-750"), ("M184X", "PGX-755")])
def test_a_doubtful_hiv_mutation_is_told(knowledge, text, code):
    found = read_hiv(text, "RT", knowledge.hiv.wild_types)
    assert [each.code for each in found.caveats] == [code]


@pytest.mark.parametrize(
    ("gene", "text", "key", "codes"),
    [
        ("rpoB", "S450L", "rpoB:p.Ser450Leu", []),
        ("rpoB", "p.(Ser450Leu)", "rpoB:p.Ser450Leu", []),
        ("rpoB", "S531L", "rpoB:p.Ser450Leu", ["PGX-751"]),
        ("rpoB", "p.Ser531Leu", "rpoB:p.Ser450Leu", ["PGX-751"]),
        ("rpoB", "H526Y", "rpoB:p.His445Tyr", ["PGX-751"]),
        ("rpoB", "D516V", "rpoB:p.Asp435Val", ["PGX-751"]),
        ("rpoB", "I572F", "rpoB:p.Ile491Phe", ["PGX-751"]),
        ("rpoB", "NP_215181.1:p.Ser531Leu", "rpoB:p.Ser531Leu", []),  # an accession numbers H37Rv
        ("rpoB", "A531L", "rpoB:p.Ala531Leu", []),  # the residue does not fit: as it stands
        ("rpoB", "A450L", "rpoB:p.Ala450Leu", ["PGX-750"]),
        ("fabG1", "C-15T", "fabG1:c.-15C>T", []),
        ("inhA", "c.-15C>T", "fabG1:c.-15C>T", ["PGX-752"]),
        ("inhA", "c.-777C>T", "inhA:c.-777C>T", []),
        ("fabG1", "c.609G>A", "fabG1:p.Leu203Leu", []),
        ("fabG1", "L203=", "fabG1:p.Leu203Leu", []),
        ("rrs", "A1401G", "rrs:n.1401A>G", []),
        ("rrs", "r.1401a>g", "rrs:n.1401A>G", []),
        ("pncA", "W68X", "pncA:p.Trp68*", []),
        ("pncA", "p.Trp68Ter", "pncA:p.Trp68*", []),
        ("pncA", "p.Val7GlyfsTer9", "pncA:p.Val7fs", []),
        ("katG", "p.Ser315Thr (c.944G>C)", "katG:p.Ser315Thr", []),
        ("pncA", "p.Met1Val", "pncA:p.Met1?", []),
    ],
)
def test_tb_changes_get_h37rv_names(tb, gene, text, key, codes):
    found = tb.change(text, gene)
    assert key in found.keys
    assert [each.code for each in found.caveats] == codes


@pytest.mark.parametrize(
    ("text", "kind"),
    [("p.Gln51fs", "frameshift_variant"), ("frameshift", "frameshift_variant"),
     ("c.138_139insG", "frameshift_variant"), ("c.192dup", "frameshift_variant"),
     ("c.138_139insGCA", ""), ("c.110_112del", ""), ("W42*", "stop_gained"),
     ("M1?", "start_lost"), ("gene deleted", "feature_ablation"), ("A36V", "missense_variant"),
     ("p.Ala36=", "synonymous_variant")],
)  # fmt: skip
def test_tb_changes_say_their_kind(tb, text, kind):
    assert (*tb.change(text, "Rv0678").kinds, "")[0] == kind


@pytest.mark.parametrize("text", ["g.761155C>T", "resistant", "", "p.", "Xpert"])
def test_what_names_no_tb_change_is_refused(tb, text):
    assert tb.change(text, "rpoB") is None


@pytest.mark.parametrize(
    ("stated", "gene"),
    [("Rv0678", "Rv0678"), ("mmpR5", "Rv0678"), ("Rv0667", "rpoB"), ("Rv1908c", "katG"),
     ("Rv1484", "inhA"), ("Rv1483", "fabG1"), ("mabA", "fabG1"), ("Rv2043c", "pncA"),
     ("Rv0006", "gyrA"), ("RPOB", "rpoB"), ("16S rRNA", "rrs"), ("eis promoter", "eis"),
     ("gidB", "gid"), ("Rv0667 (rpoB)", "rpoB"), ("KRAS", "")],
)  # fmt: skip
def test_locus_tags_and_aliases_are_one_gene(tb, stated, gene):
    assert tb.gene(stated) == gene


def test_every_row_of_tb_is_found_by_its_name(knowledge, tb):
    for row in knowledge.tb.rows:
        assert f"{row.gene}:{row.name}" in tb.change(row.name, row.gene).keys


def test_every_key_of_a_fold_change_is_the_importers(knowledge):
    for row in knowledge.herpes:
        found = read_residue(row.mutation, row.virus, row.gene, {})
        assert (found.keys[0] if found else "") == row.key


@pytest.mark.parametrize(
    ("text", "key"),
    [("M460V", "460V"), ("p.Met460Val", "460V"), ("M460M/V", "460V"), ("L595del", "595del"),
     ("p.Leu595_Lys603del", "595_603del"), ("del595-603", "595_603del"), ("C603fs", "603fs"),
     ("2143A>G", "2143G")],
)  # fmt: skip
def test_viral_changes_get_one_key(text, key):
    assert read_residue(text, "HCMV", "UL97", {}).keys == (key,)


def test_h274y_of_pandemic_influenza_is_h275y():
    found = read_residue("H274Y", "Influenza A(H1N1)pdm09", "NA", {})
    assert found.keys == ("275Y",)
    assert [each.code for each in found.caveats] == ["PGX-751"]
    assert read_residue("H274Y", "Influenza A(H3N2)", "NA", {}).keys == ("274Y",)


def stated(organism, gene, *mutations):
    return StatedPathogen(organism, organism, gene, mutations, Presence.PRESENT, Origin("O/1", ""))


def test_a_mutation_that_names_its_gene_goes_to_it(knowledge):
    spelling = Spelling(knowledge)
    found = spelling.findings([stated("HIV-1", "", "RT:M184V", "PR L90M", "K103N")])
    assert {each.gene: [c.name for c in each.changes] for each in found} == {
        "RT": ["RT M184V"],
        "PR": ["PR L90M"],
        "": [],
    }
    assert found[-1].unread == ("K103N",)  # nobody guesses the gene
    assert [c.code for c in found[-1].caveats] == ["PGX-753"]


def test_what_cannot_be_read_is_kept_and_told(knowledge):
    (found,) = Spelling(knowledge).findings([stated("M. tuberculosis", "Rv0667", "g.1A>T")])
    assert (found.gene, found.changes, found.unread) == ("rpoB", (), ("g.1A>T",))
