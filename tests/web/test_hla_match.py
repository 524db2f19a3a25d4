"""`POST /api/hla-match`: recipient and donors as parts of a form, or one body."""

import io

import pytest

FHIR = "application/fhir+json"
BODY = b'{"resourceType": "Parameters"}'
FOUND = {"resourceType": "Parameters"}


@pytest.fixture
def asked(pipeline):
    """What the pipeline was asked, as the data of recipient and donors."""
    given = []

    def match_hla(recipient, donors):
        given.append(([each.data for each in recipient], [each.data for each in donors]))
        return FOUND

    pipeline.match_hla = match_hla
    return given


def part(data):
    return io.BytesIO(data), "a.json", FHIR


def test_recipient_and_donors_are_parts_of_a_form(client, asked):
    form = {"recipient": [part(b"r")], "donor": [part(b"d1"), part(b"d2")]}
    answer = client.post("/api/hla-match", data=form, content_type="multipart/form-data")
    assert (answer.status_code, answer.get_json(), answer.mimetype) == (200, FOUND, FHIR)
    assert asked == [([b"r"], [b"d1", b"d2"])]


def test_one_body_may_hold_both(client, asked):
    assert client.post("/api/hla-match", data=BODY, content_type=FHIR).status_code == 200
    assert asked == [([BODY], [])]


@pytest.mark.parametrize(
    "form",
    [{"donor": [part(b"d")]}, {"recipient": [part(b"r")], "file": [part(b"x")]}],
)
def test_a_form_without_the_recipient_or_with_another_part_is_refused(client, asked, form):
    answer = client.post("/api/hla-match", data=form, content_type="multipart/form-data")
    assert answer.status_code == 400
    assert answer.get_json()["resourceType"] == "OperationOutcome"
    assert asked == []


def test_a_flag_that_is_not_known_is_refused(client, asked):
    answer = client.post("/api/hla-match?format=text", data=BODY, content_type=FHIR)
    assert answer.status_code == 400
    assert asked == []
