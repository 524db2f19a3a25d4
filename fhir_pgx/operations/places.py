"""Regions and variants of a request as places on both builds, each paired with its own numbers.

Where something cannot be found on the other build the answer is still whole as long as nothing is
stored there: then, and only then, a failed lift-over is no failure.
"""

import re
from collections.abc import Sequence

from fhir_pgx.errors import InvalidParameter, LiftoverFailed
from fhir_pgx.model.genomic_index import SimpleAllele, Span
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.operations.operation import Context

RANGES = "ranges"
_RANGE = re.compile(r"([A-Z]{2}_\d{4,12}(?:\.\d{1,3})?):(\d{1,10})-(\d{1,10})")
_MEND = "write RefSeq.version:start-end, 0-based and half open, as NC_000010.11:94781858-94781859"
_MITOCHONDRION = "MT"  # one sequence on both builds
_OTHER = {"GRCh37": "GRCh38", "GRCh38": "GRCh37"}
_NO_END = 1 << 31


def read_range(text: str, vocabulary: Vocabulary, *, name: str = RANGES) -> Span:
    """The interval that a region means, on its own build.

    Raises InvalidParameter where it has another shape, is on no chromosome of GRCh37 or GRCh38,
    holds no base, or ends behind the chromosome's end, as numbers of the other build may.
    """
    found = _RANGE.fullmatch(text.strip())
    if found is None:
        raise InvalidParameter("a region cannot be read", where=name, mend=_MEND)
    accession, start, end = found[1], int(found[2]), int(found[3])
    known = vocabulary.accessions.get(accession)
    if known is None:
        raise InvalidParameter(
            f"{accession} is no chromosome of GRCh37 or GRCh38 with its version",
            where=name,
            mend=_MEND,
        )
    if start >= end:
        raise InvalidParameter(
            f"the region {start}-{end} holds no base", where=name, mend="one base is 5-6, half open"
        )
    length = vocabulary.lengths.get(accession)
    if length is not None and end > length:
        raise InvalidParameter(
            f"the region ends at {end}, behind the end of {accession} at {length}",
            where=name,
            mend="check that the numbers are of the build that the accession names",
        )
    build, chromosome = known
    return Span("GRCh38" if chromosome == _MITOCHONDRION else build, chromosome, start, end)


def accession_of(assembly: str, chromosome: str, vocabulary: Vocabulary) -> str:
    """The RefSeq accession of a chromosome; empty where there is none."""
    for accession, (build, of) in vocabulary.accessions.items():
        if of == chromosome and build in (assembly, "both"):
            return accession
    return ""


def spans_of(text: str, at: Context, *, patient: str) -> Sequence[Span]:
    """A region on each build, each paired with its own numbers.

    Where it cannot be lifted over, and nothing is stored of `patient` (of anybody, where empty) on
    that chromosome of the other build, the region alone. Raises InvalidParameter as `read_range`,
    LiftoverFailed where something is stored there: what lies in the region is then not known.
    """
    span = read_range(text, at.knowledge.vocabulary)
    try:
        return at.genome.spans_on_both(span)
    except LiftoverFailed:
        if _has_rows_beside(span.assembly, span.chromosome, at, patient):
            raise
        return (span,)


def alleles_of(text: str, at: Context, *, patient: str) -> Sequence[SimpleAllele]:
    """A variant in its one spelling, on each build.

    Raises UnreadableVariant, UnplacedVariant, and LiftoverFailed where it has a place on one build
    alone, and something is stored of `patient` (of anybody, where empty) on that chromosome of the
    other.
    """
    found = at.genome.alleles_named(text)
    assemblies = {each.assembly for each in found}
    for each in found[:1]:
        is_on_one = len(assemblies) == 1 and each.chromosome != _MITOCHONDRION
        if is_on_one and _has_rows_beside(each.assembly, each.chromosome, at, patient):
            raise LiftoverFailed(
                f"the variant has no certain place on {_OTHER[each.assembly]}, where results are "
                "stored",
                where="variants",
                mend="ask with its name on the build that the results are on",
            )
    return found


def _has_rows_beside(assembly: str, chromosome: str, at: Context, patient: str) -> bool:
    """Whether a variant is stored on the same chromosome of the other build."""
    other = _OTHER[assembly]
    vocabulary = at.knowledge.vocabulary
    accession = accession_of(other, chromosome, vocabulary)
    whole = Span(other, chromosome, 0, vocabulary.lengths.get(accession, _NO_END))
    return bool(at.reads.variants_over((whole,), patient=patient))
