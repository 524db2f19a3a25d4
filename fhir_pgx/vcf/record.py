"""One line of a VCF → the record kept of it.

POS is 1-based in the file and 0-based in the record. A line that lies elsewhere is `None`; one that
is wanted, or may be, and cannot be used raises UnreadableVcf; a single genotype that cannot be read
is a copy without an answer, and a fault of the line.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from fhir_pgx.errors import UnreadableVcf
from fhir_pgx.model.variant import UNREAD, VcfRecord
from fhir_pgx.vcf.header import not_text
from fhir_pgx.vcf.spans import Watch
from fhir_pgx.vcf.text import shown, text_of

FIXED_COLUMNS = 9  # columns before the samples
_MOST_DIGITS = 10
_LONGEST = 200  # bytes of a genotype: no ploidy that we know needs more
_BASES = re.compile(rb"[ACGTNacgtn]+")
# Bases, a star, a name in brackets, a breakend with or without its mate.
_ALT = re.compile(
    rb"[ACGTNacgtn]+|\*|<[^<>]+>|\.|\.?[ACGTNacgtn]*[\[\]].*|\.[ACGTNacgtn]+|[ACGTNacgtn]+\."
)
_NUMBER = re.compile(r"\d+")
_GENOTYPE = re.compile(rb"[|/]?(?:\.|\d{1,6})(?:[|/](?:\.|\d{1,6}))*")
_END = re.compile(rb"(?:^|;)END=(\d{1,10})(?=;|$)")
_LENGTH = re.compile(rb"(?:^|;)SVLEN=-?(\d{1,10})(?=[;,]|$)")
# What says that nothing was read: callers write 0/0 with these where they had no data.
_EVIDENCE = (b"DP", b"MIN_DP", b"GQ")


@dataclass(frozen=True, slots=True)
class Layout:
    """How many columns a line has, and which of them (0-based) are the samples to be read."""

    width: int
    samples: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Kept:
    """A record, and what of its line could not be read; empty where all was."""

    record: VcfRecord
    fault: str = ""


def read_line(line: bytes, number: int, watch: Watch, layout: Layout) -> Kept | None:
    """The record of a line that touches a wanted span; None of any other.

    Raises UnreadableVcf, without a place, for a line that may touch one and cannot be used.
    """
    beginning = line.split(b"\t", 4)
    contig = beginning[0]
    spans = watch.spans_of(contig)
    if spans is None:
        _check_contig(contig, len(beginning))
        watch.note(contig)
        return None
    position = beginning[1] if len(beginning) > 1 else b""
    if not position.isdigit() or len(position) > _MOST_DIGITS:
        digits = re.match(rb"\d*", position[:_MOST_DIGITS])
        if spans.may_overlap(digits[0] if digits else b"", len(line)):
            raise UnreadableVcf(f"POS is not a number: {shown(position) or '(empty)'}")
        return None
    start = int(position) - 1
    end = start + max(1, len(beginning[3]) if len(beginning) > 3 else 0)
    columns = line.split(b"\t") if b"END=" in line or b"SVLEN=" in line else []
    block_end = _end(columns, start)
    if not spans.overlap(start, max(end, block_end or 0)):
        return None
    return _kept(columns or line.split(b"\t"), number, watch, layout, block_end)


def _check_contig(contig: bytes, count: int) -> None:
    if not text_of(contig).isprintable():
        raise UnreadableVcf("the line holds bytes that are not text")
    if count == 1:
        raise UnreadableVcf("the line has no columns separated by tabs")


def _end(columns: list[bytes], start: int) -> int | None:
    """INFO/END, 1-based and included, which is the 0-based end; else what SVLEN makes of a symbolic
    allele. None where neither makes sense."""
    if len(columns) <= 7:
        return None
    found = _END.search(columns[7])
    end = int(found[1]) if found else 0
    if end <= start + 1 and columns[4].startswith(b"<"):
        length = _LENGTH.search(columns[7])
        end = start + 1 + int(length[1]) if length else end
    return end if end > start else None


def _kept(columns: list[bytes], number: int, watch: Watch, layout: Layout, end: int | None) -> Kept:
    """Raises UnreadableVcf."""
    while len(columns) > layout.width and not columns[-1]:
        columns.pop()
    if len(columns) != layout.width:
        raise UnreadableVcf(f"the line has {len(columns)} columns, the header {layout.width}")
    if any(b"\0" in column for column in columns):
        raise not_text("")
    contig, position, name, ref, alt, _, filters, _, form = columns[:FIXED_COLUMNS]
    if not _BASES.fullmatch(ref):
        raise UnreadableVcf(f"REF is not bases: {shown(ref)}")
    alts = _alts(alt)
    keys = form.split(b":")
    if b"GT" not in keys:
        raise UnreadableVcf("the line has no genotype: GT is not in FORMAT")
    samples = [columns[place].split(b":") for place in layout.samples]
    genotypes, fault = _genotypes(samples, keys.index(b"GT"), len(alts), layout)
    evidence = [keys.index(key) for key in _EVIDENCE if key in keys]
    if evidence:
        genotypes = tuple(
            _NUMBER.sub(UNREAD, text) if _is_unread(sample, evidence) else text
            for text, sample in zip(genotypes, samples, strict=True)
        )
    at = keys.index(b"PS") if b"PS" in keys else None
    record = VcfRecord(
        line=number,
        contig=text_of(contig),
        chromosome=watch.chromosomes[contig],
        start=int(position) - 1,
        name=text_of(name),
        ref=ref.decode().upper(),
        alts=alts,
        filters=text_of(filters),
        genotypes=genotypes,
        phase_sets=tuple(_phase_set(sample, at) for sample in samples),
        end=end,
    )
    return Kept(record, fault)


def _alts(column: bytes) -> tuple[str, ...]:
    """The alternate alleles, bases in capitals; none for `.`. Raises UnreadableVcf."""
    if column == b".":
        return ()
    alts = column.split(b",")
    for alt in alts:
        if not _ALT.fullmatch(alt):
            raise UnreadableVcf(f"ALT has an allele that VCF does not know: {shown(column)}")
    # VCF 4.5, 1.6.1: bases are alike in either case; the names in `<DEL>` and `]chr1:9]` are not.
    return tuple(text_of(alt.upper() if alt.isalpha() else alt) for alt in alts)


def _genotypes(
    samples: list[list[bytes]], at: int, alt_count: int, layout: Layout
) -> tuple[tuple[str, ...], str]:
    """The genotypes as written, `UNREAD` where one cannot be read; and what is wrong."""
    genotypes: list[str] = []
    faults: list[str] = []
    for sample, place in zip(samples, layout.samples, strict=True):
        # Trailing values may be left out; GT, when given at all, stands first.
        raw = sample[at] if at < len(sample) else b"."
        text, highest = _genotype(raw) if len(raw) <= _LONGEST else ("", 0)
        if highest > alt_count or not text:
            faults.append(
                f"the genotype {shown(raw) or '(empty)'} of sample {place - FIXED_COLUMNS + 1}"
            )
            text = UNREAD
        genotypes.append(text)
    if not faults:
        return tuple(genotypes), ""
    more = f" (and of {len(faults) - 1} more)" if len(faults) > 1 else ""
    return tuple(genotypes), f"{faults[0]}{more} cannot be read (alternate alleles: {alt_count})"


def _is_unread(sample: list[bytes], evidence: list[int]) -> bool:
    """Whether depth or quality is stated to be none; one that is left out says nothing."""
    return any(place < len(sample) and sample[place] == b"0" for place in evidence)


@lru_cache(maxsize=4096)
def _genotype(raw: bytes) -> tuple[str, int]:
    """The text of a genotype and its highest allele number; an empty text where it is none."""
    if not _GENOTYPE.fullmatch(raw):
        return "", 0
    return raw.decode(), max((int(each) for each in re.findall(rb"\d+", raw)), default=0)


def _phase_set(sample: list[bytes], at: int | None) -> str:
    value = sample[at] if at is not None and at < len(sample) else b""
    return "" if value == b"." else text_of(value)
