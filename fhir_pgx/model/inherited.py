"""Findings of the patient's own genome beyond drug response, and the rows that speak of them.

Positions are not used here: a finding is known by its gene and names. A copy number or a repeat
count is a finding too, and 0 copies is a value.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from fhir_pgx.model.finding import Caveat, Origin, Presence, SourceClass
from fhir_pgx.model.therapy import Effect, Provenance, TherapyAdvice, TherapyDrug
from fhir_pgx.model.tumour import ProteinChange, Significance, Specimen


@dataclass(frozen=True, slots=True)
class InheritedFinding:
    """One finding. A somatic one never becomes an `InheritedFinding`; of unknown source class it
    may, and stays unknown. `exons` are the first and last of a deletion or duplication, as stated.
    `in_trans` are the `reference`s of findings that a phase relationship puts on the other copy,
    `in_cis` of those on the same. `frequency` is the allele's fraction in the sample.
    """

    gene: str
    label: str
    origin: Origin
    presence: Presence = Presence.PRESENT
    protein: ProteinChange | None = None
    coding: str = ""
    genomic: str = ""
    rsids: tuple[str, ...] = ()
    change: Literal[
        "variant", "deletion", "duplication", "copy-number", "repeat", "inversion", "any"
    ] = "variant"
    exons: tuple[str, ...] = ()
    copies: Decimal | None = None
    repeats: Decimal | None = None
    zygosity: str = ""
    significance: Significance = ""
    review: str = ""
    source_class: SourceClass = SourceClass.UNKNOWN
    is_truncating: bool = False
    conditions: tuple[str, ...] = ()  # that the report names for it
    in_trans: tuple[str, ...] = ()
    in_cis: tuple[str, ...] = ()
    specimen: Specimen = ""
    frequency: Decimal | None = None
    caveats: tuple[Caveat, ...] = ()
    is_disputed: bool = False  # one result says present, another absent


Copies = Literal["one", "two", "two-or-hemizygous", "any"]


@dataclass(frozen=True, slots=True)
class Criterion:
    """What a row asks of the findings: any of `genes`, `copies` of them affected.

    `changes` are names that alone count, in one spelling (`p.Arg3527Gln`, `c.1601G>A`); empty for
    any pathogenic or likely pathogenic finding. `only` narrows by the kind of change; `excludes`
    are changes that rule the row out, `ignores` changes that another row speaks of. `copy_number`
    is (gene, at least, at most). `unmatched`: the row turns on a list of variants or a fact that we
    do not hold, named in our words; it is then never met, only possible. `partner`: of two copies,
    whether the other must be one of `changes` too or may be any pathogenic finding (HbS with
    beta0). `or_pathogenic`: `changes` are examples, any other pathogenic finding counts too.
    `unless` are phenotypes of a pharmacogene that answer the same question already. `skips` is the
    exon that a drug skips. `words` are names in lower case that alone say the change where a
    finding has no other name (`factor v leiden`). `implied`: the drug is given for the finding and
    to nobody else, so that its order is enough (vismodegib).
    """

    genes: tuple[str, ...]
    copies: Copies = "one"
    changes: tuple[str, ...] = ()
    only: Literal["", "truncating", "gain-of-function", "loss-of-function", "missense",
                  "deletion", "repeat", "not-truncating"] = ""  # fmt: skip
    excludes: tuple[str, ...] = ()
    ignores: tuple[str, ...] = ()
    exon_deletions: tuple[tuple[int, int], ...] = ()
    copy_number: tuple[str, int, int] | None = None
    phenotypes: tuple[str, ...] = ()  # of a pharmacogene beside it: `CYP2D6: Poor Metabolizer`
    needs_condition: bool = False  # the patient must have the condition, not the genotype alone
    accepts_uncertain: bool = False
    unmatched: str = ""
    partner: Literal["same", "pathogenic"] = "same"
    or_pathogenic: bool = False
    implied: bool = False
    unless: tuple[str, ...] = ()
    skips: int = 0
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InheritedRow:
    """A therapy, a hazard or a measure for a finding.

    `condition_names` are words by which the patient's problems may name the condition; `lines`
    are conditions of the row in our words; `min_age` and `max_age` in whole years. `decides`: the
    drug's label turns on the genotype, so that an order is held against it; `excluded` is what a
    change of `criterion.excludes` makes of it. `any_of`: the drugs are alternatives.
    `function_names` are conditions that tell the function of a variant (`long qt` for a gain of
    SCN5A) where the report names them; `shows` are genes whose findings stand beside the row (the
    copies of SMN2); `asks_test`: who has the condition is tested for the genes.
    """

    id: str
    criterion: Criterion
    condition: str
    drugs: tuple[TherapyDrug, ...]
    drug_classes: tuple[str, ...]
    effect: Effect
    says: str
    provenance: Provenance
    kind: Literal["therapy", "hazard", "care", "dose"]
    condition_names: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    min_age: int | None = None
    max_age: int | None = None
    min_weight: int | None = None  # kg
    serious: bool = False
    when: Literal["", "pregnancy", "breastfeeding", "postpartum"] = ""
    market: str = ""
    any_of: bool = False
    decides: bool = False
    excluded: Effect = "not-indicated"
    function_names: tuple[str, ...] = ()
    shows: tuple[str, ...] = ()
    asks_test: bool = False


@dataclass(frozen=True, slots=True)
class QtDrug:
    """A drug that prolongs the QT interval, and what its label says of congenital long QT."""

    drug: TherapyDrug
    category: str
    in_lqts: Literal["contraindicated", "avoid", "caution"]
    note: str
    provenance: Provenance
    qtc: int | None = None  # ms: the corrected interval that the label itself names
    market: str = ""


@dataclass(frozen=True, slots=True)
class RiskMeasure:
    """One measure for who carries a finding. `sex` and the ages (whole years) are those for whom
    the source names it; `order` what may be ordered for it, empty where nothing may be offered,
    with its SNOMED CT `code` where we are sure of one and its `category` of service."""

    says: str
    sex: Literal["male", "female", ""] = ""
    from_age: int | None = None
    to_age: int | None = None
    order: str = ""
    code: str = ""
    category: Literal["imaging", "laboratory", "procedure", "referral", ""] = ""
    medicine: bool = False  # of a medicine that the card of inherited findings names already


@dataclass(frozen=True, slots=True)
class RiskGene:
    """A gene of a list of actionable inherited findings, and what is done about it.

    `changes` are names that alone count, `excludes` those that do not; `only` narrows by the kind
    of change as in `Criterion`, or to a `duplication`. `provided` is a fact that the names of a
    finding do not show, in our words: the finding then only may count. `measures` are the words of
    `plan`. `names` are words by which a problem or a plan may name the condition.
    """

    gene: str
    hgnc: str
    condition: str
    category: str
    inheritance: str
    copies: Copies
    changes: tuple[str, ...]
    only: str
    listed: str  # which list, since which version
    penetrance: str
    measures: tuple[str, ...]
    provenance: Provenance
    excludes: tuple[str, ...] = ()
    ignores: tuple[str, ...] = ()
    provided: str = ""
    names: tuple[str, ...] = ()
    plan: tuple[RiskMeasure, ...] = ()


@dataclass(frozen=True, slots=True)
class GeneDisease:
    """How sure it is that a gene causes a disease (ClinGen's words)."""

    gene: str
    disease: str
    accession: str
    validity: str
    inheritance: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class HlaRow:
    """An HLA allele and a drug or a condition, beyond what drug guidelines of the house say."""

    allele: str
    about: str
    drugs: tuple[TherapyDrug, ...]
    effect: Effect
    says: str
    provenance: Provenance
    needed: bool = False  # the drug acts on this allele alone
    excepted: tuple[str, ...] = ()  # alleles of the group that are not meant


@dataclass(frozen=True, slots=True)
class InheritedKnowledge:
    rows: tuple[InheritedRow, ...] = ()
    qt_drugs: tuple[QtDrug, ...] = ()
    risk_genes: tuple[RiskGene, ...] = ()
    gene_diseases: tuple[GeneDisease, ...] = ()
    hla: tuple[HlaRow, ...] = ()
    drug_classes: dict[str, tuple[TherapyDrug, ...]] | None = None
    not_the_condition: tuple[str, ...] = ()  # words of a problem that make another one of it
    drug_names: dict[str, tuple[TherapyDrug, ...]] | None = None  # of brands of packs, lower case
    local_brands: tuple[str, ...] = ()  # made for the eye or the ear alone, lower case
    condition_codes: dict[str, tuple[str, ...]] | None = None  # to condition names
    release: str = ""


Alarm = Literal["critical", "warning", "info"]


@dataclass(frozen=True, slots=True)
class JudgedInherited:
    """What a finding means for a drug or a chart: the advice, how loud it is told, how the finding
    stands to the row (`met`, `possible`, `uncertain`, `carrier`, …), the row's kind, and what is
    told beside it (the QTc, copies of another gene) in our words."""

    advice: TherapyAdvice
    alarm: Alarm
    state: str
    kind: Literal["therapy", "hazard", "care", "dose", "hla"]
    beside: tuple[str, ...] = ()
    when: str = ""  # `pregnancy`, `breastfeeding`: the row is of it alone
