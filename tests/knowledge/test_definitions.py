"""The allele definitions: what the source says, all of it, and nothing that it does not say.

The tables below are for a pharmacist to check. Tests against the source's own files need the
shared facts and skip where they are absent.
"""

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from fhir_pgx.cli.knowledge import find_entry
from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.definitions import IUPAC, faults_of, load_definitions, uncited
from fhir_pgx.knowledge.files import checked
from fhir_pgx.knowledge.hgvs_bases import fault_of_codons, fault_of_name
from fhir_pgx.knowledge.loader import HERE, load_knowledge
from fhir_pgx.model.definition import NamedAllele, Proxy, Site, TiePick

FACTS = Path(__file__).resolve().parents[3] / "shared" / "facts"
needs_facts = pytest.mark.skipif(
    not (FACTS / "allele_definitions").is_dir(), reason="needs the shared facts beside the project"
)
DEFINITIONS = load_knowledge().definitions
MINUS = {
    "ABCG2", "CACNA1S", "CYP2D6", "CYP3A4", "CYP3A5", "CYP4F2", "DPYD", "G6PD", "IFNL3", "TPMT",
    "VKORC1",
}  # fmt: skip


def site_of(gene: str, name: str) -> Site:
    definition = DEFINITIONS[gene]
    return next(each for each in (*definition.sites, *definition.extra) if each.name == name)


def cells_of(gene: str, allele: str) -> dict[str, str]:
    return next(each.cells for each in DEFINITIONS[gene].alleles if each.name == allele)


# What there is


def test_twenty_genes_of_the_source_and_one_haploid_gene_are_defined():
    assert len(DEFINITIONS) == 21
    # The source's positions file has 1,202: those of its 20 genes and rs12777823 beside CYP2C9.
    of_source = [each for gene, each in DEFINITIONS.items() if gene != "MT-RNR1"]
    assert sum(len(each.sites) + len(each.extra) for each in of_source) == 1202
    assert len(DEFINITIONS["MT-RNR1"].sites) == 22


@needs_facts
def test_the_positions_are_those_of_the_sources_vcf():
    lines = (FACTS / "allele_definitions" / "pharmcat_positions.vcf").read_text().splitlines()
    of_source = {
        (fields[0].removeprefix("chr"), int(fields[1]) - 1, fields[3], *fields[4].split(","))
        for fields in (line.split("\t") for line in lines if not line.startswith("#"))
    }
    ours = {
        (definition.chromosome, each.start, each.ref, *each.alts)
        for gene, definition in DEFINITIONS.items()
        for each in (*definition.sites, *definition.extra)
        if gene != "MT-RNR1"
    }
    assert ours == of_source


@needs_facts
@pytest.mark.parametrize("gene", sorted(DEFINITIONS.keys() - {"MT-RNR1"}))
def test_every_allele_of_the_source_has_exactly_its_cells(gene):
    source = json.loads((FACTS / "allele_definitions" / f"{gene}.json").read_text())
    definition = DEFINITIONS[gene]
    starts = {each.name: each.start for each in definition.sites}
    refs = {each.start: each.ref for each in definition.sites}
    ours = {}
    for allele in definition.alleles:
        stated = {starts[name]: value for name, value in allele.cells.items()}
        ours[allele.name] = {**refs, **stated} if allele.is_whole else stated
    of_source = {
        named["name"]: {
            variant["position"] - 1: value
            for variant, value in zip(source["variants"], named["alleles"], strict=True)
            if value is not None
        }
        for named in source["namedAlleles"]
    }
    assert ours == of_source
    assert definition.release == source["version"]


@pytest.mark.parametrize(
    ("gene", "allele", "cells"),
    [
        ("CYP2C19", "*38", {}),  # the reference; *1 differs from it
        ("CYP2C19", "*1", {"rs3758581": "G"}),
        (
            "CYP2C19",
            "*2",
            {"rs12769205": "G", "rs58973490": "R", "rs4244285": "A", "rs3758581": "G"},
        ),
        ("CYP2C19", "*17", {"rs12248560": "T", "rs3758581": "G"}),
        ("TPMT", "*3A", {"rs1800460": "T", "rs1142345": "C"}),
        ("TPMT", "*3C", {"rs1142345": "C"}),
        ("CYP2C9", "*6", {"rs9332131": "G"}),
        ("UGT1A1", "*28", {"rs3064744": "CATAT"}),
        ("UGT1A1", "*36", {"rs3064744": "C"}),
        ("UGT1A1", "*37", {"rs3064744": "CATATAT"}),
        ("UGT1A1", "*80+*28", {"rs887829": "T", "rs3064744": "CATAT"}),
        ("NUDT15", "*9", {"rs746071566": "A"}),
        ("SLCO1B1", "*5", {"rs4149056": "C"}),
        # Both sub-alleles of *45 are stated at three positions; *45 itself has no row.
        ("SLCO1B1", "*45.001", {"rs2306283": "A", "rs4149056": "T", "rs71581941": "T"}),
        ("SLCO1B1", "*45.002", {"rs2306283": "G", "rs4149056": "C", "rs71581941": "T"}),
        ("DPYD", "c.1905+1G>A (*2A)", {"rs3918290": "T"}),
        ("CYP2D6", "*1", {"rs150163869": "R", "rs1058164": "S"}),
        ("VKORC1", "rs9923231 variant (T)", {"rs9923231": "T"}),
        ("MT-RNR1", "m.1555A>G", {"rs267606617": "G"}),
        ("MT-RNR1", "m.960C>del", {"rs111033185": "A"}),
        ("MT-RNR1", "m.961T>del", {"m.961del": "C"}),
    ],
)
def test_an_allele_has_the_cells_that_a_pharmacist_expects(gene, allele, cells):
    assert cells_of(gene, allele) == cells


def test_what_the_source_does_not_place_exactly_is_no_allele():
    names = {each.name for each in DEFINITIONS["MT-RNR1"].alleles}
    assert "m.961T>del" in names
    assert "m.961T>del+Cn" not in names


def test_variants_that_share_an_ignored_position_stay():
    """The source ignores a deletion at the position of G6PD Chatham, and one in RYR1."""
    assert cells_of("G6PD", "Chatham") == {"rs5030869": "T"}
    assert cells_of("RYR1", "c.14509C>G") == {"g.38580126C>G": "G"}
    assert "rs2230037" not in {each.name for each in DEFINITIONS["G6PD"].sites}


def test_a_site_without_an_rsid_has_its_genomic_name():
    assert site_of("G6PD", "g.154532258G>A/T").alts == ("A", "T")
    assert site_of("MT-RNR1", "m.807A>C/G").alts == ("C", "G")


@pytest.mark.parametrize("gene", sorted(DEFINITIONS))
def test_the_reference_is_first_and_whole(gene):
    definition = DEFINITIONS[gene]
    assert definition.alleles[0].name == definition.reference
    assert definition.alleles[0].is_whole
    # Its cells are ambiguity codes that hold the reference base, or nothing.
    for name, value in definition.alleles[0].cells.items():
        assert site_of(gene, name).ref in IUPAC[value]


# How they are called


@pytest.mark.parametrize(
    ("gene", "method", "unknown_as_reference", "on_request"),
    [
        ("CYP2C19", "named", False, False),
        ("CACNA1S", "named", True, False),
        ("DPYD", "components", True, False),
        ("G6PD", "named", True, False),
        ("MT-RNR1", "components", False, False),
        ("NUDT15", "named", True, False),
        ("RYR1", "components", True, False),
        ("TPMT", "named", True, False),
        ("CYP2D6", "named", False, True),
    ],
)
def test_each_gene_is_called_by_its_method(gene, method, unknown_as_reference, on_request):
    found = DEFINITIONS[gene]
    assert found.method == method
    assert found.unknown_as_reference is unknown_as_reference
    assert found.on_request is on_request


def test_exceptions_of_single_genes():
    nat2, slco1b1, dpyd = (DEFINITIONS[gene] for gene in ("NAT2", "SLCO1B1", "DPYD"))
    assert nat2.required == ("rs1801279", "rs1801280", "rs1799930", "rs1208", "rs1799931")
    assert len(nat2.picks) == 29
    assert TiePick(("*1/*16", "*4/*5"), "*4/*5") in nat2.picks
    assert slco1b1.core == {"*45.001": "*45", "*45.002": "*45"}
    assert slco1b1.fallback is not None
    assert slco1b1.fallback.alleles == {"T": "*1", "C": "*5"}
    assert dpyd.proxy == Proxy(
        "rs75017182", "rs56038477", "c.1129-5923C>G, c.1236G>A (HapB3)", "c.1129-5923C>G"
    )
    assert DEFINITIONS["NUDT15"].core == {"*2": "*3"}
    assert [each.name for each in DEFINITIONS["CYP2C9"].extra] == ["rs12777823"]
    assert DEFINITIONS["TPMT"].tier1 == ("*2", "*3A", "*3B", "*3C")
    assert DEFINITIONS["CYP2C19"].tier1 == ("*2", "*3", "*17")


# Both builds


@pytest.mark.parametrize(
    ("gene", "name", "position37", "position38", "ref37"),
    [
        ("CYP2C19", "rs4244285", 96541616, 94781859, ""),
        ("CYP2C19", "rs12248560", 96521657, 94761900, ""),
        ("CYP2C19", "rs3758581", 96602623, 94842866, "G"),
        ("CYP2C9", "rs1799853", 96702047, 94942290, ""),
        ("CYP2C9", "rs12777823", 96405502, 94645745, ""),
        ("CYP2D6", "rs16947", 42523943, 42127941, "A"),
        ("CYP2D6", "rs1058164", 42525132, 42129130, "G"),
        ("CYP3A5", "rs776746", 99270539, 99672916, "C"),
        ("DPYD", "rs3918290", 97915614, 97450058, ""),
        ("DPYD", "rs1801265", 98348885, 97883329, "G"),
        ("SLCO1B1", "rs4149056", 21331549, 21178615, ""),
        ("TPMT", "rs1142345", 18130918, 18130687, ""),
        ("UGT1A1", "rs3064744", 234668879, 233760233, ""),
        ("VKORC1", "rs9923231", 31107689, 31096368, ""),
        ("MT-RNR1", "rs267606617", 1555, 1555, ""),
    ],
)
def test_a_position_stands_on_both_builds(gene, name, position37, position38, ref37):
    found = site_of(gene, name)
    assert (found.start37, found.start, found.ref37) == (position37 - 1, position38 - 1, ref37)


@pytest.mark.parametrize("gene", sorted(DEFINITIONS))
def test_a_gene_is_moved_as_a_whole_between_the_builds(gene):
    """True of these 21 genes; were it not, a position between two moves could not be inferred."""
    sites = DEFINITIONS[gene].sites
    assert len({each.start37 - each.start for each in sites if each.start37 is not None}) == 1
    assert any(not each.inferred37 for each in sites)


# Insertions and deletions


@pytest.mark.parametrize(
    ("gene", "name", "context"),
    [
        ("UGT1A1", "rs3064744", "CA" + "TA" * 7),
        ("NUDT15", "rs746071566", "AG" + "GAGTCG" * 3),
        ("DPYD", "rs72549309", "GATGAATGA"),
        ("DPYD", "rs72549303", "TGG"),
        ("CYP2C9", "rs9332131", "GAA"),
        ("CYP2D6", "rs35742686", "CT"),
        ("CYP2D6", "rs5030656", "CCTTCT"),
        ("CYP3A5", "rs41303343", "TA"),
        ("G6PD", "g.154536022_154536024delAGA", "CAGAA"),  # the name is not at the far right
        ("MT-RNR1", "rs111033185", "ACCCCC"),
        ("CYP2C19", "rs4244285", ""),
    ],
)
def test_the_context_reaches_as_far_as_the_change_can_be_shifted(gene, name, context):
    assert site_of(gene, name).context == context


@pytest.mark.parametrize("gene", sorted(DEFINITIONS))
def test_contexts_and_sites_agree_on_the_reference(gene):
    known: dict[int, str] = {}
    for each in DEFINITIONS[gene].sites:
        for place, base in enumerate(each.context or each.ref, start=each.start):
            assert known.setdefault(place, base) == base, each.name


@pytest.mark.parametrize("gene", sorted(DEFINITIONS))
def test_no_change_can_be_shifted_beyond_its_context_where_the_next_base_is_known(gene):
    sites = DEFINITIONS[gene].sites
    known = {each.start + at: b for each in sites for at, b in enumerate(each.context or each.ref)}
    for each in sites:
        following = known.get(each.start + len(each.context))
        lengths = {abs(len(alt) - len(each.ref)) for alt in each.alts} - {0}
        if each.context and following and lengths and len(each.context) > min(lengths):
            assert following != each.context[-min(lengths)], each.name


# Names


@pytest.mark.parametrize(
    ("gene", "site", "name", "allele"),
    [
        ("CYP2C19", "rs4244285", "c.681G>A", "A"),
        ("CYP2C19", "rs4244285", "clinvar:16897", "A"),
        ("CYP2C19", "rs4986893", "p.Trp212Ter", "A"),
        ("CYP2C9", "rs1057910", "p.Ile359Leu", "C"),
        ("TPMT", "rs1800460", "c.460G>A", "T"),  # minus strand
        ("VKORC1", "rs9923231", "c.-1639G>A", "T"),  # minus strand
        ("ABCG2", "rs2231142", "p.Gln141Lys", "T"),  # minus strand
        ("DPYD", "rs3918290", "c.1905+1G>A", "T"),
        ("DPYD", "rs72549309", "c.295_298del", "G"),
        ("NUDT15", "rs746071566", "c.50_55dup", "AGGAGTCGGAGTC"),
        ("UGT1A1", "rs3064744", "c.-41_-40dup", "CATAT"),
        ("NAT2", "rs1801279", "c.191G>A", "A"),
        ("NAT2", "rs1801280", "c.341T>C", "C"),
        ("NAT2", "rs1799930", "c.590G>A", "A"),
        ("NAT2", "rs1208", "c.803G>A", "A"),  # GRCh38 has the G
        ("NAT2", "rs1799931", "c.857G>A", "A"),
        ("G6PD", "rs5030868", "c.563C>T", "A"),
        ("CFTR", "rs75527207", "p.Gly551Asp", "A"),
        ("RYR1", "rs118192172", "c.1840C>T", "T"),
        ("MT-RNR1", "rs267606617", "m.1555A>G", "G"),
    ],
)
def test_a_site_is_known_by_its_other_names(gene, site, name, allele):
    assert site_of(gene, site).names[name] == allele


def test_names_that_the_base_cannot_make_are_left_out():
    """The sources call rs74571530 T>C F508C, which is T>G."""
    assert "p.Phe508Cys" not in site_of("CFTR", "rs74571530").names
    assert not any(name.startswith("p.Lys268") for name in site_of("NAT2", "rs1208").names)


@pytest.mark.parametrize("gene", sorted(DEFINITIONS))
def test_coding_numbers_run_along_the_chromosome(gene):
    """Introns lie between coding bases: never fewer bases on the chromosome than in the names."""
    sign = -1 if gene in MINUS else 1
    coded = sorted(
        (int(name[2:-3]), sign * each.start)
        for each in DEFINITIONS[gene].sites
        for name in each.names
        if name.startswith("c.") and name[2:-3].isdigit() and len(each.ref) == 1
    )
    for (first, start), (second, end) in pairwise(coded):
        assert end - start >= second - first, (first, second)


SITE = Site("rs1", 99, "C", ("T", "G"))
DELETION = Site("rs2", 99, "GATGA", ("G",), context="GATGAATGA")


@pytest.mark.parametrize(
    ("name", "allele", "site", "minus", "is_right"),
    [
        ("c.415C>T", "T", SITE, False, True),
        ("c.415G>A", "T", SITE, True, True),
        ("c.415C>T", "T", SITE, True, False),  # the other strand
        ("c.415C>T", "G", SITE, False, False),  # the other allele
        ("c.415C>T", "A", SITE, False, False),  # no allele at all
        ("c.295_298del", "G", DELETION, True, True),
        ("c.295_298delTCAT", "G", DELETION, True, True),
        ("c.295_298delTCAG", "G", DELETION, True, False),  # other bases
        ("c.295_297del", "G", DELETION, True, False),  # three bases
        ("c.295_298dup", "G", DELETION, True, False),  # longer, not shorter
        ("p.Arg139Cys", "T", SITE, False, True),
        ("p.Arg139Trp", "T", SITE, False, True),
        ("p.Arg139Lys", "T", SITE, False, False),
        ("clinvar:1", "T", SITE, False, True),
    ],
)
def test_a_name_must_fit_the_base_it_is_given_to(name, allele, site, minus, is_right):
    assert (fault_of_name(name, allele, site, minus) == "") is is_right


def test_coding_and_protein_names_must_speak_of_one_codon():
    right = replace(SITE, names={"c.415C>T": "T", "p.Arg139Cys": "T", "p.Arg138Gly": "G"})
    wrong = replace(SITE, names={"c.415C>T": "T", "p.Arg138Cys": "T"})
    assert fault_of_codons(right) == ""
    assert "different codons" in fault_of_codons(wrong)


# References that do not meet are refused


CYP2C19 = DEFINITIONS["CYP2C19"]
RULES = load_knowledge().genes["CYP2C19"]


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"alleles": CYP2C19.alleles[1:]}, "the first allele is not the reference"),
        ({"alleles": (*CYP2C19.alleles, NamedAllele("*99", {"rs1": "A"}))}, "not defined"),
        ({"alleles": (*CYP2C19.alleles, NamedAllele("*99", {"rs4244285": "T"}))}, "no such allele"),
        ({"alleles": (*CYP2C19.alleles, NamedAllele("*99", {"rs4244285": "Y"}))}, "no such allele"),
        ({"alleles": (*CYP2C19.alleles, NamedAllele("*99", {}))}, "has no cell"),
        ({"alleles": (*CYP2C19.alleles, NamedAllele("*99", {"rs4244285": "A"}))}, "genes/ does"),
        ({"sites": (*CYP2C19.sites, CYP2C19.sites[0])}, "two sites have one name"),
        ({"sites": (*CYP2C19.sites, Site("rs1", 1, "A", ("G",), ref37="T"))}, "GRCh37's base"),
        ({"sites": (*CYP2C19.sites, Site("rs1", 1, "AC", ("A",)))}, "does not begin"),
        ({"sites": (*CYP2C19.sites, Site("rs1", 1, "A", ("A",)))}, "an allele twice"),
        ({"required": ("rs1",)}, "required site rs1"),
        ({"tier1": ("*99",)}, "tier 1 allele *99"),
        ({"picks": (TiePick(("*1/*2", "*3/*99"), "*1/*2"),)}, "*99 is not defined"),
        ({"picks": (TiePick(("*1/*2", "*3/*4"), "*1/*4"),)}, "the pick *1/*4 is none of"),
        ({"core": {"*2.001": "*2"}}, "*2.001 is not defined"),
        ({"preferred": ("*99",)}, "*99 is not defined"),
        ({"proxy": Proxy("rs1", "rs4244285", "*2", "*3")}, "the site rs1"),
    ],
)
def test_a_definition_that_does_not_meet_is_refused(change, fault):
    assert list(faults_of(CYP2C19, RULES, minus=False)) == []
    found = list(faults_of(replace(CYP2C19, **change), RULES, minus=False))
    assert any(fault in each for each in found), found


def test_an_entry_that_cites_nothing_listed_is_named():
    assert list(uncited("made-up.yaml", {"a": {}}, {"x": {"source": "a"}})) == []
    assert list(uncited("made-up.yaml", {"a": {}}, {"x": {"source": "b"}})) == [
        "made-up.yaml: x cites b, which is not listed"
    ]


def test_all_files_meet_and_a_gene_without_its_file_is_named():
    genes = load_knowledge().genes
    assert load_definitions(HERE, genes).keys() == DEFINITIONS.keys()
    without = {name: rules for name, rules in genes.items() if name != "TPMT"}
    with pytest.raises(BrokenKnowledge, match="TPMT: genes/ has no file"):
        load_definitions(HERE, without)


@pytest.mark.parametrize(
    ("schema", "content", "fault"),
    [
        (
            "calling",
            {"citations": {}, "genes": {"DPYD": {"method": "guess", "source": "x"}}},
            "guess",
        ),
        ("calling", {"citations": {}, "genes": {"DPYD": {"method": "named"}}}, "source"),
        ("site_names", {"citations": {}, "genes": {"DPYD": {"rs1": {"source": "x"}}}}, "rs1"),
        ("alleles", {"gene": "DPYD"}, "required"),
    ],
)
def test_a_file_of_another_shape_is_refused(schema, content, fault):
    with pytest.raises(BrokenKnowledge, match=fault):
        checked(content, schema, "made-up.yaml")


def test_knowledge_show_counts_the_definition_of_a_gene():
    held = load_knowledge()
    assert find_entry(held, "CYP2C19")["definition"] == {
        "release": "2025-11-05-00-25",
        "citation": "Allele definitions of CPIC and PharmVar, as published with PharmCAT",
        "method": "named",
        "reference": "*38",
        "alleles": 36,
        "sites": 35,
        "sites_on_grch37": 35,
        "of_these_inferred": 1,
    }
    assert "definition" not in find_entry(held, "HLA-B")
