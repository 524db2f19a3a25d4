"""Texts of several genes: each result goes to its own gene or to none. All synthetic."""

import random
import re

import pytest

from fhir_pgx.model.finding import Presence, StatementKind
from fhir_pgx.model.phenotype_words import standard_term

GENES = ("CYP2D6", "CYP2C19", "CYP2C9", "TPMT", "DPYD", "NUDT15")
PHENOTYPES = ("Poor Metabolizer", "Intermediate Metabolizer", "Normal Metabolizer")
PAIRS = ("*1/*1", "*1/*2", "*2/*3", "*4/*4")
SEPARATORS = ("; ", ", ", "\n", ". ", " and ", " / ", " - ", ",\n", " ", "\n\n", ": ", " | ")
SHAPES = (
    "{gene} {pair}",
    "{gene}: {pair}",
    "{gene} {phenotype}",
    "{gene} {pair}, {phenotype}",
    "{gene} {pair} ({phenotype})",
    "{gene}\n{phenotype}",
    "{phenotype} for {gene}",
    "{phenotype} in {gene}",
    "{phenotype} of {gene}",
    "{pair} in {gene}",
    "{phenotype}: {gene}",
    "{phenotype} {gene}",
    "{phenotype} for\n{gene}",
    "{pair}, {phenotype} for {gene}",
    "{phenotype} {gene} {pair}",
    "{gene} {pair}; {phenotype}",
    "no {gene} {pair} but {phenotype}",
)
GENOTYPE = {"coding": [{"system": "http://loinc.org", "code": "84413-4"}]}


def report(text):
    code = {"text": "Pharmacogenetic report"}
    return {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "code": code} | {
        "conclusion": text
    }


def problem(text):
    return {"resourceType": "Condition", "id": "c", "code": {"text": text}}


def result(text, code=None):
    made = {"resourceType": "Observation", "id": "o", "status": "final", "code": code or GENOTYPE}
    return made | {"valueString": text}


def unlabelled(text):
    return result(text, {"text": "Result"})


def of_one_gene(text):
    gene = {
        "code": {"coding": [{"system": "http://loinc.org", "code": "48018-6"}]},
        "valueCodeableConcept": {"text": "CYP2D6"},
    }
    return result(text) | {"component": [gene]}


PLACES = (report, problem, result, unlabelled)


def drawn(draw):
    """A text of two to four genes, and what is true of each gene."""
    genes = draw.sample(GENES, draw.randint(2, 4))
    truth = {gene: (draw.choice(PAIRS), draw.choice(PHENOTYPES)) for gene in genes}
    usual, between = draw.choice(SHAPES), draw.choice(SEPARATORS)
    text = ""
    for gene, (pair, phenotype) in truth.items():
        shape = usual if draw.random() < 0.7 else draw.choice(SHAPES)
        if text:
            text += between if draw.random() < 0.8 else draw.choice(SEPARATORS)
        words = draw.choice((phenotype, phenotype.lower()))
        text += shape.format(gene=gene, pair=pair, phenotype=words)
    return text, truth


@pytest.mark.parametrize("place", PLACES)
def test_whatever_is_read_of_a_text_is_true_of_its_gene(reading_of, place):
    draw = random.Random(20240506)
    seen = 0
    for _ in range(1500):
        text, truth = drawn(draw)
        reading = reading_of(place(text))
        listed = " ".join(one.reason for one in reading.not_understood)
        for one in reading.statements:
            seen += 1
            pair, phenotype = truth[one.gene]
            if one.kind is StatementKind.PHENOTYPE:
                assert standard_term(one.gene, one.value) == phenotype, text
            else:
                assert re.findall(r"\*\d/\*\d", one.value) == [pair], text
        for gene in truth.keys() - {one.gene for one in reading.statements}:
            assert gene in listed, text
    assert seen > 300


@pytest.mark.parametrize("place", [*PLACES, of_one_gene])
@pytest.mark.parametrize(
    "text",
    [
        "CYP2D6 *1/*1, poor metabolizer for DPYD, normal metabolizer for TPMT",
        "TPMT normal metabolizer, poor metabolizer for CYP2C19, normal metabolizer for DPYD",
        "CYP2D6 *1/*1; Poor Metabolizer for TPMT",
        "CYP2D6 *1/*1, poor metabolizer\nDPYD, normal metabolizer\nTPMT",
        "CYP2D6 *1/*1\nPoor Metabolizer\nTPMT *1/*1",
        "CYP2D6 *1/*1. Poor metabolizer. TPMT *1/*1.",
        "CYP2D6 *1/*1 and TPMT *1/*3A",
        "No evidence of\nCYP2D6 *4/*4; TPMT *1/*1",
    ],
)
def test_a_text_that_may_mean_another_gene_is_refused_whole(reading_of, place, text):
    reading = reading_of(place(text))
    assert {one.value for one in reading.statements} <= {"a value that is not read"}
    listed = " ".join(one.reason for one in reading.not_understood)
    assert all(gene in listed for gene in GENES if gene in text)


def test_the_words_of_another_gene_are_not_those_of_the_gene_component(reading_of):
    reading = reading_of(of_one_gene("*1/*1; Poor Metabolizer for TPMT"))
    assert [one.value for one in reading.statements] == ["a value that is not read"]
    assert "TPMT" in reading.not_understood[0].reason


def test_an_interpretation_that_names_another_gene_is_listed(reading_of):
    said = {"interpretation": [{"text": "Poor Metabolizer for TPMT"}]}
    reading = reading_of(of_one_gene("*1/*1") | said)
    assert [one.value for one in reading.statements] == ["*1/*1"]
    assert "interpretation" in reading.not_understood[0].reason


@pytest.mark.parametrize("code", ["Pharmacogenomic Panel Report", "CYP2C19 genotype", "Result"])
def test_a_value_for_a_whole_panel_is_read_gene_by_gene(reading_of, code):
    text = "CYP2C19: *2/*17\nDPYD: Poor Metabolizer"
    reading = reading_of(result(text, {"text": code}))
    assert [(one.gene, one.kind) for one in reading.statements] == [
        ("CYP2C19", StatementKind.DIPLOTYPE),
        ("DPYD", StatementKind.PHENOTYPE),
    ]
    assert reading.not_understood == ()


def test_a_gene_of_a_panel_that_cannot_be_read_is_listed_beside_the_others(reading_of):
    reading = reading_of(result("CYP2C19: *2/*17\nDPYD: see report\nTPMT: no call"))
    assert [(one.gene, one.presence) for one in reading.statements] == [
        ("CYP2C19", Presence.PRESENT),
        ("TPMT", Presence.NO_CALL),
    ]
    (listed,) = reading.not_understood
    assert listed.reason.startswith("DPYD:")
