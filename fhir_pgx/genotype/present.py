"""Alleles that are carried for certain although no diplotype follows.

One CFTR allele that responds, or one RYR1 allele that causes malignant hyperthermia, decides
whatever the other is. Nothing is named that another allele of the definition would explain too.
"""

from fhir_pgx.genotype.coverage import names_of
from fhir_pgx.genotype.match import Allowed, Names
from fhir_pgx.genotype.sites import SitesRead
from fhir_pgx.genotype.table import CallTable, members


def certain_alleles(table: CallTable, read: SitesRead, allowed: Allowed) -> Names:
    """The reported alleles that every pair holds which the sites allow; where they allow none,
    those that are certainly whole on one copy."""
    pair = _any_pair(allowed, allowed.alleles)
    if pair is None:
        return names_of(table, _whole_on_one_copy(table, read))
    certain = [
        name
        for name in dict.fromkeys(table.shown[allele] for allele in pair)
        if _any_pair(allowed, allowed.alleles & ~table.named[name]) is None
    ]
    return tuple(sorted(certain, key=table.place.__getitem__))


def _any_pair(allowed: Allowed, among: int) -> tuple[int, ...] | None:
    for allele in members(among):
        partners = among if allowed.copies == 1 else allowed.partners(allele) & among
        for partner in members(partners):
            return (allele,) if allowed.copies == 1 else (allele, partner)
    return None


def _whole_on_one_copy(table: CallTable, read: SitesRead) -> int:
    """The alleles whose every defining site was read with their value, all on one copy; none that
    shares such a value with another allele that may be there as well."""
    possible = [
        allele
        for allele in members(table.everyone)
        if table.defining[allele] and _may_be_there(table, read, allele)
    ]
    found = 0
    for allele in possible:
        if _on_one_copy(table, read, allele) and not any(
            _explains_too(table, allele, other) for other in possible
        ):
            found |= 1 << allele
    return found


def _explains_too(table: CallTable, allele: int, other: int) -> bool:
    """Whether another allele shares a defining value with this one, and needs more beside it."""
    own, both = table.defining[allele], 1 << allele | 1 << other
    return bool(table.defining[other] & ~own) and any(
        fits & both == both
        for place in members(table.defining[other] & own)
        for fits in table.rows[table.sites[place]].fits.values()
    )


def _may_be_there(table: CallTable, read: SitesRead, allele: int) -> bool:
    """Whether no read site among the defining ones lacks the allele's value."""
    sites = [table.sites[place] for place in members(table.defining[allele])]
    return all(
        any(table.rows[site].fits[value] >> allele & 1 for value in read.pairs[site])
        for site in sites
        if site in read.pairs
    )


def _on_one_copy(table: CallTable, read: SitesRead, allele: int) -> bool:
    """Whether all defining sites were read, and no two strands of unknown phase hold the values."""
    strands = set()
    for place in members(table.defining[allele]):
        site = table.sites[place]
        pair = read.pairs.get(site)
        if pair is None:
            return False
        fits = [bool(table.rows[site].fits[value] >> allele & 1) for value in pair]
        if not all(fits):
            strands.add((read.phase.get(site, f"at {site}"), fits[0]))
    return len(strands) <= 1
