"""Where a gene's positions stand on a track: to scale where there is room, else side by side.

Side by side the order is kept and the distances are not: each gap that is left out is marked with
its length, and a strip above shows every position to scale.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Position = Mapping[str, Any]

SLOT = 16.0  # from one position to the next, side by side
BREAK = 40.0  # for a gap that is left out, with its length
CLEAR = 15.0  # two marks that far apart can be told apart


@dataclass(frozen=True, slots=True)
class Placed:
    """A position and where it stands."""

    position: Position
    x: float


@dataclass(frozen=True, slots=True)
class Gap:
    """A gap between two positions that is left out: where it is marked, and its bases."""

    x: float
    bases: int


@dataclass(frozen=True, slots=True)
class TrackLine:
    """One line of the track, from left to right."""

    placed: tuple[Placed, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class Scale:
    """Bases to units: `first` to `last` (0-based) over `left` to `right`."""

    first: int
    last: int
    left: float
    right: float

    def at(self, base: int) -> float:
        if self.last == self.first:
            return (self.left + self.right) / 2
        share = (base - self.first) / (self.last - self.first)
        return self.left + share * (self.right - self.left)


def scale_of(positions: Sequence[Position], left: float, right: float) -> Scale:
    """Over the positions of alleles; one that only an equation asks for may lie far away."""
    starts = [each["start"] for each in positions if not each.get("extra")]
    starts = starts or [each["start"] for each in positions]
    return Scale(min(starts), max(starts), left, right)


def is_to_scale(positions: Sequence[Position], scale: Scale) -> bool:
    """Whether every position can be told from the next one at scale."""
    if any(each.get("extra") for each in positions) and len(positions) > 1:
        return False
    at = [scale.at(each["start"]) for each in positions]
    return all(after - before >= CLEAR for before, after in itertools.pairwise(at))


def scaled_line(positions: Sequence[Position], scale: Scale) -> TrackLine:
    return TrackLine(tuple(Placed(each, scale.at(each["start"])) for each in positions), ())


def side_by_side(positions: Sequence[Position], left: float, right: float) -> tuple[TrackLine, ...]:
    """The positions in lines of equal steps; gaps longer than the usual are left out and marked."""
    least = _least_gap(positions)
    lines: list[TrackLine] = []
    placed: list[Placed] = []
    gaps: list[Gap] = []
    x, before = left, None
    for position in positions:
        bases = 0 if before is None else position["start"] - before["end"]
        has_gap = before is not None and bases >= least
        needed = (BREAK if has_gap else 0) + (SLOT if placed else 0)
        if placed and x + needed > right:
            lines.append(TrackLine(tuple(placed), tuple(gaps)))
            placed, gaps, x = [], [], left
        if has_gap:
            gaps.append(Gap(x + BREAK / 2 + (SLOT / 2 if placed else -SLOT / 4), bases))
            x += BREAK
        if placed:
            x += SLOT
        placed.append(Placed(position, x))
        before = position
    return (*lines, TrackLine(tuple(placed), tuple(gaps)))


def _least_gap(positions: Sequence[Position]) -> int:
    """The shortest gap that is marked: a fortieth of the gene, and no less than 500 bases."""
    starts = [each["start"] for each in positions if not each.get("extra")]
    span = max(starts) - min(starts) if starts else 0
    return max(500, span // 40)


def length_text(bases: int) -> str:
    """`61 kb`, `850 b`."""
    if bases < 1000:
        return f"{bases} b"
    kilo = bases / 1000
    return f"{kilo:.1f} kb" if kilo < 10 else f"{kilo:,.0f} kb"


def ticks(scale: Scale, least: float) -> tuple[int, ...]:
    """Round positions (1-based) along a scale, at least `least` units apart."""
    span = scale.last - scale.first
    if not span:
        return ()
    unit = (scale.right - scale.left) / span
    step = 1
    while step * unit < least:
        step = _next_round(step)
    first = -(-(scale.first + 1) // step) * step
    return tuple(range(first, scale.last + 2, step))


def _next_round(step: int) -> int:
    """1, 2, 5, 10, 20, 50, …"""
    text = str(step)
    return int({"1": "2", "2": "5", "5": "10"}[text[0]] + text[1:])
