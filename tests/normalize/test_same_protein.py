"""Names of insertions and duplications that make one protein. Every finding here is invented."""

import pytest

from fhir_pgx.model.tumour import Atom, Profile, TumourKnowledge, TumourRow
from fhir_pgx.normalize.protein import parse_protein
from fhir_pgx.normalize.same_protein import in_one_spelling, rows_in_one_spelling


@pytest.mark.parametrize(
    ("gene", "stated", "spelling"),
    [
        ("EGFR", "V769_D770insASV", "p.Ala767_Val769dup"),
        ("EGFR", "M766_A767insASV", "p.Ala767_Val769dup"),
        ("EGFR", "A767_V769dup", "p.Ala767_Val769dup"),
        ("EGFR", "D770_N771insSVD", "p.Ser768_Asp770dup"),
        ("EGFR", "D761_E762insEAFQ", "p.Ala763_Tyr764insPheGlnGluAla"),  # sensitive, as FQEA is
        ("EGFR", "P772_V774insPHV", "p.Pro772_Val774dup"),  # the range itself, once more
        ("EGFR", "D770_N771insG", "p.Asp770_Asn771insGly"),
        ("ERBB2", "A775_G776insYVMA", "p.Tyr772_Ala775dup"),
        ("ERBB2", "E770_A771insAYVM", "p.Tyr772_Ala775dup"),
        ("ERBB2", "P780_Y781insGSP", "p.Gly778_Pro780dup"),
        ("ERBB2", "A775_G776insV", "p.Ala775_Gly776insVal"),
        ("BRAF", "T599_V600insT", "p.Thr599dup"),
        ("KIT", "Y503_F504insAY", "p.Ala502_Tyr503dup"),
        # What is not known, or does not agree with the sequence, stays as it is.
        ("EGFR", "A769_D770insASV", "p.Ala769_Asp770insAlaSerVal"),
        ("KRAS", "G12_G13insG", "p.Gly12_Gly13insGly"),
        ("EGFR", "L858R", "p.Leu858Arg"),
        ("EGFR", "D770_N771ins", "p.Asp770_Asn771ins"),
    ],
)
def test_equal_insertions_and_duplications_have_one_spelling(gene, stated, spelling):
    change = parse_protein(stated)
    assert change is not None
    assert in_one_spelling(gene, change).text == spelling


def test_an_insertion_between_residues_that_are_no_neighbours_is_refused():
    assert parse_protein("P772_V774insPHG") is None
    assert parse_protein("P772_V774insGG") is None


def test_rows_are_spelt_as_findings_are(knowledge):
    rows = {row.id: row for row in rows_in_one_spelling(knowledge.therapies.tumour).rows}
    assert rows["CIViC:EID675"].profile.atom.protein == ("p.Ile1145=",)
    texts = {
        text
        for row in rows.values()
        for atom in [row.profile.atom]
        if atom is not None and atom.kind == "protein" and atom.genes == ("ERBB2",)
        for text in atom.protein
    }
    assert "p.Tyr772_Ala775dup" in texts
    assert "p.Ala775_Gly776insTyrValMetAla" not in texts


def test_a_row_that_needs_no_other_spelling_is_the_same_object():
    profile = Profile("is", Atom("protein", "EGFR L858R", ("EGFR",), protein=("p.Leu858Arg",)))
    row = TumourRow.__new__(TumourRow)
    object.__setattr__(row, "profile", profile)
    assert rows_in_one_spelling(TumourKnowledge(rows=(row,))).rows[0] is row
