"""Pairs of sequences that an Observation shows not to be the two copies of a chromosome.

Two sequences of which an Observation states another genotype are two tests, or two readings of one
copy: what they show together then holds at no position of that gene.
"""

from collections.abc import Mapping, Sequence

from fhir_pgx.model.finding import Presence
from fhir_pgx.model.variant import UNREAD
from fhir_pgx.normalize.sequence_copies import CopyAlleles, Key, shown_by
from fhir_pgx.normalize.settle import Claim, settle

Claims = Mapping[Key, Sequence[Claim]]


def without_disproved(
    by_copy: Mapping[Key, CopyAlleles], claims: Claims
) -> tuple[dict[Key, CopyAlleles], list[tuple[str, str]]]:
    """What sequences show, without those pairs; and for each of them the gene and a sentence."""
    pairs = {
        (key[0], _names(found)): found.copies
        for key, found in by_copy.items()
        if len(found.alleles) == 2
    }
    disproved = set()
    told = []
    for (gene, of), copies in pairs.items():
        for key in claims:
            shown = shown_by(copies, key) if key[0] == gene else None
            if shown is None or _agrees(claims[key], shown):
                continue
            disproved.add((gene, of))
            text = (
                f"Results contradict each other at {key[1]}: what is stated there is not what "
                f"{' and '.join(of)} show together, so they were not read as the two copies."
            )
            told.append((gene, text))
    kept = {}
    for key, found in by_copy.items():
        left = found.as_stated if (key[0], _names(found)) in disproved else found
        if left is not None:
            kept[key] = left
    return kept, told


def _names(found: CopyAlleles) -> tuple[str, ...]:
    return tuple(copy.reference for copy in found.copies)


def _agrees(claims: Sequence[Claim], shown: Sequence[str]) -> bool:
    """Whether what is stated at a position can be true where the copies show these alleles."""
    stated = settle(claims, None, is_single=False)
    absent = {
        claim.match.allele
        for claim in stated.claims
        if claim.variant.presence is Presence.ABSENT and not claim.match.is_reference
    }
    if stated.is_contradictory or UNREAD in (stated.alleles or ()):
        return True
    if absent & set(shown):
        return False
    if stated.alleles is None:
        return True
    if stated.zygosity_known:
        return sorted(stated.alleles) == sorted(shown)
    return set(stated.alleles) <= set(shown)
