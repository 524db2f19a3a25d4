"""Several sources of one gene's variants, two VCF files or a VCF and Observations, made one.

Positions that only one source read are simply added. Where two sources read the same position
differently nothing is joined: the caller keeps them apart and tells the conflict.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fhir_pgx.model.variant import UNREAD, SiteCall

Calls = tuple[SiteCall, ...]


@dataclass(frozen=True, slots=True)
class Joined:
    """One call a site, and the names of the sites that the sources read differently."""

    calls: Calls
    disagreeing: tuple[str, ...] = ()


def join_sources(sources: Sequence[Calls]) -> Joined:
    """The calls of all sources, the first that read a site first."""
    if len(sources) == 1:
        return Joined(sources[0])
    found: dict[str, SiteCall] = {}
    disagreeing: dict[str, None] = {}
    for number, calls in enumerate(sources):
        for call in calls:
            own = replace(call, phase=f"{number} {call.phase}") if call.phase else call
            before = found.get(own.site)
            better = own if before is None else _better(before, own)
            if better is None:
                disagreeing[own.site] = None
            else:
                found[own.site] = better
    return Joined(tuple(found.values()), tuple(disagreeing))


def _better(one: SiteCall, other: SiteCall) -> SiteCall | None:
    """The call that says more; None where both cannot be true."""
    if _is_unread(other):
        return one
    if _is_unread(one):
        return other
    if not one.zygosity_known or not other.zygosity_known:
        known, seen = (one, other) if one.zygosity_known else (other, one)
        return known if set(seen.alleles) <= set(known.alleles) else None
    if set(one.alleles) != set(other.alleles) or UNREAD in one.alleles:
        return None
    # One copy and two like copies are the same in a gene on X or in mitochondria.
    if one.phase or len(one.alleles) >= len(other.alleles):
        return one
    return other


def _is_unread(call: SiteCall) -> bool:
    return all(allele == UNREAD for allele in call.alleles)
