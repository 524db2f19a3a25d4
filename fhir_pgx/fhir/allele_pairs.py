"""Numbered single alleles (`gene allele 1`, `gene allele 2`) that make one diplotype together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from fhir_pgx.fhir.notes import PAIRED, note
from fhir_pgx.model.finding import Statement, StatementKind


@dataclass(frozen=True, slots=True)
class HalfDiplotype:
    """One numbered allele. `group` is what both must share to be one person's pair of one test."""

    group: tuple[Any, ...]
    place: int
    statement: Statement


def combine_halves(waiting: Sequence[HalfDiplotype]) -> list[Statement]:
    """Numbered alleles to diplotypes, where exactly one first and one second belong together."""
    groups: dict[tuple[Any, ...], list[HalfDiplotype]] = {}
    for half in waiting:
        groups.setdefault(half.group, []).append(half)
    made: list[Statement] = []
    for halves in groups.values():
        made.extend(_combined(sorted(halves, key=lambda half: half.place)))
    return made


def _combined(halves: list[HalfDiplotype]) -> list[Statement]:
    if [half.place for half in halves] != [1, 2]:
        return [half.statement for half in halves]
    first, second = (half.statement for half in halves)
    mark = "+" if first.gene.startswith("HLA-") else "/"
    caveats = dict.fromkeys((*first.caveats, *second.caveats))
    if second.origin.reference != first.origin.reference:
        caveats[note(PAIRED, reference=second.origin.reference)] = None
    return [
        replace(
            first,
            kind=StatementKind.DIPLOTYPE,
            value=f"{first.value}{mark}{second.value}",
            caveats=tuple(caveats),
        )
    ]
