"""A variant's name → its one spelling on each build that it can be placed on exactly.

A genomic name is placed by its accession. A coding name or an rs number is placed where it is the
name of a decision position; everything else is refused with the reason. The other build is reached
by lift-over of the interval, where the reference bases are the same there, or by the table of the
positions. The mitochondrial genome is `GRCh38`, chromosome `MT`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NoReturn

from fhir_pgx.errors import UnplacedVariant, UnreadableVariant
from fhir_pgx.model.genomic_index import Assembly, SimpleAllele
from fhir_pgx.normalize.known_bases import KnownBases
from fhir_pgx.normalize.lift_over import LiftOver
from fhir_pgx.normalize.sites import BUILDS, Change, Placed, SiteIndex, allele_of, trimmed
from fhir_pgx.normalize.variant_text import (
    CodingText,
    GenomicText,
    RsText,
    VariantText,
    read_variant_text,
)

_COMPLEMENT = str.maketrans("ACGTN", "TGCAN")
_ASSEMBLIES: Mapping[str, Assembly] = {"GRCh37": "GRCh37", "GRCh38": "GRCh38", "both": "GRCh38"}
UNKNOWN_BASE = "N"
# More than the longest gene has (2.3 million): each is a letter, and a few names of a few letters
# would fill the memory.
MOST_UNKNOWN = 5_000_000
# Transcripts of our genes that number their bases otherwise than the names of our positions do.
_NUMBERED_OTHERWISE = frozenset(
    ("NM_001025161", "NM_001202855", "NM_001160301", "NM_000402", "NM_001042723")
)
_STATE_BASES = "state the bases: NC_000002.12:g.233760234_233760235delTA"
_SEND_GENOMIC = "send the genomic name on an NC_ accession with its version"


class VariantNames:
    """Names of variants, ready to be read; made once, shared by every thread."""

    def __init__(
        self,
        index: SiteIndex,
        lift_over: LiftOver,
        accessions: Mapping[str, tuple[str, str]],
        lengths: Mapping[str, int],
        gene_of_transcript: Callable[[str], str],
    ) -> None:
        """`accessions` and `lengths` are the Vocabulary's; `gene_of_transcript` says of which gene
        a name such as `NM_000769.4:c.681G>A` is, empty where that is not known."""
        self.index, self.lift_over = index, lift_over
        self.known = KnownBases(index)
        self._accessions, self._lengths = accessions, lengths
        self._gene_of_transcript = gene_of_transcript

    def parse_variant(self, text: str) -> tuple[SimpleAllele, ...]:
        """The variant in its one spelling: first on the build that the name speaks of (GRCh38 for a
        coding name or an rs number), then on the other one where it can be placed there.

        An rs number stands for every alternate allele that its position has. `N` in `ref` is a
        deleted base that neither the name states nor we know; see `spells`.

        Raises UnreadableVariant for a text that is no such name, UnplacedVariant for a name that
        cannot be placed from what is here.
        """
        return self._placed(read_variant_text(text), text)

    def _placed(self, found: VariantText, text: str) -> tuple[SimpleAllele, ...]:
        match found:
            case GenomicText():
                return self.on_both(self._genomic(found, text))
            case CodingText():
                return self._of_site(*self._coding(found, text))
            case RsText():
                named = self.index.named(found.number)
                if named is None:
                    _unplaced(text, "its rs number is none of our positions", _SEND_GENOMIC)
                return self._of_site(named.gene, named.site.name, named.site.alts)

    def on_both(self, allele: SimpleAllele) -> tuple[SimpleAllele, ...]:
        """The allele, and what it is on the other build where that is certain."""
        other = self._lifted(allele)
        return (allele,) if other is None else (allele, other)

    def simple_allele(
        self, assembly: str, chromosome: str, start: int, ref: str, alt: str
    ) -> SimpleAllele:
        """Stated bases in the one spelling, on their own assembly."""
        build = _ASSEMBLIES[assembly]
        change = self.known.justified(build, chromosome, (start, ref, alt))
        return SimpleAllele(build, chromosome, *change)

    def _genomic(self, found: GenomicText, text: str) -> SimpleAllele:
        place = self._accessions.get(found.accession)
        if place is None:
            _unplaced(text, _why_not(found.accession), _SEND_GENOMIC)
        build, chromosome = _ASSEMBLIES[place[0]], place[1]
        if found.end > self._lengths.get(found.accession, found.end):
            raise UnreadableVariant(
                f"{text[:80]!r} lies past the end of chromosome {chromosome}",
                mend="check the position and the accession's version",
            )
        start, ref, alt = self._change(found, build, chromosome, text)
        if self.known.contradict(build, chromosome, start, ref):
            _unplaced(
                text,
                f"the reference of {found.accession} has other bases there",
                "check the position, the strand and the accession's version",
            )
        if ref == alt:
            raise UnreadableVariant(
                f"{text[:80]!r} names the reference, not a variant", mend="name a change"
            )
        return self.simple_allele(build, chromosome, start, ref, alt)

    def _change(self, found: GenomicText, build: str, chromosome: str, text: str) -> Change:
        """What the name puts in place of which bases. Raises UnplacedVariant where the bases that
        decide it are neither stated nor known."""
        between = self.known.between(build, chromosome, found.start, found.end)
        if found.kind == "repeat":
            return self._repeat(found, build, chromosome, text)
        ref = found.ref if found.ref is not None else between
        if found.kind == "duplication":
            if ref is None:
                _unplaced(text, "which bases are doubled is neither stated nor known", _STATE_BASES)
            if self.known.contradict(build, chromosome, found.start, ref):
                _unplaced(text, "the reference has other bases there", _STATE_BASES)
            # Before the doubled bases, as SPDI (`5:A:AA`) and a VCF have it once it is trimmed.
            return found.start, "", ref
        if found.kind == "inversion":
            if ref is None:
                _unplaced(text, "which bases are turned is not known", _STATE_BASES)
            return found.start, ref, ref.translate(_COMPLEMENT)[::-1]
        if ref is None and found.end - found.start > MOST_UNKNOWN:
            _unplaced(
                text,
                f"it takes away more than {MOST_UNKNOWN} bases that it does not state",
                "ask by range: $find-subject-structural-intersecting-variants",
            )
        return found.start, ref or UNKNOWN_BASE * (found.end - found.start), found.alt

    def _repeat(self, found: GenomicText, build: str, chromosome: str, text: str) -> Change:
        """`g.233760235TA[8]`: the unit's copies in the reference are counted where they are known;
        a range of several units says how many they are."""
        start, unit = found.start, found.unit
        if not unit:
            unit = self.known.between(build, chromosome, start, found.end) or ""
        if not unit:
            _unplaced(text, "the repeated unit is neither stated nor known", _STATE_BASES)
        length, copies = found.end - start, 0
        while self.known.between(
            build, chromosome, start, start + (copies + 1) * len(unit)
        ) == unit * (copies + 1):
            copies += 1
        if not copies and length > len(unit) and length % len(unit) == 0:
            copies = length // len(unit)
        if not copies:
            _unplaced(text, "how often the reference has the unit is not known", _STATE_BASES)
        return start, unit * copies, unit * found.count

    def _coding(self, found: CodingText, text: str) -> tuple[str, str, tuple[str, ...]]:
        """Gene, position and allele that a coding name stands for."""
        bare = found.accession.partition(".")[0]
        gene = self._gene_of_transcript(f"{found.accession}:") if found.accession else ""
        if bare in _NUMBERED_OTHERWISE:
            _unplaced(text, f"we have no names of positions on {bare}", _SEND_GENOMIC)
        if gene and found.gene and gene != found.gene.upper():
            _unplaced(text, f"{found.accession} is of {gene}, not of {found.gene}", _SEND_GENOMIC)
        gene = gene or found.gene.upper()
        named = self.index.named(found.name, gene) if gene else None
        if named is None or named.allele is None:
            why = f"no position of ours is {found.name} of {gene}" if gene else (
                f"we do not know of which gene {found.accession} is"
            )  # fmt: skip
            _unplaced(text, why, _SEND_GENOMIC)
        return named.gene, named.site.name, (named.allele,)

    def _of_site(self, gene: str, name: str, alleles: tuple[str, ...]) -> tuple[SimpleAllele, ...]:
        """Alleles of a decision position on both builds, GRCh38 first."""
        found = []
        for build in reversed(BUILDS):
            placed = self.index.on(build, gene, name)
            if placed is not None:
                chromosome = self.index.chromosomes[gene]
                if chromosome != "MT" or build == "GRCh38":
                    found += [
                        self.simple_allele(build, chromosome, *_change_of(placed, allele))
                        for allele in alleles
                        if allele != placed.ref
                    ]
        return tuple(dict.fromkeys(found))

    def _lifted(self, allele: SimpleAllele) -> SimpleAllele | None:
        if allele.chromosome == "MT":
            return None
        by_table = self._by_table(allele)
        if by_table is not None:
            return by_table
        found = self.lift_over.find(allele.span)
        if found is None:
            return None
        span, strand = found
        ref, alt = allele.ref, allele.alt
        if strand < 0:
            ref, alt = (each.translate(_COMPLEMENT)[::-1] for each in (ref, alt))
        if self.known.contradict(span.assembly, span.chromosome, span.start, ref):
            if len(ref) != 1 or len(alt) != 1:
                return None
            # The builds differ in this one base: what is put there is the same all the same.
            ref = self.known.base(span.assembly, span.chromosome, span.start)
            if ref == alt:
                return None  # it is that build's own base
        return self.simple_allele(span.assembly, span.chromosome, span.start, ref, alt)

    def _by_table(self, allele: SimpleAllele) -> SimpleAllele | None:
        """Where it is an allele of a position that lies on both builds."""
        (other,) = (build for build in BUILDS if build != allele.assembly)
        for placed, shown in self.sites_of(allele):
            there = self.index.on(other, placed.gene, placed.site.name)
            if there is not None and shown != there.ref:
                change = _change_of(there, shown)
                return self.simple_allele(other, allele.chromosome, *change)
        return None

    def sites_of(self, allele: SimpleAllele) -> Iterator[tuple[Placed, str]]:
        """The decision positions of which this is an allele, with the allele's name there."""
        place = allele.assembly, allele.chromosome
        change = trimmed((allele.start, allele.ref, allele.alt))
        end = change[0] + len(change[1])
        if len(change[1]) == len(change[2]) == 1:
            for placed in self.index.at(*place, change[0]):
                if placed.ref == change[1] and change[2] in (placed.site.ref, *placed.site.alts):
                    yield placed, change[2]
        for placed in self.index.indels_near(*place, change[0], end):
            found = allele_of(placed, change)
            if found in placed.site.alts:
                yield placed, found


def is_exact(allele: SimpleAllele) -> bool:
    """Whether a variant that is the same one has the same place and bases.

    False where a deleted base is not stated, and for a deletion outside of what we know, which may
    be written at another base of its repeat: then `spells` tells, of what overlaps or adjoins it.
    """
    return UNKNOWN_BASE not in allele.ref and not (allele.ref and not allele.alt)


def spells(asked: SimpleAllele, *, start: int | None, ref: str | None, alt: str | None) -> bool:
    """Whether a variant of the same assembly and chromosome is the one asked for.

    A deleted base that question or variant does not state (`N`) is any: the reference has one base
    there. Two deletions of one length at different bases are the same where the bases that both
    state together show that the same sequence is left.
    """
    if start is None or ref is None or alt != asked.alt or len(ref) != len(asked.ref):
        return False
    if start != asked.start:
        return not alt and bool(ref) and _leave_the_same(asked.start, asked.ref, start, ref)
    return all(
        wanted == base or UNKNOWN_BASE in (wanted, base)
        for wanted, base in zip(asked.ref, ref, strict=True)
    )


def _leave_the_same(first: int, gone: str, second: int, other: str) -> bool:
    """Whether two deletions of one length leave one sequence; False where the bases stated do not
    reach from the one to the other, or contradict each other."""
    low, high = min(first, second), max(first, second)
    length = len(gone)
    if high - low > length or UNKNOWN_BASE in gone + other:
        return False
    left, right = (gone, other) if first < second else (other, gone)
    if left[high - low :] != right[: length - (high - low)]:
        return False  # where they overlap the reference has one base
    both = left + right[length - (high - low) :]
    return both[length:] == both[: high - low]


def _change_of(placed: Placed, allele: str) -> Change:
    """What an allele of a position changes there."""
    return placed.start, placed.ref, allele


def _why_not(accession: str) -> str:
    if accession.startswith("NC_"):
        return f"{accession} is a chromosome of neither GRCh37 nor GRCh38"
    return f"{accession} is no chromosome, and our positions are not named on it"


def _unplaced(text: str, why: str, mend: str) -> NoReturn:
    raise UnplacedVariant(f"{text.strip()[:80]} cannot be placed: {why}", mend=mend)
