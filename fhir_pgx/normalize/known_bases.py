"""The reference bases that are known here without a genome, and what they say of a spelling.

They are those of the decision positions: each one's own bases, and of an insertion or deletion the
whole stretch along which it can be shifted. Where they reach, an allele is brought into the one
form that every spelling of it has (SPDI's fully-justified form: all that it can be shifted over is
part of it); elsewhere it is trimmed alone. Positions are 0-based, forward strand.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from fhir_pgx.normalize.sites import BUILDS, Change, Placed, SiteIndex, trimmed

Place = tuple[str, str]  # build, chromosome


@dataclass(frozen=True, slots=True)
class _Repeat:
    """A stretch that repeats `unit` from `start` on. Behind its end the reference does not go on
    with the unit: else the stretch would be longer."""

    start: int
    unit: str

    def is_in_phase(self, position: int, moved: str) -> bool:
        """Whether a text put in at a position goes on with the unit."""
        first = position - self.start
        return len(moved) % len(self.unit) == 0 and all(
            base == self.unit[(first + i) % len(self.unit)] for i, base in enumerate(moved)
        )


class KnownBases:
    """Made once from the positions; where two of them overlap, their bases agree."""

    def __init__(self, index: SiteIndex) -> None:
        self._at: dict[Place, dict[int, str]] = defaultdict(dict)
        self._ends: dict[Place, dict[int, list[_Repeat]]] = defaultdict(lambda: defaultdict(list))
        for placed in _all_placed(index):
            place = placed.build, index.chromosomes[placed.gene]
            known = self._at[place]
            for offset, base in enumerate(placed.stretch or placed.ref):
                known[placed.start + offset] = base
            for unit in _units(placed):
                self._ends[place][placed.end].append(_Repeat(placed.start + 1, unit))

    def base(self, build: str, chromosome: str, position: int) -> str:
        """One base; empty where it is not known."""
        known = self._at.get((build, chromosome))
        return known.get(position, "") if known else ""

    def between(self, build: str, chromosome: str, start: int, end: int) -> str | None:
        """All bases of an interval; None where one is not known."""
        known = self._at.get((build, chromosome))
        if start == end:
            return ""
        if known is None or end - start > len(known):
            return None
        found = [known.get(position, "") for position in range(start, end)]
        return "".join(found) if all(found) else None

    def contradict(self, build: str, chromosome: str, start: int, ref: str) -> bool:
        """Whether a stated base is another than the one known there. `N` is any."""
        known = self._at.get((build, chromosome))
        if known is None:
            return False
        end = start + len(ref)
        # The shorter is walked: a name of twenty letters can stand for a whole chromosome.
        places = range(start, end) if len(ref) <= len(known) else known
        return any(
            ref[position - start] not in ("N", known.get(position, ref[position - start]))
            for position in places
            if start <= position < end
        )

    def justified(self, build: str, chromosome: str, change: Change) -> Change:
        """The change in its one form: trimmed, and fully justified where the bases around it are
        known. Two spellings of one change are then equal; else as trimmed."""
        start, ref, alt = trimmed(change)
        moved = ref or alt
        if (ref and alt) or not moved:
            return start, ref, alt
        place = build, chromosome
        if place not in self._at:
            return start, ref, alt
        left = self._shifted(place, start - 1, moved[::-1], -1)
        right = self._shifted(place, start + len(ref), moved, 1)
        if left is None or right is None:
            return start, ref, alt
        before = left[::-1]
        return start - len(before), before + ref + right, before + alt + right

    def _shifted(self, place: Place, first: int, moved: str, step: int) -> str | None:
        """The bases over which a text can be shifted one way; None where one is not known.

        A text can be shifted over a base that is the next of its own repetition.
        """
        known, ends, over = self._at[place], self._ends[place], ""
        while True:
            position = first + step * len(over)
            base = known.get(position, "")
            turn = len(over) % len(moved)
            if not base:
                following = moved[turn:] + moved[:turn]
                is_end = step > 0 and any(
                    repeat.is_in_phase(position, following) for repeat in ends.get(position, ())
                )
                return over if is_end else None
            if base != moved[turn]:
                return over
            over += base


def _units(placed: Placed) -> Iterator[str]:
    """What the alleles of an insertion or deletion put in or take away after its first base."""
    ref = placed.site.ref
    for alt in placed.site.alts if placed.stretch else ():
        short, long = sorted((ref, alt), key=len)
        if len(short) == 1 and long.startswith(short) and long != short:
            yield long[1:]
        elif long.startswith(short) and long != short:
            yield long[len(short) :]


def _all_placed(index: SiteIndex) -> Iterator[Placed]:
    for gene, sites in index.sites.items():
        for name in sites:
            for build in BUILDS:
                placed = index.on(build, gene, name)
                if placed is not None:
                    yield placed
