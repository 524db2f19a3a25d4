"""Reports beside variants: who speaks, and what is a conflict. All results are synthetic."""

import pytest

from fhir_pgx.genotype import build_table, call_sources, gather
from fhir_pgx.model.finding import Origin, Presence, Statement, StatementKind
from fhir_pgx.model.genotype import CalledGene, Diplotype, FromVariants
from fhir_pgx.model.variant import UNREAD, SiteCall
from fhir_pgx.phenotype import conclude

PRESENT, ABSENT = Presence.PRESENT, Presence.ABSENT
STAR2 = {"rs12769205": "A/G", "rs4244285": "G/A", "rs3758581": "G/G"}


@pytest.fixture
def result(knowledge):
    """The result of a gene from statements and one or more sources of genotypes."""

    def made(gene, statements, *sources):
        rules = knowledge.genes[gene]
        table = build_table(knowledge.definitions[gene], rules)
        evidence = gather(statements, rules, knowledge.vocabulary)
        calls = [
            tuple(
                SiteCall(gene, site, tuple(text.split("/")), reference=f"file-{number}.vcf")
                for site, text in genotypes.items()
            )
            for number, genotypes in enumerate(sources)
        ]
        return conclude(evidence, rules, call_sources(table, calls, evidence))

    return made


def stated(gene, value, kind=StatementKind.DIPLOTYPE, **rest):
    origin = Origin("Observation/report", "", when="2026-01-02", status="final")
    return Statement(gene, kind, value, origin, **rest)


def codes(found):
    return {caveat.code for caveat in found.caveats}


def names(found):
    return [diplotype.name for diplotype in found.diplotypes]


def test_variants_alone_are_the_result_and_its_coverage(result):
    found = result("CYP2C19", [], STAR2)
    assert (found.status, found.basis, names(found)) == ("called", "variants", ["*1/*2"])
    assert found.coverage.tested == 3
    assert "*3" in found.coverage.could_change
    assert found.derived_from == ("file-0.vcf",)


@pytest.mark.parametrize(
    ("what", "value"),
    [
        ("the same", "*1/*2"),
        ("another that the positions read allow", "*2/*17"),  # rs12248560 was not read
        ("several, of which one is possible", "*1/*1 or *1/*2"),
        ("an allele that no variant shows", "*1x2/*2"),
    ],
)
def test_a_report_that_the_variants_allow_stands_alone(result, what, value):
    found = result("CYP2C19", [stated("CYP2C19", value)], STAR2)
    assert found.status != "conflict", what
    assert found.basis == "genotype"
    assert found.coverage is None
    assert "PGX-605" not in codes(found)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("*1/*1", StatementKind.DIPLOTYPE),
        ("*2/*2", StatementKind.DIPLOTYPE),
        ("Normal Metabolizer", StatementKind.PHENOTYPE),
    ],
)
def test_a_report_that_the_variants_exclude_is_in_conflict_and_both_are_told(result, value, kind):
    found = result("CYP2C19", [stated("CYP2C19", value, kind)], STAR2)
    assert found.status == "conflict"
    assert "*1/*2" in names(found)
    assert "Intermediate Metabolizer" in found.lookup_keys
    assert len(found.lookup_keys) == 2
    assert "PGX-605" in codes(found)
    assert found.derived_from == ("Observation/report", "file-0.vcf")


def test_a_report_and_variants_that_fit_no_alleles_are_in_conflict(result):
    unheard_of = {"rs12769205": "A/A", "rs4244285": "A/A", "rs4986893": "A/A", "rs3758581": "A/A"}
    found = result("CYP2C19", [stated("CYP2C19", "*1/*1")], unheard_of)
    assert found.status == "conflict"
    assert found.lookup_keys == ("Normal Metabolizer",)
    assert any("fit no pair of alleles" in caveat.text for caveat in found.caveats)


def test_a_report_without_a_usable_answer_leaves_it_to_the_variants(result):
    unusable = stated("CYP2C19", "see comment", presence=Presence.NO_CALL)
    found = result("CYP2C19", [unusable], STAR2)
    assert (found.status, names(found)) == ("called", ["*1/*2"])


@pytest.mark.parametrize(
    ("presence", "allele", "status"),
    [
        (PRESENT, "*2", "called"),
        (ABSENT, "*2", "conflict"),
        (PRESENT, "*3", "conflict"),
        (ABSENT, "*3", "called"),
    ],
)
def test_a_test_for_one_allele_is_held_against_the_variants(result, presence, allele, status):
    one = stated("CYP2C19", allele, StatementKind.ALLELE_PRESENCE, presence=presence)
    found = result("CYP2C19", [one], STAR2)
    assert found.status == status
    assert ("PGX-605" in codes(found)) == (status == "conflict")


def test_two_sources_that_read_a_position_differently_are_in_conflict(result):
    found = result("CYP2C19", [], STAR2, STAR2 | {"rs4244285": "G/G", "rs12769205": "A/A"})
    assert found.status == "conflict"
    assert names(found) == ["*1/*2", "*1/*1"]
    assert set(found.lookup_keys) == {"Intermediate Metabolizer", "Normal Metabolizer"}


def test_two_sources_that_complete_each_other_are_one(result):
    found = result("CYP2C19", [], STAR2, {"rs4986893": "G/G"})
    assert (found.status, names(found), found.coverage.tested) == ("called", ["*1/*2"], 4)


def test_one_decisive_allele_is_enough_where_no_diplotype_follows(result):
    found = result("RYR1", [], {"rs118192172": f"{UNREAD}/T"})
    assert found.phenotype == "Malignant Hyperthermia Susceptibility"
    assert found.alleles == ("c.1840C>T",)


def test_a_rarer_known_allele_does_not_make_an_unknown_one_read_as_normal(knowledge):
    """Foremost is the reading that needs fewest unread positions: its function decides."""
    rules = knowledge.genes["CYP2C19"]

    def concluded(*diplotypes):
        called = CalledGene(
            "CYP2C19", tuple(Diplotype(each) for each in diplotypes), looked_up=diplotypes
        )
        evidence = gather([], rules, knowledge.vocabulary)
        return conclude(evidence, rules, FromVariants((called,)))

    unknown_first = concluded(("*1", "*12"), ("*1", "*11"))  # uncertain, normal function
    assert unknown_first.status == "ambiguous"
    assert unknown_first.lookup_keys == ("Indeterminate", "Normal Metabolizer")
    known_first = concluded(("*1", "*11"), ("*1", "*12"))
    assert (known_first.status, known_first.lookup_keys) == ("called", ("Normal Metabolizer",))
    assert "PGX-653" in codes(known_first)
