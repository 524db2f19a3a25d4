"""Donor-specific antibodies: broad and split, associated, epitopes, alleles, what is open."""

from decimal import Decimal

import pytest

from fhir_pgx.knowledge.loader import HERE
from fhir_pgx.knowledge.transplant import load_transplant
from fhir_pgx.model.finding import Origin
from fhir_pgx.model.hla_words import is_dsa, is_possible_dsa
from fhir_pgx.model.transplant import StatedAntibody, StatedTyping
from fhir_pgx.recommendation.transplant import Nomenclature, match_donors
from fhir_pgx.recommendation.transplant.names import parse_name

ORIGIN = Origin("Observation/synthetic", "Observation")
WORDS = Nomenclature(load_transplant(HERE))


def against(specificities, *donor):
    """The judgement of each antibody against a donor, `donor` a text a locus."""
    typings = [
        StatedTyping(parse_name(text.split("+")[0].split("/")[0]).locus, tuple(text.split("+")),
                     "donor", ORIGIN)
        for text in donor
    ]  # fmt: skip
    antibodies = [
        each if isinstance(each, StatedAntibody) else StatedAntibody(each, ORIGIN)
        for each in specificities
    ]
    (found,) = match_donors(typings, antibodies, WORDS)
    return found


@pytest.mark.parametrize(
    ("specificity", "donor", "fit"),
    [
        ("DQ7", "DQB1*03:01+DQB1*02:01", "donor-specific"),
        ("DQ7", "DQB1*03:02+DQB1*02:01", "not-donor-specific"),  # DQ8 is a sibling
        ("DQ3", "DQB1*03:02+DQB1*02:01", "donor-specific"),  # a broad antigen hits its splits
        ("DQ3", "DQ9+DQ2", "donor-specific"),
        ("DQ7", "DQ3+DQ2", "possible"),  # typed no further than the broad antigen
        ("DQ7", "DQB1*03:XX+DQB1*02:01", "possible"),
        ("DQ7", "DQB1*03:19+DQB1*02:01", "possible"),  # its antigen is not held here
        ("A9", "A*24:02+A*01:01", "donor-specific"),
        ("A24", "A*24:03+A*01:01", "donor-specific"),  # A2403 is associated with A24
        ("A2403", "A*24:02+A*01:01", "not-donor-specific"),
        ("A203", "A*02:01+A*01:01", "not-donor-specific"),
        ("A203", "A2+A1", "possible"),
        ("A2", "A*02:03+A*01:01", "donor-specific"),
        ("A2", "A*02:77+A*01:01", "donor-specific"),  # by the name of the allele
        ("B16", "B*39:01+B*07:02", "donor-specific"),  # B3901, B39, B16
        ("B70", "B*15:03+B*07:02", "donor-specific"),  # B72
        ("B15", "B*15:03+B*07:02", "not-donor-specific"),  # B72 is under B70, not B15
        ("B15", "B*15:99+B*07:02", "possible"),
        ("Cw3", "C*03:04+C*07:01", "donor-specific"),
        ("DR5", "DRB1*11:01+DRB1*15:01", "donor-specific"),
        ("DR52", "DRB3*02:02", "donor-specific"),
        ("Bw4", "B*44:02+B*07:02", "donor-specific"),
        ("Bw4", "B*07:02+B*08:01", "not-typed"),  # A may carry it, and is not typed
        ("Bw6", "B*27:08+B*44:02", "donor-specific"),  # B2708 is Bw6 although B27 is Bw4
        ("A*24:02", "A*24:02+A*01:01", "donor-specific"),
        ("A*02:01", "A*02:09+A*01:01", "donor-specific"),  # one P group
        ("A*02:01", "A*02:06+A*01:01", "not-donor-specific"),
        ("A*24:02", "A*24:XX+A*01:01", "possible"),
        ("A*24:02", "A24+A1", "possible"),
        ("anti-HLA DQ7", "DQB1*03:01+DQB1*02:01", "donor-specific"),
        ("DQ7", "DQB1*03:01/DQB1*03:02+DQB1*02:01", "possible"),
        ("C*04:01", "C*04:09N+C*07:01", "not-donor-specific"),  # not expressed
        ("DR4", "A*01:01+A*02:01", "not-typed"),
        ("something", "A*01:01+A*02:01", "possible"),  # unreadable: never left out
        ("A999", "A*01:01+A*02:01", "possible"),
    ],
)  # fmt: skip
def test_whether_an_antibody_is_against_the_donor(specificity, donor, fit):
    (judged,) = against([specificity], donor).antibodies
    assert judged.fit == fit


def test_bw4_lies_on_some_antigens_of_a_too():
    (judged,) = against(["Bw4"], "A*24:02+A*01:01", "B*07:02+B*08:01").antibodies
    assert (judged.fit, judged.hits) == ("donor-specific", ("A*24:02",))
    (judged,) = against(["Bw4"], "A*03:01+A*01:01", "B*07:02+B*08:01").antibodies
    assert judged.fit == "not-donor-specific"


def test_a_second_allele_that_is_not_stated_is_not_judged():
    (judged,) = against(["DQ7"], "DQB1*02:01").antibodies
    assert (judged.fit, judged.why) == ("not-typed", "the donor's second HLA-DQB1 is not stated")


def test_the_gravest_come_first_and_the_figure_is_kept():
    found = against(
        [
            StatedAntibody("DQ8", ORIGIN, Decimal(9000)),
            StatedAntibody("DQ7", ORIGIN, Decimal(700)),
            StatedAntibody("DQ3", ORIGIN, Decimal(4000)),
        ],
        "DQB1*03:01+DQB1*02:01",
    )
    assert [(j.antibody.specificity, j.antibody.mfi, j.fit) for j in found.antibodies] == [
        ("DQ3", Decimal(4000), "donor-specific"),
        ("DQ7", Decimal(700), "donor-specific"),
        ("DQ8", Decimal(9000), "not-donor-specific"),
    ]


def test_without_the_laboratorys_verdict_it_is_no_donor_specific_antibody():
    bead = StatedAntibody("DQ7", ORIGIN, Decimal(700), is_present=None)
    (judged,) = against([bead], "DQB1*03:01+DQB1*02:01").antibodies
    assert judged.fit == "donor-specific"
    assert not is_dsa(judged)


@pytest.mark.parametrize(
    ("antibodies", "tested"),
    [
        ([], "not-on-file"),
        ([StatedAntibody("", ORIGIN, is_present=False)], "negative"),
        ([StatedAntibody("", ORIGIN, is_present=None)], "no-answer"),
        ([StatedAntibody("", ORIGIN, is_present=True)], "found"),
        ([StatedAntibody("A2", ORIGIN)], "found"),
        ([StatedAntibody("A2", ORIGIN, is_present=False)], "negative"),
    ],
)
def test_not_tested_negative_and_without_an_answer_are_three_things(antibodies, tested):
    found = against(antibodies, "A*02:01+A*01:01")
    assert found.tested == tested
    if tested == "negative":
        assert found.antibodies == ()


def of(day, specificity="DQ7", **more):
    return StatedAntibody(specificity, Origin(f"Observation/{day}", "", when=day), **more)


def test_of_several_results_on_one_specificity_the_newest_counts():
    older, newer = of("2025-01-01", mfi=Decimal(9000)), of("2026-01-01", mfi=Decimal(2000))
    (judged,) = against([newer, older], "DQB1*03:01+DQB1*02:01").antibodies
    assert (judged.antibody.mfi, is_dsa(judged)) == (Decimal(2000), True)


def test_an_antibody_that_a_later_test_no_longer_finds_is_told_as_past():
    found = [of("2025-01-01"), of("2026-01-01", "HLA-DQ7", is_present=False)]
    (judged,) = against(found, "DQB1*03:01+DQB1*02:01").antibodies
    assert (judged.fit, judged.is_past, is_dsa(judged)) == ("donor-specific", True, False)


def test_one_that_was_absent_and_is_found_now_is_found():
    found = [of("2025-01-01", is_present=False), of("2026-01-01")]
    (judged,) = against(found, "DQB1*03:01+DQB1*02:01").antibodies
    assert is_dsa(judged)


def test_a_later_screen_that_found_none_stands_beside_an_older_antibody_with_its_date():
    found = [of("2020-01-01"), of("2026-08-01", "", is_present=False)]
    (judged,) = against(found, "DQB1*03:01+DQB1*02:01").antibodies
    assert (is_dsa(judged), judged.is_past, judged.negative_since) == (True, False, "2026-08-01")


def test_an_earlier_screen_that_found_none_says_nothing_of_a_newer_antibody():
    found = [of("2026-08-01"), of("2020-01-01", "", is_present=False)]
    (judged,) = against(found, "DQB1*03:01+DQB1*02:01").antibodies
    assert judged.negative_since == ""


@pytest.mark.parametrize("is_of_donor", [True, False])
def test_a_positive_test_of_donor_specific_antibodies_without_a_specificity_warns(is_of_donor):
    positive = of("2026-01-01", "", is_of_donor=is_of_donor)
    (judged,) = against([positive], "A*02:01+A*01:01").antibodies
    assert (judged.fit, is_possible_dsa(judged)) == ("possible", is_of_donor)
