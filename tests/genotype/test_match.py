"""Diplotypes of named alleles from the genotypes of synthetic people.

Positions and alleles are those of the knowledge; each line can be checked against a PharmVar or
CPIC allele table.
"""

import pytest

from fhir_pgx.genotype import build_table, call_gene
from fhir_pgx.genotype.match import allowed_by, callable_alleles, sites_of
from fhir_pgx.genotype.sites import read_sites
from fhir_pgx.model.definition import GeneDefinition, NamedAllele, Site
from fhir_pgx.model.knowledge import AlleleRule, GeneRules, PairRule
from fhir_pgx.model.variant import SiteCall

from .conftest import codes, names

C19 = {"rs3758581": "G/G"}  # the base of every CYP2C19 allele but *38 and a few


@pytest.mark.parametrize(
    ("gene", "genotypes", "diplotypes", "alternatives"),
    [
        ("CYP2C19", {}, ["*38/*38"], []),
        ("CYP2C19", C19, ["*1/*1"], []),
        ("CYP2C19", {"rs3758581": "A/G"}, ["*1/*38"], []),
        (
            "CYP2C19",
            {**C19, "rs4244285": "G/A", "rs12769205": "A/G", "rs58973490": "G/G"},
            ["*1/*2"],
            [],
        ),
        (  # the R of *2 at rs58973490 is a G or an A: with an A it may as well lie on *11
            "CYP2C19",
            {**C19, "rs4244285": "G/A", "rs12769205": "A/G", "rs58973490": "G/A"},
            ["*1/*2"],
            ["*2/*11"],
        ),
        ("CYP2C19", {**C19, "rs12248560": "C/T"}, ["*1/*17"], []),
        ("CYP2C19", {**C19, "rs12248560": "C/T", "rs28399504": "A/G"}, ["*1/*4"], ["*4/*17"]),
        (
            "CYP2C19",
            {**C19, "rs12248560": "C/T", "rs4244285": "G/A", "rs12769205": "A/G"},
            ["*2/*17"],
            [],
        ),
        ("CYP2C9", {"rs1057910": "C/C"}, ["*3/*3"], []),
        ("CYP2C9", {"rs1799853": "C/T", "rs1057910": "A/C"}, ["*2/*3"], []),
        ("TPMT", {"rs1800460": "C/T", "rs1142345": "T/C"}, ["*1/*3A"], ["*3B/*3C"]),
        ("TPMT", {"rs1800460": "C/T", "rs1142345": "C/C"}, ["*3A/*3C"], []),
        ("TPMT", {"rs1142345": "T/C"}, ["*1/*3C"], []),
        ("NUDT15", {"rs116855232": "T/T"}, ["*3/*3"], []),
        ("CYP3A5", {"rs776746": "C/C"}, ["*3/*3"], []),
        ("CYP3A5", {"rs776746": "T/C", "rs41303343": "T/TA"}, ["*3/*7"], []),
        ("CYP3A4", {"rs35599367": "G/A"}, ["*1/*22"], []),
        ("UGT1A1", {"rs3064744": "CAT/CATAT"}, ["*1/*28"], []),
        ("UGT1A1", {"rs3064744": "C/CATATAT"}, ["*36/*37"], []),
        (
            "UGT1A1",
            {"rs3064744": "CAT/CATAT", "rs887829": "C/T"},
            ["*1/*80+*28"],
            ["*28/*80"],
        ),
        ("SLCO1B1", {"rs4149056": "T/C", "rs2306283": "A/G"}, ["*1/*15"], ["*5/*37"]),
        ("SLCO1B1", {"rs71581941": "C/T"}, ["*1/*45"], []),  # *45.001
        (  # *45.002 with *1, or *45.001 with *15, or *5 and *37 shared out otherwise
            "SLCO1B1",
            {"rs71581941": "C/T", "rs4149056": "T/C", "rs2306283": "A/G"},
            ["*1/*45"],
            ["*15/*45"],
        ),
        (
            "VKORC1",
            {"rs9923231": "C/T"},
            ["rs9923231 reference (C)/rs9923231 variant (T)"],
            [],
        ),
        ("CYP2B6", {"rs3745274": "G/T", "rs2279343": "A/G"}, ["*1/*6"], ["*4/*9"]),
    ],
)
def test_unphased_genotypes_give_the_diplotype_of_most_read_cells(
    call, gene, genotypes, diplotypes, alternatives
):
    called = call(gene, genotypes)
    assert (names(called.diplotypes), names(called.alternatives)) == (diplotypes, alternatives)
    assert called.looked_up == tuple(each.haplotypes for each in called.diplotypes)
    assert (called.missing, called.no_call, called.hidden, called.present) == ((), (), (), ())


@pytest.mark.parametrize(
    ("first", "second", "diplotypes", "alternatives"),
    [
        ("C/T", "T/C", ["*1/*3A"], ["*3B/*3C"]),
        ("C|T", "T|C", ["*1/*3A"], []),  # on one strand
        ("C|T", "C|T", ["*3B/*3C"], []),  # on different strands
        ("T|C", "T|C", ["*3B/*3C"], []),
        ("C|T:1", "T|C:1", ["*1/*3A"], []),
        ("C|T:1", "T|C:2", ["*1/*3A"], ["*3B/*3C"]),  # phase holds inside one set only
        ("C|T:1", "C|T:2", ["*1/*3A"], ["*3B/*3C"]),
        ("C|T", "T/C", ["*1/*3A"], ["*3B/*3C"]),
        ("T|T", "T|C", ["*3A/*3B"], []),
    ],
)
def test_phase_holds_inside_its_set_alone(call, first, second, diplotypes, alternatives):
    called = call("TPMT", {"rs1800460": first, "rs1142345": second})
    assert (names(called.diplotypes), names(called.alternatives)) == (diplotypes, alternatives)


def test_all_matches_puts_every_diplotype_best_first(call):
    genotypes = {"rs1800460": "C/T", "rs1142345": "T/C"}
    called = call("TPMT", genotypes, all_matches=True)
    assert (names(called.diplotypes), called.alternatives) == (["*1/*3A", "*3B/*3C"], ())
    assert called.looked_up == (("*1", "*3A"), ("*3B", "*3C"))


def test_alleles_that_the_read_sites_cannot_tell_apart_are_ties(call):
    """Without rs3758581 nobody can tell *1 from *38."""
    called = call("CYP2C19", {}, without=("rs3758581",))
    assert names(called.diplotypes) == ["*1/*1", "*1/*38", "*38/*38"]
    assert codes(called) == []


@pytest.mark.parametrize(
    ("gene", "genotypes", "without", "diplotypes"),
    [
        (
            "G6PD",
            {"rs1050829": "T/C"},
            ("rs1050828",),
            ["A/B (reference)", "A- 202A_376G/B (reference)"],
        ),
        ("SLCO1B1", {"rs2306283": "A/G"}, ("rs34671512",), ["*1/*20", "*1/*37"]),
        ("CYP2B6", {"rs3745274": "G/T"}, ("rs2279343",), ["*1/*6", "*1/*9"]),
    ],
)
def test_what_would_tell_two_alleles_apart_is_missing(call, gene, genotypes, without, diplotypes):
    called = call(gene, genotypes, without=without)
    assert sorted(names(called.diplotypes)) == sorted(diplotypes)


def test_an_allele_whose_defining_sites_are_all_missing_is_not_called(call):
    called = call("CYP2C9", {}, without=("rs1057910",))
    assert (names(called.diplotypes), names(called.alternatives)) == (["*1/*1"], [])
    assert called.hidden == ("*3",)


def test_an_allele_needs_a_read_site_that_tells_it_from_every_whole_one(
    table_of, calls_of, knowledge
):
    """rs3758581 is a cell of CYP2C19 *3, but *1 has it too: alone it does not show *3."""
    table = table_of("CYP2C19")
    read = read_sites(table, calls_of("CYP2C19", {"rs3758581": "G/G"}, others=""))
    can_call = callable_alleles(table, sites_of(table, read))
    assert [table.shown[i] for i in range(len(table.shown)) if can_call >> i & 1] == ["*38", "*1"]
    allowed = allowed_by(table, read)
    assert allowed.partners(table.shown.index("*3")) >> table.shown.index("*1") & 1  # hidden


# NAT2: required sites, and the picks among what unphased data cannot tell apart


@pytest.mark.parametrize(
    ("genotypes", "diplotypes", "alternatives"),
    [
        ({"rs1799930": "G/A", "rs1208": "G/A"}, ["*1/*6"], ["*4/*34"]),
        ({"rs1801280": "T/C", "rs1208": "G/A"}, ["*4/*5"], ["*1/*16"]),  # against the score
        ({"rs1801280": "T|C", "rs1208": "G|A"}, ["*1/*16"], []),  # phased: nothing to pick
        ({"rs1801280": "T/C"}, ["*1/*5"], []),
    ],
)
def test_nat2_takes_the_pick_of_its_source(call, genotypes, diplotypes, alternatives):
    called = call("NAT2", genotypes)
    assert (names(called.diplotypes), names(called.alternatives)) == (diplotypes, alternatives)


def test_nat2_lists_the_pick_first_where_all_matches_are_asked(call):
    called = call("NAT2", {"rs1801280": "T/C", "rs1208": "G/A"}, all_matches=True)
    assert names(called.diplotypes) == ["*4/*5", "*1/*16"]


@pytest.mark.parametrize(
    ("genotypes", "without", "unread"),
    [
        ({}, ("rs1208",), "rs1208"),
        ({"rs1799930": "./."}, (), "rs1799930"),
        ({"rs1799930": "G/."}, ("rs1208",), "rs1799930, rs1208"),
    ],
)
def test_nat2_is_not_called_without_a_required_site(call, genotypes, without, unread):
    called = call("NAT2", genotypes, without=without)
    assert called.diplotypes == ()
    (caveat,) = called.caveats
    assert (caveat.code, caveat.text) == (
        "PGX-642",
        f"No NAT2 genotype follows: these were not read: {unread}.",
    )


# What stops a call


def test_a_combination_that_fits_no_pair_is_told_with_its_sites(call):
    called = call("TPMT", {"rs1256618794": "C/A"})
    assert (called.diplotypes, called.alternatives, called.present) == ((), (), ())
    (caveat,) = called.caveats
    assert caveat.code == "PGX-641"
    assert "rs1256618794" in caveat.text


@pytest.mark.parametrize(
    ("gene", "genotypes", "diplotypes", "no_call", "code"),
    [
        ("TPMT", {"rs1142345": "T/?"}, ["*1/*1"], (), "PGX-630"),
        ("TPMT", {"rs1142345": "C/?"}, ["*1/*3C"], (), "PGX-630"),
        ("CYP2C9", {"rs1057910": "A/?"}, [], ("rs1057910",), "PGX-631"),
        ("CYP2C9", {"rs1057910": "?/?"}, [], ("rs1057910",), "PGX-631"),
        ("CYP2C9", {"rs1057910": "./?"}, [], ("rs1057910",), "PGX-631"),
        ("CYP2C9", {"rs1057910": "./C"}, [], ("rs1057910",), "PGX-632"),
        ("CYP2C9", {"rs1057910": "A/."}, ["*1/*1"], ("rs1057910",), "PGX-640"),  # as if missing
        ("CYP2C9", {"rs1057910": "./."}, ["*1/*1"], ("rs1057910",), "PGX-640"),
        ("CYP2C9", {"rs1057910": "A/C/C"}, ["*1/*3"], (), "PGX-637"),
    ],
)
def test_a_base_that_cannot_be_counted_is_told(call, gene, genotypes, diplotypes, no_call, code):
    called = call(gene, genotypes)
    assert (names(called.diplotypes), called.no_call) == (diplotypes, no_call)
    assert codes(called) == [code]
    assert ("*3" if code == "PGX-640" else "rs1") in called.caveats[0].text


@pytest.mark.parametrize(
    ("gene", "without", "alleles"),
    [
        ("CYP2C19", ("rs4986893",), "*3"),
        ("CYP2C19", ("rs12248560", "rs28399504"), "*17"),  # *4 is none that all must find
        ("CYP2C19", ("rs28399504",), ""),
        ("CYP2C19", ("rs4244285",), ""),  # *2 has rs12769205 too, which was read
        ("TPMT", ("rs1142345", "rs1800460"), "*3A, *3B, *3C"),
    ],
)
def test_alleles_that_every_test_should_find_are_named_where_they_matter(
    call, gene, without, alleles
):
    common = {"rs3758581": "G/G"} if gene == "CYP2C19" else {}  # *1, not *38
    called = call(gene, common, without=without)
    told = [caveat.text for caveat in called.caveats if caveat.code == "PGX-640"]
    assert [f" for {alleles}, " in text for text in told] == ([True] if alleles else [])


def test_a_gene_of_which_nothing_was_read_has_no_diplotype(call):
    called = call("CYP2C9", {}, others="")
    assert (called.diplotypes, called.tested, len(called.missing)) == ((), 0, 83)
    assert codes(called) == ["PGX-642"]


# Alleles that are certain although no diplotype follows


@pytest.mark.parametrize(
    ("gene", "genotypes", "present"),
    [
        ("CYP2C9", {"rs1057910": "./C"}, ("*3",)),
        ("CYP2C9", {"rs1057910": "./C", "rs72558193": "./."}, ()),  # *3 or *18
        ("CYP2C9", {"rs1057910": "seen C"}, ("*3",)),
        ("TPMT", {"rs1800460": "seen T", "rs1142345": "seen C"}, ()),  # *3A, or *3B with *3C
        ("TPMT", {"rs1800460": "seen T", "rs1142345": "T/T"}, ("*3B",)),
        ("CFTR", {"rs75527207": "seen A"}, ("G551D",)),
        # Three variants on two copies fit no pair; G551D is there all the same.
        (
            "CFTR",
            {"rs75527207": "G/A", "rs78655421": "G/A", "rs121908755": "G/A"},
            ("G551D", "R117H", "S549N"),
        ),
        # *3A is of both sites: of *3B and *3C nothing is certain.
        ("TPMT", {"rs1800460": "C/T", "rs1142345": "T/C", "rs1256618794": "C/A"}, ()),
        ("TPMT", {"rs1800460": "T|C", "rs1142345": "C|T", "rs1256618794": "C/A"}, ("*3A",)),
    ],
)
def test_what_is_certainly_carried_is_told_without_a_diplotype(call, gene, genotypes, present):
    called = call(gene, genotypes)
    assert called.diplotypes == ()
    assert called.present == present


@pytest.mark.parametrize(
    ("genotypes", "diplotypes", "no_call", "code"),
    [
        ({"rs1057910": "seen C"}, [], (), "PGX-633"),
        ({"rs1057910": "seen A, C"}, [], (), "PGX-633"),
        # A reference that was seen says nothing of the other copy.
        ({"rs1057910": "seen A"}, ["*1/*1"], ("rs1057910",), "PGX-640"),
    ],
)
def test_alleles_of_unstated_zygosity_give_no_genotype(call, genotypes, diplotypes, no_call, code):
    called = call("CYP2C9", genotypes)
    assert (names(called.diplotypes), called.no_call) == (diplotypes, no_call)
    assert codes(called) == [code]


# The X chromosome


@pytest.mark.parametrize(
    ("genotypes", "copies", "sex", "diplotypes", "found"),
    [
        ({}, 1, "male", ["B (reference)"], []),
        ({"rs1050829": "C", "rs1050828": "T"}, 1, "male", ["A- 202A_376G"], []),
        ({"rs1050829": "C", "rs1050828": "T"}, 1, "", ["A- 202A_376G"], []),
        ({"rs1050829": "C"}, 1, "female", ["A"], ["PGX-635"]),
        # A caller's pair of the same base beside single ones is one copy.
        ({"rs1050829": "C/C", "rs1050828": "T"}, 1, "male", ["A- 202A_376G"], []),
        ({"rs1050829": "C", "rs1050828": "T"}, 2, "male", ["A- 202A_376G"], []),
        ({"rs1050829": "T/C", "rs1050828": "T"}, 2, "", [], ["PGX-634"]),
        ({"rs1050829": "C/C", "rs1050828": "T/T"}, 2, "male", ["A- 202A_376G/A- 202A_376G"], []),
        (
            {"rs1050829": "T/C", "rs1050828": "C/T"},
            2,
            "female",
            ["A- 202A_376G/B (reference)"],
            [],
        ),
        ({"rs1050829": "T/C"}, 2, "male", ["A/B (reference)"], ["PGX-635"]),
    ],
)
def test_g6pd_has_one_copy_or_two(call, genotypes, copies, sex, diplotypes, found):
    called = call("G6PD", genotypes, copies=copies, sex=sex)
    assert (names(called.diplotypes), codes(called)) == (diplotypes, found)


def test_one_g6pd_allele_of_unstated_zygosity_is_a_mans_only_copy(call):
    genotypes = {"rs1050829": "seen C", "rs1050828": "C"}
    assert names(call("G6PD", genotypes, copies=1, sex="male").diplotypes) == ["A"]
    assert codes(call("G6PD", genotypes, copies=1, sex="male")) == ["PGX-615"]
    assert call("G6PD", genotypes, copies=1).diplotypes == ()


def test_a_single_base_in_a_gene_of_two_copies_is_half_a_call(call):
    assert call("CYP2C9", {"rs1057910": "C"}).diplotypes == ()
    assert call("CYP2C9", {"rs1057910": "A"}).no_call == ("rs1057910",)


# SLCO1B1


@pytest.mark.parametrize(
    ("genotype", "diplotypes"),
    [("T/T", ["*1/*1"]), ("T/C", ["*1/*5"]), ("C/C", ["*5/*5"]), ("./.", []), ("T/.", [])],
)
def test_rs4149056_decides_where_no_slco1b1_pair_fits(call, genotype, diplotypes):
    """Two variants of unlike alleles, each homozygous, that no SLCO1B1 allele has together."""
    called = call("SLCO1B1", {"rs59502379": "C/C", "rs56199088": "G/G", "rs4149056": genotype})
    assert names(called.diplotypes) == diplotypes
    assert codes(called) == (["PGX-641", "PGX-639"] if diplotypes else ["PGX-641"])


def test_rs4149056_decides_where_another_site_has_an_unknown_base(call):
    called = call("SLCO1B1", {"rs59502379": "G/?", "rs4149056": "T/C"})
    assert (names(called.diplotypes), codes(called)) == (["*1/*5"], ["PGX-631", "PGX-639"])


# Absent means reference: only where it is asked for


def test_missing_sites_are_reference_only_when_asked(call):
    genotypes = {"rs1057910": "A/C"}
    as_asked = call("CYP2C9", genotypes, others="", missing_as_reference=True)
    assert names(as_asked.diplotypes) == ["*1/*3"]
    assert (as_asked.tested, len(as_asked.missing)) == (1, 82)
    assert "82 positions of CYP2C9 not in the data were taken as reference, as asked." in [
        caveat.text for caveat in as_asked.caveats
    ]
    assert "*2" in as_asked.could_change  # the gap stays a gap
    unasked = call("CYP2C9", genotypes, others="")
    # What tells *18 and *68 from *3 was not read.
    assert names(unasked.diplotypes) == ["*1/*3", "*1/*18", "*1/*68"]
    assert "PGX-638" not in codes(unasked)


def test_an_unread_site_is_never_taken_as_reference(call):
    called = call("CYP2C9", {"rs1057910": "./C"}, others="", missing_as_reference=True)
    assert called.diplotypes == ()
    assert called.no_call == ("rs1057910",)


@pytest.mark.parametrize(
    ("gene", "build", "diplotype"),
    [
        ("CYP2C19", "GRCh38", "*38/*38"),
        ("CYP2C19", "GRCh37", "*1/*1"),  # GRCh37's own base is that of *1
        ("CYP3A5", "GRCh38", "*1/*1"),
        ("CYP3A5", "GRCh37", "*3/*3"),
    ],
)
def test_the_reference_is_that_of_the_sources_build(table_of, gene, build, diplotype):
    called = call_gene(table_of(gene), (), missing_as_reference=True, build=build)
    assert names(called.diplotypes) == [diplotype]
    assert called.build == build


# Names, order, sources


def test_haplotypes_are_written_in_the_order_of_their_numbers(call):
    called = call("CYP3A4", {"rs35599367": "G/A", "rs4986910": "A/G"})
    assert (names(called.diplotypes), names(called.alternatives)) == (["*1/*37"], ["*3/*22"])
    assert names(call("CYP2C9", {"rs1057910": "A/C", "rs28371685": "C/T"}).diplotypes) == ["*3/*11"]


def test_the_sources_and_the_newest_time_travel_with_the_call(table_of):
    calls = [
        SiteCall("VKORC1", "rs9923231", ("C", "T"), reference="Observation/a", when="2026-01-01"),
        SiteCall(
            "VKORC1", "of another gene", ("C", "T"), reference="Observation/b", when="2026-02"
        ),
    ]
    called = call_gene(table_of("VKORC1"), calls)
    assert (called.references, called.when) == (("Observation/a", "Observation/b"), "2026-02")


# A definition made up for what the real ones hold once at most


def made_up(*alleles, reference=None):
    """Sites s1 to s3, each A with the variants C and G; *1 is the reference."""
    definition = GeneDefinition(
        gene="MADE1",
        chromosome="1",
        release="",
        citation="",
        reference="*1",
        sites=tuple(Site(f"s{i}", i, "A", ("C", "G")) for i in (1, 2, 3)),
        alleles=(NamedAllele("*1", reference or {}, is_whole=True), *alleles),
    )
    functions = {each.name: AlleleRule("Normal function") for each in definition.alleles}
    pairs = (PairRule(("Normal function",) * 2, "Normal", None, "Normal"),)
    return build_table(
        definition,
        GeneRules("MADE1", "", "phenotype", "1", (2,), "", "", functions, pairs),
    )


@pytest.mark.parametrize(
    ("code", "base", "fits"),
    [("M", "A", True), ("M", "C", True), ("M", "G", False), ("S", "A", False), ("N", "G", True)],
)
def test_an_iupac_code_matches_any_of_its_bases(code, base, fits):
    table = made_up(NamedAllele("*2", {"s1": code, "s2": "C"}))
    calls = [
        SiteCall("MADE1", "s1", (base, base)),
        SiteCall("MADE1", "s2", ("C", "C")),
        SiteCall("MADE1", "s3", ("A", "A")),
    ]
    assert names(call_gene(table, calls).diplotypes) == (["*2/*2"] if fits else [])


def test_an_allele_without_a_cell_has_the_references_base_even_where_the_reference_has_several():
    """As CYP2D6 *1 at rs150163869 (R): *34, which has no cell there, has the base G alone."""
    table = made_up(NamedAllele("*2", {"s2": "C"}), reference={"s1": "M"})
    either = [SiteCall("MADE1", site, ("A", "A")) for site in ("s2", "s3")]
    assert names(call_gene(table, [*either, SiteCall("MADE1", "s1", ("C", "C"))]).diplotypes) == [
        "*1/*1"
    ]
    calls = [
        SiteCall("MADE1", "s1", ("C", "C")),
        SiteCall("MADE1", "s2", ("C", "C")),
        SiteCall("MADE1", "s3", ("A", "A")),
    ]
    assert call_gene(table, calls).diplotypes == ()


def test_the_order_of_the_calls_does_not_matter(call, calls_of, table_of):
    calls = calls_of("TPMT", {"rs1800460": "C/T", "rs1142345": "T/C"})
    there, back = (call_gene(table_of("TPMT"), each) for each in (calls, calls[::-1]))
    assert there == back
