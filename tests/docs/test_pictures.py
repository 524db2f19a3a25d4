"""The pictures of the papers are of the pages as they are, small, and said in words.

`make screenshots` takes them anew: FHIR_PGX_SCREENSHOTS names the folder they are written to.
Where it is not set, the pages are gone through all the same. Every person is synthetic.
"""

import contextlib
import json
import os
import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.docs.blocks import PAPERS, ROOT, name_of
from tests.docs.small_png import small
from tests.running_server import running_server
from tests.workbench.wallet.launched import ADA, launch

IMAGES = ROOT / "docs" / "images"
MOST_BYTES = 150_000
DESK = {"width": 1180, "height": 760}
CALLED = (
    "order-sign-clopidogrel", "clopidogrel-intermediate", "codeine-ultrarapid",
    "order-sign-five-drafts", "tumour-cetuximab-kras", "abacavir-positive", "simvastatin-poor",
    "pathogen-hiv", "refused-missing-context",
)  # fmt: skip
TRIED = ("order-sign-clopidogrel", "order-sign-five-drafts", "codeine-ultrarapid")
POLICY = b'[hooks.order-sign]\nleast_indicator = "critical"\n'
_IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")


def pictures_of(path):
    """The pictures of a page as files, each with its words."""
    found = _IMAGE.findall(path.read_text(encoding="utf-8"))
    return [((path.parent / file).resolve(), " ".join(words.split())) for words, file in found]


PICTURED = [path for path in PAPERS if pictures_of(path)]


@pytest.mark.parametrize("path", PICTURED, ids=name_of)
def test_every_picture_of_a_page_is_there_small_and_said_in_words(path):
    for file, words in pictures_of(path):
        assert file.parent == IMAGES
        assert file.read_bytes().startswith(b"\x89PNG")
        assert file.stat().st_size <= MOST_BYTES, file.name
        assert len(words) > 25, f"{file.name} is not described"


def test_no_picture_lies_about_that_no_page_shows():
    shown = {file.name for path in PICTURED for file, _ in pictures_of(path)}
    assert {file.name for file in IMAGES.iterdir()} == shown


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """An open server that was called a few times, with feedback on some of the cards."""
    with running_server(tmp_path_factory.mktemp("pictures"), arguments=("--demo",)) as address:
        for turn, name in enumerate(CALLED):
            call(address, name, turn)
        yield address


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """A demonstration whose EHR launches our app."""
    folder = tmp_path_factory.mktemp("launched")
    with running_server(folder, arguments=("--demo",), demo_authorization="on") as address:
        yield address


def call(address, example, turn):
    """Send an example; every third time accept the first card, every third override it."""
    services = f"{address}/cds-services/pgx-order-sign"
    answer = sent(services, (ROOT / "examples" / example / "request.json").read_bytes())
    cards = answer.get("cards", [])
    if cards and turn % 3 < 2:
        item = {"card": cards[0]["uuid"], "outcomeTimestamp": "2026-01-05T09:00:00Z"}
        suggestions = cards[0].get("suggestions", [])
        if turn % 3 == 0 and suggestions:
            item |= {"outcome": "accepted", "acceptedSuggestions": [{"id": suggestions[0]["uuid"]}]}
        else:
            item |= {"outcome": "overridden"}
        sent(f"{services}/feedback", json.dumps({"feedback": [item]}).encode())


def sent(url, body):
    asked = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return json.loads(answer.read())
    except urllib.error.HTTPError as refused:
        return json.loads(refused.read())


@pytest.fixture
def keep(chromium):
    """Write a picture of what is seen of a page, or of a part of it from its top on, where a folder
    is named."""
    named = os.environ.get("FHIR_PGX_SCREENSHOTS", "")

    def keep_one(page, name, part="", most=DESK["height"]):
        options = {}
        if part:
            page.evaluate("document.querySelector('.jumps')?.remove()")  # it stands over all else
            box = page.locator(part).first.bounding_box()
            scrolled = page.evaluate("window.scrollY")
            clip = {**box, "y": box["y"] + scrolled, "height": min(box["height"], most)}
            options = {"full_page": True, "clip": clip}
        picture = page.screenshot(animations="disabled", scale="css", **options)
        assert picture
        if named:
            folder = Path(named)
            folder.mkdir(parents=True, exist_ok=True)
            with contextlib.closing(chromium.new_page()) as blank:
                (folder / f"{name}.png").write_bytes(small(blank, picture))

    return keep_one


@pytest.fixture
def desk(open_page):
    def open_one(url="", **options):
        return open_page(url, **{"viewport": DESK, "color_scheme": "light", **options})

    return open_one


@pytest.mark.browser
def test_the_workbench_and_a_gene(desk, served, keep):
    page = desk(f"{served}/")
    page.wait_for_selector("body.scripted")
    assert page.locator("#cards-part").is_visible()
    keep(page, "workbench")
    page = desk(f"{served}/?example=variants-partial-test")
    page.wait_for_selector("#gene-part")
    keep(page, "gene", "#gene-part", most=1100)


@pytest.mark.browser
def test_a_tumour(desk, served, keep):
    page = desk(f"{served}/?example=tumour-chart")
    page.wait_for_selector("#tumour-part")
    keep(page, "tumour", "#tumour-part", most=900)


@pytest.mark.browser
def test_the_console_and_a_dry_run(desk, served, keep):
    page = desk(f"{served}/console")
    assert page.locator("h1").is_visible()
    keep(page, "console")
    page.goto(f"{served}/console/dry-run")
    lines = [
        json.dumps(json.loads((ROOT / "examples" / name / "request.json").read_text("utf-8")))
        for name in TRIED
    ]
    files = page.locator("input[type=file]")
    past = {"name": "past.ndjson", "mimeType": "application/x-ndjson"}
    files.nth(0).set_input_files({**past, "buffer": "\n".join(lines).encode()})
    policy = {"name": "quiet.toml", "mimeType": "application/toml"}
    files.nth(1).set_input_files({**policy, "buffer": POLICY})
    page.locator("main form button").first.click()
    page.wait_for_load_state()
    assert "1,000" in page.locator("main").inner_text()
    page.get_by_role("heading", name="Report").scroll_into_view_if_needed()
    page.evaluate("document.querySelector('main h2').scrollIntoView()")
    keep(page, "dry-run")


@pytest.mark.browser
def test_the_api(desk, served, keep):
    page = desk(f"{served}/docs")
    assert page.locator("h1").is_visible()
    keep(page, "api")


@pytest.mark.browser
def test_the_passport_for_both_readers_and_the_card(desk, demo, keep):
    page = desk()
    handle = launch(page, demo, ADA)
    assert page.locator("h1").is_visible()
    keep(page, "passport")
    page.goto(f"{demo}/app?session={handle}&for=patient&language=es")
    assert page.locator("html").get_attribute("lang") == "es"
    keep(page, "passport-patient-es")
    page.goto(f"{demo}/app/card?session={handle}")
    assert page.locator(".card").count() == 2  # the front and the back
    keep(page, "wallet-card", ":has(> .card)", most=900)
