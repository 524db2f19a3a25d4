"""What a name makes certain, and what it leaves open."""

import pytest

from fhir_pgx.normalize.consequence import consequences_named


@pytest.mark.parametrize(
    ("protein", "terms"),
    [
        ("NP_000546.1:p.(Arg175His)", ["missense_variant"]),
        ("p.R213*", ["stop_gained"]),
        ("p.Glu746fs", ["frameshift_variant"]),
        ("p.Leu54=", ["synonymous_variant"]),
        ("p.Glu746_Ala750del", ["inframe_deletion"]),
        ("p.Met774_Ala775insAlaTyr", ["inframe_insertion"]),
        ("p.Leu747_Pro753delinsSer", ["protein_altering_variant"]),
        ("p.Leu747_Pro753delinsSerTer", ["stop_gained"]),
        ("p.Met1Val", ["start_lost"]),
        ("p.Ter110GlnextTer17", ["stop_lost"]),
        # no residue, or any residue: nothing follows
        ("p.=", []),
        ("p.?", []),
        ("p.Val600", []),
        ("amplification", []),
    ],
)
def test_a_protein_name_says_what_becomes_of_the_protein(protein, terms):
    assert [each.term for each in consequences_named(protein, "")] == terms


@pytest.mark.parametrize(
    ("coding", "terms"),
    [
        ("NM_000267.3:c.288+1G>T", ["splice_donor_variant", "intron_variant"]),
        ("NM_001395525.1:c.-281+2T>C", ["splice_donor_variant", "intron_variant"]),
        ("c.289-2A>G", ["splice_acceptor_variant", "intron_variant"]),
        ("c.288+3A>G", ["intron_variant"]),
        ("c.286_288+2del", ["splice_donor_variant"]),  # from the exon into the intron
        ("c.289-3_291del", ["splice_acceptor_variant"]),
        ("c.288+1_289-1del", ["splice_donor_variant", "splice_acceptor_variant"]),
        ("c.288+10_289-10del", []),  # one intron or several: the name does not say
        # a copy of the site's bases, or bases between them, may leave a working site
        ("c.288+1dup", ["intron_variant"]),
        ("c.288+1_288+2insA", ["intron_variant"]),
        ("c.-20C>T", ["5_prime_UTR_variant"]),
        ("c.*37A>G", ["3_prime_UTR_variant"]),
        ("c.35del", ["frameshift_variant"]),
        ("c.35delG", ["frameshift_variant"]),
        ("c.5266dupC", ["frameshift_variant"]),
        ("c.68_69del", ["frameshift_variant"]),
        ("c.100_101insACGT", ["frameshift_variant"]),
        ("c.100_102delinsA", ["frameshift_variant"]),  # two bases less
        ("c.100_102delinsACT", []),
        ("c.1521_1523del", []),  # a whole codon's length; whether residues change it does not say
        ("c.2del", []),  # the start codon
        ("c.2573T>G", []),  # without the protein's name the residue is not known
        ("NR_003051.3:n.71A>G", ["non_coding_transcript_variant"]),
        ("g.55259515T>G", []),
    ],
)
def test_a_coding_name_says_where_the_change_lies(coding, terms):
    assert [each.term for each in consequences_named("", coding)] == terms


def test_both_names_speak_and_each_term_stands_once():
    found = consequences_named("p.Leu858Arg", "c.2573T>G")
    assert [(each.code, each.by) for each in found] == [("SO:0001583", "p.Leu858Arg")]
    found = consequences_named("p.Glu746fs", "c.2236del")
    assert [each.term for each in found] == ["frameshift_variant"]
    found = consequences_named("p.Lys96=", "c.288+1G>T")
    assert found[0].term == "synonymous_variant"
    assert "splice_donor_variant" in [each.term for each in found]


def test_an_in_frame_protein_name_beats_the_length_of_the_coding_one():
    assert [e.term for e in consequences_named("p.Phe508del", "c.1520_1523del")] == [
        "inframe_deletion"
    ]
