"""The caller laid beside the slow one: what the two say differently of the same calls."""

from collections.abc import Iterable, Sequence

from fhir_pgx.genotype import call_gene
from fhir_pgx.model.genotype import CalledGene, Diplotype
from fhir_pgx.model.variant import SiteCall
from fhir_pgx.phenotype.diplotype import function_of

from .people import genes, shown, table
from .slow_matcher import (
    Pair,
    SlowGene,
    in_order,
    reported,
    slow_call,
    slow_components,
    slow_components_could_change,
    slow_could_change,
    slow_hidden,
    slow_present,
)


def called(gene: SlowGene, calls: Sequence[SiteCall], **options: bool) -> CalledGene:
    return call_gene(table(gene.definition.gene), calls, **options)


def pairs(diplotypes: Iterable[Diplotype]) -> set[Pair]:
    return {tuple(sorted(diplotype.haplotypes)) for diplotype in diplotypes}


def differences(name: str, calls: Sequence[SiteCall], *, hidden: bool = False) -> list[str]:
    """What the two callers say differently; `hidden` compares what unread sites may hide, too."""
    gene = genes()[name]
    if gene.definition.method == "components":
        said = component_answers(gene, calls, hidden=hidden)
    else:
        said = named_answers(gene, calls, hidden=hidden)
    return [
        f"{name} {shown(gene, calls)}: {what}: {fast!r}, slow {slow!r}"
        for what, (fast, slow) in said.items()
        if fast != slow
    ]


def named_answers(
    gene: SlowGene, calls: Sequence[SiteCall], *, hidden: bool
) -> dict[str, tuple[object, object]]:
    fast, slow = called(gene, calls), slow_call(gene, calls)
    said: dict[str, tuple[object, object]] = {
        "diplotypes": (pairs(fast.diplotypes), set(slow.top)),
        "missing": (set(fast.missing), set(slow.missing)),
        "no call": (set(fast.no_call), set(slow.no_call)),
    }
    if slow.top:
        said["alternatives"] = (pairs(fast.alternatives), set(slow.others))
    elif slow.possible:
        said["present"] = (set(fast.present), slow_present(gene, slow))
    if hidden and slow.top:
        said["hidden"] = (set(fast.hidden), set(reported(gene, slow_hidden(gene, slow))))
        said["could change"] = (
            set(fast.could_change),
            set(reported(gene, slow_could_change(gene, slow))),
        )
    return said


def component_answers(
    gene: SlowGene, calls: Sequence[SiteCall], *, hidden: bool
) -> dict[str, tuple[object, object]]:
    fast, slow = called(gene, calls), slow_components(gene, calls)
    said: dict[str, tuple[object, object]] = {"called": (bool(fast.diplotypes), slow.called)}
    if not slow.called:
        return said
    reference = gene.definition.reference
    said["variants"] = (
        {tuple(sorted(n for n in each.haplotypes if n != reference)) for each in fast.diplotypes},
        {slow.variants},
    )
    if slow.ways is not None:
        said["ways"] = (
            {strands_written(each.name) for each in fast.diplotypes},
            with_reference(slow.ways),
        )
    said["functions"] = (
        {
            in_order(function_of(allele, gene.rules) for allele in looked_up)
            for looked_up in fast.looked_up
        },
        set(slow.functions),
    )
    if hidden:
        said["could change"] = (set(fast.could_change), slow_components_could_change(gene, calls))
    return said


def strands_written(name: str) -> tuple[Pair, ...]:
    """`Reference/[c.496A>G + c.2846A>T]` as its strands, sorted."""
    return tuple(
        sorted(tuple(sorted(strand.strip("[]").split(" + "))) for strand in name.split("/"))
    )


def with_reference(ways: Iterable[tuple[Pair, ...]]) -> set[tuple[Pair, ...]]:
    return {tuple(sorted(strand or ("Reference",) for strand in way)) for way in ways}
