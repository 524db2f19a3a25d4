"""Every way in which parameters come, read as one."""

import pytest

from fhir_pgx.errors import InvalidParameter
from fhir_pgx.operations.given import Given, given_in_query, given_in_resource, split

HGNC = "http://www.genenames.org/geneId"


def posted(*parameters):
    return given_in_resource({"resourceType": "Parameters", "parameter": list(parameters)})


@pytest.mark.parametrize(
    ("written", "items"),
    [
        ("a", ("a",)),
        ("a, b ,c", ("a", "b", "c")),
        ("a,,b,", ("a", "b")),
        (r"a\,b,c", ("a,b", "c")),
        ("", ()),
        ("http://x|y,z", ("http://x|y", "z")),
    ],
)
def test_a_comma_parts_the_items_of_a_list(written, items):
    assert split(written) == items


def test_what_asks_for_the_form_of_the_answer_is_no_parameter():
    found = given_in_query([("ranges", "a"), ("_format", "xml"), ("_pretty", "true")])
    assert [each.name for each in found] == ["ranges"]


@pytest.mark.parametrize(
    ("value", "items"),
    [
        ({"valueString": "a,b"}, ("a", "b")),
        ({"valueUri": "Patient/a"}, ("Patient/a",)),
        ({"valueBoolean": True}, ("true",)),
        ({"valueCode": "germline"}, ("germline",)),
        ({"valueReference": {"reference": "Patient/a"}}, ("Patient/a",)),
        ({"valuePeriod": {"start": "2024", "end": "2025-05"}}, ("ge2024", "le2025-05")),
        ({"valuePeriod": {"end": "2025"}}, ("le2025",)),
        ({"valueCoding": {"system": HGNC, "code": "HGNC:2621"}}, (f"{HGNC}|HGNC:2621",)),
        ({"valueIdentifier": {"system": "urn:x", "value": "7"}}, ("urn:x|7",)),
        (
            {"valueCodeableConcept": {"coding": [{"system": HGNC, "code": "HGNC:2621"}]}},
            (f"{HGNC}|HGNC:2621",),
        ),
        ({"valueCodeableConcept": {"text": "CYP2C19"}}, ("CYP2C19",)),
        # A code with a comma is one code.
        ({"valueCoding": {"code": "a,b"}}, ("a,b",)),
    ],
)
def test_a_posted_value_is_the_text_it_would_be_in_a_query(value, items):
    assert posted({"name": "x", **value}) == [Given("x", items)]


@pytest.mark.parametrize(
    "parameter",
    [
        {"name": "x"},
        {"valueString": "a"},
        {"name": "x", "valueString": "a", "valueCode": "b"},
        {"name": "x", "valueBoolean": "true"},
        {"name": "x", "valueAttachment": {"data": "AA=="}},
        {"name": "x", "part": [{"name": "y", "valueString": "a"}], "valueString": "a"},
        {"name": "x", "resource": {"resourceType": "Patient"}},
    ],
)
def test_a_parameter_without_one_readable_value_is_refused(parameter):
    with pytest.raises(InvalidParameter):
        posted(parameter)


@pytest.mark.parametrize(
    "body",
    [None, [], {}, {"resourceType": "Bundle"}, {"resourceType": "Parameters", "parameter": "x"}],
)
def test_a_body_that_is_no_parameters_resource_is_refused(body):
    with pytest.raises(InvalidParameter):
        given_in_resource(body)


def test_a_parameters_resource_without_any_is_one():
    assert given_in_resource({"resourceType": "Parameters"}) == []


def test_a_name_that_may_be_anything_is_not_repeated_in_the_message():
    with pytest.raises(InvalidParameter) as told:
        posted({"name": "Jane Doe born 1970"})
    assert "Jane" not in str(told.value) + told.value.where


def test_more_parameters_than_anybody_needs_are_refused():
    with pytest.raises(InvalidParameter):
        given_in_query([("ranges", "a")] * 1001)
