"""How a gene's named alleles are defined: its decision positions, and the bases that make each.

Everything is on the forward strand. Sites and cells are spelled as in a VCF: an insertion or
deletion is left-aligned and carries the base before it (`CAT` for the reference, `C` where `AT` is
deleted). Source: the gene's file in `knowledge/alleles/`, which cites its own.
"""

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Site:
    """A decision position: its rsID, or its genomic name where it has none.

    `start` is the 0-based position of the first base of `ref` on the GRCh38 chromosome, `start37`
    the same on GRCh37, None where no source places it; `inferred37` says that we placed it, between
    two neighbours that are moved alike. `ref37` is GRCh37's own base where that is one of `alts`.
    `context` is the reference sequence from `start` over all along which an insertion or deletion
    can be shifted without changing what it means; empty for a single base. `names` maps other names
    (coding, protein, genomic; an id as `clinvar:…`) to the allele they stand for.
    """

    name: str
    start: int
    ref: str
    alts: tuple[str, ...]
    start37: int | None = None
    ref37: str = ""
    inferred37: bool = False
    context: str = ""
    names: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NamedAllele:
    """An allele by its cells: site name → a base, an IUPAC code of several, or a VCF allele.

    A site without a cell has the reference's base. `is_whole` says that the source defines the
    allele at every site, which counts when possible diplotypes are ranked.
    """

    name: str
    cells: dict[str, str]
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class TiePick:
    """Of these diplotypes, which unphased data cannot tell apart, the source reports `pick`."""

    among: tuple[str, ...]
    pick: str


@dataclass(frozen=True, slots=True)
class Fallback:
    """The site that decides alone where no diplotype fits, and the allele of each of its bases."""

    site: str
    alleles: dict[str, str]


@dataclass(frozen=True, slots=True)
class Proxy:
    """A site that speaks for another: `allele` is the haplotype of both, `alone` that of `site`
    by itself. Where `site` was not read, `proxy` stands for it (DPYD HapB3)."""

    site: str
    proxy: str
    allele: str
    alone: str


@dataclass(frozen=True, slots=True)
class GeneDefinition:
    """One gene's sites and alleles, and how they are to be called.

    `method` is `named` (diplotypes of whole alleles) or `components` (every variant found is
    listed, the lowest functions decide: DPYD, RYR1). `unknown_as_reference`: a base that no allele
    has counts as the reference's; elsewhere it stops the call. `on_request`: called from variants
    only when asked. `required` are sites without which nothing is called; `tier1` the alleles that
    every test is expected to look for (AMP). `extra` sites belong to no allele. `core` maps
    sub-alleles to the allele reported. `preferred` alleles win among components of equal function.
    """

    gene: str
    chromosome: str
    release: str
    citation: str
    reference: str
    sites: tuple[Site, ...]
    alleles: tuple[NamedAllele, ...]
    method: Literal["named", "components"] = "named"
    unknown_as_reference: bool = False
    on_request: bool = False
    required: tuple[str, ...] = ()
    picks: tuple[TiePick, ...] = ()
    tier1: tuple[str, ...] = ()
    extra: tuple[Site, ...] = ()
    core: dict[str, str] = field(default_factory=dict)
    fallback: Fallback | None = None
    proxy: Proxy | None = None
    preferred: tuple[str, ...] = ()
