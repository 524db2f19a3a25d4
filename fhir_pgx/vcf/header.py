"""The header of a VCF: its samples, and what it says of contigs and reference."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from fhir_pgx.errors import UnreadableVcf
from fhir_pgx.model.variant import VcfContig
from fhir_pgx.vcf.text import shown, text_of

_FIXED = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT")
_MEMBER = re.compile(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^",]*))')
_MOST_CONTIGS = 10_000
_LONGEST = 4000  # bytes of a header line that are looked at
_MOST_NAMED = 10
_NAMES = re.compile(rb"^#CHROM[\t ]+POS[\t ]", re.MULTILINE)
BCF = b"BCF\2"
BOM = b"\xef\xbb\xbf"
WIDE = (b"\xff\xfe#\0", b"\xfe\xff\0#")  # UTF-16, as some Windows tools write it


@dataclass(frozen=True, slots=True)
class Header:
    """What the header says. `samples` are all that the file has; `line` is that of `#CHROM`;
    `tumours` the samples that it names as a tumour's."""

    samples: tuple[str, ...]
    contigs: dict[str, VcfContig]
    reference: str
    line: int
    columns: bytes  # the `#CHROM` line
    tumours: tuple[str, ...] = ()


@dataclass(slots=True)
class _Noted:
    contigs: dict[str, VcfContig] = field(default_factory=dict)
    references: dict[str, None] = field(default_factory=dict)
    tumours: dict[str, None] = field(default_factory=dict)

    def note(self, line: bytes) -> None:
        key, _, value = text_of(line[2:_LONGEST]).partition("=")
        if key == "contig" and len(self.contigs) < _MOST_CONTIGS:
            self._contig(value)
        elif key in ("reference", "assembly") and value:
            self.references[value[:200]] = None
        elif key == "tumor_sample" and value:  # GATK Mutect2
            self.tumours[value.strip()] = None

    def _contig(self, value: str) -> None:
        members = {
            key: re.sub(r"\\(.)", r"\1", quoted) or plain
            for key, quoted, plain in _MEMBER.findall(value.removeprefix("<").removesuffix(">"))
        }
        if members.get("ID"):
            length = members.get("length", "")
            number = int(length) if length.isdecimal() and len(length) < 20 else None
            self.contigs[members["ID"]] = VcfContig(number, members.get("assembly", ""))


def is_vcf(head: bytes) -> bool:
    """Whether uncompressed data that begin so are a VCF, or a BCF (which is refused by name)."""
    head = head.removeprefix(BOM).lstrip()
    if head.startswith((b"##fileformat=VCF", BCF, *WIDE)):
        return True
    # Some programs leave the first line out.
    return head.startswith(b"#") and _NAMES.search(head) is not None


def read_header(blocks: Iterable[bytes]) -> tuple[Header, bytes]:
    """The header, and what lies behind it in its last block; only its own blocks are taken.

    Raises UnreadableVcf for what is no text or BCF, and where there is no `#CHROM` line, none with
    samples, or a sample twice.
    """
    noted = _Noted()
    number = 0
    for block in blocks:
        start = 0
        while start < len(block):
            end = block.find(b"\n", start)
            end = len(block) if end < 0 else end
            line = block[start:end].removesuffix(b"\r")
            start, number = end + 1, number + 1
            if number == 1:
                line = line.removeprefix(BOM)
            _check_text(line, number)
            if line.startswith(b"##"):
                noted.note(line)
            elif line.startswith(b"#"):
                return _header(noted, line, number), block[start:]
            elif line.strip():
                raise _without_columns(number)
    raise _without_columns(number)


def _without_columns(number: int) -> UnreadableVcf:
    return UnreadableVcf(
        "the header has no #CHROM line",
        where=f"line {number}" if number else "",
        mend="send a whole VCF, with the line that names its columns and samples",
    )


def _header(noted: _Noted, line: bytes, number: int) -> Header:
    names = [text_of(each) for each in line.rstrip(b"\t").split(b"\t")]
    where = f"line {number}"
    if tuple(names[:8]) != _FIXED[:8]:
        raise UnreadableVcf(
            f"the columns are not those of a VCF: {shown(line)}",
            where=where,
            mend="name the columns as VCF does, and separate them by tabs",
        )
    samples = tuple(names[9:])
    if not samples or names[8] != _FIXED[8]:
        raise UnreadableVcf(
            "this is a VCF of sites without genotypes: it has no FORMAT and sample columns",
            where=where,
            mend="send the VCF with the patient's genotypes",
        )
    twice = [name for name, times in Counter(samples).items() if times > 1]
    if twice:
        raise UnreadableVcf(
            f"two columns have the same sample name, {twice[0][:100]}",
            where=where,
            mend="give each sample a name of its own",
        )
    references = "; ".join(noted.references)
    return Header(samples, noted.contigs, references, number, line, tuple(noted.tumours))


def find_samples(header: Header, asked: Sequence[str]) -> tuple[int, ...]:
    """The places of the samples asked for, in the order asked; of all where none is.

    Raises UnreadableVcf for one that the file does not have.
    """
    places = {name: place for place, name in enumerate(header.samples)}
    for name in asked:
        if name not in places:
            there = ", ".join(each[:100] for each in header.samples[:_MOST_NAMED])
            more = len(header.samples) - _MOST_NAMED
            raise UnreadableVcf(
                f"the VCF has no sample {name[:100]}",
                where=f"line {header.line}",
                mend=f"its samples are: {there}" + (f" and {more} more" if more > 0 else ""),
            )
    return tuple(places[name] for name in dict.fromkeys(asked)) or tuple(places.values())


def _check_text(line: bytes, number: int) -> None:
    if number == 1 and line.startswith(BCF):
        raise UnreadableVcf(
            "this is a BCF, the binary form of VCF, which is not read here",
            mend="write it as VCF: bcftools view -Oz -o FILE.vcf.gz FILE.bcf",
        )
    if b"\0" in line:
        raise not_text(f"line {number}")


def not_text(where: str) -> UnreadableVcf:
    """The error for bytes that no text has."""
    return UnreadableVcf(
        "the data hold bytes that are not text", where=where, mend="send the VCF as UTF-8"
    )
