"""One spelling for insertions and duplications that make the same protein.

`EGFR p.Val769_Asp770insAlaSerVal`, `p.Met766_Ala767insAlaSerVal` and `p.Ala767_Val769dup` are one
change: HGVS shifts to the last possible place and calls a copy of what stands before it a
duplication. That takes the protein's sequence: known here where such changes decide on a drug.
"""

import re
from dataclasses import replace
from functools import lru_cache

from fhir_pgx.model.tumour import Atom, Profile, ProteinChange, TumourKnowledge
from fhir_pgx.normalize.protein import RESIDUES, parse_protein

# First residue and the stretch: EGFR and ERBB2 exon 20 (NP_005219.2, NP_004439.2), KIT exon 9
# (NP_000213.1), BRAF around V600 (NP_004324.2).
_STRETCHES = {
    "EGFR": (761, "DEAYVMASVDNPHVCRLLGICL"),
    "ERBB2": (770, "EAYVMAGVGSPYVSR"),
    "KIT": (501, "SAYFNFAFK"),
    "BRAF": (594, "DFGLATVKS"),
}
_LETTER = {name: letter for letter, name in RESIDUES.items()}
_THREE = re.compile(r"[A-Z][a-z]{2}")


def in_one_spelling(gene: str, change: ProteinChange) -> ProteinChange:
    """The change as HGVS has it; itself where it is no insertion or duplication of a stretch whose
    sequence is known, or does not agree with it."""
    if gene not in _STRETCHES or change.kind not in ("insertion", "duplication"):
        return change
    first, sequence = _STRETCHES[gene]
    come = _inserted(change, first, sequence)
    at = (change.start if change.kind == "insertion" else change.end) - first + 1
    if not come or not 0 < at < len(sequence) or not _agrees(change, first, sequence):
        return change
    while at < len(sequence) - 1 and sequence[at] == come[0]:
        come, at = come[1:] + come[0], at + 1
    made = parse_protein(_name(sequence, first, at, come))
    return made if made is not None else change


def _inserted(change: ProteinChange, first: int, sequence: str) -> str:
    """What is put in, one letter a residue; empty where it is not stated or not known."""
    if change.kind == "duplication":
        start, end = change.start - first, change.end - first + 1
        return sequence[start:end] if 0 <= start < end <= len(sequence) else ""
    return "".join(_LETTER.get(name, "") for name in _THREE.findall(change.alt))


def _agrees(change: ProteinChange, first: int, sequence: str) -> bool:
    """Whether the residues that the name states are those of the sequence."""
    pairs = ((change.start, change.first), (change.end, change.last))
    return all(
        not name or (0 <= place - first < len(sequence)
                     and sequence[place - first] == _LETTER.get(name))
        for place, name in pairs
    )  # fmt: skip


def _name(sequence: str, first: int, at: int, come: str) -> str:
    size = len(come)
    if size <= at and sequence[at - size : at] == come:
        low, high = at - size, at - 1
        if size == 1:
            return f"p.{sequence[low]}{first + low}dup"
        return f"p.{sequence[low]}{first + low}_{sequence[high]}{first + high}dup"
    return f"p.{sequence[at - 1]}{first + at - 1}_{sequence[at]}{first + at}ins{come}"


def rows_in_one_spelling(known: TumourKnowledge) -> TumourKnowledge:
    """The knowledge with the exact changes of its rows spelt as those of findings are."""
    rows = tuple(
        row if (found := _profile(row.profile)) is row.profile else replace(row, profile=found)
        for row in known.rows
    )
    statements = tuple(
        each if (found := _profile(each.profile)) is each.profile else replace(each, profile=found)
        for each in known.statements
    )
    return replace(known, rows=rows, statements=statements)


def _profile(profile: Profile) -> Profile:
    """The same object where nothing in it is spelt in another way."""
    of = tuple(_profile(each) for each in profile.of)
    atom = _atom(profile.atom) if profile.atom is not None else None
    is_same = atom is profile.atom and all(a is b for a, b in zip(of, profile.of, strict=True))
    return profile if is_same else replace(profile, of=of, atom=atom)


def _atom(atom: Atom) -> Atom:
    if atom.kind != "protein" or len(atom.genes) != 1:
        return atom
    gene = atom.genes[0]
    texts = tuple(dict.fromkeys(_text(gene, each) for each in atom.protein))
    return atom if texts == atom.protein else replace(atom, protein=texts)


@lru_cache(maxsize=4096)
def _text(gene: str, stated: str) -> str:
    change = parse_protein(stated)
    return in_one_spelling(gene, change).text if change is not None else stated
