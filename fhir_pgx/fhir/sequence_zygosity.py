"""What Observations say of a sequence's variants: gene, presence, zygosity, germline or tumour.

A sequence has no genotype. Where one variant Observation is derived from it and it has one variant,
they belong together, and so do the variants and Observations that state the same change; the
element `variantPointer` joins them outright, also where the Observation names no variant. What
Observations say by name alone (an rs number) is joined later, at the decision position that both
turn out to speak of.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fhir_pgx.fhir.bundle import Entry
from fhir_pgx.fhir.gathering import Gathering
from fhir_pgx.model.finding import ObservedVariant, SourceClass

_SHIFT = 64  # bases that two spellings of one insertion or deletion may lie apart


def join_observations(gathering: Gathering, entries: Mapping[str, list[Entry]]) -> frozenset[str]:
    """Gives a sequence's variant what the Observation of it says.

    `entries` are, by sequence reference, the variant Observations derived from it. The references
    of the Observations that were joined come back.
    """
    observed = {variant.origin.reference: variant for _, variant in gathering.nameless}
    used = set()
    counts: dict[str, int] = {}
    for variant in gathering.variants:
        if not variant.from_sequence:
            observed[variant.origin.reference] = variant
        else:
            counts[variant.origin.reference] = counts.get(variant.origin.reference, 0) + 1
    for i, variant in enumerate(gathering.variants):
        if not variant.from_sequence:
            continue
        reference = variant.origin.reference
        derived = [
            observed[entry.reference]
            for entry in entries.get(reference, ())
            if entry.reference in observed
        ]
        source = observed.get(gathering.pointed.get(i, ""))
        if source is None:
            source = _of(variant, derived, is_only=counts[reference] == 1)
        if source is not None:
            used.add(source.origin.reference)
            gathering.variants[i] = _joined(variant, source)
    return frozenset(used)


def _of(
    variant: ObservedVariant, derived: Sequence[ObservedVariant], *, is_only: bool
) -> ObservedVariant | None:
    """The one Observation, of those derived from the sequence, that is of this variant."""
    same = [each for each in derived if _change(each) == _change(variant)]
    if variant.start is not None and variant.build and len(same) == 1:
        return same[0]
    if is_only and len(derived) == 1 and not _is_elsewhere(derived[0], variant):
        return derived[0]
    return None


def _change(variant: ObservedVariant) -> tuple[str, str, int | None, str, str]:
    ref, alt = (variant.ref or "").upper(), (variant.alt or "").upper()
    return variant.build, variant.chromosome, variant.start, ref, alt


def _is_elsewhere(observed: ObservedVariant, variant: ObservedVariant) -> bool:
    """True where both are placed on one build, and not at or beside the same bases."""
    if None in (observed.start, observed.end, variant.start, variant.end):
        return False
    if not observed.build or observed.build != variant.build:
        return False
    if observed.chromosome != variant.chromosome:
        return True
    ends = (observed.start, observed.end, variant.start, variant.end)
    first, first_end, second, second_end = (each or 0 for each in ends)
    return first > second_end + _SHIFT or second > first_end + _SHIFT


def _joined(variant: ObservedVariant, source: ObservedVariant) -> ObservedVariant:
    """The status and time are the Observation's too: what it says is no surer than it is."""
    origin = replace(
        variant.origin,
        status=source.origin.status,
        when=variant.origin.when or source.origin.when,
    )
    return replace(
        variant,
        origin=origin,
        genes=source.genes,
        zygosity=source.zygosity,
        presence=source.presence,
        source_class=_source_class(variant, source),
        content=b"",
    )


def _source_class(variant: ObservedVariant, source: ObservedVariant) -> SourceClass:
    """The Observation's, where it states one; a tumour's sequence is else a tumour's."""
    if source.source_class is SourceClass.UNKNOWN:
        return variant.source_class
    return source.source_class
