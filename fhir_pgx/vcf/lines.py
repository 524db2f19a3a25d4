"""From pieces of text to the few lines that may be wanted.

A block of lines is passed over whole where all of them begin with the same contig and the same
first digits of POS, and no wanted span lies there; else it is halved, down to a few lines. That
they all begin so is counted, not concluded from the order: an unsorted file is read right.
"""

import re
from collections.abc import Iterable, Iterator

from fhir_pgx.errors import UnreadableVcf
from fhir_pgx.vcf.spans import Spans, Watch

LONGEST_LINE = 1 << 27
_FEW = 1 << 10  # bytes: a shorter block is read line by line
_PEEK = 256  # bytes within which contig and POS are looked for
_POSITION = re.compile(rb"\n[^\t\n]*\t(\d{1,10})\t")
_END = re.compile(rb"END=(\d{1,10})")


def whole_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks of whole lines; only the last may lack the line's end.

    Raises UnreadableVcf for a line that is too long to be one.
    """
    begun: list[bytes] = []
    length = 0
    for chunk in chunks:
        cut = chunk.rfind(b"\n") + 1
        if cut:
            yield b"".join((*begun, chunk[:cut]))
            begun, length = [], 0
        begun.append(chunk[cut:])
        length += len(chunk) - cut
        if length > LONGEST_LINE:
            raise UnreadableVcf(f"a line is longer than {LONGEST_LINE} bytes")
    if length:
        yield b"".join(begun)


def lines_near(block: bytes, number: int, count: int, watch: Watch) -> Iterator[tuple[int, bytes]]:
    """The lines of a block that may touch a span, each with its number, without its end.

    `block` is `count` whole lines, `number` that of the first. Blank lines are left out.
    """
    if _is_elsewhere(block, count, watch):
        return
    cut = block.find(b"\n", len(block) // 2) + 1
    if len(block) <= _FEW or cut == len(block):
        for i, line in enumerate(block.split(b"\n"), number):
            if line and not line.isspace():
                yield i, line.removesuffix(b"\r")
        return
    first, second = block[:cut], block[cut:]
    before = first.count(b"\n")
    yield from lines_near(first, number, before, watch)
    yield from lines_near(second, number + before, count - before, watch)


def _is_elsewhere(block: bytes, count: int, watch: Watch) -> bool:
    """Whether no line of the block can touch a span."""
    first = block[:_PEEK].split(b"\t", 2)
    last_start = block.rfind(b"\n", 0, len(block) - 1) + 1
    last = block[last_start : last_start + _PEEK].split(b"\t", 2)
    if len(first) < 3 or len(last) < 3 or first[0] != last[0]:
        return False
    contig, digits = first[0], _shared(first[1], last[1])
    if contig.startswith(b"#") or not contig.isascii() or not contig.decode().isprintable():
        return False  # no contig: such a line is looked at
    beginning = b"\n" + contig + b"\t"
    spans = watch.spans_of(contig)
    if spans is not None:
        return _is_between(block, count, beginning, digits, spans)
    if not _all_begin(block, count, beginning):
        return False
    watch.note(contig)
    return True


def _shared(first: bytes, last: bytes) -> bytes:
    """The digits that both begin with."""
    length = 0
    for one, other in zip(first, last, strict=False):
        if one != other or one not in b"0123456789":
            break
        length += 1
    return first[:length]


def _is_between(block: bytes, count: int, beginning: bytes, digits: bytes, spans: Spans) -> bool:
    """Whether all lines begin with this contig, and lie between the spans."""
    if b"END=" in block:
        return _all_begin(block, count, beginning) and _blocks_are_between(block, count, spans)
    # No REF is longer than the text it stands in.
    if spans.may_overlap(digits, len(block)):
        return False
    return _all_begin(block, count, beginning + digits)


def _all_begin(block: bytes, count: int, beginning: bytes) -> bool:
    """Whether every line begins so; of the first it is known."""
    return block.count(beginning) + 1 == count


def _blocks_are_between(block: bytes, count: int, spans: Spans) -> bool:
    """The same where lines have an INFO/END, by every POS and END."""
    starts = [int(each) for each in _POSITION.findall(b"\n" + block)]
    if len(starts) != count:
        return False
    ends = [int(each) for each in _END.findall(block)]
    return not spans.overlap(min(starts) - 1, max((max(starts) + len(block), *ends)))
