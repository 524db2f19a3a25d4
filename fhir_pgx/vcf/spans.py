"""Where a VCF is looked at: the wanted intervals of each chromosome, by the contig's own name."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fhir_pgx.model.variant import Wanted
from fhir_pgx.vcf.text import text_of

_MOST_DIGITS = 10  # of a POS: VCF numbers are of 32 bits
_MOST_UNKNOWN = 50


@dataclass(frozen=True, slots=True)
class Spans:
    """Intervals of one chromosome: 0-based, sorted, apart from one another."""

    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def overlap(self, start: int, end: int) -> bool:
        """Whether an interval overlaps any of them."""
        first = bisect_right(self.ends, start)
        return first < len(self.starts) and self.starts[first] < end

    def may_overlap(self, digits: bytes, reach: int) -> bool:
        """Whether a line whose POS (1-based) begins with these digits can overlap any of them.

        `reach` is the number of bases that the line may cover, at most.
        """
        if not digits:
            return True
        low = int(digits)
        high = low + 1
        for _ in range(_MOST_DIGITS + 1):
            if self.overlap(low - 1, high - 2 + reach):
                return True
            low, high = low * 10, high * 10
        return False


def merged(intervals: Iterable[tuple[int, int]], gap: int = 0) -> Spans:
    """Sorted intervals, joined where they overlap or lie no further apart than `gap`."""
    starts: list[int] = []
    ends: list[int] = []
    for start, end in intervals:
        if ends and start <= ends[-1] + gap:
            ends[-1] = max(ends[-1], end)
        else:
            starts.append(start)
            ends.append(end)
    return Spans(tuple(starts), tuple(ends))


@dataclass(slots=True)
class Watch:
    """The spans by contig, and the contigs met that no spelling fits (the first of them)."""

    chromosomes: Mapping[bytes, str]
    spans: Mapping[str, Spans]
    unknown: dict[str, None] = field(default_factory=dict)

    def spans_of(self, contig: bytes) -> Spans | None:
        """None where nothing on this contig is wanted."""
        return self.spans.get(self.chromosomes.get(contig, ""))

    def note(self, contig: bytes) -> None:
        """Remember a contig that was met, if no spelling fits it."""
        if contig not in self.chromosomes and len(self.unknown) < _MOST_UNKNOWN:
            self.unknown[text_of(contig)] = None


def watch_for(wanted: Wanted) -> Watch:
    """The spans of a `Wanted`, ready to be asked for each line."""
    return Watch(
        {spelling.encode(): name for spelling, name in wanted.chromosomes.items()},
        {name: merged(sorted(found)) for name, found in wanted.spans.items() if found},
    )
