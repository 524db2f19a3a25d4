"""The tumour view: what stands in it, what is kept apart, what was not tested. Synthetic."""

import json
from datetime import date
from pathlib import Path

import pytest
from markupsafe import Markup

from fhir_pgx.errors import MixedPatients
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.model.document import Document
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.workbench.views.tumour import render_tumour
from fhir_pgx.workbench.views.tumour_findings import finding_tables, marker_rows
from fhir_pgx.workbench.views.tumour_options import cancer_drawn
from tests.workbench.drawn import HOSTILE, parsed, text_of, well_labelled

ROOT = Path(__file__).parents[3]
REQUESTS = [
    *sorted(ROOT.glob("examples/*tumour*/request.json")),
    *sorted(ROOT.glob("tests/cases/tumour-*/request.json")),
]
GROUPS = ["resistance", "options", "conditional", "limited", "elsewhere"]


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 24))


def resources(request):
    for value in request["prefetch"].values():
        if value and value["resourceType"] == "Bundle":
            yield from (entry["resource"] for entry in value.get("entry", []))
        elif value:
            yield value


def document(*found):
    bundle = {"resourceType": "Bundle", "type": "collection",
              "entry": [{"resource": each} for each in found]}  # fmt: skip
    return Document(json.dumps(bundle).encode(), "data.json", "application/fhir+json")


def view_of(pipeline, file):
    return pipeline.tumour_view([document(*resources(json.loads(file.read_bytes())))])


def case(pipeline, name):
    return view_of(pipeline, ROOT / "tests/cases" / f"tumour-{name}" / "request.json")


def drawn(view, **options):
    tree = parsed(render_tumour(view, **options))
    well_labelled(tree)
    return tree


def option_of(cancer, drug, group="options"):
    return next(
        option
        for each in cancer["groups"]
        if each["group"] == group
        for option in each["options"]
        if option["drug"] == drug
    )


@pytest.mark.parametrize("file", REQUESTS, ids=lambda file: file.parent.name)
def test_every_patient_with_a_tumour_is_drawn_and_nothing_on_the_page_is_an_order(pipeline, file):
    view = view_of(pipeline, file)
    tree = drawn(view)
    told = text_of(tree)
    for cancer in view["cancers"]:
        groups = [each["group"] for each in cancer["groups"]]
        assert groups == sorted(groups, key=GROUPS.index)  # what speaks against a drug first
        for group in cancer["groups"]:
            for option in group["options"]:
                assert option["evidence"]
                assert all(each["id"] in told for each in option["evidence"])
    for tag in ("form", "button", "input"):
        assert list(tree.iter(tag)) == []
    assert json.loads(json.dumps(view)) == view


def test_there_are_patients():
    assert len(REQUESTS) > 20


def test_the_chart_of_a_lung_cancer_by_its_values(pipeline):
    view = case(pipeline, "chart-egfr-l858r")
    (found,) = [each for each in view["findings"] if each["label"] == "EGFR L858R"]
    assert (found["protein"], found["vaf"], found["source_class"], found["specimen"]) == (
        "p.Leu858Arg", "0.31", "somatic", "tissue",
    )  # fmt: skip
    (cancer,) = view["cancers"]
    assert (cancer["label"], cancer["read_from"]) == ("Adenocarcinoma of lung", "code")
    assert [each.get("tier_derived") for each in cancer["groups"]] == [
        None, "AMP I-A, ESCAT I", "AMP I-A", "AMP I-B", None,
    ]  # fmt: skip
    afatinib = option_of(cancer, "afatinib")
    assert afatinib["effect"] == "sensitive"
    assert ["metastatic"] in afatinib["needs"]
    assert afatinib["evidence"][0]["level"] == "FDA-CDx"
    against = option_of(cancer, "pembrolizumab", "resistance")
    assert against["effect"] == "not-indicated"
    asked = {each["name"]: each["status"] for each in cancer["biomarkers"]}
    assert asked["EGFR mutation"] == "answered"
    assert asked["BRAF mutation"] == "not-on-file"


def test_a_tier_is_called_derived_and_a_medicine_in_use_stands_first(pipeline):
    tree = drawn(case(pipeline, "chart-erlotinib-in-use-t790m"))
    (head,) = [each for each in tree.iter("h4") if text_of(each).startswith("Tier AMP I-A, ESCAT")]
    assert text_of(head) == "Tier AMP I-A, ESCAT I tier derived by us"
    told = text_of(tree)
    in_use = told.index("In use, and a finding speaks against it: erlotinib 150 MG")
    assert in_use < told.index("Speaks against a drug") < told.index("Tier AMP I-A, ESCAT I")


def test_a_conflict_stands_side_by_side(pipeline):
    view = case(pipeline, "chart-erlotinib-in-use-t790m")
    (cancer,) = view["cancers"]
    afatinib = option_of(cancer, "afatinib", "resistance")
    assert {each["effect"] for each in afatinib["opposite"]} == {"sensitive"}
    assert {each["finding"] for each in afatinib["opposite"]} == {"EGFR T790M"}
    named = option_of(cancer, "afatinib")
    assert {(e["effect"], e["finding"]) for e in named["against"]} == {("resistant", "EGFR T790M")}
    sides = drawn(view).xpath("//div[@class='tumour-sides']")
    heads = [[text_of(p) for p in side.xpath(".//p[@class='tumour-side-head']")] for side in sides]
    assert ["Speaks against", "Conflicting: says the opposite of the same finding"] in heads
    assert ["Speaks for it", "Another finding speaks against it"] in heads


def test_the_conditions_of_a_label_are_not_lifted_by_a_study_without_any(pipeline):
    (cancer,) = case(pipeline, "chart-egfr-l858r")["cancers"]
    option = option_of(cancer, "erlotinib + ramucirumab")
    assert {each["level"] for each in option["evidence"]} == {"FDA-label", "A"}
    assert option["needs"] == [["metastatic"]]


def test_a_companion_diagnostic_that_refers_to_the_label_is_not_read_out_beside_it(pipeline):
    (cancer,) = case(pipeline, "chart-egfr-l858r")["cancers"]
    shown = {
        option.drug: option.needs
        for group in cancer_drawn(cancer).groups
        for option in group.options
    }
    assert shown["Afatinib"] == ("metastatic",)
    assert shown["EGFR tyrosine kinase inhibitor"][0].startswith("conditions of the drug's label")


def test_nothing_on_file_is_told_from_nothing_known_of_what_was_found(pipeline):
    empty = drawn(pipeline.tumour_view([document({"resourceType": "Patient", "id": "p"})]))
    assert "Nothing of a tumour is on file" in text_of(empty)
    assert "no word that there is none" in text_of(empty)
    nothing = drawn(case(pipeline, "larotrectinib-ntrk-missense"))
    assert "No stored row names a drug" in text_of(nothing)
    assert "Nothing of a tumour" not in text_of(nothing)


def test_findings_without_a_cancer_say_that_none_is_on_file(pipeline):
    view = view_of(pipeline, ROOT / "examples/variants-tumour/request.json")
    assert [each["label"] for each in view["cancers"]] == [None]
    assert "No active cancer on the problem list" in text_of(drawn(view))


def test_not_tested_and_without_an_answer_are_two_lists(pipeline):
    tree = drawn(case(pipeline, "cetuximab-ras-negative-in-plasma"))
    without = text_of(tree.xpath("//ul[@class='tumour-no-answer']")[0])
    missing = text_of(tree.xpath("//ul[@class='tumour-not-tested']")[0])
    assert "KRAS not detected in plasma" in without
    assert "KRAS" not in missing


def finding(**members):
    return {"label": "BRCA1 p.Cys61Gly", "genes": ["BRCA1"], "kind": "variant",
            "presence": "present", "source_class": "somatic", "protein": "p.Cys61Gly",
            "derived_from": ["Observation/a"], **members}  # fmt: skip


def test_germline_and_unstated_findings_stand_apart_from_the_tumours():
    tables = finding_tables(
        [finding(source_class=each) for each in ("germline", "unknown", "somatic")]
    )
    assert [table.name for table in tables] == ["tumour", "germline", "unstated"]
    tree = drawn({"findings": [finding(), finding(source_class="germline")]})
    heads = [text_of(each) for each in tree.iter("h3")]
    assert heads == ["Of the tumour", "Of the patient's own genome (germline), not of the tumour"]
    framed = tree.xpath("//section[contains(@class, 'tumour-findings')]")
    assert [each.get("class").split()[1] for each in framed] == [
        "tumour-findings--tumour", "tumour-findings--germline",
    ]  # fmt: skip


def test_a_germline_result_beside_a_tumour_is_read_as_the_patients_own(pipeline):
    both = [
        resource
        for name in ("tumour-chart", "prevention-brca1")
        for resource in resources(
            json.loads((ROOT / "examples" / name / "request.json").read_bytes())
        )
        if resource["resourceType"] in ("Observation", "Condition")
    ]
    view = pipeline.tumour_view([document(*both)])
    tables = finding_tables(view["findings"])
    genes = {table.name: [row.gene for row in table.rows] for table in tables}
    assert genes == {"tumour": ["EGFR", "STK11", "ALK"], "germline": ["BRCA1"]}


@pytest.mark.parametrize(
    ("presence", "word", "look"),
    [("present", "found", "variant"), ("absent", "not found", "reference"),
     ("no-call", "no call", "no-call"), ("indeterminate", "indeterminate", "indeterminate")],
)  # fmt: skip
def test_found_not_found_no_call_and_indeterminate_are_four_words_and_four_looks(
    presence, word, look
):
    tree = drawn({"findings": [finding(presence=presence)]})
    (result,) = tree.xpath("//span[starts-with(@class,'tumour-result ')]")
    assert text_of(result) == word
    assert result.get("class") == f"tumour-result tumour-result--{look}"


@pytest.mark.parametrize(
    ("vaf", "words", "width"),
    [("0.31", "31 %", "37.2"), ("0", "0 %", "0.0"), ("1", "100 %", "120.0"),
     ("0.0305", "3.05 %", "3.7")],
)  # fmt: skip
def test_an_allele_fraction_is_a_bar_to_scale_beside_its_number(vaf, words, width):
    tree = drawn({"findings": [finding(vaf=vaf)]})
    (bar,) = tree.xpath("//rect[@class='measure-bar']")
    assert bar.get("width") == width
    assert words in text_of(tree)


@pytest.mark.parametrize("vaf", ["1.5", "-0.1", "NaN", "many", None, 0.3, "Infinity"])
def test_what_is_no_fraction_has_no_bar(vaf):
    assert drawn({"findings": [finding(vaf=vaf)]}).xpath("//svg") == []


@pytest.mark.parametrize(
    ("members", "gene", "change", "kind"),
    [
        ({"kind": "fusion", "genes": ["EML4", "ALK"], "protein": "", "breakpoint": "e13::e20"},
         "EML4::ALK", "breakpoint e13::e20", "fusion"),
        ({"kind": "fusion", "genes": ["ALK"], "protein": "", "label": "ALK fusion"},
         "ALK", "ALK fusion", "fusion, partner not stated"),
        ({"kind": "exon-skipping", "genes": ["MET"], "protein": "", "exons": ["14", "14"]},
         "MET", "exon 14", "exon skipping"),
        ({"kind": "any", "protein": "", "label": "BRCA1 mutation"},
         "BRCA1", "BRCA1 mutation", "mutation, not said which"),
    ],
)  # fmt: skip
def test_a_finding_is_named_with_partners_breakpoint_and_exons(members, gene, change, kind):
    (table,) = finding_tables([finding(**members)])
    (row,) = table.rows
    assert (row.gene, row.change, row.kind) == (gene, change, kind)


def test_copies_have_a_column_where_any_are_stated():
    amplified = finding(kind="amplification", genes=["ERBB2"], copies="12", ratio="5.1")
    tree = drawn({"findings": [amplified, finding()]})
    assert "12 copies, ratio 5.1" in text_of(tree)
    assert "Copies" in [text_of(each) for each in tree.iter("th")]
    assert "Copies" not in [text_of(th) for th in drawn({"findings": [finding()]}).iter("th")]


def test_a_biomarker_has_value_unit_and_the_limits_of_its_own_scale(pipeline):
    view = case(pipeline, "chart-egfr-l858r")
    (row,) = marker_rows(view["biomarkers"], view["cancers"])
    assert (row.name, row.value, row.verdict) == ("PD-L1 TPS (22C3)", "60 %", "no word given")
    assert row.limits == (
        "at least 50 %: cemiplimab (Adenocarcinoma of lung)",
        "at least 1 %: nivolumab + ipilimumab, pembrolizumab (Adenocarcinoma of lung)",
    )
    scale = parsed(row.scale)
    assert [text_of(each) for each in scale.iter("text")] == ["1", "50"]
    assert [each.get("x1") for each in scale.xpath("//line")] == ["1.2", "60.0"]
    assert scale.xpath("//rect[@class='measure-bar']")[0].get("width") == "72.0"


def test_a_biomarker_without_a_number_has_no_scale():
    cancers = [{"label": "L", "cutoffs": [{"biomarker": "TMB", "at_least": "10"}]}]
    rows = marker_rows(
        [{"name": "TMB", "verdict": "high"}, {"name": "TMB", "value": "12"}], cancers
    )
    assert [row.scale is None for row in rows] == [True, False]
    assert rows[0].value == "no number given"


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_texts_of_others_stay_texts(text):
    about = {"rule": text, "source": text, "level_system": text, "level": text, "id": text,
             "pmids": [text], "url": text, "as_of": text, "rating": text}  # fmt: skip
    row = {"drug": text, "effect": text, "finding": text, "disease": text, "evidence": about}
    option = {"drug": text, "effect": text, "findings": [text], "disease": text,
              "tier_derived": text, "needs": [[text]], "market": text, "summary": text,
              "against": [row] * 5, "opposite": [row], "evidence": [about] * 5,
              "caveats": [{"text": text, "code": text}]}  # fmt: skip
    groups = [
        {"group": each, "tier_derived": text, "options": [option]} for each in (text, "options")
    ]
    view = {
        "subject": text,
        "findings": [
            finding(label=text, genes=[text, text], kind=text, presence=text, source_class=text,
                    protein=text, vaf=text, copies=text, specimen=text, date=text,
                    significance=text, derived_from=[text], is_resolved=False,
                    caveats=[{"text": text, "code": text}])
        ],
        "biomarkers": [{"name": text, "value": text, "unit": text, "verdict": text, "scale": text,
                        "clone": text, "specimen": text, "derived_from": [text]}],
        "cancers": [{"label": text, "stage": text, "status": text, "derived_from": [text],
                     "in_use": [{"medicine": text, "reference": text, "against": [row]}],
                     "groups": groups,
                     "biomarkers": [{"name": text, "status": each, "found": text, "drugs": [text],
                                     "kinds": [text]} for each in ("answered", "not-on-file",
                                                                   "no-usable-answer")],
                     "cutoffs": [{"biomarker": text, "scale": text, "at_least": text,
                                  "drugs": [text]}]}],
        "reported": [{"genes": [text], "texts": [text], "reference": text}],
        "caveats": [{"text": text, "code": text}],
        "not_understood": [{"reference": text, "reason": text}],
    }  # fmt: skip
    assert "\u202e" not in text_of(drawn(view))


def test_the_data_of_two_patients_are_refused(pipeline):
    people = [
        {"resourceType": "Observation", "id": str(n), "status": "final",
         "subject": {"reference": f"Patient/{n}"},
         "code": {"coding": [{"system": "http://loinc.org", "code": "84413-4"}]},
         "valueCodeableConcept": {"text": "CYP2D6 *1/*1"}}
        for n in (1, 2)
    ]  # fmt: skip
    with pytest.raises(MixedPatients):
        pipeline.tumour_view([document(*people)])


def test_two_views_stand_on_one_page(pipeline):
    view = case(pipeline, "chart-egfr-l858r")
    both = Markup("{}{}").format(render_tumour(view, prefix="a"), render_tumour(view, prefix="b"))
    well_labelled(parsed(both))
