"""Findings of a tumour (and of what is known by the same words), and the rows that speak of them.

A finding is what a laboratory reports; a profile is what a row of knowledge asks for. Both are
written with the same alterations, so that one can be held against the other.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from fhir_pgx.model.drug import Coding
from fhir_pgx.model.finding import Caveat, Origin, Presence, SourceClass
from fhir_pgx.model.therapy import Effect, Provenance, TherapyDrug

Specimen = Literal["tissue", "plasma", "blood", "marrow", ""]  # empty: not stated

Significance = Literal[
    "pathogenic", "likely-pathogenic", "uncertain", "likely-benign", "benign", "conflicting",
    "oncogenic", "likely-oncogenic", "risk", "",
]  # fmt: skip

ProteinKind = Literal[
    "substitution", "nonsense", "frameshift", "deletion", "insertion", "delins", "duplication",
    "extension", "start-loss", "synonymous", "codon",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ProteinChange:
    """A change of a protein, in one spelling.

    `start` and `end` are 1-based residues, both included (of an insertion: its neighbours), as
    HGVS counts them; `first` and `last` the three-letter residues there, empty where not stated;
    `alt` the three-letter residues that come (`Arg`, `PheGlnGluAla`), empty for none. `codon` is a
    residue without its new one (`p.Val600`). `text` is the whole in HGVS, `p.Leu858Arg`; of a
    frameshift without what follows (`p.Glu746fs`).
    """

    kind: ProteinKind
    start: int
    end: int
    first: str
    last: str
    alt: str
    text: str


AlterationKind = Literal[
    "variant",  # a small variant: `protein` or `coding` says which
    "any",  # "a mutation" or, absent, "no mutation" of the gene, without saying which
    "fusion",
    "rearrangement",
    "amplification",
    "gain",  # more copies, not called an amplification
    "loss",  # deletion of the gene, or of an arm that holds it
    "exon-deletion",  # whole exons are missing: `exons`
    "exon-skipping",
    "internal-duplication",
    "splice-form",  # EGFRvIII, AR-V7
    "wild-type",
    "expression", "overexpression", "underexpression",
    "methylation",
    "loss-of-heterozygosity",
    "repeat",
    "hla",  # a germline HLA typing of one locus: `alleles`
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Alteration:
    """One finding of one or (a fusion) two genes.

    `genes` are HGNC symbols; of a fusion the 5' partner first where the report says which, and one
    gene alone where the partner is not known. `exons` are as stated, first and last. `copies` are
    those of the genome (`82155-3`), `ratio` to the chromosome's centre. `vaf` is a fraction, 0 to
    1. `is_lof` is True where the change itself destroys the protein (nonsense, frameshift,
    canonical splice site, whole gene or exon) or the report says so; False where it does not show;
    a benign significance makes it False. `consequences` are Sequence Ontology names. `label` is
    the finding as a person would cite it. `is_resolved` is False where the names could not be read
    as a change: the finding is shown, and matches nothing but "a mutation of the gene".
    """

    genes: tuple[str, ...]
    kind: AlterationKind
    presence: Presence
    origin: Origin
    label: str
    protein: ProteinChange | None = None
    coding: str = ""  # `c.2573T>G`, without its accession
    genomic: str = ""
    rsids: tuple[str, ...] = ()
    exons: tuple[str, ...] = ()
    breakpoint: str = ""  # of a fusion: `e13::e20`
    copies: Decimal | None = None
    ratio: Decimal | None = None
    repeats: Decimal | None = None
    vaf: Decimal | None = None
    zygosity: str = ""
    significance: Significance = ""
    review: str = ""  # the review status behind the significance, as stated
    source_class: SourceClass = SourceClass.UNKNOWN
    specimen: Specimen = ""
    is_lof: bool = False
    is_resolved: bool = True
    consequences: tuple[str, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    alleles: tuple[str, ...] = ()  # of an HLA typing, one text a chromosome, alternatives by `/`


MarkerName = Literal[
    "MSI", "MMR", "TMB", "PD-L1", "HER2-IHC", "HER2-ISH", "HER2", "HRD", "ER", "PR", "MGMT",
    "EGFR-IHC", "ALK-IHC", "KIT-IHC", "FOLR1-IHC", "CLDN18.2-IHC", "MAGE-A4", "MET-IHC",
    "BRAF-V600E-IHC", "del(5q)", "del(17p)", "del(1p/19q)",
]  # fmt: skip
Verdict = Literal[
    "positive", "negative", "high", "low", "stable", "proficient", "deficient", "equivocal",
    "methylated", "unmethylated", "indeterminate", "not-performed", "",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Marker:
    """A biomarker that is no alteration of a gene.

    `number` is in `unit`: of TMB mutations per megabase, of PD-L1 and stained cells percent (of
    CPS a number without unit), of HER2 IHC the score 0 to 3, of ISH the ratio, with `copies` of
    ERBB2 a nucleus. `comparator` is `<`, `<=`, `>`, `>=` or empty. `scale` is that of PD-L1 (`TPS`,
    `CPS`, `TC`, `IC`), `clone` its antibody. `verdict` is the report's own word, never worked out
    from the number. `blood` TMB is another test than tissue TMB: `specimen` says which.
    """

    name: MarkerName
    origin: Origin
    verdict: Verdict = ""
    number: Decimal | None = None
    comparator: str = ""
    unit: str = ""
    scale: str = ""
    clone: str = ""
    copies: Decimal | None = None
    specimen: Specimen = ""
    label: str = ""  # as stated
    caveats: tuple[Caveat, ...] = ()


@dataclass(frozen=True, slots=True)
class StatedCancer:
    """A cancer as a Condition states it: codes and words; `stage` and `metastatic` where it or a
    stage Observation says, `status` the disease status (97509-4) in words."""

    label: str
    codings: tuple[Coding, ...]
    state: Literal["active", "resolved", "unknown"]
    origin: Origin
    stage: str = ""
    is_metastatic: bool | None = None
    status: Literal["progression", "stable", "response", "remission", ""] = ""
    status_when: str = ""  # FHIR date text of `status`, empty where not stated
    texts: tuple[str, ...] = ()  # histology, body site: what else the Condition says of the kind


@dataclass(frozen=True, slots=True)
class Cancer:
    """A cancer whose kind we know: `nodes` are Disease Ontology ids, `how` they were found."""

    stated: StatedCancer
    nodes: tuple[str, ...]
    how: Literal["code", "text"]


# Knowledge

AtomKind = Literal[
    "protein",  # exactly one of `protein`
    "codon",  # any change of a residue of `protein`
    "coding",  # `coding`
    "rsid",
    "exon-mutation", "exon-deletion", "exon-insertion", "exon-skipping", "exon-frameshift",
    "exon-loss",
    "any-mutation",
    "codons",  # a missense change in `codons`
    "kinase-domain", "domain", "activating", "inactivating",
    "loss-of-function",
    "fusion", "fusion-breakpoint", "rearrangement",
    "amplification", "copy-loss", "loss-of-heterozygosity",
    "internal-duplication", "splice-form",
    "expression", "overexpression", "underexpression", "methylation", "phosphorylation",
    "wild-type",
    "codon-excluded",  # a mutation, but not of these codons
    "marker",  # `marker`
    "hla",  # `alleles`
    "genotype",  # a germline genotype: PGx speaks of it
    "other",  # what we do not match: shown, never met
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class MarkerTest:
    """What a row asks of a marker: one of `verdicts`, or a number at least (or below) a limit on a
    scale. Met, not met or unknown; a number on another scale is unknown. Where a limit and
    verdicts are both given the number decides, and a verdict only where no number is known.
    `copies_…` are limits of the copies a nucleus (ISH), asked beside the ratio."""

    name: MarkerName
    verdicts: tuple[Verdict, ...] = ()
    at_least: Decimal | None = None
    below: Decimal | None = None
    scale: str = ""
    specimen: Specimen = ""  # plasma: only a blood test answers
    copies_at_least: Decimal | None = None
    copies_below: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Atom:
    """One thing that a profile asks for; `genes` any of which may have it, save for a fusion:
    there they are the two partners, `*` for any."""

    kind: AtomKind
    name: str  # as a person reads it; of what no rule can say, the source's own words
    genes: tuple[str, ...] = ()
    protein: tuple[str, ...] = ()  # one spelling: `p.Leu858Arg`, `p.Val600`
    coding: str = ""
    rsid: str = ""
    exons: tuple[str, ...] = ()
    codons: tuple[int, int] | None = None  # both included
    breakpoint: str = ""
    alleles: tuple[str, ...] = ()
    marker: MarkerTest | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """AND, OR and NOT over atoms, evaluated in three values: what is unknown is not false."""

    op: Literal["is", "and", "or", "not"]
    atom: Atom | None = None
    of: tuple["Profile", ...] = ()


# `tumour`: the row does not say; it is of a label that names a drug for a change of the tumour.
RowOrigin = Literal["somatic", "germline", "either", "tumour", ""]
Setting = Literal["first-line", "later-line", "maintenance", "adjuvant", ""]


@dataclass(frozen=True, slots=True)
class TumourRow:
    """One row: this profile, in this disease, makes these drugs act so, says this source.

    `disease` is the name the source uses, `doid` its node (empty where there is none), `excluded`
    nodes (with all below them) for which the row does not hold. `joined`: the drugs are one
    combination, alternatives, or follow one another. `lines` are conditions of the row in our
    words (prior therapy, age, stage). `setting` is the line of therapy that the row is bound to,
    empty where it is bound to none or to several: `later-line` is unlocked by prior therapy or
    progression.
    """

    id: str
    profile: Profile
    text: str  # the profile as a person reads it
    genes: tuple[str, ...]
    origin: RowOrigin
    disease: str
    doid: str
    drugs: tuple[TherapyDrug, ...]
    joined: Literal["single", "combination", "alternatives", "sequential"]
    effect: Effect
    provenance: Provenance
    excluded: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    specimens: tuple[Specimen, ...] = ()
    is_flagged: bool = False
    # The row does not hold where any one of these drugs is ordered or in use as well and, if a
    # profile is given, that is met: cetuximab is not indicated with a KRAS mutation, save with
    # adagrasib where the mutation is G12C.
    unless_with: tuple[TherapyDrug, ...] = ()
    unless_profile: Profile | None = None
    setting: Setting = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """A row that is no therapy: what a finding says of diagnosis, outlook or predisposition."""

    id: str
    kind: Literal["diagnostic", "prognostic", "predisposing", "oncogenic", "functional"]
    profile: Profile
    text: str
    genes: tuple[str, ...]
    origin: RowOrigin
    disease: str
    doid: str
    says: str  # `poor-outcome`, `better-outcome`, `positive`, `negative`, `predisposition`, …
    supports: bool
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class Disease:
    """A node of the Disease Ontology with its ancestors, nearest first, and its codes elsewhere:
    pairs of system URI and code."""

    doid: str
    label: str
    ancestors: tuple[str, ...]
    codes: tuple[tuple[str, str], ...] = ()
    icd10: tuple[str, ...] = ()  # prefixes of ICD-10-CM codes
    names: tuple[str, ...] = ()  # lower case


@dataclass(frozen=True, slots=True)
class MarketStatus:
    """A drug that was withdrawn, restricted or never approved; `bars` where it must not be shown
    as an option. `doids` (with all below them) and `rows` say which uses it concerns: of both given
    the rows alone, of none every use."""

    drug: TherapyDrug
    context: str
    status: str
    detail: str
    bars: bool
    provenance: Provenance
    doids: tuple[str, ...] = ()
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExonRange:
    """The codons of an exon, 1-based, both included, on a transcript."""

    gene: str
    exon: str
    start: int
    end: int
    transcript: str


@dataclass(frozen=True, slots=True)
class TestFirst:
    """A drug whose label asks for a result before use: the tests as profiles' genes and markers.

    Any usable answer to one of a test's atoms settles it, present or absent; `why` in our words.
    `setting` is the line of therapy that the label binds it to, empty for any; `rows` the ids of
    the rows that it stands on.
    """

    drug: TherapyDrug
    doid: str
    tests: tuple[tuple[str, tuple[Atom, ...]], ...]  # (name of the test, what answers it)
    why: str
    provenance: Provenance
    setting: Setting = ""
    rows: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TumourKnowledge:
    rows: tuple[TumourRow, ...] = ()
    statements: tuple[Statement, ...] = ()
    diseases: tuple[Disease, ...] = ()
    market: tuple[MarketStatus, ...] = ()
    exons: tuple[ExonRange, ...] = ()
    tests_first: tuple[TestFirst, ...] = ()
    proteins: dict[str, dict[str, str]] = field(default_factory=dict)  # gene: coding -> protein
    legacy: dict[str, dict[str, str]] = field(default_factory=dict)  # gene: legacy -> HGVS protein
    gene_aliases: dict[str, str] = field(default_factory=dict)  # upper case -> symbol
    # What words of a condition mean a class of drugs, and its drugs (`drug_classes.yaml`).
    drug_classes: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    gene_ids: dict[str, str] = field(default_factory=dict)  # HGNC id -> symbol, of every domain
    marker_codes: dict[str, str] = field(default_factory=dict)  # LOINC -> marker or test, see file
    release: str = ""
