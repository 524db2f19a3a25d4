"""What is remembered is forgotten in time, and the oldest where it is too much."""

from fhir_pgx.security.remembered import Remembered


def test_a_value_is_there_until_its_time():
    kept = Remembered(3)
    kept.put("a", 1, until=10, now=0)
    assert kept.find("a", 9.9) == 1
    assert kept.find("a", 10) is None
    assert kept.find("b", 0) is None


def test_a_value_that_was_taken_is_gone():
    kept = Remembered(3)
    kept.put("a", 1, until=10, now=0)
    assert kept.take("a", 5) == 1
    assert kept.take("a", 5) is None
    kept.put("b", 2, until=10, now=0)
    assert kept.take("b", 10) is None  # too late, and gone all the same
    assert kept.find("b", 5) is None


def test_what_is_over_makes_room_before_what_still_holds():
    kept = Remembered(2)
    kept.put("holds", 1, until=100, now=0)
    kept.put("over", 2, until=5, now=0)
    kept.put("new", 3, until=100, now=10)
    assert (kept.find("holds", 10), kept.find("over", 4), kept.find("new", 10)) == (1, None, 3)


def test_the_oldest_goes_where_all_still_hold():
    kept = Remembered(2)
    for name in ("a", "b", "c"):
        kept.put(name, name, until=100, now=0)
    assert [kept.find(name, 0) for name in ("a", "b", "c")] == [None, "b", "c"]


def test_a_value_that_is_put_again_is_the_newest():
    kept = Remembered(2)
    for name in ("a", "b", "a", "c"):
        kept.put(name, name, until=100, now=0)
    assert [kept.find(name, 0) for name in ("a", "b", "c")] == ["a", None, "c"]
