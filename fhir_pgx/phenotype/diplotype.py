"""Activity score, phenotype and guideline key of a diplotype.

The gene's file lists what each pair of allele functions (or activity values) makes; the pair is
looked up, never computed with, so that `≥3.0` and `n/a` keep their meaning. An allele without an
assigned function makes the diplotype Indeterminate: half an answer would read as a whole one.
"""

from fhir_pgx.model.function_pairs import (
    INDETERMINATE,
    NO_VALUE,
    function_of,
    pair_of,
    unknown_key,
)
from fhir_pgx.model.genotype import Diplotype
from fhir_pgx.model.knowledge import GeneRules
from fhir_pgx.model.phenotype import DiplotypeResult

__all__ = [
    "INDETERMINATE",
    "function_of",
    "keys_of_phenotype",
    "phenotype_of",
    "phenotype_of_score",
    "plain_score",
    "score_order",
]


def phenotype_of(diplotype: Diplotype, rules: GeneRules) -> DiplotypeResult:
    """What a diplotype means by the gene's file.

    The phenotype is `Indeterminate`, with score and key `n/a` for a score gene, where an allele
    is unknown to the file or has no function yet; a gene without pair rules (CYP4F2) has
    phenotype None. Source: the file's `pairs`, which reproduce CPIC's diplotype tables.
    """
    shown = tuple(
        rules.alleles[name].function or rules.alleles[name].activity
        if name in rules.alleles
        else None
        for name in diplotype.haplotypes
    )
    rule = pair_of(diplotype.haplotypes, rules)
    if rule is not None:
        return DiplotypeResult(
            diplotype.name,
            diplotype.haplotypes,
            rule.phenotype,
            rule.activity_score,
            shown,
            rule.lookup_key,
            diplotype.stated,
        )
    if not rules.pairs:
        return DiplotypeResult(
            diplotype.name, diplotype.haplotypes, None, None, shown, None, diplotype.stated
        )
    scored = rules.method == "activity-score"
    return DiplotypeResult(
        diplotype.name,
        diplotype.haplotypes,
        INDETERMINATE,
        NO_VALUE if scored else None,
        shown,
        unknown_key(rules),
        diplotype.stated,
    )


def keys_of_phenotype(phenotype: str, rules: GeneRules) -> tuple[str, ...]:
    """Every guideline key that a phenotype alone may stand for, lowest first."""
    keys = dict.fromkeys(rule.lookup_key for rule in rules.pairs if rule.phenotype == phenotype)
    return tuple(sorted(keys, key=score_order))


def phenotype_of_score(score: str, rules: GeneRules) -> str | None:
    """The phenotype of an activity score; None where the gene's table has no such score."""
    wanted = plain_score(score)
    for rule in rules.pairs:
        if rule.activity_score is not None and plain_score(rule.activity_score) == wanted:
            return rule.phenotype
    return None


def plain_score(score: str) -> str:
    """A score in the spelling of the tables: `1` and `1.00` are `1.0`, `>=3` is `≥3.0`."""
    text = score.strip().replace(">=", "≥").replace("≥ ", "≥")
    sign = "≥" if text.startswith("≥") else ""
    number = text.removeprefix("≥")
    if not number.replace(".", "", 1).isdigit():
        return text
    whole, _, fraction = number.partition(".")
    return f"{sign}{int(whole or 0)}.{fraction.rstrip('0') or '0'}"


def score_order(key: str) -> tuple[float, str]:
    number = key.removeprefix("≥")
    try:
        return (float(number), key)
    except ValueError:
        return (float("inf"), key)
