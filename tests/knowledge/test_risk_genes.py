"""The lists of genes that are acted upon: of their form, whole, and as the source has them."""

import csv
import shutil
from collections import Counter

import pytest
import yaml

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.imports.risk_genes import TARGET, read_rows, unreviewed, written
from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.knowledge.risk_genes import GENES, MEASURES, load_risk_genes

ROWS = load_risk_genes(HERE)
OF_GENE = {row.gene: row for row in ROWS}


def test_the_lists_hold_84_genes_of_acmg_and_43_of_hereditary_cancer():
    genes = {row.gene: row.listed.partition(" since")[0] for row in ROWS}
    assert Counter(genes.values()) == {"ACMG SF": 84, "hereditary cancer gene": 43}


def test_every_row_names_its_source_licence_and_date():
    for row in ROWS:
        about = row.provenance
        assert all((about.system, about.licence, about.as_of)), row.gene
        assert row.hgnc.startswith("HGNC:"), row.gene
        assert about.by_hand or about.pmids, row.gene


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.provenance.id)
def test_a_recessive_condition_asks_for_two_copies_and_no_other_does(row):
    assert (row.copies == "two") is (row.inheritance == "AR")


@pytest.mark.parametrize(
    ("gene", "member", "value"),
    [
        ("TTN", "only", "truncating"),
        ("APOB", "only", "not-truncating"),
        ("PCSK9", "only", "gain-of-function"),
        ("EPCAM", "only", "deletion"),
        ("GREM1", "only", "duplication"),
        ("POLE", "provided", "the change lies in the exonuclease domain"),
        ("HFE", "changes", ("p.Cys282Tyr", "c.845G>A")),
        ("HOXB13", "changes", ("p.Gly84Glu", "c.251G>A")),
        ("MITF", "changes", ("p.Glu318Lys", "c.952G>A")),
        ("CHEK2", "excludes", ("p.Ile157Thr", "c.470T>C", "p.Ser428Phe", "c.1283C>T")),
        ("PLN", "listed", "ACMG SF since 3.3"),
        ("CALM1", "listed", "ACMG SF since 3.2"),
        ("MYBPC3", "measures", ()),  # the source states none: none is made up
        ("EPCAM", "measures", OF_GENE["MSH2"].measures),
    ],
)
def test_which_findings_count_is_what_the_source_says(gene, member, value):
    assert getattr(OF_GENE[gene], member) == value


def test_what_has_measures_is_marked_as_compiled_by_hand_in_the_reviewed_file():
    reviewed = yaml.safe_load((HERE / MEASURES).read_text(encoding="utf-8"))
    assert reviewed["citations"]["hand"]["licence"]


def test_a_measure_is_only_for_an_age_that_can_be():
    for row in ROWS:
        for measure in row.plan:
            assert (measure.from_age or 0) <= (measure.to_age or 99), row.gene
            assert bool(measure.order) is bool(measure.category), row.gene


def test_measures_stand_where_the_source_has_a_summary_and_nowhere_else(shared):
    facts = shared / "facts" / "precision" / "hereditary_risk_genes.csv"
    with facts.open(encoding="utf-8", newline="") as file:
        summed_up = {fact["gene"] for fact in csv.DictReader(file) if fact["management_summary"]}
    assert {row.gene for row in ROWS if row.measures} == summed_up


def test_the_file_is_what_the_script_writes_from_the_facts(shared):
    rows = read_rows(shared / "facts")
    assert TARGET.read_text(encoding="utf-8") == written(rows)
    assert unreviewed(rows) == []


def test_a_gene_that_the_list_gains_is_told_for_review(shared):
    rows = [*read_rows(shared / "facts"), {"gene": "NEWGENE"}]
    assert unreviewed(rows) == ["NEWGENE"]


@pytest.fixture
def copied(tmp_path):
    """A folder of knowledge that may be broken."""
    for name in (GENES, MEASURES):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(HERE / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda content: content["names"].pop("MYBPC3"), "MYBPC3 is not reviewed"),
        (lambda content: content["genes"].update(XYZ1={}), "XYZ1 is not on the list"),
        (lambda content: content["names"].update(BRCA1=["x"]), "BRCA1 stands twice"),
        (lambda content: content["genes"]["EPCAM"].update({"as": "NONE"}), "as names no"),
        (
            lambda content: content["genes"]["LDLR"]["measures"][0].update(order="none"),
            "LDLR: no order none",
        ),
        (lambda content: content["genes"]["TTN"].update(only="odd"), "is not one of"),
    ],
)
def test_a_reviewed_file_that_does_not_meet_the_list_is_refused(copied, change, told):
    content = yaml.safe_load((copied / MEASURES).read_text(encoding="utf-8"))
    change(content)
    (copied / MEASURES).write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(BrokenKnowledge, match=told):
        load_risk_genes(copied)
