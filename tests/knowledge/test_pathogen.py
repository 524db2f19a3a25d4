"""The files of pathogens: complete, in one spelling, and what the importer writes."""

import csv
import json
import re

import pytest
import yaml

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.drug_codes import DrugCodes
from fhir_pgx.knowledge.files import checked
from fhir_pgx.knowledge.imports.pathogen import _notes, files_of
from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.knowledge.pathogen import load_pathogen

FOLDER = HERE / "therapies" / "pathogen"


@pytest.fixture(scope="module")
def pathogens():
    return load_pathogen(HERE)


@pytest.fixture(scope="module")
def facts(shared):
    return shared / "facts" / "precision"


def read(path):
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_files_are_what_the_importer_writes(facts):
    for name, text in files_of(facts).items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, name


def test_every_rule_of_hivdb_is_held_with_its_groups(facts, pathogens):
    source = json.loads((facts / "hiv_resistance.json").read_text())
    assert len(pathogens.hiv.drugs) == len(source["drugs"]) == 28
    for ours, theirs in zip(pathogens.hiv.drugs, source["drugs"], strict=True):
        assert (ours.abbreviation, ours.gene) == (theirs["abbreviation"], theirs["gene"])
        sizes = [len(rule.get("items", [1])) for rule in theirs["rules"]]
        assert [len(rule.options) for rule in ours.rules] == sizes
        kinds = [rule.get("items", [rule])[0]["type"] for rule in theirs["rules"]]
        assert [rule.kind for rule in ours.rules] == kinds
    assert sum(len(r.options) for d in pathogens.hiv.drugs for r in d.rules) == 1449


def test_every_row_of_the_who_catalogue_is_held(facts, pathogens):
    theirs = {
        (r["gene"], r["mutation"], r["drug"], r["who_group"], r["mutation_alias"])
        for r in read(facts / "tb_resistance.csv")
        if r["mutation_kind"] != "rule"
    }
    ours = {(r.gene, r.name, r.drug, r.group, r.alias) for r in pathogens.tb.rows}
    assert ours == theirs
    assert len(pathogens.tb.rows) == 1908


def test_every_fold_change_is_held(facts, pathogens):
    theirs = read(facts / "herpesvirus_resistance.csv")
    assert len(pathogens.herpes) == len(theirs) == 2747
    for ours, row in zip(pathogens.herpes, theirs, strict=True):
        assert ours.virus == row["virus"].replace("Adeno", "Adenovirus")
        assert (ours.gene, ours.mutation, ours.drug) == (row["gene"], row["mutation"], row["drug"])
        assert (ours.fold, ours.low, ours.high) == (
            row["fold_change_median"], row["fold_change_min"], row["fold_change_max"]
        )  # fmt: skip
        assert str(ours.reports) == row["n_reports"]


def test_every_row_of_the_hand_set_stands_for_something(facts, pathogens):
    theirs = {row["row_id"] for row in read(facts / "other_antimicrobial_resistance.csv")}
    held = {row for marker in pathogens.other for row in marker.rows}
    # The rifampicin region is a rule of M. tuberculosis, kept with the catalogue's rows.
    assert theirs - held == {"ID-hand:030"}
    assert held <= theirs
    assert pathogens.tb.codons == (426, 452)


def test_no_sentence_of_a_source_is_copied(facts):
    source = json.loads((facts / "hiv_resistance.json").read_text())
    sentences = [
        sentence.strip()
        for comment in source["mutation_comments"]
        for sentence in re.split(r"(?<=\.)\s", comment["source_text"])
        if len(sentence) > 40
    ]
    text = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("*.yaml"))
    assert [each for each in sentences if each in text] == []
    for row in read(facts / "tb_resistance.csv"):
        assert len(row["comment"]) < 30 or row["comment"] not in text


def test_a_remark_that_nobody_has_reviewed_stops_the_import():
    assert list(_notes("High-level resistance")) == ["High-level resistance"]
    with pytest.raises(ValueError, match="nobody has reviewed"):
        list(_notes("High-level resistance. Something new"))


def test_codes_are_the_ingredients_of_the_names(pathogens):
    drugs = {each.name: each.rxcui for each in pathogens.hiv.drugs}
    drugs |= {each.drug: each.rxcui for each in (*pathogens.tb.rows, *pathogens.herpes)}
    drugs |= {name: code for each in pathogens.other for name, code in each.drugs}
    drugs |= {each.drug: each.rxcui for each in pathogens.tb.related}
    drugs |= {each.name: each.rxcui for each in pathogens.prodrugs}
    index = DrugCodes()
    try:
        for name, code in drugs.items():
            found = index.by_name(name)
            expected = found.ingredients[0].rxcui if found and found.ingredients else ""
            assert code == expected, name
    finally:
        index.close()


def test_ids_of_rows_are_distinct(pathogens):
    for rows in (pathogens.tb.rows, pathogens.herpes, pathogens.other):
        ids = [row.id for row in rows]
        assert len(set(ids)) == len(ids)


def test_notes_speak_of_mutations_that_the_rules_know(pathogens):
    known = {
        (drug.gene, int(re.match(r"\d+", name)[0]))
        for drug in pathogens.hiv.drugs
        for rule in drug.rules
        for names, _ in rule.options
        for name in names
    }
    for note in pathogens.hiv.comments:
        gene, _, mutation = note.partition(":")
        assert (gene, int(re.match(r"\d+", mutation)[0])) in known


@pytest.mark.parametrize(
    ("name", "schema", "spoil", "told"),
    [
        ("other", "pathogen_other", lambda c: c["rows"][0].pop("source"), "source"),
        ("tb_genes", "pathogen_tb_genes", lambda c: c.pop("aliases"), "aliases"),
        ("viruses", "pathogen_viruses", lambda c: c.update(more=1), "more"),
        ("hiv_notes", "pathogen_hiv_notes", lambda c: c["notes"].update(x="y"), "x"),
    ],
)
def test_a_file_that_lacks_what_it_needs_is_refused(name, schema, spoil, told):
    content = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    assert checked(content, schema, name)
    spoil(content)
    with pytest.raises(BrokenKnowledge, match=told):
        checked(content, schema, name)
