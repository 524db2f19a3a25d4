"""Data as they are handed in, before anything is read: over HTTP or from files."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol


class VcfIndex(Protocol):
    """The way straight to the lines of an interval: a tabix index beside a bgzip file."""

    @property
    def contigs(self) -> tuple[str, ...]:
        """The contigs that the file has, as it spells them, in its order."""

    @property
    def header(self) -> bytes:
        """The lines before the first record, each with its end."""

    def lines(self, contig: str, start: int, end: int) -> Iterator[bytes]:
        """The lines that touch a 0-based interval, without their ends.

        Raises OSError where file and index do not fit: then nothing of it counts.
        """

    def close(self) -> None:
        """Let go of the file."""


class VcfSource(Protocol):
    """A VCF that may be too large for memory: a file, standard input, or a body."""

    def chunks(self) -> Iterator[bytes]:
        """The uncompressed bytes in pieces of any size. Standard input gives them only once.

        Raises UnreadableText where the data break off or cannot be unpacked; the pieces before
        that hold.
        """

    def index(self) -> VcfIndex | None:
        """None where there is no index, or one that does not fit."""


@dataclass(frozen=True, slots=True)
class Document:
    """One file or body, uncompressed. `name` and `media_type` are as sent, or empty.

    Where there is a `source` the content is a VCF, read from there, and `data` is empty.
    """

    data: bytes
    name: str = ""
    media_type: str = ""
    source: VcfSource | None = None


@dataclass(frozen=True, slots=True)
class Calling:
    """How alleles are to be called from variants.

    `all_matches` keeps every diplotype the data allow, not the best alone. `missing_as_reference`
    reads a position that was not tested as the reference's, and every result says so.
    `cyp2d6_from_snvs` calls CYP2D6 without its structure. `sample` names one of a VCF's samples.
    """

    all_matches: bool = False
    missing_as_reference: bool = False
    cyp2d6_from_snvs: bool = False
    sample: str = ""


Format = Literal["json", "text", "fhir"]
Guide = Literal["stu3", "stu2"]  # the release of the Genomics Reporting guide


@dataclass(frozen=True, slots=True)
class Options:
    """The flags of `interpret` and `recommend` (CONTRACT, section 2).

    `drugs` are names or RxNorm codes; none stands for every drug that the findings concern.
    `outside_calls` are tables of calls made elsewhere. `format` is of the answer; not every
    question has an answer in every format. `guide` is the release that `fhir` is written by.
    """

    format: Format = "json"
    drugs: tuple[str, ...] = ()
    calling: Calling = Calling()
    outside_calls: tuple[Document, ...] = ()
    guide: Guide = "stu3"
