"""Names of HLA: every spelling that laboratories use, and what is none."""

import pytest

from fhir_pgx.recommendation.transplant.names import Name, is_blank, parse_chromosome, parse_name


@pytest.mark.parametrize(
    ("text", "locus", "name"),
    [
        ("A*02:01", "", Name("A", "02", "01")),
        ("HLA-A*02:01", "", Name("A", "02", "01")),
        ("HLA-A*02:01:01:02L", "", Name("A", "02", "01", ":01:02", "L")),
        ("A*24:09N", "", Name("A", "24", "09", "", "N")),
        ("A*32:11Q", "", Name("A", "32", "11", "", "Q")),
        ("A*02:01:01G", "", Name("A", "02", "01", ":01", "", "G")),
        ("A*02:01P", "", Name("A", "02", "01", "", "", "P")),
        ("HLA-A:01:01G", "", Name("A", "01", "01", "", "", "G")),  # met in the guide's examples
        ("02:01", "A", Name("A", "02", "01")),
        ("*02:01", "A", Name("A", "02", "01")),
        ("DPB1*104:01", "", Name("DPB1", "104", "01")),
        ("A*0201", "", Name("A", "02", "01")),
        ("Cw*0702", "", Name("C", "07", "02")),
        ("DRB1*150101", "", Name("DRB1", "15", "01", "01")),
        ("A0201", "", Name("A", "02", "01")),
        ("A*02", "", Name("A", "02")),
        ("A*02:XX", "", Name("A", "02")),
        ("DRB1*13:AKBAR", "", Name("DRB1", "13")),  # a multiple-allele code
        ("A2", "", Name("A", antigen="A2")),
        ("HLA-B27", "", Name("B", antigen="B27")),
        ("B07", "", Name("B", antigen="B7")),
        ("A2403", "", Name("A", antigen="A2403")),
        ("Cw7", "", Name("C", antigen="Cw7")),
        ("C7", "", Name("C", antigen="Cw7")),
        ("DR17", "", Name("DRB1", antigen="DR17")),
        ("DR52", "", Name("DRB3", antigen="DR52")),
        ("DQ7", "", Name("DQB1", antigen="DQ7")),
        ("2", "A", Name("A", antigen="A2")),
        ("Bw4", "", Name("B", antigen="Bw4")),
    ],
)
def test_a_name_is_read_as_exactly_as_it_was_typed(text, locus, name):
    assert parse_name(text, locus) == name


@pytest.mark.parametrize(
    ("text", "locus"),
    [
        ("", ""), ("Positive", ""), ("02:01", ""), ("B*07:02", "A"), ("A*", ""), ("DQ7", "DRB1"),
        ("A*02101", ""), ("CYP2D6*4", ""), ("A*02:01X", ""), ("HLA-Z*01:01", ""),
    ],
)  # fmt: skip
def test_what_is_no_name_of_the_locus_is_not_read(text, locus):
    assert parse_name(text, locus) is None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("A*02:01/A*02:09", ["A*02:01", "A*02:09"]),
        ("A*02:01/02:09", ["A*02:01", "A*02:09"]),
        ("A*02:01/09/43N", ["A*02:01", "A*02:09", "A*02:43"]),
    ],
)
def test_the_options_of_a_chromosome_may_leave_out_what_they_share(text, names):
    assert [each.two_fields for each in parse_chromosome(text, "A")] == names


def test_a_chromosome_with_a_part_that_is_no_name_is_not_read():
    assert parse_chromosome("A*02:01/what", "A") is None
    assert parse_chromosome("A*02:01/B*07:02", "A") is None


@pytest.mark.parametrize("text", ["-", "", "A*-", "blank", "X"])
def test_a_blank_is_no_allele(text):
    assert is_blank(text)
    assert not is_blank("A*02:01")
