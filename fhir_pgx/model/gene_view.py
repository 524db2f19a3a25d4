"""One gene of one patient, made ready to be seen: its positions, haplotypes and scale.

Positions are 0-based intervals on a versioned RefSeq accession (GRCh38, forward strand). What is
read, what was looked at without an answer, what was not looked at and what nobody says are
different states, and each keeps its own word all the way to the eye.
"""

from dataclasses import dataclass
from typing import Literal

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.phenotype import Basis, Coverage, Status

State = Literal[
    "reference",  # read: the reference's base on every copy
    "variant",  # read: another base of the definition on one copy at least
    "unknown-base",  # read: a base that no allele of the definition has
    "no-call",  # looked at, without a whole answer
    "not-tested",  # not in the data
    "not-stated",  # a report states the result, and not what it tested
    "conflict",  # two sources read it differently
]
Support = Literal[
    "read",  # the base was read at the position
    "open",  # the definition leaves the base open, the reference's among them
    "contradicted",  # the position was read, and the base is not there
    "no-call",
    "not-tested",
    "not-stated",
]
PhaseCode = Literal["stated", "one-copy", "settled", "phased", "parts", "inferred", "not-known"]


@dataclass(frozen=True, slots=True)
class SiteRead:
    """What one source read at a position: a value for each copy, with where it stands. `phase` is
    the name of a phase set, empty where unphased."""

    alleles: tuple[str, ...]
    phase: str
    build: str
    reference: str
    where: str


@dataclass(frozen=True, slots=True)
class AlleleBases:
    """The bases that an allele's definition has at a position; several where it leaves it open."""

    allele: str
    bases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PositionView:
    """A decision position. `start` to `end` is the interval of `ref` (0-based, GRCh38); `start37`
    the first base on GRCh37, None where no source places it.

    `used_by` are the alleles whose definition differs from the reference's here. `zygosity` is
    empty where nothing was read or the copies are not known. `hides` are the alleles that this
    position, not read, may hide and that would change the guideline key. `is_extra`: of no allele,
    read for an equation.
    """

    site: str
    start: int
    end: int
    ref: str
    alts: tuple[str, ...]
    start37: int | None
    names: tuple[str, ...]
    used_by: tuple[AlleleBases, ...]
    state: State
    zygosity: str
    reads: tuple[SiteRead, ...]
    hides: tuple[str, ...] = ()
    is_extra: bool = False


@dataclass(frozen=True, slots=True)
class CarriedBase:
    """What a haplotype's definition has at a position, and whether the data bear it out."""

    site: str
    bases: tuple[str, ...]
    support: Support


@dataclass(frozen=True, slots=True)
class HaplotypePart:
    """A named allele on one chromosome: itself, one of a hybrid's, or a variant of a gene called by
    components. `copies` is text (`2`, `≥3`). `has_definition` is False where no position defines
    it (a deletion, a hybrid, an allele without a published definition)."""

    name: str
    copies: str
    has_definition: bool
    is_reference: bool
    function: str
    activity: str
    carried: tuple[CarriedBase, ...]


@dataclass(frozen=True, slots=True)
class HaplotypeView:
    """One of the two copies (of the only one): its name and the parts that it is made of."""

    name: str
    parts: tuple[HaplotypePart, ...]


@dataclass(frozen=True, slots=True)
class CandidateView:
    """A diplotype that the data allow. `is_arranged` is False where the variants are known and how
    they lie on the copies is not: `haplotypes` then holds all in one. `unexplained` are positions
    with a variant that none of the haplotypes has."""

    name: str
    stated: str
    phenotype: str
    activity_score: str
    haplotypes: tuple[HaplotypeView, ...]
    is_arranged: bool
    unexplained: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScoreBand:
    """The activity scores of one phenotype. `high` is empty where there is no upper end; `scores`
    are those that diplotypes of the gene's file make."""

    phenotype: str
    low: str
    includes_low: bool
    high: str
    includes_high: bool
    scores: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScaleMarker:
    """Where the patient stands. `kind` `genotype`: by the genes; `effect`: by what other medicines
    make of it, for the `drugs` named. `is_certain` is False for one of several that are possible,
    and for a caution of ours that no rule states. `score` is text, empty in a gene without scores.
    """

    kind: Literal["genotype", "effect"]
    is_certain: bool
    phenotype: str
    score: str
    text: str = ""
    agents: tuple[str, ...] = ()
    drugs: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class ScaleView:
    """The activity scores or phenotypes of a gene and the patient among them.

    `rungs` are the phenotypes of a gene without scores, least function first where `is_ordered`.
    `word` says why there is no marker, or that it is not the only one; empty where one stands
    alone. `bands_source` is where the ends of the bands come from.
    """

    kind: Literal["activity-score", "phenotype", "none"]
    bands: tuple[ScoreBand, ...]
    rungs: tuple[str, ...]
    is_ordered: bool
    markers: tuple[ScaleMarker, ...]
    word: str
    bands_source: str = ""
    effects_without_phenotype: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HlaAlleleView:
    """An HLA allele: `tracked` where guidance asks about it; `status` is `not-known` where nobody
    looked, which is neither positive nor negative."""

    name: str
    status: Literal["positive", "negative", "not-known"]
    tracked: bool


@dataclass(frozen=True, slots=True)
class DefinitionView:
    """Where the positions come from, and on which sequence they lie."""

    accession: str
    build: str
    chromosome: str
    release: str
    citation: str
    reference: str
    by_components: bool


@dataclass(frozen=True, slots=True)
class GeneView:
    """Everything that is drawn of one gene. `definition` is None for a gene whose positions our
    release does not hold. `coverage` is None where a report states the result without what it
    tested."""

    gene: str
    hgnc: str
    status: Status
    basis: Basis | None
    phenotype: str
    activity_score: str
    definition: DefinitionView | None
    positions: tuple[PositionView, ...]
    candidates: tuple[CandidateView, ...]
    phase: PhaseCode | None
    certain_alleles: tuple[str, ...]
    hla: tuple[HlaAlleleView, ...]
    scale: ScaleView
    coverage: Coverage | None
    caveats: tuple[Caveat, ...]
    derived_from: tuple[str, ...]
    dates: tuple[str, ...]
