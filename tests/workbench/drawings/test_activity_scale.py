"""The scale of a gene, parsed. All people are synthetic."""

import copy
from datetime import date

import pytest

from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.workbench.drawings.activity_scale import activity_scale, band_text
from tests.seen_people import bundle, genome, medicine, result
from tests.workbench.drawn import HOSTILE, parsed, text_of, well_labelled

PAROXETINE = medicine("32937", "paroxetine")


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 23))


def scale(pipeline, gene, *resources):
    return parsed(activity_scale(pipeline.gene_view(bundle(*resources), gene)))


def bands(tree):
    """Each drawn band: its words, and where it begins and ends."""
    found = []
    for each in tree.xpath("//g[starts-with(@class, 'band-')][title]"):
        (rect,) = each.xpath("./rect")
        low = float(rect.get("x"))
        found.append((text_of(each.xpath("./title")[0]), low, low + float(rect.get("width"))))
    return found


def leads(tree):
    """Where each marker points, by its class."""
    return [
        (line.getparent().get("class"), float(line.get("x1")))
        for line in tree.xpath("//line[@class='lead']")
    ]


def test_the_patients_score_lies_in_the_band_of_the_phenotype(pipeline):
    for diplotype, phenotype in (
        ("*1/*1", "Normal"), ("*1/*3", "Intermediate"), ("*1/*2", "Intermediate"),
        ("*2/*3", "Poor"), ("*3/*3", "Poor"),
    ):  # fmt: skip
        tree = scale(pipeline, "CYP2C9", result("CYP2C9", diplotype))
        ((kind, x),) = leads(tree)
        (here,) = [name for name, low, high in bands(tree) if low <= x <= high]
        assert kind == "marker marker-genotype marker-certain"
        assert here.startswith(f"{phenotype} Metabolizer"), diplotype


def test_every_score_of_the_table_lies_in_its_own_band(pipeline, knowledge):
    view = pipeline.gene_view(bundle(), "CYP2D6")
    for pair in knowledge.genes["CYP2D6"].pairs:
        score = pair.activity_score
        if score == "n/a" or float(score.removeprefix("≥")) > 4:
            continue
        placed = copy.deepcopy(view)
        marker = {"kind": "genotype", "certain": True, "phenotype": pair.phenotype, "score": score}
        placed["scale"]["markers"] = [marker]
        tree = parsed(activity_scale(placed))
        ((_, x),) = leads(tree)
        (here,) = [name for name, low, high in bands(tree) if low <= x <= high]
        assert here.startswith(pair.phenotype), score


def test_what_a_medicine_makes_of_it_is_another_marker(pipeline):
    tree = scale(pipeline, "CYP2D6", result("CYP2D6", "*1/*41"), PAROXETINE)
    kinds = [kind for kind, _ in leads(tree)]
    assert kinds[:2] == [
        "marker marker-genotype marker-certain", "marker marker-effect marker-certain",
    ]  # fmt: skip
    said = text_of(tree)
    assert "1.25 by the genes: Normal Metabolizer" in said
    assert "0.0 with paroxetine: Poor Metabolizer" in said
    assert "a caution of ours" in said


@pytest.mark.parametrize(
    ("resources", "word"),
    [
        ((), "Not tested"),
        ((result("CYP2C9", "*1/*7"),), "Indeterminate: called, and its function is not known"),
    ],
)
def test_without_a_place_a_word_stands_in_place_of_the_marker(pipeline, resources, word):
    tree = scale(pipeline, "CYP2C9", *resources)
    assert leads(tree) == []
    assert text_of(tree.xpath("//text[@class='word']")[0]) == word
    assert word in text_of(tree.xpath("//desc")[0])


def test_several_possible_scores_share_a_row_and_are_dashed(pipeline):
    stated = result("CYP2D6", "Intermediate Metabolizer", code="53040-2")
    tree = scale(pipeline, "CYP2D6", stated)
    assert [kind for kind, _ in leads(tree)] == ["marker marker-genotype marker-possible"] * 4
    assert "0.25, 0.5, 0.75 or 1.0 possible by the genes" in text_of(tree)


def test_an_open_score_has_an_open_end(pipeline):
    tree = scale(pipeline, "CYP2D6", result("CYP2D6", "*1/*2x≥3"))
    assert len(tree.xpath("//line[@class='open-end']")) == 1


def test_a_gene_without_scores_has_a_ladder_with_the_patient_on_a_rung(pipeline):
    view = pipeline.gene_view(genome("panel-grch38.vcf"), "CYP2C19")
    tree = parsed(activity_scale(view))
    rungs = [text_of(each) for each in tree.xpath("//text[@class='rung-name']")]
    assert rungs[0] == "Ultrarapid Metabolizer"
    assert rungs[-1] == "Poor Metabolizer"
    (here,) = tree.xpath("//g[@class='rung-here']")
    assert text_of(here).startswith("Intermediate Metabolizer")


@pytest.mark.parametrize(
    ("band", "text"),
    [
        (("0", True, "0", True), "P: 0"),
        (("0", False, "1.25", False), "P: above 0, below 1.25"),
        (("1.25", True, "2.25", True), "P: from 1.25 to 2.25"),
        (("2.25", False, "", False), "P: above 2.25"),
    ],
)
def test_the_ends_of_a_band_in_words(band, text):
    low, includes_low, high, includes_high = band
    assert text == band_text(
        {"phenotype": "P", "low": low, "includes_low": includes_low, "high": high,
         "includes_high": includes_high}
    )  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("gene", ["CYP2C9", "CYP2C19"])
def test_a_hostile_text_stays_text(pipeline, gene, text):
    view = copy.deepcopy(pipeline.gene_view(bundle(result(gene, "*1/*2")), gene))
    view["gene"] = text
    view["scale"]["word"] = text
    view["scale"]["markers"].append(
        {"kind": "effect", "certain": False, "phenotype": text, "agents": [text], "text": text}
    )
    well_labelled(parsed(activity_scale(view)))


def test_every_gene_has_a_scale_or_none(pipeline):
    views = pipeline.gene_views(genome("panel-grch38.vcf"))
    empty = {gene for gene, view in views.items() if not activity_scale(view)}
    assert empty == {"CYP4F2", "HLA-A", "HLA-B", "HLA-DQA1", "HLA-DRB1"}
    for view in views.values():
        parsed(activity_scale(view))
