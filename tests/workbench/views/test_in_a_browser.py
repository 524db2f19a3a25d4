"""The gene and warfarin fragments as a browser shows them: wide, on a phone, dark, and in print."""

from datetime import date

import pytest

from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.workbench.assets import assets
from fhir_pgx.workbench.views.gene import render_gene
from fhir_pgx.workbench.views.warfarin import render_warfarin
from tests.seen_people import bundle, case, genome, medicine, result, vcf
from tests.workbench.axe import check_axe

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 780}
LINES = ["94761900 C T 0/0", "94780653 G A ./.", "94781859 G A 0/1", "94842866 A G 1/1"]


@pytest.fixture(scope="module")
def pages(knowledge):
    pipeline = Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 23))
    drugs = (medicine("32937", "paroxetine"), result("CYP2D6", "*1x2/*36 + *10"))
    genes = [
        pipeline.gene_view(genome("panel-grch38.vcf"), "CYP2C9"),
        pipeline.gene_view(vcf(LINES), "CYP2C19"),
        pipeline.gene_view(bundle(*drugs), "CYP2D6"),
        pipeline.gene_view(bundle(result("HLA-B", "*57:01/*08:01")), "HLA-B"),
    ]
    shown = "".join(render_gene(each, level=2, prefix=f"g{i}") for i, each in enumerate(genes))
    warfarin = pipeline.warfarin_view(case("patient-warfarin-amiodarone"))
    return {"genes": _page(shown), "warfarin": _page(render_warfarin(warfarin, level=2))}


def _page(body):
    style = "".join(assets()[name].body.decode() for name in ("site.css", "views.css"))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Synthetic</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<style>{style}</style></head><body><main><h1>Synthetic</h1>{body}</main></body></html>"
    )


@pytest.mark.parametrize("name", ["genes", "warfarin"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [{"width": 1280, "height": 900}, PHONE], ids=["wide", "phone"])
def test_it_is_legible_and_never_wider_than_the_page(
    open_page, screenshot, pages, name, scheme, viewport
):
    page = open_page(color_scheme=scheme, viewport=viewport)
    page.set_content(pages[name])
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    check_axe(page)
    screenshot(page, f"views-{name}-{scheme}-{viewport['width']}")


def test_one_drawing_of_the_two_is_shown_and_it_is_near_its_own_size(open_page, pages):
    """Scaled down, its letters would not be read."""
    for viewport, shown, hidden in (
        ({"width": 1280, "height": 900}, "wide", "narrow"),
        (PHONE, "narrow", "wide"),
    ):
        page = open_page(viewport=viewport)
        page.set_content(pages["genes"])
        assert not page.locator(f".drawing-{hidden} svg").first.is_visible()
        for each in page.locator(f".drawing-{shown} svg").all():
            scale = each.bounding_box()["width"] / float(each.get_attribute("width"))
            assert 0.9 < scale <= 1.01


def test_states_differ_without_colour(open_page, pages):
    """What is drawn for two states differs in more than its fill: the markup, classes aside."""
    page = open_page()
    page.set_content(pages["genes"])
    shapes = page.evaluate(
        """() => [...document.querySelectorAll('#g1-name ~ * .legend li')].map(
            li => li.querySelector('svg').innerHTML.replace(/class="[^"]*"/g, ''))"""
    )
    assert len(shapes) == len(set(shapes)) > 5


@pytest.mark.parametrize("name", ["genes", "warfarin"])
@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_it_prints(open_page, pages, name, paper):
    page = open_page()
    page.set_content(pages[name])
    written = page.pdf(format=paper)
    assert written.startswith(b"%PDF")
    assert 1 <= written.count(b"/Type /Page\n") + written.count(b"/Type /Page ") <= 20
