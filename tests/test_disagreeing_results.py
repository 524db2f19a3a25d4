"""Of results that disagree none stands alone as the answer, wherever a gene is one line: the text,
the terminal, the heading of the gene view. Every person and resource is synthetic."""

import json
from datetime import date

import pytest

from fhir_pgx.cli.views.genes import genes_view
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.model.document import Document, Options
from fhir_pgx.model.phenotype import phenotype_told
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.workbench.views.gene import render_gene
from tests.seen_people import result

NORMAL_OR_POOR = "Normal Metabolizer against Poor Metabolizer"


@pytest.fixture(scope="module")
def pipeline(knowledge):
    return Pipeline(knowledge, DrugCodes(), today=lambda: date(2026, 11, 24))


def documents(*resources):
    bundle = {
        "resourceType": "Bundle", "type": "collection",
        "entry": [{"resource": each} for each in resources],
    }  # fmt: skip
    return [Document(json.dumps(bundle).encode(), "synthetic.json")]


@pytest.fixture(scope="module")
def disagreeing():
    return documents(result("NUDT15", "*1/*1"), result("NUDT15", "*3/*3", number=2))


@pytest.mark.parametrize(
    ("status", "phenotype", "possible", "told"),
    [
        ("called", "Normal Metabolizer", ["Normal Metabolizer"], "Normal Metabolizer"),
        ("called", None, [None], ""),
        ("conflict", "Normal Metabolizer", ["Normal Metabolizer", "Poor Metabolizer"],
         NORMAL_OR_POOR),
        ("conflict", "Poor Metabolizer", ["Normal Metabolizer"], NORMAL_OR_POOR),
        ("ambiguous", None, ["Normal Metabolizer", None], "Normal Metabolizer or Indeterminate"),
        ("not-tested", None, [], ""),
    ],
)  # fmt: skip
def test_a_phenotype_stands_alone_only_where_it_is_the_answer(status, phenotype, possible, told):
    assert phenotype_told(status, phenotype, possible) == told


def test_the_text_the_terminal_and_the_gene_view_tell_both(pipeline, knowledge, disagreeing):
    text = pipeline.interpret_documents(disagreeing, Options(format="text"))
    (line,) = [each for each in text.splitlines() if each.startswith("NUDT15")]
    assert line == f"NUDT15   *1/*1 against *3/*3; {NORMAL_OR_POOR}; results disagree"
    genes = pipeline.interpret_documents(disagreeing, Options())["genes"]
    rows = next(each for each in genes_view(genes) if hasattr(each, "rows")).rows
    (row,) = [each for each in rows if each[0] == "NUDT15"]
    assert NORMAL_OR_POOR in row
    drawn = str(render_gene(pipeline.gene_view(disagreeing, "NUDT15")))
    assert NORMAL_OR_POOR in drawn


def test_a_gene_that_nobody_tested_is_called_so_in_the_text(pipeline, disagreeing):
    text = pipeline.interpret_documents(disagreeing, Options(format="text"))
    (line,) = [each for each in text.splitlines() if each.startswith("Not tested: ")]
    assert "CYP2C19" in line
    assert "NUDT15" not in line
