"""The track of a gene, parsed: its marks in order, a look and a word for each state, text as text.
All people are synthetic."""

import copy
from datetime import date

import pytest

from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.reports.gene_view import STATE_WORDS
from fhir_pgx.workbench.drawings.gene_track import gene_track
from fhir_pgx.workbench.drawings.gene_words import legend, positions_drawn
from fhir_pgx.workbench.drawings.marks import STATES, SUPPORTS, base_mark, mark
from fhir_pgx.workbench.drawings.track_lines import Scale, length_text, side_by_side, ticks
from tests.seen_people import bundle, genome, result, vcf
from tests.workbench.drawn import HOSTILE, parsed, text_of, well_labelled


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 23))


@pytest.fixture(scope="module")
def panel(pipeline):
    return pipeline.gene_view(genome("panel-grch38.vcf"), "CYP2C19")


def marks(tree):
    """The class of each position's mark, in the order drawn."""
    return [each.get("class") for each in tree.xpath("//g[starts-with(@class, 'mark ')]")]


def titles(tree, kind):
    return [text_of(each) for each in tree.xpath(f"//g[starts-with(@class, '{kind} ')]/title")]


def xs(tree):
    """Where the marks of a track to scale stand: the middle of each circle or diamond."""
    found = []
    for each in tree.xpath("//g[starts-with(@class, 'mark ')]/*[self::circle or self::polygon][1]"):
        found.append(float(each.get("cx") or each.get("points").split(",")[0]))
    return found


@pytest.mark.parametrize("width", [760, 330])
def test_every_position_has_one_mark_in_genomic_order(panel, width):
    tree = parsed(gene_track(panel, width=width))
    said = [title.partition(",")[0] for title in titles(tree, "mark")]
    assert said == [each["site"] for each in panel["positions"]]
    assert marks(tree).count("mark mark-reference") == 31
    assert marks(tree).count("mark mark-variant heterozygous") == 3
    assert marks(tree).count("mark mark-variant homozygous") == 1


def test_each_haplotype_carries_the_bases_of_its_definition(panel):
    tree = parsed(gene_track(panel))
    # By line of the track, and in it by haplotype: rs3758581 ends the first line.
    assert sorted(titles(tree, "base")) == [
        "*17 has G at rs3758581: read at this position",
        "*17 has T at rs12248560: read at this position",
        "*2 has A at rs4244285: read at this position",
        "*2 has G at rs12769205: read at this position",
        "*2 has G at rs3758581: read at this position",
        "*2 has G or A at rs58973490: left open by the definition",
    ]


def test_a_track_to_scale_keeps_the_distances(pipeline):
    view = pipeline.gene_view(genome("panel-grch38.vcf"), "UGT1A1")
    found = xs(parsed(gene_track(view)))
    starts = [each["start"] for each in view["positions"]]
    unit = (found[-1] - found[0]) / (starts[-1] - starts[0])
    for x, start in zip(found, starts, strict=True):
        assert x == pytest.approx(found[0] + (start - starts[0]) * unit, abs=0.2)


def test_side_by_side_the_steps_are_equal_and_the_gaps_are_told(panel):
    lines = side_by_side(panel["positions"], 150, 716)
    assert [p.position["site"] for each in lines for p in each.placed] == [
        p["site"] for p in panel["positions"]
    ]
    assert all(p.x <= 716 for each in lines for p in each.placed)
    gaps = [length_text(gap.bases) for each in lines for gap in each.gaps]
    assert gaps == ["12 kb", "5.0 kb", "61 kb", "7.0 kb", "2.7 kb"]
    tree = parsed(gene_track(panel))
    assert [text_of(each) for each in tree.xpath("//text[@class='gap-length']")] == gaps
    assert "to scale" in text_of(tree.xpath("//g[@class='strip']")[0])


@pytest.mark.parametrize(
    ("view", "states"),
    [
        ("panel", {"reference", "variant"}),
        ("partial", {"reference", "variant", "no-call", "not-tested"}),
        ("odd", {"unknown-base", "not-tested"}),
        ("stated", {"not-stated"}),
        ("nobody", {"not-tested"}),
    ],
)
def test_every_state_has_a_look_and_its_word(pipeline, panel, view, states):
    lines = ["94761900 C T 0/0", "94780653 G A ./.", "94781859 G A 0/1"]
    shown = {
        "panel": panel,
        "partial": pipeline.gene_view(vcf(lines), "CYP2C19"),
        "odd": pipeline.gene_view(vcf(["94781859 G C 0/1"]), "CYP2C19"),
        "stated": pipeline.gene_view(bundle(result("CYP2C19", "*1/*2")), "CYP2C19"),
        "nobody": pipeline.gene_view(bundle(), "CYP2C19"),
    }[view]
    tree = parsed(gene_track(shown))
    drawn = {each.split()[1].removeprefix("mark-") for each in marks(tree)}
    strokes = {
        each.get("class").removeprefix("stroke-")
        for each in tree.xpath("//g[@class='strip']/line[starts-with(@class, 'stroke-')]")
    }
    assert strokes == states
    assert drawn <= states
    words = " ".join(text for _, text in legend(shown, "x"))
    description = text_of(tree.xpath("//desc")[0])
    for state in states:
        assert STATE_WORDS[state] in words
        assert STATE_WORDS[state] in description


def test_no_two_states_look_alike():
    drawn = {state: str(mark(state, 9, 9, hatch="h")) for state in STATES}
    shapes = {text.partition(">")[2] for text in drawn.values()}  # without the class
    assert len(shapes) == len(STATES)
    bases = {str(base_mark(s, "A", 9, 9, hatch="h")).partition(" ")[2] for s in SUPPORTS}
    assert len(bases) == len(SUPPORTS)
    assert set(STATE_WORDS) == set(STATES)


def test_zygosity_changes_the_shape_of_a_variant():
    shapes = {
        str(mark("variant", 9, 9, hatch="h", zygosity=each))
        for each in ("heterozygous", "homozygous", "")
    }
    assert len(shapes) == 3


def test_what_could_change_the_answer_is_ringed_and_named(pipeline):
    lines = ["94761900 C T 0/0", "94780653 G A ./.", "94781859 G A 0/1"]
    view = pipeline.gene_view(vcf(lines), "CYP2C19")
    tree = parsed(gene_track(view))
    named = [each["site"] for each in view["positions"] if each.get("could_change")]
    assert len(tree.xpath("//rect[@class='ring']")) == len(named) > 0
    names = [text_of(each) for each in tree.xpath("//text[@class='site-name']")]
    assert "! rs4986893" in names
    assert any("could change the answer" in text for _, text in legend(view, "x"))


def test_nobody_read_anything_so_only_the_strip_is_drawn(pipeline):
    view = pipeline.gene_view(bundle(), "RYR1")
    assert positions_drawn(view) == []
    tree = parsed(gene_track(view))
    assert len(tree.xpath("//g[@class='strip']/line[starts-with(@class, 'stroke-')]")) == 313
    assert marks(tree) == []


def test_more_diplotypes_than_are_drawn_are_counted(panel):
    view = copy.deepcopy(panel)
    view["candidates"] = view["candidates"] * 5
    tree = parsed(gene_track(view))
    assert "and 2 more diplotypes that fit: see the table" in text_of(tree)
    assert len(tree.xpath("//text[@class='candidate-name']")) == 3 * len(
        tree.xpath("//g[@class='track-line']")
    )


def test_a_deletion_says_that_no_position_defines_it(pipeline):
    view = pipeline.gene_view(bundle(result("CYP2D6", "*4/*5")), "CYP2D6")
    assert "no position defines *5" in text_of(parsed(gene_track(view)))


def test_a_gene_without_positions_has_no_drawing(pipeline):
    assert gene_track(pipeline.gene_view(bundle(), "HLA-B")) == ""
    assert gene_track(pipeline.gene_view(bundle(), "BCHE")) == ""


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_name_stays_text(panel, text):
    view = copy.deepcopy(panel)
    view["gene"] = text
    for each in view["positions"]:
        each["word"] = text
        each["site"] = f"{each['site']}{text}"
    candidate = view["candidates"][0]
    candidate["name"] = text
    for haplotype in candidate["haplotypes"]:
        for part in haplotype["parts"]:
            part["allele"] = text
    view["candidates"].append(candidate)
    for width in (760, 330):
        well_labelled(parsed(gene_track(view, width=width)))


def test_the_drawing_is_named_described_and_never_styled_inline(panel):
    tree = parsed(gene_track(panel, prefix="one"))  # `parsed` refuses styles and handlers
    (svg,) = tree.xpath("//svg")
    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby") == "one-title one-desc"
    well_labelled(tree)


def test_ticks_are_round_and_count_from_one():
    assert ticks(Scale(94761899, 94852913, 150, 716), 92) == (
        94780000, 94800000, 94820000, 94840000,
    )  # fmt: skip
    assert ticks(Scale(5, 5, 0, 100), 50) == ()


def test_every_gene_of_every_example_draws(pipeline):
    for name in ("panel-grch38.vcf", "array-grch37.vcf", "cyp2d6.vcf"):
        for view in pipeline.gene_views(genome(name)).values():
            for width in (760, 330):
                parsed(gene_track(view, width=width, prefix="a"))
