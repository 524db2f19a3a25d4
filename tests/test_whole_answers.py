"""The whole answer of every case: no card too many, none missing, none twice."""

import json
from collections import Counter

import pytest

from .replay import demo_client
from .whole_answers import ANSWERS, listed_cases, told

WRITTEN = json.loads(ANSWERS.read_bytes())


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with demo_client(tmp_path_factory.mktemp("answers")) as opened:
        yield opened


def test_every_case_is_written_down():
    assert list(WRITTEN) == [case.name for case in listed_cases()]


@pytest.mark.parametrize("case", listed_cases(), ids=lambda case: case.name)
def test_a_case_gets_the_cards_that_are_written_down_and_no_other(client, case):
    assert told(client, case) == WRITTEN[case.name]


def test_no_case_is_told_the_same_twice():
    assert {n: c for n, cards in WRITTEN.items() if (c := _doubled(cards))} == {}


def _doubled(cards):
    return [card for card, times in Counter(cards).items() if times > 1]


def test_a_doubled_card_is_seen():
    assert _doubled(["[info] a", "[info] b", "[info] a"]) == ["[info] a"]
