"""Which decision positions a placed variant lies at, and what a copy that carries it shows there.

A place is believed where its reference bases are those of the positions it touches. Where they are
not, the other strand and then the other build are tried: a position and a base that fit there fit
by more than chance, and it is said aloud. What fits nowhere is not used.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fhir_pgx.model.finding import Caveat, ObservedVariant, Presence
from fhir_pgx.model.variant import OTHER
from fhir_pgx.normalize.sites import BUILDS, Change, Placed, SiteIndex, trimmed

BASES = re.compile(r"[ACGT]*")
_COMPLEMENT = str.maketrans("ACGT", "TGCA")
_UNVERSIONED = re.compile(r"NC_0000(\d\d)")
_REPEAT = re.compile(r"([ACGT]+)\[(\d{1,3})\]\)?$")
# No coordinate system, a length that does not fit, a range and a name of different positions.
_DOUBTS_OF_PLACE = frozenset(("PGX-505", "PGX-506", "PGX-516"))
_DUPLICATION = re.compile(r"dup\)?$")


@dataclass(frozen=True, slots=True)
class Match:
    """A decision position that a variant speaks of.

    `allele` is what a copy with the variant has there, None where the variant does not say.
    `is_reference`: the variant states the reference itself. `is_indirect`: a deletion reaches over
    a single base, which counts only where nothing else speaks of that base.
    """

    placed: Placed
    allele: str | None
    is_reference: bool = False
    is_indirect: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """What a variant speaks of. `reason` says why it cannot be used, at the `touched` positions.

    `is_as_written` is False where the other strand or the other build was needed to make it fit.
    """

    matches: tuple[Match, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    reason: str = ""
    touched: tuple[Placed, ...] = ()
    is_as_written: bool = True


@dataclass(frozen=True, slots=True)
class _Stated:
    """Interval and alleles as stated, in capitals, forward strand; None where not stated."""

    start: int
    end: int
    ref: str | None
    alt: str | None

    @property
    def complement(self) -> "_Stated":
        return _Stated(self.start, self.end, complement(self.ref), complement(self.alt))


@dataclass(frozen=True, slots=True)
class _Look:
    """A place on one build: the positions touched, and whether the reference bases are theirs."""

    matches: tuple[Match, ...]
    touched: tuple[Placed, ...]
    is_fitting: bool
    has_reference: bool = True  # False: not stated, and not to be had from the positions

    @property
    def is_known(self) -> bool:
        return (
            self.is_fitting and bool(self.matches) and all(m.allele != OTHER for m in self.matches)
        )


def bases(allele: str | None) -> str | None:
    return None if allele is None else allele.upper().replace("U", "T")


def complement(allele: str | None) -> str | None:
    return None if allele is None else allele.translate(_COMPLEMENT)[::-1]


def is_placed(variant: ObservedVariant) -> bool:
    """Whether the variant has a position on a chromosome of a known build."""
    return variant.start is not None and bool(variant.build and variant.chromosome)


def find_by_place(variant: ObservedVariant, index: SiteIndex) -> Found:
    """The positions at the variant's place; nothing where it has no place, or lies elsewhere."""
    if variant.start is None:
        return Found()
    end = variant.start if variant.end is None else variant.end
    stated = _Stated(variant.start, end, bases(variant.ref), bases(variant.alt))
    if not is_placed(variant):
        return _of_unstated_build(variant, stated, index)
    build = "GRCh38" if variant.build == "both" else variant.build
    own = _look(variant, stated, build, variant.chromosome, index)
    if own.touched and own.is_fitting:
        return Found(own.matches, (), "", own.touched)
    if not stated.ref or not BASES.fullmatch(stated.ref):
        return _refused(own, build)
    return _tried_elsewhere(variant, stated, build, index) or _refused(own, build)


def _refused(own: _Look, build: str) -> Found:
    if not own.touched:
        return Found()
    site = own.touched[0]
    if not own.has_reference:
        reason = f"the reference allele is not stated, and cannot be read off {site.site.name}"
    else:
        reason = f"its alleles are not those of {site.site.name}, where {build} has {site.ref}"
    return Found((), (), reason, own.touched)


def _tried_elsewhere(
    variant: ObservedVariant, stated: _Stated, build: str, index: SiteIndex
) -> Found | None:
    """On the other strand, then on the other build; only where the alleles are ones we know.

    The other strand is not tried for a place that is doubtful itself: one base beside the place
    meant, the complement of its alleles may be a variant that nobody found.
    """
    is_doubtful = any(caveat.code in _DOUBTS_OF_PLACE for caveat in variant.caveats)
    (other,) = (each for each in BUILDS if each != build)
    tries = [(build, True), (other, False), (other, True)]
    for where, is_complemented in tries:
        if (variant.build == "both" and where != build) or (is_complemented and is_doubtful):
            continue
        asked = stated.complement if is_complemented else stated
        look = _look(variant, asked, where, variant.chromosome, index)
        if not look.is_known:
            continue
        name = look.matches[0].placed.site.name
        caveats = []
        if is_complemented:
            caveats.append(reversed_strand(name))
        if where != build:
            caveats.append(_of_other_build(name, build, where))
        return Found(look.matches, tuple(caveats), "", look.touched, is_as_written=False)
    return None


def reversed_strand(site: str) -> Caveat:
    text = f"The alleles at {site} were stated on the reverse strand and were complemented."
    return Caveat("PGX-521", text)


def _of_other_build(site: str, stated: str, used: str) -> Caveat:
    text = (
        f"The variant at {site} is stated on {stated}, but its position and reference base are "
        f"those of {used}, which was used."
    )
    return Caveat("PGX-524", text)


def _of_unstated_build(variant: ObservedVariant, stated: _Stated, index: SiteIndex) -> Found:
    """Where no build is stated, the position and the reference base can show it."""
    chromosome, genes = _chromosome(variant, index)
    if not chromosome or not stated.ref:
        return Found()
    fitting = []
    for build in BUILDS:
        look = _look(variant, stated, build, chromosome, index)
        if look.is_known and (not genes or any(m.placed.gene in genes for m in look.matches)):
            fitting.append((build, look))
    if len(fitting) != 1:
        return Found()
    ((build, look),) = fitting
    text = (
        f"No build is stated for the variant at {look.matches[0].placed.site.name}; its position "
        f"and reference base are those of {build}."
    )
    return Found(look.matches, (Caveat("PGX-524", text),), "", look.touched)


def _chromosome(variant: ObservedVariant, index: SiteIndex) -> tuple[str, frozenset[str]]:
    """By an accession without its version, else by the gene; a third build is neither."""
    if variant.accession:
        found = _UNVERSIONED.fullmatch(variant.accession)
        number = int(found[1]) if found else 0
        return {23: "X", 24: "Y"}.get(number, str(number or "")), frozenset()
    genes = frozenset(variant.genes)
    chromosomes = {index.chromosomes[gene] for gene in genes if gene in index.chromosomes}
    return (chromosomes.pop(), genes) if len(chromosomes) == 1 else ("", genes)


def _look(
    variant: ObservedVariant, stated: _Stated, build: str, chromosome: str, index: SiteIndex
) -> _Look:
    ref, alt = stated.ref, stated.alt
    if alt is None and ref is None:
        written = _written(variant, stated, build, chromosome, index)
        if written is not None:
            return _of_change(written, build, chromosome, index)
    if alt is None:
        return _of_position(variant, stated, build, chromosome, index)
    if ref is None:
        ref = _reference(build, chromosome, stated.start, stated.end, index)
        if ref is None:
            end = max(stated.end, stated.start + 1)
            touched = tuple(index.within(build, chromosome, stated.start, end))
            return _Look((), touched, is_fitting=False, has_reference=False)
    if not BASES.fullmatch(ref) or not BASES.fullmatch(alt):
        end = stated.start + max(len(ref), 1)
        touched = tuple(index.within(build, chromosome, stated.start, end))
        return _Look((), touched, is_fitting=False)
    if ref == alt:
        return _of_reference(variant, stated.start, ref, build, chromosome, index)
    return _of_change((stated.start, ref, alt), build, chromosome, index)


def _of_change(change: Change, build: str, chromosome: str, index: SiteIndex) -> _Look:
    start, ref, _ = change
    seen = list(index.seen(build, chromosome, trimmed(change)))
    is_indel = len(change[1]) != len(change[2])
    matches = tuple(
        Match(each.placed, each.allele, is_indirect=is_indel and not each.placed.stretch)
        for each in seen
        if each.placed.stretch or each.allele != each.placed.ref
    )
    touched = (
        *index.within(build, chromosome, start, start + len(ref)),
        *(each.placed for each in seen if each.placed.stretch),
    )
    return _Look(matches, touched, all(_agrees(start, ref, placed) for placed in touched))


def _of_reference(
    variant: ObservedVariant, start: int, ref: str, build: str, chromosome: str, index: SiteIndex
) -> _Look:
    """The reference bases themselves were found. They show no insertion absent that they are not
    about."""
    touched = [
        *index.within(build, chromosome, start, start + len(ref)),
        *(
            placed
            for placed in index.indels_near(build, chromosome, start, start + len(ref))
            if _is_about(variant, start, ref, placed)
        ),
    ]
    matches = tuple(Match(placed, placed.ref, is_reference=True) for placed in touched)
    return _Look(matches, tuple(touched), all(_agrees(start, ref, placed) for placed in touched))


def _of_position(
    variant: ObservedVariant, stated: _Stated, build: str, chromosome: str, index: SiteIndex
) -> _Look:
    """A place without an alternate allele: what was looked at, or found as an id says."""
    ref = stated.ref or ""
    end = stated.start + len(ref) if ref else max(stated.end, stated.start + 1)
    touched = [
        *index.within(build, chromosome, stated.start, end),
        *(
            placed
            for placed in index.indels_near(build, chromosome, stated.start, end)
            if _is_about(variant, stated.start, ref, placed)
        ),
    ]
    is_reference = variant.presence is Presence.ABSENT and variant.genomic_hgvs.endswith("=")
    matches = tuple(
        Match(placed, placed.ref if is_reference else None, is_reference) for placed in touched
    )
    is_fitting = all(_agrees(stated.start, ref, placed) for placed in touched)
    return _Look(matches, tuple(touched), is_fitting)


def _is_about(variant: ObservedVariant, start: int, ref: str, placed: Placed) -> bool:
    if any(each.rsplit("|", 1)[-1] == placed.site.name for each in variant.ids):
        return True
    return start == placed.start and len(ref) > 1 and ref == placed.ref


def _agrees(start: int, ref: str, placed: Placed) -> bool:
    """Whether stated reference bases are those of the position, where both lie."""
    ours = placed.stretch or placed.ref
    low, high = max(start, placed.start), min(start + len(ref), placed.start + len(ours))
    if low >= high:
        return True
    return ref[low - start : high - start] == ours[low - placed.start : high - placed.start]


def _reference(build: str, chromosome: str, start: int, end: int, index: SiteIndex) -> str | None:
    """The reference bases of an interval that lies within one position; None elsewhere."""
    if start == end:
        return ""
    if end - start == 1:
        for placed in index.at(build, chromosome, start):
            return placed.ref
    for placed in _around(index.indels_near(build, chromosome, start, end), start, end):
        return placed.stretch[start - placed.start : end - placed.start]
    return None


def _around(indels: Iterable[Placed], start: int, end: int) -> Iterator[Placed]:
    return (placed for placed in indels if placed.start <= start and end <= placed.end)


def _written(
    variant: ObservedVariant, stated: _Stated, build: str, chromosome: str, index: SiteIndex
) -> Change | None:
    """The change of a name that holds no reference bases: `g.5_6dup`, `g.5TA[8]`."""
    start, end, name = stated.start, stated.end, variant.genomic_hgvs
    if _DUPLICATION.search(name):
        doubled = _reference(build, chromosome, start, end, index)
        return (end, "", doubled) if doubled else None
    repeat = _REPEAT.search(name)
    if repeat is None:
        return None
    unit, count = repeat[1], int(repeat[2])
    for placed in _around(index.indels_near(build, chromosome, start, end), start, end):
        rest = placed.stretch[start - placed.start :]
        copies = 0
        while rest.startswith(unit, copies * len(unit)):
            copies += 1
        if copies:
            return start, unit * copies, unit * count
    return None
