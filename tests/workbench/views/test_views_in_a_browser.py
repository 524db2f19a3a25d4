"""Cards, trace and tumour view as a browser shows them: axe finds nothing, a phone never scrolls
sideways, and no style or script is needed that our pages may not have."""

import json
from pathlib import Path

import pytest
from markupsafe import Markup

from fhir_pgx.workbench.views.cards import render_cards
from fhir_pgx.workbench.views.trace import render_trace
from fhir_pgx.workbench.views.tumour import render_tumour
from tests.browsers import DESKTOP, PHONE
from tests.workbench.axe import violations
from tests.workbench.drawn import HOSTILE
from tests.workbench.views.test_trace import pipeline, traced  # noqa: F401 - fixtures
from tests.workbench.views.test_tumour import case

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[3]
STATIC = ROOT / "fhir_pgx/workbench/static"
POLICY = "default-src 'none'; style-src 'self'; script-src 'unsafe-eval'; img-src 'self'"
PAGE = Markup(
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Views</title>'
    '<meta name="viewport" content="width=device-width, initial-scale=1">{}</head>'
    "<body><main><h1>Views</h1><h2>Cards</h2>{}<h2>Trace</h2>{}<h2>Tumour</h2>{}</main></body></html>"
)
SHEETS = ("site.css", "cards.css", "trace.css", "tumour.css")


@pytest.fixture
def shown(open_page, pipeline, traced):  # noqa: F811
    """The page with all three, served under the policy of our own pages."""

    def show(example, tumour, client="generic", **options):
        answer = json.loads((ROOT / "examples" / example / "answer.json").read_bytes())
        body = PAGE.format(
            Markup("").join(
                Markup('<link rel="stylesheet" href="/{}">').format(name) for name in SHEETS
            ),
            render_cards(answer, feedback_action="/f", csrf=Markup(""), client=client),
            render_trace(traced(example)),
            render_tumour(case(pipeline, tumour)),
        )
        page = open_page(**options)

        def serve(route):
            name = route.request.url.rpartition("/")[2]
            if name in SHEETS:
                return route.fulfill(path=str(STATIC / name), content_type="text/css")
            headers = {"Content-Security-Policy": POLICY}
            return route.fulfill(body=str(body), content_type="text/html", headers=headers)

        page.route("**/*", serve)
        page.goto("http://views.example/page")
        return page

    return show


CASES = [
    ("host-tumour-pathogen", "chart-erlotinib-in-use-t790m", "generic"),
    ("result-conflict", "chart-braf-v600e-colorectal", "cds-hooks-sandbox"),
    ("prevention-brca1", "irinotecan-host-and-tumour", "epic"),
    ("variants-partial-test", "trastuzumab-deruxtecan-her2-low", "oracle"),
]


@pytest.mark.parametrize(("example", "tumour", "client"), CASES)
def test_axe_finds_nothing_and_no_page_scrolls_sideways(shown, screenshot, example, tumour, client):
    page = shown(example, tumour, client, reduced_motion="reduce")
    for size, scheme in ((DESKTOP, "light"), (PHONE, "dark")):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        screenshot(page, f"views-{example}-{scheme}-{size['width']}")


def test_on_a_phone_the_list_takes_the_pictures_place(shown):
    page = shown(*CASES[1][:2], viewport=PHONE)
    assert not page.locator(".trace-scroll").first.is_visible()
    assert page.locator(".trace-columns").first.is_visible()
    wide = shown(*CASES[1][:2], viewport=DESKTOP)
    assert wide.locator(".trace-scroll").first.is_visible()
    assert not wide.locator(".trace-columns").first.is_visible()


def test_no_text_of_a_box_runs_out_of_it(shown):
    page = shown(*CASES[0][:2], viewport=DESKTOP)
    outside = page.evaluate(
        """() => [...document.querySelectorAll('.trace-box')].flatMap(box => {
          const rect = box.querySelector('.trace-rect').getBoundingClientRect();
          return [...box.querySelectorAll('text')]
            .filter(text => text.getBoundingClientRect().right > rect.right + 1)
            .map(text => text.textContent);
        })"""
    )
    assert outside == []


def test_a_hostile_answer_runs_nothing(open_page):
    page = open_page()
    said = []
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    cards = [
        {"uuid": name, "summary": text, "indicator": "info", "detail": text,
         "source": {"label": text, "url": text},
         "links": [{"label": text, "url": text, "type": "absolute"}]}
        for name, text in HOSTILE.items()
    ]  # fmt: skip
    page.set_content(str(render_cards({"cards": cards}, feedback_action="/f", csrf=Markup(""))))
    page.wait_for_timeout(100)
    assert said == []
    assert page.locator("article").count() == len(HOSTILE)
    assert page.locator("script, img, iframe").count() == 0
