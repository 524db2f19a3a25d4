"""What the store keeps of genomic results beside their bytes, so that they are found by place.

Positions are 0-based intervals on a chromosome of a named assembly, forward strand. Of a simple
variant `ref` and `alt` are in the fully-justified, trimmed form of SPDI where its sequence is
known, else trimmed alone: two spellings of one variant have one row.
"""

from dataclasses import dataclass
from typing import Literal

from fhir_pgx.model.finding import Presence, SourceClass

Assembly = Literal["GRCh37", "GRCh38"]


@dataclass(frozen=True, slots=True)
class Span:
    """An interval, 0-based, half open. The mitochondrial genome is `GRCh38`, chromosome `MT`."""

    assembly: str
    chromosome: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SimpleAllele:
    """A simple variant in its one spelling; an empty `ref` or `alt` is nothing. `N` in `ref` is a
    base that was not stated and is not known (`g.5_7del`)."""

    assembly: str
    chromosome: str
    start: int
    ref: str
    alt: str

    @property
    def span(self) -> Span:
        return Span(self.assembly, self.chromosome, self.start, self.start + len(self.ref))


@dataclass(frozen=True, slots=True)
class IndexedVariant:
    """A variant of one resource, on the assembly that the resource states.

    `start` to `end` is what it certainly or possibly covers (of a structural one the outermost of
    its ranges), None where it has no place. `inner` and `outer` are as stated, None where not. A
    structural variant (a copy number, a class of sequence change without bases, or an `inner` or
    `outer` range) has None for `ref` and `alt` where they are not bases. `genes` are HGNC symbols.
    """

    genes: tuple[str, ...]
    assembly: str
    chromosome: str
    start: int | None
    end: int | None
    ref: str | None
    alt: str | None
    presence: Presence = Presence.PRESENT
    source_class: SourceClass = SourceClass.UNKNOWN
    zygosity: str = ""
    is_structural: bool = False
    change_type: str = ""
    inner: tuple[int, int] | None = None
    outer: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class IndexedGenotype:
    """A diplotype or a haplotype of one resource, in the standard names of its gene: `*1/*17`."""

    gene: str
    kind: Literal["diplotype", "haplotype"]
    name: str
    haplotypes: tuple[str, ...] = ()
    source_class: SourceClass = SourceClass.UNKNOWN


@dataclass(frozen=True, slots=True)
class IndexedPhenotype:
    """A gene's phenotype, stated by the resource or following from its diplotype alone."""

    gene: str
    phenotype: str
    is_stated: bool


@dataclass(frozen=True, slots=True)
class GenomicIndex:
    """All of one resource."""

    variants: tuple[IndexedVariant, ...] = ()
    genotypes: tuple[IndexedGenotype, ...] = ()
    phenotypes: tuple[IndexedPhenotype, ...] = ()


NOT_GENOMIC = GenomicIndex()


@dataclass(frozen=True, slots=True)
class StoredVariant:
    """A row of the index with the resource it is of."""

    patient: str
    type: str
    id: str
    variant: IndexedVariant


@dataclass(frozen=True, slots=True)
class StoredGenotype:
    patient: str
    type: str
    id: str
    genotype: IndexedGenotype


@dataclass(frozen=True, slots=True)
class StoredPhenotype:
    patient: str
    type: str
    id: str
    phenotype: IndexedPhenotype
