"""The panels of the warfarin view, parsed. All people are synthetic."""

import copy
from datetime import date

import pytest

from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.workbench.drawings.dose_panel import dose_panel, dose_text, highest_dose
from tests.seen_people import case
from tests.workbench.drawn import HOSTILE, parsed, text_of, well_labelled


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 23))


@pytest.fixture(scope="module")
def view(pipeline):
    return pipeline.warfarin_view(case("patient-warfarin-amiodarone"))


def panel(view, name):
    return next(p for p in view["branches"][0]["panels"] if p["name"] == name)


def drawn(view, name):
    return parsed(dose_panel(panel(view, name), highest=highest_dose(view)))


def points_of(element):
    return [tuple(map(float, each.split(","))) for each in element.get("points").split()]


def test_the_axis_of_doses_is_one_for_all_panels_and_holds_every_dose(view):
    highest = highest_dose(view)
    doses = [
        float(d["high"])
        for p in view["branches"][0]["panels"]
        for point in p["points"]
        for d in point["doses"]
    ]
    assert max(doses) <= highest < max(doses) + 10


def test_a_curve_is_to_scale(view):
    tree = drawn(view, "weight")
    curves = tree.xpath("//polyline[@class='curve']")
    assert len(curves) == 2  # IWPC, Gage
    found = points_of(curves[0])
    points = panel(view, "weight")["points"]
    assert len(found) == len(points)
    (x0, y0), (x1, y1) = found[0], found[-1]
    low, high = (float(points[i]["doses"][0]["low"]) for i in (0, -1))
    ratio = (y0 - y1) / (high - low)  # units for a mg a week
    for (x, y), point in zip(found, points, strict=True):
        dose = float(point["doses"][0]["low"])
        assert y == pytest.approx(y0 - (dose - low) * ratio, abs=0.2)
        share = (float(point["at"]) - float(points[0]["at"])) / (
            float(points[-1]["at"]) - float(points[0]["at"])
        )
        assert x == pytest.approx(x0 + share * (x1 - x0), abs=0.2)


def test_the_patients_value_is_marked_with_each_dose(view):
    tree = drawn(view, "age")
    (own,) = tree.xpath("//g[@class='own']")
    assert "patient: 68" in text_of(own)
    said = [text_of(each) for each in own.xpath(".//title")]
    assert said == [
        "iwpc pharmacogenetic: 16.7 mg a week", "gage pharmacogenetic: 15.6 mg a week",
    ]  # fmt: skip


def test_an_assumed_value_looks_and_reads_otherwise(view):
    tree = drawn(view, "dvt-pe")
    (own,) = tree.xpath("//g[@class='column own assumed']")
    assert "assumed" in text_of(own)
    assert "patient" not in text_of(own)
    assert "assumed, not on file" in text_of(tree.xpath("//desc")[0])


def test_an_unknown_value_has_no_own_mark(pipeline):
    less = pipeline.warfarin_view(case("patient-warfarin-amiodarone", without=("vitalSigns",)))
    tree = parsed(dose_panel(panel(less, "weight"), highest=highest_dose(less)))
    assert tree.xpath("//g[starts-with(@class, 'own')]") == []
    assert "This patient: not known" in text_of(tree.xpath("//desc")[0])
    assert "no dose" in text_of(tree)


def test_each_answer_is_a_column_in_its_order(view):
    tree = drawn(view, "CYP2C9")
    names = [text_of(each) for each in tree.xpath("//text[@class='step-name']")]
    assert names == [point["label"] for point in panel(view, "CYP2C9")["points"]]
    (own,) = tree.xpath("//g[@class='column own']")
    assert text_of(own.xpath("./text[@class='step-name']")[0]) == "*1/*3"


def test_a_range_is_a_stroke_through_its_mark(view):
    tree = drawn(view, "CYP2C9")
    strokes = tree.xpath("//line[@class='whisker']")
    assert len(strokes) == 8  # *5, *6, *8, *11 by two equations
    assert "17.7 to 21.5 mg a week" in text_of(strokes[0].getparent())


def test_a_gap_where_nothing_is_computed_is_hatched_and_says_so(view):
    cut = copy.deepcopy(panel(view, "age"))
    for point in cut["points"][5:9]:
        point["doses"] = []
    tree = parsed(dose_panel(cut, highest=40, prefix="cut"))
    (hatched,) = tree.xpath("//rect[@class='no-dose']")
    assert hatched.get("fill") == "url(#cut-hatch)"
    assert "no dose" in text_of(tree)
    assert len(tree.xpath("//polyline[@class='curve']")) == 4  # each curve in two pieces


def test_a_step_without_a_dose_is_crossed_with_its_reason(view):
    cut = copy.deepcopy(panel(view, "CYP2C9"))
    cut["points"][0].pop("doses")
    cut["points"][0]["refusal"] = "The function of CYP2C9 *7 is not known."
    tree = parsed(dose_panel(cut, highest=40))
    first = tree.xpath("//g[starts-with(@class, 'column')]")[0]
    assert "✕" in text_of(first)
    assert "The function of CYP2C9 *7 is not known." in text_of(first)


def test_equations_differ_by_shape_and_by_class(view):
    tree = drawn(view, "VKORC1")
    kinds = {
        (each.get("class"), each.xpath("./*[@class='full' or @class='hollow']")[0].tag)
        for each in tree.xpath("//g[starts-with(@class, 'dose ')]")
    }
    assert kinds == {("dose series series-0", "circle"), ("dose series series-1", "polygon")}


@pytest.mark.parametrize(
    ("low", "high", "text"), [("16.74", "16.74", "16.7"), ("17.57", "18.41", "17.6 to 18.4")]
)
def test_a_dose_in_words(low, high, text):
    assert dose_text({"low": low, "high": high}) == text


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("name", ["age", "CYP2C9"])
def test_a_hostile_text_stays_text(view, name, text):
    cut = copy.deepcopy(panel(view, name))
    cut |= {"label": text, "value": text, "word": text}
    for point in cut["points"]:
        point["label"] = text
    well_labelled(parsed(dose_panel(cut, highest=40)))
