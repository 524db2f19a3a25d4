"""An answer about a subject holds that subject's data, and it is what the guide and FHIR allow."""

from contextlib import closing

import pytest
from fhir.resources.R4B.observation import Observation

from fhir_pgx.errors import DeletedResource
from fhir_pgx.operations.asking import answer
from fhir_pgx.operations.given import given_in_query
from fhir_pgx.validation import validate_resource

from .conftest import BY_NAME, context, groups, ids
from .people import (
    ANNA,
    CHR7_38,
    CHR10_38,
    CHR22_38,
    CLARA,
    OTTO,
    STAR_2_38,
    STAR_17_38,
    genotype,
    observation,
    patient,
    phase,
    structural,
    variant,
)

EVERYWHERE = ",".join(
    [
        f"{CHR7_38}:1000000-150000000",
        f"{CHR10_38}:1000000-130000000",
        f"{CHR22_38}:20000000-50000000",
    ]
)
ASKED = {
    "find-subject-variants": {"ranges": EVERYWHERE, "includePhasing": "true"},
    "find-subject-specific-variants": {
        "variants": f"{CHR10_38}:{STAR_2_38}:G:A,{CHR10_38}:{STAR_17_38}:C:T"
    },
    "find-subject-structural-intersecting-variants": {
        "ranges": EVERYWHERE, "includeVariants": "true",
    },
    "find-subject-structural-subsuming-variants": {
        "ranges": f"{CHR22_38}:42128000-42129000,{CHR7_38}:116710000-116720000",
        "includeVariants": "true",
    },
    "find-subject-haplotypes": {"genes": "CYP2C19,CYP2D6,HLA-A,HLA-B"},
    "find-subject-specific-haplotypes": {"haplotypes": "CYP2C19*17,CYP2C19*1,HLA-B*57:01"},
}  # fmt: skip


def returned(ask, name, subject):
    found = ask(name, subject=subject, **ASKED[name])
    return [
        part["resource"]
        for group in found["parameter"]
        for part in group["part"]
        if "resource" in part
    ]


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("subject", [ANNA, OTTO, CLARA])
def test_every_resource_returned_is_of_the_subject(ask, name, subject):
    found = returned(ask, name, subject)
    assert {each["subject"]["reference"] for each in found} <= {f"Patient/{subject}"}
    others = {ANNA, OTTO, CLARA} - {subject}
    assert not any(
        other.removeprefix("synthetic-") in each["id"] for other in others for each in found
    )


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("subject", [ANNA, OTTO, CLARA])
def test_every_resource_returned_is_valid(ask, knowledge, name, subject):
    for each in returned(ask, name, subject):
        Observation.model_validate(each)
        faults = [
            (issue.where, issue.text)
            for issue in validate_resource(each, knowledge.vocabulary)
            if issue.severity in ("error", "fatal")
        ]
        assert faults == [], each["id"]


def test_the_questions_above_return_something(ask):
    assert all(returned(ask, name, ANNA) for name in ASKED)


# A store of its own


def asked(store, pipeline, name, **parameters):
    given = given_in_query(parameters.items())
    return groups(answer(BY_NAME[name], given, context(store, pipeline)))


ONE, TWO = "synthetic-one", "synthetic-two"
STAR_2, STAR_17 = f"{CHR10_38}:{STAR_2_38}:G:A", f"{CHR10_38}:{STAR_17_38}:C:T"


def test_a_relationship_of_another_patient_is_never_returned(opened, pipeline):
    """It refers, wrongly, to variants that are not that patient's."""
    resources = [
        patient(ONE),
        patient(TWO),
        variant("one-a", ONE, CHR10_38, STAR_2_38, "G", "A"),
        variant("one-b", ONE, CHR10_38, STAR_17_38, "C", "T"),
        phase("two-phase", TWO, "one-a", "one-b"),
    ]
    with closing(opened(resources)) as store:
        region = f"{CHR10_38}:94761000-94790000"
        (group,) = asked(
            store, pipeline, "find-subject-variants",
            subject=ONE, ranges=region, includePhasing="true",
        )  # fmt: skip
    assert ids(group.variant) == ["one-b", "one-a"]
    assert group.sequencePhaseRelationship == []


def test_a_report_of_another_patient_names_no_test_of_this_one(opened, pipeline):
    report = {
        "resourceType": "DiagnosticReport", "id": "two-report", "status": "final",
        "code": {"text": "report"}, "subject": {"reference": f"Patient/{TWO}"},
        "identifier": [{"value": "T-9"}], "result": [{"reference": "Observation/one-a"}],
    }  # fmt: skip
    resources = [
        patient(ONE), patient(TWO), variant("one-a", ONE, CHR10_38, STAR_2_38, "G", "A"), report,
    ]  # fmt: skip
    with closing(opened(resources)) as store:
        (group,) = asked(
            store, pipeline, "find-subject-specific-variants",
            subject=ONE, variants=STAR_2, testIdentifiers="T-9",
        )  # fmt: skip
    assert group.presence is False


def test_a_deleted_patient_is_gone_and_a_deleted_result_is_no_presence(opened, pipeline):
    resources = [patient(ONE), variant("one-a", ONE, CHR10_38, STAR_2_38, "G", "A")]
    with closing(opened(resources)) as store:
        with store.transaction() as unit:
            unit.delete("Observation", "one-a")
        (group,) = asked(
            store, pipeline, "find-subject-specific-variants", subject=ONE, variants=STAR_2
        )
        assert (group.presence, group.variant) == (False, [])
        (group,) = asked(store, pipeline, "find-population-specific-variants", variants=STAR_2)
        assert group.numerator == {"value": 0}
        with store.transaction() as unit:
            unit.delete("Patient", ONE)
        with pytest.raises(DeletedResource):
            asked(store, pipeline, "find-subject-specific-variants", subject=ONE, variants=STAR_2)


@pytest.mark.parametrize(
    ("item", "found"),
    [
        ("DRB1*13:AKBAR", True),
        ("http://glstring.org|DRB1*13:AKBAR+DRB1*15:01", True),
        ("DRB1*15:01", True),
        ("DRB1*13:01", False),
        ("DRB1*13:AKBAS", False),
        ("DRB1*13", False),
    ],
)
def test_a_multiple_allele_code_is_found_as_it_stands(opened, pipeline, item, found):
    typed = genotype("one-drb1", ONE, "HLA-DRB1", "DRB1*13:AKBAR+DRB1*15:01")
    with closing(opened([patient(ONE), typed])) as store:
        (group,) = asked(
            store, pipeline, "find-subject-specific-haplotypes", subject=ONE, haplotypes=item
        )
        (counted,) = asked(store, pipeline, "find-population-specific-haplotypes", haplotypes=item)
    assert (group.presence, counted.numerator["value"]) == (found, int(found))


def test_a_genotype_of_another_shape_is_returned_as_one_made_from_it(opened, pipeline):
    """LOINC 57132-3 with a text, and a positive test for one allele: neither is the guide's."""
    stated = observation("one-2c19", "57132-3", ONE, valueString="*1/*2",
                         effectiveDateTime="2026-01-05")  # fmt: skip
    positive = observation(
        "one-hla", "50956-2", ONE,
        valueCodeableConcept={"coding": [{"system": "http://loinc.org", "code": "LA6576-8"}]},
    )  # fmt: skip
    negative = observation(
        "one-hla-58", "79711-8", ONE,
        valueCodeableConcept={"coding": [{"system": "http://loinc.org", "code": "LA6577-6"}]},
    )  # fmt: skip
    with closing(opened([patient(ONE), stated, positive, negative])) as store:
        (group,) = asked(store, pipeline, "find-subject-haplotypes", subject=ONE, genes="CYP2C19")
        allele, other = asked(
            store, pipeline, "find-subject-specific-haplotypes",
            subject=ONE, haplotypes="HLA-B*57:01,HLA-B*58:01",
        )  # fmt: skip
    (made,) = group.genotype
    assert made["derivedFrom"] == [{"reference": "Observation/one-2c19"}]
    assert made["valueCodeableConcept"]["text"] == "CYP2C19 *1/*2"
    assert (made["effectiveDateTime"], made["status"]) == ("2026-01-05", "final")
    assert (allele.presence, allele.haplotype[0]["derivedFrom"]) == (
        True,
        [{"reference": "Observation/one-hla"}],
    )
    assert other.presence is False  # tested, and not there


def test_a_coded_value_that_names_no_haplotype_we_know_is_found_by_its_code(opened, pipeline):
    typed = genotype("one-2c9", ONE, "CYP2C9", "PV00101", system="http://www.pharmvar.org")
    with closing(opened([patient(ONE), typed])) as store:
        for item, found in (
            ("http://www.pharmvar.org|PV00101", True),
            ("pv00101", True),
            ("http://www.pharmvar.org|pv00101", False),
            ("urn:other|PV00101", False),
        ):
            (group,) = asked(
                store, pipeline, "find-subject-specific-haplotypes", subject=ONE, haplotypes=item
            )
            assert group.presence is found, item


def test_a_structural_variant_without_a_type_is_told_as_what_it_is_at_least(opened, pipeline):
    bare = structural("one-bare", ONE, CHR22_38, inner=(42120000, 42130000), change="")
    counted = structural(
        "one-counted", ONE, CHR22_38, exact=(42120000, 42130000), change="", copies=3
    )
    with closing(opened([patient(ONE), bare, counted])) as store:
        (group,) = asked(
            store, pipeline, "find-subject-structural-subsuming-variants",
            subject=ONE, ranges=f"{CHR22_38}:42128000-42129000", includeVariants="true",
        )  # fmt: skip
    told = {
        each["id"]: part["valueCodeableConcept"]["coding"][0]["code"]
        for each in group.variant
        for part in each["component"]
        if part["code"]["coding"][0]["code"] == "48019-4"
    }
    assert told == {"one-bare": "SO:0001059", "one-counted": "SO:0001019"}


@pytest.mark.parametrize(
    ("name", "region", "alleles", "ends"),
    [
        # A name alone: bases and place are those of the one spelling, `-` is no base.
        (f"{CHR22_38}:g.42128242del", f"{CHR22_38}:42128241-42128242", ("T", "-"),
         (42128241, 42128242)),
        (f"{CHR10_38}:g.{STAR_2_38 + 1}G>A", f"{CHR10_38}:{STAR_2_38}-{STAR_2_38 + 1}",
         ("G", "A"), (STAR_2_38, STAR_2_38 + 1)),
    ],
)  # fmt: skip
def test_a_variant_that_is_stated_by_a_name_is_returned_with_its_place(
    opened, pipeline, name, region, alleles, ends
):
    stated = {"code": {"coding": [{"system": "http://loinc.org", "code": "81290-9"}]},
              "valueCodeableConcept": {"text": name}}  # fmt: skip
    present = {"coding": [{"system": "http://loinc.org", "code": "LA9633-4"}]}
    named = observation("one-named", "69548-6", ONE, parts=[stated], valueCodeableConcept=present)
    with closing(opened([patient(ONE), named])) as store:
        (group,) = asked(
            store, pipeline, "find-subject-variants",
            subject=ONE, ranges=region, includeVariants="true",
        )  # fmt: skip
    (found,) = group.variant
    parts = {part["code"]["coding"][0]["code"]: part for part in found["component"]}
    assert found["id"] == "one-named"
    assert parts["81290-9"] == stated
    assert (parts["69547-8"]["valueString"], parts["69551-0"]["valueString"]) == alleles
    assert parts["81254-5"]["valueRange"] == {"low": {"value": ends[0]}, "high": {"value": ends[1]}}
