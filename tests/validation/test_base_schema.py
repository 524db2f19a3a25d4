"""Base FHIR R4 by schema: what it finds beyond shape, as fast for the hostile as for the honest."""

import copy
import time
from typing import Any

import jsonschema
import pytest

from fhir_pgx.knowledge.fhir_schema import r4_definitions, r4_resource_types, resource_schema
from fhir_pgx.validation import check_resource
from fhir_pgx.validation.base import base_issues, is_checked, is_valid
from fhir_pgx.validation.invariants import INVARIANTS

PATIENT = {"resourceType": "Patient", "id": "1", "gender": "female"}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"text": "a synthetic result"},
}
BUNDLE: dict[str, Any] = {"resourceType": "Bundle", "type": "collection"}
ENTRY = {"resource": PATIENT}
SEQUENCE: dict[str, Any] = {"resourceType": "MolecularSequence", "coordinateSystem": 0}
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
CONDITION: dict[str, Any] = {"resourceType": "Condition", "subject": {"reference": "Patient/1"}}


def found(resource: dict[str, Any]) -> set[tuple[str, str]]:
    """Place (without the type) and kind of each finding of the fast path."""
    kind = resource["resourceType"]
    return {(i.where.removeprefix(f"{kind}."), i.kind) for i in check_resource(resource)}


@pytest.mark.parametrize(
    ("resource", "more", "where"),
    [
        # a required primitive: the value, or an extension that says why not
        (OBSERVATION, {"status": None}, "status"),
        (PATIENT, {"link": [{"other": {"reference": "Patient/2"}}]}, "link[0].type"),
        # one value of each value[x]
        (OBSERVATION, {"valueString": "x", "valueInteger": 1}, "value[x]"),
        (PATIENT, {"deceasedBoolean": True, "deceasedDateTime": "2020"}, "deceased[x]"),
        (PATIENT, {"extension": [{"url": "x", "valueCode": "a", "valueString": "b"}]},
         "extension[0].value[x]"),
        # what a reference may lead to
        (OBSERVATION, {"subject": {"reference": "Specimen/1"}}, "subject.reference"),
        (OBSERVATION, {"derivedFrom": [{"reference": "https://ehr.example.org/fhir/Patient/1"}]},
         "derivedFrom[0].reference"),
        # codes: of a code, and of a concept whose value set is required
        (PATIENT, {"gender": "F"}, "gender"),
        (CONDITION, {"clinicalStatus": {"coding": [{"system": CLINICAL, "code": "gone"}]}},
         "clinicalStatus"),
        (CONDITION, {"clinicalStatus": {"text": "active"}}, "clinicalStatus"),
        # primitives
        (PATIENT, {"birthDate": "2026-02-29"}, "birthDate"),
        (PATIENT, {"birthDate": "1900-02-29"}, "birthDate"),
        (PATIENT, {"birthDate": "2026-04-31"}, "birthDate"),
        (PATIENT, {"id": "a/b"}, "id"),
        (PATIENT, {"photo": [{"contentType": "image/png", "data": "####"}]}, "photo[0].data"),
        (PATIENT, {"photo": [{"contentType": "image/png", "data": "abc"}]}, "photo[0].data"),
        (PATIENT, {"multipleBirthInteger": 2**31}, "multipleBirthInteger"),
        (PATIENT, {"telecom": [{"system": "phone", "value": "1", "rank": 0}]}, "telecom[0].rank"),
        (OBSERVATION, {"valueTime": "7:00"}, "valueTime"),
        # arrays of primitives and of their extensions
        (PATIENT, {"name": [{"given": ["A", "B"], "_given": [{"id": "a"}]}]}, "name[0]._given"),
        (PATIENT, {"name": [{"given": ["A", None], "_given": [None, None]}]}, "name[0]._given[1]"),
        # emptiness
        (PATIENT, {"name": []}, "name"),
        (PATIENT, {"name": [{}]}, "name[0]"),
        (PATIENT, {"name": [{"family": " "}]}, "name[0].family"),
    ],
)  # fmt: skip
def test_what_the_plain_schema_of_fhir_lets_pass_is_found(
    resource: dict[str, Any], more: dict[str, Any], where: str
) -> None:
    broken = {name: value for name, value in {**resource, **more}.items() if value is not None}
    assert where in {place for place, _ in found(broken)}
    assert found(resource) == set()


@pytest.mark.parametrize(
    ("resource", "more"),
    [
        (OBSERVATION, {"_status": {"extension": [{"url": "urn:why", "valueCode": "unknown"}]},
                       "status": None}),
        (OBSERVATION, {"_valueString": {"id": "a"}, "valueString": "x"}),
        (OBSERVATION, {"subject": {"reference": "urn:uuid:2c4c6f7c-3a52-4b0c-8d2a-111111111111"}}),
        (OBSERVATION, {"subject": {"reference": "https://ehr.example.org/fhir/Patient/1/_history/2"}}),
        (OBSERVATION, {"subject": {"reference": "Patient?identifier=1"}}),
        (OBSERVATION, {"subject": {"display": "a sample"}}),
        (PATIENT, {"birthDate": "2024-02-29"}),
        (PATIENT, {"birthDate": "2000-02-29"}),
        (PATIENT, {"name": [{"given": ["A", None], "_given": [None, {"id": "b"}]}]}),
        (PATIENT, {"photo": [{"contentType": "image/png", "data": "YWJj YWI="}]}),
    ],
)  # fmt: skip
def test_what_fhir_allows_is_not_found(resource: dict[str, Any], more: dict[str, Any]) -> None:
    right = {name: value for name, value in {**resource, **more}.items() if value is not None}
    assert found(right) == set()


# One breach each, by the key that HL7 gave the invariant.
BREACHES: list[tuple[str, dict[str, Any]]] = [
    ("ait-1", {"resourceType": "AllergyIntolerance", "patient": {"reference": "Patient/1"}}),
    ("att-1", PATIENT | {"photo": [{"data": "YWJj"}]}),
    ("bdl-1", BUNDLE | {"total": 1}),
    ("bdl-2", BUNDLE | {"entry": [ENTRY | {"search": {"mode": "match"}}]}),
    ("bdl-3", BUNDLE | {"type": "transaction", "entry": [ENTRY]}),
    ("bdl-3", BUNDLE | {"entry": [ENTRY | {"request": {"method": "GET", "url": "Patient"}}]}),
    ("bdl-4", BUNDLE | {"type": "batch-response", "entry": [ENTRY]}),
    ("bdl-5", BUNDLE | {"entry": [{"fullUrl": "urn:uuid:1"}]}),
    ("bdl-8", BUNDLE | {"entry": [ENTRY | {"fullUrl": "http://a.example.org/Patient/1/_history/1"}]}),
    ("bdl-9", BUNDLE | {"type": "document", "timestamp": "2026-01-01T00:00:00Z", "entry": [ENTRY]}),
    ("bdl-10", BUNDLE | {"type": "document", "entry": [ENTRY]}),
    ("bdl-11", BUNDLE | {"type": "document", "entry": [ENTRY]}),
    ("bdl-12", BUNDLE | {"type": "message", "entry": [ENTRY]}),
    ("con-4", CONDITION | {
        "abatementDateTime": "2020",
        "clinicalStatus": {"coding": [{"system": CLINICAL, "code": "active"}]}}),
    ("cpt-2", PATIENT | {"telecom": [{"value": "1"}]}),
    ("dom-2", OBSERVATION | {"contained": [{"resourceType": "Specimen", "contained": [PATIENT]}]}),
    ("dom-4", OBSERVATION | {"contained": [PATIENT | {"meta": {"versionId": "1"}}]}),
    ("ext-1", PATIENT | {"extension": [{"url": "urn:x"}]}),
    ("ext-1", PATIENT | {"extension": [
        {"url": "urn:x", "valueCode": "a", "extension": [{"url": "y", "valueCode": "b"}]}]}),
    ("fhs-2", {"resourceType": "FamilyMemberHistory", "status": "completed", "estimatedAge": True,
               "patient": {"reference": "Patient/1"}, "relationship": {"text": "mother"}}),
    ("inv-1", {"resourceType": "Parameters", "parameter": [
        {"name": "a", "valueString": "b", "part": [{"name": "c", "valueString": "d"}]}]}),
    ("msq-3", SEQUENCE | {"coordinateSystem": 2}),
    ("msq-5", SEQUENCE | {"referenceSeq": {"genomeBuild": "GRCh38"}}),
    ("msq-6", SEQUENCE | {"referenceSeq": {
        "referenceSeqId": {"text": "NC_000010.11"}, "referenceSeqString": "ACGT"}}),
    ("obs-3", OBSERVATION | {"referenceRange": [{"type": {"text": "normal"}}]}),
    ("obs-6", OBSERVATION | {"valueString": "x", "dataAbsentReason": {"text": "unknown"}}),
    ("obs-7", OBSERVATION | {
        "code": {"coding": [{"system": "urn:x", "code": "1"}]}, "valueString": "x",
        "component": [{"code": {"coding": [{"system": "urn:x", "code": "1"}]}}]}),
    ("org-1", {"resourceType": "Organization", "active": True}),
    ("pat-1", PATIENT | {"contact": [{"gender": "female"}]}),
    ("per-1", OBSERVATION | {"effectivePeriod": {"start": "2026-05", "end": "2026-04-30"}}),
    ("ppc-1", {"resourceType": "Consent", "status": "active", "scope": {"text": "x"},
               "category": [{"text": "y"}]}),
    ("prr-1", {"resourceType": "ServiceRequest", "status": "active", "intent": "order",
               "subject": {"reference": "Patient/1"}, "orderDetail": [{"text": "x"}]}),
    ("qty-3", OBSERVATION | {"valueQuantity": {"value": 1, "code": "mg"}}),
    ("rat-1", OBSERVATION | {"valueRatio": {"numerator": {"value": 1}}}),
    ("ref-1", OBSERVATION | {"subject": {"reference": "#nobody"}}),
    ("rng-2", OBSERVATION | {"valueRange": {"low": {"value": 5}, "high": {"value": 4}}}),
    ("tim-2", OBSERVATION | {"effectiveTiming": {"repeat": {"period": 1}}}),
    ("tim-4", OBSERVATION | {
        "effectiveTiming": {"repeat": {"duration": -1, "durationUnit": "h"}}}),
]  # fmt: skip


@pytest.mark.parametrize(("key", "resource"), BREACHES, ids=[key for key, _ in BREACHES])
def test_each_invariant_is_told_by_its_key(key: str, resource: dict[str, Any]) -> None:
    issues = [i for i in check_resource(resource) if f"({key})" in i.text]
    assert issues
    assert all(issue.mend and issue.severity == "error" for issue in issues)


def test_every_invariant_of_the_schema_has_words_of_ours() -> None:
    titles: set[str] = set()

    def look(schema: Any) -> None:
        if isinstance(schema, dict):
            title = schema.get("title")
            if isinstance(title, str) and title.startswith("invariant:"):
                titles.add(title.partition(":")[2])
            for inner in schema.values():
                look(inner)
        elif isinstance(schema, list):
            for inner in schema:
                look(inner)

    look(dict(r4_definitions()))
    assert titles <= INVARIANTS.keys()
    assert {"obs-6", "bdl-3", "msq-6", "ext-1"} <= titles


@pytest.mark.parametrize(
    ("start", "end", "wrong"),
    [
        ("2026-05-01", "2026-05-01", False),
        ("2026-05", "2026-05-20", False),
        ("2026-05-02", "2026-05-01", True),
        # The zones make the order: 23:00 in New York is later than 01:00 of the next day in Tokyo.
        ("2026-05-01T23:00:00-04:00", "2026-05-02T13:00:00+09:00", False),
        ("2026-06-01T00:00:00Z", "2026-05-01T00:00:00Z", True),
    ],
)
def test_a_period_is_compared_to_the_precision_that_both_ends_have(
    start: str, end: str, wrong: bool
) -> None:
    resource = OBSERVATION | {"effectivePeriod": {"start": start, "end": end}}
    assert bool(found(resource)) is wrong


def test_the_reference_validator_gives_the_same_verdicts() -> None:
    resources = [resource for _, resource in BREACHES]
    resources += [PATIENT, OBSERVATION, BUNDLE | {"entry": [ENTRY]}, SEQUENCE]
    for resource in resources:
        schema = resource_schema(resource["resourceType"])
        assert schema is not None
        assert jsonschema.Draft7Validator(schema).is_valid(resource) == is_valid(resource)


def test_the_schema_itself_is_one() -> None:
    for kind in ("Observation", "Bundle", "StructureDefinition"):
        schema = resource_schema(kind)
        assert schema is not None
        jsonschema.Draft7Validator.check_schema(schema)


def test_types_of_r4_that_are_not_held_are_known_and_not_checked() -> None:
    assert "Contract" in r4_resource_types()
    assert not is_checked("Contract")
    assert base_issues({"resourceType": "Contract", "odd": 1}, "Contract") == []
    assert not is_checked("Quantity")
    assert not is_checked({"a": 1})


def variant(number: int) -> dict[str, Any]:
    part = {"code": {"coding": [{"system": "http://loinc.org", "code": "69547-8"}]}}
    return OBSERVATION | {
        "id": f"v{number}",
        "component": [{**copy.deepcopy(part), "valueString": "A"} for _ in range(10)],
    }


def bundle_of(resources: list[dict[str, Any]]) -> dict[str, Any]:
    return BUNDLE | {"entry": [{"resource": each} for each in resources]}


def spoilt(resource: dict[str, Any]) -> dict[str, Any]:
    return resource | {"odd": 1, "status": "x", "valueString": 5, "valueInteger": "6"}


def spoilt_throughout(resource: dict[str, Any]) -> dict[str, Any]:
    component = [each | {"odd": 1} for each in resource["component"]]
    return resource | {"component": component}


def cost(resource: dict[str, Any]) -> float:
    """CPU seconds of a check, the best of three."""
    best = float("inf")
    for _ in range(3):
        begun = time.process_time()
        check_resource(resource)
        best = min(best, time.process_time() - begun)
    return best


@pytest.mark.parametrize("count", [50, 2000])
@pytest.mark.parametrize("spoil", [spoilt, spoilt_throughout])
def test_a_hostile_bundle_costs_at_most_three_times_the_valid_one(count: int, spoil: Any) -> None:
    valid = [variant(number) for number in range(count)]
    hostile = bundle_of([spoil(each) for each in valid])
    assert cost(hostile) <= 3 * cost(bundle_of(valid)) + 0.01


def test_one_hostile_resource_costs_at_most_three_times_the_valid_one() -> None:
    extensions = [{"url": "urn:x", "valueString": "1"} for _ in range(30_000)]
    valid = PATIENT | {"extension": extensions}
    hostile = PATIENT | {"extension": [each | {"odd": 1} for each in extensions]}
    assert cost(hostile) <= 3 * cost(valid) + 0.01
    assert len(check_resource(hostile)) >= 1


def test_a_bundle_within_a_bundle_is_walked_and_one_without_end_is_refused_by_name() -> None:
    from fhir_pgx.errors import TooDeep

    inner = bundle_of([PATIENT | {"gender": "x"}])
    assert "entry[0].resource.entry[0].resource.gender" in {p for p, _ in found(bundle_of([inner]))}
    for _ in range(12):
        inner = bundle_of([inner])
    with pytest.raises(TooDeep):
        check_resource(inner)
