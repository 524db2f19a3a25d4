"""Which plain sentence stands beside a result: a key of `words/`, never a word of a source's own.

The term itself is shown as it is. A sentence says what the gene does, and never what to do.
"""

from collections.abc import Iterator
from typing import Final

from fhir_pgx.model.passport import PassportGene

# By how a term begins, the first that fits; CPIC's standard terms and those of our gene files.
_KEYS: Final = (
    ("Ultrarapid Metabolizer", "ultrarapid"),
    ("Rapid Metabolizer", "rapid"),
    ("Normal Metabolizer", "normal"),
    ("Intermediate Metabolizer", "intermediate"),
    ("Poor Metabolizer", "poor"),
    ("Increased Function", "function-increased"),
    ("Normal Function", "normal"),
    ("Decreased Function", "function-decreased"),
    ("Poor Function", "function-poor"),
    ("Deficient", "deficient"),
    ("Variable", "variable"),
    ("Normal", "normal"),
    ("Malignant Hyperthermia Susceptibility", "susceptible"),
    ("Uncertain Susceptibility", "uncertain"),
    ("Indeterminate", "uncertain"),
    ("increased risk", "risk"),
    ("normal risk", "normal"),
    ("uncertain risk", "uncertain"),
)
_HEDGES: Final = ("Likely ", "Possible ")
KEYS: Final = frozenset((*(key for _, key in _KEYS), "likely", "hla", "other"))
# An answer that can be explained; the other statuses say for themselves why there is none.
_ANSWERED: Final = ("called",)


def explanations(gene: PassportGene) -> Iterator[str]:
    """The keys of the sentences for a gene's result, in their order: what the status says where it
    is no plain answer, then what the phenotype means."""
    if gene.status not in _ANSWERED:
        yield f"status-{gene.status}"
        return
    if gene.gene.startswith("HLA-"):
        yield "phenotype-hla"
        return
    yield from explained(gene.phenotype)


def explained(phenotype: str) -> Iterator[str]:
    """`Likely Poor Metabolizer`: what poor means, and that it is likely."""
    hedged = phenotype.startswith(_HEDGES)
    plain = phenotype.split(" ", 1)[1] if hedged else phenotype
    yield f"phenotype-{next((key for start, key in _KEYS if plain.startswith(start)), 'other')}"
    if hedged:
        yield "phenotype-likely"
