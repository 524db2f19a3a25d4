"""One spelling for each change of a protein: HGVS, legacy and everyday ways of writing it.

`NP_005219.2:p.(Leu858Arg)`, `p.L858R` and `L858R` are one change. Positions are the writer's own:
legacy numbering (`H3 K27M`) is turned into HGVS by knowledge, not here.
Source: HGVS Nomenclature, protein level.
"""

import re
from typing import NamedTuple

from fhir_pgx.model.tumour import ProteinChange, ProteinKind

RESIDUES = {
    "A": "Ala", "R": "Arg", "N": "Asn", "D": "Asp", "C": "Cys", "Q": "Gln", "E": "Glu",
    "G": "Gly", "H": "His", "I": "Ile", "L": "Leu", "K": "Lys", "M": "Met", "F": "Phe",
    "P": "Pro", "S": "Ser", "T": "Thr", "W": "Trp", "Y": "Tyr", "V": "Val", "U": "Sec",
    "*": "Ter",
}  # fmt: skip
STOP = "Ter"
_NAMES = {name.upper(): name for name in RESIDUES.values()} | {"STOP": STOP, "STP": STOP}
# Residues with a codon one base away from a stop. `V600X` can be no stop: it is "any of V600".
_NEAR_STOP = frozenset(
    ("Arg", "Gln", "Glu", "Gly", "Lys", "Leu", "Ser", "Trp", "Tyr", "Cys", "Sec")
)
_ANY = frozenset(("X", "XAA"))

_THREE = "|".join((*(name for name in RESIDUES.values()), "Xaa", "Stop", "Stp"))
_ONE = "ACDEFGHIKLMNPQRSTVWYUX*"
_RESIDUE = rf"(?:{_THREE}|[{_ONE}])"
_PLACE = (
    rf"(?P<first>{_RESIDUE})?(?P<start>[0-9]{{1,5}})"
    rf"(?:_(?P<last>{_RESIDUE})?(?P<end>[0-9]{{1,5}}))?"
)
_GRAMMAR = re.compile(
    rf"{_PLACE}(?:"
    r"(?P<del>del)(?P<gone>[A-Za-z]*?|[0-9]{1,3}(?:aa)?)(?:(?P<delins>ins)(?P<new>.+))?"
    r"|(?P<dup>dup)(?P<again>[A-Za-z]*|[0-9]{1,3}(?:aa)?)"
    r"|(?P<ins>ins)(?P<come>.*)"
    r"|>(?P<swap>[A-Za-z*]+)"
    rf"|(?P<fsnew>{_RESIDUE})?(?P<fs>fs)(?:[X*]|Ter|Stop)?(?:[0-9]{{1,5}}|\?)?"
    rf"|(?P<extnew>{_RESIDUE})?(?P<ext>ext)(?:-[0-9?]+|(?:[X*]|Ter)?(?:[0-9]{{1,5}}|\?)?)"
    r"|(?P<same>=)"
    rf"|(?P<alt>{_RESIDUE})"
    r"|(?P<unknown>\?)"
    r")?",
    re.IGNORECASE | re.ASCII,
)
_COUNT = re.compile(r"(?:[0-9]{1,3}(?:aa)?|(?:X|Xaa)?\[[0-9]{1,3}\]|X+|\?)?", re.IGNORECASE)
_LEAD = re.compile(r"(?:p\.)+", re.IGNORECASE)
_NOT_PROTEIN = re.compile(r"[cgnmor]\.", re.IGNORECASE)
_NOTHING_MADE = frozenset(("0", "0?"))
_MAX_TEXT = 200
_MAX_RESIDUE = 40_000  # titin, the longest, has 35,991


def parse_protein(text: str) -> ProteinChange | None:
    """The change that a name spells, in one spelling; None where it spells no single one.

    The accession before `:`, `p.`, spaces and parentheses are passed over; residues have one or
    three letters; `*`, `X`, `Ter` and `stop` are a stop. `p.0` is a start loss at residue 1, and
    `p.=` or `p.?`, which name no residue, are None.
    """
    said = _bare(text)
    if said in _NOTHING_MADE:
        return ProteinChange("start-loss", 1, 1, "Met", "Met", "", "p.0")
    found = _GRAMMAR.fullmatch(said) if said else None
    if found is None:
        return None
    place = _place(found)
    return _change(found, place) if place is not None else None


def _bare(text: str) -> str:
    """The name without accession, `p.`, spaces and parentheses; empty where it is no protein's."""
    if len(text) > _MAX_TEXT:
        return ""
    said = re.sub(r"[\s()]+", "", text.rpartition(":")[2])
    if _NOT_PROTEIN.match(said):
        return ""
    said = _LEAD.sub("", said, count=1) if _LEAD.match(said) else said
    if said.startswith("[") and said.endswith("]"):
        said = said[1:-1]
    return said


class _Place(NamedTuple):
    """Residues, 1-based, both included; names of three letters, empty where not stated."""

    start: int
    end: int
    first: str
    last: str

    @property
    def is_one(self) -> bool:
        return self.start == self.end

    @property
    def text(self) -> str:
        if self.is_one:
            return f"{self.first}{self.start}"
        return f"{self.first}{self.start}_{self.last}{self.end}"


def _place(found: re.Match[str]) -> _Place | None:
    start = int(found["start"])
    end = int(found["end"]) if found["end"] else start
    first = _residue(found["first"] or "")
    last = _residue(found["last"] or "") if found["end"] else first
    if not 0 < start <= end <= _MAX_RESIDUE or (found["end"] and start == end):
        return None
    if not found["first"] and not found["end"]:
        return None  # a number without a residue is anything
    return _Place(start, end, first, last)


def _residue(stated: str) -> str:
    """The three-letter name; `X` before a position is the stop of old names."""
    if stated.upper() in _ANY:
        return STOP if len(stated) == 1 else ""
    return _NAMES.get(stated.upper()) or RESIDUES.get(stated.upper(), "")


def _change(found: re.Match[str], place: _Place) -> ProteinChange | None:
    if found["fs"]:
        return _frameshift(place)
    if found["ext"]:
        return _extension(place, _residue(found["extnew"] or ""))
    if found["ins"]:
        return _insertion(found, place)
    if found["dup"]:
        return _ranged("duplication", place, "dup")
    if found["del"] or found["swap"]:
        return _deletion(found, place)
    if not place.is_one or not place.first:
        return None
    if found["same"]:
        return _one("synonymous", place, "", "=")
    if found["alt"]:
        return _substitution(place, found["alt"])
    if found["unknown"]:
        is_start = (place.first, place.start) == ("Met", 1)
        return _one("start-loss", place, "", "?") if is_start else None
    return _one("codon", place, "", "") if place.first != STOP else None


def _one(kind: ProteinKind, place: _Place, alt: str, ending: str) -> ProteinChange:
    name = f"p.{place.first}{place.start}{ending}"
    return ProteinChange(kind, place.start, place.start, place.first, place.first, alt, name)


def _ranged(kind: ProteinKind, place: _Place, ending: str, alt: str = "") -> ProteinChange:
    name = f"p.{place.text}{ending}"
    return ProteinChange(kind, place.start, place.end, place.first, place.last, alt, name)


def _substitution(place: _Place, stated: str) -> ProteinChange | None:
    upper = stated.upper()
    if upper in _ANY:
        if upper == "XAA" or place.first not in _NEAR_STOP:
            return _one("codon", place, "", "")
        return _one("nonsense", place, STOP, STOP)
    alt = _residue(stated)
    if alt == place.first:
        return _one("synonymous", place, "", "=")
    if place.first == STOP:
        return _one("extension", place, alt, f"{alt}ext")
    if alt == STOP:
        return _one("nonsense", place, STOP, STOP)
    if (place.first, place.start) == ("Met", 1):
        return _one("start-loss", place, alt, alt)
    return _one("substitution", place, alt, alt)


def _frameshift(place: _Place) -> ProteinChange | None:
    """What follows is left out: laboratories count the new stop in two ways."""
    if not place.first or place.first == STOP:
        return None
    return _one("frameshift", place, "", "fs")


def _extension(place: _Place, alt: str) -> ProteinChange | None:
    """Of a lost stop (`p.Ter110Glnext`) or before the start (`p.Met1ext`)."""
    if not place.is_one or (place.first != STOP and (place.first, place.start) != ("Met", 1)):
        return None
    return _one("extension", place, alt, f"{alt}ext")


def _insertion(found: re.Match[str], place: _Place) -> ProteinChange | None:
    """Between two neighbours; of the old `M774insAYVM` the residue before it."""
    come = _sequence(found["come"], found)
    if come is None or STOP in (place.first, place.last):
        return None
    if place.end > place.start + 1:
        # `P772_V774insPHV`, as papers write a copy of the range itself: no other one is told.
        size = 3 * (place.end - place.start + 1)
        is_copy = len(come) == size and (come[:3], come[-3:]) == (place.first, place.last)
        return _ranged("duplication", place, "dup") if is_copy else None
    if place.is_one:
        name = f"p.{place.first}{place.start}ins{come}"
        return ProteinChange("insertion", place.start, place.start + 1, place.first, "", come, name)
    return _ranged("insertion", place, f"ins{come}", come)


def _deletion(found: re.Match[str], place: _Place) -> ProteinChange | None:
    """A deletion, or a deletion with an insertion (`delins`, `delEinsV`, `>`)."""
    stated = found["new"] if found["delins"] else found["swap"]
    if stated is None:
        gone = found["gone"] or ""
        if gone and not gone[0].isdigit() and _letters(gone, found) is None:
            return None
        return _ranged("deletion", place, "del")
    come = _sequence(stated, found)
    if come is None:
        return None
    if place.is_one and come in _NAMES.values() and place.first:
        return _substitution(place, come)  # HGVS: one residue for one is a substitution
    return _ranged("delins", place, f"delins{come}", come)


def _sequence(stated: str, found: re.Match[str]) -> str | None:
    """Three-letter residues; empty for a mere number of them; None where it is no sequence."""
    if _COUNT.fullmatch(stated):
        return ""
    return _letters(stated, found)


def _letters(stated: str, found: re.Match[str]) -> str | None:
    """`ALA` after `E746` is three residues, after `Glu746` one: the writer keeps to one style."""
    is_long = any(len(found[name] or "") == 3 for name in ("first", "last"))
    readings = (_long(stated), _short(stated))
    if is_long or (stated[:1].isupper() and stated[1:3].islower()):
        return readings[0] if readings[0] is not None else readings[1]
    return readings[1] if readings[1] is not None else readings[0]


def _long(stated: str) -> str | None:
    stated = stated.replace("*", STOP)
    names = [_NAMES.get(stated[i : i + 3].upper()) for i in range(0, len(stated), 3)]
    return None if None in names else "".join(name for name in names if name)


def _short(stated: str) -> str | None:
    names = [STOP if letter == "X" else RESIDUES.get(letter) for letter in stated.upper()]
    return None if None in names else "".join(name for name in names if name)


def short_protein(change: ProteinChange) -> str:
    """As people cite it, with one letter a residue: `L858R`, `E746_A750del`, `R97fs`, `Q61*`."""
    name = change.text.removeprefix("p.")
    return _THREE_LETTERS.sub(lambda found: _LETTER_OF[found[0]], name)


_LETTER_OF = {name: letter for letter, name in RESIDUES.items()}
_THREE_LETTERS = re.compile("|".join(_LETTER_OF))
