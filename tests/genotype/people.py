"""Synthetic people for the tests of calling: genotypes written from the definitions themselves."""

import functools
import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from fhir_pgx.genotype import CallTable, build_table
from fhir_pgx.knowledge import load_knowledge
from fhir_pgx.model.variant import SiteCall

from .slow_matcher import SlowGene, slow_gene


@functools.cache
def genes() -> dict[str, SlowGene]:
    knowledge = load_knowledge()
    return {
        name: slow_gene(definition, knowledge.genes[name])
        for name, definition in knowledge.definitions.items()
    }


@functools.cache
def table(gene: str) -> CallTable:
    return build_table(genes()[gene].definition, genes()[gene].rules)


def of_method(method: str) -> list[str]:
    return [name for name, gene in genes().items() if gene.definition.method == method]


def person(
    gene: SlowGene, strands: Sequence[str], *, choice: Sequence[int] = (0, 0), phase: str = ""
) -> list[SiteCall]:
    """One person's calls at every site, from the alleles on their strands.

    Where an allele may have several bases, `choice` says which, for each strand.
    """
    return [
        SiteCall(
            gene.definition.gene,
            site,
            tuple(
                chosen(gene.sequences[allele][site], number)
                for allele, number in zip(strands, choice, strict=False)
            ),
            phase=phase,
        )
        for site in gene.sites
    ]


def chosen(values: frozenset[str], number: int) -> str:
    return sorted(values)[number % len(values)]


def choices(gene: SlowGene, strands: Sequence[str]) -> Iterator[tuple[int, ...]]:
    """Choices that show every base which each allele may have, on each strand with each other."""
    counts = [max(len(values) for values in gene.sequences[each].values()) for each in strands]
    return itertools.product(*(range(count) for count in counts))


def without(calls: Iterable[SiteCall], *sites: str) -> list[SiteCall]:
    return [call for call in calls if call.site not in sites]


def changed(calls: Iterable[SiteCall], site: str, *alleles: str) -> list[SiteCall]:
    """The calls with other alleles at one site."""
    return [replace(call, alleles=alleles) if call.site == site else call for call in calls]


def heterozygous(calls: Iterable[SiteCall]) -> int:
    return sum(len(set(call.alleles)) > 1 for call in calls)


def shown(gene: SlowGene, calls: Sequence[SiteCall]) -> str:
    """The calls in short: what differs from the reference, and what was not read."""
    reference = {site.name: site.ref for site in gene.definition.sites}
    variants = [
        f"{call.site} {('|' if call.phase else '/').join(call.alleles)} {call.phase}".strip()
        for call in calls
        if any(allele != reference.get(call.site) for allele in call.alleles)
    ]
    unread = [name for name in reference if name not in {call.site for call in calls}]
    return f"{'; '.join(variants) or 'reference'} (without {len(unread)}: {unread[:3]})"
