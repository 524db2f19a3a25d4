"""HLA typings: when a risk allele is present, absent, or not known."""

import pytest

from fhir_pgx.genotype.hla import parse_typing, status_of


@pytest.mark.parametrize(
    ("typing", "target", "status"),
    [
        ("HLA-B*57:01+HLA-B*08:01", "*57:01", "positive"),
        ("HLA-B*57:01:01:02+HLA-B*08:01:01", "*57:01", "positive"),
        ("HLA-B*57:01:01G+HLA-B*08:01:01G", "*57:01", "positive"),
        ("HLA-B:57:01:01G+HLA-B:08:01:01G", "*57:01", "positive"),  # the asterisk is often lost
        ("HLA-B*5701+HLA-B*0801", "*57:01", "positive"),  # the nomenclature before 2010
        ("*57:01/*08:01", "*57:01", "positive"),  # `/` written where `+` is meant
        ("HLA-B*07:02+HLA-B*08:01", "*57:01", "negative"),
        ("HLA-B*57:03+HLA-B*08:01", "*57:01", "negative"),
        ("HLA-B*57+HLA-B*08:01", "*57:01", None),  # one field: may be *57:01
        ("HLA-B*57+HLA-B*08:01", "*58:01", "negative"),
        ("HLA-B57+HLA-B08", "*57:01", None),  # serology
        ("HLA-B*57:XX+HLA-B*08:01", "*57:01", None),
        ("HLA-B*57:AKBAR+HLA-B*08:01", "*57:01", None),  # an NMDP code may hide it
        ("HLA-B*07:02", "*57:01", None),  # the other chromosome is not typed
        ("HLA-B*57:01", "*57:01", "positive"),
        ("hla#3.31.0#HLA-B*57:01/HLA-B*57:03+HLA-B*08:01", "*57:01", None),
        ("hla#3.31.0#HLA-B*57:01+HLA-B*08:01|HLA-B*57:01+HLA-B*08:02", "*57:01", "positive"),
        ("hla#3.31.0#HLA-B*57:01+HLA-B*08:01|HLA-B*57:03+HLA-B*08:02", "*57:01", None),
        ("HLA-B*57:01:01:01N+HLA-B*08:01", "*57:01", None),  # a null allele is not expressed
    ],
)
def test_the_status_of_a_risk_allele(typing, target, status):
    assert status_of(target, parse_typing(typing, "HLA-B")) == status


@pytest.mark.parametrize("typing", ["HLA-A*02:01+HLA-A*03:01", "positive", "", "B5701x"])
def test_a_typing_of_another_locus_or_no_typing_is_refused(typing):
    assert parse_typing(typing, "HLA-B") is None
