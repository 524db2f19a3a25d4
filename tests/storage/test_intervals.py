"""Times, amounts and places as intervals: every way that two can lie to one another."""

from itertools import combinations, product

import pytest

from fhir_pgx.model.search import (
    Amount,
    AmountAsked,
    Criterion,
    Moment,
    MomentAsked,
    Query,
    SearchValues,
)
from fhir_pgx.storage import NewResource
from fhir_pgx.storage.places import LONGEST, overlap, reaches, scale_of
from tests.storage.slow_search import Kept, slow_search

ENDS = range(5)
MOMENTS = list(combinations(ENDS, 2))
AMOUNTS = [(low / 2, high / 2) for low, high in product(ENDS, ENDS) if low <= high]
PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_prefix_holds_of_exactly_the_intervals_that_it_says(store, prefix):
    values = [SearchValues(moments=(Moment("date", *each),)) for each in MOMENTS]
    values += [SearchValues(amounts=(Amount("value", *each),)) for each in AMOUNTS]
    resources = [
        NewResource("Observation", f"o{number:03}", b"{}", "p1", values=each)
        for number, each in enumerate(values)
    ]
    store.save_bundle(resources)
    kept, reads = [Kept(each, 0) for each in resources], store.reads()
    asked = [("date", MomentAsked(prefix, *each)) for each in MOMENTS]
    asked += [("value", AmountAsked(prefix, *each)) for each in AMOUNTS]
    for param, value in asked:
        query = Query("Observation", (Criterion(param, (value,)),), count=100)
        found = [each.reference for each in reads.search(query).resources]
        assert found == slow_search(kept, query), value


def test_the_prefixes_of_a_day_against_a_month():
    """FHIR R4, Search, prefixes: a month that holds the day reaches beyond it on both sides."""
    day, month = (10, 11), (0, 30)

    def met(stored, asked):
        resource = NewResource("Observation", "o", b"{}", values=SearchValues(
            moments=(Moment("date", *stored),)))  # fmt: skip
        return {
            prefix
            for prefix in PREFIXES
            if slow_search([Kept(resource, 0)], Query("Observation", (
                Criterion("date", (MomentAsked(prefix, *asked),)),)))
        }  # fmt: skip

    assert met(stored=day, asked=month) == {"eq", "ge", "le", "ap"}
    assert met(stored=month, asked=day) == {"ne", "gt", "lt", "ge", "le", "ap"}
    assert met(stored=(40, 41), asked=month) == {"ne", "gt", "ge", "sa"}
    assert met(stored=day, asked=day) == {"eq", "ge", "le", "ap"}


def test_what_overlaps_is_within_reach_whatever_its_length():
    lengths = {0, 1, 2} | {each + off for each in LONGEST[:-1] for off in (-1, 0, 1)}
    for length, (start, stop) in product(sorted(lengths), [(10**9, 10**9), (10**9, 10**9 + 7)]):
        within = {each.scale: each for each in reaches(start, stop)}[scale_of(0, length)]
        for place in {start - length + off for off in (-2, -1, 0, 1)} | {stop - 1, stop, stop + 1}:
            if overlap(place, place + length, start, stop):
                assert within.first_start <= place <= within.last_start
                assert place + length >= within.first_stop


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ((5, 6), (5, 6), True),
        ((5, 6), (6, 7), False),
        ((5, 5), (5, 9), True),  # an insertion before the first base
        ((9, 9), (5, 9), True),  # and after the last
        ((4, 4), (5, 9), False),
        ((7, 7), (7, 7), True),
        ((0, 100), (50, 51), True),
    ],
)
def test_two_places_overlap_where_they_share_a_base_or_an_insertion_touches(one, other, shared):
    assert overlap(*one, *other) is overlap(*other, *one) is shared
