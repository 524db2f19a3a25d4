"""Anti-HLA antibodies as Observations state them. Everything is synthetic."""

from decimal import Decimal

import pytest

DSA = "HLA-A and B and C (class I) and HLA-DP and DQ and DR (class II) Ab.IgG donor specific"


def observation(code, value=None, **more):
    found = {
        "resourceType": "Observation",
        "id": "antibody",
        "status": "final",
        "code": {"text": code} if isinstance(code, str) else code,
        "subject": {"reference": "Patient/recipient"},
    }
    return found | ({"valueString": value} if value else {}) | more


def loinc(code, display):
    return {"coding": [{"system": "http://loinc.org", "code": code, "display": display}]}


def component(code, number=None, words=None, **more):
    value = {"valueQuantity": {"value": number, "unit": "MFI"}} if number is not None else {}
    return {"code": {"text": code}} | value | ({"valueString": words} if words else {}) | more


def interpreted(code):
    return [{"coding": [{"code": code}]}]


def stated(reading):
    return [(each.specificity, each.mfi, each.is_present) for each in reading.precision.antibodies]


@pytest.mark.parametrize(
    ("resource", "found"),
    [
        (observation(loinc("107914-4", DSA), "B*08:01",
                     component=[component("MFI band", words="strong, >4000"),
                                component("MFI value", 8200)]),
         [("B*08:01", Decimal(8200), True)]),
        (observation("Donor-specific HLA antibody", "DQ7 (MFI 9100), A24 MFI 1,200; DR4"),
         [("DQ7", Decimal(9100), True), ("A24", Decimal(1200), True), ("DR4", None, True)]),
        (observation("Anti-HLA antibody specificities", "A2, A24 and B7"),
         [("A2", None, True), ("A24", None, True), ("B7", None, True)]),
        (observation("Anti-HLA DQ7 antibody", "Positive"), [("DQ7", None, True)]),
        (observation("Anti-HLA DQ7 antibody", "Negative"), [("DQ7", None, False)]),
        (observation("Anti-HLA DQ7 antibody MFI", valueQuantity={"value": 300, "unit": "MFI"}),
         [("DQ7", Decimal(300), None)]),
        (observation("HLA single antigen bead panel", component=[
            component("A2", 8000, interpretation=interpreted("POS")),
            component("A24", 200, interpretation=interpreted("NEG")),
            component("B7", 900)]),
         [("A2", Decimal(8000), True), ("A24", Decimal(200), False), ("B7", Decimal(900), None)]),
        (observation(loinc("44534-6", "HLA Ab [Presence] in Serum"), "Negative"),
         [("", None, False)]),
        (observation(loinc("44534-6", "HLA Ab [Presence] in Serum"), "Positive"),
         [("", None, True)]),
        (observation(loinc("107913-6", DSA), "No donor-specific HLA antibodies detected"),
         [("", None, False)]),
        (observation(loinc("107913-6", DSA), valueCodeableConcept={
            "coding": [{"system": "http://snomed.info/sct", "code": "260415000"}]}),
         [("", None, False)]),
        (observation(loinc("44534-6", "HLA Ab [Presence] in Serum"), "Not performed"),
         [("", None, None)]),
        (observation(loinc("44534-6", "HLA Ab"), dataAbsentReason={
            "coding": [{"code": "not-performed"}]}), [("", None, None)]),
    ],
)  # fmt: skip
def test_every_shape_of_an_antibody_result_is_read(reading_of, resource, found):
    assert stated(reading_of(resource)) == found


def test_a_figure_without_a_verdict_says_so(reading_of):
    read = reading_of(
        observation("Anti-HLA DQ7 antibody MFI", valueQuantity={"value": 300, "unit": "MFI"})
    )
    assert [each.code for each in read.precision.antibodies[0].caveats] == ["PGX-780"]


def test_an_antibody_to_an_allele_is_never_a_typing_or_a_risk_allele(reading_of):
    read = reading_of(observation("Anti-HLA antibody", "B*57:01 (MFI 5000)"))
    assert stated(read) == [("B*57:01", Decimal(5000), True)]
    assert (read.statements, read.precision.typings) == ((), ())


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"focus": [{"reference": "Patient/x", "display": "the donor"}]}, "somebody else"),
        ({"status": "entered-in-error"}, "entered-in-error"),
        ({"status": "cancelled"}, "cancelled"),
    ],
)
def test_what_may_not_be_used_is_listed(reading_of, more, reason):
    read = reading_of(observation("Anti-HLA antibody", "DQ7", **more))
    assert read.precision.antibodies == ()
    assert reason in read.not_understood[0].reason


@pytest.mark.parametrize(
    "code",
    [
        "Thyroid peroxidase antibody",
        "Hemoglobin A2",
        "HLA typing",
        "HLA-AB typing",
        "DSA of the renal artery",
    ],
)
def test_other_results_are_no_hla_antibodies(reading_of, code):
    assert reading_of(observation(code, "DQ7")).precision.antibodies == ()


@pytest.mark.parametrize(
    ("code", "is_of_donor"),
    [(DSA, True), ("HLA DSA by single antigen", True), ("HLA antibody screen", False)],
)
def test_a_test_for_donor_specific_antibodies_is_told_by_its_name(reading_of, code, is_of_donor):
    (found,) = reading_of(observation(code, "Positive")).precision.antibodies
    assert found.is_of_donor is is_of_donor


def test_a_text_too_long_for_a_list_is_listed_and_not_read(reading_of):
    found = reading_of(observation(DSA, "DQ7, " * 10_000))
    assert found.precision.antibodies == ()
    assert "too long" in found.not_understood[0].reason
