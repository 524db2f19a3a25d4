"""What each type of resource is found by. All resources here are synthetic."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_pgx.model.search import NO_VALUES, Amount, Link, Moment, Pair, Token, Word
from fhir_pgx.rest.parameters import parameters_of, searchable_types
from fhir_pgx.rest.values import search_values
from fhir_pgx.rest.values_amounts import ENDLESS
from fhir_pgx.rest.values_links import at_bases
from tests.rest.samples import LOINC, SAMPLES, concept

BASE = "https://here.example/fhir"


def values_of(type_, **elements):
    return search_values({"resourceType": type_, **elements}, at_bases([BASE]))


def tokens(found, param):
    return [(each.system, each.code) for each in found.tokens if each.param == param]


def links(found, param):
    return [(each.type, each.id) for each in found.links if each.param == param]


def words(found, param):
    return [each.exact for each in found.words if each.param == param]


def params(found):
    kinds = (found.tokens, found.links, found.moments, found.words, found.amounts, found.pairs)
    return {each.param for kind in kinds for each in kind}


# A sample of every type


def test_there_is_a_sample_of_every_type():
    assert set(SAMPLES) == searchable_types()


@pytest.mark.parametrize("type_", sorted(SAMPLES))
def test_a_resource_is_found_by_each_parameter_that_its_elements_answer(type_):
    elements, expected = SAMPLES[type_]
    found = params(values_of(type_, **elements))
    assert set(expected.split()) <= found
    assert {name.partition("$")[0].partition(":")[0] for name in found} <= set(parameters_of(type_))


# Codes


@pytest.mark.parametrize(
    ("type_", "elements", "param", "expected"),
    [
        ("Observation", {"code": {"coding": [{"system": LOINC, "code": "a"}, {"code": "b"}]}},
         "code", [(LOINC, "a"), ("", "b")]),
        ("Observation", {"code": {"text": "words are no code"}}, "code", []),
        ("Observation", {"status": "final"}, "status", [("", "final")]),
        ("Observation", {"code": concept("a"), "component": [{"code": concept("b")}]},
         "code", [(LOINC, "a")]),
        ("Observation", {"code": concept("a"), "component": [{"code": concept("b")}]},
         "component-code", [(LOINC, "b")]),
        ("Patient", {"active": False}, "active", [("", "false")]),
        ("Patient", {"telecom": [{"system": "phone", "value": "1"},
                                 {"system": "email", "value": "e@x"}]},
         "email", [("email", "e@x")]),
        ("Patient", {}, "deceased", [("", "false")]),
        ("Patient", {"deceasedBoolean": True}, "deceased", [("", "true")]),
        ("Patient", {"deceasedDateTime": "2020"}, "deceased", [("", "true")]),
        ("Observation", {"meta": {"profile": ["http://x|1.0"]}}, "_profile",
         [("", "http://x|1.0"), ("", "http://x")]),
        ("Observation", {"meta": {"tag": [{"system": "s", "code": "t"}]}}, "_tag", [("s", "t")]),
    ],
)  # fmt: skip
def test_codes_of_every_data_type(type_, elements, param, expected):
    assert tokens(values_of(type_, **elements), param) == expected


def test_a_pair_is_a_code_and_the_value_beside_it_never_that_of_another_component():
    found = values_of(
        "Observation",
        component=[
            {"code": concept("gene"), "valueCodeableConcept": concept("CYP2C19", "hgnc")},
            {"code": concept("zygosity"), "valueCodeableConcept": concept("het")},
        ],
    )
    assert {each for each in found.pairs if each.param.startswith("component")} == {
        Pair("component-code-value-concept", LOINC, "gene", "hgnc", "CYP2C19"),
        Pair("component-code-value-concept", LOINC, "zygosity", LOINC, "het"),
    }


def test_a_code_and_its_quantity_are_kept_under_the_code_with_and_without_its_system():
    quantity = {"value": Decimal("0.48"), "system": "http://unitsofmeasure.org", "code": "1"}
    found = values_of(
        "Observation", component=[{"code": concept("81258-6"), "valueQuantity": quantity}]
    )
    unit = ("http://unitsofmeasure.org", "1")
    assert Amount("component-code-value-quantity$http://loinc.org|81258-6", 0.48, 0.48, *unit) in (
        found.amounts
    )
    assert Amount("component-code-value-quantity$81258-6", 0.48, 0.48, *unit) in found.amounts


# References


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ({"reference": "Patient/p"}, ("Patient", "p")),
        ({"reference": "Patient/p/_history/3"}, ("Patient", "p")),
        ({"reference": f"{BASE}/Patient/p"}, ("Patient", "p")),
        ({"reference": "https://there.example/fhir/Patient/p"},
         ("", "https://there.example/fhir/Patient/p")),
        ({"reference": "urn:uuid:1"}, ("", "urn:uuid:1")),
        ({"identifier": {"value": "1"}}, ("", "")),  # there, and leading nowhere
    ],
)  # fmt: skip
def test_a_reference_leads_to_a_resource_of_ours_or_is_kept_as_it_stands(reference, expected):
    assert links(values_of("Observation", subject=reference), "subject") == [expected]


@pytest.mark.parametrize(
    ("subject", "is_patient"),
    [
        ({"reference": "Patient/p"}, True),
        ({"reference": "Group/g"}, False),
        ({"reference": "https://there.example/fhir/Patient/p"}, True),
        ({"reference": "urn:uuid:1", "type": "Patient"}, True),
        ({"reference": "urn:uuid:1"}, False),  # nobody says that it is one
    ],
)
def test_patient_is_a_subject_that_is_a_patient(subject, is_patient):
    assert bool(links(values_of("Observation", subject=subject), "patient")) == is_patient


def test_the_identifier_of_a_reference_is_a_token_of_its_own():
    subject = {"type": "Patient", "identifier": {"system": "urn:mrn", "value": "77"}}
    found = values_of("Observation", subject=subject)
    assert tokens(found, "subject:identifier") == [("urn:mrn", "77")]
    assert tokens(found, "patient:identifier") == [("urn:mrn", "77")]


# Texts, times, numbers


def test_names_are_folded_and_kept_as_they_stand():
    found = values_of("Patient", name=[{"family": "Müller-Łuk", "given": ["José  María"]}])
    assert Word("family", "muller-łuk", "Müller-Łuk") in found.words
    assert Word("given", "jose maria", "José  María") in found.words
    assert words(found, "name") == ["Müller-Łuk", "José  María"]


def test_an_address_is_found_by_each_of_its_parts():
    address = {"line": ["1 Road"], "city": "Bern", "postalCode": "3000", "country": "CH"}
    found = values_of("Patient", address=[address])
    assert words(found, "address") == ["1 Road", "Bern", "CH", "3000"]
    assert words(found, "address-postalcode") == ["3000"]


def test_a_value_string_is_also_the_text_of_a_concept():
    assert words(values_of("Observation", valueString="c.681G>A"), "value-string") == ["c.681G>A"]
    found = values_of("Observation", valueCodeableConcept={"text": "*1/*2"})
    assert words(found, "value-string") == ["*1/*2"]


def test_every_spelling_of_an_effective_time_is_the_date():
    for element, value in (
        ("effectiveDateTime", "1970"),
        ("effectiveInstant", "1970-06-01T00:00:00Z"),
        ("effectivePeriod", {"start": "1970", "end": "1970"}),
        ("effectiveTiming", {"event": ["1970-01-01", "1970-12-31"]}),
    ):
        (moment,) = values_of("Observation", **{element: value}).moments
        assert isinstance(moment, Moment)
        assert moment.param == "date"
        assert 0 <= moment.low < moment.high <= 365 * 86_400_000_000


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ({"value": Decimal("7.50"), "system": "u", "code": "mg"}, [(7.5, 7.5, "u", "mg")]),
        ({"value": 7, "unit": "mg"}, [(7.0, 7.0, "", "mg")]),
        ({"value": 7, "unit": "milligram", "system": "u", "code": "mg"},
         [(7.0, 7.0, "u", "mg"), (7.0, 7.0, "", "milligram")]),
        ({"value": 5, "comparator": "<"}, [(-ENDLESS, 5.0, "", "")]),
        ({"value": 5, "comparator": ">="}, [(5.0, ENDLESS, "", "")]),
        ({"value": "7"}, []),
        ({"value": True}, []),
        ({"unit": "mg"}, []),
    ],
)  # fmt: skip
def test_a_quantity_is_its_number_or_what_its_comparator_leaves_open(quantity, expected):
    found = values_of("Observation", valueQuantity=quantity).amounts
    kept = [each for each in found if each.param == "value-quantity"]
    assert [(each.low, each.high, each.system, each.code) for each in kept] == expected


def test_a_range_is_from_its_low_to_its_high_end():
    onset = {"low": {"value": 40, "code": "a"}, "high": {"value": 50, "code": "a"}}
    assert values_of("Condition", onsetRange=onset).amounts == (
        Amount("onset-age", 40.0, 50.0, "", "a"),
    )


# Wrong shapes


def test_a_type_without_parameters_has_no_values():
    assert search_values({"resourceType": "Questionnaire", "status": "active"}) == NO_VALUES
    assert search_values({"resourceType": 7}) == NO_VALUES
    assert search_values({}) == NO_VALUES


def test_an_element_that_should_repeat_and_does_not_is_read_all_the_same():
    found = values_of("MedicationRequest", category=concept("outpatient"))
    assert tokens(found, "category") == [(LOINC, "outpatient")]


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.decimals() | st.floats(),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["coding", "code", "system", "value", "reference", "identifier", "start", "event",
             "repeat", "boundsPeriod", "low", "high", "unit", "comparator", "family", "text"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=8,
)  # fmt: skip


@given(st.data())
def test_no_shape_is_too_odd_to_be_read(data):
    type_ = data.draw(st.sampled_from(sorted(searchable_types())))
    roots = {
        element.path[0]
        for parameter in parameters_of(type_).values()
        for element in parameter.elements
    }
    resource = data.draw(st.dictionaries(st.sampled_from(sorted(roots)), JUNK, max_size=5))
    found = search_values({"resourceType": type_, **resource})
    assert all(isinstance(each, Token) and each.code for each in found.tokens)
    assert all(isinstance(each, Link) for each in found.links)
    assert all(each.low <= each.high for each in (*found.amounts, *found.moments))
