"""Genotypes to pick for a gene, so that every phenotype of its file can be reached.

Which diplotype stands for a phenotype is our choice of well-known alleles; how common they are is
not said, and differs between populations. What each means is worked out by the pipeline.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement, product
from typing import Final

from fhir_pgx.errors import InvalidParameter
from fhir_pgx.model.knowledge import GeneRules
from fhir_pgx.pipeline import Pipeline
from fhir_pgx.workbench.ehr.record import Resource
from fhir_pgx.workbench.facts.facts import NOT_TESTED
from fhir_pgx.workbench.facts.stated import rules_of, stated_result

_MOST: Final = 3  # diplotypes for one phenotype
_DAY: Final = "2000-01-01"  # of results that are thrown away

# Taken before others of the same function: the names that people know.
_WELL_KNOWN: Final[Mapping[str, tuple[str, ...]]] = {
    "CFTR": ("G551D", "F508del(TCT)", "F508del(CTT)"),
    "CYP2B6": ("*1", "*6", "*4", "*18"),
    "CYP2C19": ("*1", "*2", "*17", "*3", "*9"),
    "CYP2C9": ("*1", "*2", "*3"),
    "CYP2D6": ("*1", "*4", "*41", "*10", "*1x2", "*2x2", "*5"),
    "CYP3A4": ("*1", "*22", "*20"),
    "CYP3A5": ("*1", "*3", "*6"),
    "CYP4F2": ("*1", "*3"),
    "DPYD": ("Reference", "c.1905+1G>A (*2A)", "c.2846A>T", "c.1679T>G (*13)"),
    "G6PD": ("B (reference)", "A- 202A_376G", "Mediterranean, Dallas, Panama, Sassari, Cagliari, "
             "Birmingham"),
    "MT-RNR1": ("Reference", "m.1555A>G", "m.1494C>T"),
    "NAT2": ("*4", "*5", "*6", "*7"),
    "NUDT15": ("*1", "*3", "*2"),
    "RYR1": ("Reference", "c.1840C>T", "c.7300G>A"),
    "SLCO1B1": ("*1", "*5", "*15", "*14"),
    "TPMT": ("*1", "*3A", "*3C", "*2"),
    "UGT1A1": ("*1", "*28", "*6", "*80"),
}  # fmt: skip
# Two common alleles of each locus that no drug guideline asks about.
_FILLERS: Final[Mapping[str, tuple[str, str]]] = {
    "HLA-A": ("*01:01", "*02:01"),
    "HLA-B": ("*07:02", "*08:01"),
    "HLA-DQA1": ("*01:01", "*05:01"),
    "HLA-DRB1": ("*01:01", "*04:01"),
}


@dataclass(frozen=True, slots=True)
class GenotypeChoice:
    """`text` is what goes into the gene's field; `phenotype` what we make of it (of an HLA gene
    which alleles are there); empty for “not tested”."""

    text: str
    phenotype: str = ""


def genotype_choices(pipeline: Pipeline, gene: str) -> tuple[GenotypeChoice, ...]:
    """What can be picked for a gene, phenotype by phenotype, and at the end “not tested”.

    Raises InvalidParameter for a gene that our knowledge has no file of.
    """
    return _choices(pipeline, gene)


@lru_cache(maxsize=128)
def _choices(pipeline: Pipeline, gene: str) -> tuple[GenotypeChoice, ...]:
    rules = rules_of(pipeline, gene)
    offered = _typings(rules) if gene.startswith("HLA-") else _of_phenotypes(pipeline, rules)
    return (*offered, GenotypeChoice(NOT_TESTED))


def _typings(rules: GeneRules) -> Iterator[GenotypeChoice]:
    first, second = _FILLERS.get(rules.gene, ("*01:01", "*02:01"))
    none = ", ".join(rules.tracked)
    yield GenotypeChoice(f"{first}/{second}", f"{none} not there")
    for allele in rules.tracked:
        yield GenotypeChoice(f"{allele}/{first}", f"{allele} there")


def _of_phenotypes(pipeline: Pipeline, rules: GeneRules) -> Iterator[GenotypeChoice]:
    found: dict[str, list[str]] = defaultdict(list)
    seen: set[frozenset[str]] = set()
    for text in _diplotypes(rules):
        key = frozenset(text.split("/"))  # *1/*3 is *3/*1
        if key not in seen and (phenotype := _means(pipeline, rules.gene, text)) is not None:
            seen.add(key)
            if len(found[phenotype]) < _MOST:
                found[phenotype].append(text)
    named = dict.fromkeys(pair.phenotype for pair in rules.pairs)
    for phenotype in (*named, *(each for each in found if each not in named)):
        texts = found.get(phenotype) or [phenotype]
        yield from (GenotypeChoice(text, phenotype) for text in texts)


def _diplotypes(rules: GeneRules) -> Iterator[str]:
    """Diplotypes of well-known alleles first, then one for each pair of functions."""
    known = [name for name in _WELL_KNOWN.get(rules.gene, ()) if name in rules.alleles]
    if 2 in rules.copies:
        yield from ("/".join(pair) for pair in combinations_with_replacement(known, 2))
    if 1 in rules.copies:
        yield from (_alone(name, rules) for name in known)
    by_function: dict[str, str] = {}
    for name in (*known, *rules.alleles):
        rule = rules.alleles[name]
        for said in (rule.function, rule.activity):
            if said is not None:
                by_function.setdefault(said, name)
    if not rules.pairs:  # no phenotype: what there is of well-known alleles
        return
    for pair in rules.pairs:
        names = [[by_function[of]] for of in pair.of if of in by_function]
        for chosen in product(*names) if len(names) == len(pair.of) else ():
            yield "/".join(chosen) if len(chosen) == 2 else _alone(chosen[0], rules)


def _alone(name: str, rules: GeneRules) -> str:
    return f"{name} (hemizygous)" if 2 in rules.copies else name


_NOBODY: Final[Resource] = {"resourceType": "Patient", "id": "nobody"}


def _means(pipeline: Pipeline, gene: str, text: str) -> str | None:
    """The phenotype of a diplotype; None where it is not readable as one."""
    try:
        _, found = stated_result(pipeline, gene, text, patient=_NOBODY, day=_DAY)
    except InvalidParameter:
        return None
    return found.phenotype or "no phenotype defined"
