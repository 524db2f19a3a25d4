"""Results under codes that say nothing of genes: read, or listed, never dropped. All synthetic."""

import pytest

from fhir_pgx.fhir.unlabelled import has_wrong_check_digit


def observation(code, value, **more):
    made = {"resourceType": "Observation", "id": "o", "status": "final", "code": code}
    return made | {"valueString": value} | more


def loinc(code):
    return {"coding": [{"system": "http://loinc.org", "code": code}]}


def said(reading):
    return [(one.gene, one.value) for one in reading.statements]


@pytest.mark.parametrize(
    ("code", "value", "expected"),
    [
        ({"text": "PGx result"}, "CYP2C19 *2/*2", [("CYP2C19", "CYP2C19 *2/*2")]),
        ({"text": "Result"}, "CYP2C19 *2/*2", [("CYP2C19", "*2/*2")]),
        (loinc("57132-1"), "CYP2C19 *1/*2", [("CYP2C19", "*1/*2")]),
        ({"text": "Result"}, "VKORC1 A/G", [("VKORC1", "A/G")]),
        ({"text": "Result"}, "HLA-B*57:01 negative", [("HLA-B", "HLA-B*57:01")]),
        (
            {"text": "Result"},
            "CYP2C19 *2/*2 (Poor Metabolizer)",
            [("CYP2C19", "*2/*2"), ("CYP2C19", "Poor Metabolizer")],
        ),
    ],
)
def test_a_value_that_names_gene_and_result_is_read_under_any_code(
    reading_of, code, value, expected
):
    reading = reading_of(observation(code, value))
    assert (said(reading), reading.not_understood) == (expected, ())


def test_what_is_read_without_a_code_that_asks_for_it_is_marked_as_text(reading_of):
    (one,) = reading_of(observation({"text": "Result"}, "CYP2C19 *2/*2")).statements
    assert [caveat.code for caveat in one.caveats] == ["PGX-514"]


@pytest.mark.parametrize(
    ("code", "value", "reason"),
    [
        (loinc("57132-1"), "*1/*2", "57132-1 has a wrong check digit"),
        (loinc("40425-3"), "*4/*4", "40425-3 has a wrong check digit"),
        ({"text": "Result"}, "*1/*2", "none that we know, and nothing names a gene"),
        ({"text": "Result"}, "No CYP2C19 *2/*2 found", "without doubt"),
        ({"text": "Result"}, "CYP2C19 *2/*2 in the mother", "another person"),
        ({"text": "Donor result"}, "CYP2C19 *2/*2", "another person"),
        ({"text": "Donor CYP2C19 genotype"}, "*2/*2", "another person"),
        ("57132-3", "*1/*2", "not a CodeableConcept"),
        ("x", "Poor metabolizer", "not a CodeableConcept"),
        (7, "*1/*2", "not a CodeableConcept"),
        (None, "*1/*2", "not a CodeableConcept"),
    ],
)
def test_what_cannot_be_read_is_listed_with_its_reason(reading_of, code, value, reason):
    reading = reading_of(observation(code, value))
    assert reading.statements == ()
    (listed,) = reading.not_understood
    assert reason in listed.reason
    assert (listed.reference, listed.path) == ("Observation/o", "Bundle.entry[0].resource")


def test_a_component_that_looks_like_alleles_is_listed_too(reading_of):
    part = {"code": {"text": "Result"}, "valueString": "*1/*2"}
    resource = observation({"text": "Panel"}, "see components", component=[part])
    assert len(reading_of(resource).not_understood) == 1


@pytest.mark.parametrize(
    "value", ["Positive", "12 mg/L (see note *1)", "A/B", "120/80", "A:12 / C:10", "normal"]
)
def test_ordinary_results_are_passed_over_in_silence(reading_of, value):
    reading = reading_of(observation({"text": "Result"}, value))
    assert (reading.statements, reading.not_understood) == ((), ())


def test_the_gene_is_read_also_where_the_code_is_only_a_text(reading_of):
    gene = {"code": loinc("48018-6"), "valueCodeableConcept": {"text": "CYP2C19"}}
    reading = reading_of(observation("84413-4", "*1/*2", component=[gene]))
    assert said(reading) == [("CYP2C19", "*1/*2")]


def test_solute_carrier_family_is_no_kin(reading_of):
    label = "SLCO1B1 (solute carrier organic anion transporter family member 1B1) genotype"
    assert said(reading_of(observation({"text": label}, "*1/*5"))) == [("SLCO1B1", "*1/*5")]


@pytest.mark.parametrize(
    ("code", "wrong"),
    [
        ("57132-3", False),
        ("57132-1", True),
        ("40425-1", False),
        ("40425-3", True),
        ("104667-1", False),
        ("PGX-1", False),  # not the shape of a LOINC code at all
        ("", False),
    ],
)
def test_the_check_digit_of_a_loinc_code(code, wrong):
    assert has_wrong_check_digit(code) is wrong
