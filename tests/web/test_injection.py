"""What somebody typed stays text: in cards, reports, pages, errors, headers, logs and tables.

The same hostile words are put behind every text of every case, and the answers are read as a
client would show them: Markdown is rendered, with raw HTML and links switched on.
"""

import json
import logging
import re
from pathlib import Path

import lxml.html
import pytest
from lxml import etree
from markdown_it import MarkdownIt

from fhir_pgx.cards.markdown import escape, plain, untagged
from fhir_pgx.cli.feedback import csv_report, text_report
from fhir_pgx.model.card import Action, Card, Link, Source, Suggestion
from fhir_pgx.model.drug import Coding
from fhir_pgx.settings import Settings
from fhir_pgx.storage.store import FeedbackLine, FeedbackReport
from fhir_pgx.web.app import create_app

CASES = sorted((Path(__file__).parents[1] / "cases").glob("*/request.json"))
SIGN = "/cds-services/pgx-order-sign"

HTML = "<img src=x onerror=alert(1)><script>alert(2)</script></td></div><!-- "
LINKS = (
    "[x](javascript:alert(3)) ![i](https://evil.example/p) <https://evil.example/q> "
    "https://evil.example/r www.evil.example e@evil.example [^1] [y][z]"
)
BLOCKS = (
    "| a | b |\r\n\r\n# h\n\n---\n- i\n> q\n```\n**b** `c` ~~s~~\n\n"
    "[z]: https://evil.example\n[^1]: f"
)
HIDDEN = "\u202e\u2066\u200b\u2060\ufeff\x00\x1b[31m\x07\u0085\u2028"
HOSTILE = f" {HTML} {LINKS} {HIDDEN} {BLOCKS} "

TYPED = frozenset(
    ("text", "display", "valueString", "conclusion", "comment", "description", "title", "family",
     "given", "name", "patientInstruction", "reason", "valueMarkdown", "unit")
)  # fmt: skip
UNSEEN = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff]"
)
TAG = re.compile(r"<[A-Za-z/!?]")


def hurt(value, member=""):
    """The document with the hostile words behind everything that somebody could have typed."""
    if isinstance(value, dict):
        return {name: hurt(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [hurt(inner, member) for inner in value]
    return value + HOSTILE if isinstance(value, str) and member in TYPED else value


def rendered(text):
    """Markdown as the most generous client shows it: raw HTML, tables and links of their own."""
    reader = MarkdownIt("gfm-like", {"html": True, "linkify": True})
    reader.linkify.set({"fuzzy_link": False})  # GitHub's rule: a bare name is no link
    return lxml.html.fragment_fromstring(reader.render(text), create_parent="div")


def texts(value, path=""):
    """Every text of a card with its path, without the orders that actions hand back as sent."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name != "resource":
                yield from texts(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from texts(inner, path)
    elif isinstance(value, str):
        yield path, value


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("injection")
    return create_app(Settings(database=f"sqlite:///{folder}/x.db")).test_client()


@pytest.fixture(scope="module")
def cards(whole):
    """Every card of every case whose texts are hostile."""
    found = []
    for file in CASES:
        asked = json.loads(file.read_bytes())
        answer = whole.post(f"/cds-services/pgx-{asked['hook']}", json=hurt(asked))
        assert answer.status_code == 200, file.parent.name
        found += answer.get_json()["cards"]
    assert len(found) > 90
    return found


# Cards


def test_the_words_do_reach_the_cards(cards):
    """Else the tests below would hold for nothing."""
    assert sum("onerror" in card["detail"] for card in cards) > 50
    assert any("onerror" in card["summary"] for card in cards)


def test_no_detail_shows_an_element_that_somebody_typed(cards):
    for card in cards:
        shown = rendered(card["detail"])
        assert {each.tag for each in shown.iter() if isinstance(each.tag, str)} <= {
            "div", "p", "strong", "em", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th",
            "td", "br", "a",
        }  # fmt: skip
        assert not [each for each in shown.iter() if each.tag is etree.Comment]
        assert not [name for each in shown.iter() for name in each.attrib if name.startswith("on")]


def test_no_detail_has_a_link_that_somebody_typed(cards):
    links = {each.get("href") for card in cards for each in rendered(card["detail"]).iter("a")}
    assert not [link for link in links if "evil" in link or not link.startswith("https://")]


def test_the_headings_and_rows_of_a_detail_are_ours(cards):
    for card in cards:
        for each in rendered(card["detail"]).iter("th", "strong"):
            assert "onerror" not in each.text_content() or each.tag == "strong"
        assert "```" not in card["detail"]
        assert not re.search(r"^\s{0,3}(#|>|---)", card["detail"], re.MULTILINE)


def test_what_is_no_markdown_begins_no_tag_and_has_one_line(cards):
    for card in cards:
        for path, text in texts(card):
            if path == ".detail" or path.startswith(".extension"):
                continue
            assert not TAG.search(text), path
            assert "\n" not in text, path


def test_no_text_of_a_card_holds_what_cannot_be_seen(cards):
    for card in cards:
        for path, text in texts(card):
            assert not UNSEEN.search(text), path


def test_every_link_of_a_card_is_one_of_ours(cards):
    links = [link for card in cards for link in card.get("links", ())]
    links += [{"url": card["source"].get("url", "https://")} for card in cards]
    assert links
    for link in links:
        assert link["url"].startswith("https://")
        assert "evil" not in link["url"]
        assert not set(link["url"]) & set(" <>\"'`")


def test_a_text_as_long_as_a_body_fills_no_card(whole):
    asked = json.loads(
        (CASES[0].parents[1] / "clopidogrel-cyp2c19-after-stroke/request.json").read_bytes()
    )
    for entry in asked["context"]["draftOrders"]["entry"]:
        concept = entry["resource"]["medicationCodeableConcept"]
        concept["text"] = concept["coding"][0]["display"] = "clopidogrel " + "x" * 1_000_000
    (card, *_) = whole.post(f"/cds-services/pgx-{asked['hook']}", json=asked).get_json()["cards"]
    assert len(card["summary"]) <= 140
    assert len(card["detail"]) < 20_000
    assert all(len(text) < 20_000 for _, text in texts(card))


@pytest.mark.parametrize(
    "typed",
    [
        "<b>x</b>", "<script>x</script>", "&lt;b&gt;", "&#60;b&#62;", "[a](javascript:x)",
        "[a](<javascript:x>)", "![a](data:x)", "<javascript:x>", "<mailto:a@evil.example>",
        "https://evil.example", "HTTP://evil.example", "www.evil.example", "WWW.evil.example",
        "a@evil.example", "xmpp:a@evil.example", "mailto:a@evil.example", "ftp://evil.example",
        "[a]: https://evil.example", "a\n===", "# a", "- a", "1. a", "> a", "| a |\n|---|", "```a",
        "    a", "~~a~~", "**a**", "__a__", "*a*", "_a_", "`a`", "\\<b>", "\\\\[a](x)", "[^1]",
        "*2/*2", "a\\", "<!-- a -->", "<![CDATA[a]]>", "<?a?>", "&amp;copy;", "$$a$$",
    ],
)  # fmt: skip
def test_an_escaped_text_is_read_as_it_was_typed(typed):
    shown = rendered(f"**Order** {escape(typed)}.")
    assert {each.tag for each in shown.iter()} == {"div", "p", "strong"}
    assert shown.text_content().strip() == f"Order {plain(typed)}."


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("IHC <1%, TPS < 50 %", "IHC <1%, TPS < 50 %"),
        ("a <b onclick=x>", "a ‹b onclick=x>"),
        ("</p><!-- <?x", "‹/p>‹!-- ‹?x"),
        ("<<script>", "<‹script>"),
        ("x > y", "x > y"),
    ],
)
def test_a_text_that_is_no_markdown_loses_its_tags_and_nothing_else(typed, written):
    assert untagged(typed) == written


def test_every_plain_text_of_a_card_is_freed_of_tags():
    from fhir_pgx.cards.write import write_card

    tag = "<img src=x>"
    card = Card(
        uuid="3b8a1c52-6c29-4c3d-8a0e-0d7c8f6f1a11",
        summary=tag,
        indicator="info",
        source=Source(tag, "https://example.org", Coding("urn:x", "c", tag)),
        suggestions=(Suggestion(tag, "u", (Action("delete", tag, resource_id="x"),)),),
        override_reasons=(Coding("urn:x", "r", tag),),
        links=(Link(tag, "https://example.org", "absolute"),),
    )
    written = write_card(card)
    assert len([text for _, text in texts(written) if "img" in text]) == 7
    assert "<" not in json.dumps(written)


# Reports


def bundle_of(request):
    """The resources that a call brings, as one hostile record."""
    found = [
        entry["resource"]
        for each in request.get("prefetch", {}).values()
        if isinstance(each, dict) and each.get("resourceType") == "Bundle"
        for entry in each.get("entry", [])
    ]
    entries = [{"resource": each} for each in hurt(found)]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def test_the_narrative_of_a_report_is_well_formed_and_has_no_element_that_somebody_typed(whole):
    read = 0
    for file in CASES:
        bundle = bundle_of(json.loads(file.read_bytes()))
        answer = whole.post("/fhir/$interpret", json=bundle)
        if answer.status_code != 200:
            continue
        for text in re.findall(r'"div":("(?:[^"\\]|\\.)*")', answer.get_data(as_text=True)):
            div = json.loads(text)
            tree = etree.fromstring(div)  # raises where it is not well formed
            names = {etree.QName(each).localname for each in tree.iter()}
            ours = {"div", "p", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "br", "b"}
            assert names <= ours, names - ours
            assert not [each for each in tree.iter() if set(each.attrib) - {"lang"}]
            read += 1
    assert read > 20


# Errors


BAD = "%3Cscript%3Ealert(1)%3C%2Fscript%3E%0d%0aX-Evil:%201"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("get", f"/fhir/{BAD}", 404),
        ("get", f"/fhir/Patient/{BAD}", 404),
        ("put", f"/fhir/Patient/{BAD}", 405),
        ("put", "/fhir/Patient/%3Cscript%3E%0d%0aX-Evil:%201", 400),
        ("get", f"/fhir/Observation?{BAD}=1", 200),
        ("get", f"/fhir/Observation?_sort={BAD}", 200),
        ("get", f"/fhir/Observation?date={BAD}", 400),
        ("get", f"/fhir/Observation?_include={BAD}", 200),
        ("get", f"/fhir/$find-subject-variants?{BAD}=1", 400),
        ("get", f"/fhir/$find-subject-variants?subject={BAD}&ranges=NC_000001.11:1-2", 400),
        ("post", f"/cds-services/{BAD}", 404),
        ("post", f"/api/interpret?{BAD}=1", 400),
        ("post", f"/api/interpret?format={BAD}", 400),
        ("post", f"/api/recommend?drug={BAD}", 422),
        ("get", f"/{BAD}", 404),
    ],
)
def test_an_error_repeats_no_markup_and_sets_no_header(whole, caplog, method, path, status):
    body = {"json": {"resourceType": "Patient", "id": "x\r\nX-Evil: 1"}} if method != "get" else {}
    with caplog.at_level(logging.DEBUG):
        answer = getattr(whole, method)(path, **body)
    told = answer.get_data(as_text=True)
    assert answer.status_code == status
    assert "<script" not in told
    assert "X-Evil" not in answer.headers
    assert not [value for _, value in answer.headers if "\r" in value or "\n" in value]
    assert answer.mimetype != "text/html"
    assert "script" not in caplog.text


@pytest.mark.parametrize("sign", ["%00", "%01", "%1b", "%80", "%ef%bf%be", "%ed%a0%80"])
def test_a_sign_that_xml_has_no_place_for_breaks_no_answer(whole, sign):
    for path in (f"/fhir/Patient/{sign}", f"/fhir/Patient?{sign}=1", f"/fhir/Patient?name={sign}"):
        answer = whole.get(path, headers={"Accept": "application/fhir+xml"})
        assert answer.status_code in (200, 400, 404)
        etree.fromstring(answer.get_data())


@pytest.mark.parametrize("status", ["<script>alert(1)</script>", "x\u202e", "a\r\nb"])
def test_a_finding_of_validation_repeats_no_value(whole, status):
    wrong = {"resourceType": "Observation", "status": status, "code": {"text": "x"}, f"{status}": 1}
    told = whole.post("/fhir/$validate", json=wrong).get_data(as_text=True)
    assert "OperationOutcome" in told
    assert "<script" not in told
    assert "\u202e" not in told


# Headers and logs


@pytest.mark.parametrize(
    "stated", ["<script>alert(1)</script>", "a b", "x" * 5_000, "a\tb", "é", '"}{"a":1', ""]
)
def test_a_request_id_that_is_no_plain_one_is_replaced(whole, stated):
    answer = whole.get("/health/live", headers={"X-Request-Id": stated.encode().decode("latin-1")})
    assert re.fullmatch(r"[A-Za-z0-9._-]{1,64}", answer.headers["X-Request-Id"])
    assert answer.headers["X-Request-Id"] != stated


def test_an_address_that_a_write_answers_is_of_ids_alone(whole):
    answer = whole.post("/fhir/Patient", json={"resourceType": "Patient", "id": "a\r\nX: 1<b>"})
    assert answer.status_code == 201
    assert re.fullmatch(
        r"http://[\w.:]+/fhir/Patient/[A-Za-z0-9.-]+/_history/1", answer.headers["Location"]
    )


def test_no_line_of_the_log_is_forged(whole, caplog):
    forged = 'x\n{"service": "forged"}\r\nERROR fhir_pgx: forged'
    asked = {
        "hook": "order-sign",
        "hookInstance": forged,
        "fhirServer": f"https://ehr.example.org/{forged}",
        "context": {
            "userId": f"Practitioner/{forged}",
            "patientId": forged,
            "draftOrders": {"resourceType": "Bundle", "entry": []},
        },
    }
    with caplog.at_level(logging.DEBUG):
        whole.post(SIGN, json=asked)
        whole.post(f"{SIGN}/feedback", json={"feedback": [{"card": forged, "outcome": forged}]})
        whole.get("/cds-services", headers={"Authorization": "Bearer x.forged.y"})
    assert caplog.records
    for record in caplog.records:
        assert "forged" not in record.getMessage()
        assert "\n" not in record.getMessage()


# Pages


@pytest.mark.parametrize(
    "query",
    [
        f"iss={BAD}&launch={BAD}",
        f"error={BAD}&error_description={BAD}&state={BAD}",
        f"code={BAD}&state={BAD}",
    ],
)
@pytest.mark.parametrize("path", ["/app", "/app/launch", "/app/redirect", "/app/callback"])
def test_a_page_shows_what_is_in_its_address_as_text(whole, path, query):
    answer = whole.get(f"{path}?{query}")
    assert "<script" not in answer.get_data(as_text=True)
    assert "X-Evil" not in answer.headers
    assert "'unsafe" not in answer.headers["Content-Security-Policy"]


# Tables


def report(*keys, reason="contraindicated"):
    lines = [
        FeedbackLine(
            key=(key,),
            issued=1,
            accepted=0,
            overridden=1,
            ignored=0,
            waiting=0,
            reasons={reason: 1},
        )
        for key in keys
    ]
    return FeedbackReport(lines=tuple(lines), unknown=0)


@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "=HYPERLINK(1)"])
def test_no_cell_of_a_table_is_a_formula(formula):
    told = csv_report(report(formula, reason=formula), ["rule"])
    cells = told.splitlines()[1].split(",")
    assert cells[0] == f"'{formula}"
    assert cells[-1].startswith("'")


def test_a_name_that_is_no_formula_stands_as_it_is():
    assert csv_report(report("cpic-1"), ["rule"]).splitlines()[1].startswith("cpic-1,1,")


@pytest.mark.parametrize("sign", ["\x1b[2J", "\r", "\n", "\u202e", "\x07"])
def test_no_reason_steers_the_terminal_or_begins_a_line(sign):
    for told in (
        text_report(report("cpic-1", reason=f"a{sign}b"), ["rule"]),
        csv_report(report("cpic-1", reason=f"a{sign}b"), ["rule"]),
    ):
        assert sign == "\n" or sign not in told
        assert len(told.strip().splitlines()) == 2
