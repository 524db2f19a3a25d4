"""The trace as a picture and a list: every step, who says it, what is missing. Synthetic."""

import json
from datetime import date
from pathlib import Path

import pytest
from markupsafe import Markup

from fhir_pgx.cli.hook import find_service
from fhir_pgx.errors import PgxError
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.model.document import Document, Options
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.plugins import load_services
from fhir_pgx.services.answering import read_call
from fhir_pgx.services.gather import Sources
from fhir_pgx.workbench.drawings.drug_way import drug_way
from fhir_pgx.workbench.drawings.finding_way import finding_ways
from fhir_pgx.workbench.drawings.gene_way import gene_steps
from fhir_pgx.workbench.views.trace import render_trace
from tests.workbench.drawn import HOSTILE, parsed, text_of, well_labelled

ROOT = Path(__file__).parents[3]
REQUESTS = sorted(ROOT.glob("examples/*/request.json"))


def test_a_gene_of_which_very_many_results_speak_is_drawn_in_no_more_than_their_number():
    """Each is looked at a few times, not once for every other: 4,000 held a server for a minute."""
    looked = 0

    class Statement(dict):
        def get(self, name, *default):
            nonlocal looked
            looked += 1
            return super().get(name, *default)

    def steps(number):
        nonlocal looked
        looked = 0
        stated = [
            Statement(reference=f"Observation/o{place}", kind="diplotype", value="*1/*2")
            for place in range(number)
        ]
        concluded = {"status": "called", "diplotypes": [{"name": "*1/*2", "stated": "*1/*2"}] * 9}
        made = gene_steps("CYP2C19", {"stated": stated, "variants": stated, "concluded": concluded})
        assert len(made.steps) >= number
        return looked

    assert steps(400) < 20 * steps(40)


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 24))


@pytest.fixture(scope="module")
def traced(pipeline):
    registry = load_services(pipeline.answer)

    def trace(name):
        document = json.loads((ROOT / "examples" / name / "request.json").read_bytes())
        service = find_service(registry, document, None)
        return pipeline.explain_call(read_call(document, service, Sources()))

    return trace


def drawn(trace, **options):
    tree = parsed(render_trace(trace, **options))
    well_labelled(tree)
    return tree


def explained(pipeline, name, *drugs):
    data = (ROOT / "examples/genomes" / name).read_bytes()
    document = Document(data, name, "text/vcf")
    return pipeline.explain_documents([document], Options(drugs=drugs))


def boxes(tree, name=""):
    found = tree.xpath("//*[contains(concat(' ', @class, ' '), ' trace-box ')]")
    return [text_of_box(each) for each in found if name in each.get("class").split() or not name]


def text_of_box(box):
    return " ".join("".join(each.itertext()) for each in box.iter("text"))


def steps(way, column):
    return [(step.title, step.speaker, step.state) for step in way.in_column(column)]


@pytest.mark.parametrize("file", REQUESTS, ids=lambda file: file.parent.name)
def test_the_trace_of_every_example_is_drawn(traced, file):
    try:
        trace = traced(file.parent.name)
    except (PgxError, ValueError):
        assert file.parent.name.startswith("refused-")
        return
    tree = drawn(trace)
    told = text_of(tree)
    for drug in trace["drugs"]:
        assert drug["drug"] in told
        for row in drug.get("recommendations", ()):
            assert " ".join(row["rule"].split()) in told
    for row in trace.get("precision", ()):
        assert row["recommendation"]["rule"] in told


def test_a_whole_way_stands_in_its_columns_from_the_resource_to_the_source(pipeline):
    (drug,) = explained(pipeline, "panel-grch38.vcf", "clopidogrel")["drugs"]
    way = drug_way(drug)
    assert steps(way, "Resource") == [("panel-grch38.vcf", "stated", "")]
    variants = steps(way, "Variant")
    assert ("rs4244285", "stated", "variant") in variants
    assert ("reference at 31 positions", "stated", "reference") in variants
    assert steps(way, "Diplotype") == [("*2/*17", "inferred", "")]
    assert steps(way, "Phenotype") == [("Intermediate Metabolizer", "inferred", "")]
    assert [title for title, _, _ in steps(way, "Source")] == ["CPIC", "DPWG", "FDA"]
    holds = {joint.end.partition(" ")[0]: joint.hold for joint in way.joints}
    assert holds == {"variant": "stated", "reference": "stated", "diplotype": "inferred",
                     "phenotype": "inferred", "rule": "inferred", "source": "stated"}  # fmt: skip


def test_what_a_report_states_is_not_drawn_as_ours(traced):
    (drug,) = traced("codeine-poor")["drugs"]
    way = drug_way(drug)
    assert steps(way, "Diplotype") == [("*4/*5", "stated", "")]
    assert steps(way, "Variant") == []
    (joint,) = [each for each in way.joints if each.end.startswith("diplotype")]
    assert (joint.hold, joint.words) == ("stated", "no variants")


@pytest.mark.parametrize(
    ("example", "title", "state", "words"),
    [
        ("clopidogrel-untested", "Not tested", "not-tested", "no result"),
        ("result-no-call", "No call", "no-call", "no answer"),
        ("result-conflict", "Conflict", "conflict", "in conflict"),
    ],
)
def test_not_tested_no_call_and_conflict_break_the_way_each_in_its_words(
    traced, example, title, state, words
):
    trace = traced(example)
    way = drug_way(trace["drugs"][0])
    ((found, _, of_it),) = steps(way, "Phenotype")
    assert (found, of_it) == (title, state)
    assert {(j.hold, j.words) for j in way.joints if j.end.startswith("phenotype")} == {
        ("broken", words)
    }
    tree = drawn(trace)
    assert boxes(tree, f"is-{state}")
    assert tree.xpath("//*[@class='trace-cross']")
    assert words in " ".join("".join(each.itertext()) for each in tree.iter("text"))


def test_an_untested_gene_never_leads_to_advice(traced):
    way = drug_way(traced("clopidogrel-untested")["drugs"][0])
    assert {state for _, _, state in steps(way, "Rule")} == {"silent"}
    assert {state for _, _, state in steps(way, "Source")} == {"silent"}
    assert all(joint.hold == "broken" for joint in way.joints)


def test_advice_that_rests_on_one_gene_alone_says_which_was_not_tested(traced):
    (drug,) = traced("carbamazepine-half-tested")["drugs"]
    joints = [j for j in drug_way(drug).joints if j.end.startswith("rule")]
    by_gene = {(j.start, j.hold, j.words) for j in joints}
    assert ("phenotype HLA-A", "inferred", "") in by_gene
    assert ("phenotype HLA-B", "broken", "not tested") in by_gene


def test_a_partial_test_shows_what_it_did_not_see(traced):
    way = drug_way(traced("variants-partial-test")["drugs"][0])
    (gap,) = [step for step in way.steps if step.state == "not-tested"]
    assert gap.title == "not tested: 34 positions"
    assert any("could change the advice: *3, *4, *5" in line for line in gap.lines)
    assert gap.speaker == "missing"


def test_several_diplotypes_are_several_boxes_and_their_joints_do_not_mix_up_resources(traced):
    way = drug_way(traced("result-conflict")["drugs"][0])
    assert [title for title, _, _ in steps(way, "Diplotype")] == ["*2/*2", "*1/*1"]
    joints = {j.end: j.start for j in way.joints if j.end.startswith("diplotype")}
    assert joints["diplotype CYP2C19 0"].endswith("result-2026")
    assert joints["diplotype CYP2C19 1"].endswith("result-2019")


def test_where_results_disagree_every_rule_says_by_which(traced):
    for step in drug_way(traced("result-conflict")["drugs"][0]).in_column("Rule"):
        assert step.lines[0] in ("by CYP2C19 Poor Metabolizer", "by CYP2C19 Normal Metabolizer")
    tree = drawn(traced("result-conflict"))
    avoid = [box for box in boxes(tree) if "Avoid if possible" in box]
    usual = [box for box in boxes(tree) if "standard 75 mg" in box]
    assert all("Poor Metabolizer" in box for box in avoid)
    assert all("Normal Metabolizer" in box for box in usual)
    assert avoid
    assert usual


def modified(is_rule):
    row = {"drug": "codeine", "source": "CPIC", "genes": {"CYP2D6": "PM"},
           "keys": {"CYP2D6": "0.0"}, "summary": "Avoid.", "action": "avoid",
           "rule": "cpic.codeine", "evidence": []}  # fmt: skip
    modifier = {"guideline": "cyp2d6-opioids", "gene": "CYP2D6", "is_rule": is_rule,
                "agents": [{"agent": "paroxetine", "strength": "strong", "role": "inhibitor",
                            "state": "active"}],
                "genetic": {"phenotype": "Normal Metabolizer"},
                "effective": {"phenotype": "Poor Metabolizer", "keys": ["0.0"]}}  # fmt: skip
    of_row = {**row, "modifiers": [modifier] if is_rule else []}
    return {"drug": "codeine", "modifiers": [modifier], "recommendations": [of_row],
            "genes": {"CYP2D6": {"stated": [], "concluded": {
                "status": "called", "basis": "genotype", "phenotype": "Normal Metabolizer",
                "diplotypes": [{"name": "*1/*1"}], "derived_from": ["Observation/a"]}}},
            "sources": [{"source": "CPIC", "stance": "leads",
                         "possible": [] if is_rule else [{"if": "CYP2D6 inhibited by paroxetine",
                                                          "recommendation": row}]}]}  # fmt: skip


def test_a_rule_of_a_guideline_leads_on_and_a_caution_leads_to_what_is_possible():
    rule = drug_way(modified(is_rule=True))
    ((title, speaker, state),) = steps(rule, "Modifier")
    assert (title, speaker, state) == ("paroxetine", "source", "")
    assert {j.start.partition(" ")[0] for j in rule.joints if j.end == "rule 0"} == {"modifier"}
    caution = drug_way(modified(is_rule=False))
    ((title, speaker, state),) = steps(caution, "Modifier")
    assert (title, speaker, state) == ("paroxetine", "inferred", "possible")
    assert {j.start.partition(" ")[0] for j in caution.joints if j.end == "rule 0"} == {"phenotype"}
    (possible,) = [j for j in caution.joints if j.end == "possible 0"]
    assert (possible.start.partition(" ")[0], possible.words) == ("modifier", "if")


def test_tumour_pathogen_and_inherited_rows_are_pictures_of_their_own(traced):
    ways = finding_ways(traced("host-tumour-pathogen")["precision"])
    assert [way.title.partition(":")[0] for way in ways] == ["Tumour", "Pathogen"]
    states = [{step.state for step in way.in_column("Finding")} for way in ways]
    assert states == [{"tumour"}, {"pathogen"}]
    inherited = finding_ways([{"finding": "BRCA1", "recommendation": {"domain": "inherited"}}])
    assert [s.state for s in inherited[0].in_column("Finding")] == ["germline"]


def test_a_row_of_another_disease_breaks_the_way():
    row = {"finding": "BRAF V600E", "asked_for": "BRAF V600E", "context": "Melanoma",
           "context_fit": "other", "derived_from": ["Observation/b"],
           "recommendation": {"domain": "tumour", "drug": "dabrafenib", "effect": "sensitive",
                              "rule": "tumour:1", "source": "FDA"}}  # fmt: skip
    (way,) = finding_ways([row])
    (joint,) = [j for j in way.joints if j.end.startswith("asked")]
    assert (joint.hold, joint.words) == ("broken", "off label")


def rows(number, effect="sensitive"):
    return [
        {"finding": "KRAS G12D", "asked_for": f"profile {n}", "context_fit": "same",
         "derived_from": ["Observation/k"],
         "recommendation": {"domain": "tumour", "drug": f"drug {n}", "effect": effect,
                            "rule": f"tumour:{effect}{n}", "source": "CIViC"}}
        for n in range(number)
    ]  # fmt: skip


def test_what_is_not_drawn_is_counted_and_stands_in_the_list():
    tree = drawn({"drugs": [], "precision": [*rows(40), *rows(3, "resistant")]})
    told = text_of(tree.xpath("//*[@class='trace-left-out']")[0])
    assert "37 profiles of KRAS G12D" in told
    assert "38 rules of KRAS G12D" in told
    in_list = text_of(tree.xpath("//ol[@class='trace-columns']")[0])
    assert all(f"tumour:sensitive{n}" in in_list for n in range(40))
    picture = " ".join(boxes(tree))
    assert all(f"drug {n}: resistant" in picture for n in range(3))  # never what is left out
    whole = drawn({"drugs": [], "precision": rows(3)})
    assert whole.xpath("//*[@class='trace-left-out']") == []


def test_of_many_drugs_some_are_drawn_and_all_are_listed(traced):
    trace = traced("codeine-poor")
    tree = drawn({**trace, "drugs": trace["drugs"] * 20})
    assert len(tree.xpath("//svg")) == 12
    assert len(tree.xpath("//ol[@class='trace-columns']")) == 20
    assert "12 of 20 are" in text_of(tree)


def test_no_box_lies_on_another_and_every_box_is_within_the_picture(traced):
    for name in ("host-tumour-pathogen", "amitriptyline-two-genes", "result-conflict",
                 "variants-partial-test", "order-sign-five-drafts"):  # fmt: skip
        for svg in drawn(traced(name)).iter("svg"):
            _, _, width, height = map(float, svg.get("viewbox").split())
            placed = [
                tuple(float(rect.get(key)) for key in ("x", "y", "width", "height"))
                for rect in svg.xpath(".//rect[@class='trace-rect']")
            ]
            for x, y, w, h in placed:
                assert x >= 0
                assert x + w <= width
                assert y >= 0
                assert y + h <= height
            for place, (x, y, w, h) in enumerate(placed):
                for a, b, c, d in placed[place + 1 :]:
                    assert x + w <= a or a + c <= x or y + h <= b or b + d <= y


def test_the_same_trace_is_the_same_picture(traced):
    trace = traced("amitriptyline-two-genes")
    assert render_trace(trace) == render_trace(json.loads(json.dumps(trace)))


def test_a_picture_has_a_title_a_description_and_says_who_speaks_in_words(traced):
    tree = drawn(traced("amitriptyline-two-genes"))
    (svg,) = tree.iter("svg")
    assert svg.get("role") == "img"
    assert "amitriptyline" in svg.find("title").text
    assert "as a list" in svg.find("desc").text
    for box in boxes(tree):
        assert box.startswith(("stated", "inferred by us", "from the source", "missing"))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_texts_of_others_stay_texts(text):
    concluded = {"status": "called", "basis": text, "phenotype": text, "activity_score": text,
                 "diplotypes": [{"name": text, "functions": [text], "stated": text}],
                 "coverage": {"missing": [text], "could_change": [text]},
                 "caveats": [{"code": text, "text": text}], "derived_from": [text],
                 "allele_status": {text: text}}  # fmt: skip
    stated = [{"reference": text, "kind": text, "value": text, "presence": text, "when": text,
               "source_class": text, "status": text}]  # fmt: skip
    variants = [{"site": text, "alleles": [text], "ref": "A", "reference": text, "build": text}]
    row = {"drug": text, "source": text, "genes": {text: text}, "keys": {text: text},
           "summary": text, "action": text, "rule": text, "population_label": text,
           "evidence": [{"guideline": text, "url": text, "pmids": [text],
                         "date": text}]}  # fmt: skip
    drug = {"drug": text, "order": text, "recommendations": [row],
            "genes": {text: {"stated": stated, "variants": variants, "concluded": concluded}},
            "modifiers": [{"gene": text, "agents": [{"agent": text}], "guideline": text,
                           "genetic": {}, "effective": {"keys": [text]}}],
            "sources": [{"source": text, "stance": text,
                         "unanswered": {"reason": text, "text": text, "genes": [text]},
                         "possible": [{"if": text, "recommendation": row}]}],
            "doses": [{"text": text}], "changes": [{"text": text}],
            "populations": [{"label": text, "fit": text, "why": [text]}]}  # fmt: skip
    precision = [{"finding": text, "derived_from": [text], "asked_for": text, "context": text,
                  "context_fit": text,
                  "recommendation": {**row, "domain": text, "needs": [text], "effect": text,
                                     "opposed_by": [text]}}]  # fmt: skip
    trace = {"subject": text, "drugs": [drug], "precision": precision, "limited": text,
             "not_understood": [{"reference": text, "reason": text}]}  # fmt: skip
    tree = drawn(trace)
    assert "\u202e" not in text_of(tree)
    assert len(tree.xpath("//svg")) == 2


def test_a_name_of_ten_thousand_signs_does_not_make_the_picture_grow():
    drug = {"drug": "x", "genes": {"A" * 10_000: {"concluded": {"status": "called"}}}}
    (svg,) = drawn({"drugs": [drug]}).iter("svg")
    _, _, width, height = map(float, svg.get("viewbox").split())
    assert width < 3_000
    assert height < 3_000


def test_nothing_to_trace_says_so():
    told = text_of(drawn({"drugs": [], "not_understood": []}))
    assert "no word that a drug is safe" in told


def test_two_traces_stand_on_one_page(traced):
    trace = traced("codeine-poor")
    both = Markup("{}{}").format(render_trace(trace, prefix="a"), render_trace(trace, prefix="b"))
    well_labelled(parsed(both))
