"""Strict validation: every finding, its FHIRPath, how to mend it; and nothing raised."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_pgx.errors import Issue
from fhir_pgx.fhir.operation_outcome import to_operation_outcome
from fhir_pgx.fhir.xml import write_xml
from fhir_pgx.model.knowledge import LoincTerm, Vocabulary
from fhir_pgx.validation import validate_document, validate_resource
from fhir_pgx.validation.codes import has_right_check_digit

LOINC = "http://loinc.org"
HGNC = "http://www.genenames.org/geneId"
ABSENT = object()

OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "category": [{"text": "laboratory"}],
    "code": {"coding": [{"system": LOINC, "code": "84413-4"}]},
    "subject": {"reference": "Patient/1"},
    "valueCodeableConcept": {"text": "CYP2C19 *2/*2"},
    "component": [
        {
            "code": {"coding": [{"system": LOINC, "code": "48018-6"}]},
            "valueCodeableConcept": {"coding": [{"system": HGNC, "code": "HGNC:2621"}]},
        }
    ],
}
PATIENT = {"resourceType": "Patient", "id": "1", "gender": "female"}
BUNDLE: dict[str, Any] = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"fullUrl": "http://example.org/fhir/Patient/1", "resource": PATIENT},
        {"fullUrl": "http://example.org/fhir/Observation/a", "resource": OBSERVATION},
    ],
}
ORDER = {
    "resourceType": "MedicationRequest",
    "status": "draft",
    "intent": "order",
    "medicationCodeableConcept": {"text": "clopidogrel"},
    "subject": {"reference": "Patient/1"},
}
VOCABULARY = Vocabulary(
    genes={
        "HGNC:2621": "CYP2C19",
        "2621": "CYP2C19",
        "CYP2C19": "CYP2C19",
        "HGNC:2625": "CYP2D6",
        "2625": "CYP2D6",
        "CYP2D6": "CYP2D6",
    },
    loinc={"57132-3": LoincTerm("57132-3", "CYP2C19", "allele")},
    answers={},
    accessions={},
)


def check(document: Any, vocabulary: Vocabulary | None = None) -> list[Issue]:
    return validate_document(json.dumps(document).encode(), vocabulary=vocabulary)


def changed(document: Any, path: str, value: Any) -> Any:
    document = copy.deepcopy(document)
    *outer, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    place = document
    for step in outer:
        place = place[step]
    if value is ABSENT:
        del place[last]
    else:
        place[last] = value
    return document


def brief(issues: list[Issue]) -> set[tuple[str, str, str]]:
    return {(issue.severity, issue.where, issue.text) for issue in issues}


@pytest.mark.parametrize("document", [OBSERVATION, PATIENT, BUNDLE, ORDER])
def test_a_valid_resource_has_no_findings(document: dict[str, Any]) -> None:
    assert check(document) == []


@pytest.mark.parametrize(
    ("path", "value", "where", "says"),
    [
        ("vendor", 1, "vendor", "no such element"),
        ("component/0/valueString2", "x", "component[0].valueString2", "no such element"),
        ("status", ABSENT, "status", "required element is missing"),
        ("code", ABSENT, "code", "required element is missing"),
        ("component/0/code", ABSENT, "component[0].code", "required element is missing"),
        ("status", "bogus", "status", "codes that FHIR R4 requires"),
        ("status", None, "status", "null"),
        ("code", "84413-4", "code", "an object"),
        ("code", [{"text": "x"}], "code", "a list stands where one value should"),
        ("category", {"text": "x"}, "category", "one value stands where a list should"),
        ("category", [], "category", "empty array"),
        ("category/0", {}, "category[0]", "empty object"),
        ("valueCodeableConcept/text", "", "valueCodeableConcept.text", "empty text"),
        ("valueString", "x", "value[x]", "two values"),
        ("issued", "yesterday", "issued", "FHIR Instant"),
        ("effectiveDateTime", "23.11.2026", "effectiveDateTime", "FHIR DateTime"),
        ("effectiveDateTime", "2026-02-30", "effectiveDateTime", "date that exists"),
        ("effectiveDateTime", 2026, "effectiveDateTime", "text"),
        ("id", "a b", "id", "form"),
        ("subject/reference", 5, "subject.reference", "text"),
        ("contained", [{"resourceType": "Dragon"}], "contained[0].resourceType", "not a resource"),
        ("contained", [{"id": "x"}], "contained[0].resourceType", "does not say its type"),
        ("contained", [PATIENT | {"x": 1}], "contained[0].x", "no such element"),
        ("_status", "x", "_status", "object with id or extension"),
        ("extension", [{"valueString": "x"}], "extension[0].url", "missing"),
        ("component/0", 5, "component[0]", "an object"),
    ],
)
def test_each_fault_is_found_at_its_place_with_a_way_to_mend_it(
    path: str, value: Any, where: str, says: str
) -> None:
    found = check(changed(OBSERVATION, path, value))
    (issue,) = [issue for issue in found if issue.where == f"Observation.{where}"]
    assert says in issue.text
    assert (issue.severity, bool(issue.mend)) == ("error", True)
    assert len(found) == 1


@pytest.mark.parametrize(
    ("element", "value", "says"),
    [
        ("valueBoolean", "true", "true or false"),
        ("valueInteger", "3", "whole number"),
        ("valueInteger", 3.5, "whole number"),
        ("valueQuantity", {"value": "7.50"}, "a number"),
        ("valueString", 5, "text"),
        ("valueDateTime", 2026, "text"),
    ],
)
def test_values_of_the_wrong_json_type_are_found(element: str, value: Any, says: str) -> None:
    document = changed(OBSERVATION, "valueCodeableConcept", ABSENT) | {element: value}
    (issue,) = [issue for issue in check(document) if issue.severity == "error"]
    assert says in issue.text
    assert issue.where.startswith(f"Observation.{element}")


def test_no_fault_hides_another() -> None:
    order = ORDER | {"vendor": 1, "authoredOn": "now", "priority": ""}
    del order["intent"], order["medicationCodeableConcept"], order["subject"]
    assert {issue.where for issue in check(order)} == {
        "MedicationRequest.vendor",
        "MedicationRequest.authoredOn",
        "MedicationRequest.priority",
        "MedicationRequest.intent",
        "MedicationRequest.medication[x]",
        "MedicationRequest.subject",
    }


def test_a_fault_in_a_bundle_is_found_at_its_entry_and_the_others_are_still_checked() -> None:
    bundle = changed(BUNDLE, "entry/0/resource/gender", "xx")
    bundle["entry"][1]["resource"]["component"][0]["valueInteger"] = 1
    bundle["entry"].append({"resource": {"resourceType": "Dragon"}})
    assert {issue.where for issue in check(bundle)} == {
        "Bundle.entry[0].resource.gender",
        "Bundle.entry[1].resource.component[0].value[x]",
        "Bundle.entry[2].resource.resourceType",
    }


def test_resources_in_parameters_are_checked_at_any_depth() -> None:
    odd = {"resourceType": "Patient", "x": 1}
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "a", "part": [{"name": "b", "resource": odd}]}],
    }
    (issue,) = check(parameters)
    assert issue.where == "Parameters.parameter[0].part[0].resource.x"


@pytest.mark.parametrize(
    ("resource", "where"),
    [
        (
            {"resourceType": "MolecularSequence", "coordinateSystem": 0, "variant": [{"start": 1}]},
            [],
        ),
        (
            {
                "resourceType": "MolecularSequence",
                "relative": [{"coordinateSystem": {"text": "0"}}],
            },
            [],
        ),
        ({"resourceType": "Sequence", "coordinateSystem": 0, "variant": [{"start": 1}]}, []),
        ({"resourceType": "Sequence", "coordinateSystem": 0, "odd": 1}, ["Sequence.odd"]),
        (
            {
                "resourceType": "MedicationRequest",
                "status": "draft",
                "intent": "order",
                "medication": {"concept": {"text": "codeine"}},
                "subject": {"reference": "Patient/1"},
            },
            [],
        ),
        ({"resourceType": "MolecularSequence", "variant": []}, ["MolecularSequence.variant"]),
    ],
)
def test_sequences_and_orders_of_other_releases_are_checked_by_their_own_release(
    resource: dict[str, Any], where: list[str]
) -> None:
    found = [issue.where for issue in check(resource)]
    expected = where or []
    if resource.get("variant") == []:
        expected = [*expected, "MolecularSequence.coordinateSystem"]
    assert sorted(found) == sorted(expected)


def test_a_resource_of_dstu2_is_named_as_not_checked_rather_than_as_wrong() -> None:
    (issue,) = check({"resourceType": "MedicationOrder", "status": "draft"})
    assert (issue.severity, issue.kind) == ("warning", "not-supported")


# Known codes of the LOINC table; the wrong ones circulate in public exporters.
@pytest.mark.parametrize(
    ("code", "right"),
    [
        ("84413-4", True),
        ("57132-3", True),
        ("40425-1", True),
        ("48005-3", True),
        ("69548-6", True),
        ("8867-4", True),
        ("LA10315-2", True),
        ("LA9657-3", True),
        ("LA25391-6", True),
        ("57132-1", False),
        ("40425-3", False),
        ("48005-6", False),
        ("LA10315-3", False),
        ("LA9657-4", False),
        ("CYP2C19", False),
    ],
)
def test_loinc_check_digits(code: str, right: bool) -> None:
    assert has_right_check_digit(code) is right


@pytest.mark.parametrize(
    ("code", "display", "severity", "mend"),
    [
        ("57132-1", "CYP2C19 gene", "error", "57132-3"),
        ("40425-3", "CYP2D6 gene", "error", "40425-1"),
        ("48005-6", "p.HGVS", "error", "48005-3"),
        ("12345-0", "anything", "error", "loinc.org"),
        ("genotype", "anything", "error", "84413-4"),
        ("81139-8", "CYP3A5 gene allele", "warning", "81140-6"),
        ("79720-9", "UGT1A1 activity", "warning", "79718-3"),
        ("LA10315-2", "Normal metabolizer", "warning", "LA25391-6"),
        ("57132-3", "CYP2D6 gene allele", "warning", "correct"),
    ],
)
def test_codes_that_are_often_wrong_are_told_with_the_right_one(
    code: str, display: str, severity: str, mend: str
) -> None:
    coding = {"system": LOINC, "code": code, "display": display}
    (issue,) = check(changed(OBSERVATION, "code", {"coding": [coding]}), VOCABULARY)
    assert issue.severity == severity
    assert issue.where.startswith("Observation.code.coding[0]")
    assert mend in issue.mend


@pytest.mark.parametrize(
    ("code", "display", "findings"),
    [
        ("HGNC:2621", "CYP2C19", 0),
        ("HGNC:2621", "CYP2D6", 1),
        ("HGNC:2621", "cytochrome P450 2C19", 0),
        ("HGNC:262", "CYP2C19", 1),  # as in the guide's own example: a digit was lost
    ],
)
def test_the_code_and_the_name_of_a_known_gene_must_agree(
    code: str, display: str, findings: int
) -> None:
    coding = {"system": HGNC, "code": code, "display": display}
    document = changed(OBSERVATION, "component/0/valueCodeableConcept", {"coding": [coding]})
    assert len(check(document, VOCABULARY)) == findings
    assert check(document) == []


def test_a_full_url_that_stands_twice_is_found_unless_the_versions_differ() -> None:
    bundle = changed(BUNDLE, "entry/1/fullUrl", BUNDLE["entry"][0]["fullUrl"])
    assert ("error", "Bundle.entry[1].fullUrl", "the same fullUrl as Bundle.entry[0]") in brief(
        check(bundle)
    )
    bundle["entry"][1]["resource"]["meta"] = {"versionId": "2"}
    assert check(bundle) == []


def wrapped(*resources: dict[str, Any], kind: str = "searchset") -> dict[str, Any]:
    entries = [{"resource": resource} for resource in resources]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


@pytest.mark.parametrize(
    ("kind", "reference", "lost"),
    [
        ("collection", "Observation/9", True),
        ("document", "Observation/9", True),
        ("collection", "MolecularSequence/9", False),  # it holds none: the server may
        ("transaction", "Observation/9", False),
        ("collection", "urn:uuid:0", True),
        ("collection", "http://other.example.org/fhir/Observation/9", False),
        ("collection", "Observation?identifier=9", False),
        ("searchset", "Observation/9", False),
        ("searchset", "urn:uuid:0", True),
    ],
)
def test_references_that_must_resolve_in_the_bundle_and_do_not_are_warned_of(
    kind: str, reference: str, lost: bool
) -> None:
    bundle = changed(BUNDLE, "type", kind)
    bundle["entry"][1]["resource"]["derivedFrom"] = [{"reference": reference}]
    bundle["entry"][1]["resource"]["specimen"] = {"reference": "Specimen/9"}
    found = [(issue.severity, issue.where) for issue in check(bundle) if issue.kind == "not-found"]
    expected = ("warning", "Bundle.entry[1].resource.derivedFrom[0].reference")
    assert found == ([expected] if lost else [])


def test_a_reference_to_no_contained_resource_is_an_error() -> None:
    contained = {"resourceType": "Specimen", "id": "s"}
    document = OBSERVATION | {"contained": [contained], "specimen": {"reference": "#s"}}
    assert check(document) == []
    (issue,) = check(changed(document, "specimen/reference", "#other"))
    assert (issue.where, "ref-1" in issue.text) == ("Observation.specimen.reference", True)


def test_contained_resources_may_refer_to_one_another() -> None:
    specimens = [
        {"resourceType": "Specimen", "id": "a", "parent": [{"reference": "#b"}]},
        {"resourceType": "Specimen", "id": "b"},
    ]
    document = OBSERVATION | {"contained": specimens, "specimen": {"reference": "#a"}}
    assert check(document) == []


def test_data_of_two_patients_are_warned_of() -> None:
    bundle = changed(BUNDLE, "type", "searchset")
    bundle["entry"].append({"resource": OBSERVATION | {"subject": {"reference": "Patient/2"}}})
    (issue,) = check(bundle)
    assert (issue.severity, issue.kind) == ("warning", "conflict")
    assert "2 patients" in issue.text


def test_one_patient_under_two_spellings_is_one_patient() -> None:
    bundle = copy.deepcopy(BUNDLE)
    for reference in ("http://example.org/fhir/Patient/1", "Patient/1/_history/3"):
        bundle["entry"].append({"resource": OBSERVATION | {"subject": {"reference": reference}}})
    assert check(bundle) == []


REQUEST: dict[str, Any] = {
    "hook": "order-sign",
    "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    "context": {
        "userId": "Practitioner/1",
        "patientId": "1",
        "draftOrders": {"resourceType": "Bundle", "type": "collection", "entry": []},
    },
}
REQUEST["context"]["draftOrders"]["entry"] = [{"resource": PATIENT}, {"resource": ORDER}]


def test_a_valid_request_has_no_findings() -> None:
    assert check(REQUEST) == []


def test_what_a_request_does_not_send_along_is_on_the_server_and_no_finding() -> None:
    drafts = wrapped(ORDER | {"encounter": {"reference": "Encounter/9"}}, kind="collection")
    document = changed(REQUEST, "context/draftOrders", drafts)
    document["prefetch"] = {"results": wrapped(OBSERVATION, kind="collection"), "patient": PATIENT}
    assert check(document) == []
    assert check(wrapped(OBSERVATION)) == []


@pytest.mark.parametrize(("full_url", "lost"), [("urn:uuid:5", False), ("urn:uuid:6", True)])
def test_a_urn_in_a_request_may_resolve_anywhere_in_it(full_url: str, lost: bool) -> None:
    drafts = wrapped(ORDER | {"subject": {"reference": "urn:uuid:5"}}, kind="collection")
    document = changed(REQUEST, "context/draftOrders", drafts)
    patient = {"resourceType": "Bundle", "type": "searchset"}
    patient["entry"] = [{"fullUrl": full_url, "resource": PATIENT}]
    document["prefetch"] = {"patient": patient}
    expected = ["context.draftOrders.entry[0].resource.subject.reference"]
    assert [issue.where for issue in check(document)] == (expected if lost else [])


@pytest.mark.parametrize(
    ("path", "value", "severity", "where"),
    [
        ("context/draftOrders", ABSENT, "error", "context.draftOrders"),
        ("context/patientId", 5, "error", "context.patientId"),
        ("hookInstance", "7", "warning", "hookInstance"),
        (
            "context/draftOrders/entry/1/resource/category",
            {"text": "x"},
            "warning",
            "context.draftOrders.entry[1].resource.category",
        ),
        ("prefetch", {"p": PATIENT | {"gender": "xx"}}, "warning", "prefetch.p.gender"),
        ("prefetch", {"p": "Patient/1"}, "error", "prefetch.p"),
    ],
)
def test_a_request_is_checked_as_message_and_its_fhir_with_warnings(
    path: str, value: Any, severity: str, where: str
) -> None:
    found = [(issue.severity, issue.where) for issue in check(changed(REQUEST, path, value))]
    assert found == [(severity, where)]


@pytest.mark.parametrize(
    ("message", "where"),
    [
        ({"cards": [{"uuid": "x"}]}, "cards[0].uuid"),
        ({"services": [{"hook": "patient-view", "id": "a"}]}, "services[0].description"),
        ({"feedback": [{"card": "a", "outcome": "accepted"}]}, "feedback[0].outcomeTimestamp"),
        ({"hook": "patient-view"}, "hookInstance"),
    ],
)
def test_each_cds_hooks_message_is_known_by_its_shape(message: dict[str, Any], where: str) -> None:
    assert where in {issue.where for issue in check(message)}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "empty"),
        (b"{", "ends too early"),
        (b'{"a":1,"a":2}', "twice"),
        (b"[" * 100 + b"1" + b"]" * 100, "deep"),
        (b"##fileformat=VCFv4.2", "neither JSON nor XML"),
        (b"<Patient/>", "namespace"),
        (b"<!DOCTYPE x><Patient/>", "DOCTYPE"),
        (b'{"a":1}', "type"),
        (b"[]", "list of resources"),
        ('{"a":1}'.encode("utf-16"), "UTF-16"),
    ],
)
def test_what_cannot_be_read_is_a_finding_too(data: bytes, says: str) -> None:
    (issue,) = validate_document(data, None)
    assert says in issue.text


def test_xml_is_checked_like_json_and_what_was_passed_over_is_an_error() -> None:
    data = write_xml(OBSERVATION | {"status": "bogus"})
    data = data.replace(b"</Observation>", b'<odd value="1"/></Observation>')
    for media in ("application/fhir+xml", None, "application/json"):
        found = validate_document(data, media)
        assert [(issue.severity, issue.where) for issue in found] == [
            ("error", "Observation"),
            ("error", "Observation.status"),
        ]


def test_findings_repeat_no_value_of_the_patient() -> None:
    patient = {
        "resourceType": "Patient",
        "name": [{"family": {"Roe": 1}, "given": "Jane Roe", "Jane Roe": 1}],
        "birthDate": "Jane Roe",
        "gender": "Jane Roe",
        "id": "Jane Roe",
        "identifier": [{"value": ["Roe"]}],
    }
    message = {"cards": [{"summary": "Jane Roe" * 30, "indicator": "Jane Roe"}]}
    said = json.dumps([to_operation_outcome(check(document)) for document in (patient, message)])
    assert "Roe" not in said
    assert len(check(patient)) >= 6


def test_the_findings_have_an_end() -> None:
    found = check(BUNDLE | {"entry": [{"resource": {"resourceType": "Dragon"}}] * 3000})
    assert len(found) == 1001
    assert "not listed" in found[-1].text


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["resourceType", "id", "status", "_status", "code", "coding", "system", "subject"]
                + ["reference", "contained", "entry", "resource", "parameter", "part", "component"]
                + [
                    "valueString",
                    "valueInteger",
                    "extension",
                    "url",
                    "meta",
                    "fullUrl",
                    "hook",
                    "cards",
                ]
            ),
            inner
            | st.sampled_from(["Observation", "Bundle", "Parameters", "Sequence", LOINC, "#x"]),
            max_size=5,
        )
    ),
    max_leaves=20,
)


@settings(max_examples=300, deadline=None)
@given(_json, st.sampled_from(["Observation", "Bundle", "Parameters", "MedicationRequest", None]))
def test_no_json_raises_anything(document: Any, kind: str | None) -> None:
    if kind and isinstance(document, dict):
        document = document | {"resourceType": kind}
    for issue in check(document, VOCABULARY):
        assert issue.text


def test_validate_resource_gives_what_validate_document_gives() -> None:
    faulty = changed(OBSERVATION, "status", "bogus")
    assert list(validate_resource(faulty)) == check(faulty)


@pytest.mark.parametrize("number", range(1, 12))
def test_published_samples_validate_without_an_exception(shared: Path, number: int) -> None:
    (file,) = (shared / "samples").glob(f"{number:02}_*")
    errors = [i for i in validate_document(file.read_bytes(), None) if i.severity == "error"]
    assert bool(errors) == (file.suffix == ".vcf")
