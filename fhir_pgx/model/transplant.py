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
    is_of_donor: bool = False  # the test asks for antibodies against the donor, by its name


@dataclass(frozen=True, slots=True)
class Antigens:
    """Serological relations: `parent` of an antigen (split to broad, associated to its parent),
    `of_allele` the antigen of a two-field allele, `epitope` its public epitope."""

    parent: dict[str, str]
    of_allele: dict[str, str]
    epitope: dict[str, str]
    associated: tuple[str, ...]
    p_groups: dict[str, str]  # the few facts we may hold: allele -> P group
    not_same: tuple[tuple[str, str], ...]  # an allele, and a P group that it is known not to be in
    provenance: Provenance
    recognised: tuple[str, ...] = ()  # every antigen there is


@dataclass(frozen=True, slots=True)
class GroupTables:
    """What an operator's own copy of IPD-IMGT/HLA says, by two-field name (`A*02:01`).

    `p_group` is the P group (`A*02:01P`), the name itself where it stands alone; `of_g_group` the
    same of a G group (`A*02:01:01G`). `null` are the names of which no allele is expressed,
    `null_in_group` the G groups that hold one that is not. `antigens` are those that every allele
    of the name is known to carry.
    """

    release: str
    p_group: dict[str, str]
    of_g_group: dict[str, str]
    null: frozenset[str]
    null_in_group: frozenset[str]
    antigens: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class TransplantKnowledge:
    """`tables` is None where no copy of IPD-IMGT/HLA is set up; never in the compiled artefact."""

    antigens: Antigens | None = None
    release: str = ""
    tables: GroupTables | None = None


# What comes out of comparing a recipient with a donor

Bounds = tuple[int, int]  # at least, at most: apart where a typing leaves it open


@dataclass(frozen=True, slots=True)
class LocusMatch:
    """One locus of a recipient and a donor.

    `recipient` and `donor` are the alleles as typed, one text a chromosome. `matches` are the
    positions of two in the best pairing. `gvh` counts the recipient's distinct proteins that the
    donor lacks (graft versus host), `hvg` the donor's that the recipient lacks (host versus graft,
    rejection). `level` is the worst mismatch: `antigen`, `allele`, or empty; `basis` says what
    settled it, `notes` what the reader should know of this locus.
    """

    locus: str
    recipient: tuple[str, ...]
    donor: tuple[str, ...]
    matches: Bounds
    gvh: Bounds
    hvg: Bounds
    level: Literal["", "allele", "antigen"] = ""
    basis: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Grade:
    """Matches over the loci of one scale (8, 10 or 12 positions). `missing` are its loci that are
    not typed in both, or not to be compared: the grade then holds for the others alone."""

    positions: int
    matches: Bounds
    compared: int  # positions
    missing: tuple[str, ...] = ()


AntibodyFit = Literal["donor-specific", "possible", "not-typed", "not-donor-specific"]


@dataclass(frozen=True, slots=True)
class JudgedAntibody:
    """An antibody against one donor. `hits` are the donor's alleles or antigens it may bind;
    `why` how that is known. `is_past`: a later test says that it is no longer found.
    `negative_since`: the date of a later test that found no antibody at all, empty where none."""

    antibody: StatedAntibody
    fit: AntibodyFit
    hits: tuple[str, ...] = ()
    why: str = ""
    is_past: bool = False
    negative_since: str = ""


AntibodyTest = Literal["found", "negative", "no-answer", "not-on-file"]


@dataclass(frozen=True, slots=True)
class HlaMatch:
    """A recipient against one donor. `person` is the donor's reference or words, empty where none
    is stated. `tested` says what is on file of antibodies: not on file is not negative."""

    person: str
    loci: tuple[LocusMatch, ...]
    not_typed: tuple[tuple[str, str], ...]  # locus, and why it is not compared
    grades: tuple[Grade, ...]
    antibodies: tuple[JudgedAntibody, ...]
    tested: AntibodyTest
    caveats: tuple[Caveat, ...] = ()
    derived_from: tuple[str, ...] = ()
