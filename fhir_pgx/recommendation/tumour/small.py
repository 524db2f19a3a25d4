"""Small variants held against the atoms that ask for them: an exact change, a codon, an exon's
class, a domain, any mutation.

Never is a class concluded from the position alone: EGFR p.Gly735Ser lies in exon 19 and is no
exon 19 deletion. What an atom means by an exon is the range of codons that its knowledge gives.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from fhir_pgx.model.tumour import Alteration, Atom, ProteinChange
from fhir_pgx.recommendation.tumour.findings import MUTATIONS, is_synonymous

# What a present finding is to an atom: it is asked for; it may be, for a reason; it is not.
Fit = Literal["yes", "no"]
_SHORTENS = ("deletion", "delins")
_LENGTHENS = ("insertion", "duplication", "delins")
# A change of a residue: an insertion stands between two, and a stop or a frameshift ends the
# protein there and makes no other residue.
_CHANGES_RESIDUE = ("substitution", "codon", "delins", "deletion")
_NUMBER = re.compile(r"\d+")
# Splice sites of MET exon 14 on NM_000245 (c.2888 to c.3028) and NM_001127500 (c.2942 to c.3082).
_MET_SPLICE = re.compile(r"c\.(?:2888|2942)-[12]\D|c\.(?:3028|3082)\+[12]\D|c\.(?:3028|3082)G>")
_CANONICAL = re.compile(r"\d[+-][12](?:\D|$)")
_INTRONIC = re.compile(r"\d[+-]\d")


@dataclass(frozen=True, slots=True)
class Stored:
    """What knowledge says of genes beyond rows: `exons` the codons of an exon (1-based, both
    included), by gene and exon; `gains` exact changes that a stored row says activate, by gene."""

    exons: Mapping[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    gains: Mapping[str, frozenset[str]] = field(default_factory=dict)


NOTHING_STORED = Stored()
_UNREAD = "a change of {gene} on file could not be read"


def specificity(atom: Atom) -> int:
    """0 one exact change, 1 one of a list, 2 a codon, 3 an exon, 4 a class, 5 any mutation."""
    if atom.kind in ("protein", "coding", "rsid", "fusion-breakpoint"):
        return 0 if len(atom.protein) <= 1 else 1
    if atom.kind == "codon":
        return 2
    if atom.kind.startswith("exon") or atom.kind == "codons":
        return 3
    return 5 if atom.kind in ("any-mutation", "expression") else 4


def fits(atom: Atom, found: Alteration, stored: Stored) -> tuple[Fit, str]:
    """Whether a present alteration of one of the atom's genes is what the atom asks for, and, where
    it is not but might be, why."""
    kind = atom.kind
    if kind == "any-mutation":
        return _any(found)
    if kind == "coding":
        return ("yes" if atom.coding and found.coding == atom.coding else "no"), ""
    if kind == "rsid":
        return ("yes" if atom.rsid and atom.rsid in found.rsids else "no"), ""
    if kind in ("protein", "codon"):
        return _listed(atom, found)
    if kind == "codons":
        return _missense(atom, found)
    if kind == "codon-excluded":
        return _beyond(atom, found)
    if kind in ("activating", "inactivating", "kinase-domain", "domain"):
        return _functional(atom, found, stored.gains)
    if kind == "loss-of-function":
        return _lost(found)
    return _of_exon(atom, found, stored)


def _any(found: Alteration) -> tuple[Fit, str]:
    if found.kind not in MUTATIONS or is_synonymous(found):
        return "no", ""
    if not found.is_resolved:
        return "no", _UNREAD.format(gene=found.genes[0])
    if found.kind == "variant" and found.protein is None and found.coding:
        # Deep in an intron a change is no mutation of the protein until somebody says so.
        if _CANONICAL.search(found.coding) or not _INTRONIC.search(found.coding):
            return "yes", ""
        return "no", ""
    return "yes", ""


def _listed(atom: Atom, found: Alteration) -> tuple[Fit, str]:
    """An exact change, or any change of a residue (`p.Gly12`)."""
    change = found.protein
    if change is None:
        return "no", ""
    for wanted in atom.protein:
        if change.text == wanted and change.kind != "codon":
            return "yes", ""
        number = _whole_codon(wanted)
        if number is not None:
            if change.kind in _CHANGES_RESIDUE and change.start <= number <= change.end:
                return "yes", ""
        elif change.kind == "codon" and wanted.startswith(change.text):
            return "no", f"{found.genes[0]} {change.text[2:]} is reported without its new residue"
    return "no", ""


def _whole_codon(text: str) -> int | None:
    """The residue of `p.Gly12`; None of a change."""
    match = re.fullmatch(r"p\.[A-Z][a-z]{2}(\d+)", text)
    return int(match[1]) if match else None


def _missense(atom: Atom, found: Alteration) -> tuple[Fit, str]:
    change = found.protein
    if change is None or atom.codons is None:
        return "no", ""
    inside = atom.codons[0] <= change.start and change.end <= atom.codons[1]
    if inside and change.kind in ("substitution", "codon"):
        return "yes", ""
    if inside and change.kind == "delins" and len(change.alt) == 3 * _length(change):
        return "yes", ""
    return "no", ""


def _beyond(atom: Atom, found: Alteration) -> tuple[Fit, str]:
    """A mutation that is not of the codons named."""
    change = found.protein
    numbers = {int(n) for text in atom.protein for n in _NUMBER.findall(text)}
    if atom.codons is not None:
        numbers |= set(range(atom.codons[0], atom.codons[1] + 1))
    fit, why = _any(found)
    if fit == "no" or change is None:
        return "no", why
    if not numbers:
        return "no", "the codons that the row leaves out are not known here"
    return ("no" if numbers & set(range(change.start, change.end + 1)) else "yes"), ""


def _functional(
    atom: Atom, found: Alteration, gain: Mapping[str, frozenset[str]]
) -> tuple[Fit, str]:
    """Only what the report, the atom's own list or a stored row says; a position says nothing."""
    fit, why = _any(found)
    if fit == "no":
        return "no", why
    text = found.protein.text if found.protein else ""
    if text and (text in atom.protein or _listed(atom, found)[0] == "yes"):
        return "yes", ""
    said = set(found.consequences)
    if atom.kind == "inactivating" and (found.is_lof or "loss_of_function_variant" in said):
        return "yes", ""
    if atom.kind == "activating":
        if said & {"gain_of_function_variant", "activating"}:
            return "yes", ""
        if text and any(text in gain.get(gene, ()) for gene in found.genes):
            return "yes", ""
    if atom.codons is not None and atom.kind in ("kinase-domain", "domain"):
        change = found.protein
        if change and atom.codons[0] <= change.start and change.end <= atom.codons[1]:
            return "yes", ""
    asked = {"activating": "activating", "inactivating": "inactivating"}.get(atom.kind)
    says = f"is {asked}" if asked else f"lies in the domain asked for ({atom.name})"
    return "no", f"the report does not say that {found.label} {says}"


def _lost(found: Alteration) -> tuple[Fit, str]:
    if found.kind not in ("variant", "any", "loss", "exon-deletion"):
        return "no", ""
    # EGFR exon 19 deletion keeps the frame, and the protein.
    if found.kind == "exon-deletion" and "inframe_deletion" not in found.consequences:
        return "yes", ""
    if found.is_lof or found.significance in (
        "pathogenic", "likely-pathogenic", "oncogenic", "likely-oncogenic",
    ):  # fmt: skip
        return "yes", ""
    if is_synonymous(found):
        return "no", ""
    return "no", f"the report does not say that {found.label} destroys the protein"


# Exons


def _of_exon(atom: Atom, found: Alteration, stored: Stored) -> tuple[Fit, str]:
    change, kind = found.protein, atom.kind
    stated = set(found.exons)
    is_stated = bool(set(atom.exons) & stated)
    if found.kind == "any" and change is None:  # "exons 18 to 21" does not say which of them
        is_stated = bool(stated) and stated <= set(atom.exons)
    if kind == "exon-skipping":
        is_met_splice = (
            "MET" in found.genes and "14" in atom.exons and bool(_MET_SPLICE.match(found.coding))
        )
        skips = found.kind == "exon-skipping" and (is_stated or not found.exons)
        return ("yes" if skips or is_met_splice else "no"), ""
    if kind == "exon-loss":
        return ("yes" if found.kind == "exon-deletion" and is_stated else "no"), ""
    if kind == "exon-deletion" and found.kind == "exon-deletion":
        return ("yes" if is_stated else "no"), ""
    if found.kind not in ("variant", "any", "internal-duplication"):
        return "no", ""
    if change is None:
        if not is_stated:
            unread = found.kind == "variant" and not found.is_resolved
            return "no", _UNREAD.format(gene=found.genes[0]) if unread else ""
        return _stated_class(kind, found)
    ranges = list(codons_of(atom, found.genes, stored))
    is_inside = any(low <= change.start and change.end <= high for low, high in ranges)
    if is_synonymous(found) or not (is_inside or (is_stated and not ranges)):
        return "no", ""
    if kind == "exon-mutation":
        return "yes", ""
    if kind == "exon-frameshift":
        return ("yes" if change.kind == "frameshift" else "no"), ""
    size = len(change.alt) // 3 - _length(change)
    if kind == "exon-deletion":
        shortens = change.kind == "deletion" or (change.kind == "delins" and size < 0)
        return ("yes" if change.kind in _SHORTENS and shortens else "no"), ""
    if kind == "exon-insertion":
        lengthens = change.kind in ("insertion", "duplication") or (
            change.kind == "delins" and size > 0
        )
        return ("yes" if change.kind in _LENGTHENS and lengthens else "no"), ""
    return "no", ""


def _stated_class(kind: str, found: Alteration) -> tuple[Fit, str]:
    """A finding stated with the exon asked for, and no protein change."""
    said = set(found.consequences)
    wanted = {
        "exon-deletion": {"inframe_deletion", "inframe_indel"},
        "exon-insertion": {"inframe_insertion"},
        "exon-frameshift": {"frameshift_variant"},
    }.get(kind)
    if wanted is None:
        return ("yes" if kind == "exon-mutation" else "no"), ""
    if said & wanted:
        return "yes", ""
    exon = found.exons[0]
    return "no", f"{found.genes[0]} exon {exon}: the report does not say which kind of change"


def codons_of(atom: Atom, genes: tuple[str, ...], stored: Stored) -> Iterator[tuple[int, int]]:
    """The ranges of codons that an atom's exons stand for; none where they are not known."""
    if atom.codons is not None:
        yield atom.codons
    for gene in genes:
        for exon in atom.exons:
            if (gene, exon) in stored.exons:
                yield stored.exons[gene, exon]


def _length(change: ProteinChange) -> int:
    return change.end - change.start + 1
