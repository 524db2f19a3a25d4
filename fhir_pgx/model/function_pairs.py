"""What two alleles make together, by a gene's table of function pairs.

The pair is looked up, never computed with, so that `≥3.0` and `n/a` keep their meaning.
"""

import functools
from collections.abc import Sequence

from fhir_pgx.model.knowledge import GeneRules, PairRule

INDETERMINATE = "Indeterminate"
NO_VALUE = "n/a"


@functools.lru_cache(maxsize=64)
def _pairs_of(pairs: tuple[PairRule, ...]) -> dict[tuple[str, ...], PairRule]:
    return {rule.of: rule for rule in pairs}


def function_of(allele: str, rules: GeneRules) -> str | None:
    """The allele's function or activity value as the pair rules name it; None if it has none."""
    rule = rules.alleles.get(allele)
    if rule is None:
        return None
    return rule.activity if rules.method == "activity-score" else rule.function


def pair_of(alleles: Sequence[str], rules: GeneRules) -> PairRule | None:
    """The rule for one or two alleles; None where one has no function, or no rule names them.

    A gene known by one position (IFNL3) has rules for the alleles themselves.
    """
    functions = [function_of(allele, rules) for allele in alleles]
    known = [function for function in functions if function is not None]
    if len(known) < len(functions):
        return None
    pairs = _pairs_of(rules.pairs)
    return pairs.get(tuple(sorted(known))) or pairs.get(tuple(sorted(alleles)))


def unknown_key(rules: GeneRules) -> str | None:
    """The guideline key of a pair without a rule; None in a gene without any rules (CYP4F2)."""
    if not rules.pairs:
        return None
    return NO_VALUE if rules.method == "activity-score" else INDETERMINATE


def key_of(alleles: Sequence[str], rules: GeneRules) -> str | None:
    """The guideline key that one or two alleles stand for; None in a gene without pair rules."""
    rule = pair_of(alleles, rules)
    return unknown_key(rules) if rule is None else rule.lookup_key


def standard_name(allele: str, rules: GeneRules) -> str:
    """The name that the allele functions use: NUDT15 *2 of the definitions is *3 there."""
    return allele if allele in rules.alleles else rules.aliases.get(allele, allele)
