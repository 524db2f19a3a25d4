"""All variants of one gene, whatever they came in, called and held against what reports state."""

from collections.abc import Sequence

from fhir_pgx.genotype.call import call_gene
from fhir_pgx.genotype.sources import join_sources
from fhir_pgx.genotype.stated import contradicts
from fhir_pgx.genotype.table import CallTable
from fhir_pgx.model.genotype import FromVariants, GeneEvidence
from fhir_pgx.model.variant import SiteCall


def call_sources(
    table: CallTable,
    sources: Sequence[tuple[SiteCall, ...]],
    evidence: GeneEvidence,
    *,
    sex: str = "",
    all_matches: bool = False,
    missing_as_reference: bool = False,
    build: str = "",
) -> FromVariants:
    """The gene called from its sources together, or from each where they read a site differently.

    `sources` hold at most one call a site each; `evidence` is what reports state of the gene;
    `build` that of a source without any call.
    """
    joined = join_sources(sources)
    apart = sources if joined.disagreeing else (joined.calls,)
    called = tuple(
        call_gene(
            table,
            calls,
            sex=sex,
            all_matches=all_matches,
            missing_as_reference=missing_as_reference,
            build=build,
        )
        for calls in apart
    )
    stated = {d.name: d for each in evidence.diplotypes for d in each.diplotypes}
    excluded = tuple(
        name
        for name, diplotype in stated.items()
        if all(contradicts(table, calls, diplotype, sex=sex) for calls in apart)
    )
    return FromVariants(called, joined.disagreeing, excluded)
