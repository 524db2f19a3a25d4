"""HIV-1 mutations as laboratories write them, to gene, position and amino acids.

`M184V`, `184V`, `RT:M184V`, `M184M/V`, `T69ins`, `69i`, `T69_ins`, `D67del`, `67d`, `p.Met184Val`.
Positions are those of the subtype B consensus, gene by gene. A mixture keeps every amino acid but
the reference; an `X` that no letters explain says nothing.
"""

import re
from collections.abc import Mapping

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.pathogen import Change
from fhir_pgx.normalize.pathogen.notes import AMBIGUOUS, WILD_TYPE, note
from fhir_pgx.normalize.pathogen.protein import ONE, bare, one_letter

_LENGTHS = {"PR": 99, "RT": 560, "IN": 288, "CA": 231}
_MUTATION = re.compile(
    r"(?P<wild>[A-Z])?(?P<position>\d{1,3})_?"
    r"(?:(?P<insertion>ins[A-Z]*|insertion|i(?:[A-Z]{0,6})|(?P<of>[A-Z])_[A-Z]{1,6}|#[A-Z]*)"
    r"|(?P<deletion>del[A-Z]?|deletion|d|∆|Δ|~|-)"
    r"|(?P<residues>[A-Z*](?:[/^,|]?[A-Z*]){0,6}))",
)
_THREE_MIX = re.compile(rf"(?:{'|'.join(ONE)})(?:[/^]?(?:{'|'.join(ONE)}))*$", re.IGNORECASE)


def read_hiv(text: str, gene: str, wild_types: Mapping[str, str]) -> Change | None:
    """The change of a gene; None where the text is none, or lies beyond the gene.

    `wild_types` are the reference amino acids by `RT:184`.
    """
    spelled = _spelled(text)
    found = _MUTATION.fullmatch(spelled)
    if found is None or gene not in _LENGTHS:
        return None
    position = int(found["position"])
    if not 1 <= position <= _LENGTHS[gene]:
        return None
    wild = wild_types.get(f"{gene}:{position}", found["wild"] or "")
    residues, caveats = _residues(found, wild, text)
    shown = _shown(residues) or ("X" if caveats else wild)
    if found["wild"] and wild and found["wild"] != wild:
        wrong = {"stated": text, "letter": found["wild"], "position": position, "gene": gene}
        caveats = (*caveats, note(WILD_TYPE, reference=wild, **wrong))
    return Change(
        gene=gene,
        name=f"{gene} {wild}{position}{shown}",
        stated=text,
        keys=tuple(f"{position}{residue}" for residue in residues),
        position=position,
        residues=residues,
        caveats=caveats,
    )


def _spelled(text: str) -> str:
    inner = bare(text).strip().strip(".")
    if re.search(r"[A-Za-z]{3}\d", inner) or _THREE_MIX.search(inner):
        inner = one_letter(inner)
    head = re.match(r"[A-Za-z]?\d+", inner)
    if head is None:
        return inner
    rest = inner[head.end() :]
    lower = rest.lower().strip()
    if lower.startswith(("ins", "del", "_ins", "_del")):
        return head[0].upper() + rest.strip().lstrip("_").lower()[:3]
    # `i`, `d` in lower case are an insertion and a deletion, in upper case amino acids
    if lower in ("i", "d", "_i", "_d") and rest.strip("_ ").islower():
        return head[0].upper() + rest.strip("_ ")
    return head[0].upper() + rest.replace(" ", "").upper()


def _residues(found: re.Match[str], wild: str, text: str) -> tuple[str, tuple[Caveat, ...]]:
    if found["insertion"]:
        return "i", ()
    if found["deletion"]:
        return "d", ()
    letters = re.sub(r"[^A-Z*]", "", found["residues"])
    kept = "".join(dict.fromkeys(each for each in letters if each not in (wild, "X", "B", "Z")))
    if not kept and set(letters) & set("XBZ"):
        return "", (note(AMBIGUOUS, stated=text),)
    return kept, ()


def _shown(residues: str) -> str:
    return {"i": "ins", "d": "del"}.get(residues, residues)
