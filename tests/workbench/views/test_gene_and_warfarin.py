"""The gene and warfarin fragments: a table beside each drawing, words beside marks, text as text.
All people are synthetic."""

import copy
import re
from datetime import date
from itertools import pairwise

import pytest

from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.workbench.assets import assets
from fhir_pgx.workbench.views.gene import render_gene
from fhir_pgx.workbench.views.warfarin import render_warfarin
from tests.seen_people import bundle, case, genome, medicine, result
from tests.workbench.drawn import HOSTILE, parsed, text_of, well_labelled


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 23))


@pytest.fixture(scope="module")
def warfarin(pipeline):
    return pipeline.warfarin_view(case("patient-warfarin-amiodarone"))


def rows(tree, caption):
    (table,) = [
        each for each in tree.xpath("//table") if text_of(each.xpath("./caption")[0]) == caption
    ]
    return [
        [text_of(cell) for cell in row.xpath("./th | ./td")] for row in table.xpath("./tbody/tr")
    ]


def test_the_table_of_positions_has_what_the_track_has(pipeline):
    view = pipeline.gene_view(genome("panel-grch38.vcf"), "CYP2C19")
    tree = parsed(render_gene(view))
    found = rows(
        tree,
        "Decision positions of CYP2C19, NC_000010.11 (GRCh38), counted from 1, forward strand",
    )
    assert len(found) == 35
    by_name = {row[1]: row for row in found}
    assert by_name["rs4244285"] == [
        "94,781,859", "rs4244285", "G>A", "variant, heterozygous", "G/A panel-grch38.vcf, line 271",
        "*2",
    ]  # fmt: skip
    assert by_name["rs4986893"][3] == "reference"


def test_every_caveat_and_source_stands_with_the_view(pipeline):
    view = pipeline.gene_view(bundle(result("CYP2C19", "*1/*2")), "CYP2C19")
    said = text_of(parsed(render_gene(view)))
    for caveat in view["caveats"]:
        assert caveat["code"] in said
    assert "From Observation/CYP2C19-1 (2026-03-02)." in said
    assert f"Knowledge release {view['knowledge']['release']}." in said
    assert "A report states the result and not what it tested" in said


@pytest.mark.parametrize("resources", [(), (result("CYP2C9", "*1/*7"),)])
def test_not_tested_and_indeterminate_read_and_look_otherwise(pipeline, resources):
    view = pipeline.gene_view(bundle(*resources), "CYP2C9")
    tree = parsed(render_gene(view))
    word = "Indeterminate" if resources else "Not tested"
    (status,) = tree.xpath("//span[starts-with(@class, 'status ')]")
    assert word in text_of(status)
    assert ("every position is drawn as not tested" in text_of(tree)) is not bool(resources)


def test_an_hla_gene_is_a_table(pipeline):
    typed = pipeline.gene_view(bundle(result("HLA-B", "*57:01/*08:01")), "HLA-B")
    tree = parsed(render_gene(typed))
    found = rows(tree, "Alleles of HLA-B. They are typed whole: no positions are drawn.")
    assert ["HLA-B*57:01", "positive", "yes"] in found
    assert ["HLA-B*08:01", "carried", "no"] in found
    assert tree.xpath("//svg") == []
    tree = parsed(render_gene(pipeline.gene_view(bundle(), "HLA-B")))
    assert {row[1] for row in rows(tree, text_of(tree.xpath("//caption")[0]))} == {"not known"}


def test_every_gene_renders_and_several_stand_on_one_page(pipeline):
    drugs = (medicine("32937", "paroxetine"), result("CYP2D6", "*1x2/*36 + *10"))
    views = [*pipeline.gene_views(genome("panel-grch38.vcf")).values()]
    views += pipeline.gene_views(bundle(*drugs)).values()
    page = "".join(render_gene(each, prefix=f"g{i}") for i, each in enumerate(views))
    well_labelled(parsed(page))


def test_headings_follow_the_level_given(pipeline):
    view = pipeline.gene_view(genome("panel-grch38.vcf"), "CYP2C19")
    tree = parsed(render_gene(view, level=2))
    levels = [int(each.tag[1]) for each in tree.xpath("//h2 | //h3 | //h4 | //h5")]
    assert levels[0] == 2
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_each_panel_of_doses_has_its_table(warfarin):
    tree = parsed(render_warfarin(warfarin))
    panels = warfarin["branches"][0]["panels"]
    assert len(tree.xpath("//figure")) == len(panels) == 11
    assert rows(tree, "mg a week by VKORC1 -1639") == [
        ["GG", "24.6", "21.5", ""], ["AG", "16.7", "15.6", "this patient"],
        ["AA", "10.6", "11.3", ""],
    ]  # fmt: skip
    assert rows(tree, "Computed dose of this patient") == [
        ["IWPC", "16.7", "2.4"], ["Gage", "15.6", "2.2"],
    ]  # fmt: skip
    ages = rows(tree, "mg a week by Age")
    assert [row[0] for row in ages] == ["20", "30", "40", "50", "60", "68", "70", "80", "90"]


def test_a_refusal_is_said_before_any_drawing(pipeline):
    tree = parsed(render_warfarin(pipeline.warfarin_view(bundle())))
    assert tree.xpath("//svg") == []
    assert "No dose is computed by an equation. No CYP2C9 result is on file." in text_of(tree)


def test_missing_inputs_are_named_and_nothing_looks_like_a_dose(pipeline):
    less = pipeline.warfarin_view(case("patient-warfarin-amiodarone", without=("vitalSigns",)))
    tree = parsed(render_warfarin(less))
    assert "No dose is computed: height, weight not known." in text_of(tree)
    assert tree.xpath("//*[contains(@class, 'curve')]") == []


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_texts_stay_text(pipeline, warfarin, text):
    view = _with_texts(pipeline.gene_view(genome("panel-grch38.vcf"), "CYP2C19"), text)
    well_labelled(parsed(render_gene(view)))
    shown = copy.deepcopy(warfarin)
    shown["inputs"] = [text]
    for branch in shown["branches"]:
        branch |= {"label": text, "when": text, "refusal": text, "changes": [text]}
        branch["advice"] = [{"action": "alternative", "summary": text, "caveats": []}]
        for panel in branch["panels"]:
            panel |= {"value": text, "note": text, "label": text}
    well_labelled(parsed(render_warfarin(shown)))


def _with_texts(view, text):
    """The view with a hostile text wherever somebody else's words stand."""
    view = copy.deepcopy(view)
    view |= {"subject": text, "phenotype": text, "could_change": [text]}
    view["caveats"] = [{"code": "PGX-000", "text": text}]
    view["derived_from"] = [{"reference": text, "when": text}]
    for candidate in view["candidates"]:
        candidate |= {"name": text, "stated": f"{text} "}
    for position in view["positions"]:
        for read in position["reads"]:
            read |= {"reference": text, "where": text, "alleles": [text]}
    return view


def test_every_class_of_the_drawings_has_its_style():
    """A state without a style of its own would look like another one."""
    style = assets()["views.css"].body.decode()
    for name in (
        "mark-reference", "mark-variant", "mark-no-call", "mark-not-tested", "mark-not-stated",
        "stroke-reference", "stroke-variant", "stroke-no-call", "stroke-not-tested",
        "stroke-not-stated", "stroke-unknown-base", "stroke-conflict", "base-read", "base-open",
        "base-no-call", "base-not-tested", "base-not-stated", "base-contradicted",
        "marker-effect", "marker-possible", "series-0", "series-1", "series-2", "series-3",
    ):  # fmt: skip
        assert re.search(rf"\.{name}(?![\w-])", style), name
