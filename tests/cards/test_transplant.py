"""The card of HLA matches: one for all donors, loud for antibodies, none for nothing."""

import uuid
from decimal import Decimal

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.transplant import match_card
from fhir_pgx.model.finding import Origin
from fhir_pgx.model.transplant import (
    Grade,
    HlaMatch,
    JudgedAntibody,
    LocusMatch,
    StatedAntibody,
)

CONTEXT = CardContext(uuid.UUID(int=1), "2026.08")
ORIGIN = Origin("Observation/synthetic", "Observation", when="2026-04-10T08:00:00Z")
LOCUS = LocusMatch(
    "A", ("A*01:01", "A*02:01"), ("A*01:01", "A*24:02"), (1, 1), (1, 1), (1, 1), "antigen",
    ("first field", "two fields"),
)  # fmt: skip


def grades(matches, missing=()):
    compared = 2 * (5 - len(missing))
    return (
        Grade(8, (matches, matches), compared, missing),
        Grade(10, (matches, matches), compared, missing),
        Grade(12, (matches, matches), compared, (*missing, "DPB1")),
    )


def match(person, matches=9, loci=(LOCUS,), antibodies=(), tested="not-on-file"):
    return HlaMatch(person, loci, (), grades(matches), tuple(antibodies), tested)


def judged(fit, name="DQ8", is_present=True, hits=("DQB1*03:02",), **more):
    antibody = StatedAntibody(name, ORIGIN, Decimal(8200), is_present)
    return JudgedAntibody(antibody, fit, hits, "why", **more)


def card(*matches):
    return match_card(matches, None, "", CONTEXT)


def test_several_donors_have_one_card_that_ranks_none():
    made = card(match("Patient/a", 8), match("Patient/b", 10), match("Patient/c", 9))
    assert made.summary == (
        "HLA of 3 donors on file: 8/10 (Patient/a), 10/10 (Patient/b), 9/10 (Patient/c)"
    )
    assert made.indicator == "info"
    assert made.detail.count("**Donor Patient/") == 3


def test_an_antibody_against_any_donor_leads():
    found = judged("donor-specific")
    made = card(match("Patient/a", 8), match("Patient/b", 10, antibodies=[found]))
    assert made.indicator == "warning"
    assert made.summary.startswith("Donor-specific antibodies against 1 of 2 donors.")


def test_the_date_and_the_figure_stand_beside_an_antibody():
    made = card(match("Patient/a", antibodies=[judged("donor-specific")]))
    assert "**DQ8 (MFI 8200)**: donor-specific (DQB1\\*03:02); why; of 2026-04-10." in made.detail


def test_what_does_not_warn():
    for quiet in (
        judged("donor-specific", is_present=None),  # no verdict of the laboratory
        judged("donor-specific", is_past=True),
        judged("not-typed", hits=()),
        judged("possible", hits=()),  # the specificity could not be read
        judged("not-donor-specific", hits=()),
    ):
        made = card(match("Patient/a", antibodies=[quiet]))
        assert made.indicator == "info", quiet
        assert "DQ8" in made.detail


def test_a_possible_one_warns_and_says_possible():
    made = card(match("Patient/a", antibodies=[judged("possible")]))
    assert (made.indicator, made.summary[:33]) == ("warning", "Possible donor-specific antibody ")


def test_antibodies_are_told_where_the_recipient_is_not_typed():
    made = card(match("Patient/a", loci=(), antibodies=[judged("donor-specific")]))
    assert made.summary == (
        "Donor-specific antibody DQ8 (MFI 8200), donor Patient/a; no HLA match to compare"
    )


def test_nothing_to_compare_makes_no_card():
    assert card() is None
    assert card(match("Patient/a", loci=())) is None


def test_words_from_outside_are_escaped():
    made = card(match("<b>*x*</b>"))
    assert "<b>" not in made.detail
    assert len(made.summary) < 140


def test_a_search_of_many_donors_shows_ten():
    made = card(*(match(f"Patient/{number}") for number in range(14)))
    assert "4 more donors are not shown here." in made.detail


def test_an_older_antibody_and_a_later_negative_test_are_both_dated():
    found = card(match("b", antibodies=[judged("donor-specific", negative_since="2026-08-01")]))
    assert found.indicator == "warning"
    assert "DQ8 (MFI 8200) of 2026-04-10, a test of 2026-08-01 found none" in found.summary
    assert "a later HLA antibody test (2026-08-01) found none" in found.detail


def test_a_donor_specific_antibody_whose_specificity_is_not_stated_is_told_so():
    any_donor = judged("possible", name="", hits=("specificity and donor not stated",))
    found = card(match("b", antibodies=[any_donor]))
    assert found.indicator == "warning"
    assert found.summary.startswith("Donor-specific antibody by the laboratory, specificity not")
