"""A pathogen's genome: another subject than the patient, with no germline and no zygosity."""

from dataclasses import dataclass, field
from typing import Literal

from fhir_pgx.model.finding import Caveat, Origin, Presence
from fhir_pgx.model.therapy import Provenance, TherapyDrug

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
class Change:
    """One change in a pathogen's gene, in one spelling.

    `keys` are the names under which knowledge may hold it, the best first (H37Rv HGVS for
    M. tuberculosis, `460V` for a virus); `position` is its codon, or None where it has none of its
    own; `residues` of HIV are the amino acids found there beside the reference (`VI`; `i` an
    insertion, `d` a deletion); `kinds` are Sequence Ontology names (`frameshift_variant`);
    `end` is the last codon of a change that spans several.
    """

    gene: str
    name: str
    stated: str
    keys: tuple[str, ...] = ()
    position: int | None = None
    residues: str = ""
    kinds: tuple[str, ...] = ()
    end: int | None = None
    caveats: tuple[Caveat, ...] = ()


@dataclass(frozen=True, slots=True)
class PathogenFinding:
    """What one resource says of one gene of an organism, in our spelling. `unread` are the
    mutations as stated that have none."""

    organism: Organism
    gene: str
    presence: Presence
    origin: Origin
    changes: tuple[Change, ...] = ()
    unread: tuple[str, ...] = ()
    stated_organism: str = ""
    genotype: str = ""
    verdicts: tuple[tuple[str, str], ...] = ()
    caveats: tuple[Caveat, ...] = ()


# From what must not be missed to what informs; the outcomes of a drug are listed by it.
Outcome = Literal[
    "resistant",
    "intermediate",  # HIVDB 30 to 59
    "low",  # HIVDB 15 to 29
    "reduced",  # reduced susceptibility, not graded further
    "potential-low",  # HIVDB 10 to 14
    "undecided",  # the source holds it, and a condition of it is open, or its reports disagree
    "unlisted",  # changes that no row of the source grades: nothing is known of them
    "no-call",  # tested without an answer
    "not-tested",
    "none-found",  # tested, and nothing found that the source grades
    "not-associated",
    "susceptible",  # HIVDB below 10
]
OUTCOMES: tuple[Outcome, ...] = (
    "resistant", "intermediate", "low", "reduced", "potential-low", "undecided", "unlisted",
    "no-call", "not-tested", "none-found", "not-associated", "susceptible",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DrugVerdict:
    """What a source makes of an organism's changes for one drug.

    `words` say it (`high-level resistance, score 60`), `because` each change with its part in it,
    `changes` their names alone, `needs` the conditions that are open. `genes` are those that the
    drug turns on. `group` is of drugs (`NRTI`); `serious`: treatment with it is likely to fail.
    `score` is HIVDB's.
    """

    organism: Organism
    drug: TherapyDrug
    outcome: Outcome
    words: str
    provenance: Provenance
    genes: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    group: str = ""
    abbreviation: str = ""
    score: int | None = None
    boosted: bool = False
    related_to: str = ""  # the graded drug that it shares its target with, where it has no row
    caveats: tuple[Caveat, ...] = ()
    derived_from: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderedVerdict:
    """A drug that is ordered, in use, or part of such a medicine, and what the organism's report
    says of it. `label` is the drug's name as ordered, `said` the laboratory's own words on it:
    (word, date). `is_new` is True for an order of this call; `tested` is the drug that sources test
    in place of this one, empty where they test it itself."""

    order: str
    label: str
    verdict: DrugVerdict
    said: tuple[tuple[str, str], ...] = ()
    is_new: bool = True
    tested: str = ""


@dataclass(frozen=True, slots=True)
class GeneSeen:
    """A gene of an organism over all results: `dates` of those that gave an answer, the newest
    first, `failed` of those that gave none. `changes` are (name, dates)."""

    gene: str
    changes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    dates: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OrganismReport:
    """Everything that the results say of one organism of a patient, judged.

    `words` are those a physician uses for the whole (`multidrug-resistant (MDR)`), each only from
    graded findings. `said` are the laboratory's own verdicts: (drug, word, date). `notes` are our
    short words on changes found.
    """

    organism: Organism
    label: str
    genes: tuple[GeneSeen, ...]
    verdicts: tuple[DrugVerdict, ...] = ()
    words: tuple[str, ...] = ()
    said: tuple[tuple[str, str, str], ...] = ()
    notes: tuple[str, ...] = ()
    untested: tuple[str, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HivRule:
    """`options` of (mutations, score): of a MAX group only the highest counts; a combination scores
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
    boosted: bool = False  # the score is of the drug with a booster


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
    comments: dict[str, str]  # mutation pattern (`RT:184VI`) -> our short words
    provenance: Provenance
    wild_types: dict[str, str] = field(default_factory=dict)  # `RT:184` -> `M`


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
    needs_functional: str = ""  # the gene without which the change confers nothing
    degree: Literal["", "high", "low"] = ""  # of resistance
    cross: tuple[str, ...] = ()  # drugs to which the source states cross-resistance
    borderline: bool = False  # may test susceptible in a phenotypic test
    one_site: bool = False  # data of a site that sent resistant strains alone


@dataclass(frozen=True, slots=True)
class TbRelated:
    """A drug that the catalogue does not grade, and the graded one whose target it shares."""

    drug: str
    rxcui: str
    graded: str  # the graded drug's name
    why: str


@dataclass(frozen=True, slots=True)
class TbKnowledge:
    """`codons` of the rifampicin resistance-determining region, both ends included; `region` its
    residues in H37Rv; `renumbered` maps an older name of a change to the H37Rv one."""

    rows: tuple[TbRow, ...]
    gene_aliases: dict[str, str]
    provenance: Provenance
    region: str = ""
    codons: tuple[int, int] = (0, 0)
    offset: int = 0  # from E. coli to H37Rv numbering of the region
    renumbered: dict[str, str] = field(default_factory=dict)  # `rpoB:I572F` -> `p.Ile491Phe`
    related: tuple[TbRelated, ...] = ()
    drug_genes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    rule_provenance: Provenance | None = None


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
    key: str = ""  # the change without its reference residue: `460V`, `28fs`, `595_603del`
    words: tuple[str, ...] = ()  # what reports without a figure say: `resistant`, `polymorphism`
    id: str = ""


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
    genotypes: tuple[str, ...] = ()  # of the virus, for which alone it holds
    conditions: tuple[str, ...] = ()  # what else must hold, in our words
    rows: tuple[str, ...] = ()  # the source's row ids
    # A drug and the partner with which it stays active: it is not told against then.
    spared_with: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Prodrug:
    """A drug that acts as the one that the sources test: `valganciclovir` as ganciclovir."""

    name: str
    rxcui: str
    tested: str  # the name of the tested drug
    organisms: tuple[Organism, ...]


@dataclass(frozen=True, slots=True)
class PathogenKnowledge:
    hiv: HivKnowledge | None = None
    tb: TbKnowledge | None = None
    herpes: tuple[FoldRow, ...] = ()
    herpes_provenance: Provenance | None = None
    other: tuple[OtherRow, ...] = ()
    release: str = ""
    prodrugs: tuple[Prodrug, ...] = ()
    # The genes that a drug's action turns on, by `HCMV:ganciclovir`.
    targets: dict[str, tuple[str, ...]] = field(default_factory=dict)
    # Of organisms other than M. tuberculosis, a gene's names in lower case: `hbv:pol` -> `RT`.
    gene_names: dict[str, str] = field(default_factory=dict)
