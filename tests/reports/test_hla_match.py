"""The answer of `hla-match`: a FHIR Parameters of the recipient against each donor."""

import json

import pytest
from fhir.resources.R4B.parameters import Parameters

from fhir_pgx.errors import InvalidParameter, MixedPatients
from fhir_pgx.fhir.json import write_json
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.model.document import Document
from fhir_pgx.pipeline import Pipeline

OWN = (
    "HLA-A*01:01+HLA-A*02:01^HLA-B*08:01+HLA-B*44:02^HLA-C*05:01+HLA-C*07:01"
    "^HLA-DRB1*03:01+HLA-DRB1*04:01"
)


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes())


def typing(gl_string, patient="r", **more):
    return {
        "resourceType": "Observation",
        "id": f"typing-{patient}",
        "status": "final",
        "code": {"text": "HLA typing"},
        "subject": {"reference": f"Patient/{patient}"},
        "valueString": gl_string,
    } | more


def antibody(specificity, **more):
    return typing(specificity) | {"id": specificity, "code": {"text": "Anti-HLA antibody"}} | more


def bundle(*resources):
    return {"resourceType": "Bundle", "entry": [{"resource": each} for each in resources]}


def document(*resources, name=""):
    return Document(json.dumps(bundle(*resources)).encode(), name)


def parts(parameter, name):
    return [each for each in parameter["part"] if each["name"] == name]


def value(part, name):
    (found,) = [each for each in part["part"] if each["name"] == name]
    return next(each for key, each in found.items() if key.startswith("value"))


DONORS = OWN.replace("A*02:01", "A*24:02")


def test_the_answer_is_fhir_and_says_every_locus(pipeline):
    antibodies = (antibody("A24 (MFI 2500.5)"), antibody("DQ7"))
    found = pipeline.match_hla(
        [document(typing(OWN), *antibodies)], [document(typing(DONORS, "d"))]
    )
    Parameters.model_validate_json(write_json(found))
    match, knowledge = found["parameter"]
    assert value(match, "donor") == "Patient/d"
    assert value(match, "summary") == "7/8, one antigen mismatch at HLA-A (GvH and HvG)"
    grades = [
        (value(each, "positions"), value(each, "matches")) for each in parts(match, "matchGrade")
    ]
    assert grades == [(8, 7), (10, 7), (12, 7)]
    assert [value(each, "name") for each in parts(match, "locus")] == [
        "HLA-A", "HLA-B", "HLA-C", "HLA-DRB1",
    ]  # fmt: skip
    first = parts(match, "locus")[0]
    told = [value(first, name) for name in ("level", "gvhMismatches", "hvgMismatches")]
    assert told == ["antigen", 1, 1]
    assert [value(each, "locus") for each in parts(match, "notCompared")] == ["HLA-DQB1"]
    judged = [(value(each, "specificity"), value(each, "fit")) for each in parts(match, "antibody")]
    assert judged == [("A24", "donor-specific"), ("DQ7", "not-typed")]
    assert str(value(parts(match, "antibody")[0], "mfi")) == "2500.5"
    assert value(knowledge, "source").startswith("WHO")


def test_one_parameters_may_hold_both(pipeline):
    both = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "recipient", "resource": typing(OWN)},
            {"name": "donor", "resource": bundle(typing(OWN, "d1"))},
            {"name": "donor", "resource": bundle(typing(DONORS, "d2"))},
        ],
    }
    found = pipeline.match_hla([Document(json.dumps(both).encode())], [])
    matches = [each for each in found["parameter"] if each["name"] == "match"]
    assert [(value(each, "donor"), value(each, "summary")[:3]) for each in matches] == [
        ("Patient/d1", "8/8"),
        ("Patient/d2", "7/8"),
    ]


def test_one_record_may_hold_both_where_the_donor_is_its_focus(pipeline):
    focus = {"focus": [{"reference": "Patient/d", "display": "donor"}], "id": "other"}
    donor = {"resourceType": "Patient", "id": "d"}
    found = pipeline.match_hla([document(typing(OWN), typing(DONORS) | focus, donor)], [])
    assert value(found["parameter"][0], "donor") == "Patient/d"


@pytest.mark.parametrize(
    ("recipient", "donors", "error"),
    [
        (document(typing("not a typing")), [document(typing(OWN, "d"))], InvalidParameter),
        (document(typing(OWN)), [document(typing("not a typing", "d"))], InvalidParameter),
        (document(typing(OWN)), [], InvalidParameter),
        (document(typing(OWN)), [document(typing(DONORS))], InvalidParameter),  # one patient
        (document(typing(OWN), typing(OWN, "x")), [document(typing(OWN, "d"))], MixedPatients),
        (document(typing(OWN)), [document(typing(OWN, "d"), typing(OWN, "x"))], MixedPatients),
    ],
)
def test_what_cannot_be_compared_is_refused_and_no_empty_answer(pipeline, recipient, donors, error):
    with pytest.raises(error):
        pipeline.match_hla([recipient], donors)


def test_a_donors_antibodies_are_not_the_recipients(pipeline):
    found = pipeline.match_hla(
        [document(typing(OWN))],
        [document(typing(DONORS, "d"), antibody("A24", subject={"reference": "Patient/d"}))],
    )
    match = found["parameter"][0]
    assert value(match, "antibodyTest") == "not-on-file"
    assert parts(match, "antibody") == []
