"""Protein changes of coding changes, as far as rows that name both tell them with certainty.

A name on another transcript, or one that does not follow HGVS, falls out: the codon has to be the
residue and make the other by the genetic code, a change of the frame a frameshift, and as many
residues have to go or come as bases do. Where rows disagree on a coding name, it is left out.
"""

import itertools
import math
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from fhir_pgx.knowledge.imports.tumour.atoms import THREE, one_spelling
from fhir_pgx.knowledge.tumour.profile_text import PROTEIN

FIELDS = ("gene", "coding", "protein", "transcripts")
Row = Mapping[str, str]
_SUBSTITUTION = re.compile(r"c\.([0-9]+)([ACGT])>([ACGT])")
_INDEL = re.compile(r"c\.([0-9]+)(?:_([0-9]+))?(?:(del|dup)([ACGT]*)|(ins|delins)([ACGT]+))")
_PROTEIN = re.compile(r"p\.[A-Z][a-z]{2}([0-9]+)(?:_[A-Z][a-z]{2}([0-9]+))?(.*)")
# The standard genetic code, bases in the order T, C, A, G.
_RESIDUES = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
_CODE = {
    "".join(bases): THREE[letter]
    for bases, letter in zip(itertools.product("TCAG", repeat=3), _RESIDUES, strict=True)
}
_NO_COUNT = ("fs", "Ter")


def one_coding(text: str) -> str:
    """The coding name without the bases that go: `c.163_164delGA` → `c.163_164del`; empty for what
    is no HGVS name, or says other bases than its positions do."""
    text = re.sub(r"del[ACGT]+ins", "delins", "".join(text.split()))
    if _SUBSTITUTION.fullmatch(text):
        return text
    found = _INDEL.fullmatch(text)
    if found is None:
        return ""
    first, last, simple, bases, coming, _ = found.groups()
    span = int(last or first) - int(first) + 1
    if (simple and bases and len(bases) != span) or (coming == "ins" and (not last or span != 2)):
        return ""
    return text.removesuffix(bases) if simple else text


def _fits(coding: str, protein: str) -> bool:
    """True where the two names can be the same change."""
    change = _PROTEIN.fullmatch(protein)
    if change is None:
        return False
    residue, end, what = int(change[1]), int(change[2] or change[1]), change[3]
    if found := _SUBSTITUTION.fullmatch(coding):
        return math.ceil(int(found[1]) / 3) == residue and _makes(found, protein)
    found = _INDEL.fullmatch(coding)
    # HGVS shifts both names to the 3' end, each in its own alphabet: one residue apart is near.
    if found is None or abs(math.ceil(int(found[1]) / 3) - residue) > 1:
        return False
    bases = _bases_gained(found)
    if bases % 3:
        return what.endswith(_NO_COUNT)
    return what == "Ter" or bases // 3 == _residues_gained(residue, end, what)


def _makes(found: re.Match[str], protein: str) -> bool:
    """True where some codon of the first residue becomes one of the second by this base."""
    change = re.fullmatch(r"p\.([A-Z][a-z]{2})[0-9]+([A-Z][a-z]{2})", protein)
    if change is None:
        return False
    at = (int(found[1]) - 1) % 3
    return any(
        residue == change[1]
        and codon[at] == found[2]
        and _CODE[codon[:at] + found[3] + codon[at + 1 :]] == change[2]
        for codon, residue in _CODE.items()
    )


def _bases_gained(found: re.Match[str]) -> int:
    span = int(found[2] or found[1]) - int(found[1]) + 1
    if found[3]:
        return span if found[3] == "dup" else -span
    return len(found[6]) - (span if found[5] == "delins" else 0)


def _residues_gained(first: int, last: int, what: str) -> int | None:
    """How many residues more there are; None of a frameshift."""
    span = last - first + 1
    if what in ("del", "dup"):
        return span if what == "dup" else -span
    if found := re.fullmatch(r"(ins|delins)((?:[A-Z][a-z]{2})+)", what):
        return len(found[2]) // 3 - (span if found[1] == "delins" else 0)
    return 0 if re.fullmatch("[A-Z][a-z]{2}", what) else None


def _pairs(row: Row) -> Iterator[tuple[str, str, str]]:
    """(coding, protein, transcript) of a row that names one protein change of one gene."""
    proteins = [each for each in row["protein_hgvs"].split(";") if each]
    if len(proteins) != 1 or ";" in row["gene"]:
        return
    try:
        protein = one_spelling(proteins[0])
    except ValueError:
        return
    stated = re.findall(r"\((c\.[^)]*)\)", row["molecular_profile"])
    named = [each.partition(":") for each in row.get("cdna_hgvs", "").split(";") if ":" in each]
    for transcript, _, said in [*named, *(("", "", each) for each in stated)]:
        coding = one_coding(said)
        if coding and PROTEIN.fullmatch(protein) and _fits(coding, protein):
            yield coding, protein, transcript


def protein_rows(rows: Iterable[Row]) -> Iterator[dict[str, str]]:
    """Each coding name with its protein change, by gene."""
    found: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for row in rows:
        for coding, protein, transcript in _pairs(row):
            found[row["gene"], coding][protein].add(transcript)
    for (gene, coding), proteins in sorted(found.items()):
        if len(proteins) == 1:
            ((protein, transcripts),) = proteins.items()
            told = ";".join(sorted(filter(None, transcripts)))
            yield {"gene": gene, "coding": coding, "protein": protein, "transcripts": told}
