"""Two sources of one gene's variants. Genotypes are made for the tests."""

import pytest

from fhir_pgx.genotype.sources import join_sources
from fhir_pgx.model.variant import UNREAD, SiteCall


def call(site, *alleles, **rest):
    return SiteCall("CYP2C19", site, alleles, **rest)


def alleles(joined):
    return {each.site: each.alleles for each in joined.calls}


def test_positions_of_several_sources_are_added_up():
    joined = join_sources([(call("rs1", "A", "G"),), (call("rs2", "C", "C"),)])
    assert alleles(joined) == {"rs1": ("A", "G"), "rs2": ("C", "C")}
    assert joined.disagreeing == ()


@pytest.mark.parametrize(
    ("what", "one", "other", "kept"),
    [
        ("the same", call("rs1", "A", "G"), call("rs1", "G", "A"), ("A", "G")),
        ("one unread", call("rs1", UNREAD, UNREAD), call("rs1", "A", "G"), ("A", "G")),
        ("the other unread", call("rs1", "A", "G"), call("rs1", UNREAD, UNREAD), ("A", "G")),
        (
            "a sequence that says no zygosity",
            call("rs1", "G", zygosity_known=False), call("rs1", "A", "G"), ("A", "G"),
        ),
        ("one copy or a like pair", call("rs1", "G"), call("rs1", "G", "G"), ("G", "G")),
    ],
)  # fmt: skip
def test_of_two_that_agree_the_one_that_says_more_is_kept(what, one, other, kept):
    joined = join_sources([(one,), (other,)])
    assert alleles(joined) == {"rs1": kept}, what
    assert joined.disagreeing == ()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (call("rs1", "A", "G"), call("rs1", "A", "A")),
        (call("rs1", "A", "G"), call("rs1", "G", "G")),
        (call("rs1", "A", "A"), call("rs1", "G", zygosity_known=False)),
    ],
)
def test_two_that_cannot_both_be_true_are_named(one, other):
    assert join_sources([(one,), (other,)]).disagreeing == ("rs1",)


def test_phase_sets_of_two_sources_are_not_one_set():
    joined = join_sources(
        [(call("rs1", "A", "G", phase="10:whole"),), (call("rs2", "C", "T", phase="10:whole"),)]
    )
    assert len({each.phase for each in joined.calls}) == 2
