"""A variant's name as a text → what it says, nothing looked up.

SPDI (0-based; the deleted part may be a count), HGVS on a genomic or a coding reference (1-based
there, 0-based here), rs numbers. Spaces, small letters and brackets around the change are no fault.
Source: SPDI (Holmes 2020, PMID 31738401); HGVS Nomenclature, version 21.
"""

import re
from dataclasses import dataclass
from typing import Literal, NoReturn

from fhir_pgx.errors import UnplacedVariant, UnreadableVariant

Kind = Literal["change", "duplication", "inversion", "repeat"]
LONGEST = 10_000  # signs of a name
_MEND = "send SPDI (NC_000010.11:94781858:G:A), HGVS (NC_000010.11:g.94781859G>A) or an rs number"
_WHOLE = "send the genomic name on an NC_ accession with its version, with its bases"

_RS = re.compile(r"(?:DBSNP:)?(RS\d{1,12})", re.IGNORECASE)
_ACCESSION = re.compile(r"([A-Z]{2}_\d{4,12}|LRG_\d{1,6}(?:T\d{1,3})?)(\.\d{1,3})?", re.IGNORECASE)
_REFERENCE = re.compile(r"([^()]+)(?:\(([^()]{1,40})\))?")
_SPDI_REST = re.compile(r"(\d{1,10}):([A-Z]*|\d{1,9}):([A-Z]*)", re.IGNORECASE)
_PLACE = re.compile(r"(\d{1,10})(?:_(\d{1,10}))?", re.IGNORECASE)
_EDIT = re.compile(
    r"(?:(?P<ref>[A-Z]+)>(?P<alt>[A-Z]+)|(?P<same>[A-Z]*)="
    r"|del(?P<gone>[A-Z]*|\d{1,9})ins(?P<put>[A-Z]+)|del(?P<deleted>[A-Z]*|\d{1,9})"
    r"|ins(?P<inserted>[A-Z]+)|dup(?P<doubled>[A-Z]*|\d{1,9})|(?P<turned>inv)(?:[A-Z]*|\d{1,9})"
    r"|(?P<unit>[A-Z]*)\[(?P<count>\d{1,4})\])",
    re.IGNORECASE,
)
_BASES = re.compile(r"[ACGT]*")
_CODING = re.compile(r"[CN]\.[\dACGTDELINSUPV_*+>\-=()\[\]]+", re.IGNORECASE)
_WORDS = re.compile(r"(delins|del|dup|ins|inv)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class GenomicText:
    """A change on a genomic sequence: `ref` None where its bases are not stated. Of a duplication
    the interval is what is doubled, of a repeat the stretch (or its first unit) with the `unit`
    and the `count` it has."""

    accession: str
    start: int
    end: int
    ref: str | None
    alt: str
    kind: Kind = "change"
    unit: str = ""
    count: int = 0


@dataclass(frozen=True, slots=True)
class CodingText:
    """A name on a transcript (`c.681G>A`), with the gene where it stands in brackets."""

    accession: str
    gene: str
    name: str


@dataclass(frozen=True, slots=True)
class RsText:
    number: str  # `rs4244285`


VariantText = GenomicText | CodingText | RsText


def read_variant_text(text: str) -> VariantText:
    """What a name says.

    Raises UnreadableVariant where it is none, UnplacedVariant where it is one that says no place:
    a protein's, one without a version, one with ends that are not known.
    """
    plain = "".join(text.split())
    if not plain or len(plain) > LONGEST:
        _unreadable(plain, "it is empty" if not plain else "it is too long")
    number = _RS.fullmatch(plain)
    if number:
        return RsText(number[1].lower())
    reference, colon, rest = plain.partition(":")
    if not colon:
        return _without_reference(plain)
    found = _REFERENCE.fullmatch(reference)
    if found is None:
        _unreadable(plain, f"{reference[:40]} is no reference sequence")
    accession = _spelled(found[1])
    within = _spelled(found[2]) if found[2] else ""
    if rest[:2].lower() == "p.":
        _unplaced(plain, "a protein name is not a position")
    if _ACCESSION.fullmatch(accession) is None:
        return _of_other_reference(plain, accession, rest)
    if "." not in accession and not accession.upper().startswith("LRG_"):
        _unplaced(plain, f"{accession} has no version, so its build is not known")
    if rest[:1].isdigit():
        return _spdi(plain, accession, rest)
    if rest[:2].lower() in ("g.", "m."):
        return _genomic(plain, accession, rest[2:])
    if rest[:2].lower() not in ("c.", "n."):
        _unreadable(plain, "it is neither SPDI nor HGVS")
    inner = within if _ACCESSION.fullmatch(within) else ""
    return CodingText(inner or accession, "" if inner else within, _coding(plain, rest))


def _without_reference(plain: str) -> VariantText:
    start = plain[:2].lower()
    if start == "p.":
        _unplaced(plain, "a protein name is not a position")
    if start in ("g.", "m.", "c.", "n."):
        _unplaced(plain, "it names no reference sequence")
    _unreadable(plain, "it is neither SPDI, nor HGVS, nor an rs number")


def _of_other_reference(plain: str, reference: str, rest: str) -> VariantText:
    """`CYP2C19:c.681G>A` is the gene's own name; a chromosome's name says no build."""
    if rest[:2].lower() in ("g.", "m.") or _SPDI_REST.fullmatch(rest):
        _unplaced(plain, f"{reference[:40]} is no sequence with a version: its build is not known")
    is_coding = rest[:2].lower() in ("c.", "n.")
    if not is_coding or not re.fullmatch(r"[A-Za-z][\w-]{0,20}", reference):
        _unreadable(plain, f"{reference[:40]} is no reference sequence")
    return CodingText("", reference, _coding(plain, rest))


def _spelled(name: str) -> str:
    """An accession in capitals; a gene as it stands."""
    if _ACCESSION.fullmatch(name) is None:
        return name
    return re.sub(r"T(\d+)$", r"t\1", name.upper()) if name[:3].upper() == "LRG" else name.upper()


def _spdi(plain: str, accession: str, rest: str) -> GenomicText:
    found = _SPDI_REST.fullmatch(rest)
    if found is None:
        _unreadable(plain, "SPDI has four parts: sequence, position, deleted, inserted")
    start, deleted = int(found[1]), found[2]
    alt = _bases(plain, found[3])
    if deleted.isdigit():
        return GenomicText(
            accession, start, start + int(deleted), None if int(deleted) else "", alt
        )
    ref = _bases(plain, deleted)
    return _changed(plain, GenomicText(accession, start, start + len(ref), ref, alt))


def _genomic(plain: str, accession: str, change: str) -> GenomicText:
    bare = _without_brackets(change)
    if ";" in bare:
        _unreadable(plain, "it names several variants; send one at a time")
    if "?" in bare or bare.startswith("("):
        _unplaced(plain, "its ends are not known")
    place = _PLACE.match(bare)
    edit = _EDIT.fullmatch(bare[place.end() :]) if place else None
    if place is None or edit is None:
        _unreadable(plain, "its change is none of HGVS: a substitution, del, dup, ins, inv, [n]")
    start = int(place[1]) - 1
    end = int(place[2]) if place[2] else start + 1
    if start < 0 or end <= start:
        _unreadable(plain, "HGVS counts from 1, the first base before the last")
    return _edited(plain, accession, start, end, edit)


def _edited(plain: str, accession: str, start: int, end: int, edit: "re.Match[str]") -> GenomicText:
    if edit["same"] is not None:
        _unreadable(plain, "it names the reference, not a variant")
    if edit["inserted"] is not None:
        if end - start != 2:
            _unreadable(plain, "an insertion stands between two bases: g.5_6insT")
        return GenomicText(accession, start + 1, start + 1, "", _bases(plain, edit["inserted"]))
    if edit["count"] is not None:
        unit = _bases(plain, edit["unit"])
        count = int(edit["count"])
        return GenomicText(accession, start, end, None, "", "repeat", unit, count)
    if edit["doubled"] is not None:
        ref = _stated(plain, edit["doubled"], end - start)
        return GenomicText(accession, start, end, ref, "", "duplication")
    if edit["turned"] is not None:
        return GenomicText(accession, start, end, None, "", "inversion")
    if edit["alt"] is not None:
        ref, alt = _bases(plain, edit["ref"]), _bases(plain, edit["alt"])
        if len(ref) != end - start and end - start == 1:
            end = start + len(ref)
        return _changed(
            plain, GenomicText(accession, start, end, _fits(plain, ref, end - start), alt)
        )
    gone = edit["gone"] if edit["put"] is not None else edit["deleted"]
    alt = _bases(plain, edit["put"] or "")
    ref_or_none = _stated(plain, gone, end - start)
    return _changed(plain, GenomicText(accession, start, end, ref_or_none, alt))


def _stated(plain: str, written: str, length: int) -> str | None:
    """The bases of an interval where they are written out; a number must be its length."""
    if written.isdigit():
        if int(written) != length:
            _unreadable(plain, f"{written} is not the length of its interval")
        return None
    return _fits(plain, _bases(plain, written), length) if written else None


def _fits(plain: str, ref: str, length: int) -> str:
    if len(ref) != length:
        _unreadable(plain, f"its interval has {length} bases, {ref[:40]} has {len(ref)}")
    return ref


def _changed(plain: str, found: GenomicText) -> GenomicText:
    if found.ref == found.alt:
        _unreadable(plain, "it names the reference, not a variant")
    return found


def _coding(plain: str, rest: str) -> str:
    """A coding name in its usual letters: `c.681G>A`, `c.1905+1G>A`, `c.3067_3070delinsTT`."""
    body = rest[:2].lower() + _without_brackets(rest[2:].partition("(p.")[0])
    if not _CODING.fullmatch(body):
        _unreadable(plain, "its change is none of HGVS")
    head, changed = body[:2], body[2:].upper()
    return head + _WORDS.sub(lambda word: word[0].lower(), changed)


def _without_brackets(change: str) -> str:
    """`(94781859G>A)` and `94781859(G>A)`, as predicted changes are written."""
    whole = re.fullmatch(r"\(([^()]+)\)", change)
    if whole and not re.fullmatch(r"[\d_?]+", whole[1]):
        return whole[1]
    inner = re.fullmatch(r"([\d_]+)\(([^()\d]+)\)", change)
    return f"{inner[1]}{inner[2]}" if inner else change


def _bases(plain: str, written: str) -> str:
    bases = written.upper()
    if not _BASES.fullmatch(bases):
        _unreadable(plain, f"{written[:40]} holds a sign that is no base: A, C, G, T")
    return bases


def _unreadable(plain: str, why: str) -> NoReturn:
    raise UnreadableVariant(f"{plain[:80]!r} is no name of a variant: {why}", mend=_MEND)


def _unplaced(plain: str, why: str) -> NoReturn:
    raise UnplacedVariant(f"{plain[:80]} cannot be placed: {why}", mend=_WHOLE)
