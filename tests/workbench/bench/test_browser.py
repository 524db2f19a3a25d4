"""The workbench in a browser, as an integrator uses it."""

import gzip
import json
import re
import zipfile
from pathlib import Path

import pytest

from tests.browsers import DESKTOP, PHONE
from tests.workbench.axe import check_axe

pytestmark = pytest.mark.browser
EXAMPLES = Path(__file__).parents[3] / "examples"


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


def test_the_first_page_shows_a_card_and_why(bench, screenshot):
    assert "Clopidogrel: CYP2C19 Poor Metabolizer" in bench.inner_text("#cards-part")
    assert "*2/*2" in bench.inner_text("#genes-part")
    assert bench.locator("#why-part svg").count() >= 1
    assert bench.locator("#gene-part svg").count() >= 1
    screenshot(bench, "workbench")


def test_another_genotype_changes_the_card_and_can_be_taken_back(bench):
    choice = bench.locator("select[aria-label='Change CYP2C19 to']")
    normal = choice.locator("option", has_text="(Normal Metabolizer)").first.get_attribute("value")
    redrawn(bench, lambda: choice.select_option(normal))
    assert "No card." in bench.inner_text("#cards-part")
    assert "changed here" in bench.inner_text("#genes-part")
    off = bench.locator("#chips-fact button")
    redrawn(bench, off.click)
    assert "Poor Metabolizer" in bench.inner_text("#cards-part")


def test_a_second_medicine_shows_as_a_reason(bench, served):
    bench.goto(f"{served}/?example=codeine-ultrarapid")
    redrawn(bench, lambda: (bench.fill("#add-medicine", "paroxetine"),
                            bench.press("#add-medicine", "Tab")))  # fmt: skip
    assert "paroxetine" in bench.inner_text("#chips-medicine").lower()
    assert "paroxetine" in bench.inner_text("#cards-part").lower()


def test_reload_and_the_back_button_lose_nothing(bench, served):
    patient = (EXAMPLES / "patients" / "synthetic-ben.json").read_text()
    redrawn(bench, lambda: bench.fill("#data", patient))
    redrawn(bench, lambda: (bench.fill("#add-drug", "codeine"), bench.press("#add-drug", "Tab")))
    bench.wait_for_selector("#chips-drug li")
    before = (
        bench.inner_text("#cards-part .card-list") if bench.locator(".card-list").count() else ""
    )
    with bench.expect_response(lambda answer: "/workbench/answer" in answer.url):
        bench.reload()
    bench.wait_for_selector("#chips-drug li")
    assert bench.input_value("#data") == patient
    bench.goto(f"{served}/console")
    with bench.expect_response(lambda answer: "/workbench/answer" in answer.url):
        bench.go_back()
    bench.wait_for_selector("#chips-drug li")
    assert bench.input_value("#data") == patient
    if before:
        assert bench.inner_text("#cards-part .card-list") == before


def test_a_link_carries_the_state_and_no_server_sees_it(bench, open_page):
    redrawn(
        bench, lambda: bench.fill("#data", '{"resourceType": "Patient", "id": "synthetic-zoe"}')
    )
    bench.wait_for_function("() => document.getElementById('share').dataset.link.includes('#s=')")
    link = bench.get_attribute("#share", "data-link")
    assert "zoe" not in link
    other = open_page()
    asked = []
    other.on("request", lambda request: asked.append(request.url))
    with other.expect_response(lambda answer: "/workbench/answer" in answer.url):
        other.goto(link)
    assert "synthetic-zoe" in other.input_value("#data")
    assert not any("s=" in url for url in asked)


def test_a_cut_off_link_says_so(open_page, served):
    page = open_page(f"{served}/#s=abc")
    page.wait_for_selector("#file-problem:not([hidden])")
    assert "cannot be opened" in page.inner_text("#file-problem")


@pytest.mark.parametrize("packed", [False, True])
def test_a_dropped_file_is_read(bench, tmp_path, packed):
    text = (EXAMPLES / "genomes" / "phased-dpyd.vcf").read_bytes()
    file = tmp_path / ("a.vcf.gz" if packed else "a.vcf")
    file.write_bytes(gzip.compress(text) if packed else text)
    redrawn(bench, lambda: bench.set_input_files("#file", str(file)))
    assert bench.input_value("#data").encode() == text
    assert "DPYD" in bench.inner_text("#genes-part")


def test_a_file_of_50_megabytes_is_refused_kindly(bench, tmp_path):
    file = tmp_path / "large.vcf"
    file.write_bytes(b"#" * 50_000_000)
    bench.set_input_files("#file", str(file))
    bench.wait_for_selector("#file-problem:not([hidden])")
    told = bench.inner_text("#file-problem")
    assert "50 MB" in told
    assert "fhir-pgx interpret" in told


def test_what_is_wrong_stands_beside_the_place(bench, screenshot):
    redrawn(bench, lambda: bench.fill("#data", '{"resourceType": "Patient",\n "id": }'))
    assert "line 2" in bench.inner_text("#data-problem")
    bench.click("text=Go to line 2")
    assert bench.evaluate("document.activeElement.id") == "data"
    assert (
        bench.evaluate(
            "(box => box.value.slice(box.selectionStart, box.selectionEnd))(document.activeElement)"
        )
        == ' "id": }'
    )
    screenshot(bench, "workbench-problem")


def test_feedback_is_sent_and_shown(bench):
    with bench.expect_response(lambda answer: "/workbench/feedback" in answer.url) as got:
        bench.locator(".card-accept").first.click()
    assert got.value.status == 200
    bench.wait_for_selector("#feedback-said .notice-fine")
    assert "accepted" in bench.inner_text("#feedback-said")


def test_markup_in_data_is_text(bench):
    name = "<img src=x onerror=document.title='owned'><script>document.title='owned'</script>"
    document = json.loads((EXAMPLES / "order-sign-clopidogrel" / "request.json").read_text())
    document["context"]["draftOrders"]["entry"][0]["resource"]["medicationCodeableConcept"][
        "text"
    ] = name
    redrawn(bench, lambda: bench.fill("#data", json.dumps(document)))
    assert "owned" not in bench.title()
    assert bench.locator("#answer img").count() == 0


def test_save_as_example_gives_the_three_files(bench, tmp_path):
    with bench.expect_download() as got:
        bench.click("text=Save as example")
    kept = tmp_path / "saved.zip"
    got.value.save_as(kept)
    with zipfile.ZipFile(kept) as archive:
        names = sorted(archive.namelist())
        request = json.loads(archive.read(names[2]))
    assert [Path(name).name for name in names] == ["README.md", "answer.json", "request.json"]
    assert request["hook"] == "order-sign"


@pytest.mark.parametrize("ehr", ["epic", "cds-hooks-sandbox", "generic"])
def test_an_ehr_can_be_emulated(bench, ehr):
    redrawn(bench, lambda: bench.select_option("#ehr", ehr))
    assert "status 200" in bench.inner_text("#cards-part")
    assert "Poor Metabolizer" in bench.inner_text("#cards-part")


def test_a_hook_that_an_ehr_does_not_fire_is_said_beside_the_hook(bench):
    redrawn(bench, lambda: bench.select_option("#ehr", "oracle"))
    redrawn(bench, lambda: bench.select_option("#hook", "order-sign"))
    assert "does not fire this hook" in bench.inner_text("#hook-hint")


def test_without_scripts_the_form_gives_the_same(open_page, served):
    page = open_page(f"{served}/", java_script_enabled=False)
    page.select_option("select[aria-label='Change CYP2C19 to']", "CYP2C19=*1/*1")
    page.click("button:has-text('Show')")
    assert "No card." in page.inner_text("#cards-part")
    assert "CYP2C19 *1/*1" in page.inner_text("#chips-fact")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize(
    "example", ["order-sign-clopidogrel", "tumour-chart", "panel-grch38.vcf", "refused-malformed"]
)
def test_nobody_is_kept_out(open_page, served, screenshot, example, size, scheme):
    page = open_page(f"{served}/?example={example}", viewport=size, color_scheme=scheme)
    page.wait_for_selector("body.scripted")
    for summary in page.locator("summary:visible").all():
        summary.click()
    width = page.evaluate("document.documentElement.scrollWidth")
    screenshot(page, f"workbench-{example}-{size['width']}-{scheme}")
    assert width <= size["width"]
    check_axe(page)


def test_the_scripts_are_light(open_page, served):
    page = open_page()
    sizes = []
    page.on("response", lambda answer: answer.url.endswith(".js") and sizes.append(
        int(answer.headers.get("content-length", "0"))))  # fmt: skip
    page.goto(f"{served}/")
    page.wait_for_selector("body.scripted")
    assert sizes
    assert sum(sizes) < 150_000
    assert re.search(r"default-src 'none'", page.request.get(f"{served}/").headers[
        "content-security-policy"])  # fmt: skip
