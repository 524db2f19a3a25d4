"""The results that a test of a gene can come back with, one for each guideline key."""

from fhir_pgx.model.function_pairs import INDETERMINATE, NO_VALUE, function_of
from fhir_pgx.model.genotype import Diplotype
from fhir_pgx.model.knowledge import GeneRules
from fhir_pgx.model.phenotype import GeneResult, Status
from fhir_pgx.phenotype.diplotype import phenotype_of


def possible_results(rules: GeneRules) -> tuple[GeneResult, ...]:
    """A called result for each phenotype and key of the gene's table, with a diplotype that gives
    it where our release has alleles of the gene.

    Results without a known function are left out, and so are genes without a table of pairs (an
    HLA gene has a status for each allele instead).
    """
    by_function: dict[str, str] = {}
    for name in rules.alleles:
        function = function_of(name, rules)
        if function is not None:
            by_function.setdefault(function, name)
    found: dict[tuple[str, str], GeneResult] = {}
    for rule in rules.pairs:
        names = tuple(by_function.get(each, "") for each in rule.of)
        known = (rule.phenotype, rule.lookup_key)
        if {INDETERMINATE, NO_VALUE}.intersection(known) or known in found:
            continue
        # A gene that our release has no alleles of is tested by its phenotype (BCHE).
        found[known] = GeneResult(
            rules.gene,
            Status.CALLED,
            "genotype" if all(names) else "phenotype",
            diplotypes=(phenotype_of(Diplotype(names), rules),) if all(names) else (),
            phenotype=rule.phenotype,
            activity_score=rule.activity_score,
            lookup_keys=(rule.lookup_key,),
        )
    return tuple(found.values())
