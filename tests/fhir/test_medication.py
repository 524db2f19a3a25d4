"""Medication resources of every FHIR release, in the shapes that EHRs send, to orders."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_pgx.errors import TooDeep
from fhir_pgx.fhir.bundle import References, entries_of
from fhir_pgx.fhir.medication import MOST_PARTS, ORDERS, read_concept, read_orders
from fhir_pgx.model.drug import Coding, MedicationConcept, MedicationOrder
from fhir_pgx.model.finding import NotUnderstood

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
CLOPIDOGREL = {"coding": [{"system": RXNORM, "code": "309362"}], "text": "Clopidogrel 75 MG"}
CODEINE = {"coding": [{"system": RXNORM, "code": "2670", "display": "codeine"}]}
ACETAMINOPHEN = {"coding": [{"system": RXNORM, "code": "161"}]}


def read(
    *resources: Any, prefetch: Any = None, proposed: bool = True
) -> tuple[tuple[MedicationOrder, ...], tuple[NotUnderstood, ...]]:
    entries = list(entries_of({"resourceType": "Bundle", "entry": [*map(entry, resources)]}))
    return read_orders(entries, References([*entries, *entries_of(prefetch)]), proposed=proposed)


def entry(resource: Any) -> dict[str, Any]:
    return {"fullUrl": f"urn:uuid:{resource.get('id')}", "resource": resource}


def request(**members: Any) -> dict[str, Any]:
    return {"resourceType": "MedicationRequest", "id": "r1", "status": "draft", **members}


def medication(name: str = "m1", **members: Any) -> dict[str, Any]:
    return {"resourceType": "Medication", "id": name, **members}


def codes(concept: MedicationConcept) -> list[str]:
    own = [coding.code for coding in concept.codings]
    return own + [code for part in concept.parts for code in codes(part)]


@pytest.mark.parametrize(
    ("resource", "release", "subject"),
    [
        (
            {
                "resourceType": "MedicationOrder",
                "patient": {"reference": "Patient/1"},
                "medicationCodeableConcept": CLOPIDOGREL,
            },
            "DSTU2",
            "Patient/1",
        ),
        (
            {
                "resourceType": "MedicationRequest",
                "subject": {"reference": "Patient/1"},
                "medicationCodeableConcept": CLOPIDOGREL,
                "category": {"text": "community"},
            },
            "STU3, and the Sandbox: category is an object",
            "Patient/1",
        ),
        (
            {
                "resourceType": "MedicationRequest",
                "subject": {"reference": "https://ehr.example.org/fhir/Patient/1"},
                "medicationCodeableConcept": CLOPIDOGREL,
                "category": [{"text": "community"}],
            },
            "R4",
            "https://ehr.example.org/fhir/Patient/1",
        ),
        (
            {
                "resourceType": "MedicationRequest",
                "subject": {"reference": "Patient/1"},
                "medication": {"concept": CLOPIDOGREL},
            },
            "R5",
            "Patient/1",
        ),
        ({"resourceType": "MedicationUsage", "medication": {"concept": CLOPIDOGREL}}, "R6", ""),
        (
            {"resourceType": "MedicationStatement", "medicationCodeableConcept": CLOPIDOGREL},
            "R4, without a patient",
            "",
        ),
        (
            {
                "resourceType": "MedicationDispense",
                "status": "completed",
                "medicationCodeableConcept": CLOPIDOGREL,
            },
            "a completed dispense is a medicine that the patient has",
            "",
        ),
        (
            {
                "resourceType": "MedicationAdministration",
                "status": "completed",
                "medicationCodeableConcept": CLOPIDOGREL,
            },
            "a completed administration is a medicine that the patient was given",
            "",
        ),
        ({"resourceType": "Medication", "code": CLOPIDOGREL}, "a Medication by itself", ""),
    ],
)
def test_an_order_of_any_release_gives_its_medicine_and_patient(resource, release, subject):
    (order,), not_understood = read({"id": "x", **resource})
    assert order.concept == read_concept(CLOPIDOGREL), release
    assert order.subject == subject
    assert order.resource_type == resource["resourceType"]
    assert order.match is None
    assert not_understood == ()


def test_an_order_keeps_where_it_came_from():
    resource = request(medicationCodeableConcept=CLOPIDOGREL)
    (order,), _ = read(resource)
    assert order.reference == "MedicationRequest/r1"
    assert order.path == "Bundle.entry[0].resource"
    assert order.status == "draft"
    assert order.proposed is True
    assert order.resource is resource
    assert read(resource, proposed=False)[0][0].proposed is False


def test_codings_are_kept_in_order_and_as_sent():
    (order,), _ = read(
        request(
            medicationCodeableConcept={
                "coding": [
                    {"system": "urn:oid:2.16.840.1.113883.6.253", "code": "5012"},
                    {"system": "urn:oid:2.16.840.1.113883.6.88", "code": 32968},
                    {"system": RXNORM, "code": "309362", "display": "Clopidogrel 75 MG"},
                ],
                "text": "CLOPIDOGREL 75 MG PO TABS",
            }
        )
    )
    assert order.concept == MedicationConcept(
        (
            Coding("urn:oid:2.16.840.1.113883.6.253", "5012"),
            Coding("urn:oid:2.16.840.1.113883.6.88", "32968"),
            Coding(RXNORM, "309362", "Clopidogrel 75 MG"),
        ),
        "CLOPIDOGREL 75 MG PO TABS",
    )


@pytest.mark.parametrize(
    ("members", "where"),
    [
        ({"medicationReference": {"reference": "Medication/m1"}}, "relative, as Epic sends"),
        (
            {"medicationReference": {"reference": "https://ehr.example.org/fhir/Medication/m1"}},
            "absolute",
        ),
        ({"medicationReference": {"reference": "Medication/m1/_history/3"}}, "versioned"),
        ({"medicationReference": {"reference": "urn:uuid:m1"}}, "fullUrl"),
        ({"medication": {"reference": {"reference": "Medication/m1"}}}, "R5"),
        ({"medication": {"reference": "Medication/m1"}}, "R5, a Reference where R5 has more"),
    ],
)
def test_a_medication_is_found_among_the_sibling_entries(members, where):
    orders, not_understood = read(request(**members), medication(code=CLOPIDOGREL))
    assert [codes(order.concept) for order in orders] == [["309362"]], where
    assert not_understood == ()


@pytest.mark.parametrize(
    "members",
    [
        {"medicationReference": {"reference": "#m1"}},
        {"medication": {"reference": {"reference": "#m1"}}},
    ],
)
def test_a_medication_is_found_among_the_contained(members):
    contained = [medication(code=CLOPIDOGREL)]
    orders, not_understood = read(request(contained=contained, **members))
    assert [codes(order.concept) for order in orders] == [["309362"]]
    assert not_understood == ()


def test_the_contained_medication_of_one_order_is_not_that_of_another():
    orders, _ = read(
        request(contained=[medication(code=CLOPIDOGREL)], medicationReference={"reference": "#m1"}),
        request(
            id="r2",
            contained=[medication(code=CODEINE)],
            medicationReference={"reference": "#m1"},
        ),
    )
    assert [codes(order.concept) for order in orders] == [["309362"], ["2670"]]


def test_a_medication_is_found_in_the_prefetch():
    (order,), _ = read(
        request(medicationReference={"reference": "Medication/m1"}),
        prefetch={"resourceType": "Bundle", "entry": [entry(medication(code=CLOPIDOGREL))]},
    )
    assert codes(order.concept) == ["309362"]


def test_a_display_speaks_where_the_medication_is_not_at_hand():
    (order,), not_understood = read(
        request(
            medicationReference={
                "reference": "Medication/eM5CWtq15N0WJeuCet5bJlQ3",
                "display": "CLOPIDOGREL 75 MG PO TABS",
            }
        )
    )
    assert order.concept == MedicationConcept(text="CLOPIDOGREL 75 MG PO TABS")
    assert not_understood == ()


def test_a_medication_that_is_nowhere_is_listed_and_the_order_kept():
    (order,), not_understood = read(request(medicationReference={"reference": "Medication/m9"}))
    assert order.concept == MedicationConcept()
    assert [(found.reference, found.path) for found in not_understood] == [
        ("MedicationRequest/r1", "Bundle.entry[0].resource")
    ]


def test_a_reference_to_another_resource_is_no_medicine():
    (order,), not_understood = read(
        request(medicationReference={"reference": "Patient/1"}),
        {"resourceType": "Patient", "id": "1", "code": CODEINE},
    )
    assert order.concept == MedicationConcept()
    assert len(not_understood) == 1


def test_an_order_without_a_medicine_is_an_order_with_nothing_in_it():
    # The Sandbox sends this when its prescribing screen opens.
    (order,), not_understood = read(
        {"resourceType": "MedicationRequest", "id": "request-123", "category": {}}
    )
    assert (order.concept, order.status) == (MedicationConcept(), "")
    assert not_understood == ()


@pytest.mark.parametrize(
    ("members", "release"),
    [
        (
            {
                "ingredient": [
                    {"itemCodeableConcept": ACETAMINOPHEN},
                    {"itemReference": {"reference": "Medication/m2"}},
                ]
            },
            "R4",
        ),
        (
            {
                "ingredient": [
                    {"item": {"concept": ACETAMINOPHEN}},
                    {"item": {"reference": {"reference": "Medication/m2"}}},
                ]
            },
            "R5",
        ),
        (
            {
                "product": {
                    "ingredient": [
                        {"item": {"reference": "Medication/m3"}},
                        {"item": {"reference": "Medication/m2"}},
                    ]
                }
            },
            "DSTU2",
        ),
        (
            {
                "package": {
                    "content": [
                        {"itemReference": {"reference": "Medication/m3"}},
                        {"itemReference": {"reference": "Medication/m2"}},
                    ]
                }
            },
            "STU3, a package",
        ),
    ],
)
def test_a_medication_without_a_code_gives_its_ingredients(members, release):
    (order,), not_understood = read(
        request(medicationReference={"reference": "Medication/m1"}),
        medication(**members),
        prefetch=[medication("m2", code=CODEINE), medication("m3", code=ACETAMINOPHEN)],
    )
    assert order.concept.codings == ()
    assert codes(order.concept) == ["161", "2670"], release
    assert not_understood == ()


def test_an_ingredient_that_is_not_known_leaves_its_place():
    (order,), not_understood = read(
        request(medicationReference={"reference": "Medication/m1"}),
        medication(
            ingredient=[
                {"itemCodeableConcept": CODEINE},
                {"itemReference": {"reference": "Medication/m9"}},
                {"itemCodeableConcept": ACETAMINOPHEN, "isActive": False},
            ]
        ),
    )
    assert order.concept.parts == (read_concept(CODEINE), MedicationConcept())
    assert len(not_understood) == 1


def test_ingredients_that_refer_to_their_own_medication_end():
    orders, not_understood = read(
        request(medicationReference={"reference": "Medication/m1"}),
        medication(ingredient=[{"itemReference": {"reference": "Medication/m1"}}] * 10),
    )
    assert len(orders) == 1
    assert any("deep" in found.reason for found in not_understood)


def test_more_ingredients_than_any_medicine_has_are_cut_and_listed():
    (order,), not_understood = read(
        request(medicationReference={"reference": "Medication/m1"}),
        medication(ingredient=[{"itemCodeableConcept": CODEINE}] * 5000),
    )
    assert len(order.concept.parts) == MOST_PARTS + 1
    assert order.concept.parts[-1] == MedicationConcept()
    assert len(not_understood) == 1


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"status": "entered-in-error"}, "it never was"),
        ({"status": "cancelled"}, "withdrawn"),
        ({"status": "stopped"}, "stopped"),
        ({"status": "completed"}, "over"),
        ({"status": "ended"}, "over, in R5"),
        ({"status": "Stopped"}, "stopped, in another spelling"),
        ({"doNotPerform": True}, "an order not to give"),
        ({"resourceType": "MedicationStatement", "status": "not-taken"}, "R4"),
        ({"resourceType": "MedicationStatement", "status": "completed"}, "over"),
        ({"resourceType": "MedicationStatement", "taken": "n"}, "STU3"),
        ({"resourceType": "MedicationStatement", "wasNotTaken": True}, "DSTU2"),
        (
            {
                "resourceType": "MedicationStatement",
                "status": "recorded",
                "adherence": {"code": {"coding": [{"code": "not-taking"}]}},
            },
            "R5",
        ),
        ({"resourceType": "MedicationAdministration", "status": "not-done"}, "not given"),
        ({"resourceType": "MedicationAdministration", "notGiven": True}, "STU3"),
        ({"resourceType": "MedicationDispense", "status": "cancelled"}, "not given"),
    ],
)
def test_an_order_that_is_not_in_force_is_left_out(members, why):
    orders, not_understood = read({**request(medicationCodeableConcept=CODEINE), **members})
    assert (orders, not_understood) == ((), ()), why


@pytest.mark.parametrize(
    "members",
    [
        {"status": "draft"},
        {"status": "active"},
        {"status": "on-hold"},
        {"status": "unknown"},
        {"status": None},
        {"doNotPerform": False},
        {"resourceType": "MedicationStatement", "status": "active", "taken": "y"},
        {
            "resourceType": "MedicationStatement",
            "status": "recorded",
            "adherence": {"code": {"coding": [{"code": "taking"}]}},
        },
    ],
)
def test_an_order_in_force_is_read(members):
    orders, _ = read({**request(medicationCodeableConcept=CODEINE), **members})
    assert [codes(order.concept) for order in orders] == [["2670"]]


def test_the_medication_of_a_cancelled_order_is_no_medicine_in_use():
    orders, _ = read(
        request(status="cancelled", medicationReference={"reference": "Medication/m1"}),
        medication(code=CODEINE),
    )
    assert orders == ()


def test_an_included_medication_is_no_medicine_in_use():
    bundle = {
        "resourceType": "Bundle",
        "entry": [
            {"resource": medication(code=CODEINE), "search": {"mode": "include"}},
            {"resource": medication("m2", code=CLOPIDOGREL), "search": {"mode": "match"}},
        ],
    }
    entries = list(entries_of(bundle))
    orders, _ = read_orders(entries, References(entries), proposed=False)
    assert [order.reference for order in orders] == ["Medication/m2"]


def test_a_contained_order_is_part_of_what_contains_it():
    dispense = {
        "resourceType": "MedicationDispense",
        "id": "d1",
        "contained": [request(id="rx", medicationCodeableConcept=CODEINE)],
        "medicationCodeableConcept": CODEINE,
    }
    orders, _ = read(dispense)
    assert [order.reference for order in orders] == ["MedicationDispense/d1"]


@pytest.mark.parametrize("kind", ["ServiceRequest", "NutritionOrder", "Task", "NoSuchResource"])
def test_other_resources_are_passed_over(kind):
    assert read({"resourceType": kind, "id": "1", "medicationCodeableConcept": CODEINE}) == ((), ())


@pytest.mark.parametrize(
    "odd", [None, 5, True, "text", [], {}, [[]], [None], {"coding": "x"}, {"coding": [1, None]}]
)
@pytest.mark.parametrize(
    "member",
    ["medicationCodeableConcept", "medicationReference", "medication", "status", "subject",
     "taken", "adherence", "contained", "id"],
)  # fmt: skip
def test_one_odd_element_never_loses_the_next_order(member, odd):
    orders, _ = read({**request(), member: odd}, request(id="r2", medication={"concept": CODEINE}))
    assert [codes(order.concept) for order in orders if order.reference.endswith("r2")] == [
        ["2670"]
    ]


leaves = st.sampled_from(
    [None, True, 1, 1.5, "", "2670", "codeine", "#m1", "Medication/m1", "draft", "not-taken"]
)
members = st.sampled_from(
    ["resourceType", "id", "status", "medicationCodeableConcept", "medicationReference",
     "medication", "concept", "reference", "display", "coding", "code", "system", "text",
     "ingredient", "item", "itemCodeableConcept", "itemReference", "product", "package", "content",
     "contained", "subject", "patient", "adherence", "taken", "isActive", "entry", "resource"]
)  # fmt: skip
documents = st.recursive(
    leaves | st.sampled_from([*sorted(ORDERS), "Medication", "Bundle"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(members, inner, max_size=6),
    max_leaves=40,
)


@given(
    st.lists(
        st.builds(
            lambda kind, name, rest: {**rest, "resourceType": kind, "id": name},
            st.sampled_from([*sorted(ORDERS), "Medication"]),
            st.sampled_from(["m1", "m2", "r1"]),
            st.dictionaries(members, documents, max_size=8),
        ),
        max_size=4,
    )
)
def test_no_resource_breaks_the_reader(resources):
    try:
        entries = list(entries_of(resources))
    except TooDeep:
        return
    orders, not_understood = read_orders(entries, References(entries), proposed=True)
    assert len(orders) <= len(entries)
    assert all(isinstance(order.concept, MedicationConcept) for order in orders)
    assert all(found.reason for found in not_understood)
