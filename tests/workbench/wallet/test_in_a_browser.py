"""The card's pages in a real browser: seen, printed, scanned off the screen, verified."""

import re
import zlib

import pytest
import zxingcpp

from tests.browsers import PHONE
from tests.workbench.axe import check_axe
from tests.workbench.wallet.launched import ADA, FULL, launch, launching
from tests.workbench.wallet.png import grey_of

pytestmark = pytest.mark.browser
MM = 96 / 25.4  # CSS pixels


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    with launching(tmp_path_factory.mktemp("wallet"), demo="on") as address:
        yield address


def card_page(open_page, base, patient=ADA, **options):
    page = open_page(**options)
    handle = launch(page, base, patient)
    page.goto(f"{base}/app/card?session={handle}")
    return page


def width_of(page):
    return page.evaluate("document.documentElement.scrollWidth")


def heights(page):
    return page.evaluate("[...document.querySelectorAll('.card')].map(e => e.offsetHeight)")


def test_the_code_is_scanned_off_the_screen_and_verified_on_the_server(open_page, base, screenshot):
    page = card_page(open_page, base, device_scale_factor=3)
    (read,) = zxingcpp.read_barcodes(grey_of(page.locator(".card-qr").screenshot()))
    assert read.text == page.locator("#qr-text").input_value()
    assert page.get_by_text("DEMONSTRATION").count() >= 3
    check_axe(page)
    screenshot(page, "wallet-card")
    page.goto(f"{base}/card/verify")
    check_axe(page)
    page.get_by_label("Text of the card").fill(read.text)
    page.get_by_role("button", name="Verify").click()
    assert page.get_by_role("heading", name="A demonstration card").is_visible()
    assert page.get_by_role("rowheader", name="CYP2C19").is_visible()
    assert page.get_by_text("proves nothing").is_visible()
    check_axe(page)
    screenshot(page, "wallet-verified")


@pytest.mark.parametrize("patient", [ADA, FULL])
def test_the_card_has_the_size_of_a_credit_card_and_nothing_is_cut_off(open_page, base, patient):
    page = card_page(open_page, base, patient)
    page.emulate_media(media="print")
    box = page.locator(".card").first.bounding_box()
    assert box["width"] == pytest.approx(85.6 * MM, abs=1)
    for height in heights(page):
        assert height == pytest.approx(54 * MM, abs=1)
    pdf = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1
    assert any(b"Tj" in _unpacked(part) or b"TJ" in _unpacked(part) for part in _streams(pdf))
    assert len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="Letter"))) == 1


def _streams(pdf):
    return re.findall(rb"stream\r?\n(.*?)endstream", pdf, re.DOTALL)


def _unpacked(stream):
    try:
        return zlib.decompressobj().decompress(stream)
    except zlib.error:
        return b""


def test_what_did_not_fit_is_said_on_the_card_and_beside_it(open_page, base, screenshot):
    page = card_page(open_page, base, FULL)
    on_it = page.locator(".card-genes tbody tr").count()
    assert on_it < 11
    assert page.get_by_text(f"{11 - on_it} more with a result").is_visible()
    assert f"{11 - on_it} gene" in page.locator(".card-counts").inner_text()
    assert page.locator("b", has_text="Example").count() == 0  # of the name's markup
    screenshot(page, "wallet-full")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_both_pages_whole(open_page, base, screenshot, scheme):
    page = card_page(open_page, base, viewport=PHONE, color_scheme=scheme)
    assert width_of(page) <= PHONE["width"]
    check_axe(page)
    page.goto(f"{base}/card/verify")
    assert width_of(page) <= PHONE["width"]
    screenshot(page, f"wallet-phone-{scheme}")


def test_initials_stand_in_place_of_the_name(open_page, base):
    page = card_page(open_page, base)
    page.get_by_label("Name on the card").select_option("initials")
    page.get_by_role("button", name="Make the card").click()
    assert "S. E." in page.locator(".card-holder").inner_text()
    with page.expect_download() as begun:
        page.get_by_role("link", name="Save as a file").click()
    assert begun.value.suggested_filename == "wallet-card.smart-health-card"


def test_the_pages_work_without_scripts(open_page, base):
    page = card_page(open_page, base, java_script_enabled=False)
    text = page.locator("#qr-text").input_value()
    assert not page.locator("#print").is_visible()
    page.goto(f"{base}/card/verify")
    page.get_by_label("Text of the card").fill(text)
    page.get_by_role("button", name="Verify").click()
    assert page.get_by_role("heading", name="A demonstration card").is_visible()
