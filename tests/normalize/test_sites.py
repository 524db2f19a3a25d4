"""The decision positions on both builds, and every spelling of a change at them.

The definitions here are small and made for the tests; the sites are real ones.
"""

import pytest

from fhir_pgx.model.definition import GeneDefinition, NamedAllele, Site
from fhir_pgx.model.variant import OTHER
from fhir_pgx.normalize.sites import SiteIndex, trimmed

SNV = Site("rs4244285", 94781858, "G", ("A",), start37=96541615, names={"c.681G>A": "A"})
MOVED = Site("rs3758581", 94842865, "A", ("G",), start37=96602622, ref37="G")
REPEAT = Site(
    "rs3064744",
    233760232,
    "CAT",
    ("C", "CATAT", "CATATAT"),
    start37=234668878,
    context="C" + "A" + "TA" * 7,
    names={"TA[6]": "C"},
)
INSERTION = Site("rs777311140", 48037824, "C", ("CGCGG",), context="CG")


def definition(gene: str, chromosome: str, *sites: Site) -> GeneDefinition:
    alleles = (NamedAllele("*1", {}, is_whole=True),)
    return GeneDefinition(gene, chromosome, "test", "synthetic", "*1", sites, alleles)


@pytest.fixture(scope="module")
def index() -> SiteIndex:
    return SiteIndex(
        [
            definition("CYP2C19", "10", SNV, MOVED),
            definition("UGT1A1", "2", REPEAT),
            definition("NUDT15", "13", INSERTION),
        ]
    )


def shown(index, build, chromosome, change):
    return [(seen.placed.site.name, seen.allele) for seen in index.seen(build, chromosome, change)]


@pytest.mark.parametrize(
    ("build", "change", "expected"),
    [
        ("GRCh38", (94781858, "G", "A"), [("rs4244285", "A")]),
        ("GRCh37", (96541615, "G", "A"), [("rs4244285", "A")]),
        ("GRCh37", (94781858, "G", "A"), []),  # a GRCh38 number is nothing on GRCh37
        ("GRCh38", (94781858, "G", "T"), [("rs4244285", OTHER)]),
        ("GRCh38", (94781857, "CG", "CA"), [("rs4244285", "A")]),  # two bases, one replaced
        ("GRCh38", (94781857, "CGT", "C"), [("rs4244285", OTHER)]),  # deleted with its neighbours
        ("GRCh38", (94781858, "G", "GT"), []),  # put in beside it
    ],
)
def test_a_single_base_site_is_found_in_every_change_that_touches_it(
    index, build, change, expected
):
    assert shown(index, build, "10", change) == expected


@pytest.mark.parametrize(
    ("what", "change", "allele"),
    [
        ("as in a VCF, left-aligned", (233760232, "CAT", "C"), "C"),
        ("as HGVS has it, at the far right", (233760246, "TA", ""), "C"),
        ("in the middle of the repeat", (233760240, "TA", ""), "C"),
        ("one unit more, left-aligned", (233760232, "C", "CAT"), "CATAT"),
        ("one unit more, anchored as the site is", (233760232, "CAT", "CATAT"), "CATAT"),
        ("one unit more, at the end", (233760248, "", "TA"), "CATAT"),
        ("two units more", (233760234, "", "TATA"), "CATATAT"),
        ("two units less, which no allele has", (233760232, "CATAT", "C"), OTHER),
        ("another insertion within the repeat", (233760240, "", "G"), OTHER),
    ],
)
def test_a_repeat_is_known_in_every_spelling(index, what, change, allele):
    assert shown(index, "GRCh38", "2", change) == [("rs3064744", allele)], what


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ((233760200, "TATA", "T"), []),  # beside the repeat
        ((233760232, "C", "T"), []),  # the anchor replaced: no repeat changed
        ((233760232, "", "TA"), []),  # put in before the anchor
        ((233760246, "TAGGGG", ""), [("rs3064744", OTHER)]),  # reaches beyond it
    ],
)
def test_what_lies_beside_a_repeat_is_not_its_allele(index, change, expected):
    assert shown(index, "GRCh38", "2", change) == expected


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ((48037824, "C", "CGCGG"), [("rs777311140", "CGCGG")]),
        ((48037826, "", "CGGG"), [("rs777311140", "CGCGG")]),  # shifted by the base they share
        ((48037825, "", "AAAA"), [("rs777311140", OTHER)]),
    ],
)
def test_an_insertion_is_known_in_every_spelling(index, change, expected):
    assert shown(index, "GRCh38", "13", change) == expected


def test_a_name_stands_for_a_site_and_where_it_can_for_an_allele(index):
    found = index.named("C.681g>a", "CYP2C19")
    assert (found.site.name, found.allele) == ("rs4244285", "A")
    assert index.named("rs4244285").allele == "A"  # the only one there is
    assert index.named("rs3064744").allele is None  # three
    assert index.named("TA[6]").allele == "C"
    assert index.named("c.681G>A", "CYP2C9") is None
    assert index.named("rs1") is None


def test_the_spans_wanted_of_a_vcf_are_those_of_both_builds(index):
    accessions = {"NC_000010.10": ("GRCh37", "10"), "NC_000010.11": ("GRCh38", "10")}
    wanted = index.wanted(accessions)
    assert wanted.spans["10"] == (
        (94781858, 94781859), (94842865, 94842866), (96541615, 96541616), (96602622, 96602623),
    )  # fmt: skip
    assert {name for name, of in wanted.chromosomes.items() if of == "10"} >= {
        "10", "chr10", "NC_000010.10", "NC_000010.11",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "minimal"),
    [
        ((10, "CAT", "C"), (11, "AT", "")),
        ((10, "C", "CAT"), (11, "", "AT")),
        ((10, "CAT", "CGT"), (11, "A", "G")),
        ((10, "AAA", "AA"), (10, "A", "")),  # the shared end goes first
        ((10, "A", "A"), (10, "", "")),
    ],
)
def test_a_change_is_trimmed_to_what_changes(change, minimal):
    assert trimmed(change) == minimal


DOUBLE = Site("rs193922862", 38572265, "TC", ("CT",))


@pytest.mark.parametrize(
    ("what", "change", "expected"),
    [
        ("both bases", (38572265, "TC", "CT"), [("rs193922862", "CT")]),
        ("both, with a neighbour", (38572264, "ATC", "ACT"), [("rs193922862", "CT")]),
        ("one of them", (38572265, "T", "C"), [("rs193922862", OTHER)]),
        ("the base beside them", (38572267, "A", "C"), []),
    ],
)
def test_two_bases_replaced_together_are_one_allele(what, change, expected):
    index = SiteIndex([definition("RYR1", "19", DOUBLE)])
    assert shown(index, "GRCh38", "19", trimmed(change)) == expected, what


def test_a_deletion_within_a_repeat_takes_the_bases_that_the_definition_says():
    within = Site("rs186364861", 48037797, "G", ("A",))
    deletion = Site("rs746071566", 48037781, "AGGAGTC", ("A",), context="A" + "GGAGTC" * 3 + "G")
    index = SiteIndex([definition("NUDT15", "13", within, deletion)])
    for start, gone in ((48037782, "GGAGTC"), (48037795, "GAGTCG")):
        assert shown(index, "GRCh38", "13", (start, gone, "")) == [("rs746071566", "A")]
