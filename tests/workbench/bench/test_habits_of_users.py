"""The workbench in a browser under tired hands: keys, wrong files, a page redrawn while in use."""

import gzip
import json
from pathlib import Path

import pytest

from tests.browsers import PHONE

pytestmark = pytest.mark.browser
EXAMPLES = Path(__file__).parents[3] / "examples"
REQUEST = (EXAMPLES / "order-sign-clopidogrel" / "request.json").read_text()


@pytest.fixture
def bench(open_page, served):
    page = open_page(f"{served}/")
    page.wait_for_selector("body.scripted")
    return page


def redrawn(page, change):
    """Do something, and wait until the server has drawn the answer to it."""
    with page.expect_response(lambda answer: "/workbench/answer" in answer.url) as got:
        change()
    assert got.value.status == 200
    page.wait_for_function("() => !document.querySelector('.htmx-request')")


def focused(page):
    return page.evaluate("document.activeElement.id || document.activeElement.name")


@pytest.mark.parametrize("field", ["weight", "age", "add-drug", "add-medicine"])
def test_the_enter_key_draws_anew_and_opens_no_example(bench, field):
    redrawn(bench, lambda: bench.fill("#data", REQUEST.replace("synthetic-ada", "synthetic-zoe")))
    value = "40" if field in ("weight", "age") else "simvastatin"
    redrawn(bench, lambda: (bench.fill(f"#{field}", value), bench.press(f"#{field}", "Enter")))
    assert "synthetic-zoe" in bench.input_value("#data")
    assert focused(bench) == field


def test_the_enter_key_without_scripts_shows_and_opens_no_example(open_page, served):
    page = open_page(f"{served}/?example=codeine-poor", java_script_enabled=False)
    page.fill("#weight", "70")
    page.press("#weight", "Enter")
    page.wait_for_load_state()
    assert page.input_value("#weight") == "70"
    assert "Codeine" in page.inner_text("#cards-part")


def test_a_gene_that_is_clicked_is_looked_at_and_stays_so(bench, served):
    bench.goto(f"{served}/?example=panel-grch38.vcf")
    bench.wait_for_selector("body.scripted")
    redrawn(bench, bench.locator("button[name=gene][value=CYP2D6], button[name=gene][value=CYP2B6]")
            .first.click)  # fmt: skip
    chosen = bench.input_value("#gene")
    bench.wait_for_function("() => document.activeElement.id === 'gene-part'")
    assert chosen in bench.inner_text("#gene-part h2 >> nth=0")
    bench.reload()
    bench.wait_for_function(
        "name => document.querySelector('#gene-part h2').textContent.includes(name)", arg=chosen
    )


def test_the_caret_stays_where_one_types(bench):
    bench.focus("#data")
    bench.evaluate("document.getElementById('data').setSelectionRange(1, 1)")
    redrawn(bench, lambda: bench.keyboard.type("  "))
    assert focused(bench) == "data"
    assert bench.evaluate("document.getElementById('data').selectionStart") == 3
    assert bench.input_value("#example") == ""  # it is no example any more


def test_the_focus_is_not_lost_with_the_button_that_held_it(bench):
    redrawn(bench, lambda: (bench.fill("#add-drug", "codeine"), bench.press("#add-drug", "Enter")))
    off = bench.locator("#chips-drug button")
    off.wait_for()
    redrawn(bench, lambda: off.press("Enter"))
    assert focused(bench) == "add-drug"


def test_what_was_unfolded_stays_unfolded(bench):
    bench.click("#untested > summary")
    bench.locator(".card-override summary").first.click()
    redrawn(bench, lambda: bench.fill("#weight", "71"))
    bench.wait_for_function("() => document.getElementById('untested').open")
    assert bench.evaluate("document.querySelector('.card-override details').open")
    bench.click("#untested > summary")
    redrawn(bench, lambda: bench.fill("#weight", "72"))
    assert not bench.evaluate("document.getElementById('untested').open")


def test_going_back_from_an_example_finds_what_was_typed(bench):
    redrawn(bench, lambda: bench.fill("#data", REQUEST.replace("synthetic-ada", "synthetic-zoe")))
    with bench.expect_navigation(url="**/?example=tumour-chart"):
        bench.select_option("#example", "tumour-chart")
    bench.wait_for_selector("body.scripted")
    bench.go_back()
    bench.wait_for_function("() => document.getElementById('data').value.includes('synthetic-zoe')")
    bench.wait_for_function("() => !document.querySelector('.htmx-request')")
    assert bench.input_value("#example") == ""
    assert "example=tumour-chart" not in bench.url


FILES = {
    "empty.json": (b"", "is empty"),
    "blank.json": (b" \n ", "is empty"),
    "report.pdf": (b"%PDF-1.7\n\x00\xff", "is a PDF"),
    "saved.zip": (b"PK\x03\x04\x00\xff", "ZIP archive"),
    "scan.png": (b"\x89PNG\r\n\x1a\n\x00", "is a picture"),
    "latin.json": ('{"resourceType": "Patient", "id": "Müller"}'.encode("latin-1"), "UTF-8"),
    "zeros.bin": (b"a\x00b", "is no text"),
    "cut.vcf.gz": (gzip.compress(REQUEST.encode())[:60], "is damaged"),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_holds_no_data_is_refused_in_words_and_the_page_stays(bench, tmp_path, name):
    body, said = FILES[name]
    file = tmp_path / name
    file.write_bytes(body)
    before = bench.input_value("#data")
    bench.set_input_files("#file", str(file))
    bench.wait_for_selector("#file-problem:not([hidden])")
    told = bench.inner_text("#file-problem")
    assert name in told
    assert said in told
    assert "still shows the data from before" in told
    assert bench.input_value("#data") == before


def test_a_file_in_utf_16_is_read(bench, tmp_path):
    file = tmp_path / "a.json"
    file.write_bytes('{"resourceType": "Patient", "id": "synthetic-zoë"}'.encode("utf-16"))
    redrawn(bench, lambda: bench.set_input_files("#file", str(file)))
    assert "synthetic-zoë" in bench.input_value("#data")


def test_a_typing_error_in_a_request_leads_to_its_line(bench):
    redrawn(bench, lambda: bench.fill("#data", REQUEST.replace('"order-sign"', '"order-sing"')))
    assert "write order-sign" in bench.inner_text("#hook-hint")
    assert "order-sing" in bench.inner_text("#data-problem")
    bench.click("#data-problem [data-goto]")
    assert "order-sing" in bench.evaluate(
        "(box => box.value.slice(box.selectionStart, box.selectionEnd))(document.activeElement)"
    )


def test_a_request_pasted_over_a_chart_is_sent_as_it_stands(bench, served):
    bench.goto(f"{served}/?example=synthetic-ada")
    bench.wait_for_selector("body.scripted")
    redrawn(bench, lambda: bench.fill("#data", REQUEST))
    assert "sent as it was given" in bench.text_content("#exchange-part")


def accept(page):
    tick = page.locator(".card-tick input")
    if tick.count():
        tick.first.check()
    page.locator(".card-accept").first.click()
    page.wait_for_selector("#feedback-said [data-apply]")


def test_an_accepted_suggestion_is_applied_to_the_request_and_asked_again(bench, screenshot):
    accept(bench)
    screenshot(bench, "workbench-accepted")
    redrawn(bench, lambda: bench.click("[data-apply]"))
    draft = json.loads(bench.input_value("#data"))["context"]["draftOrders"]["entry"][0]["resource"]
    assert draft["medicationCodeableConcept"]["text"] == "Prasugrel"
    assert "No card." in bench.inner_text("#cards-part")
    assert bench.inner_text(".jumps-said") == "No card"
    assert bench.input_value("#example") == ""


def test_an_accepted_suggestion_is_applied_to_the_drugs_that_were_picked(bench, served):
    bench.goto(f"{served}/?example=order-sign-clopidogrel&drug=clopidogrel&drug=simvastatin")
    bench.wait_for_selector("body.scripted")
    bench.locator(".card-accept", has_text="prasugrel").first.click()
    bench.wait_for_selector("#feedback-said [data-apply]")
    redrawn(bench, lambda: bench.click("[data-apply]"))
    bench.wait_for_selector("#chips-drug li")
    chips = [each.get_attribute("value") for each in bench.locator("#chips-drug input").all()]
    assert chips == ["Prasugrel", "simvastatin"]


def test_an_ehr_that_adds_an_order_leaves_the_present_one(bench, served):
    bench.goto(f"{served}/?example=order-sign-clopidogrel&ehr=epic")
    bench.wait_for_selector("body.scripted")
    accept(bench)
    redrawn(bench, lambda: bench.click("[data-apply]"))
    drafts = json.loads(bench.input_value("#data"))["context"]["draftOrders"]["entry"]
    texts = [each["resource"]["medicationCodeableConcept"]["text"] for each in drafts]
    assert texts == ["clopidogrel 75 MG Oral Tablet", "Prasugrel"]


def test_nothing_ticked_is_said_and_the_next_click_is_heard(bench, served):
    bench.goto(f"{served}/?example=order-sign-clopidogrel&ehr=epic")
    bench.wait_for_selector("body.scripted")
    bench.locator(".card-accept").first.click()
    bench.wait_for_selector("#feedback-said .notice-error")
    assert "no suggestion was chosen" in bench.inner_text("#feedback-said")
    accept(bench)
    assert "accepted" in bench.inner_text("#feedback-said")


def test_what_the_card_says_is_seen_from_where_a_fact_is_changed(bench):
    choice = bench.locator("select[aria-label='Change CYP2C19 to']")
    choice.scroll_into_view_if_needed()
    said = bench.locator(".jumps-said")
    assert "Warning" in said.inner_text()
    normal = choice.locator("option", has_text="(Normal Metabolizer)").first.get_attribute("value")
    redrawn(bench, lambda: choice.select_option(normal))
    assert "No card" in said.inner_text()
    assert "Facts changed" in said.inner_text()
    box = said.bounding_box()
    assert box["y"] >= 0
    assert box["y"] + box["height"] < 120
    assert bench.locator("#weight").is_visible()


def test_the_first_page_of_a_phone_has_no_bar_over_the_form(open_page, served):
    page = open_page(f"{served}/", viewport=PHONE)
    assert page.evaluate("getComputedStyle(document.querySelector('.bench-actions')).position") == (
        "static"
    )
    assert page.locator(".top").bounding_box()["height"] < 60


def test_what_is_printed_names_the_genes_and_says_that_facts_were_changed(bench):
    redrawn(bench, lambda: bench.fill("#weight", "71"))
    bench.emulate_media(media="print")
    assert bench.locator(".gene-pick[value=CYP2C19]").is_visible()
    assert bench.get_by_text("What if: changed on this page").is_visible()
    assert not bench.locator(".bench-form, .jumps, .gene-table select").first.is_visible()
