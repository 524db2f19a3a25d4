"""Which line of a trace's picture leads where: a resource leads to what it states itself, and a
diplotype that we called is ours, also beside a report that it contradicts."""

import pytest

from fhir_pgx.workbench.drawings.gene_way import gene_steps


def said(reference, value, kind="diplotype", presence="present"):
    return {"reference": reference, "value": value, "kind": kind, "presence": presence}


def diplotype(name, stated="", phenotype=""):
    found = {"name": name, "phenotype": phenotype, "functions": ["Normal function"] * 2}
    return found | ({"stated": stated} if stated else {})


def call(reference):
    return {
        "reference": reference, "site": "rs4244285", "alleles": ["A", "A"], "ref": "G",
        "position": 94781859,
    }  # fmt: skip


def made_of(status, stated, diplotypes, *, variants=(), basis="genotype"):
    concluded = {"status": status, "basis": basis, "diplotypes": diplotypes, "phenotype": "Any"}
    made = gene_steps("G", {"stated": stated, "variants": list(variants), "concluded": concluded})
    titles = {step.id: step.title for step in made.steps}
    speakers = {step.title: step.speaker for step in made.steps}
    joints = {(titles[j.start], titles[j.end], j.hold, j.words) for j in made.joints}
    return speakers, joints


def test_variants_against_a_report_lead_to_their_own_diplotype_which_is_inferred():
    speakers, joints = made_of(
        "conflict", [said("O/report", "G *1/*1")],
        [diplotype("*1/*1", "*1/*1"), diplotype("*2/*2")], variants=[call("O/variant")],
    )  # fmt: skip
    assert (speakers["*1/*1"], speakers["*2/*2"], speakers["Conflict"]) == (
        "stated", "inferred", "inferred",
    )  # fmt: skip
    assert ("O/report", "*1/*1", "stated", "") in joints
    assert ("rs4244285", "*2/*2", "inferred", "") in joints
    ends = {(start, end) for start, end, _, _ in joints}
    assert not {("O/variant", "*1/*1"), ("O/report", "*2/*2"), ("O/variant", "*2/*2")} & ends


def test_two_reports_that_disagree_each_lead_to_their_own():
    _, joints = made_of(
        "conflict", [said("O/a", "G *1/*1"), said("O/b", "*2/*2")],
        [diplotype("*1/*1", "*1/*1"), diplotype("*2/*2", "*2/*2")],
    )  # fmt: skip
    ends = {(start, end) for start, end, _, _ in joints}
    assert {("O/a", "*1/*1"), ("O/b", "*2/*2")} <= ends
    assert not {("O/a", "*2/*2"), ("O/b", "*1/*1")} & ends


@pytest.mark.parametrize(
    ("statement", "status", "line"),
    [
        (said("O/p", "Any", kind="phenotype"), "called", ("stated", "diplotype not stated")),
        (said("O/p", "Poor", kind="phenotype"), "conflict", ("broken", "in conflict")),
        (said("O/p", "", presence="no-call"), "called", ("broken", "no answer")),
    ],
)
def test_what_states_no_diplotype_leads_to_none(statement, status, line):
    _, joints = made_of(status, [said("O/d", "*1/*2"), statement], [diplotype("*1/*2", "*1/*2")])
    assert {j[1:] for j in joints if j[0] == "O/d"} == {("*1/*2", "stated", "no variants")}
    ((_, *how),) = {j[1:] for j in joints if j[0] == "O/p"}
    assert tuple(how) == line


def test_a_disagreement_is_found_by_us_though_a_phenotype_was_stated():
    speakers, _ = made_of(
        "conflict", [said("O/p", "Any", kind="phenotype")], [diplotype("*1/*2")],
        variants=[call("O/v")], basis="phenotype",
    )  # fmt: skip
    assert (speakers["Conflict"], speakers["*1/*2"]) == ("inferred", "inferred")


def test_what_our_tables_say_of_a_stated_diplotype_is_not_the_report_s():
    made = gene_steps(
        "G",
        {"stated": [said("O/d", "*1/*2")], "variants": [],
         "concluded": {"status": "called", "basis": "genotype", "phenotype": "Any",
                       "diplotypes": [diplotype("*1/*2", "*1/*2")]}},
    )  # fmt: skip
    (step,) = [each for each in made.steps if each.title == "*1/*2"]
    assert step.speaker == "stated"
    assert step.lines == ("by our tables: Normal function + Normal function",)
