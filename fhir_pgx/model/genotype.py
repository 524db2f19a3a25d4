"""Alleles and diplotypes of one gene as reports state them, in standard names."""

from dataclasses import dataclass, field

from fhir_pgx.model.finding import Caveat, NotUnderstood, Presence


@dataclass(frozen=True, slots=True)
class Diplotype:
    """The alleles of one gene a person carries: two names, one for a haploid or hemizygous gene.

    Names are those of the knowledge file where it defines them, else as stated. For HLA genes
    each name is a two-field name, `*57:XX` for what a report leaves open. For a gene that is called
    by components (DPYD) they are the variants found, and `written` says how they lie:
    `Reference/[c.85T>C (*9A) + c.2846A>T]`.
    """

    haplotypes: tuple[str, ...]
    stated: str = field(default="", compare=False)  # as the report wrote it, the gene's name aside
    written: str = ""  # the name where it is not simply the haplotypes joined

    @property
    def name(self) -> str:
        return self.written or "/".join(self.haplotypes)


@dataclass(frozen=True, slots=True)
class StatedDiplotypes:
    """The diplotypes one result allows (several where it is ambiguous), and where it stands."""

    diplotypes: tuple[Diplotype, ...]
    reference: str
    when: str = ""
    is_outside: bool = False  # of a call made elsewhere


@dataclass(frozen=True, slots=True)
class StatedTerm:
    """A phenotype or activity score as one result states it, in the standard words."""

    value: str
    reference: str
    when: str = ""
    is_outside: bool = False  # of a call made elsewhere


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
    from_outside: bool = False  # a call made elsewhere is among those that gave an answer


@dataclass(frozen=True, slots=True)
class CalledGene:
    """What the variants of one source say of one gene.

    `diplotypes` are the best-supported ones, all ties kept; `alternatives` those of lower score
    that the data cannot exclude. `looked_up` has, for each of `diplotypes`, the alleles whose
    functions decide: the haplotypes themselves, or the lowest of each copy in a gene called by
    components. `present` are alleles that are carried for certain where no diplotype follows.

    `tested` counts the decision positions that were read; `missing` names those the data do not
    have, `no_call` those that were looked at without an answer. `hidden` are alleles that one of
    these may hide; `could_change` those of them that, carried, would stand for another guideline
    key. `possible_keys` are the keys of everything the read positions allow.

    `build` is the one the source speaks of; several are joined by a comma. `when` is the newest of
    the calls, empty where none has a time.
    """

    gene: str
    diplotypes: tuple[Diplotype, ...] = ()
    alternatives: tuple[Diplotype, ...] = ()
    looked_up: tuple[tuple[str, ...], ...] = ()
    present: tuple[str, ...] = ()
    tested: int = 0
    missing: tuple[str, ...] = ()
    no_call: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()
    could_change: tuple[str, ...] = ()
    possible_keys: tuple[str, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    references: tuple[str, ...] = ()
    when: str = ""
    build: str = ""


@dataclass(frozen=True, slots=True)
class FromVariants:
    """What all variants of a gene say, beside what reports state of it.

    `called` has one entry; one for each source where the sources read a site of `disagreeing`
    differently. `excluded` are the stated diplotypes that the variants do not allow.
    """

    called: tuple[CalledGene, ...] = ()
    disagreeing: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
