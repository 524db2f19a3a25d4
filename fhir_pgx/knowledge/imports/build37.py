"""Where decision positions lie on GRCh37: placed by a table of both builds, or between neighbours.

A position that the table does not hold is placed only where its nearest neighbours of the gene on
both sides are moved alike, or, in a gene that is moved as a whole, at most 50,000 bases beyond the
outermost neighbour. Elsewhere it has no place: better unread than read at a wrong base.
Positions are 1-based, as in the sources.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_pgx.errors import BrokenKnowledge

REACH = 50_000


@dataclass(frozen=True, slots=True)
class Place:
    """A position on GRCh37. `ref` is GRCh37's own base where it is another than GRCh38's, else
    empty; `is_inferred` says that neighbours placed it."""

    position: int
    ref: str = ""
    is_inferred: bool = False


class Positions37:
    """The rows of one gene in the table of both builds."""

    def __init__(self, rows: Iterable[Mapping[str, str]]) -> None:
        self._rows = [row for row in rows if row["GRCh38Position"] and row["GRCh37Position"]]
        moved = {int(row["GRCh38Position"]): _moved(row) for row in self._rows}
        self._positions = sorted(moved)
        self._moved = moved
        for row in self._rows:
            if moved[int(row["GRCh38Position"])] != _moved(row):
                raise BrokenKnowledge(f"{row['GRCh38Name']} lies at two positions of GRCh37")

    @property
    def offsets(self) -> set[int]:
        """By how many bases positions are moved from GRCh38 to GRCh37: one number in most genes."""
        return set(self._moved.values())

    def place(self, variant: Mapping[str, Any]) -> Place | None:
        """The position on GRCh37; None where nothing places it.

        Raises BrokenKnowledge where the table's bases are not those of the variant.
        """
        return self._listed(variant) or self._inferred(variant)

    def _listed(self, variant: Mapping[str, Any]) -> Place | None:
        position, ref = variant["position"], variant["ref"]
        here = [row for row in self._rows if int(row["GRCh38Position"]) == position]
        for row in here:
            if row["GRCh38Allele"] == ref:
                return Place(int(row["GRCh37Position"]), self._other_base(row, variant))
        if here and len(ref) == 1 and all(len(row["GRCh38Allele"]) == 1 for row in here):
            raise BrokenKnowledge(f"{here[0]['GRCh38Name']}: the source has {ref} there")
        # The same insertion or deletion, spelled at another base of its repeat.
        for row in self._rows:
            if variant["rsid"] and row["rsID"] == variant["rsid"]:
                if not _is_length_change(row) or abs(int(row["GRCh38Position"]) - position) > 50:
                    raise BrokenKnowledge(f"{row['rsID']} lies at {position} in the source")
                return Place(position + _moved(row))
        return None

    @staticmethod
    def _other_base(row: Mapping[str, str], variant: Mapping[str, Any]) -> str:
        base = row["GRCh37Allele"]
        if base == variant["ref"]:
            return ""
        if base not in variant["alts"]:
            raise BrokenKnowledge(f"{row['GRCh37Name']}: {base} is none of {variant['alts']}")
        return base

    def _inferred(self, variant: Mapping[str, Any]) -> Place | None:
        position = variant["position"]
        at = bisect_left(self._positions, position)
        near = self._positions[max(at - 1, 0) : at + 1]
        moved = {self._moved[each] for each in near}
        if len(moved) != 1:
            return None
        is_between = at > 0 and at < len(self._positions)
        is_beside = len(self.offsets) == 1 and min(abs(each - position) for each in near) <= REACH
        if not is_between and not is_beside:
            return None
        return Place(position + moved.pop(), is_inferred=True)


def _moved(row: Mapping[str, str]) -> int:
    return int(row["GRCh37Position"]) - int(row["GRCh38Position"])


def _is_length_change(row: Mapping[str, str]) -> bool:
    _, _, ref, alt = row["GRCh38Name"].split("-")
    return len(ref) != len(alt)
