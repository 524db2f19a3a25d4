"""What follows with certainty from the name of a change: terms of the Sequence Ontology.

A protein's name says what becomes of the protein; a coding name says where on the transcript the
change lies, and of an exonic deletion, insertion or both whether the reading frame shifts. Nothing
is looked up in a sequence, and no function is guessed: a name that leaves it open gives no term.
Sources: HGVS Nomenclature; Sequence Ontology, sequence_variant (SO:0001060) and below.
"""

import re
from dataclasses import dataclass

from fhir_pgx.model.tumour import ProteinChange, ProteinKind
from fhir_pgx.normalize.protein import STOP, parse_protein

_START_CODON = 3  # the last base of the first codon


@dataclass(frozen=True, slots=True)
class Consequence:
    """A term with its code, and the name that it follows from."""

    code: str
    term: str
    by: str


_STOP_GAINED = ("SO:0001587", "stop_gained")
_FRAMESHIFT = ("SO:0001589", "frameshift_variant")
_BY_PROTEIN: dict[ProteinKind, tuple[str, str]] = {
    "substitution": ("SO:0001583", "missense_variant"),
    "nonsense": _STOP_GAINED,
    "frameshift": _FRAMESHIFT,
    "deletion": ("SO:0001822", "inframe_deletion"),
    "insertion": ("SO:0001821", "inframe_insertion"),
    "duplication": ("SO:0001821", "inframe_insertion"),
    "delins": ("SO:0001818", "protein_altering_variant"),
    "start-loss": ("SO:0002012", "start_lost"),
    "synonymous": ("SO:0001819", "synonymous_variant"),
}
_STOP_LOST = ("SO:0001578", "stop_lost")
_DONOR = ("SO:0001575", "splice_donor_variant")
_ACCEPTOR = ("SO:0001574", "splice_acceptor_variant")
_INTRON = ("SO:0001627", "intron_variant")
_UTR_5, _UTR_3 = ("SO:0001623", "5_prime_UTR_variant"), ("SO:0001624", "3_prime_UTR_variant")
_NON_CODING = ("SO:0001619", "non_coding_transcript_variant")

_POSITION = r"(?P<{0}>[-*]?)(?P<{0}base>[1-9][0-9]{{0,6}})(?P<{0}offset>[+-][1-9][0-9]{{0,6}})?"
_NAME = re.compile(
    r"(?:^|.*:)(?P<kind>[cn])\.\(?"
    + _POSITION.format("a")
    + r"(?:_" + _POSITION.format("b") + r")?"
    r"(?P<change>(?P<delins>del[ACGTN]*ins(?P<come>[ACGT]+))|(?P<del>del)[ACGTN]*|(?P<dup>dup)[ACGTN]*"
    r"|ins(?P<new>[ACGT]+)|(?P<inv>inv)|(?P<sub>[ACGT]>[ACGT]))\)?$"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Place:
    """A position of a coding name: `-5`, `212+1`, `*37`. `part` is empty within the reading frame,
    `-` before it, `*` behind it; `offset` is bases into the intron, 0 within an exon."""

    part: str
    base: int
    offset: int


def consequences_named(protein: str, coding: str) -> tuple[Consequence, ...]:
    """Every term that the names make certain, each once: by the protein's name, then by the coding
    one. Empty texts stand for names that are not known."""
    change = parse_protein(protein) if protein else None
    found = [*_of_protein(change, protein), *_of_coding(coding, has_protein=change is not None)]
    return tuple({each.code: each for each in reversed(found)}.values())[::-1]


def _of_protein(change: ProteinChange | None, name: str) -> list[Consequence]:
    if change is None:
        return []
    if change.kind in ("delins", "insertion") and STOP in change.alt:
        return [Consequence(*_STOP_GAINED, name)]
    if change.kind == "extension":
        return [Consequence(*_STOP_LOST, name)] if change.first == STOP else []
    term = _BY_PROTEIN.get(change.kind)
    return [Consequence(*term, name)] if term is not None else []


def _of_coding(name: str, *, has_protein: bool) -> list[Consequence]:
    found = _NAME.match("".join(name.split()))
    if found is None:
        return []
    first = _place(found, "a")
    last = _place(found, "b") if found["bbase"] else first
    if found["kind"] == "n":
        return [Consequence(*_NON_CODING, name)]
    terms = [*_splice_sites(found, first, last), *_parts(first, last)]
    if not terms and not has_protein and _shifts_frame(found, first, last):
        terms = [_FRAMESHIFT]
    return [Consequence(*term, name) for term in terms]


def _place(found: re.Match[str], which: str) -> _Place:
    return _Place(found[which], int(found[f"{which}base"]), int(found[f"{which}offset"] or 0))


def _splice_sites(found: re.Match[str], first: _Place, last: _Place) -> list[tuple[str, str]]:
    """The two bases of an intron beside an exon, where a base of them is replaced or lost. A copy
    may leave the site as it was, and so may bases that come between; of these nothing is said."""
    if found["dup"] or found["new"]:
        return []
    terms = []
    if _touches(first, last, 1):
        terms.append(_DONOR)
    if _touches(first, last, -1):
        terms.append(_ACCEPTOR)
    return terms


def _touches(first: _Place, last: _Place, sign: int) -> bool:
    """Whether a change from `first` to `last` holds one of the two bases at the donor's (1) or the
    acceptor's (-1) side."""
    if any(0 < sign * each.offset <= 2 for each in (first, last)):
        return True
    inner, outer = (first, last) if sign > 0 else (last, first)
    return inner.offset == 0 and sign * outer.offset > 0


def _parts(first: _Place, last: _Place) -> list[tuple[str, str]]:
    """The part of the transcript that holds the whole change."""
    if first.offset and last.offset:
        same = (first.part, first.base) == (last.part, last.base) and (
            (first.offset > 0) == (last.offset > 0)
        )
        return [_INTRON] if same else []
    if first.offset or last.offset or first.part != last.part:
        return []
    return {"-": [_UTR_5], "*": [_UTR_3]}.get(first.part, [])


def _shifts_frame(found: re.Match[str], first: _Place, last: _Place) -> bool:
    """Whether a change within the exons of the reading frame adds or takes no whole codons."""
    if first.part or last.part or first.offset or last.offset or first.base <= _START_CODON:
        return False
    length = last.base - first.base + 1
    if found["new"]:
        change = len(found["new"])
    elif found["come"]:
        change = len(found["come"]) - length
    elif found["del"] or found["dup"]:
        change = length
    else:
        return False
    return change % 3 != 0
