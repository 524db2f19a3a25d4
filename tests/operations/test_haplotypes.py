"""Haplotypes and genotypes of a patient: by gene and by name."""

import pytest

from .conftest import groups, ids
from .people import ANNA, CLARA, OTTO

FIND, SPECIFIC = "find-subject-haplotypes", "find-subject-specific-haplotypes"
GL = "http://glstring.org"


# By gene


@pytest.mark.parametrize(
    "item",
    [
        "CYP2C19",
        "cyp2c19",
        "HGNC:2621",
        "http://www.genenames.org/geneId|HGNC:2621",
        "http://www.genenames.org|HGNC:2621",
        "https://www.genenames.org/geneId|HGNC:2621",
    ],
)
def test_a_gene_is_found_by_its_symbol_and_its_hgnc_id_in_every_spelling(ask, item):
    (group,) = groups(ask(FIND, subject=ANNA, genes=item))
    assert (group.name, group.geneItem) == ("haplotypes", item)
    assert (ids(group.haplotype), ids(group.genotype)) == ([], ["anna-2c19"])


def test_each_gene_has_its_group_in_the_order_asked(ask):
    found = groups(ask(FIND, subject=ANNA, genes="CYP2D6,TPMT,HLA-B"))
    assert [each.geneItem for each in found] == ["CYP2D6", "TPMT", "HLA-B"]
    assert [ids(each.haplotype) for each in found] == [["anna-2d6-hap"], [], []]
    assert [ids(each.genotype) for each in found] == [[], [], ["anna-hla-b"]]


@pytest.mark.parametrize(("source_class", "found"), [("somatic", True), ("germline", False)])
def test_the_source_class_narrows_haplotypes_too(ask, source_class, found):
    """The public implementation passes it over for haplotypes."""
    (group,) = groups(ask(FIND, subject=ANNA, genes="CYP2D6", genomicSourceClass=source_class))
    assert ids(group.haplotype) == (["anna-2d6-hap"] if found else [])


def test_another_system_is_not_hgnc(ask):
    item = "http://www.ncbi.nlm.nih.gov/gene|HGNC:2621"
    (group,) = groups(ask(FIND, subject=ANNA, genes=item))
    assert group.genotype == []


# By name


@pytest.mark.parametrize(
    ("patient", "item", "found"),
    [
        (ANNA, "CYP2C19 *2/*17", ["anna-2c19"]),
        (ANNA, "CYP2C19 *17/*2", ["anna-2c19"]),
        (ANNA, "CYP2C19*2/*17", ["anna-2c19"]),
        (ANNA, "CYP2C19 *17", ["anna-2c19"]),
        (ANNA, "CYP2C19*2", ["anna-2c19"]),
        (ANNA, "CYP2C19 *1", []),
        (ANNA, "CYP2C19 *2/*2", []),
        (OTTO, "CYP2C19 *1/*17", ["otto-2c19"]),
        # Names are equal or not: the public implementation finds *1/*17 and *1/*41 here.
        (OTTO, "CYP2C19 *1/*1", []),
        (OTTO, "CYP2D6 *1/*4", []),
        (OTTO, "CYP2D6 *4", []),
        (OTTO, "CYP2D6 *41", ["otto-2d6"]),
        (CLARA, "CYP2C19 *1/*1", ["clara-2c19"]),
        (CLARA, "CYP2C19 *17", []),
        # The words of a value as they stand, in any case, whatever the gene.
        (OTTO, "*1/*41", ["otto-2d6"]),
        (ANNA, "VKORC1 -1639G/A", []),
    ],
)
def test_a_name_is_exact_after_it_is_in_its_genes_spelling(ask, patient, item, found):
    (group,) = groups(ask(SPECIFIC, subject=patient, haplotypes=item))
    assert (group.haplotypeItem, group.presence) == (item, bool(found))
    assert ids([*group.haplotype, *group.genotype]) == found


def test_a_haplotype_and_a_genotype_that_holds_it_are_told_apart(ask):
    (group,) = groups(ask(SPECIFIC, subject=ANNA, haplotypes="CYP2D6*4"))
    assert (ids(group.haplotype), ids(group.genotype)) == (["anna-2d6-hap"], [])


@pytest.mark.parametrize(
    ("item", "found"),
    [
        ("HLA-B*57:01", ["anna-hla-b"]),
        ("HLA-B*57", ["anna-hla-b"]),
        ("HLA-B*57:01:01", ["anna-hla-b"]),
        ("HLA-B*57:01:02", []),
        ("HLA-B*57:02", []),
        ("HLA-B*5", []),
        ("HLA-B*58:01", []),
        (f"{GL}|hla#3.33.0#HLA-B*57:01:01+HLA-B*08:01", ["anna-hla-b"]),
        # Another release, and the chromosomes the other way round, are the same typing.
        (f"{GL}|hla#3.29.0#HLA-B*08:01+HLA-B*57:01", ["anna-hla-b"]),
        (f"{GL}|hla#3.33.0#HLA-B*57:01+HLA-B*57:01", []),
        (f"{GL}|hla#3.33.0#HLA-B*57:01+HLA-B*07:02", []),
        # Ambiguous: *23 in each of the genotypes it may be, *23:26 in one.
        ("HLA-A*23", ["anna-hla-a"]),
        ("HLA-A*02", ["anna-hla-a"]),
        ("HLA-A*23:26", []),
        ("HLA-A*24", []),
        # Two loci at once; that they are on one chromosome nobody has said.
        ("HLA-A*23^HLA-B*57:01", ["anna-hla-a", "anna-hla-b"]),
        ("HLA-A*24^HLA-B*57:01", []),
        ("HLA-A*23~HLA-B*57:01", []),
    ],
)
def test_hla_alleles_are_compared_field_by_field(ask, item, found):
    (group,) = groups(ask(SPECIFIC, subject=ANNA, haplotypes=item))
    assert group.presence is bool(found)
    assert ids(group.genotype) == found


# What is returned


def test_what_is_returned_has_the_guides_shape(ask):
    (group,) = groups(ask(FIND, subject=OTTO, genes="CYP2D6"))
    (found,) = group.genotype
    assert found["meta"]["profile"][0].endswith("/genotype")
    assert found["code"]["coding"][0]["code"] == "84413-4"
    assert found["valueCodeableConcept"]["text"] == "*1/*41"
    genes = [
        part["valueCodeableConcept"]
        for part in found["component"]
        if part["code"]["coding"][0]["code"] == "48018-6"
    ]
    assert genes == [{"text": "CYP2D6"}]


# A population


@pytest.mark.parametrize(
    ("pairs", "echoes", "patients"),
    [
        ((("haplotypes", "CYP2C19*17"),), ["CYP2C19*17"], [[ANNA, OTTO]]),
        (
            (("haplotypes", "CYP2C19 *1/*1,CYP2C19*17"),),
            ["CYP2C19 *1/*1", "CYP2C19*17"],
            [[CLARA], [ANNA, OTTO]],
        ),
        (
            (("haplotypes", "CYP2C19*17"), ("haplotypes", "HLA-B*57:01")),
            ["CYP2C19*17 AND HLA-B*57:01"],
            [[ANNA]],
        ),
        (
            (("haplotypes", "CYP2C19*17,CYP2C19*1"), ("haplotypes", "CYP2C19*1")),
            ["CYP2C19*17,CYP2C19*1 AND CYP2C19*1"],
            [[CLARA, OTTO]],
        ),
        ((("haplotypes", "*1/*41"),), ["*1/*41"], [[OTTO]]),
        ((("haplotypes", "NAT2 *4/*4"),), ["NAT2 *4/*4"], [[]]),
    ],
)
def test_a_population_answers_each_item_of_a_list_and_all_of_a_repeated_one(
    ask, pairs, echoes, patients
):
    """The public implementation answers in groups called variants and items called variantItem."""
    found = groups(ask("find-population-specific-haplotypes", *pairs, includePatientList="true"))
    assert {each.name for each in found} == {"haplotypes"}
    assert [each.haplotypeItem for each in found] == echoes
    assert [each.subject for each in found] == [
        [f"Patient/{each}" for each in one] for one in patients
    ]
    assert [each.numerator["value"] for each in found] == [len(one) for one in patients]
    assert {each.denominator["value"] for each in found} == {3}


def test_a_population_is_listed_only_where_it_is_asked_for(ask):
    (group,) = groups(ask("find-population-specific-haplotypes", haplotypes="CYP2C19*17"))
    assert (group.numerator, group.subject) == ({"value": 2}, [])


def test_a_population_is_narrowed_by_source_class(ask):
    asked = {"haplotypes": "CYP2D6*4", "includePatientList": "true"}
    name = "find-population-specific-haplotypes"
    (somatic,) = groups(ask(name, **asked, genomicSourceClass="somatic"))
    (germline,) = groups(ask(name, **asked, genomicSourceClass="germline"))
    assert (somatic.subject, germline.subject) == ([f"Patient/{ANNA}"], [])
