"""HLA types that labels ask for. Every typing here is invented."""

import pytest

from fhir_pgx.model.finding import Origin
from fhir_pgx.model.transplant import StatedTyping
from fhir_pgx.model.tumour import Atom
from fhir_pgx.normalize.tumour_typing import typed_as
from fhir_pgx.recommendation.tumour.findings import Findings
from fhir_pgx.recommendation.tumour.hla import hla_outcome

A0201 = Atom("hla", "HLA-A*02:01", alleles=("HLA-A*02:01",))
GROUPS = Atom("hla", "P groups", alleles=("HLA-A*02:01P", "HLA-A*02:06P"))
A0205 = Atom("hla", "HLA-A*02:05P", alleles=("HLA-A*02:05P",))


def typing(*alleles, whose="recipient"):
    origin = Origin(f"Observation/{'-'.join(alleles)}", "", when="2026-10-01")
    return StatedTyping("A", alleles, whose, origin)


def truth(atom, *typings):
    return hla_outcome(atom, Findings(typed_as(typings, (), (), ""))).truth


@pytest.mark.parametrize(
    ("atom", "alleles", "expected"),
    [
        (A0201, ("A*02:01", "A*24:02"), "met"),
        (A0201, ("HLA-A*02:01:01:01", "HLA-A*24:02"), "met"),
        (A0201, ("A*02:01:01G", "A*24:02"), "met"),  # as laboratories report it
        (A0201, ("*01:01", "*24:02"), "not-met"),
        (A0201, ("A*02:05", "A*24:02"), "not-met"),
        (A0201, ("A*02", "A*24"), "unknown"),  # one field
        (A0201, ("A*02:01/A*02:09", "A*24:02"), "unknown"),
        (A0201, ("A*24:02",), "unknown"),  # the other chromosome is not stated
        (A0201, ("A*02:01:01:02L", "A*24:02"), "unknown"),
        (A0201, ("A*02:53N", "A*24:02"), "not-met"),
        (A0201, ("A*02:AB", "A*24:02"), "unknown"),
        (GROUPS, ("A*02:06", "A*24:02"), "met"),
        (GROUPS, ("A*02:07", "A*24:02"), "unknown"),  # its group stands in IPD-IMGT/HLA
        (GROUPS, ("A*02:05", "A*24:02"), "not-met"),
        (A0205, ("A*02:01", "A*02:05"), "met"),
    ],
)
def test_a_type_is_held_against_the_typing(atom, alleles, expected):
    assert truth(atom, typing(*alleles)) == expected


def test_a_donors_typing_is_never_the_patients():
    assert truth(A0201, typing("A*02:01", "A*24:02", whose="donor")) == "unknown"


def test_typings_that_differ_settle_nothing():
    assert truth(A0201, typing("A*02:01", "A*24:02"), typing("A*01:01", "A*24:02")) == "unknown"


def test_an_allele_that_was_found_by_itself_says_nothing_of_the_other_chromosome():
    found = typed_as((), ("*02:05",), ("Observation/1",), "2026-10-01")
    assert hla_outcome(A0205, Findings(found)).truth == "met"
    assert hla_outcome(A0201, Findings(found)).truth == "unknown"
