"""What an inherited finding is: small variant, exons lost or doubled, copies, repeats, inversion.

Read from names and words as stated. Whether a change truncates the protein is said where the name
alone shows it: a stop, a frameshift, a base of a canonical splice site. Nothing else is inferred.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Literal

from fhir_pgx.model.finding import ObservedVariant
from fhir_pgx.model.tumour import ProteinChange
from fhir_pgx.normalize.protein import parse_protein

Kind = Literal[
    "variant", "deletion", "duplication", "copy-number", "repeat", "inversion", "any"
]  # fmt: skip

_CODING = re.compile(r"[cn]\.[^\s,;]{1,120}")
_STATED_BASES = re.compile(r"(?<=del|dup)[ACGT]+$|(?<=del)\d+$|(?<=dup)\d+$", re.IGNORECASE)
_SPLICE_SITE = re.compile(r"c\.\(?-?\*?\d+[+-][12](?!\d)")
_SPAN = re.compile(r"c\.(?P<first>\d+)(?:_(?P<last>\d+))?(?P<what>del|dup)")
_INSERTED = re.compile(r"c\.\d+_\d+ins(?P<bases>[ACGT]+)$", re.IGNORECASE)
_TRUNCATING = frozenset(
    ("stop_gained", "frameshift_variant", "splice_donor_variant", "splice_acceptor_variant",
     "SO:0001587", "SO:0001589", "SO:0001575", "SO:0001574")
)  # fmt: skip
_NUMBERS = (
    r"exons?\s*(?P<first>\d{1,3})"
    r"(?:\s*(?:[-–—_]|to|through|and)\s*(?:exon\s*)?(?P<last>\d{1,3}))?"
)
_LOST = r"deletions?|deleted|del\b|loss"
_DOUBLED = r"duplications?|duplicated|dup\b"
_EXONS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_NUMBERS}\s*(?:\w+\s+){{0,2}}(?P<what>{_LOST}|{_DOUBLED})",
        rf"(?P<what>{_LOST}|{_DOUBLED})\s*(?:\w+\s+){{0,4}}\(?{_NUMBERS}",
    )
)
_GENOMIC_SPAN = re.compile(r"g\.(\d+)(?:_(\d+))?(?:del|dup|inv)")
_STRUCTURAL = 50  # bases; what is shorter is a small variant
_BEYOND_EXONS = re.compile(r"\?|\d-\d+_\S*\d\+\d")  # `c.6439-?_7309+?del`, `c.94-1_93+1del`
_INTRON = re.compile(r"intron\s*(\d{1,2})\s*inversion|inversion\s+(?:of\s+)?intron\s*(\d{1,2})")
_LARGE: dict[str, Kind] = {
    "deletion": "deletion",
    "copy_number_loss": "deletion",
    "duplication": "duplication",
    "copy_number_gain": "duplication",
    "inversion": "inversion",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One change in one spelling; `names` is how a person would cite it, without the gene."""

    kind: Kind
    names: str
    protein: ProteinChange | None = None
    coding: str = ""
    exons: tuple[str, ...] = ()
    copies: Decimal | None = None
    repeats: Decimal | None = None
    is_truncating: bool = False


def changes_of(variant: ObservedVariant) -> Iterator[Change]:
    """The changes that a variant states: one, or one for each repeat count."""
    if variant.repeats:
        for motif, number in variant.repeats:
            counted = number_of(number)
            if counted is not None:
                named = f"({motif}){number}" if motif else f"{number} repeats"
                yield Change("repeat", named, repeats=counted)
        return
    protein = parse_protein(variant.protein_hgvs) if variant.protein_hgvs else None
    coding = coding_of(variant.coding_hgvs)
    # `Exon 19 deletion` beside p.Glu746_Ala750del tells where the small change lies.
    is_small = protein is not None or (coding and not _BEYOND_EXONS.search(coding))
    texts = (*variant.words, variant.protein_hgvs, variant.coding_hgvs)
    whole = None if is_small else _whole_exons(texts)
    if whole is not None:
        yield Change(whole.kind, whole.names, coding=coding, exons=whole.exons)
        return
    if variant.copy_number and not (protein or coding):
        copies = number_of(variant.copy_number)
        plural = "copy" if copies == 1 else "copies"
        yield Change("copy-number", f"{variant.copy_number} {plural}", copies=copies)
        return
    yield _small_or_large(variant, protein, coding)


def _small_or_large(variant: ObservedVariant, protein: ProteinChange | None, coding: str) -> Change:
    said = " ".join(variant.words)
    intron = _INTRON.search(said.lower())
    large = _LARGE.get(variant.change_type.lower().replace(" ", "_"))
    if intron or (not (protein or coding) and ("inversion" in said.lower())):
        where = f"intron {intron[1] or intron[2]} inversion" if intron else "inversion"
        return Change("inversion", where, coding=coding)
    if large and not (protein or coding or _is_short(variant)):
        return Change(large, variant.genomic_hgvs or variant.iscn or large)
    truncates = is_truncating(protein, coding, variant.consequences)
    shown = [coding, f"({protein.text})" if coding and protein else protein.text if protein else ""]
    rsids = " ".join(rsids_of(variant)[:1])
    others = (variant.coding_hgvs, variant.protein_hgvs, variant.genomic_hgvs, rsids, said)
    named = " ".join(each for each in shown if each)
    named = named or next((each for each in others if each), "variant without a name")
    return Change("variant", named, protein, coding, is_truncating=truncates)


def _is_short(variant: ObservedVariant) -> bool:
    """Whether the place shows fewer bases than a structural variant has."""
    if variant.ref is not None and variant.alt is not None and (variant.ref or variant.alt):
        return max(len(variant.ref), len(variant.alt)) < _STRUCTURAL
    if variant.start is not None and variant.end is not None:
        return variant.end - variant.start < _STRUCTURAL
    span = _GENOMIC_SPAN.search(variant.genomic_hgvs)
    return span is not None and int(span[2] or span[1]) - int(span[1]) + 1 < _STRUCTURAL


def rsids_of(variant: ObservedVariant) -> tuple[str, ...]:
    """The rs numbers among a variant's ids, in lower case."""
    codes = (each.rpartition("|")[2].lower() for each in variant.ids)
    return tuple(dict.fromkeys(code for code in codes if re.fullmatch(r"rs\d{1,12}", code)))


def coding_of(stated: str) -> str:
    """`c.5266dup` of `NM_007294.4(BRCA1):c.5266dupC (p.Gln1756fs)`; empty where there is none."""
    found = _CODING.search(stated)
    if not found or found[0].startswith("n."):
        return ""
    name = found[0].rstrip(".,;")
    if name.startswith("c.(") and name.endswith(")") and name.count("(") == 1:
        name = f"c.{name[3:-1]}"
    return _STATED_BASES.sub("", name)


def is_truncating(
    protein: ProteinChange | None, coding: str, consequences: Iterable[str] = ()
) -> bool:
    """Whether the names show a stop, a frameshift or a changed canonical splice site."""
    if protein is not None and protein.kind in ("nonsense", "frameshift"):
        return True
    if _TRUNCATING.intersection(consequences) or _SPLICE_SITE.match(coding):
        return True
    return protein is None and _shifts_frame(coding)


def _shifts_frame(coding: str) -> bool:
    """Of a deletion, duplication or insertion within an exon whose length shows in its name."""
    span = _SPAN.match(coding)
    if span and coding[span.end() :] == "":
        first = int(span["first"])
        return (int(span["last"] or first) - first + 1) % 3 != 0
    inserted = _INSERTED.match(coding)
    return bool(inserted) and len(inserted["bases"] if inserted else "") % 3 != 0


def _whole_exons(texts: Iterable[str]) -> Change | None:
    for text in texts:
        for pattern in _EXONS:
            found = pattern.search(text)
            if found:
                first, last = found["first"], found["last"] or found["first"]
                what: Kind = "duplication" if found["what"].lower().startswith("du") else "deletion"
                named = f"exon {first}" if first == last else f"exons {first}-{last}"
                return Change(what, f"{named} {what}", exons=(first, last))
    return None


def number_of(text: str) -> Decimal | None:
    """A plain number; None for a range, a limit or words."""
    try:
        found = Decimal(text.strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() else None
