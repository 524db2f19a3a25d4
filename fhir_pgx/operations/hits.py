"""Which stored variants a question is about.

Present alone is presence. A row that is absent, was not called, is indeterminate, or states the
reference itself, is none; neither is a place that nobody looked at. All of them answer `false`, the
one word that the guide has for them: what was looked at is told by `$find-study-metadata`, and the
rows themselves by a search.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from fhir_pgx.model.finding import Presence, SourceClass
from fhir_pgx.model.genomic_index import IndexedVariant, SimpleAllele, Span, StoredVariant
from fhir_pgx.normalize.variant_names import UNKNOWN_BASE, is_exact, spells
from fhir_pgx.operations.operation import Asked, Context
from fhir_pgx.storage.store import VariantAlike

Rows = list[StoredVariant]
Row = TypeVar("Row", StoredVariant, VariantAlike)


def simple_over(spans: Sequence[Span], asked: Asked, at: Context) -> Rows:
    """The simple variants that are present and overlap one of the spans, each once."""
    rows = at.reads.variants_over(spans, patient=asked.subject, structural=False)
    return _wanted(rows, asked)


def any_over(spans: Sequence[Span], asked: Asked, at: Context) -> Rows:
    """The variants of either kind that are present and overlap one of the spans."""
    return _wanted(at.reads.variants_over(spans, patient=asked.subject), asked)


def simple_like(alleles: Sequence[SimpleAllele], asked: Asked, at: Context) -> Rows:
    """The simple variants that are present and one of these, whatever build they are stored in."""
    like = partial(at.reads.variants_like, patient=asked.subject)
    over = partial(at.reads.variants_over, patient=asked.subject)
    return _wanted(_named(alleles, like, over), asked)


def _named(
    alleles: Sequence[SimpleAllele],
    like: Callable[[Sequence[SimpleAllele]], list[Row]],
    over: Callable[[Sequence[Span]], list[Row]],
) -> list[Row]:
    """By place and bases, where these are the same in every spelling; else by what overlaps or
    adjoins, held against the name."""
    exact = [each for each in alleles if is_exact(each)]
    exact += [form for each in exact for form in _unstated(each)]
    rows = like(exact) if exact else []
    for each in alleles:
        if not is_exact(each):
            rows += [row for row in over([_beside(each)]) if _spells(each, row.variant)]
    return [row for row in rows if not row.variant.is_structural]


def _unstated(allele: SimpleAllele) -> tuple[SimpleAllele, ...]:
    """The same change as a result has it that does not state what it replaces: `5_6delinsT`."""
    if not allele.ref:
        return ()
    return (replace(allele, ref=UNKNOWN_BASE * len(allele.ref)),)


def _beside(allele: SimpleAllele) -> Span:
    """The bases that go, and the one on each side: the same deletion may be stated beside them."""
    span = allele.span
    return replace(span, start=max(span.start - 1, 0), end=span.end + 1)


def _spells(allele: SimpleAllele, variant: IndexedVariant) -> bool:
    place = (variant.assembly, variant.chromosome)
    return place == (allele.assembly, allele.chromosome) and spells(
        allele, start=variant.start, ref=variant.ref, alt=variant.alt
    )


def structural_over(spans: Sequence[Span], asked: Asked, at: Context) -> Rows:
    """The structural variants that are present and may reach into one of the spans: by their
    outermost ends."""
    rows = at.reads.variants_over(spans, patient=asked.subject, structural=True)
    return _wanted(rows, asked)


def structural_around(spans: Sequence[Span], asked: Asked, at: Context) -> Rows:
    """The structural variants that are present and certainly cover the whole of a span, on the
    span's own build."""
    rows = structural_over(spans, asked, at)
    return [row for row in rows if _is_around_all(row.variant, spans)]


def simple_alike(alleles: Sequence[SimpleAllele], asked: Asked, at: Context) -> list[VariantAlike]:
    """As `simple_like`, of everybody: each different variant once."""
    reads = at.reads
    return _wanted(_named(alleles, reads.variants_alike_to, reads.variants_alike_over), asked)


def alike_over(spans: Sequence[Span], asked: Asked, at: Context) -> list[VariantAlike]:
    """As `structural_over`, of everybody: each different variant once."""
    return _wanted(at.reads.variants_alike_over(spans, structural=True), asked)


def alike_around(spans: Sequence[Span], asked: Asked, at: Context) -> list[VariantAlike]:
    """As `structural_around`, of everybody: each different variant once."""
    rows = alike_over(spans, asked, at)
    return [row for row in rows if _is_around_all(row.variant, spans)]


def _is_around_all(variant: IndexedVariant, spans: Sequence[Span]) -> bool:
    """Whether a variant covers the region as it is on its own build, where it may lie in parts."""
    here = [each for each in spans if each.assembly == variant.assembly]
    return bool(here) and all(is_around(variant, each) for each in here)


def is_around(variant: IndexedVariant, span: Span) -> bool:
    """Whether a variant certainly covers all of a span: by its inner range where one is stated,
    else by its ends; where only an outer range is known, nothing is certain."""
    if (variant.assembly, variant.chromosome) != (span.assembly, span.chromosome):
        return False
    ends = certain_ends(variant)
    return ends is not None and ends[0] <= span.start and span.end <= ends[1]


def certain_ends(variant: IndexedVariant) -> tuple[int, int] | None:
    """The interval that a structural variant covers at least; None where it is not known."""
    if variant.inner is not None:
        return variant.inner
    if variant.outer is not None or variant.start is None or variant.end is None:
        return None
    return variant.start, variant.end


def is_present(variant: IndexedVariant) -> bool:
    """Whether a row says that something other than the reference is there."""
    if variant.presence is not Presence.PRESENT:
        return False
    return variant.is_structural or variant.ref is None or variant.ref != variant.alt


def is_of_class(source_class: SourceClass, asked: Asked) -> bool:
    """Whether a result is of the class asked for. One of unknown class is of none: it is returned
    where no class is asked."""
    return asked.source_class is None or source_class is asked.source_class


def _wanted(rows: Iterable[Row], asked: Asked) -> list[Row]:
    wanted = [
        row
        for row in rows
        if is_present(row.variant) and is_of_class(row.variant.source_class, asked)
    ]
    return list(dict.fromkeys(wanted))
