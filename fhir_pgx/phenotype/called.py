"""What alleles called from variants amount to, and what the test could not see.

The stage before says which diplotypes the variants allow; here they get phenotype and key as a
stated diplotype does. What a missing position could hide is told with every result.
"""

from dataclasses import replace

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.function_pairs import standard_name, unknown_key
from fhir_pgx.model.genotype import CalledGene, Diplotype
from fhir_pgx.model.knowledge import GeneRules
from fhir_pgx.model.phenotype import Coverage, DiplotypeResult
from fhir_pgx.phenotype.diplotype import phenotype_of

ALTERNATIVES = 4
SHOWN = 8  # allele names in a caveat; all of them stand in `coverage`


def diplotypes_of(called: CalledGene, rules: GeneRules) -> tuple[DiplotypeResult, ...]:
    """Every called diplotype with what it means, best first.

    Where the lowest functions decide (DPYD, RYR1) the alleles looked up are fewer than those
    found: the name and functions are of all found, the phenotype of those looked up.
    """
    found: dict[str, DiplotypeResult] = {}
    for diplotype, looked_up in zip(called.diplotypes, called.looked_up, strict=True):
        standard = replace(
            diplotype, haplotypes=tuple(standard_name(h, rules) for h in diplotype.haplotypes)
        )
        means = phenotype_of(Diplotype(tuple(standard_name(h, rules) for h in looked_up)), rules)
        if standard.haplotypes != means.haplotypes:
            listed = phenotype_of(standard, rules)
            means = replace(
                means,
                name=standard.name,
                haplotypes=standard.haplotypes,
                functions=listed.functions,
            )
        found.setdefault(means.name, means)
    return tuple(found.values())


def coverage_of(called: CalledGene) -> Coverage:
    return Coverage(called.tested, called.missing, called.no_call, called.could_change)


def alternatives_caveat(called: CalledGene, rules: GeneRules) -> Caveat | None:
    """What phase, or a position not read, leaves open beside the result where it would mean
    something else. That a rarer pair has no known function is nothing to act on."""
    if not called.alternatives:
        return None
    keys = {result.lookup_key for result in diplotypes_of(called, rules)} | {unknown_key(rules)}
    others = [
        phenotype_of(Diplotype(tuple(standard_name(h, rules) for h in each.haplotypes)), rules)
        for each in called.alternatives
    ]
    told = [f"{each.name} ({each.phenotype})" for each in others if each.lookup_key not in keys]
    if not told:
        return None
    more = f" and {len(told) - ALTERNATIVES} more" if len(told) > ALTERNATIVES else ""
    return Caveat(
        "PGX-648",
        f"What was read of {called.gene} also fits {', '.join(told[:ALTERNATIVES])}{more}; the "
        "simpler reading was taken.",
    )


def coverage_caveat(called: CalledGene) -> Caveat | None:
    """The sentence that a card built on a partial test carries; None where all was read."""
    unread = len(called.missing) + len(called.no_call)
    if not unread:
        return None
    read = f"{called.gene} was read at {called.tested} of {called.tested + unread} positions."
    said = {caveat.code for caveat in called.caveats}
    if not called.diplotypes or "PGX-652" in said:  # which names the alleles itself
        return Caveat("PGX-649", read)
    if not called.could_change:
        why = "None of the alleles that this may hide would change the advice."
        return Caveat("PGX-647", f"{read} {why}")
    more = len(called.could_change) - SHOWN
    names = ", ".join(called.could_change[:SHOWN]) + (f" and {more} more" if more > 0 else "")
    why = f"Alleles that would not show, and could change the advice: {names}."
    return Caveat("PGX-646", f"{read} {why}")
