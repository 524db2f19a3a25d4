"""Tokens against concepts and identifiers."""

import pytest

from fhir_pgx.fhir.values import Concept
from fhir_pgx.model.drug import Coding
from fhir_pgx.operations.tokens import names_one, read_token

LOINC = "http://loinc.org"
HGNC = ("http://www.genenames.org", "http://www.genenames.org/", "https://www.genenames.org/geneId")
CONCEPT = Concept((Coding(LOINC, "LA6683-2", "Germline"),), "from the germ line")


@pytest.mark.parametrize(
    ("text", "system", "code"),
    [
        ("CYP2C19", None, "CYP2C19"),
        ("http://loinc.org|LA6683-2", "http://loinc.org", "LA6683-2"),
        ("|X", "", "X"),
        ("urn:oid:1.2|X", "urn:oid:1.2", "X"),
        ("http://glstring.org|hla#3.23.0#A*01:01+A*02:01|A*03:01+A*11:01", "http://glstring.org",
         "hla#3.23.0#A*01:01+A*02:01|A*03:01+A*11:01"),
        # A bar parts the genotypes of a GL string: what stands before it is no system.
        ("A*01:01+A*02:01|A*03:01+A*11:01", None, "A*01:01+A*02:01|A*03:01+A*11:01"),
    ],
)  # fmt: skip
def test_a_token_has_a_system_only_where_one_is_written(text, system, code):
    token = read_token(text)
    assert (token.system, token.code) == (system, code)


@pytest.mark.parametrize(
    ("text", "is_meant"),
    [
        ("la6683-2", True),
        ("GERMLINE", True),
        ("From The  Germ Line", True),
        ("germ", False),
        (f"{LOINC}|LA6683-2", True),
        (f"{LOINC}|la6683-2", False),
        (f"{LOINC}|Germline", False),
        ("http://snomed.info/sct|LA6683-2", False),
        ("|LA6683-2", False),
    ],
)
def test_a_bare_token_is_any_word_of_a_concept_and_one_with_a_system_the_coding(text, is_meant):
    assert read_token(text).is_of(CONCEPT) is is_meant


@pytest.mark.parametrize("asked", HGNC)
@pytest.mark.parametrize("stated", HGNC)
def test_the_spellings_of_hgnc_are_one_system(asked, stated):
    concept = Concept((Coding(stated, "HGNC:2621", ""),), "")
    assert read_token(f"{asked}|HGNC:2621").is_of(concept)


def test_an_identifier_is_meant_by_its_value_or_by_both():
    identifiers = [{"system": "urn:lab", "value": "T-1"}]
    assert names_one([read_token("t-1")], identifiers)
    assert names_one([read_token("urn:lab|T-1")], identifiers[0])
    assert not names_one([read_token("urn:other|T-1")], identifiers)
    assert not names_one([read_token("T")], identifiers)
