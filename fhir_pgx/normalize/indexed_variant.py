"""A variant as one resource states it → its row in the genomic index.

The assembly is the one that the resource states; where its position and bases are those of the
other build alone, as when GRCh38 numbers stand under a GRCh37 accession, the row follows what calls
follow (`observed_place`), and lies where the variant is. Nothing is called, and nothing left out.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from fhir_pgx.errors import UnplacedVariant, UnreadableVariant
from fhir_pgx.model.finding import ObservedVariant, Presence
from fhir_pgx.model.genomic_index import IndexedVariant, SimpleAllele
from fhir_pgx.model.variant import OTHER
from fhir_pgx.normalize.observed_match import find_sites
from fhir_pgx.normalize.observed_place import BASES, Found, bases
from fhir_pgx.normalize.sites import BUILDS, Placed, SiteIndex
from fhir_pgx.normalize.variant_names import VariantNames

_SYMBOLIC = ("<", "[", "]")
# Changes of a single place, whose bases are merely not stated.
_OF_BASES = frozenset(("snv", "mnv", "substitution", "sequence_alteration", "delins", "indel"))
Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a row lies, and its bases; None where not known."""

    assembly: str = ""
    chromosome: str = ""
    span: Range | None = None
    ref: str | None = None
    alt: str | None = None


def index_variant(
    variant: ObservedVariant, index: SiteIndex, names: VariantNames
) -> IndexedVariant:
    """The row of one variant.

    Where what is `present` is the reference itself (its alleles are alike), no variant is: the row
    says `absent`, with those bases. A structural variant's `ref` and `alt` are None, and its place
    is the widest of its ranges.
    """
    is_structural = _is_structural(variant)
    found = Found() if is_structural else find_sites(variant, index)
    place = _structural_place(variant) if is_structural else _place(variant, found, index, names)
    presence = variant.presence
    if presence is Presence.PRESENT and place.ref is not None and place.ref == place.alt:
        presence = Presence.ABSENT
    genes = variant.genes or tuple(dict.fromkeys(each.placed.gene for each in found.matches))
    return IndexedVariant(
        genes=genes,
        assembly=place.assembly,
        chromosome=place.chromosome,
        start=place.span[0] if place.span else None,
        end=place.span[1] if place.span else None,
        ref=place.ref,
        alt=place.alt,
        presence=presence,
        source_class=variant.source_class,
        zygosity=variant.zygosity,
        is_structural=is_structural,
        change_type=variant.change_type,
        inner=variant.inner,
        outer=variant.outer,
    )


def _is_structural(variant: ObservedVariant) -> bool:
    if variant.inner or variant.outer:
        return True
    alt = variant.alt
    if alt is not None and any(sign in alt for sign in _SYMBOLIC):
        return True
    if alt is not None:
        return False
    if variant.copy_number:
        return True
    is_named = bool(variant.ids or variant.genomic_hgvs or variant.coding_hgvs)
    return bool(
        variant.change_type
        and variant.change_type.lower() not in _OF_BASES
        and variant.ref is None
        and not (is_named or variant.protein_hgvs)
    )


def _structural_place(variant: ObservedVariant) -> _Place:
    exact = None
    if variant.start is not None:
        exact = (variant.start, variant.start if variant.end is None else variant.end)
    ranges = [each for each in (exact, variant.inner, variant.outer) if each is not None]
    span = (min(low for low, _ in ranges), max(high for _, high in ranges)) if ranges else None
    assembly = _assembly(variant)
    return _Place(assembly, variant.chromosome if assembly else "", span if assembly else None)


def _place(variant: ObservedVariant, found: Found, index: SiteIndex, names: VariantNames) -> _Place:
    """By place as stated, by what the position shows it to be, by name; else as far as stated."""
    if found.matches and not found.is_as_written:
        return _of_match(found, index, names)
    assembly = _assembly(variant)
    ref, alt = bases(variant.ref), bases(variant.alt)
    if assembly and variant.start is not None and _are_bases(ref, alt):
        return _stated(variant, assembly, ref or "", alt or "", names)
    named = _by_name(variant, names, assembly)
    if named is not None:
        return _of_allele(named)
    if found.matches:
        return _of_match(found, index, names)
    if assembly and variant.start is not None:
        end = variant.start if variant.end is None else variant.end
        known = ref if ref is not None and BASES.fullmatch(ref) else None
        return _Place(assembly, variant.chromosome, (variant.start, end), known)
    return _Place(assembly, variant.chromosome if assembly else "")


def _assembly(variant: ObservedVariant) -> str:
    if not variant.chromosome:
        return ""
    if variant.build == "both":
        return "GRCh38"
    return variant.build if variant.build in BUILDS else ""


def _are_bases(ref: str | None, alt: str | None) -> bool:
    return all(each is not None and BASES.fullmatch(each) is not None for each in (ref, alt))


def _stated(
    variant: ObservedVariant, assembly: str, ref: str, alt: str, names: VariantNames
) -> _Place:
    start = variant.start or 0
    if ref == alt:
        return _Place(assembly, variant.chromosome, (start, start + len(ref)), ref, alt)
    return _of_allele(names.simple_allele(assembly, variant.chromosome, start, ref, alt))


def _of_allele(allele: SimpleAllele) -> _Place:
    span = (allele.start, allele.start + len(allele.ref))
    return _Place(allele.assembly, allele.chromosome, span, allele.ref, allele.alt)


def _by_name(variant: ObservedVariant, names: VariantNames, assembly: str) -> SimpleAllele | None:
    """The allele that a genomic name or an SPDI spells, on the build that it speaks of."""
    for text in _genomic_names(variant):
        try:
            found = names.parse_variant(text)
        except (UnreadableVariant, UnplacedVariant):
            continue
        on_own = [allele for allele in found if allele.assembly == assembly]
        return (on_own or list(found))[0]
    return None


def _genomic_names(variant: ObservedVariant) -> Iterator[str]:
    for text in (variant.genomic_hgvs, *(each.rpartition("|")[2] for each in variant.ids)):
        plain = text.strip()
        if plain[:2] in ("g.", "m.") and variant.accession.startswith("NC_"):
            yield f"{variant.accession}:{plain}"
        elif plain[:3].upper() == "NC_":
            yield plain


def _of_match(found: Found, index: SiteIndex, names: VariantNames) -> _Place:
    """Of the position that it speaks of; without an allele where it does not say which."""
    match = found.matches[0]
    placed = match.placed
    chromosome = index.chromosomes[placed.gene]
    if match.allele is None or match.allele == OTHER:
        return _of_position(placed, chromosome)
    if match.allele == placed.ref:
        span = (placed.start, placed.start + len(placed.ref))
        return _Place(placed.build, chromosome, span, placed.ref, placed.ref)
    return _of_allele(
        names.simple_allele(placed.build, chromosome, placed.start, placed.ref, match.allele)
    )


def _of_position(placed: Placed, chromosome: str) -> _Place:
    span = (placed.start, placed.start + len(placed.ref))
    return _Place(placed.build, chromosome, span, placed.ref)
