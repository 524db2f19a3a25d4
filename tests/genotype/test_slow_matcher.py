"""The slow caller that the real one is compared with is itself checked by what the source prints.

The gene is the worked example of PharmCAT's documentation (Named Allele Matcher 101), the small
files are those of its tests.
"""

import json

import pytest

from fhir_pgx.model.definition import GeneDefinition, NamedAllele, Site
from fhir_pgx.model.knowledge import GeneRules
from fhir_pgx.model.variant import OTHER, UNREAD, SiteCall

from .people import genes
from .slow_matcher import slow_call, slow_components, slow_gene

SITES = {"rs1": "C", "rs2": "C", "rs3": "T", "rs4": "G", "rs5": "A"}
CELLS = {
    "*1": {},
    "*2": {"rs1": "T", "rs4": "A"},
    "*3": {"rs4": "A"},
    "*4": {"rs2": "T"},
    "*5": {"rs1": "T"},
}
DEFINITION = GeneDefinition(
    "EXAMPLE",
    "1",
    "",
    "",
    "*1",
    tuple(
        Site(name, number, ref, tuple("ACGT".replace(ref, "")))
        for number, (name, ref) in enumerate(SITES.items())
    ),
    tuple(NamedAllele(name, cells, is_whole=name == "*1") for name, cells in CELLS.items()),
)
RULES = GeneRules("EXAMPLE", "", "phenotype", "1", (2,), "", "", {}, ())


@pytest.mark.parametrize(
    ("genotypes", "top", "others"),
    [
        ("C/T C/C T/T A/G A/A", {"*1/*2"}, {"*3/*5"}),
        ("C/T C/C T/T A/G -", {"*1/*2"}, {"*3/*5"}),
        ("- C/C T/T A/G A/A", {"*1/*2", "*1/*3"}, set()),  # without rs1, *2 and *3 are alike
        ("C|T C/C T/T G|A A/A", {"*1/*2"}, set()),
        ("C|T C/C T/T A|G A/A", {"*3/*5"}, set()),
        ("C/C C/C T/T G/G A/A", {"*1/*1"}, set()),
        ("C/C C/T T/T G/A A/A", {"*3/*4"}, set()),
        ("T/T C/T T/T G/G A/A", set(), set()),  # *4 with the variant of *5 is no allele
    ],
)
def test_the_worked_example_of_the_source_comes_out(genotypes, top, others):
    calls = [
        SiteCall(
            "EXAMPLE",
            site,
            tuple(written.replace("|", "/").split("/")),
            phase="one" if "|" in written else "",
        )
        for site, written in zip(SITES, genotypes.split(), strict=True)
        if written != "-"
    ]
    found = slow_call(slow_gene(DEFINITION, RULES), calls)
    assert {"/".join(pair) for pair in found.top} == top
    assert {"/".join(pair) for pair in found.others} == others


def small_cases(shared):
    path = shared / "facts/pharmcat_examples"
    for line in (path / "small_cases.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        yield case, (path / case["vcf"]).read_text(encoding="utf-8")


def calls_of(definition: GeneDefinition, vcf: str) -> list[SiteCall]:
    """The first line at each site; positions and spelling are already the definition's."""
    lines = [line.split("\t") for line in vcf.splitlines() if line and line[0] != "#"]
    calls = {}
    for line in lines:
        for site in definition.sites:
            if (site.start + 1, site.ref) == (int(line[1]), line[3]):
                calls.setdefault(site.name, one_call(definition.gene, site, line))
    return list(calls.values())


def one_call(gene: str, site: Site, line: list[str]) -> SiteCall:
    spelled = [line[3], *line[4].split(",")]
    known = [allele if allele in (site.ref, *site.alts) else OTHER for allele in spelled]
    written = line[9].split(":")[0]
    alleles = tuple(
        UNREAD if number == "." else known[int(number)]
        for number in written.replace("|", "/").split("/")
    )
    return SiteCall(gene, site.name, alleles, phase="one" if "|" in written else "")


def test_the_small_files_of_the_source_come_out(shared):
    wrong = []
    for case, vcf in small_cases(shared):
        gene, expected = genes()[case["gene"]], case["expect"]
        calls = calls_of(gene.definition, vcf)
        told = expected.get("matcher_diplotypes") or expected["source_diplotypes"]
        if gene.definition.method == "components":
            wanted = {
                part
                for name in told[case["gene"]]
                for part in name.split("/")
                if part != "Reference"
            }
            answer = set(slow_components(gene, calls).variants)
        else:
            wanted = set(told[case["gene"]]) - {"Unknown/Unknown"}
            answer = {"/".join(pair) for pair in slow_call(gene, calls).top}
        if answer != wanted:
            wrong.append((case["id"], wanted, answer))
    assert wrong == []
