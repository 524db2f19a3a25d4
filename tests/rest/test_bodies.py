"""Bytes kept as received, and shown with the server's own members."""

import json

import pytest

from fhir_pgx.rest.bodies import body_of, bundle_of, says_the_same, shown
from fhir_pgx.storage.store import StoredResource

SENT = b'{"resourceType":"Observation", "id":"o", "valueQuantity":{"value":7.50}}'


def kept(received, id_="o"):
    return body_of(json.loads(received), id_, received)


def stored(body):
    return StoredResource("Observation", "o", 3, "p", "", "2026-01-02T03:04:05.678Z", body)


def test_what_needs_no_change_is_kept_byte_for_byte():
    assert kept(SENT) == SENT
    assert kept(b"\xef\xbb\xbf" + SENT + b"\n") == SENT


def test_the_id_is_put_in_and_the_digits_stay():
    body = kept(SENT, "new")
    assert json.loads(body)["id"] == "new"
    assert b'{"value":7.50}' in body


@pytest.mark.parametrize(
    ("meta", "left"),
    [
        ({"versionId": "9", "lastUpdated": "2001-01-01T00:00:00Z"}, None),
        ({"versionId": "9", "profile": ["http://example.org/p"]}, ["http://example.org/p"]),
    ],
)
def test_the_version_and_time_are_the_servers_to_say(meta, left):
    received = json.dumps({"resourceType": "Observation", "id": "o", "meta": meta}).encode()
    assert json.loads(kept(received)).get("meta", {}).get("profile") == left
    assert b"versionId" not in kept(received)
    found = json.loads(shown(stored(kept(received))))["meta"]
    assert (found["versionId"], found["lastUpdated"]) == ("3", "2026-01-02T03:04:05.678Z")
    assert found.get("profile") == left


def test_what_is_shown_begins_with_type_id_and_meta():
    body = shown(stored(b'{"valueQuantity":{"value":7.50},"id":"o","resourceType":"Observation"}'))
    assert list(json.loads(body)) == ["resourceType", "id", "meta", "valueQuantity"]
    assert b"7.50" in body


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (b'{"valueQuantity": {"value": 7.50}, "id": "o", "resourceType": "Observation"}', True),
        (b'{"valueQuantity": {"value": 7.5}, "id": "o", "resourceType": "Observation"}', False),
        (b'{"valueQuantity": {"value": 8}, "id": "o", "resourceType": "Observation"}', False),
    ],
)
def test_the_same_in_another_order_is_the_same_and_another_precision_is_not(text, same):
    from fhir_pgx.fhir.json import read_json

    assert says_the_same(SENT, read_json(text, max_bytes=1000)) is same


def test_a_bundle_holds_bytes_as_the_json_that_they_are():
    body = bundle_of("searchset", [{"resource": SENT, "search": {"mode": "match"}}], total=0)
    assert json.loads(body)["total"] == 0
    assert b'"value":7.50' in body
    assert json.loads(bundle_of("searchset", [])) == {"resourceType": "Bundle", "type": "searchset"}
