"""Which rows can overlap an interval: bounded ranges of a B-tree, however long some variants are.

An index by start alone would have to look back as far as the longest variant of all. So each
variant has a scale, the class of its length, and each class is asked back only as far as its own
longest. Eight times a class at most is read in vain.
"""

from dataclasses import dataclass

# The longest of each class, in bases; no chromosome of ours is longer than the last.
LONGEST = (32, 256, 2_048, 16_384, 131_072, 1_048_576, 8_388_608, 67_108_864, 2**62)
SCALES = tuple(range(len(LONGEST)))


def scale_of(start: int, stop: int) -> int:
    """The class of a variant's length."""
    length = stop - start
    return next(scale for scale, longest in enumerate(LONGEST) if length <= longest)


@dataclass(frozen=True, slots=True)
class Reach:
    """Of one scale, the starts and the least stop of what may overlap, all included."""

    scale: int
    first_start: int
    last_start: int
    first_stop: int


def reaches(start: int, stop: int) -> list[Reach]:
    """Where to look for what overlaps an interval, or touches it, scale by scale.

    What touches is among it: of an empty interval (between two bases) touching is overlapping, see
    `overlap`.
    """
    return [Reach(scale, start - LONGEST[scale], stop, start) for scale in SCALES]


def overlap(start: int, stop: int, other_start: int, other_stop: int) -> bool:
    """Whether two intervals share a base; of an empty one, whether its place is within the other
    or at its end."""
    if start == stop or other_start == other_stop:
        return start <= other_stop and other_start <= stop
    return start < other_stop and other_start < stop
