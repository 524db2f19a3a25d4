"""Cancers told by words, the organ last, on the whole tree of diseases."""

import pytest

from fhir_pgx.model.drug import Coding
from fhir_pgx.model.finding import Origin
from fhir_pgx.model.tumour import StatedCancer
from fhir_pgx.normalize.cancer import cancer_index, cancer_of


@pytest.fixture(scope="module")
def index(knowledge):
    return cancer_index(knowledge.therapies.tumour.diseases)


def nodes(index, label, *codings):
    found = cancer_of(StatedCancer(label, codings, "active", Origin("Condition/1", "")), index)
    return found.nodes if found else None


@pytest.mark.parametrize(
    ("label", "node"),
    [
        ("Adenocarcinoma of pancreas", "DOID:4074"),
        ("Adenocarcinoma, pancreas", "DOID:4074"),
        ("Adenocarcinoma of head of pancreas", "DOID:4074"),
        ("Malignant neoplasm of pancreas", "DOID:1793"),
        ("Adenocarcinoma of rectum", "DOID:0050861"),  # was no colorectal cancer: KRAS unheard
        ("Squamous cell carcinoma of esophagus", "DOID:3748"),
        ("Squamous cell carcinoma of head and neck", "DOID:5520"),
        ("Medullary carcinoma of thyroid", "DOID:3973"),
        ("Anaplastic carcinoma of thyroid", "DOID:0080522"),
        ("Carcinoma of endometrium", "DOID:2871"),
        ("Urothelial carcinoma of bladder", "DOID:4006"),
        ("Adenocarcinoma of gastroesophageal junction", "FHIRPGX:gej-adenocarcinoma"),
        ("Adenocarcinoma of right upper lobe of lung", "DOID:3910"),
        ("Melanoma of uvea", "DOID:6039"),
        # A histology of many organs may be every cancer's: nothing is ruled out by it.
        ("Carcinoma of unknown primary", "DOID:162"),
        ("Adenocarcinoma of ampulla", "DOID:162"),
    ],
)
def test_words_with_the_organ_last_are_the_cancer_of_the_organ(index, label, node):
    assert nodes(index, label) == (node,)


def test_a_code_for_a_histology_does_not_hide_the_organ_of_the_words(index):
    code = Coding("http://terminology.hl7.org/CodeSystem/icd-o-3", "8140/3", "")
    assert nodes(index, "Adenocarcinoma of pancreas", code) == ("DOID:4074",)


def test_words_of_no_cancer_are_none(index):
    assert nodes(index, "Tumor of unknown behaviour") is None
