"""What is published under `profiles/`, read and searched, and changed by nobody."""

import pytest

from fhir_pgx.fhir.xml import parse_xml
from fhir_pgx.knowledge.profiles import definitions

TYPES = (
    "StructureDefinition", "OperationDefinition", "CodeSystem", "ValueSet", "CapabilityStatement",
)  # fmt: skip


@pytest.fixture
def client(make_client):
    return make_client(base_url="https://pgx.example.org", insecure_open="on")


@pytest.mark.parametrize(
    "published", definitions(), ids=lambda each: f"{each['resourceType']}/{each['id']}"
)
def test_every_definition_is_read_by_its_id(client, published):
    answer = client.get(f"/fhir/{published['resourceType']}/{published['id']}")
    assert answer.status_code == 200
    assert answer.get_json() == published
    assert answer.headers["ETag"] == f'W/"{published["version"]}"'


@pytest.mark.parametrize("kind", TYPES)
def test_a_search_finds_all_of_a_type(client, kind):
    bundle = client.get(f"/fhir/{kind}").get_json()
    named = [each for each in definitions() if each["resourceType"] == kind]
    assert (bundle["type"], bundle["total"]) == ("searchset", len(named))
    assert [entry["resource"] for entry in bundle["entry"]] == named
    first = bundle["entry"][0]
    assert first["fullUrl"] == f"https://pgx.example.org/fhir/{kind}/{first['resource']['id']}"


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("url=urn:fhir-pgx:possible-genotypes", ["possible-genotypes"]),
        ("name=PgxDerivedGenotype", ["derived-genotype"]),
        ("_id=derived-genotype,derived-variant", ["derived-genotype", "derived-variant"]),
        ("url=urn:fhir-pgx:nothing", []),
        ("_id=derived-genotype&_unknown=1", ["derived-genotype"]),
    ],
)
def test_a_search_compares_whole_and_says_what_it_used(client, query, ids):
    bundle = client.get(f"/fhir/StructureDefinition?{query}").get_json()
    assert [entry["resource"]["id"] for entry in bundle.get("entry", [])] == ids
    assert bundle["total"] == len(ids)
    assert "_unknown" not in bundle["link"][0]["url"]


def test_a_search_by_post_is_the_same(client):
    asked = client.post("/fhir/OperationDefinition/_search", data={"code": "interpret"})
    assert [e["resource"]["id"] for e in asked.get_json()["entry"]] == ["interpret"]


def test_xml_is_given_to_who_asks_for_it(client):
    answer = client.get("/fhir/CodeSystem/error?_format=xml")
    assert answer.mimetype == "application/fhir+xml"
    assert parse_xml(answer.data)["url"] == "urn:fhir-pgx:error"


def test_what_is_not_published_is_not_found(client):
    answer = client.get("/fhir/StructureDefinition/nothing")
    assert (answer.status_code, answer.get_json()["resourceType"]) == (404, "OperationOutcome")
    assert client.get("/fhir/SearchParameter").get_json()["total"] == 0


@pytest.mark.parametrize("method", ["put", "delete"])
def test_nobody_changes_them(client, method):
    answer = getattr(client, method)("/fhir/StructureDefinition/derived-genotype", json={})
    assert answer.status_code in (404, 405)
    assert client.get("/fhir/StructureDefinition/derived-genotype").status_code == 200
