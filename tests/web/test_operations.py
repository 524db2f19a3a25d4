"""The Genomics Operations over HTTP: every address, GET and POST, JSON and XML, every refusal."""

from contextlib import closing

import pytest
from fhir.resources.R4B.parameters import Parameters

from fhir_pgx.fhir.json import read_json
from fhir_pgx.fhir.xml import parse_xml, write_xml
from fhir_pgx.operations.all import OPERATIONS
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.rest.loading import drafts_in, load_documents
from fhir_pgx.rest.server import Server
from fhir_pgx.settings import Settings
from fhir_pgx.storage import SqlStore
from fhir_pgx.web.app import create_app

from ..operations.people import ANNA, CHR10_38, EVERYBODY, OTTO, STAR_2_38

FHIR_JSON, FHIR_XML = "application/fhir+json", "application/fhir+xml"
REGION = f"{CHR10_38}:{STAR_2_38}-{STAR_2_38 + 1}"
FIND = "$find-subject-variants"
BASE = "http://localhost/fhir"
# What each operation is asked in these tests.
ASKED = {
    "ranges": REGION,
    "variants": f"{CHR10_38}:{STAR_2_38}:G:A",
    "genes": "CYP2C19",
    "haplotypes": "CYP2C19 *2/*17",
}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("operations")
    settings = Settings(base_url="http://localhost", derive_reports="off")
    pipeline = Pipeline.load(settings)
    with closing(SqlStore(f"sqlite:///{folder}/store.db")) as store:
        entries = [{"resource": each} for each in EVERYBODY]
        bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        load_documents(Server(store, BASE, pipeline.genomic_index), drafts_in([bundle]))
        yield create_app(settings, pipeline=pipeline, store=store).test_client()


def needed(operation):
    """The parameters that an operation asks for, as a query."""
    found = {
        each.name: ASKED[each.name] for each in operation.takes if each.minimum and each.is_list
    }
    return {"subject": ANNA, **found} if operation.about == "subject" else found


MINE = [each for each in OPERATIONS if set(needed(each)) - {"subject"}]


def posted(**values):
    """A Parameters resource of strings."""
    parameters = [{"name": name, "valueString": value} for name, value in values.items()]
    return {"resourceType": "Parameters", "parameter": parameters}


def group_of(answer):
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found = answer.get_json()
    assert found["resourceType"] == "Parameters"
    return found["parameter"][0]["part"]


# Every address


@pytest.mark.parametrize("operation", MINE, ids=lambda each: each.name)
def test_an_operation_answers_alike_at_each_of_its_addresses(client, operation):
    asked, name = needed(operation), f"${operation.name}"
    paths = [
        f"/fhir/{name}",
        f"/fhir/{name}/",
        f"/fhir/Observation/{name}",
        f"/fhir{operation.legacy_path}",
        operation.legacy_path,
    ]
    answers = [client.get(path, query_string=asked) for path in paths]
    answers += [client.post(path, data=asked) for path in paths]
    answers += [client.post(path, json=posted(**asked)) for path in paths]
    if operation.about == "subject":
        of_patient = f"/fhir/Patient/{ANNA}/{name}"
        rest = {key: value for key, value in asked.items() if key != "subject"}
        answers += [client.get(of_patient, query_string=rest)]
        answers += [client.post(of_patient, json=posted(**rest))]
    assert {each.status_code for each in answers} == {200}
    assert {each.content_type.partition(";")[0] for each in answers} == {FHIR_JSON}
    assert len({each.get_data() for each in answers}) == 1
    assert {each.headers["Cache-Control"] for each in answers} == {"no-store"}


@pytest.mark.parametrize("operation", MINE, ids=lambda each: each.name)
def test_an_operation_speaks_xml_both_ways(client, operation):
    asked, path = needed(operation), f"/fhir/${operation.name}"
    plain = client.get(path, query_string=asked).get_data()
    in_xml = client.post(
        path, data=write_xml(posted(**asked)), content_type=FHIR_XML, headers={"Accept": FHIR_XML}
    )
    by_format = client.get(path, query_string={**asked, "_format": "xml"})
    for answer in (in_xml, by_format):
        assert answer.content_type.partition(";")[0] == FHIR_XML
        assert parse_xml(answer.get_data()) == read_json(plain, max_bytes=10**9)


@pytest.mark.parametrize("operation", MINE, ids=lambda each: each.name)
def test_an_answer_is_a_valid_parameters_resource(client, operation):
    extra = {each.name: "true" for each in operation.takes if each.type == "boolean"}
    answer = client.get(f"/fhir/${operation.name}", query_string={**needed(operation), **extra})
    text = answer.get_data(as_text=True)
    read = Parameters.model_validate_json(text)
    assert read.parameter
    again = read_json(read.model_dump_json().encode(), max_bytes=10**9)
    assert again == read_json(text.encode(), max_bytes=10**9)


def test_a_get_with_a_content_type_and_no_body_is_answered(client):
    asked = {"subject": ANNA, "ranges": REGION}
    answer = client.get(f"/fhir/{FIND}", query_string=asked, content_type="application/json")
    assert answer.status_code == 200


def test_the_old_type_of_json_is_answered_in_json(client):
    asked = {"subject": ANNA, "ranges": REGION}
    headers = {"Accept": "application/json+fhir"}
    answer = client.get(f"/fhir/{FIND}", query_string=asked, headers=headers)
    assert (answer.status_code, answer.is_json) == (200, True)


def test_repeated_parameters_and_lists_are_read_in_their_order(client):
    other = f"{CHR10_38}:5000000-5000001"
    query = f"subject={ANNA}&ranges={other},{REGION}&ranges={other}"
    found = client.get(f"/fhir/{FIND}?{query}").get_json()["parameter"]
    assert [each["part"][0]["valueString"] for each in found] == [other, REGION, other]


@pytest.mark.parametrize(
    "query", ["variants=NC_000010.11:g.94781859G>A", "variants=NC_000010.11%3Ag.94781859G%3EA"]
)
def test_signs_of_a_name_may_be_encoded_or_not(client, query):
    answer = client.get(f"/fhir/$find-subject-specific-variants?subject={ANNA}&{query}")
    assert group_of(answer)[1] == {"name": "presence", "valueBoolean": True}


@pytest.mark.parametrize("plus", ["+", "%2B"])
def test_the_plus_sign_of_a_typing_may_be_encoded_or_not(client, plus):
    typing = f"http://glstring.org|hla%233.33.0%23HLA-B*57:01:01{plus}HLA-B*08:01"
    query = f"subject={ANNA}&haplotypes={typing}"
    parts = group_of(client.get(f"/fhir/$find-subject-specific-haplotypes?{query}"))
    assert parts[0]["valueString"].endswith("HLA-B*57:01:01+HLA-B*08:01")
    assert parts[1]["valueBoolean"] is True


def test_a_gene_may_be_posted_as_a_concept(client):
    coding = {"system": "http://www.genenames.org", "code": "HGNC:2621"}
    parameters = [
        {"name": "subject", "valueReference": {"reference": f"Patient/{ANNA}"}},
        {"name": "genes", "valueCodeableConcept": {"coding": [coding]}},
    ]
    body = {"resourceType": "Parameters", "parameter": parameters}
    parts = group_of(client.post("/fhir/$find-subject-haplotypes", json=body))
    assert parts[0]["valueString"] == "http://www.genenames.org|HGNC:2621"
    assert [part["resource"]["id"] for part in parts[1:]] == ["anna-2c19"]


@pytest.mark.parametrize(
    "subject", [ANNA, f"Patient/{ANNA}", f"http://localhost/fhir/Patient/{ANNA}"]
)
def test_a_subject_may_be_written_in_each_of_its_ways(client, subject):
    answer = client.get(f"/fhir/{FIND}", query_string={"subject": subject, "ranges": REGION})
    assert group_of(answer)[1]["valueBoolean"] is True


def test_mounted_elsewhere_the_patients_address_as_called_is_a_subject(client, tmp_path):
    from flask import Flask

    from fhir_pgx.web.app import FhirPgx

    site = client.application.extensions["fhir_pgx"]
    app = Flask("host")
    FhirPgx(app, "/pgx", settings=site.settings, pipeline=site.pipeline, store=site.store)
    asked = {"subject": f"http://localhost/pgx/fhir/Patient/{ANNA}", "ranges": REGION}
    for path in (f"/pgx/fhir/{FIND}", f"/pgx/subject-operations/genotype-operations/{FIND}"):
        assert app.test_client().get(path, query_string=asked).status_code == 200


# Refusals


@pytest.mark.parametrize(
    ("query", "status", "named"),
    [
        ({"subject": ANNA}, 400, "ranges"),
        ({"ranges": REGION}, 400, "subject"),
        ({"subject": ANNA, "ranges": REGION, "range": REGION}, 400, "range"),
        ({"subject": ANNA, "ranges": "chr10:1-2"}, 400, "ranges"),
        ({"subject": ANNA, "ranges": REGION, "includeVariants": "maybe"}, 400, "includeVariants"),
        ({"subject": ANNA, "ranges": REGION, "genomicSourceClass": "x"}, 400, "genomicSourceClass"),
        ({"subject": ANNA, "ranges": REGION, "testDateRange": "x"}, 400, "testDateRange"),
        ({"subject": "nobody", "ranges": REGION}, 404, "subject"),
        ({"subject": ANNA, "ranges": f"{CHR10_38}:39686682-39686683"}, 422, ""),
    ],
)
@pytest.mark.parametrize("way", ["get", "form", "posted"])
def test_a_refusal_is_an_outcome_that_names_the_parameter(client, query, status, named, way):
    path = f"/fhir/{FIND}"
    if way == "get":
        answer = client.get(path, query_string=query)
    elif way == "form":
        answer = client.post(path, data=query)
    else:
        answer = client.post(path, json=posted(**query))
    assert answer.status_code == status
    outcome = answer.get_json()
    assert outcome["resourceType"] == "OperationOutcome"
    assert named in outcome["issue"][0].get("expression", [""])[0]
    assert ANNA not in answer.get_data(as_text=True)


def test_a_name_that_is_no_variant_is_400_and_one_without_a_place_422(client):
    path = "/fhir/$find-subject-specific-variants"
    for name, status in (("nonsense", 400), ("NP_000760.1:p.Pro227=", 422)):
        answer = client.get(path, query_string={"subject": ANNA, "variants": name})
        assert (answer.status_code, answer.get_json()["resourceType"]) == (
            status,
            "OperationOutcome",
        )


def test_the_patient_of_the_address_and_another_subject_are_refused(client):
    answer = client.get(
        f"/fhir/Patient/{ANNA}/{FIND}", query_string={"subject": OTTO, "ranges": REGION}
    )
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("data", "content_type", "status"),
    [
        (b"{", FHIR_JSON, 400),
        (b"<Parameters", FHIR_XML, 400),
        (b'{"resourceType": "Bundle"}', FHIR_JSON, 400),
        (b"subject", "text/csv", 415),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(client, data, content_type, status):
    answer = client.post(f"/fhir/{FIND}", data=data, content_type=content_type)
    assert answer.status_code == status
    assert answer.get_json()["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("delete", f"/subject-operations/genotype-operations/{FIND}", 405),
        ("get", "/subject-operations/genotype-operations/$nothing", 404),
        ("get", f"/fhir/Patient/{ANNA}/$find-population-specific-variants", 404),
    ],
)
def test_what_is_not_there_is_told_as_an_outcome(client, method, path, status):
    answer = client.open(path, method=method.upper())
    assert answer.status_code == status
    assert answer.get_json()["resourceType"] == "OperationOutcome"


def test_an_error_is_in_the_form_that_was_asked_for(client):
    answer = client.get(f"/fhir/{FIND}", headers={"Accept": FHIR_XML})
    assert answer.status_code == 400
    assert parse_xml(answer.get_data())["resourceType"] == "OperationOutcome"
