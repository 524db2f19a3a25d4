"""Results of a named gene that cannot be read, relatives' results, panels. All synthetic."""

import pytest

from fhir_pgx.model.finding import StatementKind

FAMILY = "http://hl7.org/fhir/StructureDefinition/family-member-history-genetics-observation"


def loinc(code):
    return {"coding": [{"system": "http://loinc.org", "code": code}]}


def observation(code, value=None, **more):
    code = {"text": code} if isinstance(code, str) else code
    made = {"resourceType": "Observation", "id": "o", "status": "final", "code": code}
    return made | ({"valueString": value} if value else {}) | more


def said(reading):
    return [(one.gene, one.kind, one.value) for one in reading.statements]


@pytest.mark.parametrize(
    ("code", "value", "gene"),
    [
        ("DPYD", "Positive", "DPYD"),
        ("CYP2D6", "Abnormal", "CYP2D6"),
        ("CYP2C19", "See report", "CYP2C19"),
        ("CACNA1S", "No variants detected", "CACNA1S"),
        ("CYP2D6 genotype", "Poor", "CYP2D6"),
        (loinc("79714-2"), "Positive", "CYP2C19"),
        # A measured enzyme says nothing of the gene, and is listed all the same.
        ("G6PD screen", "Abnormal", ""),
        ("TPMT Activity", "Low", ""),
        # A test that was not made leaves the gene untested.
        ("DPYD", "Not performed", ""),
    ],
)
def test_an_unreadable_result_of_a_gene_is_listed_and_the_gene_was_tested(
    reading_of, code, value, gene
):
    reading = reading_of(observation(code, value))
    assert said(reading) == ([(gene, StatementKind.PHENOTYPE, value)] if gene else [])
    assert len(reading.not_understood) == 1


def test_a_genotype_at_hand_speaks_for_the_gene_and_the_unread_result_is_listed(reading_of):
    genotype = observation("CYP2D6 genotype", "*1/*4") | {"id": "g"}
    reading = reading_of(observation("CYP2D6", "Abnormal"), genotype)
    assert said(reading) == [("CYP2D6", StatementKind.DIPLOTYPE, "*1/*4")]
    assert [one.reference for one in reading.not_understood] == ["Observation/o"]


@pytest.mark.parametrize(
    ("code", "value", "phenotype"),
    [
        ("CYP2C19 Phenotype", "Poor", "Poor Metabolizer"),
        ("CYP2D6 Metabolizer Status", "Ultra-rapid", "Ultrarapid Metabolizer"),
        ("SLCO1B1 Phenotype", "Decreased", "Decreased Function"),
        (loinc("79714-2"), "Normal", "Normal Metabolizer"),
    ],
)
def test_one_word_is_the_phenotype_where_the_phenotype_was_asked(
    reading_of, code, value, phenotype
):
    reading = reading_of(observation(code, value))
    assert [one.value for one in reading.statements] == [phenotype]
    assert reading.not_understood == ()


def test_one_word_is_no_phenotype_of_a_gene_without_such_phenotypes(reading_of):
    (one,) = reading_of(observation("RYR1 phenotype", "Poor")).statements
    assert one.value == "Poor"


@pytest.mark.parametrize(
    "code", ["Result", "Lab result", "Comment", loinc("59465-5"), loinc("8251-1")]
)
@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("DPYD: Poor Metabolizer", ("DPYD", StatementKind.PHENOTYPE, "Poor Metabolizer")),
        ("HLA-B*57:01: Positive", ("HLA-B", StatementKind.ALLELE_PRESENCE, "HLA-B*57:01")),
        ("CYP2C9 *3/*3", ("CYP2C9", StatementKind.DIPLOTYPE, "*3/*3")),
    ],
)
def test_what_names_its_gene_is_read_under_a_code_that_does_not(reading_of, code, value, expected):
    reading = reading_of(observation(code, value))
    assert (said(reading), reading.not_understood) == ([expected], ())


def test_a_component_is_read_by_its_own_code_under_a_code_that_names_no_gene(reading_of):
    parts = [
        {"code": {"text": "CYP2D6 genotype"}, "valueString": "*4/*4"},
        {"code": {"text": "CYP2C19"}, "valueString": "*2/*2"},
        {"code": {"text": "TPMT phenotype"}, "valueString": "Poor"},
        {"code": {"text": "DPYD phenotype"}, "valueString": "see report"},
    ]
    reading = reading_of(observation("PGx panel", component=parts))
    assert said(reading) == [
        ("CYP2D6", StatementKind.DIPLOTYPE, "*4/*4"),
        ("CYP2C19", StatementKind.DIPLOTYPE, "*2/*2"),
        ("TPMT", StatementKind.PHENOTYPE, "Poor Metabolizer"),
        ("DPYD", StatementKind.PHENOTYPE, "see report"),
    ]


def test_a_typing_code_for_several_loci_does_not_disagree_with_one_of_them(reading_of):
    (one,) = reading_of(observation(loinc("57290-9"), "HLA-B*57:01+HLA-B*08:01")).statements
    assert (one.gene, one.caveats) == ("HLA-B", ())


def test_a_typing_code_disagrees_with_a_gene_that_is_no_hla_locus(reading_of):
    (one,) = reading_of(observation(loinc("57290-9"), "CYP2C19 *2/*2")).statements
    assert [caveat.code for caveat in one.caveats] == ["PGX-502"]


def history(**more):
    return {"resourceType": "FamilyMemberHistory", "id": "f", "status": "completed"} | more


def named(reference):
    return {"extension": [{"url": FAMILY, "valueReference": {"reference": reference}}]}


@pytest.mark.parametrize(
    "resources",
    [
        [history(contained=[observation("CYP2D6 genotype", "*4/*4")])],
        [history(contained=[observation("CYP2D6 genotype", "*4/*4")], **named("#o"))],
        [history(**named("Observation/o")), observation("CYP2D6 genotype", "*4/*4")],
        [observation("CYP2D6 genotype", "*4/*4"), history(**named("Observation/o"))],
    ],
)
def test_the_result_of_a_relative_is_listed_and_not_the_patients(reading_of, resources):
    own = observation("CYP2C19 genotype", "*1/*1") | {"id": "own"}
    reading = reading_of(*resources, own)
    assert [one.gene for one in reading.statements] == ["CYP2C19"]
    (listed,) = reading.not_understood
    assert "about a relative" in listed.reason


def test_both_versions_of_a_relatives_result_are_the_relatives(reading_of):
    two = [observation("CYP2D6 genotype", value) for value in ("*4/*4", "*1/*4")]
    reading = reading_of(history(**named("Observation/o")), *two)
    assert reading.statements == ()
    assert [one.reference for one in reading.not_understood] == ["Observation/o"] * 2
