"""The alignment of GRCh37 and GRCh38: our own table, or a chain file that the site names.

A chain file (UCSC's format, from Ensembl, UCSC or NCBI; gzip or plain, in either direction) is read
in place of the table. UCSC's own chain files are free for non-commercial use alone, so that none is
shipped. Source of the format: UCSC Genome Browser, Chain Format.
"""

import csv
import functools
import gzip
import hashlib
import io
import zlib
from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from fhir_pgx.errors import BrokenKnowledge, InvalidSetting
from fhir_pgx.model.alignment import Block

_TABLE = Path(__file__).with_name("lift_over.csv")
_SETTING = "chain_path"
_MEND = "name a chain file between GRCh37 and GRCh38, or leave it empty"
_HEADER = 12  # words after `chain`, the id among them, which some files leave out
Lengths = Mapping[tuple[str, str], int]  # (build, chromosome) -> bases


def read_alignment(chain_path: str, lengths: Lengths) -> tuple[Block, ...]:
    """The blocks of a chain file.

    `lengths` tells which way it leads. Raises InvalidSetting where the file cannot be read, is of
    other assemblies or breaks its format.
    """
    try:
        data = Path(chain_path).read_bytes()
        text = (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("ascii")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise _broken(f"it cannot be read ({type(error).__name__})") from None
    return read_chains(text, lengths)


@functools.cache
def load_alignment() -> tuple[Block, ...]:
    """Our own table. Raises BrokenKnowledge where it does not match its hash."""
    return read_table(_TABLE.read_bytes())


def read_table(data: bytes) -> tuple[Block, ...]:
    """The blocks of the table's text, whose first line ends with the SHA-256 of all that follows.

    Raises BrokenKnowledge.
    """
    first, _, rest = data.partition(b"\n")
    if first.split()[-1:] != [hashlib.sha256(rest).hexdigest().encode()]:
        raise BrokenKnowledge(
            f"{_TABLE.name} does not match its hash", mend="install the package anew"
        )
    rows = csv.reader(io.StringIO(rest.decode("ascii")))
    next(rows)
    return tuple(
        Block(chromosome, int(start37), int(start38), int(length), int(strand))
        for chromosome, start37, start38, length, strand in rows
    )


@dataclass(frozen=True, slots=True)
class _Header:
    """A chain's first line: its two sides, the first always forward."""

    score: int
    chromosomes: tuple[str, str]
    sizes: tuple[int, int]
    starts: tuple[int, int]
    strand: int
    line: int


def read_chains(text: str, lengths: Lengths) -> tuple[Block, ...]:
    """The blocks of a chain file, by chromosome and place on GRCh37.

    Chains of contigs that are no chromosome, and between two chromosomes, are left out; of blocks
    that overlap on either build the one of the higher score counts. Raises InvalidSetting.
    """
    builds = {
        (chromosome, size): build
        for (build, chromosome), size in lengths.items()
        if build != "both"
    }
    found: list[tuple[int, Block]] = []
    for header, sizes in _chains(text):
        one, two = header.chromosomes
        sides = tuple(
            builds.get((name, size), "")
            for name, size in zip(header.chromosomes, header.sizes, strict=True)
        )
        if one != two or set(sides) != {"GRCh37", "GRCh38"}:
            continue
        for block in _blocks(header, sizes, is_forward=sides[0] == "GRCh37"):
            found.append((header.score, block))
    if not found:
        raise _broken("it has no chain between a chromosome of GRCh37 and the same of GRCh38")
    return tuple(_unambiguous(found))


def _chains(text: str) -> Iterator[tuple[_Header, list[tuple[int, int, int]]]]:
    header: _Header | None = None
    rows: list[tuple[int, int, int]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if words[0] == "chain":
            if header is not None:
                yield header, rows
            header, rows = _header(words, number), []
            continue
        if header is None or len(words) not in (1, 3) or not all(word.isdigit() for word in words):
            raise _broken(f"line {number} is neither a chain's header nor a block of one")
        size, *gaps = (int(word) for word in words)
        rows.append((size, gaps[0] if gaps else 0, gaps[1] if gaps else 0))
    if header is not None:
        yield header, rows


def _header(words: list[str], number: int) -> _Header:
    try:
        score, one, size1, strand1, start1, _, two, size2, strand2, start2, _ = words[1:_HEADER]
        if strand1 != "+" or strand2 not in ("+", "-"):
            raise ValueError(strand1)
        return _Header(
            int(score),
            (_chromosome(one), _chromosome(two)),
            (int(size1), int(size2)),
            (int(start1), int(start2)),
            1 if strand2 == "+" else -1,
            number,
        )
    except ValueError:
        raise _broken(f"line {number} is no header of a chain") from None


def _chromosome(name: str) -> str:
    plain = name.removeprefix("chr")
    return "MT" if plain == "M" else plain


def _blocks(
    header: _Header, rows: Iterable[tuple[int, int, int]], *, is_forward: bool
) -> Iterator[Block]:
    one, two = header.starts
    for size, gap1, gap2 in rows:
        there = two if header.strand > 0 else header.sizes[1] - two - size
        if there < 0 or one + size > header.sizes[0] or there + size > header.sizes[1]:
            raise _broken(f"the chain of line {header.line} reaches past its chromosome")
        starts = (one, there) if is_forward else (there, one)
        if size:
            yield Block(header.chromosomes[0], *starts, size, header.strand)
        one, two = one + size + gap1, two + size + gap2


def _unambiguous(found: list[tuple[int, Block]]) -> list[Block]:
    taken: dict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    kept = []
    for _, block in sorted(found, key=lambda each: (-each[0], -each[1].length)):
        spans = [
            (taken[block.chromosome, build], (start, start + block.length))
            for build, start in ((37, block.start37), (38, block.start38))
        ]
        if any(_meets(others, span) for others, span in spans):
            continue
        for others, span in spans:
            insort(others, span)
        kept.append(block)
    return sorted(kept, key=lambda block: (block.chromosome, block.start37))


def _meets(taken: list[tuple[int, int]], asked: tuple[int, int]) -> bool:
    i = bisect_left(taken, asked)
    return (i < len(taken) and taken[i][0] < asked[1]) or (i > 0 and taken[i - 1][1] > asked[0])


def _broken(what: str) -> InvalidSetting:
    return InvalidSetting(f"the chain file of {_SETTING}: {what}", where=_SETTING, mend=_MEND)
