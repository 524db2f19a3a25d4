"""Variants and words of a tumour report → alterations. Every finding here is invented."""

from decimal import Decimal

import pytest

from fhir_pgx.model.finding import ObservedVariant, Origin, Presence, SourceClass
from fhir_pgx.model.tumour import Alteration
from fhir_pgx.normalize.alteration import Names, alterations, alterations_of, settled
from fhir_pgx.normalize.change_words import changes_in
from fhir_pgx.normalize.fusion import find_fusion
from fhir_pgx.normalize.protein import parse_protein

SYMBOLS = [
    "EGFR", "KRAS", "NRAS", "BRAF", "EML4", "ALK", "ROS1", "NPM1", "MET", "ERBB2", "FLT3", "KIT",
    "NTRK1", "TPM3", "BCR", "ABL1", "TP53", "BRCA1", "BRCA2", "CDKN2A", "PIK3CA", "PTEN", "AR",
    "FGFR2", "BICC1", "SMN1", "SMN2", "EZH2", "H3-3A", "CD74", "DMD", "HTT", "JAK2", "F2", "PML",
    "RARA",
]  # fmt: skip
GENES = {symbol: symbol for symbol in SYMBOLS} | {
    "HER2": "ERBB2", "HGNC:3236": "EGFR", "ABL": "ABL1",
}  # fmt: skip


def protein(text):
    change = parse_protein(text)
    assert change is not None
    return change


NAMES = Names(
    GENES,
    {
        "EGFR": {"c.2573T>G": "p.Leu858Arg", "c.2235_2249del": "p.Glu746_Ala750del"},
        "ABL1": {"c.944C>T": "p.Thr315Ile"},
    },
    {
        "EZH2": {"p.Tyr641": protein("p.Tyr646")},
        "H3-3A": {"p.Lys27Met": protein("p.Lys28Met")},
    },
)
ORIGIN = Origin("Observation/v", "Observation")


def of(**fields):
    return alterations_of(ObservedVariant(ORIGIN, **fields), NAMES)


def one(**fields):
    (found,) = of(**fields)
    return found


def codes(found):
    return [caveat.code for caveat in found.caveats]


# words, genes, kind, protein, exons
WORDS = [
    ("EGFR L858R", ("EGFR",), "variant", "p.Leu858Arg", ()),
    ("KRAS p.G12C", ("KRAS",), "variant", "p.Gly12Cys", ()),
    ("BRAF V600E mutation", ("BRAF",), "variant", "p.Val600Glu", ()),
    ("BRAF V600E/K", ("BRAF",), "variant", "p.Val600", ()),
    ("EGFR p.E746_A750del (exon 19 deletion)", ("EGFR",), "variant", "p.Glu746_Ala750del", ()),
    ("KRAS G12X", ("KRAS",), "variant", "p.Gly12", ()),
    ("EML4-ALK fusion", ("EML4", "ALK"), "fusion", "", ()),
    ("EML4::ALK", ("EML4", "ALK"), "fusion", "", ()),
    ("CD74-ROS1", ("CD74", "ROS1"), "fusion", "", ()),
    ("NTRK1 fusion", ("NTRK1",), "fusion", "", ()),
    ("TPM3-NTRK1 fusion", ("TPM3", "NTRK1"), "fusion", "", ()),
    ("FGFR2::v", ("FGFR2",), "fusion", "", ()),
    ("ROS1 Fusion", ("ROS1",), "fusion", "", ()),
    ("ROS1 rearrangement", ("ROS1",), "rearrangement", "", ()),
    ("t(2;5)(p23;q35)", ("NPM1", "ALK"), "fusion", "", ()),
    ("46,XY,t(9;22)(q34;q11.2)[20]", ("BCR", "ABL1"), "fusion", "", ()),
    ("t(15;17)(q24.1;q21.2)", ("PML", "RARA"), "fusion", "", ()),
    ("MET exon 14 skipping", ("MET",), "exon-skipping", "", ("14",)),
    ("MET exon 14 deletion", ("MET",), "exon-skipping", "", ("14",)),
    ("EGFR exon 19 deletion", ("EGFR",), "exon-deletion", "", ("19",)),
    ("EGFR ex19del", ("EGFR",), "exon-deletion", "", ("19",)),
    ("EGFR exon 20 insertion", ("EGFR",), "variant", "", ("20",)),
    ("EGFR ex20ins", ("EGFR",), "variant", "", ("20",)),
    ("KIT exon 11 mutation", ("KIT",), "any", "", ("11",)),
    ("DMD exon 45-50 deletion", ("DMD",), "exon-deletion", "", ("45", "50")),
    ("EGFRvIII", ("EGFR",), "splice-form", "", ()),
    ("AR-V7", ("AR",), "splice-form", "", ()),
    ("FLT3-ITD", ("FLT3",), "internal-duplication", "", ()),
    ("FLT3 internal tandem duplication", ("FLT3",), "internal-duplication", "", ()),
    ("ERBB2 amplification", ("ERBB2",), "amplification", "", ()),
    ("HER2 amplified", ("ERBB2",), "amplification", "", ()),
    ("EGFR copy number gain", ("EGFR",), "gain", "", ()),
    ("PTEN loss", ("PTEN",), "loss", "", ()),
    ("CDKN2A homozygous deletion", ("CDKN2A",), "loss", "", ()),
    ("TP53 mutation", ("TP53",), "any", "", ()),
    ("KRAS wild type", ("KRAS",), "wild-type", "", ()),
    ("PTEN loss of heterozygosity", ("PTEN",), "loss-of-heterozygosity", "", ()),
    ("MET overexpression", ("MET",), "overexpression", "", ()),
    ("BRCA1 promoter methylation", ("BRCA1",), "methylation", "", ()),
]


@pytest.mark.parametrize(("words", "genes", "kind", "change", "exons"), WORDS)
def test_words_name_a_finding(words, genes, kind, change, exons):
    found = one(words=(words,))
    assert (found.genes, found.kind, found.exons) == (genes, kind, exons)
    assert (found.protein.text if found.protein else "") == change
    assert found.presence is Presence.PRESENT


@pytest.mark.parametrize("presence", list(Presence))
def test_the_four_presences_stay_what_they_are(presence):
    assert one(words=("EGFR L858R",), presence=presence).presence is presence
    assert one(words=("ROS1 fusion",), presence=presence).presence is presence


def test_words_that_deny_are_absent():
    assert one(words=("HER2 not amplified",)).presence is Presence.ABSENT
    assert one(words=("no KRAS mutation",)).presence is Presence.ABSENT


@pytest.mark.parametrize(
    "words", ["Genetic variant assessment", "HLA-A", "F2 G20210A", "clone SP142", "Present", "IgG4"]
)
def test_what_names_no_change_gives_none(words):
    assert not any(each.protein or each.fusion for each in changes_in(words, GENES, ("F2",)))


def test_two_genes_side_by_side_are_no_fusion_without_a_word():
    assert find_fusion("BRCA1/BRCA2 mutation", GENES) is None
    found = of(words=("BRCA1/BRCA2 mutation",))
    assert [(each.genes, each.kind) for each in found] == [(("BRCA1",), "any"), (("BRCA2",), "any")]


@pytest.mark.parametrize(
    ("words", "joint"),
    [("EML4-ALK fusion (e13::e20)", "e13::e20"), ("EML4-ALK variant 1 (E13;A20)", "e13::e20"),
     ("BCR-ABL1 e13a2 fusion", "e13::e2"), ("EML4 exon 6 to ALK exon 20 fusion", "e6::e20"),
     ("EML4::ALK", "")],
)  # fmt: skip
def test_a_breakpoint_is_kept(words, joint):
    assert of(words=(words,))[0].breakpoint == joint


def test_a_chromosomal_name_gives_the_genes_and_says_so():
    found = one(iscn="t(2;5)(p23;q35)")
    assert found.genes == ("NPM1", "ALK")
    assert codes(found) == ["PGX-737"]
    assert one(genes=("ALK",), iscn="t(2;5)(p23;q35)").genes == ("NPM1", "ALK")
    # without bands a translocation is not known, save t(9;22)
    assert of(iscn="t(11;14)") == ()
    assert one(iscn="t(9;22)").genes == ("BCR", "ABL1")


def test_hgvs_names_come_to_one_change():
    found = one(
        genes=("HGNC:3236",),
        protein_hgvs="NP_005219.2:p.(Leu858Arg)",
        coding_hgvs="NM_005228.5:c.2573T>G",
        frequency=Decimal("0.12"),
        specimen="plasma",
        source_class=SourceClass.SOMATIC,
    )
    assert (found.genes, found.label) == (("EGFR",), "EGFR L858R")
    assert (found.coding, found.vaf, found.specimen) == ("c.2573T>G", Decimal("0.12"), "plasma")
    assert found.source_class is SourceClass.SOMATIC


def test_a_coding_name_alone_is_looked_up_or_said_to_be_unresolved():
    known = one(genes=("EGFR",), coding_hgvs="NM_005228.5:c.2573T>G")
    assert known.protein is not None
    assert known.protein.text == "p.Leu858Arg"
    assert known.is_resolved
    with_bases = one(genes=("EGFR",), coding_hgvs="c.2235_2249delGGAATTAAGAGAAGC")
    assert with_bases.label == "EGFR E746_A750del"
    unknown = one(genes=("EGFR",), coding_hgvs="c.2099C>A")
    assert not unknown.is_resolved
    assert codes(unknown) == ["PGX-731"]


@pytest.mark.parametrize(
    "fields",
    [
        {"genomic_hgvs": "NC_000007.14:g.55191822T>G", "start": 55191821, "end": 55191822},
        {"ids": ("http://www.ncbi.nlm.nih.gov/snp|rs121434568",)},
        {"protein_hgvs": "p.?"},
        {"start": 5, "end": 6, "ref": "T", "alt": "G"},
    ],
)
def test_a_place_or_an_id_alone_is_shown_and_not_resolved(fields):
    found = one(genes=("EGFR",), **fields)
    assert (found.kind, found.is_resolved) == ("variant", False)
    assert codes(found) == ["PGX-731"]


def test_a_gene_alone_is_any_mutation_or_none():
    assert one(genes=("KRAS",)).kind == "any"
    none = one(genes=("KRAS",), presence=Presence.ABSENT)
    assert (none.kind, none.presence) == ("any", Presence.ABSENT)


def test_the_mcode_fusion_example_gives_the_fusion_and_the_point_mutation():
    found = of(
        genes=("BCR", "ABL1"),
        genomic_hgvs="NM_005157.6(ABL1):c.1076T>G",
        words=("NM_005157.6(ABL1):c.1076T>G (p.Phe359Cys)",),
        consequences=("gene_fusion",),
        source_class=SourceClass.SOMATIC,
    )
    assert [(each.kind, each.genes) for each in found] == [
        ("fusion", ("BCR", "ABL1")),
        ("variant", ("ABL1",)),
    ]
    assert found[1].protein is not None
    assert found[1].protein.text == "p.Phe359Cys"
    assert found[1].consequences == ()


def test_a_change_of_one_of_two_genes_is_told_apart_only_where_it_is_known():
    known = of(genes=("BCR", "ABL1"), protein_hgvs="p.Thr315Ile")
    assert [each.genes for each in known] == [("ABL1",)]
    (open_,) = of(genes=("BCR", "ABL1"), protein_hgvs="p.Arg999Gln")
    assert (open_.is_resolved, codes(open_)) == (False, ["PGX-732"])


def test_two_genes_without_any_change_are_a_fusion():
    assert one(genes=("EML4", "ALK")).kind == "fusion"
    assert one(genes=("EML4-ALK",)).genes == ("EML4", "ALK")
    assert one(genes=("ALK",), consequences=("transcript_fusion",)).kind == "fusion"


@pytest.mark.parametrize(
    ("gene", "fields", "is_lof"),
    [
        ("TP53", {"protein_hgvs": "p.Arg248Ter"}, True),
        ("BRCA2", {"protein_hgvs": "p.Ser1982Argfs*22"}, True),
        ("BRCA1", {"coding_hgvs": "c.212+1G>T"}, True),
        ("BRCA1", {"coding_hgvs": "c.213-2A>G"}, True),
        ("BRCA1", {"coding_hgvs": "c.212+3A>G"}, False),
        ("BRCA1", {"coding_hgvs": "c.212+12A>G"}, False),
        ("BRCA1", {"coding_hgvs": "c.5266dup"}, False),  # not in the table: not worked out
        ("BRCA1", {"protein_hgvs": "p.Met1?"}, True),
        ("BRCA1", {"protein_hgvs": "p.Cys61Gly"}, False),
        ("BRCA1", {"protein_hgvs": "p.Cys61Gly", "significance": "pathogenic"}, False),
        ("BRCA1", {"protein_hgvs": "p.Arg1443Ter", "significance": "benign"}, False),
        ("TP53", {"genomic_hgvs": "g.1A>T", "consequences": ("stop_gained",)}, True),
        ("BRCA1", {"words": ("BRCA1 exon 13 deletion",)}, True),
        ("EGFR", {"words": ("EGFR exon 19 deletion",)}, False),
        ("CDKN2A", {"words": ("CDKN2A homozygous deletion",)}, True),
        ("PTEN", {"words": ("PTEN loss",)}, False),
        ("SMN1", {"copy_number": "0"}, True),
        ("NPM1", {"protein_hgvs": "p.Trp288fs"}, False),  # switched on by its frameshift
        ("EGFR", {"protein_hgvs": "p.Glu746_Ala750del"}, False),
    ],
)
def test_loss_of_function_is_what_the_change_itself_says(gene, fields, is_lof):
    assert one(genes=(gene,), **fields).is_lof is is_lof


@pytest.mark.parametrize(
    ("fields", "kind", "presence", "copies", "caveats"),
    [
        ({"copy_number": "0"}, "loss", Presence.PRESENT, 0, []),
        ({"copy_number": "1"}, "loss", Presence.INDETERMINATE, 1, ["PGX-733"]),
        ({"copy_number": "2"}, "gain", Presence.ABSENT, 2, []),
        ({"copy_number": "14"}, "gain", Presence.PRESENT, 14, []),  # the report calls it nothing
        ({"copy_number": "9", "change_type": "copy_number_gain"}, "gain", Presence.PRESENT, 9, []),
        ({"copy_number": "14", "words": ("amplification",)}, "amplification", Presence.PRESENT, 14,
         []),
        ({"consequences": ("feature_amplification",)}, "amplification", Presence.PRESENT, None, []),
        ({"copy_number": "1", "change_type": "copy_number_loss"}, "loss", Presence.PRESENT, 1, []),
        ({"copy_number": "4–6", "words": ("amplification",)}, "amplification", Presence.PRESENT,
         None, []),
    ],
)  # fmt: skip
def test_an_amplification_is_one_only_where_the_report_says_so(
    fields, kind, presence, copies, caveats
):
    found = one(genes=("ERBB2",), **fields)
    assert (found.kind, found.presence, codes(found)) == (kind, presence, caveats)
    assert found.copies == (None if copies is None else Decimal(copies))


def test_old_numbering_is_turned_into_hgvs_and_it_is_said():
    found = one(genes=("EZH2",), protein_hgvs="p.Tyr641Phe")
    assert found.protein == protein("p.Tyr646Phe")
    assert codes(found) == ["PGX-738"]
    assert one(genes=("H3-3A",), protein_hgvs="K27M").protein == protein("p.Lys28Met")
    assert one(genes=("EGFR",), protein_hgvs="p.Tyr641Phe").protein == protein("p.Tyr641Phe")


def test_a_missense_change_gets_no_exon_from_where_it_lies():
    found = one(genes=("EGFR",), protein_hgvs="p.Gly735Ser")
    assert (found.kind, found.exons, found.consequences) == ("variant", (), ())


def test_skipping_stands_beside_the_splice_change_that_makes_it():
    found = of(genes=("MET",), coding_hgvs="c.3028+1G>A", words=("MET exon 14 skipping",))
    assert [each.kind for each in found] == ["variant", "exon-skipping"]
    assert found[0].is_resolved


def test_repeats_and_both_alleles_of_a_name():
    (found,) = of(genes=("HTT",), repeats=(("CAG", "42"),))
    assert (found.kind, found.repeats) == ("repeat", Decimal(42))
    both = of(genes=("EGFR",), protein_hgvs="p.[Leu858Arg;Thr790Met]")
    assert [each.label for each in both] == ["EGFR L858R", "EGFR T790M"]


def test_a_bare_sequence_names_no_gene_and_gives_nothing():
    assert of(accession="NC_000007.14", start=1, end=2, ref="A", alt="G", from_sequence=True) == ()


def test_a_test_of_a_gene_is_read_by_what_its_label_names():
    asked = Alteration(("KRAS",), "variant", Presence.PRESENT, ORIGIN, "KRAS G12D")
    (found,) = settled(asked, NAMES)
    assert found.protein == protein("p.Gly12Asp")
    lost = Alteration(("KRAS",), "variant", Presence.PRESENT, ORIGIN, "KRAS something odd")
    (found,) = settled(lost, NAMES)
    assert (found.is_resolved, codes(found)) == (False, ["PGX-731"])
    skip = Alteration(("ALK",), "rearrangement", Presence.ABSENT, ORIGIN, "ALK rearrangement")
    assert alterations((), (skip,), NAMES) == (skip,)


def test_sixty_variants_are_read_in_a_few_milliseconds():
    import time

    variants = [
        ObservedVariant(ORIGIN, genes=("EGFR",), protein_hgvs=f"p.Leu{n}Arg", words=("EGFR x",))
        for n in range(100, 160)
    ]
    alterations(variants, (), NAMES)
    begun = time.process_time()
    alterations(variants, (), NAMES)
    assert time.process_time() - begun < 0.05


@pytest.mark.parametrize("text", ["A1B" * 90, "t(" * 140, "c.[" * 90, "p." * 140, "EGFR-" * 55])
def test_hostile_words_cost_little(text):
    import time

    begun = time.process_time()
    of(words=(text,) * 5, genes=("EGFR",))
    assert time.process_time() - begun < 0.3
