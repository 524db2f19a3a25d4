"""By what words a text speaks of a gene, and which genes a class of them has.

Read by those who must not miss one (`security/mentions.py`): of two readings the one that finds
more holds. Loaded by `knowledge/gene_words.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

# Subjects that are no human gene, and are withheld as one.
TUMOUR, PATHOGEN = "tumour", "pathogen"
ANY_CLASS = "genomic"
PHARMACOGENE = "pharmacogene"


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words in lower case, each a run of letters and digits, that speak of `genes`."""

    words: tuple[str, ...]
    genes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Span:
    """Where a gene lies, 0-based half-open on one build's chromosome, widened by a margin."""

    gene: str
    chromosome: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class GeneClass:
    """A class that a Consent can name, of our own code system; `genes` may hold `TUMOUR` and
    `PATHOGEN`. The class `genomic` stands for every gene, known to us or not."""

    code: str
    display: str
    definition: str
    genes: frozenset[str]


@dataclass(frozen=True, slots=True)
class GeneWords:
    """`names` are HGNC ids (`HGNC:2621`) and every name in upper case, with the gene each names;
    `codes` LOINC codes with theirs.

    `phrases` are by their rarest word. `shouted` are the words of `phrases` that are also everyday
    words (MET, MAX): they count in capitals, or where the talk is of genes. `stems` count also as
    a part of a word. `numbers` are the ids of a system, by a word that tells the system. `generic`
    are words of a result of some gene of drug response, whichever. `accessions` are the
    chromosomes, with version, on which `spans` are told (`nc 000010 11`).
    """

    names: Mapping[str, str]
    codes: Mapping[str, frozenset[str]]
    phrases: Mapping[str, tuple[Phrase, ...]]
    shouted: frozenset[str] = frozenset()
    stems: Mapping[str, frozenset[str]] = field(default_factory=dict)
    numbers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    spans: tuple[Span, ...] = ()
    generic: frozenset[str] = frozenset()
    accessions: frozenset[str] = frozenset()
    classes: Mapping[str, GeneClass] = field(default_factory=dict)

    @property
    def genes(self) -> frozenset[str]:
        """Every subject there are words for."""
        return frozenset(
            gene for phrases in self.phrases.values() for phrase in phrases for gene in phrase.genes
        )
