"""A pathogen's genome: another subject than the patient, with no germline and no zygosity."""

from dataclasses import dataclass
from typing import Literal

from fhir_pgx.model.finding import Caveat, Origin, Presence
from fhir_pgx.model.therapy import Provenance

Organism = Literal[
    "HIV-1", "HIV-2", "M. tuberculosis", "HCMV", "HSV1", "HSV2", "VZV", "HHV6b", "Adenovirus",
    "HBV", "HCV", "Influenza A", "Influenza A(H1N1)pdm09", "Influenza A(H3N2)", "P. falciparum",
    "H. pylori", "Mycoplasma genitalium", "S. aureus", "Enterobacterales", "Enterococcus", "",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class StatedPathogen:
    """What one resource says of an organism's genes.

    `organism` is ours where the words are known, else empty with `stated_organism` as sent.
    `gene` is as stated (`RT`, `rpoB`, `Rv0678`, `mmpR5`), `mutations` each as stated (`M184MV`,
    `S531L`, `p.Ser450Leu`, `c.-15C>T`). `presence` ABSENT with no mutation is "none found";
    NO_CALL is a test without an answer. `verdicts` are what the laboratory itself says: pairs of
    drug as stated and its word.
    """

    organism: Organism
    stated_organism: str
    gene: str
    mutations: tuple[str, ...]
    presence: Presence
    origin: Origin
    genotype: str = ""  # of the virus: HCV `1a`
    verdicts: tuple[tuple[str, str], ...] = ()
    caveats: tuple[Caveat, ...] = ()


@dataclass(frozen=True, slots=True)
class HivRule:
    """`groups` of (mutations, score): of a MAX group only the highest counts; a combination scores
    when all of its parts are there. A mutation is position and amino acids: `184VI`."""

    gene: str
    kind: Literal["single", "combination"]
    options: tuple[tuple[tuple[str, ...], int], ...]


@dataclass(frozen=True, slots=True)
class HivDrug:
    name: str
    abbreviation: str
    drug_class: str
    rxcui: str
    gene: str
    rules: tuple[HivRule, ...]


@dataclass(frozen=True, slots=True)
class ScoreLevel:
    """A band of total scores, both ends included, None for open."""

    low: int | None
    high: int | None
    label: str
    sir: str


@dataclass(frozen=True, slots=True)
class HivKnowledge:
    version: str
    drugs: tuple[HivDrug, ...]
    levels: tuple[ScoreLevel, ...]
    comments: dict[str, str]  # mutation pattern -> our short words
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class TbRow:
    """A variant of M. tuberculosis and a drug. `group` is WHO's, 1 to 5. `name` in H37Rv
    numbering; `classes` are kinds of change (`frameshift_variant`, `stop_gained`, …)."""

    gene: str
    name: str
    alias: str
    kind: Literal["protein", "coding_or_promoter", "rRNA", "class", "rule"]
    drug: str
    rxcui: str
    effect: Literal["resistant", "not_associated"]
    group: str
    comment: str
    id: str


@dataclass(frozen=True, slots=True)
class TbKnowledge:
    rows: tuple[TbRow, ...]
    gene_aliases: dict[str, str]
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class FoldRow:
    """A herpesvirus change and a drug: median fold change of the concentration that inhibits."""

    virus: Organism
    gene: str
    mutation: str
    drug: str
    rxcui: str
    fold: str
    low: str
    high: str
    reports: int
    references: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OtherRow:
    """A resistance marker of the small hand set."""

    id: str
    organism: Organism
    gene: str
    changes: tuple[str, ...]
    drugs: tuple[tuple[str, str], ...]  # name, RxNorm
    effect: Literal["resistant", "reduced-sensitivity"]
    note: str
    provenance: Provenance
    needs: tuple[tuple[str, ...], ...] = ()  # of each group one change must be there too


@dataclass(frozen=True, slots=True)
class PathogenKnowledge:
    hiv: HivKnowledge | None = None
    tb: TbKnowledge | None = None
    herpes: tuple[FoldRow, ...] = ()
    herpes_provenance: Provenance | None = None
    other: tuple[OtherRow, ...] = ()
    release: str = ""
