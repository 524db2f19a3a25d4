"""The narrative of a report: for people, whole, and safe to show. All patients are synthetic."""

import json
import re
from pathlib import Path

import pytest
from lxml import etree

from fhir_pgx.fhir.bundle import entries_of
from fhir_pgx.model.phenotype import DiplotypeResult, GeneResult, Status
from fhir_pgx.reports.narrative import named, narrative
from tests.reports.people import PATIENT, bundle, result

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
XHTML = "{http://www.w3.org/1999/xhtml}"


@pytest.fixture(scope="module")
def shown(report_of):
    sent = bundle(
        PATIENT,
        result("one", "CYP2C19", "*2/*2"),
        result("two", "CYP2D6", "*1/*4 or *1/*1"),
        result("three", "TPMT", "No call"),
    )
    return of(report_of(sent))


def of(report):
    (found,) = (
        each["resource"]["text"]
        for each in report["entry"]
        if each["resource"]["resourceType"] == "DiagnosticReport"
    )
    assert found["status"] == "generated"
    return etree.fromstring(found["div"])


def rows(div):
    return {row[0].text: [cell.text or "" for cell in row] for row in div.iter(f"{XHTML}tr")}


def words(div):
    return " ".join(div.itertext())


def test_each_gene_that_was_tested_is_a_row_and_nothing_else_is(shown):
    found = rows(shown)
    assert found.keys() == {"Gene", "CYP2C19", "CYP2D6", "TPMT"}
    assert found["CYP2C19"][1:3] == ["*2/*2", "Poor Metabolizer"]
    assert found["CYP2D6"][1] == "*1/*4 or *1/*1"
    assert "Several diplotypes are possible" in found["CYP2D6"][3]
    assert found["TPMT"][1:3] == ["", ""]
    assert "not the reference" in found["TPMT"][3]


def test_what_was_not_tested_is_named_and_nobody_has_verified_it(shown):
    assert "not verified by a person" in words(shown)
    _, _, untested = words(shown).partition("Not tested, which is not normal: ")
    assert "DPYD" in untested
    assert "CYP2C19" not in untested


def test_what_is_proposed_stands_with_its_source(shown):
    proposed = [each.text for each in shown.iter(f"{XHTML}li")]
    assert any(each.startswith("clopidogrel: ") and "CPIC" in each for each in proposed)


def test_the_findings_of_tumour_and_pathogen_are_counted_apart(report_of):
    request = json.loads((EXAMPLES / "host-tumour-pathogen" / "request.json").read_bytes())
    sent = bundle(*(each.resource for each in entries_of(list(request["prefetch"].values()))))
    report = report_of(json.loads(json.dumps(sent, default=str)))
    (written,) = (
        each["resource"]["conclusion"]
        for each in report["entry"]
        if each["resource"]["resourceType"] == "DiagnosticReport"
    )
    told = words(of(report))
    for whose in ("findings in a tumour: ", "findings in a pathogen (not in this report): "):
        assert re.search(re.escape(whose) + "[1-9]", told)
        assert re.search(re.escape(whose) + "[1-9]", written)
    assert "Statements on diagnosis, outlook or predisposition: 4." in told
    assert "by inherited findings" not in told


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a & b", "\x00\x0b\ud800 x"])
def test_text_of_others_is_escaped_and_fits_into_xml(name):
    odd = DiplotypeResult(name, (name, name), None, None, (), "")
    gene = GeneResult("CYP2C19", Status.CALLED, diplotypes=(odd,))
    div = etree.fromstring(narrative({"CYP2C19": gene}, [], [name])["div"])
    assert not list(div.iter(f"{XHTML}script"))
    assert len(rows(div)["CYP2C19"]) == 4


def test_of_very_many_diplotypes_the_rest_are_counted():
    found = [DiplotypeResult(f"*1/*{i}", ("*1", f"*{i}"), None, None, (), "") for i in range(20)]
    gene = GeneResult("CYP2D6", Status.AMBIGUOUS, diplotypes=tuple(found))
    assert named(gene) == "*1/*0 or *1/*1 or *1/*2 or *1/*3 or *1/*4 or *1/*5 or 14 more"


@pytest.mark.parametrize(
    ("typing", "row"),
    [
        ("HLA-B*57:01+HLA-B*08:01", ("*57:01/*08:01", "*57:01 positive")),
        ("HLA-B*57:01 positive", ("*57:01 positive", "")),
        ("HLA-B*57:01 negative", ("*57:01 negative", "")),
    ],
)
def test_of_an_hla_gene_it_says_whether_each_allele_that_matters_is_there(report_of, typing, row):
    found = rows(of(report_of(bundle(PATIENT, result("one", "HLA-B", typing)))))
    assert found["HLA-B"][1] == row[0]
    assert row[1] in found["HLA-B"][2]
    assert bool(found["HLA-B"][2]) == bool(row[1])


def test_of_results_that_disagree_none_is_told_as_the_answer(report_of):
    one, other = result("one", "CYP2C19", "*2/*2"), result("two", "CYP2C19", "*1/*17")
    report = report_of(bundle(PATIENT, one, other))
    found = rows(of(report))["CYP2C19"]
    assert found[1] == "*2/*2 against *1/*17"
    assert found[2] == "Poor Metabolizer against Rapid Metabolizer"
    assert found[3].startswith("Results disagree.")
    (written,) = (e["resource"] for e in report["entry"] if "conclusion" in e["resource"])
    assert "CYP2C19: *2/*2 against *1/*17, Poor Metabolizer against Rapid" in written["conclusion"]
