"""A VCF → what is kept of it: streamed from end to end, or by its index.

Memory holds one block of lines and what is kept. What could not be used is listed with its line,
and where the data break off is told: what was not read is neither reference nor absent.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain

from fhir_pgx.errors import UnreadableText, UnreadableVcf
from fhir_pgx.model.document import VcfIndex, VcfSource
from fhir_pgx.model.finding import NotUnderstood
from fhir_pgx.model.variant import VcfContent, VcfRecord, Wanted
from fhir_pgx.vcf.header import Header, find_samples, read_header
from fhir_pgx.vcf.lines import lines_near, whole_lines
from fhir_pgx.vcf.record import FIXED_COLUMNS, Layout, read_line
from fhir_pgx.vcf.spans import Watch, merged, watch_for

_MOST_FAULTS = 100
_MOST_AT_A_PLACE = 100  # lines of one position: the first ones count, and memory stays bounded
_NEAR = 1 << 14  # bases: an index leads to no smaller piece


@dataclass(slots=True)
class _Reading:
    """What was read so far of one VCF."""

    name: str
    header: Header
    layout: Layout
    watch: Watch
    records: list[VcfRecord] = field(default_factory=list)
    faults: list[NotUnderstood] = field(default_factory=list)
    fault_count: int = 0
    at: Counter[tuple[str, int]] = field(default_factory=Counter)
    line_count: int = 0
    end: NotUnderstood | None = None  # where and why the reading ended early

    def line(self, line: bytes, number: int, path: str) -> bool:
        """Read a line; False where something of it could not be used."""
        try:
            kept = read_line(line, number, self.watch, self.layout)
        except UnreadableVcf as error:
            self._fault(error.text, path)
            return False
        if kept is None:
            return True
        place = (kept.record.contig, kept.record.start)
        self.at[place] += 1
        if self.at[place] > _MOST_AT_A_PLACE:
            self._fault(f"the position stands more than {_MOST_AT_A_PLACE} times", path)
            return False
        self.records.append(kept.record)
        if kept.fault:
            self._fault(kept.fault, path)
        return not kept.fault

    def _fault(self, reason: str, path: str) -> None:
        self.fault_count += 1
        if self.fault_count <= _MOST_FAULTS:
            self.faults.append(NotUnderstood(self.name, reason, path))

    def stop(self, reason: str, number: int) -> None:
        text = f"{reason}; from here on the file was not read"
        self.end = NotUnderstood(self.name, text, f"line {number}")
        self.line_count = number - 1

    def content(self) -> VcfContent:
        faults = list(self.faults)
        if self.fault_count > _MOST_FAULTS:
            more = self.fault_count - _MOST_FAULTS
            faults.append(NotUnderstood(self.name, f"and {more} more lines could not be used"))
        if self.end:
            faults.append(self.end)
        return VcfContent(
            name=self.name,
            samples=tuple(
                self.header.samples[place - FIXED_COLUMNS] for place in self.layout.samples
            ),
            contigs=self.header.contigs,
            reference=self.header.reference,
            records=tuple(self.records),
            line_count=self.line_count,
            unknown_contigs=tuple(self.watch.unknown),
            not_understood=tuple(faults),
            is_truncated=self.end is not None,
            tumours=self.header.tumours,
        )


def read_vcf(
    source: VcfSource, wanted: Wanted, *, samples: Sequence[str] = (), name: str = ""
) -> VcfContent:
    """The records of the samples asked for (of all, where none is) that touch a wanted span.

    A line that cannot be used, and the place where the data break off, are in `not_understood`
    as `line N`; by an index line numbers are not known, and the place is `contig:POS`.

    Raises UnreadableVcf for a header that cannot be used, UnreadableText where the data break off
    before it ends.
    """
    index = source.index()
    if index is not None:
        with closing(index):
            try:
                return _by_index(index, wanted, samples, name)
            except (OSError, ValueError):
                pass  # index and file do not fit, or the file is damaged: the stream tells
    return _streamed(source.chunks(), wanted, samples, name)


def _begin(header: Header, wanted: Wanted, samples: Sequence[str], name: str) -> _Reading:
    places = tuple(FIXED_COLUMNS + place for place in find_samples(header, samples))
    return _Reading(
        name, header, Layout(FIXED_COLUMNS + len(header.samples), places), watch_for(wanted)
    )


def _streamed(
    chunks: Iterator[bytes], wanted: Wanted, samples: Sequence[str], name: str
) -> VcfContent:
    blocks = whole_lines(chunks)
    header, rest = read_header(blocks)
    reading = _begin(header, wanted, samples, name)
    reading.line_count = header.line
    try:
        for block in chain((rest,) if rest else (), blocks):
            _read_block(reading, block)
            if reading.end:
                break
    except (UnreadableText, UnreadableVcf) as error:
        reading.stop(error.text, reading.line_count + 1)
    return reading.content()


def _read_block(reading: _Reading, block: bytes) -> None:
    if not block.endswith(b"\n"):
        reading.line_count += 1
        _read_last(reading, block)
        return
    first, count = reading.line_count + 1, block.count(b"\n")
    reading.line_count += count
    for number, line in lines_near(block, first, count, reading.watch):
        if not line.startswith(b"#"):
            reading.line(line, number, f"line {number}")
        elif line.startswith(b"#CHROM") and line != reading.header.columns:
            reading.stop("another header with other columns begins here", number)
            return


def _read_last(reading: _Reading, line: bytes) -> None:
    """A last line without its end is whole, or shows that the file was cut off."""
    number, line = reading.line_count, line.rstrip(b"\r")
    if line.startswith(b"#") or not line.strip():
        return
    columns = line.split(b"\t")
    is_whole = len(columns) >= reading.layout.width and columns[-1] != b""
    if not is_whole or not reading.line(line, number, f"line {number}"):
        reading.stop("the file ends within this line", number)


def _by_index(index: VcfIndex, wanted: Wanted, samples: Sequence[str], name: str) -> VcfContent:
    """The same by the index. Raises OSError where it does not fit the file."""
    header, _ = read_header([index.header])
    reading = _begin(header, wanted, samples, name)
    for contig in index.contigs:
        spans = reading.watch.spans_of(contig.encode())
        reading.watch.note(contig.encode())
        if spans is None:
            continue
        near = merged(zip(spans.starts, spans.ends, strict=True), _NEAR)
        before = -1
        for start, end in zip(near.starts, near.ends, strict=True):
            for line in index.lines(contig, start, end):
                position = int(line.split(b"\t", 2)[1])
                # A line that reaches from one interval into the next was read with the first.
                if position > before:
                    reading.line(line, 0, f"{contig}:{position}")
            before = end
    return reading.content()
