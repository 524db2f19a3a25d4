"""The OpenAPI document says what is there: every route, every answer, every parameter."""

import copy
import json

import jsonschema
import pytest
from openapi_schema_validator import OAS30Validator
from openapi_spec_validator import OpenAPIV30SpecValidator
from werkzeug.exceptions import HTTPException

from fhir_pgx.knowledge.example_files import hook_examples
from fhir_pgx.knowledge.profiles import api_schema, schema
from fhir_pgx.settings import Settings
from fhir_pgx.web.api import _TYPES
from fhir_pgx.web.app import create_app
from fhir_pgx.web.openapi.schemas import as_openapi, components
from tests.replay import EXAMPLES
from tests.secured import Secured

BASE = "http://127.0.0.1:9160"
# What the document leaves to others: FHIR, which says of itself what it can do, and pages.
FHIR = ("/fhir", "/subject-operations", "/population-operations", "/demo-authorization")
PAGES = ("/app", "/assets", "/workbench", "/console", "/pages", "/docs", "/card")


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("openapi")
    return create_app(Settings(database=f"sqlite:///{folder}/store.db", base_url=BASE))


@pytest.fixture(scope="module")
def document(app):
    return app.test_client().get("/openapi.json").get_json()


@pytest.fixture(scope="module")
def answers(app):
    """What `/api` says of the example patients and genomes."""
    http = app.test_client()
    found = {"interpret": [], "recommend": [], "explain": []}
    files = [
        *((path, "application/fhir+json") for path in sorted((EXAMPLES / "patients").iterdir())),
        *((path, "text/vcf") for path in sorted((EXAMPLES / "genomes").glob("*grch3?.vcf"))),
    ]
    charts = ("tumour-chart", "pathogen-hiv", "inherited-valproate", "transplant-match")
    bodies = [(path.read_bytes(), media) for path, media in files]
    bodies += [
        (_entries(EXAMPLES / name / "request.json"), "application/fhir+json") for name in charts
    ]
    for body, media in bodies:
        for question, into in found.items():
            answer = http.post(f"/api/{question}", data=body, content_type=media)
            assert answer.status_code == 200, answer.get_data(as_text=True)
            into.append(answer.get_json())
    return found


def _entries(path):
    """What a hook request prefetched, as one Bundle."""
    entries = []
    for each in json.loads(path.read_bytes())["prefetch"].values():
        is_bundle = each and each["resourceType"] == "Bundle"
        entries += each.get("entry", []) if is_bundle else [{"resource": each}] if each else []
    bundle = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return json.dumps(bundle).encode()


def checker(document, part):
    return OAS30Validator({**part, "components": document["components"]})


def bodies_of(document):
    """Every body in the document: its place, media type, and what stands of it."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parts = {"request": operation.get("requestBody", {})} | operation["responses"]
            for name, part in parts.items():
                for media, body in part.get("content", {}).items():
                    yield f"{method} {path} {name}", media, body


def routes(app):
    """The address and method of every route that is no page, no FHIR and no end of a tree."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint.endswith("nowhere") or rule.rule == "/" or _is_under(rule.rule, FHIR):
            continue
        if not _is_under(rule.rule, PAGES):
            for method in rule.methods - {"HEAD", "OPTIONS"}:
                yield rule, method


def _is_under(path, roots):
    return any(path == root or path.startswith(f"{root}/") for root in roots)


def test_the_document_is_openapi(document):
    assert document["openapi"] == "3.0.3"
    assert [error.message for error in OpenAPIV30SpecValidator(document).iter_errors()] == []


def test_a_document_that_is_not_openapi_is_found(document):
    broken = copy.deepcopy(document)
    broken["paths"]["/cds-services"]["get"]["responses"]["200"].pop("description")
    assert [*OpenAPIV30SpecValidator(broken).iter_errors()] != []


def test_nothing_is_documented_that_is_not_there(app, document):
    adapter = app.url_map.bind("127.0.0.1")
    missing = []
    for path, operations in document["paths"].items():
        for method in operations:
            try:
                rule, _ = adapter.match(path, method=method.upper(), return_rule=True)
                if rule.endpoint.endswith("nowhere"):
                    missing.append((path, method))
            except HTTPException:
                missing.append((path, method))
    assert missing == []


def test_nothing_is_there_that_is_not_documented(app, document):
    documented = {(path, method) for path, each in document["paths"].items() for method in each}
    services = [each.id for each in app.extensions["fhir_pgx"].registry.services]
    missing = []
    for rule, method in routes(app):
        paths = [rule.rule]
        if "<service_id>" in rule.rule:
            paths = [rule.rule.replace("<service_id>", each) for each in services]
        missing += [(path, method) for path in paths if (path, method.lower()) not in documented]
    assert missing == []


def test_a_route_that_nobody_documented_is_found(app):
    assert ("/cds-services", "GET") in {(rule.rule, method) for rule, method in routes(app)}
    assert not _is_under("/application", PAGES)


def test_every_operation_has_an_id_of_its_own(document):
    ids = [each["operationId"] for paths in document["paths"].values() for each in paths.values()]
    assert len(ids) == len(set(ids))


def test_every_service_asks_for_the_context_of_its_hook(app, document):
    for service in app.extensions["fhir_pgx"].registry.services:
        body = document["paths"][f"/cds-services/{service.id}"]["post"]["requestBody"]
        (_, own) = body["content"]["application/json"]["schema"]["allOf"]
        assert own["properties"]["hook"]["enum"] == [service.hook]
        context = own["properties"]["context"]["$ref"]
        assert context == f"#/components/schemas/Request.{service.hook}"


# Examples


def test_every_example_is_what_its_schema_says(document):
    found = 0
    for place, _, body in bodies_of(document):
        for name, each in body.get("examples", {}).items():
            faults = [
                fault.message
                for fault in checker(document, body["schema"]).iter_errors(each["value"])
            ]
            assert faults == [], (place, name)
            found += 1
    assert found > 30


def test_the_examples_of_services_are_files_of_ours(document):
    held = {each.name: each for each in hook_examples()}
    for path, operations in document["paths"].items():
        if not path.startswith("/cds-services/pgx") or path.endswith("feedback"):
            continue
        examples = operations["post"]["requestBody"]["content"]["application/json"]["examples"]
        assert examples, path
        for name, each in examples.items():
            assert each["value"] == held[name].document


def test_every_example_request_gets_an_answer_that_is_documented(app, document):
    http = app.test_client()
    for place, media, body in bodies_of(document):
        method, path, part = place.split(" ")
        if part != "request":
            continue
        for name, each in body.get("examples", {}).items():
            value = each["value"]
            data = value if isinstance(value, str) else json.dumps(value)
            answer = http.open(path, method=method.upper(), data=data, content_type=media)
            assert answer.status_code == 200, (place, name, answer.get_data(as_text=True)[:300])
            told = document["paths"][path][method]["responses"]["200"]["content"]
            shape = told[answer.mimetype]["schema"]
            assert checker(document, shape).is_valid(answer.get_json())


# Answers


@pytest.mark.parametrize(
    ("question", "name"),
    [("interpret", "interpretation"), ("recommend", "recommendations"), ("explain", "trace")],
)
def test_what_comes_back_is_what_the_schema_says_and_no_member_is_untold(answers, question, name):
    held = api_schema(name)
    for answer in answers[question]:
        jsonschema.Draft202012Validator(held).validate(answer)
        assert sorted(untold(answer, held, held)) == []


def untold(value, part, root, path=""):
    """The members that occur and that the schema does not name."""
    if "$ref" in part:
        part = root["$defs"][part["$ref"].removeprefix("#/$defs/")]
    if "anyOf" in part:
        part = next(each for each in part["anyOf"] if "$ref" in each)
        yield from untold(value, part, root, path) if value is not None else ()
    elif isinstance(value, list):
        for each in value:
            yield from untold(each, part.get("items", {}), root, path)
    elif isinstance(value, dict) and "properties" in part:
        for name, each in value.items():
            if name not in part["properties"]:
                yield f"{path}.{name}"
            else:
                yield from untold(each, part["properties"][name], root, f"{path}.{name}")
    elif isinstance(value, dict) and isinstance(part.get("additionalProperties"), dict):
        for each in value.values():
            yield from untold(each, part["additionalProperties"], root, f"{path}.*")


def test_a_member_that_is_untold_is_found():
    held = api_schema("interpretation")
    answer = {"genes": {"CYP2C19": {"odd": 1, "coverage": {"new": 1}}}, "more": 1}
    assert sorted(untold(answer, held, held)) == [".genes.*.coverage.new", ".genes.*.odd", ".more"]


@pytest.mark.parametrize("question", ["interpret", "recommend", "explain", "hla-match"])
def test_the_parameters_are_those_that_are_taken(app, document, question):
    operation = document["paths"][f"/api/{question}"]["post"]
    named = [each["name"] for each in operation["parameters"] if each["in"] == "query"]
    refused = app.test_client().post(f"/api/{question}?nonsense=1", data=b"{}")
    mend = refused.get_json()["issue"][0]["diagnostics"].partition("use ")[2]
    assert sorted(filter(None, mend.split(", "))) == sorted(named)


@pytest.mark.parametrize("question", ["interpret", "recommend", "explain", "hla-match"])
def test_the_parts_of_a_form_are_those_that_are_taken(app, document, question):
    body = document["paths"][f"/api/{question}"]["post"]["requestBody"]["content"]
    named = body["multipart/form-data"]["schema"]["properties"]
    refused = app.test_client().post(f"/api/{question}", data={"nonsense": "1"},
                                     content_type="multipart/form-data")  # fmt: skip
    mend = refused.get_json()["issue"][0]["diagnostics"].partition("name the parts ")[2]
    assert sorted(mend.split(", ")) == sorted(named)


def test_every_media_type_of_a_body_is_read(document):
    sent = {media for place, media, _ in bodies_of(document) if place.endswith("request")}
    assert sent - {"multipart/form-data"} <= _TYPES


@pytest.mark.parametrize("format_", ["json", "text", "fhir"])
def test_each_format_comes_back_as_its_media_type(app, document, format_):
    told = document["paths"]["/api/interpret"]["post"]["responses"]["200"]["content"]
    body = (EXAMPLES / "genomes" / "blocks.g.vcf").read_bytes()
    answer = app.test_client().post(
        f"/api/interpret?format={format_}", data=body, content_type="text/vcf"
    )
    assert answer.status_code == 200
    assert answer.mimetype in told


@pytest.mark.parametrize(
    "example", [e for e in hook_examples() if e.status != 200], ids=lambda each: each.name
)
def test_every_refusal_of_the_examples_is_documented(document, example):
    operations = document["paths"]["/cds-services/pgx-order-sign"]["post"]
    told = operations["responses"][str(example.status)]["content"]["application/json"]["schema"]
    assert checker(document, told).is_valid(example.answered)


@pytest.mark.parametrize(
    "path",
    [
        "/health/live",
        "/health/ready",
        "/.well-known/jwks.json",
        "/.well-known/openid-configuration",
        "/.well-known/smart-configuration",
    ],
)
def test_what_the_server_says_of_itself_is_documented(app, document, path):
    answer = app.test_client().get(path)
    told = document["paths"][path]["get"]["responses"][str(answer.status_code)]["content"]
    assert checker(document, told[answer.mimetype]["schema"]).is_valid(answer.get_json())


# Schemas of one draft in the words of another


def mutants(value):
    """The value with each of its members left out, or of another kind; one change at a time."""
    for path in _places(value):
        for odd in (None, 0, "", [], {}, "no such thing"):
            yield _changed(value, path, lambda parent, key, odd=odd: parent.__setitem__(key, odd))
        yield _changed(value, path, lambda parent, key: parent.__delitem__(key))


def _places(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in items:
        yield (*path, key)
        if isinstance(each, dict | list):
            yield from _places(each, (*path, key))


def _changed(value, path, change):
    changed = copy.deepcopy(value)
    parent = changed
    for key in path[:-1]:
        parent = parent[key]
    change(parent, path[-1])
    return changed


@pytest.mark.parametrize(
    ("message", "name"),
    [("response", "order-sign-five-drafts"), ("response", "order-sign-clopidogrel")],
)
def test_a_schema_and_its_translation_judge_every_change_alike(message, name):
    held = next(each for each in hook_examples() if each.name == name)
    judged = _alike(schema(message), held.answered)
    assert judged[True] > 100 < judged[False]


@pytest.mark.parametrize("outcome", ["accepted", "overridden"])
def test_feedback_and_its_translation_judge_every_change_alike(document, outcome):
    body = document["paths"]["/cds-services/pgx-order-sign/feedback"]["post"]["requestBody"]
    sent = body["content"]["application/json"]["examples"][outcome]["value"]
    judged = _alike(schema("feedback"), sent)
    assert judged[False] > 10


def _alike(held, value):
    theirs = OAS30Validator(
        {**_whole(held), "components": {"schemas": components("It", held)}},
    )
    ours = jsonschema.Draft202012Validator(held)
    counts = {True: 0, False: 0}
    for each in mutants(value):
        is_valid = ours.is_valid(each)
        assert theirs.is_valid(each) is is_valid, each
        counts[is_valid] += 1
    return counts


def _whole(held):
    return as_openapi(held, lambda name: f"It.{name}")


@pytest.mark.parametrize(
    "part",
    [
        {"patternProperties": {}},
        {"$ref": "https://example.org/other"},
        {"if": {}, "then": {}, "else": {}},
    ],
)
def test_what_cannot_be_translated_is_refused_and_not_dropped(part):
    with pytest.raises(ValueError):  # noqa: PT011 - a bug of ours, told by its place
        as_openapi(part, str)


# Who may call


def test_on_an_open_server_no_credential_is_asked_for(document):
    assert {} in document["paths"]["/api/interpret"]["post"]["security"]


def test_where_clients_are_registered_the_document_says_which_credential(tmp_path):
    secured = Secured(tmp_path)
    found = secured.call("GET", "/openapi.json")  # nobody is asked who reads it
    paths = found.get_json()["paths"]
    assert paths["/cds-services"]["get"]["security"] == [{"cdsJwt": []}]
    assert paths["/api/explain"]["post"]["security"] == [{"cdsJwt": []}, {"accessToken": []}]
    assert paths["/health/live"]["get"]["security"] == []
    assert paths["/metrics"]["get"]["security"] == [{"operatorToken": []}]
    assert secured.call("GET", "/cds-services").status_code == 401


def test_the_document_tells_nothing_of_the_deployment(tmp_path):
    secured = Secured(tmp_path, operator_token="a-secret-of-the-operator")
    text = secured.call("GET", "/openapi.json").get_data(as_text=True)
    for word in ("main-ehr", "other.example.org", "a-secret-of-the-operator", str(tmp_path)):
        assert word not in text
