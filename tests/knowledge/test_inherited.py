"""The files of inherited findings: whole against the tables, resolved, and flagged."""

import csv
import re
import shutil

import pytest

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.knowledge.files import read_yaml
from fhir_pgx.knowledge.imports import inherited as importer
from fhir_pgx.knowledge.inherited import load_inherited
from fhir_pgx.knowledge.loader import HERE

FOLDER = HERE / "therapies" / "inherited"
KNOWLEDGE = load_inherited(HERE)
# Nothing prescribed by name in the US, or a biological that RxNorm lists otherwise.
BY_NAME_ALONE = {
    "delamanid",
    "agalsidase beta", "ajmaline", "alglucosidase alfa", "alpha-1 proteinase inhibitor",
    "amobarbital", "asfotase alfa", "atidarsagene autotemcel", "chenodiol", "enflurane",
    "lomefloxacin", "mestranol", "methoxyflurane", "nomegestrol", "secobarbital",
    "trastuzumab deruxtecan", "halothane",
}  # fmt: skip


def table(name):
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def facts(shared):
    return shared / "facts" / "precision"


def rows_of(facts, name):
    with (facts / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_every_row_of_the_tables_is_restated_or_left_out_with_its_reason(facts):
    ids = [
        row["row_id"] for name in (importer.RARE, importer.HEART) for row in rows_of(facts, name)
    ]
    ids += [f"PREG-hand:{n:03d}" for n in range(1, len(rows_of(facts, importer.PREGNANCY)) + 1)]
    ids += [f"HLA-hand:{n:03d}" for n in range(1, len(rows_of(facts, importer.HLA)) + 1)]
    assert len(ids) == 105 + 39 + 19 + 18
    assert importer.unanswered(ids) == []
    assert importer.unanswered([*ids, "RARE-hand:999"]) == ["RARE-hand:999"]


def test_no_row_is_both_restated_and_left_out():
    told = {row.id.partition("/")[0] for row in KNOWLEDGE.rows}
    told |= {row.provenance.id for row in KNOWLEDGE.hla}
    left = {r for entry in read_yaml(FOLDER / "left_out.yaml")["left_out"] for r in entry["rows"]}
    assert told & left == set()
    assert all(entry["why"] for entry in read_yaml(FOLDER / "left_out.yaml")["left_out"])


def test_the_generated_files_are_what_the_tables_give(facts, tmp_path, monkeypatch):
    for name in ("rows.yaml", "hla.yaml", "drug_classes.yaml", "left_out.yaml"):
        shutil.copy(FOLDER / name, tmp_path / name)
    monkeypatch.setattr(importer, "FOLDER", tmp_path)
    importer.main([str(facts)])
    for name in ("sources.csv", "qt_drugs.csv", "drugs.csv"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes(), name


def test_a_qt_drug_whose_code_is_of_another_drug_stops_the_import():
    row = {"drug": "sotalol", "rxnorm": "2551", "label_category": "", "congenital_lqts": "avoid"}
    row |= {"licence": "facts", "as_of": "2025-06"}
    with pytest.raises(BrokenKnowledge, match="sotalol"):
        importer.qt_rows([row], DrugCodes())


def test_every_qt_drug_of_the_table_ships_as_the_table_has_it(facts):
    ours = {(qt.drug.name, qt.category, qt.in_lqts) for qt in KNOWLEDGE.qt_drugs}
    theirs = {
        (row["drug"], row["label_category"], row["congenital_lqts"])
        for row in rows_of(facts, importer.QT)
    }
    assert ours == theirs
    assert len(ours) == 91


def test_the_genes_drugs_and_effects_are_those_of_the_tables(facts):
    by_id = {}
    for row in KNOWLEDGE.rows:
        by_id.setdefault(row.id.partition("/")[0], []).append(row)
    for source in rows_of(facts, importer.RARE):
        if source["row_id"] not in by_id:
            continue
        ours = by_id[source["row_id"]]
        assert source["gene"] in {gene for row in ours for gene in row.criterion.genes}
        named = {drug.name for row in ours for drug in row.drugs}
        stated = {part.strip() for part in re.split(r"[/+;]", source["therapy"])}
        if "(" not in source["therapy"]:
            assert named & stated or ours[0].kind == "care" or ours[0].drug_classes, source[
                "row_id"
            ]
        age = re.search(r"age >=(\d+)", source["conditions_and_safety"])
        if age:
            assert {row.min_age for row in ours} == {int(age[1])}, source["row_id"]
    for source in rows_of(facts, importer.HEART):
        genes = {gene for row in by_id.get(source["row_id"], ()) for gene in row.criterion.genes}
        assert source["gene"] in genes or source["gene"] == "CYP2C19"


def test_every_recessive_row_of_the_tables_asks_for_both_copies(facts):
    by_id = {row.id: row for row in KNOWLEDGE.rows}
    for name in (importer.RARE, importer.HEART):
        for source in rows_of(facts, name):
            row = by_id.get(source["row_id"])
            if row and source["variant_criterion"].startswith("biallelic"):
                assert row.criterion.copies == "two", row.id


def test_every_row_shows_that_it_was_compiled_by_hand_with_a_date_and_a_licence():
    held = [*KNOWLEDGE.rows, *KNOWLEDGE.qt_drugs, *KNOWLEDGE.hla]
    for row in held:
        about = row.provenance
        assert about.by_hand
        assert about.as_of == "2025-06"
        assert about.licence
        assert about.source


def test_the_codes_are_those_that_an_order_of_the_drug_resolves_to():
    codes = DrugCodes()
    rows = table("drugs.csv")
    assert {row["drug"] for row in rows if not row["rxnorm"]} <= BY_NAME_ALONE
    for row in rows:
        if row["rxnorm"]:
            meaning = codes.by_rxcui(row["rxnorm"])
            assert meaning is not None, row
            assert [drug.rxcui for drug in meaning.ingredients] == [row["rxnorm"]], row


def test_nothing_of_a_source_without_a_licence_is_held():
    text = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.csv"))
    assert "G2P" not in text
    assert KNOWLEDGE.gene_diseases == ()


def test_every_condition_is_of_a_row_and_every_row_of_a_condition():
    conditions = read_yaml(FOLDER / "conditions.yaml")["conditions"]
    used = {row["condition"] for row in read_yaml(FOLDER / "rows.yaml")["rows"]}
    assert used == set(conditions)


def test_the_phenotypes_that_rows_name_are_those_that_the_pharmacogenes_give(knowledge):
    for row in KNOWLEDGE.rows:
        for name in (*row.criterion.phenotypes, *row.criterion.unless):
            gene, _, phenotype = name.partition(": ")
            assert phenotype in {pair.phenotype for pair in knowledge.genes[gene].pairs}, row.id


def test_a_row_on_a_function_says_which_conditions_tell_it():
    for row in KNOWLEDGE.rows:
        by_function = row.criterion.only in ("gain-of-function", "loss-of-function")
        assert bool(row.function_names) is by_function, row.id


def test_withdrawn_and_discontinued_drugs_say_so():
    told = {row.drugs[0].name: row for row in KNOWLEDGE.rows if row.market}
    assert set(told) == {"voxelotor", "fidanacogene elaparvovec"}
    assert told["voxelotor"].effect == "avoid"


def test_a_reference_that_does_not_meet_is_named(tmp_path, monkeypatch):
    here = tmp_path / "knowledge"
    shutil.copytree(FOLDER, here / "therapies" / "inherited")
    rows = here / "therapies" / "inherited" / "rows.yaml"
    text = rows.read_text(encoding="utf-8")
    rows.write_text(text.replace("condition: rpe65", "condition: nowhere"), encoding="utf-8")
    with pytest.raises(BrokenKnowledge, match="nowhere"):
        load_inherited(here)
    rows.write_text(text.replace("genes: [RPE65]", "gene: RPE65"), encoding="utf-8")
    with pytest.raises(BrokenKnowledge, match=r"rows\.yaml"):
        load_inherited(here)
