"""The tables of terms: check digits, what is left out, and what a reader finds by them."""

import csv
from pathlib import Path

import pytest

from fhir_pgx.knowledge.imports.terms import has_valid_check_digit
from fhir_pgx.knowledge.terms import load_vocabulary

TERMS = Path(__file__).resolve().parents[2] / "fhir_pgx" / "knowledge" / "terms"


@pytest.fixture(scope="module")
def vocabulary():
    return load_vocabulary(TERMS)


def check_digit(code):
    """LOINC's mod 10 as its manual writes it: odd digits from the right as one number, doubled."""
    digits = code.split("-")[0][::-1]
    doubled = str(int(digits[::2][::-1]) * 2) + digits[1::2][::-1]
    return -sum(int(digit) for digit in doubled) % 10


def test_every_loinc_code_of_the_table_has_its_check_digit(vocabulary):
    assert len(vocabulary.loinc) > 150
    assert [code for code in vocabulary.loinc if check_digit(code) != int(code[-1])] == []


def test_every_answer_code_passes_the_observed_rule(vocabulary):
    assert [code for code in vocabulary.answers if not has_valid_check_digit(code)] == []


@pytest.mark.parametrize("code", ["57132-1", "40425-3", "48005-6", "98059-8", "94040-2", "50720-0"])
def test_codes_that_fail_the_check_digit_are_not_in_the_table(vocabulary, code):
    assert not has_valid_check_digit(code)
    assert code not in vocabulary.loinc


@pytest.mark.parametrize(
    ("code", "gene", "kind", "allele"),
    [
        ("57132-3", "CYP2C19", "allele", ""),
        ("40425-1", "CYP2D6", "allele", ""),
        ("81140-6", "CYP3A5", "allele", ""),
        ("79720-9", "CYP2B6", "phenotype", ""),
        ("79718-3", "UGT1A1", "phenotype", ""),
        ("79722-5", "SLCO1B1", "phenotype", ""),
        ("50956-2", "HLA-B", "presence", "*57:01"),
        ("79712-6", "HLA-A", "presence", "*31:01"),
        ("66742-8", "CYP2C19", "presence", "*17"),
        ("49654-7", "TPMT", "presence", "*2"),
        ("34678-3", "MT-RNR1", "presence", "m.1555A>G"),
        ("73682-7", "CYP2D6", "allele-1", ""),
        ("56164-7", "CYP2C9", "presence", "*2"),
        ("54451-0", "CYP2C9;VKORC1", "genotype", ""),
        ("79468-5", "TPMT", "activity-test", ""),
        ("82118-1", "", "panel", ""),
    ],
)
def test_a_code_says_what_its_value_is_about(vocabulary, code, gene, kind, allele):
    term = vocabulary.loinc[code]
    assert (term.gene, term.kind, term.allele) == (gene, kind, allele)


@pytest.mark.parametrize(
    ("name", "symbol"),
    [("HGNC:2621", "CYP2C19"), ("2621", "CYP2C19"), ("CYP2C19", "CYP2C19"),
     ("C11ORF65", "C11orf65"), ("MT-RNR1", "MT-RNR1"), ("HGNC:4932", "HLA-B")],
)  # fmt: skip
def test_a_gene_is_found_by_id_number_and_symbol(vocabulary, name, symbol):
    assert vocabulary.genes[name] == symbol


def test_all_genes_are_there(vocabulary):
    assert len(set(vocabulary.genes.values())) == 133  # CPIC's 132, and UGT2B17 of FDA's table


@pytest.mark.parametrize(
    ("accession", "place"),
    [("NC_000012.11", ("GRCh37", "12")), ("NC_000012.12", ("GRCh38", "12")),
     ("NC_000010.11", ("GRCh38", "10")), ("NC_012920.1", ("both", "MT"))],
)  # fmt: skip
def test_an_accession_with_its_version_gives_build_and_chromosome(vocabulary, accession, place):
    assert vocabulary.accessions[accession] == place


@pytest.mark.parametrize(
    ("code", "term"),
    [("LA10315-2", "Ultrarapid Metabolizer"), ("LA25391-6", "Normal Metabolizer"),
     ("LA9657-3", "Poor Metabolizer"), ("LA25394-0", "Poor Function"), ("LA21266-4", "13")],
)  # fmt: skip
def test_an_answer_code_gives_the_standard_term(vocabulary, code, term):
    assert vocabulary.answers[code] == term


def test_the_loinc_tables_carry_the_notice_of_their_licence():
    for name in ("loinc.csv", "answers.csv"):
        head = (TERMS / name).read_text(encoding="utf-8").splitlines()[:6]
        assert any("http://loinc.org/license" in line for line in head), name
        assert all(line.startswith("#") for line in head[:4]), name


def test_the_tables_are_what_the_script_makes_of_the_facts(shared, vocabulary):
    with (shared / "facts" / "loinc_pgx.csv").open(encoding="utf-8", newline="") as file:
        stated = {row["code"]: row["status"] for row in csv.DictReader(file)}
    assert set(vocabulary.loinc) == {code for code, status in stated.items() if status != "invalid"}
