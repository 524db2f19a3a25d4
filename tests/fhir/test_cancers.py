"""Conditions that state a cancer, and those that do not."""

import pytest

from tests.fhir.tumour_resources import concept

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"


def condition(text="", code="", system=ICD, **more):
    return {
        "resourceType": "Condition",
        "id": "c",
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "code": concept(text, code, system),
    } | more


@pytest.mark.parametrize(
    "made",
    [
        condition("Non-small cell lung cancer", "254637007", SNOMED),
        condition("", "C34.11"),
        condition("", "D46.9"),
        condition("", "363358000", SNOMED),
        condition("Melanoma"),
        condition("", "8140/3", "http://terminology.hl7.org/CodeSystem/icd-o-3"),
        condition("", "LUAD", "http://oncotree.mskcc.org"),
        condition("Systemic mastocytosis"),
    ],
)
def test_what_may_be_a_cancer_is_kept(tumour_reading_of, made):
    (found,) = tumour_reading_of(made).precision.cancers
    assert found.state == "active"


@pytest.mark.parametrize(
    "text",
    ["Hypertension", "Family history of breast cancer", "Suspected lung cancer",
     "Benign neoplasm of colon", "Screening for colon cancer", "No evidence of malignancy",
     "Risk of breast cancer", "BRCA1 carrier, genetic susceptibility to cancer", "Pseudotumor"],
)  # fmt: skip
def test_what_is_no_cancer_of_the_patient_is_passed_over(tumour_reading_of, text):
    assert tumour_reading_of(condition(text)).precision.cancers == ()


@pytest.mark.parametrize("code", ["D12.6", "Z80.3", "Z12.31", "I10", "D50.9"])
def test_codes_that_are_no_cancer_are_passed_over(tumour_reading_of, code):
    assert tumour_reading_of(condition("", code)).precision.cancers == ()


@pytest.mark.parametrize("status", ["refuted", "entered-in-error", "unconfirmed", "differential"])
def test_what_is_not_confirmed_is_listed_and_not_used(tumour_reading_of, status):
    made = condition("Lung cancer", verificationStatus={"coding": [{"code": status}]})
    reading = tumour_reading_of(made)
    assert reading.precision.cancers == ()
    assert [each.reference for each in reading.not_understood] == ["Condition/c"]


@pytest.mark.parametrize(
    ("made", "state"),
    [
        (condition("Breast cancer", clinicalStatus={"coding": [{"code": "remission"}]}),
         "resolved"),
        (condition("History of breast cancer"), "resolved"),
        (condition("Personal history of malignant neoplasm of breast", "Z85.3"), "resolved"),
        (condition("Breast cancer", clinicalStatus={"coding": [{"code": "relapse"}]}), "active"),
        (condition("Breast cancer", clinicalStatus=None), "unknown"),
    ],
)  # fmt: skip
def test_a_cancer_that_is_over_is_said_to_be(tumour_reading_of, made, state):
    (found,) = tumour_reading_of(made).precision.cancers
    assert found.state == state


@pytest.mark.parametrize(
    ("made", "is_metastatic"),
    [
        (condition("Metastatic breast cancer"), True),
        (condition("Non-metastatic breast cancer"), False),
        (condition("Breast cancer"), None),
        (condition("", "C78.7"), True),
        (condition("Breast cancer", stage=[{"summary": {"text": "Stage IV"}}]), True),
    ],
)
def test_metastatic_is_said_or_not_known(tumour_reading_of, made, is_metastatic):
    (found,) = tumour_reading_of(made).precision.cancers
    assert found.is_metastatic is is_metastatic


def observation(code, text, when, identity, **more):
    return {
        "resourceType": "Observation", "id": identity, "status": "final",
        "code": concept(code=code), "valueCodeableConcept": concept(text),
        "effectiveDateTime": when,
    } | more  # fmt: skip


def test_stage_and_status_come_from_their_observations(tumour_reading_of):
    focus = {"focus": [{"reference": "Condition/c"}]}
    reading = tumour_reading_of(
        condition("Lung cancer"),
        observation("21908-9", "Stage 2A", "2025-01-01", "old", **focus),
        observation("21902-2", "Stage IIIB", "2026-01-01", "new", **focus),
        observation("97509-4", "Patient's condition worsened", "2026-05-01", "s", **focus),
    )
    (found,) = reading.precision.cancers
    assert (found.stage, found.status) == ("IIIB", "progression")


def test_a_stage_without_a_focus_is_of_the_one_cancer_only(tumour_reading_of):
    stage = observation("21908-9", "IV", "2026-01-01", "s")
    (found,) = tumour_reading_of(condition("Lung cancer"), stage).precision.cancers
    assert (found.stage, found.is_metastatic) == ("IV", True)
    both = tumour_reading_of(condition("Lung cancer"), condition("Melanoma", id="m"), stage)
    assert [each.stage for each in both.precision.cancers] == ["", ""]


def test_a_relative_s_cancer_is_never_the_patient_s(tumour_reading_of):
    history = {
        "resourceType": "FamilyMemberHistory", "id": "f", "status": "completed",
        "patient": {"reference": "Patient/p"}, "relationship": {"text": "mother"},
        "condition": [{"code": {"text": "Breast cancer"}}],
        "contained": [condition("Breast cancer")],
    }  # fmt: skip
    assert tumour_reading_of(history).precision.cancers == ()
