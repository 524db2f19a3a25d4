"""DPYD, RYR1 and MT-RNR1: every variant found is listed, the lowest functions decide.

Synthetic genotypes. What a name looks like and which alleles are looked up are as in the published
examples of PharmCAT 3.1.1; HapB3 as in CPIC's note on rs75017182 and rs56038477.
"""

import pytest

from fhir_pgx.genotype.components import function_rank

from .conftest import codes, names

HAPB3 = "c.1129-5923C>G, c.1236G>A (HapB3)"
ALONE = "c.1129-5923C>G"
A2 = "c.1905+1G>A (*2A)"
A5 = "c.1627A>G (*5)"
A9 = "c.85T>C (*9A)"
T2846 = "c.2846A>T"
# Each site with its reference and its variant.
RS_2A, RS_5, RS_9A, RS_2846 = "rs3918290", "rs1801159", "rs1801265", "rs67376798"


@pytest.mark.parametrize(
    ("genotypes", "written", "haplotypes", "looked_up"),
    [
        ({}, "Reference/Reference", ("Reference",) * 2, ("Reference",) * 2),
        ({RS_2A: "C/T"}, f"Reference/{A2}", ("Reference", A2), ("Reference", A2)),
        ({RS_2A: "T/T"}, f"{A2}/{A2}", (A2, A2), (A2, A2)),
        # Two heterozygous variants: on which copies nobody knows; the two lowest decide.
        ({RS_2A: "C/T", RS_5: "C/T"}, f"{A5}, {A2}", (A5, A2), (A5, A2)),
        ({RS_2A: "C/T", RS_5: "C/T", RS_9A: "A/G"}, f"{A9}, {A5}, {A2}", (A9, A5, A2), (A9, A2)),
        ({RS_2A: "C/T", RS_2846: "T/A"}, f"{A2}, {T2846}", (A2, T2846), (A2, T2846)),
        (
            {RS_9A: "G/G", RS_5: "C/T", RS_2846: "T/A"},
            f"{A9}, {A9}, {A5}, {T2846}",
            (A9, A9, A5, T2846),
            (A9, T2846),
        ),
        # One heterozygous variant beside homozygous ones: its copy does not matter.
        ({RS_9A: "G/G", RS_2A: "C/T"}, f"{A9}/[{A9} + {A2}]", (A9, A9, A2), (A9, A2)),
        ({RS_9A: "G/G", RS_5: "C/C"}, f"[{A9} + {A5}]/[{A9} + {A5}]", (A9, A5) * 2, (A9, A9)),
        # Phased
        ({RS_2A: "C|T", RS_5: "C|T"}, f"{A5}/{A2}", (A5, A2), (A5, A2)),
        ({RS_2A: "C|T", RS_5: "T|C"}, f"Reference/[{A5} + {A2}]",
         ("Reference", A5, A2), ("Reference", A2)),
        ({RS_2A: "C|T", RS_2846: "T|A"}, f"Reference/[{A2} + {T2846}]",
         ("Reference", A2, T2846), ("Reference", A2)),
    ],
)  # fmt: skip
def test_dpyd_lists_every_variant_and_the_lowest_decide(
    call, genotypes, written, haplotypes, looked_up
):
    """rs1801159 T>C, rs3918290 C>T, rs67376798 T>A, rs1801265 A>G on the forward strand."""
    called = call("DPYD", genotypes)
    (diplotype,) = called.diplotypes
    # C/T at rs1801159 is the variant first: as a VCF may write it.
    assert (diplotype.name, diplotype.haplotypes) == (written, haplotypes)
    assert called.looked_up == (looked_up,)


def test_two_phase_sets_give_both_answers_the_less_favourable_first(call):
    called = call("DPYD", {RS_2A: "C|T:1", RS_2846: "T|A:2"})
    assert names(called.diplotypes) == [f"{A2}/{T2846}", f"Reference/[{A2} + {T2846}]"]
    assert called.looked_up == ((A2, T2846), ("Reference", A2))
    assert called.possible_keys == ("0.5", "1.0")
    assert codes(called) == ["PGX-645"]


def test_unphased_variants_are_taken_the_less_favourable_way_and_that_is_told(call):
    called = call("DPYD", {RS_2A: "C/T", RS_2846: "T/A"})
    assert called.possible_keys == ("0.5", "1.0")
    assert codes(called) == ["PGX-645"]


def test_phase_that_changes_no_advice_is_no_warning(call):
    assert codes(call("DPYD", {RS_9A: "A/G", RS_5: "C/T"})) == []


def test_what_is_known_of_phase_is_used_beside_an_unphased_variant(call):
    """*2A and c.2846A>T on one strand: *9A, of normal function, cannot make it worse than 1.0."""
    called = call("DPYD", {RS_2A: "C|T", RS_2846: "T|A", RS_9A: "A/G"})
    assert names(called.diplotypes) == [f"{A9}, {A2}, {T2846}"]
    assert called.possible_keys == ("1.0",)
    assert codes(called) == []
    unphased = call("DPYD", {RS_2A: "C/T", RS_2846: "T/A", RS_9A: "A/G"})
    assert unphased.possible_keys == ("0.5", "1.0")


def test_more_variants_than_can_be_tried_fall_to_the_two_lowest(call, knowledge):
    definition = knowledge.definitions["DPYD"]
    single = [allele for allele in definition.alleles[1:] if len(allele.cells) == 1]
    ref = {site.name: site.ref for site in definition.sites}
    genotypes = {
        site: f"{ref[site]}/{cell}"
        for allele in single[:40]
        if allele.name != ALONE
        for site, cell in allele.cells.items()
    }
    called = call("DPYD", genotypes)
    (pair,) = called.looked_up
    rules = knowledge.genes["DPYD"]
    assert [rules.alleles[name].activity for name in pair] == ["0.0", "0.0"]
    assert codes(called) == ["PGX-645"]


@pytest.mark.parametrize(
    ("function", "worse_than"),
    [
        ("0.0", "0.5"),
        ("0.5", "1.0"),
        ("0.5", None),  # a variant without a value is not passed over for one of normal function
        (None, "1.0"),
        ("Malignant Hyperthermia associated", "Uncertain function"),
        ("Uncertain function", "Normal function"),
        (
            "Increased risk of aminoglycoside-induced hearing loss",
            "Uncertain risk of aminoglycoside-induced hearing loss",
        ),
        (
            "Uncertain risk of aminoglycoside-induced hearing loss",
            "Normal risk of aminoglycoside-induced hearing loss",
        ),
    ],
)
def test_functions_have_an_order(function, worse_than):
    assert function_rank(function) < function_rank(worse_than)


def test_among_equals_the_variant_that_every_guideline_knows_is_looked_up(call):
    """c.1314T>G, c.557A>G and c.2846A>T have 0.5; c.2846A>T is in every guideline."""
    called = call("DPYD", {"rs115232898": "C/T", RS_2846: "T/T", "rs112766203": "A/A"})
    (pair,) = called.looked_up
    assert pair == ("c.2279C>T", "c.2279C>T") or "c.2279C>T" in pair
    called = call("DPYD", {RS_2846: "A/A", "rs112766203": "A/A"})
    assert called.looked_up == ((T2846, T2846),)


# HapB3: rs75017182 G>C (intronic) and rs56038477 C>T (exonic)

H, I, R = HAPB3, ALONE, "Reference"  # noqa: E741
EXONIC_ONLY, MISMATCH = "PGX-643", "PGX-644"


@pytest.mark.parametrize(
    ("intronic", "exonic", "haplotypes", "found"),
    [
        # Not phased
        ("G/G", "C/C", (R, R), []),
        ("G/G", "C/T", (R, R), [MISMATCH]),
        ("G/G", "T/T", (R, R), [MISMATCH]),
        ("G/G", "", (R, R), []),
        ("G/G", "./.", (R, R), []),
        ("G/C", "C/C", (R, I), []),
        ("G/C", "C/T", (R, H), []),
        ("G/C", "T/T", (R, H), [MISMATCH]),
        ("G/C", "", (R, I), []),
        ("G/C", "./.", (R, I), []),
        ("C/C", "C/C", (I, I), []),
        ("C/C", "C/T", (I, H), []),
        ("C/C", "T/T", (H, H), []),
        ("C/C", "", (I, I), []),
        ("C/C", "./.", (I, I), []),
        ("", "C/C", (R, R), []),
        ("", "C/T", (R, H), [EXONIC_ONLY]),
        ("", "T/T", (H, H), [EXONIC_ONLY]),
        ("./.", "C/C", (R, R), []),
        ("./.", "C/T", (R, H), [EXONIC_ONLY]),
        ("./.", "T/T", (H, H), [EXONIC_ONLY]),
        # Phased
        ("G|G", "C|C", (R, R), []),
        ("G|G", "C|T", (R, R), [MISMATCH]),
        ("G|G", "T|C", (R, R), [MISMATCH]),
        ("G|G", "T|T", (R, R), [MISMATCH]),
        ("G|G", "", (R, R), []),
        ("G|C", "C|C", (R, I), []),
        ("G|C", "C|T", (R, H), []),
        ("G|C", "T|C", (R, I), [MISMATCH]),  # on different strands
        ("C|G", "T|C", (R, H), []),
        ("C|G", "C|T", (R, I), [MISMATCH]),
        ("G|C", "T|T", (R, H), [MISMATCH]),
        ("C|G", "T|T", (R, H), [MISMATCH]),
        ("G|C", "", (R, I), []),
        ("C|C", "C|C", (I, I), []),
        ("C|C", "C|T", (I, H), []),
        ("C|C", "T|C", (I, H), []),
        ("C|C", "T|T", (H, H), []),
        ("C|C", "", (I, I), []),
        ("", "C|C", (R, R), []),
        ("", "C|T", (R, H), [EXONIC_ONLY]),
        ("", "T|T", (H, H), [EXONIC_ONLY]),
        # In two phase sets nobody knows how they lie: counted together
        ("G|C:1", "C|T:2", (R, H), []),
        ("G|C:1", "T|C:2", (R, H), []),
    ],
)
def test_hapb3_is_decided_by_its_intronic_site(call, intronic, exonic, haplotypes, found):
    given = {"rs75017182": intronic, "rs56038477": exonic}
    genotypes = {site: text for site, text in given.items() if text}
    called = call("DPYD", genotypes, without=[site for site in given if not given[site]])
    (diplotype,) = called.diplotypes
    assert diplotype.haplotypes == haplotypes
    assert called.looked_up == (haplotypes,)
    assert [code for code in codes(called) if code != "PGX-640"] == found


def test_hapb3_lies_on_the_strand_of_its_sites(call):
    """With *2A in the same phase set: on its strand, or on the other."""
    together = {"rs75017182": "G|C", "rs56038477": "C|T", RS_2A: "C|T"}
    apart = {"rs75017182": "G|C", "rs56038477": "C|T", RS_2A: "T|C"}
    assert names(call("DPYD", together).diplotypes) == [f"Reference/[{HAPB3} + {A2}]"]
    assert names(call("DPYD", apart).diplotypes) == [f"{HAPB3}/{A2}"]


def test_hapb3_is_not_assumed_absent_where_its_companion_is_there(call):
    """ "Absent means reference" would make the intronic site speak against the exonic one."""
    called = call("DPYD", {"rs56038477": "C/T"}, others="", missing_as_reference=True)
    assert names(called.diplotypes) == [f"Reference/{HAPB3}"]
    assert "PGX-643" in codes(called)


# What is seen without a genotype


@pytest.mark.parametrize(
    ("genotypes", "present", "code"),
    [
        ({RS_2A: "./T"}, (A2,), "PGX-632"),
        ({RS_2A: "seen T"}, (A2,), "PGX-633"),
        ({RS_2A: "seen T", RS_2846: "T/A"}, (A2, T2846), "PGX-633"),
        ({"rs75017182": "seen C"}, (ALONE,), "PGX-633"),
        ({"rs75017182": "seen C", "rs56038477": "seen T"}, (HAPB3,), "PGX-633"),
        ({"rs75017182": "./C", "rs56038477": "C/T"}, (HAPB3,), "PGX-632"),
    ],
)
def test_a_variant_without_a_genotype_is_present_and_no_more(call, genotypes, present, code):
    called = call("DPYD", genotypes)
    assert (called.diplotypes, called.present) == ((), present)
    assert codes(called) == [code]


def test_the_exonic_site_alone_of_unstated_zygosity_is_hapb3(call):
    called = call("DPYD", {"rs56038477": "seen T"}, without=("rs75017182",))
    assert called.present == (HAPB3,)


def test_an_unknown_base_counts_as_the_reference(call):
    called = call("DPYD", {RS_2A: "C/?"})
    assert (names(called.diplotypes), codes(called)) == (["Reference/Reference"], ["PGX-630"])


def test_no_site_read_gives_no_answer(call):
    called = call("DPYD", {}, others="")
    assert (called.diplotypes, codes(called)) == ((), ["PGX-642"])


# RYR1


@pytest.mark.parametrize(
    ("genotypes", "written", "looked_up", "keys"),
    [
        ({}, "Reference/Reference", ("Reference",) * 2, ("Uncertain Susceptibility",)),
        (
            {"rs121918593": "G/A"},
            "Reference/c.7300G>A",
            ("Reference", "c.7300G>A"),
            ("Malignant Hyperthermia Susceptibility",),
        ),
        (
            {"rs121918593": "G/A", "rs142474192": "G/A"},
            "c.418G>A, c.7300G>A",
            ("c.418G>A", "c.7300G>A"),
            ("Malignant Hyperthermia Susceptibility",),
        ),
    ],
)
def test_ryr1_one_variant_that_causes_malignant_hyperthermia_is_enough(
    call, genotypes, written, looked_up, keys
):
    called = call("RYR1", genotypes)
    assert names(called.diplotypes) == [written]
    assert (called.looked_up, called.possible_keys) == ((looked_up,), keys)


# MT-RNR1: one copy

MT, COMMON = "rs267606617", "rs28358569"  # m.1555A>G and m.827A>G


@pytest.mark.parametrize(
    ("genotypes", "written", "looked_up", "found"),
    [
        ({}, "Reference", "Reference", []),
        ({MT: "G"}, "m.1555A>G", "m.1555A>G", []),
        ({MT: "G/G"}, "m.1555A>G", "m.1555A>G", []),
        ({MT: "A/G"}, "m.1555A>G", "m.1555A>G", ["PGX-636"]),
        ({MT: "G", COMMON: "G"}, "[m.827A>G + m.1555A>G]", "m.1555A>G", []),
        ({COMMON: "G"}, "m.827A>G", "m.827A>G", []),
        ({MT: "seen G"}, "m.1555A>G", "m.1555A>G", []),  # one copy: no zygosity to state
        ({MT: "./G"}, "m.1555A>G", "m.1555A>G", []),
        ({MT: "."}, "Reference", "Reference", ["PGX-652"]),
    ],
)
@pytest.mark.parametrize("copies", [1, 2])
def test_mt_rnr1_has_one_copy(call, genotypes, written, looked_up, found, copies):
    called = call("MT-RNR1", genotypes, copies=copies)
    assert names(called.diplotypes) == [written]
    assert called.looked_up == ((looked_up,),)
    assert codes(called) == found


def test_a_mitochondrial_site_that_was_not_read_is_a_no_call(call):
    called = call("MT-RNR1", {MT: "./A"}, copies=1)
    assert called.no_call == (MT,)
    assert called.could_change == ("m.1555A>G",)
