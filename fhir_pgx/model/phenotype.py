"""What is known of each gene of one patient: the answer of `interpret` (CONTRACT, section 3)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.reading import Reading
from fhir_pgx.model.variant import SiteCall


class Status(StrEnum):
    """How far a gene's answer goes. Each is a different thing to a prescriber."""

    CALLED = "called"
    AMBIGUOUS = "ambiguous"  # several diplotypes with different advice
    INDETERMINATE = "indeterminate"  # called, but its function is unknown
    NOT_CALLED = "not-called"  # tested, no answer
    NOT_TESTED = "not-tested"
    CONFLICT = "conflict"  # two sources disagree


# Between the answers of results that disagree, and of one result that allows several.
BETWEEN: Final[Mapping[str, str]] = {"conflict": " against ", "ambiguous": " or "}


def phenotype_told(status: str, phenotype: str | None, possible: Iterable[str | None]) -> str:
    """The phenotype as it may stand alone beside a status. Of results that disagree or allow
    several every one is told: one of them would read as the answer. `possible` are those of the
    diplotypes. Empty where there is none."""
    between = BETWEEN.get(status)
    if between is None:
        return phenotype or ""
    found = dict.fromkeys(each or "Indeterminate" for each in possible)
    if phenotype:
        found.setdefault(phenotype)
    return between.join(found)


Basis = Literal[
    "variants", "haplotypes", "genotype", "phenotype", "activity-score", "outside-call"
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which decision positions a test saw. None of a result where the report does not say."""

    tested: int
    missing: tuple[str, ...] = ()
    no_call: tuple[str, ...] = ()
    could_change: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DiplotypeResult:
    """One diplotype the data allow, with what it means; `stated` is how the report named it.

    `haplotypes` holds two names, one for a haploid or hemizygous gene. `phenotype` is None and
    `functions` holds None where an allele has no assigned function. `activity_score` is text.
    """

    name: str
    haplotypes: tuple[str, ...]
    phenotype: str | None
    activity_score: str | None
    functions: tuple[str | None, ...]
    lookup_key: str | None = None
    stated: str = ""  # as the report wrote it


@dataclass(frozen=True, slots=True)
class GeneResult:
    """One gene. `lookup_keys` are the guideline keys the answer stands for (several if it is
    ambiguous); `alleles` the two-field names of an HLA gene, or the one allele that decides alone
    (RYR1); `allele_status` each tracked HLA allele as `positive` or `negative` (absent from the
    mapping: not known)."""

    gene: str
    status: Status
    basis: Basis | None = None
    diplotypes: tuple[DiplotypeResult, ...] = ()
    phenotype: str | None = None
    activity_score: str | None = None
    lookup_keys: tuple[str, ...] = ()
    alleles: tuple[str, ...] = ()
    allele_status: dict[str, str] = field(default_factory=dict)
    coverage: Coverage | None = None
    caveats: tuple[Caveat, ...] = ()
    derived_from: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()  # of each of `derived_from`; empty texts where not stated
    when: str = ""


@dataclass(frozen=True, slots=True)
class Interpretation:
    """Everything known of one patient's genes, with the reading it came from.

    `sites` are the calls at decision positions by gene, of every source; `resolved` names, by the
    place of a variant in `reading.variants`, the position it was matched to.
    """

    subject: str
    genes: dict[str, GeneResult]
    reading: Reading
    sites: dict[str, tuple[SiteCall, ...]] = field(default_factory=dict)
    resolved: Mapping[int, str] = field(default_factory=dict)
