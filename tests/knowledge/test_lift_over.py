"""The shipped alignment, chain files in its place, and the script that makes it.

Chain files and features here are made for the tests.
"""

import gzip
import random
from itertools import pairwise

import pytest

from fhir_pgx.errors import BrokenKnowledge, InvalidSetting
from fhir_pgx.knowledge.imports.lift_over import align, rows_of, written
from fhir_pgx.knowledge.lift_over import (
    load_alignment,
    read_alignment,
    read_chains,
    read_table,
)
from fhir_pgx.model.alignment import Block

LENGTHS = {("GRCh37", "10"): 1000, ("GRCh38", "10"): 1100, ("GRCh37", "X"): 500}
FORWARD = """chain 900 chr10 1000 + 100 400 chr10 1100 + 150 470 1
100\t0\t20
200

chain 50 chr10 1000 + 500 600 chr10 1100 - 200 300 2
100
"""
BACKWARD = """chain 900 10 1100 + 150 470 10 1000 + 100 400 1
100 20 0
200
"""


def by_chromosome(blocks):
    found = {}
    for block in blocks:
        found.setdefault(block.chromosome, []).append(block)
    return found


# The shipped table


def test_no_two_blocks_of_the_shipped_alignment_overlap_on_either_build(knowledge):
    blocks = load_alignment()
    lengths = {
        place: knowledge.vocabulary.lengths[accession]
        for accession, place in knowledge.vocabulary.accessions.items()
    }
    assert set(by_chromosome(blocks)) == {*map(str, range(1, 23)), "X", "Y"}
    for chromosome, own in by_chromosome(blocks).items():
        for build, starts in (
            ("GRCh37", [(block.start37, block.length) for block in own]),
            ("GRCh38", sorted((block.start38, block.length) for block in own)),
        ):
            assert all(length > 0 for _, length in starts)
            assert all(a + length <= b for (a, length), (b, _) in pairwise(starts))
            assert starts[0][0] >= 0
            assert sum(starts[-1]) <= lengths[build, chromosome]


def test_the_shipped_alignment_covers_nearly_all_that_both_builds_have():
    # GRCh37 has 2.86 thousand million bases that are not N.
    assert sum(block.length for block in load_alignment()) > 2_800_000_000


def test_a_table_that_was_changed_or_cut_off_is_not_used():
    rows = [("10", 5, 7, 100, 1), ("X", 5, 9, 100, -1)]
    text = written(rows).encode()
    assert read_table(text) == tuple(Block(*row) for row in rows)
    for broken in (text[:-10], text.replace(b"10,5,7", b"10,5,8"), b"", b"10,5,7,100,1\n"):
        with pytest.raises(BrokenKnowledge, match="does not match its hash"):
            read_table(broken)


# A chain file in its place


def test_a_chain_file_is_read_in_either_direction():
    expected = (Block("10", 100, 150, 100), Block("10", 200, 270, 200))
    assert read_chains(FORWARD, LENGTHS)[:2] == expected
    assert read_chains(BACKWARD, LENGTHS) == expected


def test_a_chain_on_the_other_strand_is_counted_from_the_other_end():
    # `-` counts from the end of a chromosome of 1100 bases: 200 to 300 is 800 to 900.
    assert read_chains(FORWARD, LENGTHS)[2] == Block("10", 500, 800, 100, -1)


def test_of_chains_that_overlap_the_one_of_the_higher_score_counts():
    rival = "chain 10 chr10 1000 + 150 250 chr10 1100 + 900 1000 3\n100\n\n"
    assert read_chains(rival + FORWARD, LENGTHS) == read_chains(FORWARD, LENGTHS)


def test_chains_of_other_contigs_are_left_out():
    other = "chain 99 chr6_apd_hap1 1000 + 0 100 chr10 1100 + 0 100 4\n100\n\n"
    assert read_chains(other + FORWARD, LENGTHS) == read_chains(FORWARD, LENGTHS)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_the_setting_names_a_plain_or_a_gzip_file(tmp_path, pack):
    path = tmp_path / "own.chain"
    path.write_bytes(pack(FORWARD.encode()))
    assert read_alignment(str(path), LENGTHS) == read_chains(FORWARD, LENGTHS)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no chain between"),
        ("hello\n", "line 1"),
        ("chain 900 chr10 1000 - 100 400 chr10 1100 + 150 470 1\n100\n", "line 1"),
        ("chain 900 chr10 1000 + 100\n100\n", "line 1"),
        ("chain 9 chr10 1000 + 950 1000 chr10 1100 + 150 470 1\n100\n", "past its chromosome"),
        ("chain 9 chr10 1000 + 100 200 chr10 1100 + 150 250 1\n100 x 1\n", "line 2"),
        ("chain 9 chr10 77 + 10 20 chr10 88 + 10 20 1\n10\n", "no chain between"),  # T2T, mouse
    ],
)
def test_a_file_that_is_no_chain_between_the_builds_stops_the_start(text, told):
    with pytest.raises(InvalidSetting, match=told):
        read_chains(text, LENGTHS)


def test_a_file_that_is_not_there_stops_the_start(tmp_path):
    with pytest.raises(InvalidSetting, match="cannot be read"):
        read_alignment(str(tmp_path / "none.chain"), LENGTHS)


# The script


def features(count=60, seed=7):
    """Intervals of random lengths and distances, as repeats are."""
    chance = random.Random(seed)
    found, place = [], 10_000
    for _ in range(count):
        start = place + chance.randint(5, 400)
        place = start + chance.randint(20, 350)
        found.append((start, place))
    return found


def moved(found, offset, first=0):
    return [(a + offset, b + offset) if i >= first else (a, b) for i, (a, b) in enumerate(found)]


def spans(stretches):
    return [(each.start, each.end, *each.key) for each in stretches]


def test_features_at_one_distance_are_one_stretch():
    own = features()
    assert spans(align([own], [moved(own, 1234)])) == [(own[0][0], own[-1][1], 1, 1234)]


def test_the_bases_between_two_distances_are_not_aligned():
    own = features()
    there = moved(moved(own, 500), 7, first=30)
    assert spans(align([own], [there])) == [
        (own[0][0], own[29][1], 1, 500),
        (own[30][0], own[-1][1], 1, 507),
    ]


def test_a_reversed_part_is_found_on_the_other_strand():
    own = features(90)
    low, high = own[30][0], own[59][1]
    turned = [(low + high - end, low + high - start) for start, end in own[30:60]]
    there = sorted([*own[:30], *turned, *own[60:]])
    assert (low, high, -1, low + high) in spans(align([own], [there]))


def test_a_variant_that_lies_elsewhere_takes_its_surroundings_out():
    own = features()
    between = (own[30][1] + own[31][0]) // 2
    found = spans(align([own], [own], [(between, between + 3)]))
    assert found == [(own[0][0], own[30][1], 1, 0), (own[31][0], own[-1][1], 1, 0)]


def test_a_few_features_that_match_elsewhere_by_chance_are_not_believed():
    own, alien = features(60), features(4, seed=99)
    start = own[-1][1] + 500
    here = [*own, *moved(alien, start)]
    far = [*own, *moved(alien, start + 5_000_000)]
    assert spans(align([here], [far])) == [(own[0][0], own[-1][1], 1, 0)]


def test_the_script_reads_three_files_a_build(tmp_path):
    own = features()
    for build, offset in (("GRCh37", 0), ("GRCh38", 40)):
        folder = tmp_path / build
        folder.mkdir()
        rows = "".join(f"chr2\t{a}\t{b}\n" for a, b in moved(own, offset))
        (folder / "repeats.bed").write_text(rows)
        (folder / "exons.bed").write_text("")
        (folder / "variants.bed").write_text(f"chr2\t{own[3][1] + offset}\t0\trs1\n")
    assert list(rows_of(tmp_path)) == [("2", own[0][0], own[0][0] + 40, own[-1][1] - own[0][0], 1)]
