"""HLA typings of a recipient and a donor, antibodies, and the antigens that relate them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from fhir_pgx.model.finding import Caveat, Origin
from fhir_pgx.model.therapy import Provenance

LOCI = ("A", "B", "C", "DRB1", "DQB1", "DPB1", "DRB3", "DRB4", "DRB5", "DQA1", "DPA1")


@dataclass(frozen=True, slots=True)
class StatedTyping:
    """One locus of one person as a resource states it: `alleles` are one text a chromosome, each
    with its own ambiguity (`A*02:01/A*02:09`), one alone where only one is stated. `whose` is the
    recipient (the patient of the record) or a donor; `person` the donor's reference or words.
    """

    locus: str
    alleles: tuple[str, ...]
    whose: Literal["recipient", "donor"]
    origin: Origin
    person: str = ""
    stated: str = ""
    caveats: tuple[Caveat, ...] = ()


@dataclass(frozen=True, slots=True)
class StatedAntibody:
    """An anti-HLA antibody of the recipient: `specificity` as stated (`DQ7`, `A*24:02`), its mean
    fluorescence intensity where stated; `is_present` None where the test gave no answer."""

    specificity: str
    origin: Origin
    mfi: Decimal | None = None
    is_present: bool | None = True
    caveats: tuple[Caveat, ...] = ()


@dataclass(frozen=True, slots=True)
class Antigens:
    """Serological relations: `parent` of an antigen (split to broad, associated to its parent),
    `of_allele` the antigen of a two-field allele, `epitope` its public epitope."""

    parent: dict[str, str]
    of_allele: dict[str, str]
    epitope: dict[str, str]
    associated: tuple[str, ...]
    p_groups: dict[str, str]  # the few facts we may hold: allele -> P group
    not_same: tuple[tuple[str, str], ...]  # pairs known to differ
    provenance: Provenance


@dataclass(frozen=True, slots=True)
class TransplantKnowledge:
    antigens: Antigens | None = None
    release: str = ""
