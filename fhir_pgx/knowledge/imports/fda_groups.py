"""Which lookup keys of ours a group of patients has that FDA names.

FDA speaks of metabolizers (`Poor Metabolizer`; a list means any of them), of carriers of an
allele, and of transporters by function. We look a patient up by a score, a phenotype or the
presence of an allele. A group becomes every key whose phenotype is the one named: `Likely` and
`Possible` phenotypes are CPIC's and belong to no group of FDA's.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import yaml

Group = dict[str, str]  # key -> phenotype (of an allele's presence: the key itself)
Keys = dict[str, tuple[str, str]]  # gene -> one key and its phenotype

NO_RESULT = "No Result"  # the key of a gene of a two-gene guideline that was not tested
# NAT2 is the enzyme that acetylator phenotype tests ask about. FDA's table does not name it: an
# inference of ours, which the guideline files and docs/methods/sources.md state.
INFERRED_GENES = {"Nonspecific (NAT)": "NAT2"}
# FDA writes transporters as metabolizers and gives, beside them, the function.
OWN_WORDS = {
    "SLCO1B1": {
        "Intermediate Metabolizer": "Decreased Function",
        "Poor Metabolizer": "Poor Function",
    },
}
CARRIERS = {("VKORC1", "-1639G>A variant carriers"): ("-1639 AG", "-1639 AA")}
# Erdafitinib's row names *3/*3, two alleles without function; 0.5 is a poor metabolizer too, of
# other alleles, of whom the row does not speak.
NARROWED = {"FDA-025": {"CYP2C9": ("0.0",)}}
# Of two genes: whether the row holds where either, or only where both, are affected.
EITHER = (frozenset({"TPMT", "NUDT15"}),)
BOTH = (frozenset({"CYP2C19", "UGT2B17"}),)

_PRESENT = re.compile(r"(\*\d+:\d+) allele positive")
_CARRIED = re.compile(r"(\*\d+) carriers")


class UnknownGroup(Exception):
    """A group for which no key of ours can be made; the message says why."""


@dataclass(frozen=True, slots=True)
class Gene:
    """What a gene's file says of keys: `keys` key -> phenotype, `tracked` HLA alleles, `pairs`
    what two functions (or values) make, `alleles` their functions in the file's order."""

    name: str
    keys: Mapping[str, str]
    tracked: tuple[str, ...]
    alleles: Mapping[str, str | None]
    pairs: Mapping[tuple[str, ...], str]

    def phenotype_of(self, diplotype: str) -> str:
        """The phenotype of a diplotype such as `*3/*3`; raises UnknownGroup for no such allele."""
        names = diplotype.split("/")
        unknown = [name for name in names if name not in self.alleles]
        if unknown or len(names) != 2:
            raise UnknownGroup(f"{self.name} has no diplotype {diplotype}")
        functions = [self.alleles[name] for name in names]
        pair = tuple(sorted(function or "" for function in functions))
        return self.pairs.get(pair, "Indeterminate")

    def keys_of(self, named: Iterable[str]) -> Group:
        """The keys that are named, by themselves or by a phenotype; raises UnknownGroup."""
        found: Group = {}
        for name in named:
            allele, _, state = name.partition(" ")
            if name in self.keys:
                found[name] = self.keys[name]
            elif name in self.keys.values():
                found |= {key: shown for key, shown in self.keys.items() if shown == name}
            elif allele in self.tracked and state in ("positive", "negative"):
                found[name] = name
            elif "/" in name:
                found[name] = self.phenotype_of(name)
            else:
                raise UnknownGroup(f"{self.name} has no key {name}")
        return found


def read_gene(path: Path) -> Gene:
    content: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    scored = content["method"] == "activity-score"
    return Gene(
        content["gene"],
        {pair["key"]: pair["phenotype"] for pair in content["pairs"]},
        tuple(content["tracked"]),
        {
            name: rule.get("activity" if scored else "function")
            for name, rule in content["alleles"].items()
        },
        {tuple(sorted(pair["of"])): pair["phenotype"] for pair in content["pairs"]},
    )


def gene_of(named: str) -> str:
    """The gene of ours that a row's gene means."""
    return INFERRED_GENES.get(named, named)


def group_of(gene: Gene, value: Any, row: str, comments: str) -> Group:
    """The keys of a gene that a row's lookup value names; raises UnknownGroup where there is none.

    `comments` holds the group in FDA's own words, in which alone some rows name carriers.
    """
    narrowed = NARROWED.get(row, {}).get(gene.name)
    if narrowed:
        return gene.keys_of(narrowed)
    if isinstance(value, str):
        return gene.keys_of(_carriers(gene, value))
    words = OWN_WORDS.get(gene.name, {})
    found = gene.keys_of(words.get(phenotype, phenotype) for phenotype in value)
    carried = _CARRIED.search(comments)
    return found | _diplotypes_with(gene, carried[1], found) if carried else found


def _carriers(gene: Gene, value: str) -> tuple[str, ...]:
    present = _PRESENT.fullmatch(value)
    if present:
        return (f"{present[1]} positive",)
    if (gene.name, value) not in CARRIERS:
        raise UnknownGroup(f"{gene.name} has no key for {value}")
    return CARRIERS[gene.name, value]


def _diplotypes_with(gene: Gene, allele: str, beside: Group) -> Group:
    """Every diplotype with the allele whose phenotype the other keys do not already answer."""
    at = list(gene.alleles)
    pairs = (sorted((allele, other), key=at.index) for other in at)
    found = {"/".join(pair): gene.phenotype_of("/".join(pair)) for pair in pairs}
    return {key: shown for key, shown in found.items() if shown not in beside.values()}


def combinations(groups: Mapping[str, Group], genes: Mapping[str, Gene]) -> Iterator[Keys]:
    """Each combination of one key a gene that a row holds for; raises UnknownGroup.

    Where either gene decides, the other may have any key, and none.
    """
    together = frozenset(groups)
    if len(groups) > 1 and together not in EITHER + BOTH:
        raise UnknownGroup(f"of {' and '.join(groups)} is not decided whether either or both count")
    either = together in EITHER
    choices = [
        {**genes[gene].keys, NO_RESULT: NO_RESULT} if either else group
        for gene, group in groups.items()
    ]
    for keys in product(*choices):
        if either and not any(
            key in group for key, group in zip(keys, groups.values(), strict=True)
        ):
            continue
        yield {
            gene: (key, choice[key])
            for gene, key, choice in zip(groups, keys, choices, strict=True)
        }
