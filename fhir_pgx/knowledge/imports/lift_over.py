"""The alignment of GRCh37 and GRCh38, from features that are published on both.

Repeats, exons and common variants have been placed on each build by people who had nothing to do
with the other. Where neighbours stand at the same distance on both, the bases they span are the
same ones. So an alignment follows from places alone, without a sequence and without anybody's
chain file: three successive features whose lengths and distances occur once on a chromosome of each
build are a seed; features at the seeds' offset join it; what neither neighbour confirms is left
unaligned. A variant whose places contradict a stretch takes it out again.

Input, a folder with `GRCh37/` and `GRCh38/`, each with `repeats.bed`, `exons.bed` and
`variants.bed` (chromosome, start, end; of variants also the rs number). What they were made from
stands in docs/methods/lift-over.md.
"""

import argparse
import csv
import hashlib
import io
from bisect import bisect_left, bisect_right, insort
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TARGET = Path(__file__).parents[1] / "lift_over.csv"
CHROMOSOMES = (*map(str, range(1, 23)), "X", "Y")
FEATURES = ("repeats", "exons")
SEED = 3  # successive features
NEIGHBOURS = 40  # on each side: who of them stands at the same offset
ENOUGH = 3  # of them
REACH = 50_000  # bases between two features that agree
FAR = 100_000  # an offset that differs by more from both neighbours' is a block moved elsewhere
MOVED = 20  # features that such a block, or one on the other strand, needs

Feature = tuple[int, int]  # start, end


@dataclass(frozen=True, slots=True, order=True)
class Anchor:
    """A feature as it lies on GRCh37, and what places it on GRCh38.

    On the same strand `offset` is added to a position; on the other one a base at `p` lies at
    `offset - 1 - p`.
    """

    start: int
    end: int
    strand: int
    offset: int

    @property
    def key(self) -> tuple[int, int]:
        return self.strand, self.offset

    @property
    def image(self) -> Feature:
        return image(self.start, self.end, self.strand, self.offset)


@dataclass(slots=True)
class Stretch:
    """Anchors that agree, joined."""

    anchors: list[Anchor]
    start: int
    end: int

    @property
    def key(self) -> tuple[int, int]:
        return self.anchors[0].key

    @property
    def image(self) -> Feature:
        return image(self.start, self.end, *self.key)


def image(start: int, end: int, strand: int, offset: int) -> Feature:
    """The interval on GRCh38."""
    if strand > 0:
        return start + offset, end + offset
    return offset - end, offset - start


def seeds(on37: Sequence[Feature], on38: Sequence[Feature]) -> Iterator[Anchor]:
    """The features of every run of three that occurs once on each build, on either strand."""
    first = _once(on37, is_reverse=False)
    for is_reverse in (False, True):
        second = _once(on38, is_reverse=is_reverse)
        for shape, i in first.items():
            j = second.get(shape)
            if j is None:
                continue
            for step in range(SEED):
                start, end = on37[i + step]
                if is_reverse:
                    yield Anchor(start, end, -1, start + on38[j + SEED - 1 - step][1])
                else:
                    yield Anchor(start, end, 1, on38[j + step][0] - start)


def _once(features: Sequence[Feature], *, is_reverse: bool) -> dict[tuple[int, ...], int]:
    found: dict[tuple[int, ...], int] = {}
    twice = set()
    for i in range(len(features) - SEED + 1):
        shape = [features[i][1] - features[i][0]]
        for before, after in zip(features[i : i + SEED], features[i + 1 : i + SEED], strict=False):
            shape += [after[0] - before[1], after[1] - after[0]]
        key = tuple(reversed(shape)) if is_reverse else tuple(shape)
        if found.setdefault(key, i) != i:
            twice.add(key)
    for key in twice:
        del found[key]
    return found


def votes(anchors: Sequence[Anchor]) -> list[int]:
    """How many of each anchor's neighbours, itself among them, are at its offset."""
    counted = Counter(anchor.key for anchor in anchors[: NEIGHBOURS + 1])
    found = []
    for i, anchor in enumerate(anchors):
        found.append(counted[anchor.key])
        if i + NEIGHBOURS + 1 < len(anchors):
            counted[anchors[i + NEIGHBOURS + 1].key] += 1
        if i >= NEIGHBOURS:
            counted[anchors[i - NEIGHBOURS].key] -= 1
    return found


def align(
    on37: Sequence[Sequence[Feature]],
    on38: Sequence[Sequence[Feature]],
    pairs: Sequence[tuple[int, int]] = (),
) -> list[Stretch]:
    """The aligned stretches of one chromosome, in order of GRCh37; no two overlap on either build.

    `on37` and `on38` have one sorted sequence for each kind of feature; `pairs` are variants by
    their place on both.
    """
    found = {anchor for one, two in zip(on37, on38, strict=True) for anchor in seeds(one, two)}
    found |= {Anchor(one, one + 1, 1, two - one) for one, two in pairs}
    anchors = _agreed(sorted(found))
    anchors = sorted({*anchors, *_at_the_same_offset(anchors, on37, on38)})
    stretches = _without_moved(_joined(_without_conflicts(anchors)))
    stretches = _without_overlap(_joined(_anchors_of(stretches)))
    return _without_contradicted(stretches, pairs)


def _anchors_of(stretches: Iterable[Stretch]) -> list[Anchor]:
    return [anchor for stretch in stretches for anchor in stretch.anchors]


def _agreed(anchors: list[Anchor]) -> list[Anchor]:
    return [
        anchor for anchor, count in zip(anchors, votes(anchors), strict=True) if count >= ENOUGH
    ]


def _at_the_same_offset(
    anchors: Sequence[Anchor],
    on37: Sequence[Sequence[Feature]],
    on38: Sequence[Sequence[Feature]],
) -> Iterator[Anchor]:
    """Features that are on GRCh38 just where a neighbouring anchor says."""
    starts = [anchor.start for anchor in anchors]
    for one, two in zip(on37, on38, strict=True):
        there = set(two)
        for start, end in one:
            i = bisect_left(starts, start)
            for near in anchors[max(i - 1, 0) : i + 2]:
                is_near = abs(near.start - start) <= REACH
                if is_near and image(start, end, *near.key) in there:
                    yield Anchor(start, end, *near.key)
                    break


def _without_conflicts(anchors: Sequence[Anchor]) -> list[Anchor]:
    """Of overlapping anchors that disagree, the one that more neighbours agree with."""
    kept: list[tuple[Anchor, int]] = []
    for anchor, count in zip(anchors, votes(anchors), strict=True):
        is_kept = True
        while kept and anchor.start < kept[-1][0].end and kept[-1][0].key != anchor.key:
            if count <= kept[-1][1]:
                is_kept = False
                break
            kept.pop()
        if is_kept:
            kept.append((anchor, count))
    return [anchor for anchor, _ in kept]


def _joined(anchors: Iterable[Anchor]) -> list[Stretch]:
    stretches: list[Stretch] = []
    for anchor in anchors:
        last = stretches[-1] if stretches else None
        if last is not None and last.key == anchor.key and anchor.start - last.end <= REACH:
            last.anchors.append(anchor)
            last.end = max(last.end, anchor.end)
        else:
            stretches.append(Stretch([anchor], anchor.start, anchor.end))
    return stretches


def _without_moved(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Without single features, and without small stretches that would lie far from where their
    neighbours do, or reversed: a repeat of many bases looks alike in several places."""
    kept = []
    for i, stretch in enumerate(stretches):
        if len(stretch.anchors) < 2:
            continue
        near = [*stretches[max(i - 1, 0) : i], *stretches[i + 1 : i + 2]]
        is_moved = stretch.key[0] < 0 or all(
            each.key[0] != stretch.key[0] or abs(each.key[1] - stretch.key[1]) > FAR
            for each in near
        )
        if not is_moved or len(stretch.anchors) >= MOVED:
            kept.append(stretch)
    return kept


def _without_overlap(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Of stretches that overlap on either build, the longest."""
    taken37: list[Feature] = []
    taken38: list[Feature] = []
    kept = []
    for stretch in sorted(stretches, key=lambda each: each.start - each.end):
        here = (stretch.start, stretch.end)
        if stretch.image[0] < 0 or _meets(taken37, here) or _meets(taken38, stretch.image):
            continue
        insort(taken37, here)
        insort(taken38, stretch.image)
        kept.append(stretch)
    return sorted(kept, key=lambda each: each.start)


def _meets(taken: Sequence[Feature], asked: Feature) -> bool:
    i = bisect_left(taken, asked)
    return (i < len(taken) and taken[i][0] < asked[1]) or (i > 0 and taken[i - 1][1] > asked[0])


def _without_contradicted(
    stretches: Sequence[Stretch], pairs: Iterable[tuple[int, int]]
) -> list[Stretch]:
    """Stretches are parted where a variant lies elsewhere on GRCh38 than they say: what is between
    the features on its two sides is not known."""
    starts = [stretch.start for stretch in stretches]
    against: dict[int, list[int]] = defaultdict(list)
    for one, two in pairs:
        i = bisect_right(starts, one) - 1
        if i < 0 or one >= stretches[i].end:
            continue
        if image(one, one + 1, *stretches[i].key) != (two, two + 1):
            against[i].append(one)
    kept: list[Stretch] = []
    for i, stretch in enumerate(stretches):
        kept += _parted(stretch, sorted(against[i])) if i in against else [stretch]
    return kept


def _parted(stretch: Stretch, against: Sequence[int]) -> list[Stretch]:
    parts: dict[int, list[Anchor]] = defaultdict(list)
    for anchor in stretch.anchors:
        place = bisect_right(against, anchor.start)
        if place == bisect_left(against, anchor.end):  # none lies in the feature itself
            parts[place].append(anchor)
    return [
        Stretch(anchors, anchors[0].start, max(each.end for each in anchors))
        for anchors in parts.values()
        if len(anchors) >= ENOUGH
    ]


def read_features(path: Path) -> dict[str, list[Feature]]:
    """The features of a BED file by chromosome, sorted, each once."""
    found: dict[str, set[Feature]] = defaultdict(set)
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file, delimiter="\t"):
            found[row[0].removeprefix("chr")].add((int(row[1]), int(row[2])))
    return {chromosome: sorted(features) for chromosome, features in found.items()}


def read_variants(path: Path) -> dict[str, tuple[str, int]]:
    """Chromosome and start of each rs number that a BED file has once."""
    found: dict[str, tuple[str, int]] = {}
    twice = set()
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.reader(file, delimiter="\t"):
            place = (row[0].removeprefix("chr"), int(row[1]))
            if found.setdefault(row[3], place) != place:
                twice.add(row[3])
    return {name: place for name, place in found.items() if name not in twice}


def _pairs(
    on37: Mapping[str, tuple[str, int]], on38: Mapping[str, tuple[str, int]]
) -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for name, (chromosome, start) in on37.items():
        there = on38.get(name)
        if there is not None and there[0] == chromosome:
            found[chromosome].append((start, there[1]))
    return found


def rows_of(folder: Path) -> Iterator[tuple[str, int, int, int, int]]:
    """Chromosome, start on GRCh37, start on GRCh38, length and strand of every block."""
    builds = [folder / "GRCh37", folder / "GRCh38"]
    kinds = [[read_features(build / f"{kind}.bed") for kind in FEATURES] for build in builds]
    one, two = (read_variants(build / "variants.bed") for build in builds)
    pairs = _pairs(one, two)
    for chromosome in CHROMOSOMES:
        on37, on38 = ([kind.get(chromosome, []) for kind in build] for build in kinds)
        for stretch in align(on37, on38, pairs[chromosome]):
            start, end = stretch.start, stretch.end
            yield chromosome, start, stretch.image[0], end - start, stretch.key[0]


def written(rows: Iterable[Sequence[object]]) -> str:
    """The table's text. Its first line ends with the hash of all that follows."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("chromosome", "start37", "start38", "length", "strand"))
    writer.writerows(rows)
    rest = text.getvalue()
    digest = hashlib.sha256(rest.encode()).hexdigest()
    return f"# Written by imports/lift_over.py; do not edit. SHA-256 of the rest: {digest}\n{rest}"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path, help="GRCh37/ and GRCh38/ with their BED files")
    rows = list(rows_of(parser.parse_args(arguments).folder))
    TARGET.write_text(written(rows), encoding="utf-8")
    print(f"wrote {TARGET.name}: {len(rows)} blocks, {sum(row[3] for row in rows)} bases")


if __name__ == "__main__":
    main()
