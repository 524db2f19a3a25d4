"""What a position that was not read may hide, and whether it matters to the advice."""

import pytest

from fhir_pgx.genotype import call_gene, contradicts, possible_keys
from fhir_pgx.genotype.order import places
from fhir_pgx.model.function_pairs import key_of, standard_name
from fhir_pgx.model.genotype import Diplotype

from .conftest import names

C19 = {"rs3758581": "G/G"}


@pytest.mark.parametrize(
    ("gene", "genotypes", "without", "hidden", "could_change"),
    [
        ("CYP2C9", {}, (), (), ()),
        ("CYP2C9", {}, ("rs1057910",), ("*3",), ("*3",)),  # *18 needs rs72558193 too, which is read
        # *18 has no known function.
        ("CYP2C9", {}, ("rs1057910", "rs72558193"), ("*3", "*18"), ("*3",)),
        ("CYP2C9", {"rs1057910": "./."}, (), ("*3",), ("*3",)),  # a no call hides as much
        ("CYP2C9", {"rs1057910": "A/."}, (), ("*3",), ("*3",)),
        # *9 has normal function: carried, it changes nothing.
        ("CYP2C9", {}, ("rs2256871",), ("*9",), ()),
        # Not even beside *3, which is hidden as well: *3 changes the advice, not *9.
        ("CYP2C9", {}, ("rs1057910", "rs2256871"), ("*3", "*9"), ("*3",)),
        # *7 has no known function: no guideline advises another thing for it.
        ("CYP2C9", {}, ("rs67807361",), ("*7",), ()),
        ("CYP2C9", {"rs1799853": "C/T"}, ("rs1057910",), ("*3",), ("*3",)),
        ("CYP2C19", C19, ("rs4986893",), ("*3",), ("*3",)),
        ("CYP2C19", C19, ("rs12248560",), ("*17",), ("*17",)),  # *4 is read at rs28399504
        (
            "CYP2C19",
            C19,
            ("rs12248560", "rs28399504"),
            ("*4", "*17"),
            ("*4", "*17"),
        ),
        ("TPMT", {}, ("rs1800460",), ("*3B",), ("*3B",)),  # *3A would show at rs1142345
        ("TPMT", {}, ("rs1142345",), ("*3C", "*41"), ("*3C", "*41")),
        (
            "TPMT",
            {},
            ("rs1800460", "rs1142345"),
            ("*3A", "*3B", "*3C", "*41"),
            ("*3A", "*3B", "*3C", "*41"),
        ),
        # *19 has no known function, *20 needs rs2306283, which is read.
        ("SLCO1B1", {}, ("rs34671512",), ("*19",), ()),
        ("CYP4F2", {}, ("rs2108622",), ("*3",), ()),  # a gene without phenotypes
        ("G6PD", {}, ("rs1050828",), ("Asahi",), ("Asahi",)),
        # DPYD, RYR1, MT-RNR1
        ("DPYD", {}, ("rs3918290",), ("c.1905+1G>A (*2A)",), ("c.1905+1G>A (*2A)",)),
        ("DPYD", {}, ("rs1801159",), ("c.1627A>G (*5)",), ()),  # normal function
        ("DPYD", {"rs3918290": "T/T"}, ("rs67376798",), ("c.2846A>T",), ()),  # 0.0 already
        ("DPYD", {"rs3918290": "C/T"}, ("rs67376798",), ("c.2846A>T",), ("c.2846A>T",)),
        # The intronic site of HapB3 hides its variant; the exonic one alone decides nothing.
        ("DPYD", {}, ("rs75017182",), ("c.1129-5923C>G",), ("c.1129-5923C>G",)),
        ("DPYD", {}, ("rs56038477",), (), ()),
        (
            "DPYD",
            {"rs75017182": "G/C"},
            ("rs56038477",),
            ("c.1129-5923C>G, c.1236G>A (HapB3)",),
            (),
        ),
        (
            "DPYD",
            {},
            ("rs75017182", "rs56038477"),
            ("c.1129-5923C>G", "c.1129-5923C>G, c.1236G>A (HapB3)"),
            ("c.1129-5923C>G", "c.1129-5923C>G, c.1236G>A (HapB3)"),
        ),
        ("RYR1", {}, ("rs121918593",), ("c.7300G>A",), ("c.7300G>A",)),
        ("RYR1", {"rs121918593": "G/A"}, ("rs118192172",), ("c.1840C>T",), ()),
        ("RYR1", {}, ("rs142474192",), ("c.418G>A",), ()),
    ],
)
def test_what_is_not_read_is_told_with_what_it_could_change(
    call, gene, genotypes, without, hidden, could_change
):
    called = call(gene, genotypes, without=without)
    assert called.diplotypes
    assert called.missing == tuple(called.missing)
    assert set(called.missing) == set(without)
    assert called.hidden == hidden
    assert set(called.could_change) == set(could_change)


@pytest.mark.parametrize(
    ("genotypes", "present"),
    [({}, ()), ({"rs121908755": "G/A"}, ("S549N",))],
)
def test_cftr_is_never_non_responsive_by_a_partial_test(call, genotypes, present):
    """Advice against ivacaftor must not come of a position that was not read; one responsive
    variant is enough all the same."""
    called = call("CFTR", genotypes, without=("rs75527207",))
    assert called.diplotypes == ()
    assert called.present == present
    assert [caveat.code for caveat in called.caveats] == ["PGX-642"]


@pytest.mark.parametrize(
    ("gene", "without", "first"),
    [
        ("MT-RNR1", ("rs267606617", "rs28358569", "rs267606619"), "m.1494C>T"),
        ("G6PD", ("rs1050828", "rs137852327"), "Viangchan, Jammu"),
    ],
)
def test_what_could_change_most_is_named_first(call, gene, without, first):
    assert call(gene, {}, without=without).could_change[0] == first


def test_coverage_counts_each_position_once(call):
    called = call("CYP2C9", {"rs1057910": "./.", "rs1799853": "C/."}, without=("rs28371685",))
    assert (called.tested, called.missing, called.no_call) == (
        80,
        ("rs28371685",),
        ("rs1799853", "rs1057910"),  # in the definition's order
    )


def test_a_gap_under_a_gene_that_is_not_called_changes_no_call(call):
    called = call("NAT2", {}, without=("rs1208",))
    assert called.diplotypes == called.could_change == ()
    assert called.hidden != ()


@pytest.mark.parametrize(
    ("gene", "genotypes", "without", "keys"),
    [
        ("CYP2C9", {}, (), ("2.0",)),
        ("CYP2C9", {}, ("rs1057910",), ("0.0", "1.0", "2.0")),
        ("CYP2C9", {"rs1057910": "./C"}, (), ("0.0", "1.0")),
        ("CYP2C9", {"rs1057910": "seen C"}, (), ("0.0", "1.0")),
        ("TPMT", {"rs1800460": "C/T", "rs1142345": "T/C"}, (),
         ("Intermediate Metabolizer", "Poor Metabolizer")),
        ("DPYD", {}, ("rs3918290",), ("0.0", "1.0", "2.0")),
        ("DPYD", {"rs3918290": "seen T"}, (), ("0.0", "1.0")),
        ("DPYD", {"rs3918290": "./T", "rs67376798": "T/A"}, (), ("0.0", "0.5", "1.0")),
        ("MT-RNR1", {}, ("rs267606617",),
         ("increased risk of aminoglycoside-induced hearing loss",
          "normal risk of aminoglycoside-induced hearing loss")),
        ("CYP4F2", {}, (), ()),
    ],
)  # fmt: skip
def test_every_guideline_key_that_the_read_positions_allow(
    call, table_of, calls_of, gene, genotypes, without, keys
):
    assert call(gene, genotypes, without=without).possible_keys == keys
    calls = calls_of(gene, genotypes, without=without)
    assert possible_keys(table_of(gene), calls) == frozenset(keys)


@pytest.mark.parametrize(
    ("gene", "genotypes", "without", "stated", "contradicted"),
    [
        ("CYP2C9", {"rs1057910": "A/C"}, (), "*1/*3", False),
        ("CYP2C9", {"rs1057910": "A/C"}, (), "*1/*1", True),
        ("CYP2C9", {"rs1057910": "A/C"}, (), "*3/*3", True),
        ("CYP2C9", {}, ("rs1057910",), "*3/*3", False),  # not read: nothing speaks against it
        ("CYP2C9", {}, (), "*1/*999", False),  # not defined: nobody can tell
        ("TPMT", {"rs1800460": "C/T", "rs1142345": "T/C"}, (), "*3B/*3C", False),
        ("TPMT", {"rs1800460": "C|T", "rs1142345": "T|C"}, (), "*3B/*3C", True),
        ("CYP2C9", {"rs1057910": "./C"}, (), "*1/*1", True),
        ("CYP2C9", {"rs1057910": "seen C"}, (), "*1/*3", False),
        ("SLCO1B1", {"rs71581941": "C/T"}, (), "*1/*45", False),  # a sub-allele of it
        (
            "NUDT15",
            {"rs746071566": "AGGAGTC/AGGAGTCGGAGTC", "rs116855232": "C/T"},
            (),
            "*1/*3",
            False,
        ),
        ("G6PD", {"rs1050829": "C/C"}, (), "A", False),  # one X, written as a pair
        ("G6PD", {"rs1050829": "C/T"}, (), "A", True),
        ("DPYD", {"rs3918290": "C/T"}, (), "Reference/c.1905+1G>A (*2A)", False),
        ("DPYD", {}, (), "Reference/c.1905+1G>A (*2A)", True),
        ("DPYD", {"rs3918290": "C/T"}, (), "c.1905+1G>A (*2A)/c.1905+1G>A (*2A)", True),
        ("DPYD", {"rs3918290": "C/T"}, (), "Reference/Reference", True),
        # *5 has normal function: a report may leave it out.
        ("DPYD", {"rs1801159": "C/T"}, (), "Reference/Reference", False),
        ("DPYD", {}, ("rs3918290",), "Reference/c.1905+1G>A (*2A)", False),
        (
            "DPYD",
            {"rs75017182": "G/C"},
            ("rs56038477",),
            "Reference/c.1129-5923C>G, c.1236G>A (HapB3)",
            False,
        ),
        # Half a call, or a variant of unstated zygosity, contradicts only what has none of it.
        ("DPYD", {"rs3918290": "seen T"}, (), "Reference/c.1905+1G>A (*2A)", False),
        ("DPYD", {"rs3918290": "seen T"}, (), "c.1905+1G>A (*2A)/c.1905+1G>A (*2A)", False),
        ("DPYD", {"rs3918290": "./T"}, (), "Reference/c.1905+1G>A (*2A)", False),
        ("DPYD", {"rs3918290": "./T"}, (), "Reference/Reference", True),
        ("DPYD", {"rs3918290": "seen T"}, (), "c.2846A>T/c.2846A>T", True),
        ("RYR1", {"rs121918593": "seen A"}, (), "Reference/c.7300G>A", False),
        ("RYR1", {"rs121918593": "seen A"}, (), "Reference/Reference", True),
        ("MT-RNR1", {}, (), "m.1555A>G", True),
        ("MT-RNR1", {"rs267606617": "G/G"}, (), "m.1555A>G", False),
    ],
)
def test_a_stated_diplotype_is_laid_beside_the_positions_read(
    table_of, calls_of, gene, genotypes, without, stated, contradicted
):
    calls = calls_of(gene, genotypes, without=without)
    diplotype = Diplotype(tuple(stated.split("/")))
    assert contradicts(table_of(gene), calls, diplotype) is contradicted


def test_one_copy_read_contradicts_two_different_alleles_stated(table_of, calls_of):
    calls = calls_of("G6PD", {"rs1050829": "C"}, copies=1)
    stated = {"A": False, "A/A": False, "A/B (reference)": True, "B (reference)": True}
    for name, contradicted in stated.items():
        diplotype = Diplotype(tuple(name.split("/")))
        assert contradicts(table_of("G6PD"), calls, diplotype) is contradicted


# The table


def test_the_keys_of_the_table_are_those_of_the_pair_rules(knowledge, table_of):
    for gene, definition in knowledge.definitions.items():
        table, rules = table_of(gene), knowledge.genes[gene]
        shown = list(dict.fromkeys(table.shown))[:60]
        for one in shown:
            for other in shown:
                pair = (one, other)[: max(rules.copies)]
                named = [standard_name(name, rules) for name in pair]
                assert table.key_of(pair) == key_of(named, rules), (definition.gene, pair)


def test_alleles_stand_in_the_order_of_their_numbers(knowledge):
    order = places(knowledge.genes["CYP3A4"])
    assert order["*1"] < order["*2"] < order["*3"] < order["*22"]
    nudt15 = places(knowledge.genes["NUDT15"], ("*2", "*3"))
    assert nudt15["*1"] < nudt15["*2"] < nudt15["*3"] < nudt15["*4"]


def test_the_reference_everywhere_gives_the_reference_allele_of_every_gene(
    knowledge, table_of, calls_of
):
    for gene, definition in knowledge.definitions.items():
        called = call_gene(table_of(gene), calls_of(gene, {}))
        assert {name for d in called.diplotypes for name in d.haplotypes} == {definition.reference}
        assert names(called.alternatives) == []
        assert (called.missing, called.hidden, called.caveats) == ((), (), ())
