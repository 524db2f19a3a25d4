"""Which stored variants a question is about.

Present alone is presence. A row that is absent, was not called, is indeterminate, or states the
reference itself, is none; neither is a place that nobody looked at. All of them answer `false`, the
one word that the guide has for them: what was looked at is told by `$find-study-metadata`, and the
rows themselves by a search.
"""

from collections.abc import Iterable, Sequence

from fhir_pgx.model.finding import Presence, SourceClass
from fhir_pgx.model.genomic_index import IndexedVariant, SimpleAllele, Span, StoredVariant
from fhir_pgx.normalize.variant_names import UNKNOWN_BASE, spells
from fhir_pgx.operations.operation import Asked, Context

Rows = list[StoredVariant]


def simple_over(spans: Sequence[Span], asked: Asked, at: Context) -> Rows:
    """The simple variants that are present and overlap one of the spans, each once."""
    rows = at.reads.variants_over(spans, patient=asked.subject, structural=False)
    return _wanted(rows, asked)


def simple_like(alleles: Sequence[SimpleAllele], asked: Asked, at: Context) -> Rows:
    """The simple variants that are present and one of these, whatever build they are stored in."""
    exact = [each for each in alleles if UNKNOWN_BASE not in each.ref]
    rows = at.reads.variants_like(exact, patient=asked.subject) if exact else []
    for each in alleles:
        if each not in exact:  # the name says how many bases are deleted, and not which
            near = at.reads.variants_over((each.span,), patient=asked.subject, structural=False)
            rows += [row for row in near if _spells(each, row.variant)]
    return [row for row in _wanted(rows, asked) if not row.variant.is_structural]


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


def _wanted(rows: Iterable[StoredVariant], asked: Asked) -> Rows:
    wanted = [
        row
        for row in rows
        if is_present(row.variant) and is_of_class(row.variant.source_class, asked)
    ]
    return list(dict.fromkeys(wanted))
