"""What turns one name of a change into another: genes, coding names, old numbering."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.tumour import ProteinChange, TumourKnowledge
from fhir_pgx.normalize.protein import parse_protein
from fhir_pgx.normalize.same_protein import in_one_spelling

UNRESOLVED = "PGX-731"
_TAIL = re.compile(r"(del|dup)[ACGT]+(?=$|ins)")
# Genes that a truncation switches on, or leaves working: it is no loss of function there.
GAIN_BY_TRUNCATION = frozenset(("NPM1", "CALR", "CSF3R", "CXCR4", "PPM1D", "MET"))
_CANONICAL_SPLICE = re.compile(
    r"c\.[0-9*_-]*[0-9][+-][12](?![0-9])|c\.[0-9+-]+_[0-9]+[+-][12](?![0-9])"
)


@dataclass(frozen=True, slots=True)
class Names:
    """What turns one name into another.

    `genes`: a name in upper case, or an HGNC id → symbol. `proteins`: gene → coding name → protein
    name. `legacy`: gene → protein name in old numbering → HGVS; a codon stands for all its
    changes.
    """

    genes: Mapping[str, str] = field(default_factory=dict)
    proteins: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    legacy: Mapping[str, Mapping[str, ProteinChange]] = field(default_factory=dict)


def names_of(knowledge: TumourKnowledge) -> Names:
    """The names that knowledge holds, made ready once."""
    known = {symbol: symbol for symbol in (*knowledge.proteins, *knowledge.legacy)}
    known |= {gene: gene for row in knowledge.rows for gene in row.genes}
    genes = {symbol.upper(): symbol for symbol in known} | dict(knowledge.gene_aliases)
    genes |= knowledge.gene_ids
    legacy: dict[str, dict[str, ProteinChange]] = {}
    for gene, names in knowledge.legacy.items():
        for old, new in names.items():
            was, now = parse_protein(old), parse_protein(new)
            if was is not None and now is not None:
                legacy.setdefault(gene, {})[was.text] = now
    return Names(genes, knowledge.proteins, legacy)


def by_coding(gene: str, coding: str, names: Names) -> ProteinChange | None:
    """The protein change of a coding name, as knowledge holds it; None where it holds none."""
    table = names.proteins.get(gene, {})
    stated = table.get(coding) or table.get(_TAIL.sub(r"\1", coding))
    return parse_protein(stated) if stated else None


def in_hgvs(gene: str, protein: ProteinChange, names: Names) -> ProteinChange:
    """The change in HGVS numbering where it is written in an old one: as a whole, or by its codon;
    itself where it is not. Of names that make the same protein the one that HGVS takes."""
    protein = in_one_spelling(gene, protein)
    table = names.legacy.get(gene)
    if not table:
        return protein
    whole = table.get(protein.text)
    if whole is not None:
        return whole
    codon = table.get(f"p.{protein.first}{protein.start}")
    if codon is None or codon.kind != "codon" or protein.start != protein.end:
        return protein
    moved = protein.text.replace(str(protein.start), str(codon.start), 1)
    return replace(protein, start=codon.start, end=codon.start, text=moved)


def is_truncating(protein: ProteinChange) -> bool:
    """A stop, a frameshift or a lost start: the change itself destroys the protein."""
    return protein.kind in ("nonsense", "frameshift", "start-loss") or (
        protein.kind in ("delins", "insertion") and "Ter" in protein.alt
    )


def is_canonical_splice(coding: str) -> bool:
    """One of the two bases of an intron beside an exon: `c.212+1G>T`."""
    return bool(coding) and _CANONICAL_SPLICE.search(coding) is not None


def rsids_in(ids: Iterable[str]) -> tuple[str, ...]:
    """The rs numbers among ids (`system|code`)."""
    codes = (each.rpartition("|")[2] for each in ids)
    return tuple(dict.fromkeys(c for c in codes if c.startswith("rs") and c[2:].isdigit()))


def unresolved(name: str) -> Caveat:
    return Caveat(UNRESOLVED, f"{name[:80]} could not be resolved to a change of the protein.")
