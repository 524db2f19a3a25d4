"""Fusions, copy number and what else changes a gene as a whole, held against atoms.

An amplification is no gain, a gain no amplification, a mutation neither; a missense change of NTRK1
is no fusion. A break-apart test that names no partner is a fusion with any.
"""

import re

from fhir_pgx.model.tumour import Alteration, Atom
from fhir_pgx.recommendation.tumour.small import Fit

ANY_PARTNER = frozenset({"*", "?", "v", ""})
FUSIONS = ("fusion", "fusion-breakpoint", "rearrangement")
# The kinds of finding that answer an atom of a kind.
KINDS: dict[str, tuple[str, ...]] = {
    "fusion": ("fusion", "rearrangement"),
    "fusion-breakpoint": ("fusion", "rearrangement"),
    "rearrangement": ("rearrangement", "fusion"),
    "amplification": ("amplification",),
    "copy-loss": ("loss",),
    "loss-of-heterozygosity": ("loss-of-heterozygosity",),
    "internal-duplication": ("internal-duplication",),
    "splice-form": ("splice-form",),
    "expression": ("expression", "overexpression"),
    "overexpression": ("overexpression",),
    "underexpression": ("underexpression",),
    "methylation": ("methylation",),
}
_SIGNS = re.compile(r"[^a-z0-9]")


def kinase_genes(atom: Atom) -> tuple[str, ...]:
    """The genes of a fusion atom that are named."""
    return tuple(gene for gene in atom.genes if gene not in ANY_PARTNER)


def fits_structure(atom: Atom, found: Alteration) -> tuple[Fit, str]:
    """Whether a present alteration is what the atom asks for; where it might be, why."""
    if found.kind not in KINDS.get(atom.kind, ()):
        return "no", ""
    if atom.kind in FUSIONS:
        return _fusion(atom, found)
    if atom.kind == "splice-form":
        same = _form(atom.name, atom.genes) == _form(found.label, found.genes)
        return ("yes" if same else "no"), ""
    return "yes", ""


def _form(text: str, genes: tuple[str, ...]) -> str:
    """`EGFRvIII`, `EGFR VIII` → `viii`."""
    said = _SIGNS.sub("", text.lower())
    for gene in genes:
        said = said.replace(gene.lower(), "")
    return said.replace("variant", "").replace("v", "", 1) if said.startswith("v") else said


def _fusion(atom: Atom, found: Alteration) -> tuple[Fit, str]:
    named = kinase_genes(atom)
    partners = set(found.genes) - ANY_PARTNER
    if len(atom.genes) > 2 or len(named) < 2:  # one gene with any partner, or one of a list
        if not partners & set(named):
            return "no", ""
    elif partners != set(named):
        if len(partners) == 1 and partners <= set(named):
            return "no", f"{found.label} is reported without its partner"
        return "no", ""
    if atom.kind == "fusion-breakpoint":
        if not found.breakpoint or not atom.breakpoint:
            return "no", f"the report of {found.label} does not give its breakpoint"
        same = _SIGNS.sub("", found.breakpoint.lower()) == _SIGNS.sub("", atom.breakpoint.lower())
        return ("yes" if same else "no"), ""
    return "yes", ""


def denies_structure(atom: Atom, found: Alteration) -> bool:
    """Whether an alteration that is absent denies the atom."""
    if found.kind not in KINDS.get(atom.kind, ()):
        return False
    if atom.kind not in FUSIONS:
        return True
    named, tested = set(kinase_genes(atom)), set(found.genes) - ANY_PARTNER
    # That one pair was not found says nothing of another partner.
    return tested == named or (len(tested) == 1 and tested <= named)
