"""Stated positions to 0-based intervals; build, chromosome and accession; HGVS and SPDI texts.

Systems of the standard: 0-based interval (LA30100-4, MolecularSequence 0), 0-based character
(LA30101-2) and 1-based character (LA30102-0, MolecularSequence 1). What contradicts itself is read
by the declared system and the reference allele's length, and says so. Nothing is re-aligned.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from fhir_pgx.fhir.notes import LENGTH, NO_COORDINATE_SYSTEM, NOT_PLACED, PLACE_DISAGREES, note
from fhir_pgx.fhir.values import Concept
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.knowledge import Vocabulary

System = Literal["0-interval", "0-character", "1", ""]
MAX_POSITION = 4_000_000_000  # no human sequence is longer; more is not a position

SYSTEMS: Mapping[str, System] = {
    "LA30100-4": "0-interval", "LA30101-2": "0-character", "LA30102-0": "1",
    "0": "0-interval", "1": "1",
    "0-based interval counting": "0-interval", "0-based character counting": "0-character",
    "1-based character counting": "1",
}  # fmt: skip

_BASES = re.compile(r"[ACGTUNRYSWKMBDHVacgtunryswkmbdhv]*")
_COMPLEMENT = str.maketrans("ACGTUNRYSWKMBDHVacgtunryswkmbdhv", "TGCAANYRSWMKVHDBtgcaanyrswmkvhdb")
_BUILD = re.compile(r"(?i)(?:^|\b(?:grch|hg|b|build)[\s_-]{0,2})(37|38|19)\b|\bhs(37)")
_CHROMOSOME = re.compile(r"(?i)(?:chr(?:omosome)?)?[\s_-]*(\d{1,2}|x|y|mt?)$")
_BAND = re.compile(r"(?:chr)?(\d{1,2}|X|Y)[pq]\d")
_ACCESSION = re.compile(r"[A-Z]{2}_\d{4,12}(?:\.\d{1,2})?")
_SPDI = re.compile(r"([A-Z]{2}_\d{4,12}\.\d{1,2}):(\d{1,10}):([A-Z]*|\d{1,9}):([A-Z]*)")
# Ends that are known to lie in a range, and inversions: `g.(?_97400000)_(97460000_?)del`.
_STRUCTURAL = re.compile(
    r"(?:(?P<accession>[A-Z]{2}_\d{4,12}(?:\.\d{1,2})?)(?:\([^()\s]{1,20}\))?:)?g\."
    r"(?P<range>[\d_?()]{3,80})(?:del|dup|inv|ins|con)\S{0,100}"
)
STRUCTURAL = 50  # bases: a longer change is a structural variant
_GENOMIC = re.compile(
    r"(?:(?P<accession>[A-Z]{2}_\d{4,12}(?:\.\d{1,2})?)(?:\([^()\s]{1,20}\))?:)?[gm]\.\(?"
    r"(?P<start>\d{1,10})(?:_(?P<end>\d{1,10}))?"
    r"(?:(?P<ref>[ACGT]{1,50})?>(?P<alt>[ACGT]{1,50})|(?P<same>[ACGT]{0,50}=)"
    r"|del(?P<gone>[ACGT]*)ins(?P<put>[ACGT]+)|del(?P<deleted>[ACGT]*)"
    r"|ins(?P<inserted>[ACGT]+)|dup(?P<doubled>[ACGT]*)"
    r"|(?P<repeat>[ACGT]{1,50}\[\d{1,3}\]))\)?"
)


@dataclass(frozen=True, slots=True)
class Interval:
    """A 0-based interval, with what had to be said of it."""

    start: int
    end: int
    caveats: tuple[Caveat, ...] = ()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a variant lies: `accession` as stated or found, `build` and `chromosome` if known."""

    accession: str = ""
    build: str = ""
    chromosome: str = ""
    caveats: tuple[Caveat, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A variant written as one text: 0-based interval and alleles; None where not stated."""

    accession: str
    start: int
    end: int
    ref: str | None
    alt: str | None
    is_reference: bool = False  # `g.94781859=`: tested, and as in the reference


def position(value: Any) -> int | None:
    """A position however it was sent (`60601`, `60601.0`, `"60601"`); None for anything else."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        if isinstance(value, str):
            value = float(value) if len(value) <= 16 else None
        number = int(value)
        return number if number == value and abs(number) <= MAX_POSITION else None
    except (ValueError, TypeError, OverflowError, ArithmeticError):
        return None


def is_bases(allele: str | None) -> bool:
    return allele is not None and _BASES.fullmatch(allele) is not None


def allele_text(stated: str) -> str:
    """An allele as the model keeps it: `-` and `.` of an insertion or deletion are nothing."""
    return "" if stated in ("-", ".") else stated


def reverse_complement(allele: str | None) -> str | None:
    return allele if allele is None else allele.translate(_COMPLEMENT)[::-1]


def interval(low: int | None, high: int | None, system: System, ref: str | None) -> Interval | None:
    """The 0-based interval of a stated range; None where the range cannot be one.

    Where no system is stated the length of `ref` decides (B3): `high - low` equal to it means
    0-based, one less or no `high` means 1-based. `ref` empty is an insertion: 0-based ends
    are equal, 1-based ends are the neighbours.
    """
    if low is None or low < 0 or (high is not None and low > high):
        return None
    length = len(ref) if ref is not None and is_bases(ref) else None
    caveats: tuple[Caveat, ...] = ()
    if not system:
        system, caveats = _guess(low, high, length)
    start, end = _ends(low, high, system, length)
    if start < 0:
        return None
    if length is not None and end - start != length:
        caveats = (*caveats, note(LENGTH))
        end = start + length
    return Interval(start, end, caveats)


def _guess(low: int, high: int | None, length: int | None) -> tuple[System, tuple[Caveat, ...]]:
    if high is not None and length is not None and high - low == length:
        why = "the reference allele's length"
        return "0-interval", (note(NO_COORDINATE_SYSTEM, base=0, why=why),)
    fits = high is None or (length is not None and high - low == length - 1)
    why = "the reference allele's length" if fits and high is not None else "convention"
    return "1", (note(NO_COORDINATE_SYSTEM, base=1, why=why),)


def _ends(low: int, high: int | None, system: System, length: int | None) -> tuple[int, int]:
    span = 1 if length is None else length
    if system == "0-interval":
        return low, low + span if high is None else high
    if system == "0-character":
        return low, low + span if high is None else high + 1
    if length == 0:
        # An insertion between two 1-based neighbours: after `low`.
        return low, low if high is None or high - low <= 1 else high
    return low - 1, low - 1 + span if high is None else high


def build_of(concept: Concept) -> str:
    """`GRCh37` or `GRCh38` of an assembly concept; empty for any other."""
    for words, code in concept.stated:
        if code == "LA14029-5":
            return "GRCh37"
        if code == "LA26806-2":
            return "GRCh38"
        found = _BUILD.search(words) if len(words) < 40 else None
        if found:
            return "GRCh38" if found[1] == "38" else "GRCh37"
    return ""


def chromosome_of(concept: Concept, vocabulary: Vocabulary) -> str:
    """`1` … `22`, `X`, `Y`, `MT` of a chromosome (or band) concept; empty for anything else."""
    for words, code in concept.stated:
        found = _CHROMOSOME.match(words) or _BAND.match(words) if len(words) < 40 else None
        if found:
            return _chromosome_name(found[1])
        if code.startswith("LA") and code in vocabulary.answers:
            return vocabulary.answers[code]
    return ""


def _chromosome_name(stated: str) -> str:
    return "MT" if stated.upper() == "M" else stated.upper()


def accession_of(concept: Concept) -> str:
    """The sequence accession a concept names, as stated; empty where there is none."""
    for words, _ in concept.stated:
        found = _ACCESSION.match(words)
        if found:
            return found[0]
    return concept.codings[0].code if concept.codings else concept.text


def place(accession: str, build: str, chromosome: str, vocabulary: Vocabulary) -> Place:
    """Where accession, build and chromosome together point; the accession wins over the others.

    An NC_ accession is looked up with its version, since no rule ties a version to a build. Where
    the accession is no chromosome of GRCh37 or GRCh38 the place is kept, with a caveat.
    """
    named = _CHROMOSOME.match(accession)
    if named and accession not in vocabulary.accessions:  # `chr10` where an accession belongs
        accession, chromosome = "", _chromosome_name(named[1])
    if not accession:
        found = accession_at(build, chromosome, vocabulary)
        return Place(found, build if found else "", chromosome if found else "")
    known = vocabulary.accessions.get(accession)
    if known is None:
        return Place(accession, caveats=(note(NOT_PLACED, why=_why_not(accession)),))
    caveats = []
    if build and known[0] not in (build, "both"):
        caveats.append(note(PLACE_DISAGREES, kept=accession, other=build))
    if chromosome and known[1] != chromosome:
        other = f"chromosome {chromosome}"
        caveats.append(note(PLACE_DISAGREES, kept=accession, other=other))
    return Place(accession, known[0], known[1], tuple(caveats))


def accession_at(build: str, chromosome: str, vocabulary: Vocabulary) -> str:
    if not build or not chromosome:
        return ""
    for accession, (of_build, of_chromosome) in vocabulary.accessions.items():
        if of_chromosome == chromosome and of_build in (build, "both"):
            return accession
    return ""


def _why_not(accession: str) -> str:
    if not accession.startswith("NC_"):
        return "the reference is not a chromosome"
    if "." not in accession:
        return "the accession has no version, so its build is unknown"
    return "the accession is of neither GRCh37 nor GRCh38"


def parse_spdi(text: str) -> Change | None:
    """An SPDI text, 0-based by definition; None if it is none. The deleted part may be a length."""
    found = _SPDI.fullmatch(text) if len(text) < 5000 else None
    if found is None:
        return None
    start, deleted = int(found[2]), found[3]
    if deleted.isdigit():
        return Change(found[1], start, start + int(deleted), None, found[4])
    return Change(found[1], start, start + len(deleted), deleted, found[4])


def parse_genomic_hgvs(text: str) -> Change | None:
    """A `g.` or `m.` HGVS text (1-based there, 0-based here); None for what it is not.

    A duplication without its bases (`g.5_6dup`) and a repeat (`g.5TA[8]`) are placed, and their
    alleles left to the text itself; so are ranges of uncertainty and inversions altogether.
    """
    found = _GENOMIC.fullmatch(text) if len(text) < 5000 else None
    if found is None:
        return None
    start = int(found["start"]) - 1
    end = int(found["end"]) if found["end"] else start + 1
    accession = found["accession"] or ""
    if start < 0 or end <= start:
        return None
    if found["same"] is not None:
        base = found["same"][:-1] or None
        return Change(accession, start, end, base, base, is_reference=True)
    if found["alt"]:
        return Change(accession, start, end, found["ref"], found["alt"])
    if found["put"]:
        return Change(accession, start, end, found["gone"] or None, found["put"])
    if found["repeat"] or found["doubled"] == "":
        return Change(accession, start, end, None, None)
    if found["deleted"] is not None:
        return Change(accession, start, end, found["deleted"] or None, "")
    # Doubled bases are put in before themselves, as SPDI (`5:A:AA`) and a VCF have it once trimmed.
    at = start + 1 if found["inserted"] else start
    return Change(accession, at, at, "", found["inserted"] or found["doubled"])


def parse_structural_hgvs(text: str) -> tuple[str, tuple[int, int]] | None:
    """Accession (or empty) and the widest 0-based interval of a structural variant's name.

    For names that `parse_genomic_hgvs` does not place; None for what is none, or is short.
    """
    found = _STRUCTURAL.fullmatch(text) if len(text) < 5000 else None
    if found is None:
        return None
    ends = [int(each) for each in re.findall(r"\d{1,10}", found["range"])]
    if not ends or min(ends) < 1 or (max(ends) - min(ends) < STRUCTURAL and "?" not in text):
        return None
    return found["accession"] or "", (min(ends) - 1, max(ends))
