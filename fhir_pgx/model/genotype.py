"""Alleles and diplotypes of one gene as reports state them, in standard names."""

from dataclasses import dataclass, field

from fhir_pgx.model.finding import Caveat, NotUnderstood, Presence


@dataclass(frozen=True, slots=True)
class Diplotype:
    """The alleles of one gene a person carries: two names, one for a haploid or hemizygous gene.

    Names are those of the knowledge file where it defines them, else as stated. For HLA genes
    each name is a two-field name, `*57:XX` for what a report leaves open.
    """

    haplotypes: tuple[str, ...]
    stated: str = field(default="", compare=False)  # as the report wrote it, the gene's name aside

    @property
    def name(self) -> str:
        return "/".join(self.haplotypes)


@dataclass(frozen=True, slots=True)
class StatedDiplotypes:
    """The diplotypes one result allows (several where it is ambiguous), and where it stands."""

    diplotypes: tuple[Diplotype, ...]
    reference: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class StatedTerm:
    """A phenotype or activity score as one result states it, in the standard words."""

    value: str
    reference: str
    when: str = ""


@dataclass(frozen=True, slots=True)
class GeneEvidence:
    """All that is stated of one gene, sorted, newest first; nothing is concluded yet.

    `alleles` are single alleles whose partner is not stated. `presence` is what tests for one
    allele found. `unusable` are the results without an answer (a no call, a text nobody can read);
    `references` and `when` are of those that gave one, or of the unusable where none did.
    """

    gene: str
    diplotypes: tuple[StatedDiplotypes, ...] = ()
    alleles: tuple[StatedTerm, ...] = ()
    phenotypes: tuple[StatedTerm, ...] = ()
    scores: tuple[StatedTerm, ...] = ()
    presence: dict[str, Presence] = field(default_factory=dict)
    allele_status: dict[str, str] = field(default_factory=dict)  # HLA: positive or negative
    open_alleles: tuple[str, ...] = ()  # HLA: a typing allows them and does not settle them
    unusable: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    when: str = ""
    from_haplotypes: bool = False  # the newest diplotype was joined from two haplotype results
    caveats: tuple[Caveat, ...] = ()
    not_understood: tuple[NotUnderstood, ...] = ()
