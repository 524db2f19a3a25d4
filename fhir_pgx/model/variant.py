"""Variants in one spelling, whatever they came in: VCF, MolecularSequence or Observation.

`SiteCall` is the normalised variant: what one source says of one decision position, in the words
of the gene's definition. What a source says of other places never becomes one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fhir_pgx.model.finding import Caveat, NotUnderstood

UNREAD = "."  # a copy that was looked at without an answer
OTHER = "?"  # a copy that was read, and has none of the bases that the definition knows


@dataclass(frozen=True, slots=True)
class SiteCall:
    """The alleles a person carries at a decision position, as one source gives them.

    `alleles` has one for each copy: the site's `ref` or one of its `alts` (VCF spelling, forward
    strand), `UNREAD` or `OTHER`. Where `zygosity_known` is False it has only the alleles that were
    seen, and nothing is said of how often. `phase` names a phase set: within it, the first alleles
    are on one strand and the second on the other; empty where unphased. `build` is the one the
    source speaks of; `reference` the resource or file, `where` its line or FHIRPath; `others` are
    further resources that the call rests on. `unknown` are the changes of copies that are `OTHER`,
    as they were read on `build`: start (0-based), reference bases, bases in their place.
    """

    gene: str
    site: str
    alleles: tuple[str, ...]
    phase: str = ""
    zygosity_known: bool = True
    build: str = "GRCh38"
    reference: str = ""
    where: str = ""
    when: str = ""
    caveats: tuple[Caveat, ...] = ()
    others: tuple[str, ...] = ()
    unknown: tuple[tuple[int, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines of a VCF are kept.

    `chromosomes` maps every spelling of a contig that we know (`chr10`, `10`, `NC_000010.11`) to
    the chromosome (`10`, `X`, `MT`); `spans` maps a chromosome to 0-based intervals, sorted, of
    both builds together.
    """

    chromosomes: Mapping[str, str]
    spans: Mapping[str, tuple[tuple[int, int], ...]]


@dataclass(frozen=True, slots=True)
class VcfContig:
    """A `##contig` line: `length` and `assembly` where stated."""

    length: int | None = None
    assembly: str = ""


@dataclass(frozen=True, slots=True)
class VcfRecord:
    """One kept line. `start` is 0-based; `end` is INFO/END (0-based, exclusive) of a reference
    block or structural variant. `genotypes` and `phase_sets` (FORMAT/PS, empty where absent) are
    those of the samples read, as written; `filters` is FILTER as written."""

    line: int
    contig: str
    chromosome: str
    start: int
    name: str
    ref: str
    alts: tuple[str, ...]
    filters: str
    genotypes: tuple[str, ...]
    phase_sets: tuple[str, ...]
    end: int | None = None


@dataclass(frozen=True, slots=True)
class VcfContent:
    """What was kept of a VCF. `samples` are those read, in the order of `VcfRecord.genotypes`.

    `reference` is the `##reference` or `##assembly` line; `tumours` are the samples that the header
    calls a tumour's. `not_understood` lists the lines that
    could not be used, each with its number; `unknown_contigs` the contigs that no spelling fits.
    `line_count` lines were read through; 0 where an index led straight to the wanted ones.
    `is_truncated` says that the data end early, after those lines: what would follow was not read,
    and nothing is known of it.
    """

    name: str
    samples: tuple[str, ...]
    contigs: Mapping[str, VcfContig] = field(default_factory=dict)
    reference: str = ""
    records: tuple[VcfRecord, ...] = ()
    line_count: int = 0
    unknown_contigs: tuple[str, ...] = ()
    not_understood: tuple[NotUnderstood, ...] = ()
    is_truncated: bool = False
    tumours: tuple[str, ...] = ()
