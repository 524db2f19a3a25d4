"""Changes of other organisms to keys without the reference residue: `460V`, `28fs`, `595_603del`.

`M460V`, `p.(Met460Val)`, `M460M/V`, `L595del`, `del595-603`, `V307frameshift`, `2143A>G`.
"""

import re
from collections.abc import Mapping

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.pathogen import Change
from fhir_pgx.normalize.pathogen.notes import OLD_NUMBERING, WILD_TYPE, note
from fhir_pgx.normalize.pathogen.protein import bare, one_letter

_CHANGE = re.compile(r"(?P<wild>[A-Z])?(?P<position>\d+)(?P<residues>[A-Z*](?:/?[A-Z*]){0,5})")
_SHIFT = re.compile(r"(?P<wild>[A-Z])?(?P<position>\d+)(?:[A-Z])?(?:fs|frameshift).*", re.I)
_DELETION = re.compile(
    r"(?:del\s?[A-Z]?|[A-Z]?del)(?P<a>\d+)(?:[-_]\D?(?P<b>\d+))?"
    r"|[A-Z]?(?P<c>\d+)(?:[-_][A-Z]?(?P<d>\d+))?del[A-Z]*",
    re.IGNORECASE,
)
_BASES = re.compile(r"(?:[ncr]\.)?(?P<position>\d+)(?P<ref>[ACGTU])>(?P<alt>[ACGTU])", re.I)
# The same change in another subtype's numbering.
_RENUMBERED = {("Influenza A(H1N1)pdm09", "NA", "274Y"): ("275Y", "H275Y")}


def read_residue(
    text: str, organism: str, gene: str, wild_types: Mapping[str, str]
) -> Change | None:
    """The change of a gene; None where the text is none. `wild_types` are by `HCMV:UL97:460`."""
    spelled = one_letter(bare(text)).replace(" ", "").replace("Ter", "*")
    if gene == "RT":  # `rtM204V`, as hepatitis B's are written
        spelled = re.sub(r"^rt(?=[A-Z]\d)", "", spelled)
    bases = _BASES.fullmatch(spelled)
    if bases:
        spelled = f"{bases['ref']}{bases['position']}{bases['alt']}".upper().replace("U", "T")
    several = re.fullmatch(r"[A-Z]?(\d+)del(\d)", spelled)
    if several:  # so many codons from there on
        start, count = int(several[1]), int(several[2])
        return _made(gene, f"{start}_{start + count - 1}del", start, spelled, text)
    shift = _SHIFT.fullmatch(spelled)
    if shift:
        position = int(shift["position"])
        return _made(gene, f"{position}fs", position, spelled, text)
    lost = _DELETION.fullmatch(spelled)
    if lost:
        first, last = lost["a"] or lost["c"], lost["b"] or lost["d"]
        key = f"{first}_{last}del" if last and last != first else f"{first}del"
        return _made(gene, key, int(first), spelled, text)
    if re.fullmatch(r"[A-Z]\d+[A-Z]\*", spelled):
        position = int(re.sub(r"\D", "", spelled))
        return _made(gene, spelled[1:], position, spelled, text)
    found = _CHANGE.fullmatch(spelled.upper())
    return _residues(found, organism, gene, wild_types, text) if found else None


def _residues(
    found: re.Match[str], organism: str, gene: str, wild_types: Mapping[str, str], text: str
) -> Change:
    position = int(found["position"])
    reference = wild_types.get(f"{organism}:{gene}:{position}", "")
    wild = reference or found["wild"] or ""
    letters = dict.fromkeys(found["residues"].replace("/", ""))
    seen = "".join(each for each in letters if each != wild)
    caveats: tuple[Caveat, ...] = ()
    if found["wild"] and reference and found["wild"] != reference:
        words = {"letter": found["wild"], "position": position, "gene": gene}
        caveats = (note(WILD_TYPE, stated=text, reference=reference, **words),)
    keys = []
    for residue in seen:
        other = _RENUMBERED.get((organism, gene, f"{position}{residue}"))
        if other:
            caveats = (*caveats, note_of_numbering(text, gene, other[1]))
        keys.append(other[0] if other else f"{position}{residue}")
    name = f"{gene} {wild}{position}{seen or wild}"
    return Change(gene, name, text, tuple(keys), position, seen, end=position, caveats=caveats)


def note_of_numbering(text: str, gene: str, name: str) -> Caveat:
    said = note(OLD_NUMBERING, stated=text, name=f"{gene} {name}")
    return Caveat(said.code, f"{text} was read in N2 numbering: {gene} {name} in N1.")


def _made(gene: str, key: str, position: int, spelled: str, text: str) -> Change:
    return Change(gene, f"{gene} {spelled}", text, (key,), position, end=position)
