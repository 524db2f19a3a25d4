"""What was pasted is kept for minutes, in memory, and never for long."""

from fhir_pgx.model.document import Document
from fhir_pgx.workbench.bench.kept import MOST, MOST_BYTES, SECONDS, Kept, key_of


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_it_is_made_once_and_forgotten_after_some_minutes():
    clock, made = Clock(), []
    kept = Kept(clock=clock)

    def make():
        made.append(1)
        return "a chart"

    assert kept.get(b"k", make) == kept.get(b"k", make) == "a chart"
    assert len(made) == 1
    clock.now = SECONDS + 1
    kept.get(b"other", make)
    assert len(kept) == 1
    kept.get(b"k", make)
    assert len(made) == 3


def test_it_holds_a_few_and_the_oldest_goes():
    kept = Kept(clock=Clock())
    for number in range(MOST + 3):
        kept.get(bytes([number]), lambda: "x")
    assert len(kept) == MOST


def test_it_is_gone_also_where_nobody_comes_after_it():
    clock, waiting = Clock(), []
    kept = Kept(clock=clock, later=lambda seconds, call: waiting.append((seconds, call)))
    kept.get(b"a genome", lambda: "x")
    clock.now = SECONDS / 2
    kept.get(b"another", lambda: "x")
    ((seconds, call),) = waiting
    assert seconds == SECONDS
    clock.now = SECONDS
    call()
    assert len(kept) == 1
    clock.now = 2 * SECONDS
    waiting[1][1]()
    assert (len(kept), len(waiting)) == (0, 2)


def test_what_is_large_is_not_kept_beside_others():
    kept = Kept(clock=Clock())
    kept.get(b"small", lambda: "x", size=1)
    kept.get(b"large", lambda: "x", size=MOST_BYTES)
    assert len(kept) == 1
    assert kept.get(b"too large", lambda: "y", size=MOST_BYTES + 1) == "y"
    assert len(kept) == 0


def test_two_pastes_never_share_a_key():
    one, other = Document(b"ab", "", ""), Document(b"c", "", "")
    joined, rest = Document(b"a", "", ""), Document(b"bc", "", "")
    assert key_of((one, other), "") != key_of((joined, rest), "")
    assert key_of((one,), "x") != key_of((one,), "y")
    assert key_of((one,), "") != key_of((Document(b"ab", "a.vcf", ""),), "")
