"""Places of GRCh37 on GRCh38 and back, exactly or not at all.

A base is moved only where both builds are aligned base by base; no offset is carried across an
insertion, a deletion or a gap. A region whose end falls into a narrow gap is widened to the aligned
bases around it, so that it misses nothing; elsewhere `LiftoverFailed` says where the builds part.
The mitochondrial genome is one sequence on both builds. Positions are 0-based, half open. What the
blocks come from stands in docs/methods/lift-over.md.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from fhir_pgx.errors import LiftoverFailed
from fhir_pgx.model.alignment import Block
from fhir_pgx.model.genomic_index import Span

BUILDS = ("GRCh37", "GRCh38")
NARROW = 5_000  # bases on either build: a region that ends in such a gap is widened over it
_WHAT_ELSE = "ask with positions of the build that the results are on"


@dataclass(frozen=True, slots=True)
class _Piece:
    """A block as one build sees it."""

    start: int
    end: int
    there: int
    strand: int

    def image(self, start: int, end: int) -> tuple[int, int]:
        """Where a part of it lies on the other build."""
        if self.strand > 0:
            return self.there + start - self.start, self.there + end - self.start
        return self.there + self.end - end, self.there + self.end - start


@dataclass(frozen=True, slots=True)
class _Chromosome:
    pieces: tuple[_Piece, ...]
    starts: tuple[int, ...]

    def piece_at(self, position: int) -> _Piece | None:
        i = bisect_right(self.starts, position) - 1
        if i < 0 or position >= self.pieces[i].end:
            return None
        return self.pieces[i]

    def narrow_gap(self, position: int) -> tuple[int, int] | None:
        """The gap around a position, where the blocks beside it follow each other on both builds
        and no more than NARROW bases of either lie between them."""
        i = bisect_right(self.starts, position)
        if i == 0 or i == len(self.pieces):
            return None
        before, after = self.pieces[i - 1], self.pieces[i]
        if before.strand != after.strand:
            return None
        ends = before.image(before.start, before.end), after.image(after.start, after.end)
        left, right = ends if before.strand > 0 else ends[::-1]
        there = right[0] - left[1]
        if not 0 <= there <= NARROW or after.start - before.end > NARROW:
            return None
        return before.end, after.start

    def over(self, start: int, end: int) -> tuple[_Piece, ...]:
        first = max(bisect_right(self.starts, start) - 1, 0)
        last = bisect_right(self.starts, end - 1)
        return tuple(piece for piece in self.pieces[first:last] if piece.end > start)


class LiftOver:
    """An alignment, ready to be asked in both directions."""

    def __init__(self, blocks: Iterable[Block]) -> None:
        found: dict[tuple[str, str], list[_Piece]] = defaultdict(list)
        for block in blocks:
            ends = (block.start37 + block.length, block.start38 + block.length)
            name, strand = block.chromosome, block.strand
            found["GRCh37", name].append(_Piece(block.start37, ends[0], block.start38, strand))
            found["GRCh38", name].append(_Piece(block.start38, ends[1], block.start37, strand))
        self._on: dict[tuple[str, str], _Chromosome] = {}
        for place, pieces in found.items():
            pieces.sort(key=lambda piece: piece.start)
            starts = tuple(piece.start for piece in pieces)
            self._on[place] = _Chromosome(tuple(pieces), starts)

    def find(self, span: Span) -> tuple[Span, int] | None:
        """The interval of the same bases on the other build, and the strand it has there.

        None where the interval does not lie in one block, or is no place of a build that we align.
        An empty interval lies between two bases, and both must be in the block.
        """
        here = self._on.get((span.assembly, span.chromosome))
        piece = here.piece_at(span.start) if here is not None else None
        if piece is None or span.end > piece.end or span.end < span.start:
            return None
        if span.start == span.end == piece.start:
            return None
        start, end = piece.image(span.start, span.end)
        return Span(_other(span.assembly), span.chromosome, start, end), piece.strand

    def lift_span(self, span: Span) -> tuple[Span, ...]:
        """The region on the other build that has the same bases, in order.

        Several spans where its parts lie apart there with something else in between. Bases between
        two blocks of the region that only one build has are part of it. An end in a gap of at most
        NARROW bases on both builds is moved outwards over the gap. Before the first and behind the
        last block of a chromosome lies what is not assembled: a region may begin or end there.

        Raises LiftoverFailed where it begins or ends at a base that has no place there, or where no
        part of it has one.
        """
        if span.chromosome == "MT":
            return (span,)
        here = self._on.get((span.assembly, span.chromosome))
        if here is None or span.start > span.end:
            raise self._failed(span, "no alignment of this chromosome is at hand")
        if span.start == span.end:
            found = self.find(span)
            if found is None:
                raise self._failed(span, f"the bases at {span.start} are not aligned")
            return (found[0],)
        start, end = self._widened(span, here)
        pieces = here.over(start, end)
        if not pieces:
            raise self._failed(span, "no base of it is aligned")
        images = sorted(
            piece.image(max(start, piece.start), min(end, piece.end)) for piece in pieces
        )
        return tuple(self._merged(span, images))

    def spans_on_both(self, span: Span) -> tuple[Span, ...]:
        """The region itself, and what it is on the other build. Raises LiftoverFailed."""
        lifted = self.lift_span(span)
        return (span,) if lifted == (span,) else (span, *lifted)

    def _widened(self, span: Span, here: _Chromosome) -> tuple[int, int]:
        """Start and end, each moved out of the narrow gap that it falls into."""
        start, end = span.start, span.end
        first, last = here.pieces[0].start, here.pieces[-1].end
        if start >= first and here.piece_at(start) is None:
            gap = here.narrow_gap(start)
            if gap is None:
                raise self._failed(span, f"its first base {start} is not aligned")
            start = gap[0] - 1
        if end <= last and here.piece_at(end - 1) is None:
            gap = here.narrow_gap(end - 1)
            if gap is None:
                raise self._failed(span, f"its last base {end - 1} is not aligned")
            end = gap[1] + 1
        return start, end

    def _merged(self, span: Span, images: list[tuple[int, int]]) -> list[Span]:
        """Images in one, save where a block that is not of the region lies between them."""
        there = self._on[_other(span.assembly), span.chromosome]
        merged = [images[0]]
        for start, end in images[1:]:
            before = merged[-1]
            if start == before[1] or not there.over(before[1], start):
                merged[-1] = (before[0], max(before[1], end))
            else:
                merged.append((start, end))
        return [Span(_other(span.assembly), span.chromosome, *each) for each in merged]

    def _failed(self, span: Span, why: str) -> LiftoverFailed:
        region = f"{span.assembly} chromosome {span.chromosome}:{span.start}-{span.end}"
        return LiftoverFailed(
            f"{region} has no exact place on {_other(span.assembly)}: {why}", mend=_WHAT_ELSE
        )


def _other(assembly: str) -> str:
    return BUILDS[1] if assembly == BUILDS[0] else BUILDS[0]
