"""A conjugate is never taken for the antibody in it."""

import pytest

from fhir_pgx.model.drug import Coding, MedicationConcept
from fhir_pgx.normalize.conjugate import conjugate_of
from fhir_pgx.terminology import RXNORM


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("trastuzumab deruxtecan", "trastuzumab deruxtecan"),
        ("fam-trastuzumab deruxtecan-nxki 100 MG Injection", "trastuzumab deruxtecan"),
        ("ado-trastuzumab emtansine", "trastuzumab emtansine"),
        ("Enhertu 100 mg vial", "trastuzumab deruxtecan"),
        ("KADCYLA", "trastuzumab emtansine"),
        ("sacituzumab govitecan-hziy", "sacituzumab govitecan"),
        ("trastuzumab", ""),
        ("Herceptin", ""),
        ("trastuzumab-dkst 150 MG", ""),
        ("", ""),
    ],
)
def test_a_conjugate_is_known_by_antibody_and_payload(words, name):
    assert conjugate_of(MedicationConcept(text=words)) == name


@pytest.mark.parametrize(("code", "name"), [("2267582", "trastuzumab deruxtecan"), ("224905", "")])
def test_a_conjugate_without_words_is_known_by_its_code(code, name):
    assert conjugate_of(MedicationConcept((Coding(RXNORM, code),))) == name
