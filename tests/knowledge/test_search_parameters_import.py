"""How R4's search parameters become our table: each FHIRPath as the elements it leads to.

The definitions here are cut down to what the test needs.
"""

import json

import pytest

from fhir_pgx.knowledge.imports.search_parameters import (
    Definitions,
    described,
    kept_elements,
    own_parameters,
)

BINDING = {"valueSet": "http://hl7.org/fhir/ValueSet/observation-status|4.0.1"}


def element(path, *types, **more):
    return {"path": path, "min": 0, "type": [{"code": code} for code in types], **more}


STRUCTURES = [
    [
        element("Observation"),
        element("Observation.status", "code", min=1, isSummary=True, binding=BINDING),
        element("Observation.subject", "Reference", isSummary=True),
        element("Observation.value[x]", "Quantity", "CodeableConcept", "string", isSummary=True),
        element("Observation.note", "string"),
        element("Observation.component", "BackboneElement", isSummary=True),
        element("Observation.component.code", "CodeableConcept", min=1, isSummary=True),
        element("Observation.component.value[x]", "Quantity", "dateTime", isSummary=True),
        element("Observation.component.note", "string"),
        element("Observation.component.referenceRange", contentReference="#Observation.range"),
        element("Observation.range", "BackboneElement"),
    ],
    [element("CodeableConcept"), element("CodeableConcept.text", "string", isSummary=True)],
    [
        element("Patient"),
        element("Patient.telecom", "ContactPoint", isSummary=True),
        element("Patient.active", "boolean", isSummary=True, isModifier=True),
    ],
]
STATUS = {
    "resourceType": "ValueSet",
    "url": "http://hl7.org/fhir/ValueSet/observation-status",
    "compose": {"include": [{"system": "http://hl7.org/fhir/observation-status"}]},
}


def parameter(code, kind, expression, *bases, **more):
    return {
        "resourceType": "SearchParameter",
        "url": f"http://hl7.org/fhir/SearchParameter/{code}",
        "code": code,
        "type": kind,
        "base": list(bases or ("Observation",)),
        "expression": expression,
        **more,
    }


@pytest.fixture
def known(tmp_path):
    def write(name, resources):
        bundle = {"entry": [{"resource": each} for each in resources]}
        (tmp_path / name).write_text(json.dumps(bundle), encoding="utf-8")

    structures = [
        {"resourceType": "StructureDefinition", "snapshot": {"element": each}}
        for each in STRUCTURES
    ]
    write("profiles-resources.json", structures)
    write("profiles-types.json", [])
    write("valuesets.json", [STATUS])
    status = parameter("status", "token", "Observation.status")
    sounds = parameter("phonetic", "string", "Observation.note")
    write("search-parameters.json", [status, sounds])
    return Definitions(tmp_path)


@pytest.mark.parametrize(
    ("kind", "expression", "elements"),
    [
        ("token", "Observation.status", "status:code"),
        ("token", "Observation.value as CodeableConcept", ""),  # R4 writes it otherwise
        ("token", "(Observation.value.ofType(CodeableConcept))",
         "valueCodeableConcept:CodeableConcept"),
        ("quantity", "Observation.value | Observation.component.value",
         "valueQuantity:Quantity component.valueQuantity:Quantity"),
        ("date", "Observation.component.value", "component.valueDateTime:dateTime"),
        ("string", "Observation.note | (Observation.value.ofType(CodeableConcept)).text",
         "note:string valueCodeableConcept.text:string"),
        ("token", "Patient.active | Observation.status", "status:code"),  # of its own type alone
        ("token", "Observation.nonsense", ""),
    ],
)  # fmt: skip
def test_a_path_is_the_elements_that_its_kind_can_read(known, kind, expression, elements):
    found = described(known, "Observation", parameter("x", kind, expression))
    assert found.get("elements", "") == elements


def test_a_code_implies_the_system_that_it_is_bound_to(known):
    found = described(known, "Observation", parameter("x", "token", "Observation.status"))
    assert found["systems"] == "http://hl7.org/fhir/observation-status"


def test_a_reference_has_its_targets_and_the_only_type_that_counts(known):
    path = "Observation.subject.where(resolve() is Patient)"
    found = described(known, "Observation", parameter("x", "reference", path, target=["Patient"]))
    assert (found["elements"], found["targets"], found["only"]) == (
        "subject:Reference", "Patient", "Patient",
    )  # fmt: skip


def test_a_condition_of_an_element_stays_with_it(known):
    path = "Patient.telecom.where(system='email')"
    found = described(known, "Patient", parameter("email", "token", path, "Patient"))
    assert found["elements"] == "telecom[system=email]:ContactPoint"


def test_what_we_cannot_keep_our_promise_of_is_left_out(known):
    assert set(own_parameters(known, "Observation")) == {"status"}


def test_the_summary_is_what_is_marked_so_in_elements_too(known):
    kept = kept_elements(known)
    assert kept["Observation"] == {
        "summary": "status subject valueQuantity valueCodeableConcept valueString component",
        "always": "status",
    }
    assert kept["Observation.component"] == {
        "summary": "code valueQuantity valueDateTime", "always": "code",
    }  # fmt: skip
    assert kept["Patient"]["always"] == "active"
