"""Whether what a report states can be true by the variants that were read."""

from collections import Counter
from collections.abc import Sequence

from fhir_pgx.genotype.call import call_gene
from fhir_pgx.genotype.components_found import find_variants
from fhir_pgx.genotype.match import allowed_by
from fhir_pgx.genotype.sites import SitesRead, read_sites
from fhir_pgx.genotype.table import CallTable, members
from fhir_pgx.model.genotype import Diplotype
from fhir_pgx.model.variant import SiteCall


def possible_keys(table: CallTable, calls: Sequence[SiteCall], *, sex: str = "") -> frozenset[str]:
    """Every guideline key that the sites read allow, also by alleles that they may hide."""
    return frozenset(call_gene(table, calls, sex=sex).possible_keys)


def contradicts(
    table: CallTable, calls: Sequence[SiteCall], stated: Diplotype, *, sex: str = ""
) -> bool:
    """Whether a stated diplotype is impossible by the sites read.

    False where the definition does not have an allele of it (a CYP2D6 duplication), and where the
    sites that would tell were not read. In a gene called by components a report may leave out a
    variant that changes nothing: it is contradicted where a variant it states is not there, or its
    guideline key cannot be.
    """
    if any(name not in table.standard and name not in table.named for name in stated.haplotypes):
        return False
    read = read_sites(table, calls, sex=sex)
    if table.definition.method == "components":
        return _lacks_component(table, read, stated) or (
            table.key_of(stated.haplotypes) not in possible_keys(table, calls, sex=sex)
        )
    allowed = allowed_by(table, read)
    behind = [_alleles_behind(table, name) & allowed.alleles for name in stated.haplotypes]
    if read.copies == 1:
        shared = behind[0]
        for alleles in behind:
            shared &= alleles
        return not shared
    # One allele stated where the data have two copies: the only one of a man, written as a pair.
    return not any(allowed.partners(one) & behind[-1] for one in members(behind[0]))


def _alleles_behind(table: CallTable, name: str) -> int:
    """The alleles that a name means: by the definition, or by the names of the functions."""
    return table.standard.get(name, 0) | table.named.get(name, 0)


def _lacks_component(table: CallTable, read: SitesRead, stated: Diplotype) -> bool:
    """Whether a stated variant is on fewer copies than stated, its site read."""
    variants = find_variants(table, read)
    carried = Counter(
        _kind(table, name)
        for name in (
            *variants.both * read.copies,
            *(name for block in variants.blocks for strand in block for name in strand),
        )
    )
    wanted = Counter(_kind(table, name) for name in stated.haplotypes)
    return any(
        carried[kind] < min(count, read.copies)
        for kind, count in wanted.items()
        if kind in read.pairs
    )


def _kind(table: CallTable, name: str) -> str:
    """The site that shows a variant; one for a haplotype of two sites and its half (HapB3)."""
    proxy = table.definition.proxy
    if proxy and name in (proxy.allele, proxy.alone):
        return proxy.site
    return next((site for (site, _), other in table.components.items() if other == name), "")
