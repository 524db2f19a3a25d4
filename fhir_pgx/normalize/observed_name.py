"""Which decision position a variant's names and ids stand for: rs number, HGVS, ClinVar.

An rs number or a ClinVar id stands for a place anywhere; a coding or protein name only beside its
gene. The alleles stated beside a name must be the position's own, or their complement.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

from fhir_pgx.model.finding import Caveat, ObservedVariant
from fhir_pgx.model.variant import OTHER
from fhir_pgx.normalize.observed_place import (
    BASES,
    Found,
    Match,
    bases,
    complement,
    reversed_strand,
)
from fhir_pgx.normalize.sites import BUILDS, Named, Placed, SiteIndex, allele_of, trimmed

MAX_LEGACY = 60  # characters of a name from before HGVS
_RS = re.compile(r"\brs\d{1,12}\b", re.IGNORECASE)
_CLINVAR = re.compile(r"(?:VCV0*|clinvar:)?(\d{1,10})(?:\.\d{1,3})?", re.IGNORECASE)
# `NM_000769.4(CYP2C19):c.681G>A`, `CYP2C19:c.681G>A`, `c.681G>A`. Genes' own sequences count
# otherwise than the transcripts do, and these transcripts and their proteins otherwise than those
# of our names: G6PD's first has 30 codons more, the others leave some out.
_OTHERWISE = (
    "NM_000402|NP_000393|NM_001025161|NP_001020332|NM_001202855|NP_001189784"
    "|NM_001042723|NP_001036188|NM_001160301|NP_001153773"
)
_HGVS = re.compile(
    rf"(?:(?!NG_|LRG_|{_OTHERWISE})"
    r"(?P<accession>[A-Z]{2,4}_?\d{4,15}(?:\.\d{1,2})?)?"
    r"(?:\((?P<inner>[A-Z][A-Z0-9-]{1,12})\))?:|(?P<gene>[A-Z][A-Z0-9-]{1,12})[:\s])?"
    r"(?P<name>[cmp]\.\S{1,200})"
)
# A base of a chromosome for another: `NC_000010.11:g.94781859G>A`, and the same as SPDI.
_GENOMIC = re.compile(
    r"(?:(?P<accession>NC_\d{6}\.\d{1,2})(?:\([^()\s]{1,20}\))?:)?g\."
    r"(?P<place>\d{1,10})(?P<ref>[ACGT])>(?P<alt>[ACGT])"
)
_SPDI = re.compile(
    r"(?P<accession>NC_\d{6}\.\d{1,2}):(?P<place>\d{1,10}):(?P<ref>[ACGT])"
    r":(?P<alt>[ACGT])"
)
_PLACES = ((_GENOMIC, 1), (_SPDI, 0))  # what the first base has as its number
_PROTEIN = re.compile(r"p\.\(?([A-Z])(\d{1,5})([A-Z*=])\)?")
_STOP = re.compile(r"(?<=\d)(?:\*|X|Stop)$")
_AMINO_ACIDS = {
    "A": "Ala", "R": "Arg", "N": "Asn", "D": "Asp", "C": "Cys", "Q": "Gln", "E": "Glu", "G": "Gly",
    "H": "His", "I": "Ile", "L": "Leu", "K": "Lys", "M": "Met", "F": "Phe", "P": "Pro", "S": "Ser",
    "T": "Thr", "W": "Trp", "Y": "Tyr", "V": "Val", "*": "Ter", "X": "Ter",
    "=": "=",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Name:
    """A name as the index knows it. `gene` is what stands with it; `needs_gene`: it is no name
    without one."""

    text: str
    gene: str = ""
    needs_gene: bool = False

    @property
    def is_bare(self) -> bool:
        return self.text.lower().startswith("rs")


def find_by_name(variant: ObservedVariant, index: SiteIndex) -> Found:
    """The one position that the names stand for; nothing where they stand for none of ours."""
    named: dict[tuple[str, str], list[tuple[_Name, Named]]] = {}
    for name in _names(variant):
        for found in _look_up(name, variant, index):
            named.setdefault((found.gene, found.site.name), []).append((name, found))
    for known in _by_genomic_name(variant, index):
        named.setdefault((known.gene, known.site.name), []).append((_Name("g."), known))
    if not named:
        return _of_unknown_gene(variant, index)
    touched = tuple(
        placed for gene, site in named if (placed := index.on("GRCh38", gene, site)) is not None
    )
    if len({site for _, site in named}) > 1:
        return Found((), (), "its names stand for different positions", touched)
    allele = _allele(next(iter(named.values())))
    if allele is None:
        return Found((), (), "its names stand for different alleles", touched)
    matches, caveats = [], []
    for gene, site in named:
        match, added = _match(variant, gene, site, allele, index)
        if match is None:
            reason = f"its alleles are not those of {site}, which its names stand for"
            return Found((), (), reason, touched)
        matches.append(match)
        caveats += added
    return Found(tuple(matches), tuple(dict.fromkeys(caveats)), "", touched)


def _of_unknown_gene(variant: ObservedVariant, index: SiteIndex) -> Found:
    """A coding or protein name of ours that nothing says the gene of is not used, and not lost."""
    if variant.genes or variant.start is not None:
        return Found()
    for name in _names(variant):
        if name.needs_gene and not name.gene and index.is_name(name.text):
            return Found(reason="neither a gene nor a transcript that we know is stated for it")
    return Found()


def _by_genomic_name(variant: ObservedVariant, index: SiteIndex) -> Iterator[Named]:
    """The positions of names that hold a place and its base, on the variant's own accession."""
    texts = (variant.genomic_hgvs, *(each.rpartition("|")[2] for each in variant.ids))
    for text, (pattern, first) in product(texts, _PLACES):
        found = pattern.fullmatch(text)
        if found is None:
            continue
        if found["accession"] not in (None, variant.accession):
            continue
        for placed in index.at(variant.build, variant.chromosome, int(found["place"]) - first):
            if placed.ref == found["ref"]:
                known = (placed.site.ref, *placed.site.alts)
                allele = found["alt"] if found["alt"] in known else None
                yield Named(placed.gene, placed.site, allele)


def _names(variant: ObservedVariant) -> Iterator[_Name]:
    for each in variant.ids:
        system, _, code = each.rpartition("|")
        for found in _RS.findall(code):
            yield _Name(found.lower())
        if code.strip().isdigit() and _is_dbsnp(system):
            yield _Name(f"rs{code.strip()}")
        number = _CLINVAR.fullmatch(code.strip())
        if number and ("clinvar" in system.lower() or not code.strip().isdigit()):
            yield _Name(f"clinvar:{number[1]}")
        yield from _hgvs(code)
    for text in (variant.coding_hgvs, variant.protein_hgvs, variant.genomic_hgvs):
        yield from _hgvs(text)


def _is_dbsnp(system: str) -> bool:
    plain = system.lower()
    return "snp" in plain.replace("vrs", "") or plain.endswith("2.16.840.1.113883.6.284")


def _hgvs(text: str) -> Iterator[_Name]:
    plain = "".join(text.split()) if ":" in text else text.strip()
    found = _HGVS.fullmatch(plain.replace("–", "-"))
    if found is None:
        if 0 < len(plain) <= MAX_LEGACY:
            yield _Name(plain, needs_gene=True)  # `2789+5G>A` of CFTR
        return
    name = found["name"]
    # ClinVar's titles add the protein's name to the coding one.
    name = _protein(name) if name.startswith("p.") else name.partition("(p.")[0]
    gene = found["inner"] or found["gene"] or ""
    yield _Name(name, gene, needs_gene=not name.startswith("m."))


def _protein(name: str) -> str:
    """`p.(Q141K)` → `p.Gln141Lys`."""
    short = _PROTEIN.fullmatch(name)
    if short:
        return f"p.{_AMINO_ACIDS.get(short[1], '?')}{short[2]}{_AMINO_ACIDS.get(short[3], '?')}"
    return _STOP.sub("Ter", name.replace("(", "").replace(")", ""))


def _look_up(name: _Name, variant: ObservedVariant, index: SiteIndex) -> Iterator[Named]:
    genes = variant.genes or ((name.gene,) if name.gene else ())
    found = [known for gene in genes if (known := index.named(name.text, gene)) is not None]
    if not found and not name.needs_gene:
        # The number says where it is, also where the gene beside it is another's.
        known = index.named(name.text)
        found = [known] if known is not None else []
    yield from found


def _allele(found: list[tuple[_Name, Named]]) -> str | None:
    """The allele that names give; empty where none does, None where they give several.

    An rs number gives none: it names every alternate base of its place.
    """
    given = {known.allele for name, known in found if known.allele and not name.is_bare}
    if len(given) > 1:
        return None
    return given.pop() if given else ""


def _match(
    variant: ObservedVariant, gene: str, site: str, named: str, index: SiteIndex
) -> tuple[Match | None, list[Caveat]]:
    """The allele by the stated bases, on the build that they fit; by the name where none are."""
    ref, alt = bases(variant.ref), bases(variant.alt)
    if alt is None and named:
        # A name's alternate base is one beside GRCh38's own.
        placed = index.on("GRCh38", gene, site)
        return (Match(placed, named) if placed is not None else None), []
    builds = [variant.build] if variant.build in BUILDS else sorted(BUILDS, reverse=True)
    on = [placed for build in builds if (placed := index.on(build, gene, site)) is not None]
    if alt is None:
        on = [placed for placed in on if not ref or ref in (placed.ref, complement(placed.ref))]
        return (Match(on[0], None) if on else None), []
    for placed in on:
        for is_complemented in (False, True):
            first, second = (complement(ref), complement(alt)) if is_complemented else (ref, alt)
            allele = _shown(placed, first, second or "")
            if not allele or (named and allele not in (named, placed.ref)):
                continue
            caveats = [reversed_strand(site)] if is_complemented else []
            return Match(placed, allele, is_reference=first == second), caveats
    return None, []


def _shown(placed: Placed, ref: str | None, alt: str) -> str:
    """The allele that stated bases make of a position; empty where they do not fit it."""
    if not BASES.fullmatch(ref or "") or not BASES.fullmatch(alt):
        return ""
    known = (placed.site.ref, *placed.site.alts)
    if ref in (None, placed.ref) and alt in known:
        return alt
    if not placed.stretch or ref is None or ref == alt:
        return ""
    made = set()
    for offset in range(len(placed.stretch) + 1):
        found = allele_of(placed, trimmed((placed.start + offset, ref, alt)))
        if found and found != OTHER:
            made.add(found)
    return made.pop() if len(made) == 1 else ""
