"""The app in a browser, through both launches of the demonstration and from a foreign EHR: whom it
shows, where a card's link leads, on a phone, on paper, by the keyboard, and to those who use a
screen reader. Every person is synthetic."""

import io

import pytest
import requests

from tests.browsers import PHONE
from tests.foreign_ehr import ForeignEhr, genotype, order, person
from tests.running_server import running_server
from tests.web.test_launch_demo import token_for
from tests.workbench.axe import check_axe

pytestmark = pytest.mark.browser
LETTER_AND_A4 = {"A4": (595, 842), "Letter": (612, 792)}  # points


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The address of a demonstration whose EHR launches our app."""
    folder = tmp_path_factory.mktemp("demo")
    with running_server(folder, arguments=("--demo",), demo_authorization="on") as address:
        yield address


def launched(open_page, demo, patient="synthetic-ada", **options):
    page = open_page(f"{demo}/demo-authorization/", **options)
    page.check("input[name=app]")
    page.check(f"input[name=patient][value={patient}]")
    page.click("button")
    page.wait_for_url("**/app?session=*")
    return page


def overflow(page):
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


# Launches


def test_an_ehr_launch_ends_at_the_passport_of_the_patient_who_is_open(open_page, demo, screenshot):
    page = launched(open_page, demo)
    assert page.locator("h1").inner_text() == "Pharmacogenomic passport"
    assert "Synthetic-Ada Example" in page.locator("header.patient").inner_text()
    simvastatin = page.locator(".medicines tr", has_text="simvastatin 40 MG").inner_text()
    assert "Caution or adjust" in simvastatin
    assert "SLCO1B1 Decreased Function" in simvastatin
    screenshot(page, "passport-clinician")
    check_axe(page)


def test_a_standalone_launch_lets_a_patient_be_chosen(open_page, demo):
    page = open_page(f"{demo}/app/launch")
    page.check("input[name=patient][value=synthetic-chi]")
    page.click("button[value=allow]")
    page.wait_for_url("**/app?session=*")
    assert "Synthetic-Chi Example" in page.locator("header.patient").inner_text()
    row = page.locator(".medicines tr", has_text="carbamazepine 200 MG").inner_text()
    assert "Avoid" in row
    assert "HLA-B*15:02 positive" in row


def test_two_windows_hold_two_patients(open_page, demo):
    first = launched(open_page, demo)
    second = first.context.new_page()
    second.goto(f"{demo}/app/launch")
    second.check("input[name=patient][value=synthetic-ben]")
    second.click("button[value=allow]")
    second.wait_for_url("**/app?session=*")
    first.reload()
    assert "Synthetic-Ada" in first.locator("header.patient").inner_text()
    assert "Synthetic-Ben" in second.locator("header.patient").inner_text()


def test_a_logout_ends_it_and_the_back_button_shows_nobody(open_page, demo):
    page = launched(open_page, demo)
    page.click("text=Log out")
    assert page.locator("h1").inner_text() == "Logged out"
    page.go_back()
    page.reload()
    assert page.locator("h1").inner_text() == "Not launched"


def test_the_sandbox_s_way_of_launching_opens_at_the_drug_of_the_card(open_page, demo):
    page = open_page()
    token = token_for(demo, "user/*.rs")
    answer = requests.post(
        f"{demo}/fhir/_services/smart/Launch",
        json={"launchUrl": f"{demo}/app/launch",
              "parameters": {"patient": "synthetic-ada", "appContext": "drug-clopidogrel"}},
        headers={"Authorization": f"Bearer {token}"},
        timeout=10,
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    page.goto(f"{demo}/app/launch?iss={demo}/fhir&launch={answer.json()['launch_id']}")
    page.wait_for_url("**/app?session=*#drug-clopidogrel")
    place = page.locator("#drug-clopidogrel")
    assert place.count() == 1
    assert "Avoid if possible" in page.locator(".is-asked").first.inner_text()
    assert page.evaluate("window.scrollY") > 0 or page.locator(".is-asked").first.is_visible()


# A foreign EHR


def test_from_a_foreign_ehr_the_page_shows_its_data_and_says_what_it_may_not_read(
    open_page, tmp_path
):
    ehr = ForeignEhr([person(), genotype("CYP2C19", "*2/*2"), order("clopidogrel")])
    ehr.status = {"Condition": 403}
    ehr.granted = {"appContext": "drug-clopidogrel"}
    try:
        with running_server(tmp_path, access=ehr.access(tmp_path)) as ours:
            page = open_page(f"{ours}/app/launch?iss={ehr.base}/fhir&launch=xyz")
            page.wait_for_url("**/app?session=*#drug-clopidogrel")
            row = page.locator(".medicines tr.is-asked").inner_text()
            assert "Avoid" in row
            assert "CYP2C19 Poor Metabolizer" in row
            assert "The problem list (Condition): not read." in page.locator("main").inner_text()
            check_axe(page)
    finally:
        ehr.close()


# Every reader, every screen


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("reader", ["", "&for=patient", "&for=patient&language=es"])
def test_on_a_phone_nothing_is_cut_off_and_nobody_is_kept_out(
    open_page, demo, scheme, reader, screenshot
):
    page = launched(open_page, demo, viewport=PHONE, color_scheme=scheme)
    page.goto(page.url.partition("#")[0] + reader)
    assert overflow(page) <= 0
    check_axe(page)
    if scheme == "light":
        screenshot(page, f"passport-phone{reader.replace('&', '-').replace('=', '-')}")


def test_without_a_script_the_page_is_whole_and_shows_no_dead_button(open_page, demo):
    page = launched(open_page, demo, java_script_enabled=False)
    assert not page.locator("[data-print]").is_visible()
    assert "simvastatin" in page.locator("main").inner_text()


def test_by_the_keyboard_everything_is_reached_and_seen(open_page, demo):
    page = launched(open_page, demo)
    page.locator("body").press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    seen = set()
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.textContent.trim().slice(0, 20)"))
    assert {"Print", "For the patient", "Log out"} <= seen


def test_the_patient_changes_the_language_and_stays_in_the_session(open_page, demo, screenshot):
    page = launched(open_page, demo)
    page.click("text=For the patient")
    assert page.locator("html").get_attribute("lang") == "en"
    page.click("text=Español")
    assert page.locator("html").get_attribute("lang") == "es"
    assert "Synthetic-Ada" in page.locator("header.patient").inner_text()
    first = page.locator("main").inner_text().strip()
    assert first.startswith("Antes de cambiar nada")
    screenshot(page, "passport-patient-es")


# Paper


@pytest.mark.parametrize("size", sorted(LETTER_AND_A4))
@pytest.mark.parametrize("reader", ["", "&for=patient&language=es"])
def test_on_paper_every_page_says_whose_it_is(open_page, demo, size, reader):
    pypdf = pytest.importorskip("pypdf")
    page = launched(open_page, demo)
    page.goto(page.url.partition("#")[0] + reader)
    document = pypdf.PdfReader(io.BytesIO(page.pdf(format=size)))
    assert 1 <= len(document.pages) <= 5
    texts = [each.extract_text() for each in document.pages]
    for number, text in enumerate(texts, 1):
        assert "Synthetic-Ada Example" in text, number
        assert "synthetic-ada" in text, number
        assert f"{number} / {len(texts)}" in text
    width, height = LETTER_AND_A4[size]
    box = document.pages[0].mediabox
    assert abs(float(box.width) - width) < 2
    assert abs(float(box.height) - height) < 2
    whole = " ".join(" ".join(texts).split())
    assert "simvastatin" in whole
    assert "SLCO1B1" in whole
    if not reader:
        assert "Prescribe another statin" in whole
        assert "Log out" not in whole


def test_print_is_one_click_and_unfolds_what_is_folded(open_page, demo):
    page = launched(open_page, demo)
    page.evaluate("window.print = () => { window.printed = true; }")
    page.click("[data-print]")
    assert page.evaluate("window.printed")
    assert page.locator("details:not([open])").count() > 0
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("details:not([open])").count() > 0
