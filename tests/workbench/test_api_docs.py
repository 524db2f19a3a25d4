"""The page of the API: all of the document can be reached and read, and nothing in it runs."""

import re
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlsplit

import pytest

from fhir_pgx.settings import Settings
from fhir_pgx.web.app import create_app
from fhir_pgx.workbench.api_docs.shown import kind_of, members_of, ticked

from .axe import violations


@pytest.fixture(scope="module")
def http(tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs")
    return create_app(Settings(database=f"sqlite:///{folder}/store.db")).test_client()


@pytest.fixture(scope="module")
def document(http):
    return http.get("/openapi.json").get_json()


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = set()

    def handle_starttag(self, tag, attributes):
        if tag == "a":
            self.found.add(dict(attributes)["href"])


def links(http, address):
    answer = http.get(address)
    assert answer.status_code == 200, address
    reader = Links()
    reader.feed(answer.get_data(as_text=True))
    return {each for each in reader.found if each.startswith("/docs?")}


def test_every_operation_and_schema_is_reached_from_the_first_page(http, document):
    waiting, seen = {"/docs"}, set()
    while waiting:
        seen |= waiting
        waiting = {link for page in waiting for link in links(http, page)} - seen
    asked = [parse_qs(urlsplit(each).query) for each in seen]
    operations = {each["operation"][0] for each in asked if "operation" in each}
    schemas = {each["schema"][0] for each in asked if "schema" in each}
    assert operations == {
        each["operationId"] for methods in document["paths"].values() for each in methods.values()
    }
    whole = {name for name in document["components"]["schemas"] if "." not in name}
    assert whole <= schemas <= document["components"]["schemas"].keys()


def test_a_page_of_an_operation_says_parameters_answers_and_a_command(http):
    text = http.get("/docs?operation=interpret").get_data(as_text=True)
    for word in ("missing-as-reference", "text/vcf", "413", "curl -s -H", "Interpretation"):
        assert word in text


def test_the_command_of_the_page_names_a_body_that_is_read(http):
    text = http.get("/docs?operation=pgx-order-sign").get_data(as_text=True)
    assert "Content-Type: application/json" in text
    assert "/cds-services/pgx-order-sign" in text


@pytest.mark.parametrize("query", ["operation=no-such", "schema=No.Such", "operation=<script>"])
def test_what_is_not_there_is_said_on_a_page(http, query):
    answer = http.get(f"/docs?{query}")
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"
    assert "choose one from the list" in answer.get_data(as_text=True)
    assert "<script>" not in answer.get_data(as_text=True)


def test_nothing_is_inline_and_nothing_comes_from_elsewhere(http):
    for query in ("", "?operation=pgx-order-sign", "?schema=Response.card"):
        text = http.get(f"/docs{query}").get_data(as_text=True)
        assert re.search(r"<[^>]+\s(style|on\w+)=", text) is None
        assert re.search(r"(src|<link[^>]+href)=[\"']https?:", text) is None


def test_it_is_for_everybody(tmp_path):
    from tests.secured import Secured

    secured = Secured(tmp_path)
    assert secured.call("GET", "/docs").status_code == 200


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "text"),
        ({"type": "string", "nullable": True}, "text or null"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/A.b"}}, "list of A.b"),
        ({"enum": ["info", "warning"]}, "one of “info”, “warning”"),
        ({"allOf": [{"$ref": "#/components/schemas/A"}], "description": "x"}, "A"),
        ({"enum": ["a", None], "nullable": True}, "one of “a”, null"),
        ({}, "any value"),
    ],
)  # fmt: skip
def test_a_value_is_told_in_words(schema, words):
    assert kind_of(schema).words == words


def test_members_of_joined_schemas_are_told_once():
    schema = {"allOf": [{"properties": {"a": {"type": "string"}}, "required": ["a"]}]}
    (member,) = members_of(schema)
    assert (member.name, member.is_required) == ("a", True)


@pytest.mark.parametrize(
    ("text", "markup"),
    [
        ("say `x`", "say <code>x</code>"),
        ("<b>`<i>`", "&lt;b&gt;<code>&lt;i&gt;</code>"),
        ("one ` tick", "one ` tick"),
    ],
)
def test_back_ticks_are_code_and_markup_is_text(text, markup):
    assert str(ticked(text)) == markup


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [{"width": 1280, "height": 900}, {"width": 360, "height": 780}])
def test_a_browser_shows_it(served, open_page, screenshot, scheme, size):
    for query in ("", "?operation=pgx-order-sign", "?schema=Interpretation.gene"):
        page = open_page(f"{served}/docs{query}", color_scheme=scheme, viewport=size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        if scheme == "light":
            for details in page.query_selector_all("details"):
                details.evaluate("each => { each.open = true }")
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert violations(page) == []
        name = re.sub(r"\W+", "-", query).strip("-") or "index"
        screenshot(page, f"docs-{name}-{scheme}-{size['width']}")
