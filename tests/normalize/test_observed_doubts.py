"""Variants that contradict themselves, lie elsewhere, or are not called. All are synthetic."""

import pytest

from fhir_pgx.model.variant import UNREAD
from fhir_pgx.terminology import GENOMIC_SOURCE_CLASS
from tests.normalize.test_observed_sites import (
    ABSENT,
    HET,
    HOM,
    ONE,
    ZERO,
    alleles,
    alleles_of,
    calls,
    codes,
    component,
    concept,
    gene,
    gene_codes,
    name,
    observation,
    on,
    phase,
    real,
    rs,
    sequence,
    sites,
    span,
    text,
)

CHR10, CHR1, PATIENT = "NC_000010.11", "NC_000001.11", "Patient/synthetic"
G_TO_A = alleles_of("G", "A")
WINDOW = (94761001, 94854000)  # of CYP2C19, 1-based
STAR_2 = (94781859, 94781859, "G", "A")
STAR_17 = (94761900, 94761900, "C", "T")


def reasons(found):
    return [each.reason for each in found.not_understood]


# A place beside the one meant, where the complement of the alleles is another variant: *10


@pytest.mark.parametrize(
    "named",
    [
        [rs("rs4244285")],
        [name("NM_000769.4:c.681G>A", "48004-6")],
        [name("NC_000010.11:g.94781859G>A")],
        [concept("81252-9", "NC_000010.11:94781858:G:A", "spdi")],
    ],
)
def test_the_other_strand_is_not_believed_against_a_name(named):
    placed = [gene("CYP2C19"), on(CHR10), ONE, span(94781858), *G_TO_A, *named]
    found = sites(observation(*placed, state=HOM), index=real())
    assert alleles(found) == {}
    assert gene_codes(found, "CYP2C19") == ["PGX-528"]
    assert found.refused_genes == ("CYP2C19",)


@pytest.mark.parametrize(
    ("what", "placed"),
    [
        ("a length that does not fit", [ONE, span(94781858, 94781859)]),
        ("no coordinate system", [span(94781858)]),
    ],
)
def test_the_other_strand_is_not_tried_for_a_doubtful_place(what, placed):
    found = sites(observation(on(CHR10), *placed, *G_TO_A, state=HOM), index=real())
    assert (alleles(found), gene_codes(found, "CYP2C19")) == ({}, ["PGX-528"]), what


def test_the_other_strand_is_read_where_the_name_is_of_the_same_position():
    placed = [on(CHR10), ONE, span(94781859), *alleles_of("C", "T"), rs("rs4244285")]
    found = sites(observation(*placed, state=HOM), index=real())
    assert alleles(found) == {"rs4244285": ("A", "A")}
    assert codes(calls(found)["rs4244285"]) == ["PGX-521"]


# Sequences whose silence is no answer


def test_a_variant_outside_its_own_window_takes_the_sequences_silence_from_it():
    found = sites(
        sequence("a", (20859, 20859, "G", "A"), window=WINDOW),
        sequence("b", STAR_17, window=WINDOW),
        index=real(),
    )
    (call,) = calls(found).values()
    assert (call.site, call.alleles, call.zygosity_known) == ("rs12248560", ("T",), False)


def test_a_length_that_does_not_fit_takes_it_too_where_no_position_is_hit():
    one_off = (94781859, 94781859, "G", "A")  # the 1-based number, declared 0-based
    found = sites(
        sequence("a", one_off, window=(94761000, 94854000), system=0),
        sequence("b", (94761899, 94761900, "C", "T"), window=(94761000, 94854000), system=0),
        index=real(),
    )
    assert [call.zygosity_known for call in calls(found).values()] == [False]
    assert gene_codes(found, "CYP2C19") == ["PGX-528"]
    assert "length" in reasons(found)[0]


def test_a_length_that_does_not_fit_is_listed_of_an_observation_too():
    placed = [gene("CYP2C19"), on(CHR10), ZERO, span(94781859, 94781859), *G_TO_A]
    found = sites(observation(*placed, state=HOM), index=real())
    assert (alleles(found), gene_codes(found, "CYP2C19")) == ({}, ["PGX-528"])


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"repository": [{"type": "login", "url": "https://example.org/vcf"}]},
        {"pointer": [{"reference": "MolecularSequence/not-sent"}]},
    ],
)
def test_a_sequence_that_holds_its_data_elsewhere_is_no_reference_copy(elsewhere):
    found = sites(
        sequence("a", window=WINDOW, **elsewhere),
        sequence("b", STAR_2, window=WINDOW),
        index=real(),
    )
    assert alleles(found) == {"rs4244285": ("A",)}
    assert not calls(found)["rs4244285"].zygosity_known


def test_a_sequence_that_no_chromosome_places_is_listed():
    found = sites(sequence("a", STAR_2, accession="NC_060934.1"), index=real())
    assert alleles(found) == {}
    assert reasons(found) == ["the sequence is not placed on a chromosome of GRCh37 or GRCh38"]


def test_an_observation_that_disproves_a_pair_disproves_it_at_every_position_of_the_gene():
    both = [(94775367, 94775367, "A", "G"), STAR_2]
    pair = [sequence(each, *both, window=WINDOW) for each in ("a", "b")]
    het = observation(on(CHR10), ONE, span(94781859), *G_TO_A, state=HET)
    found = sites(*pair, het, index=real())
    assert alleles(found) == {"rs12769205": ("G",), "rs4244285": ("G", "A")}
    assert not calls(found)["rs12769205"].zygosity_known
    assert gene_codes(found, "CYP2C19") == ["PGX-522"]


def test_an_observation_that_agrees_leaves_the_pair_standing():
    both = [(94775367, 94775367, "A", "G"), STAR_2]
    pair = [sequence(each, *both, window=WINDOW) for each in ("a", "b")]
    hom = observation(on(CHR10), ONE, span(94781859), *G_TO_A, state=HOM)
    found = alleles(sites(*pair, hom, index=real()))
    assert found["rs12769205"] == ("G", "G")
    assert found["rs12248560"] == ("C", "C")  # *17, by the silence of both


def test_a_zygosity_derived_from_one_of_the_pair_can_disprove_it():
    pair = [sequence(each, STAR_2, window=WINDOW) for each in ("a", "b")]
    derived = [{"reference": "MolecularSequence/a"}]
    het = observation(on(CHR10), ONE, span(94781859), *G_TO_A, state=HET, derivedFrom=derived)
    assert alleles(sites(*pair, het, index=real())) == {"rs4244285": ("G", "A")}


def test_a_sequence_of_which_one_observation_is_somatic_is_a_tumours_whole():
    tumour = concept(GENOMIC_SOURCE_CLASS, "LA6684-0")
    derived = [{"reference": "MolecularSequence/t"}]
    made = sequence("t", STAR_2, STAR_17, window=WINDOW)
    seen = observation(on(CHR10), ONE, span(94781859), *G_TO_A, tumour, derivedFrom=derived)
    found = sites(made, seen, index=real())
    assert (alleles(found), found.tumour_genes) == ({}, ("CYP2C19",))


# Structural variants, over DPYD c.1905+1G>A (rs3918290, NC_000001.11:97450058 C>T)

SPLICE = [on(CHR1), ONE, span(97450058)]
READ = observation(*SPLICE, *alleles_of("C", "C"), named="read")
CARRIED = observation(*SPLICE, *alleles_of("C", "T"), named="read", state=HET)
DELETION = name("NC_000001.11:g.97400000_97460000del")
OVER = component("81302-2", valueRange={"low": {"value": 97400000}, "high": {"value": 97460000}})
DPYD = gene("DPYD")


def copies(number):
    return component("82155-3", valueQuantity={"value": number})


@pytest.mark.parametrize(
    ("what", "components", "state", "prior", "expected"),
    [
        ("deletion", [DELETION], HET, READ, ("C", UNREAD)),
        ("on both copies", [DELETION], HOM, READ, (UNREAD, UNREAD)),
        ("over two different bases", [DELETION], HET, CARRIED, (UNREAD, UNREAD)),
        ("inner range", [on(CHR1), OVER], HET, READ, ("C", UNREAD)),
        ("uncertain ends", [name("NC_000001.11:g.(?_97400000)_(97460000_?)del")], HET, READ,
         ("C", UNREAD)),
        ("duplication", [name("NC_000001.11:g.97400000_97460000dup")], HET, READ, ("C", UNREAD)),
        ("one copy, placed", [on(CHR1), ONE, span(97400000, 97460000), copies(1)], "", READ,
         ("C", UNREAD)),
        ("no copy, placed", [on(CHR1), ONE, span(97400000, 97460000), copies(0)], "", READ,
         (UNREAD, UNREAD)),
        # only the gene is known: the caveat alone
        ("one copy of the gene", [DPYD, copies(1)], "", READ, ("C", "C")),
    ],
)  # fmt: skip
def test_what_lies_under_a_structural_variant_is_open(what, components, state, prior, expected):
    found = sites(prior, observation(*components, state=state), index=real())
    assert alleles(found)["rs3918290"] == expected, what
    assert gene_codes(found, "DPYD") == ["PGX-535"], what


def test_a_position_that_nobody_read_is_a_no_call_under_a_structural_variant():
    found = sites(observation(DELETION, state=HET), index=real())
    assert alleles(found)["rs3918290"] == (UNREAD, UNREAD)
    assert "97400000_97460000del, Observation/v) lies over DPYD" in (
        found.gene_caveats["DPYD"][0].text
    )


@pytest.mark.parametrize(
    ("what", "components", "value"),
    [
        ("absent", [DELETION], ABSENT),
        ("two copies", [DPYD, copies(2)], "LA9633-4"),
        ("an estimate of two", [DPYD, copies(1.97)], "LA9633-4"),
        ("another place", [name("NC_000001.11:g.1400000_1460000del")], "LA9633-4"),
        ("one copy of the X", [gene("G6PD"), copies(1)], "LA9633-4"),
    ],
)
def test_what_is_no_structural_variant_of_the_gene_leaves_its_positions(what, components, value):
    found = sites(READ, observation(*components, value=value), index=real())
    assert alleles(found) == {"rs3918290": ("C", "C")}, what
    assert found.gene_caveats == {}, what


def test_a_structural_variant_beside_the_positions_is_told_all_the_same():
    beside = observation(DPYD, name("NC_000001.11:g.97450100_97450200del"), state=HET)
    found = sites(READ, beside, index=real())
    assert alleles(found)["rs3918290"] == ("C", "C")
    assert gene_codes(found, "DPYD") == ["PGX-535"]


def test_a_long_deletion_that_is_an_allele_of_a_position_is_still_called():
    long = name("NC_000023.11:g.154533015_154533038del")
    found = sites(observation(long, state=HET), index=real())
    assert gene_codes(found, "G6PD") == []
    assert "G6PD" in found.by_gene


# Names


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("NM_000110.4:c.1905+1G>A", {"rs3918290": ("C", "T")}),
        ("NM_000110.3:c.1905+1G>A", {"rs3918290": ("C", "T")}),
        ("NM_018283.4:c.415C>T", {"rs116855232": ("C", "T")}),
        ("NM_000402.4:c.563C>T", {}),  # G6PD's first transcript counts 90 bases more
    ],
)
def test_a_transcript_stands_for_its_gene(written, expected):
    found = sites(observation(name(written, "48004-6"), state=HET), index=real())
    assert alleles(found) == expected


@pytest.mark.parametrize("written", ["NM_999999.4:c.1905+1G>A", "c.1905+1G>A"])
def test_a_coding_name_of_ours_that_nothing_says_the_gene_of_is_listed(written):
    found = sites(observation(name(written, "48004-6"), state=HET), index=real())
    assert alleles(found) == {}
    assert reasons(found) == ["neither a gene nor a transcript that we know is stated for it"]


@pytest.mark.parametrize(
    "named",
    [
        [name("NP_000760.1:p.(Trp212*)", "48005-3")],
        [gene("CYP2C19"), name("p.W212X", "48005-3")],
        [gene("CYP2C19"), name("p.Trp212Ter", "48005-3")],
        [concept("81252-9", "4986893", "http://www.ncbi.nlm.nih.gov/projects/SNP")],
    ],
)
def test_a_stop_codon_and_an_rs_number_are_read_in_each_way_of_writing(named):
    assert alleles(sites(observation(*named, state=HOM), index=real())) == {"rs4986893": ("A", "A")}


def test_a_number_alone_is_no_rs_number_in_another_system():
    found = sites(observation(concept("81252-9", "4986893", "http://example.org")), index=real())
    assert alleles(found) == {}


def test_a_gene_that_the_position_does_not_lie_in_is_told():
    placed = [on(CHR10), ONE, span(94781859), *G_TO_A]
    found = sites(observation(gene("CYP2C9"), *placed, state=HOM), index=real())
    assert codes(calls(found)["rs4244285"]) == ["PGX-502"]
    found = sites(observation(gene("CYP2C19"), *placed, state=HOM), index=real())
    assert codes(calls(found)["rs4244285"]) == []


# One resource that contradicts itself


@pytest.mark.parametrize(
    ("what", "added"),
    [
        ("two allelic states", [concept("53034-5", HET), concept("53034-5", HOM)]),
        ("two alternate alleles", [concept("53034-5", HET), text("69551-0", "T")]),
        ("a reference that is heterozygous",
         [concept("53034-5", HET), name("Homozygous reference", "53034-5")]),
    ],
)  # fmt: skip
def test_a_resource_that_contradicts_itself_gives_no_answer(what, added):
    found = sites(observation(on(CHR10), ONE, span(94781859), *G_TO_A, *added), index=real())
    assert alleles(found) == {"rs4244285": (UNREAD, UNREAD)}, what
    assert "PGX-522" in codes(calls(found)["rs4244285"]), what


@pytest.mark.parametrize("words", ["Homozygous reference", "Wild type", "homozygous wild-type"])
def test_a_reference_state_is_the_reference_though_it_is_present(words):
    stated = [on(CHR10), ONE, span(94781859), *G_TO_A, name(words, "53034-5")]
    assert alleles(sites(observation(*stated), index=real())) == {"rs4244285": ("G", "G")}


# Phase


@pytest.mark.parametrize(
    ("status_of_variants", "is_phased", "told"),
    [("final", False, ["PGX-527"]), ("preliminary", True, [])],
)
def test_a_preliminary_phase_counts_among_preliminary_variants(status_of_variants, is_phased, told):
    more = {"state": HET, "status": status_of_variants}
    first = observation(gene("TPMT"), name("c.719A>G", "48004-6"), named="x", **more)
    second = observation(gene("TPMT"), name("c.460G>A", "48004-6"), named="y", **more)
    trans = phase("Trans", "Observation/x", "Observation/y") | {"status": "preliminary"}
    found = sites(first, second, trans, index=real())
    assert [bool(call.phase) for call in calls(found).values()] == [is_phased] * 2
    assert gene_codes(found, "TPMT") == told


# Zygosity that an Observation says of a sequence without naming its variant


def test_a_zygosity_of_a_sequence_is_that_of_its_one_variant():
    derived = [{"reference": "MolecularSequence/a"}]
    stated = observation(gene("CYP2C19"), state=HOM, derivedFrom=derived)
    found = sites(sequence("a", STAR_2), stated, index=real())
    assert alleles(found) == {"rs4244285": ("A", "A")}
    found = sites(sequence("a", STAR_2, STAR_17), stated, index=real())  # of which of the two?
    assert {call.zygosity_known for call in calls(found).values()} == {False}


def test_a_variant_pointer_names_the_variant_whose_zygosity_it_is():
    made = sequence("a", STAR_2, STAR_17)
    made["variant"][0]["variantPointer"] = {"reference": "Observation/v"}
    found = sites(made, observation(gene("CYP2C19"), state=HET), index=real())
    assert alleles(found) == {"rs4244285": ("G", "A"), "rs12248560": ("T",)}
