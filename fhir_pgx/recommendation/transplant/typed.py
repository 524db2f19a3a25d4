"""What is typed of one person: every statement on a locus joined to one, or the reason why not."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.transplant import LOCI, StatedTyping
from fhir_pgx.recommendation.transplant.names import Name, is_blank, parse_chromosome
from fhir_pgx.recommendation.transplant.nomenclature import Nomenclature, compare_options

NOT_TYPED = "not typed"
DISAGREE = Caveat(
    "PGX-783",
    "Typings of one locus disagree; the locus was not compared. After a transplant, blood may show "
    "the donor's type.",
)
UNREAD = Caveat("PGX-784", "A typing could not be read; its locus was not compared.")
ONE_ALLELE = Caveat(
    "PGX-785",
    "One allele alone is stated at a locus: homozygous, or the second not typed. The second "
    "position is left open.",
)

Chromosome = tuple[Name, ...]  # what it may be; empty: not stated


@dataclass(frozen=True, slots=True)
class TypedLocus:
    """A locus of one person: two chromosomes, the texts they were read from, and what to know."""

    chromosomes: tuple[Chromosome, Chromosome]
    texts: tuple[str, ...]
    typings: tuple[StatedTyping, ...]

    @property
    def is_whole(self) -> bool:
        return all(self.chromosomes)


@dataclass(slots=True)
class Person:
    """`refused` are loci that were typed and cannot be compared, with the reason."""

    loci: dict[str, TypedLocus] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    caveats: dict[Caveat, None] = field(default_factory=dict)


def type_person(typings: Sequence[StatedTyping], nomenclature: Nomenclature) -> Person:
    """Every locus of one person, from all that is stated of it."""
    by_locus: Mapping[str, list[StatedTyping]] = defaultdict(list)
    for typing in typings:
        by_locus[typing.locus].append(typing)
    person = Person()
    for locus in sorted(by_locus, key=lambda each: LOCI.index(each) if each in LOCI else 99):
        for typing in by_locus[locus]:
            person.caveats |= dict.fromkeys(typing.caveats)
        read = [_read(typing, nomenclature) for typing in by_locus[locus]]
        legible = [each for each in read if each is not None]
        if len(legible) < len(read):
            person.caveats[UNREAD] = None
        joined = _join(legible, nomenclature)
        if not legible:
            person.refused[locus] = "its typing could not be read"
        elif joined is None:
            person.refused[locus] = "its typings disagree"
            person.caveats[DISAGREE] = None
        else:
            person.loci[locus] = joined
            if not joined.is_whole:
                person.caveats[ONE_ALLELE] = None
    return person


def _read(typing: StatedTyping, nomenclature: Nomenclature) -> TypedLocus | None:
    """One statement; None where a part of it is no name, or there are more than two alleles."""
    stated = [text for text in typing.alleles if not is_blank(text)]
    chromosomes = [parse_chromosome(text, typing.locus) for text in stated]
    if not 1 <= len(chromosomes) <= 2:
        return None
    found: list[Chromosome] = []
    for each in chromosomes:
        if each is None or not all(_is_known(name, nomenclature) for name in each):
            return None
        found.append(each)
    first, second = (*found, ())[:2]
    return TypedLocus((first, second), tuple(stated), (typing,))


def _is_known(name: Name, nomenclature: Nomenclature) -> bool:
    if not name.antigen or name.locus in ("DPB1", "DPA1"):
        return True
    return nomenclature.is_recognised(name.antigen)


def _join(read: Sequence[TypedLocus], nomenclature: Nomenclature) -> TypedLocus | None:
    """All statements as one; None where they disagree.

    Two single alleles of one time are the two chromosomes. Of typings that agree the most exact
    counts, and of these the newest.
    """
    whole = [each for each in read if each.is_whole]
    singles = [each for each in read if not each.is_whole]
    if not whole:
        return _join_singles(singles, nomenclature) if singles else None
    kept = max(whole, key=lambda each: (_exactness(each), each.typings[0].origin.when))
    for each in whole:
        if not _agree(kept, each, nomenclature):
            return None
    for each in singles:
        if not any(_may_be(each.chromosomes[0], one, nomenclature) for one in kept.chromosomes):
            return None
    return kept


def _join_singles(singles: Sequence[TypedLocus], nomenclature: Nomenclature) -> TypedLocus | None:
    """Two that differ are the two chromosomes; one that is seen twice leaves the other open."""
    distinct: list[TypedLocus] = []
    for each in sorted(singles, key=_exactness, reverse=True):
        if not any(
            _may_be(each.chromosomes[0], other.chromosomes[0], nomenclature) for other in distinct
        ):
            distinct.append(each)
    if len(distinct) > 2:
        return None
    if len(distinct) == 1:
        return distinct[0]
    first, second = distinct
    return TypedLocus(
        (first.chromosomes[0], second.chromosomes[0]),
        (*first.texts, *second.texts),
        (*first.typings, *second.typings),
    )


def _exactness(locus: TypedLocus) -> int:
    """Higher the fewer alleles a typing leaves open; fields count before lists."""
    fields = sum(bool(name.second) for each in locus.chromosomes for name in each[:1])
    return fields * 10_000 - sum(len(each) for each in locus.chromosomes)


def _agree(one: TypedLocus, other: TypedLocus, nomenclature: Nomenclature) -> bool:
    (a, b), (c, d) = one.chromosomes, other.chromosomes
    return (_may_be(a, c, nomenclature) and _may_be(b, d, nomenclature)) or (
        _may_be(a, d, nomenclature) and _may_be(b, c, nomenclature)
    )


def _may_be(one: Chromosome, other: Chromosome, nomenclature: Nomenclature) -> bool:
    """Whether two typings of a chromosome can be of one allele."""
    if any(nomenclature.is_null(name) for name in (*one, *other)):
        # A null allele is told from its expressed relatives by some typings and not by others.
        families = [{name.family for name in each} for each in (one, other)]
        return "" in families[0] | families[1] or bool(families[0] & families[1])
    return compare_options(one, other, nomenclature).answer != "mismatch"
