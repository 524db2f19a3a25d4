"""Structural variants that Observations state: what lies under one is open, and it is said.

They are not called. A change of more than 50 bases, a range of uncertain ends, or a number of
copies other than the usual one leaves a copy of each position under it unread; where only the gene
is known, or no position lies under it, the gene alone is told.
"""

import re
from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from fhir_pgx.model.finding import Caveat, ObservedVariant, Presence
from fhir_pgx.model.variant import UNREAD, SiteCall
from fhir_pgx.normalize.sites import BUILDS, Placed, SiteIndex, trimmed

LONGEST_SMALL = 50  # bases of a change that is still called by its position
_FOUND = (Presence.PRESENT, Presence.INDETERMINATE)
_USUAL_WORDS = ("normal", "diploid", "two", "two copies", "2 copies", "copy number neutral")
_UNCERTAIN_CODING = re.compile(r"(?:.{1,40}:)?c\.\(.{1,40}\)_\(.{1,40}\)(?:del|dup|inv|ins)\S*")
Key = tuple[str, str]  # gene, site


@dataclass(frozen=True, slots=True)
class Structural:
    """A structural variant that was found: the genes it lies over, and the positions under it.

    `is_one_copy`: it is known to change one of the two copies and no more.
    """

    variant: ObservedVariant
    genes: tuple[str, ...]
    under: tuple[Placed, ...]
    is_one_copy: bool


def is_structural(variant: ObservedVariant, index: SiteIndex, sex: str = "") -> bool:
    """Whether the variant is of a kind that is not called here, found or not."""
    if variant.copy_number and variant.alt is None:
        return not _is_usual_number(variant, index, sex)
    if variant.inner or variant.outer or (variant.alt or "").startswith("<"):
        return True
    if variant.alt is not None:
        return _length(variant) > LONGEST_SMALL
    if _UNCERTAIN_CODING.fullmatch(variant.coding_hgvs):
        return True
    has_other_name = bool(variant.ids or variant.coding_hgvs or variant.protein_hgvs)
    is_place_alone = not has_other_name and not variant.genomic_hgvs.endswith("=")
    return variant.ref is None and is_place_alone and _length(variant) > LONGEST_SMALL


def is_usual_copy_number(variant: ObservedVariant, index: SiteIndex, sex: str = "") -> bool:
    """Whether what is stated of a number of copies is no more than that nothing is amiss."""
    return not variant.copy_number or _is_usual_number(variant, index, sex)


def find_structural(variant: ObservedVariant, index: SiteIndex) -> Structural | None:
    """What a structural variant lies over; None where it was not found, or is stated absent."""
    if variant.presence not in _FOUND:
        return None
    under: tuple[Placed, ...] = ()
    genes = {gene: None for gene in variant.genes if gene in index.sites}
    start, end = variant.outer or variant.inner or (variant.start, variant.end)
    build = "GRCh38" if variant.build == "both" else variant.build
    if start is not None and end is not None and build in BUILDS:
        under = tuple(_under(build, variant.chromosome, start, end, index))
        genes |= dict.fromkeys(_crossed(build, variant.chromosome, start, end, index))
    is_one = variant.zygosity == "heterozygous" or (
        not variant.zygosity and _number(variant.copy_number) not in (None, 0)
    )
    return Structural(variant, tuple(genes), under, is_one)


def caveat_of(found: Structural, gene: str) -> Caveat:
    variant = found.variant
    words = variant.change_type or variant.genomic_hgvs or variant.coding_hgvs
    if variant.copy_number:
        words = f"copy number {variant.copy_number}"
    kind = f"{words[:60]}, " if words else ""
    text = (
        f"A structural variant ({kind}{variant.origin.reference}) lies over {gene}; structural "
        "variants are not called here, and results under one may be wrong."
    )
    return Caveat("PGX-535", text)


def open_under(found: Structural, calls: MutableMapping[Key, SiteCall], index: SiteIndex) -> None:
    """Takes back what a structural variant leaves open of the calls under it."""
    origin = found.variant.origin
    for placed in found.under:
        key = (placed.gene, placed.site.name)
        is_single = index.chromosomes[placed.gene] == "MT"
        unread = (UNREAD,) if is_single else (UNREAD, UNREAD)
        call = calls.get(key)
        if call is None:
            calls[key] = SiteCall(
                *key, unread, "", True, placed.build, origin.reference, origin.path, origin.when
            )
            continue
        if not call.zygosity_known and found.is_one_copy:
            continue  # an allele was seen; how often was open before
        is_same = len(call.alleles) == 2 and call.alleles[0] == call.alleles[1]
        alleles = (call.alleles[0], UNREAD) if is_same and found.is_one_copy else unread
        others = (*call.others, origin.reference)
        calls[key] = replace(call, alleles=alleles, phase="", zygosity_known=True, others=others)


def _length(variant: ObservedVariant) -> int:
    ref, alt = variant.ref, variant.alt
    span = (variant.end or 0) - (variant.start or 0) if variant.start is not None else 0
    if ref is None:
        return max(span, len(alt or ""))
    _, gone, put = trimmed((0, ref, alt or ""))
    return max(len(gone), len(put))


def _number(stated: str) -> Decimal | None:
    try:
        number = Decimal(stated.strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _is_usual_number(variant: ObservedVariant, index: SiteIndex, sex: str) -> bool:
    """Two copies; one of the X, save a woman's, and of mitochondrial DNA, which is not counted."""
    chromosomes = {index.chromosomes.get(gene, "") for gene in variant.genes}
    chromosomes.add(variant.chromosome)
    if "MT" in chromosomes:
        return True
    usual = [2, 1] if chromosomes & {"X", "Y"} and sex != "female" else [2]
    number = _number(variant.copy_number)
    if number is None:
        return variant.copy_number.strip().lower() in _USUAL_WORDS
    return round(number) in usual  # it may be an estimate: 1.97


def _under(build: str, chromosome: str, start: int, end: int, index: SiteIndex) -> Iterator[Placed]:
    yield from index.within(build, chromosome, start, end)
    yield from index.indels_near(build, chromosome, start, end)


def _crossed(build: str, chromosome: str, start: int, end: int, index: SiteIndex) -> Iterator[str]:
    """The genes whose positions lie on both sides of it, or under it."""
    for gene, sites in index.sites.items():
        if index.chromosomes[gene] != chromosome:
            continue
        placed = [each for name in sites if (each := index.on(build, gene, name)) is not None]
        if placed and start <= max(p.end for p in placed) and end >= min(p.start for p in placed):
            yield gene
