"""Findings of the patient's own genome beyond drug response, and the rows that speak of them.

Positions are not used here: a finding is known by its gene and names. A copy number or a repeat
count is a finding too, and 0 copies is a value.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from fhir_pgx.model.finding import Caveat, Origin, Presence, SourceClass
from fhir_pgx.model.therapy import Effect, Provenance, TherapyDrug
from fhir_pgx.model.tumour import ProteinChange, Significance


@dataclass(frozen=True, slots=True)
class InheritedFinding:
    """One finding. A somatic one never becomes an `InheritedFinding`; of unknown source class it
    may, and stays unknown. `exons` are the first and last of a deletion or duplication, as stated.
    `in_trans` are the `reference`s of findings that a phase relationship puts on the other copy.
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
    caveats: tuple[Caveat, ...] = ()


Copies = Literal["one", "two", "two-or-hemizygous", "any"]


@dataclass(frozen=True, slots=True)
class Criterion:
    """What a row asks of the findings: any of `genes`, `copies` of them affected.

    `changes` are names that alone count, in one spelling (`p.Arg3527Gln`, `c.1601G>A`); empty for
    any pathogenic or likely pathogenic finding. `only` narrows by the kind of change; `excludes`
    are changes that rule the row out. `copy_number` is (gene, at least, at most). `unmatched`: the
    row turns on a list of variants or a fact that we do not hold, named in our words; it is then
    never met, only possible.
    """

    genes: tuple[str, ...]
    copies: Copies = "one"
    changes: tuple[str, ...] = ()
    only: Literal["", "truncating", "gain-of-function", "loss-of-function", "missense",
                  "deletion", "repeat", "not-truncating"] = ""  # fmt: skip
    excludes: tuple[str, ...] = ()
    exon_deletions: tuple[tuple[int, int], ...] = ()
    copy_number: tuple[str, int, int] | None = None
    phenotypes: tuple[str, ...] = ()  # of a pharmacogene beside it: `CYP2D6: Poor Metabolizer`
    needs_condition: bool = False  # the patient must have the condition, not the genotype alone
    accepts_uncertain: bool = False
    unmatched: str = ""


@dataclass(frozen=True, slots=True)
class InheritedRow:
    """A therapy, a hazard or a measure for a finding.

    `condition_names` are words by which the patient's problems may name the condition; `lines`
    are conditions of the row in our words; `min_age` and `max_age` in whole years.
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
    serious: bool = False
    when: Literal["", "pregnancy", "breastfeeding", "postpartum"] = ""
    market: str = ""


@dataclass(frozen=True, slots=True)
class QtDrug:
    """A drug that prolongs the QT interval, and what its label says of congenital long QT."""

    drug: TherapyDrug
    category: str
    in_lqts: Literal["contraindicated", "avoid", "caution"]
    note: str
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class RiskGene:
    """A gene of a list of actionable inherited findings, and what is done about it.

    `report` is which findings count (`P/LP`, `two`, a named change); `measures` are the
    surveillance in our words, each one order that may be suggested.
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


@dataclass(frozen=True, slots=True)
class InheritedKnowledge:
    rows: tuple[InheritedRow, ...] = ()
    qt_drugs: tuple[QtDrug, ...] = ()
    risk_genes: tuple[RiskGene, ...] = ()
    gene_diseases: tuple[GeneDisease, ...] = ()
    hla: tuple[HlaRow, ...] = ()
    drug_classes: dict[str, tuple[TherapyDrug, ...]] | None = None
    release: str = ""
