"""Levels of drugs and genes, and tests that can be ordered: as their sources have them."""

import pytest

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.imports.levels import TARGET, read_rows, row_of, written
from fhir_pgx.knowledge.levels import load_levels, load_panels
from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.model.levels import Level
from fhir_pgx.services.templates import TEST_CODES


def test_the_file_is_what_the_facts_give(shared):
    assert TARGET.read_text(encoding="utf-8") == written(read_rows(shared / "facts"))


@pytest.mark.parametrize(
    ("rxcui", "drug", "gene", "cpic", "label"),
    [
        ("32968", "clopidogrel", "CYP2C19", "A", "Actionable PGx"),
        ("190521", "abacavir", "HLA-B", "A", "Testing Required"),
        ("519", "allopurinol", "HLA-B", "A", "Testing Recommended"),
        ("8331", "pimozide", "CYP2D6", "A/B", "Testing Required"),
        ("36437", "sertraline", "CYP2B6", "B", ""),
        ("", "ribostamycin", "MT-RNR1", "A", ""),  # RxNorm has no code for it
    ],
)
def test_a_pair_has_its_levels(knowledge, rxcui, drug, gene, cpic, label):
    found = knowledge.levels.of(rxcui, drug)[gene]
    assert (found.cpic, found.label) == (cpic, label)


@pytest.mark.parametrize(
    ("cpic", "high"), [("A", True), ("A/B", True), ("B", False), ("C", False), ("Retired", False)]
)
def test_levels_a_and_a_b_are_high(cpic, high):
    assert Level("CYP2D6", cpic).is_high == high


def test_a_drug_that_nobody_grades_has_no_levels(knowledge):
    assert knowledge.levels.of("6809", "metformin").get("CYP2D6") is None


def test_a_pair_that_stands_twice_breaks_the_build(tmp_path):
    text = TARGET.read_text(encoding="utf-8")
    (tmp_path / "levels.yaml").write_text(text + text.splitlines()[-1] + "\n", encoding="utf-8")
    with pytest.raises(BrokenKnowledge, match="stand twice"):
        load_levels(tmp_path)


def test_every_test_is_a_loinc_code_of_the_genes_it_reads(knowledge):
    panels = load_panels(HERE, knowledge.vocabulary.loinc)
    assert len(panels) == len({panel.code for panel in panels}) > 30
    assert {panel.code for panel in panels} <= set(TEST_CODES)
    assert all(code in knowledge.vocabulary.loinc for code in TEST_CODES)
    assert [panel.code for panel in panels if panel.is_open] == ["51962-9"]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('{"code": "99999-9", "display": "None", "reads": ["CYP2C19"]}', "not among our LOINC"),
        ('{"code": "66489-6", "display": "CYP2C19", "reads": ["CYP2D6"]}', "code of CYP2C19"),
        ('{"code": "50956-2", "display": "HLA-B", "reads": ["HLA-B"]}', r"HLA-B\*57:01 alone"),
    ],
)
def test_a_test_under_a_wrong_code_breaks_the_build(knowledge, tmp_path, line, fault):
    (tmp_path / "panels.yaml").write_text(
        f"citations: {{}}\npanels:\n  - {line}\n", encoding="utf-8"
    )
    with pytest.raises(BrokenKnowledge, match=fault):
        load_panels(tmp_path, knowledge.vocabulary.loinc)


@pytest.mark.parametrize("drug", ["abacavir", "clopidogrel", "capecitabine", "mercaptopurine"])
def test_what_a_label_or_cpic_grades_high_can_be_ordered(knowledge, drug):
    (rxcui,) = {rules.rxcui for rules in knowledge.drugs if rules.drug == drug}
    for gene, level in knowledge.levels.of(rxcui, drug).items():
        if level.is_high:
            assert any(panel.finds(gene) or _alleles(panel, gene) for panel in knowledge.panels)


def _alleles(panel, gene):
    return any(target.startswith(f"{gene}*") for target in panel.reads)


def test_a_drug_without_a_code_keeps_its_name():
    fact = dict.fromkeys(("clinpgx_level", "fda_label_pgx_level"), "")
    fact |= {"drug": "x", "rxnorm": "NA", "gene": "G6PD", "cpic_level": "A", "provisional": "True"}
    assert row_of(fact) == {
        "drug": "x", "rxnorm": "", "gene": "G6PD", "cpic": "A", "provisional": True,
    }  # fmt: skip
