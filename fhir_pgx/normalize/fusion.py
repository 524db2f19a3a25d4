"""Fusions and rearrangements in words and in cytogenetic names.

`EML4::ALK`, `EML4-ALK fusion`, `ROS1 rearrangement`, `t(2;5)(p23;q35)`. The first gene is the 5'
partner where the report writes it so; a lone gene is one whose partner is not told.
Source of the cytogenetic table: the recurrent rearrangements that the WHO classification of
haematolymphoid and soft tissue tumours names by both their genes.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from fhir_pgx.normalize.gene_symbol import genes_in, looks_like_symbol, symbol_of


class Fusion(NamedTuple):
    """`genes` in order, one alone where the partner is not told; `breakpoint` as `e13::e20`.
    `by_cytogenetics`: the genes were taken from a chromosomal name."""

    genes: tuple[str, ...]
    breakpoint: str = ""
    is_rearrangement: bool = False
    by_cytogenetics: bool = False


_GENE = r"[A-Z][A-Za-z0-9]{1,11}(?:-[A-Z0-9]{1,3}(?=::|[(/]))?"
_ANY = r"(?:v|\?|\*|unknown)"
# `EML4(13)::ALK(20)`, `NM_019063.5(EML4):r.1_1751::NM_004304.5(ALK):r.4080_6220`
_DOUBLE_COLON = re.compile(
    rf"(?:N[MR]_[0-9.]+\()?(?P<first>{_GENE}|{_ANY})\)?(?:[(:][^\s:]{{0,30}})?::"
    rf"(?:N[MR]_[0-9.]+\()?(?P<second>{_GENE}|{_ANY})"
)
_FUSION_WORD = re.compile(
    r"\b(?:fusions?|fused|chim(?:a?e)ric|fusion[\s-]positive)\b", re.IGNORECASE
)
_REARRANGED = re.compile(
    r"\b(?:rearrange\w*|translocat\w*|gene break|break[\s-]?apart|inversion)\b", re.IGNORECASE
)
_PAIR = re.compile(
    r"(?<![A-Za-z0-9-])(?P<first>[A-Z][A-Za-z0-9]{1,9})\s?(?:-{1,2}|/|–|\s-\s)\s?"
    r"(?P<second>[A-Z][A-Za-z0-9]{1,9})(?![A-Za-z0-9-])"
)
_CYTOGENETIC = re.compile(
    r"(?P<kind>t|inv|del|ins|dup)\s?\((?P<chromosomes>[0-9XY]{1,2}(?:;[0-9XY]{1,2}){0,2})\)"
    r"(?:\s?\((?P<bands>[pq0-9.;~]{2,40})\))?"
)
_BREAKPOINTS = (
    re.compile(r"\be(?P<a>[0-9]{1,2})\s?(?:::|;|-|a)\s?e?(?P<b>[0-9]{1,2})\b"),
    re.compile(r"\bexons? (?P<a>[0-9]{1,2})\b[^0-9]{1,25}\bexons? (?P<b>[0-9]{1,2})\b", re.I),
    re.compile(r"\b[A-Z](?P<a>[0-9]{1,2})\s?;\s?[A-Z](?P<b>[0-9]{1,2})\b"),
    re.compile(r"\b[A-Z0-9]+\((?P<a>[0-9]{1,2})\)(?:-|::)[A-Z0-9]+\((?P<b>[0-9]{1,2})\)"),
)

# By chromosomes and by arm with whole band of each breakpoint (`p23.2` is `p23`).
_BY_BANDS: dict[str, tuple[str, str]] = {
    "t(9;22)(q34;q11)": ("BCR", "ABL1"), "t(2;5)(p23;q35)": ("NPM1", "ALK"),
    "inv(2)(p21p23)": ("EML4", "ALK"), "t(15;17)(q24;q21)": ("PML", "RARA"),
    "t(15;17)(q22;q12)": ("PML", "RARA"), "t(15;17)(q22;q21)": ("PML", "RARA"),
    "t(15;17)(q24;q12)": ("PML", "RARA"), "t(8;21)(q22;q22)": ("RUNX1", "RUNX1T1"),
    "inv(16)(p13q22)": ("CBFB", "MYH11"), "t(16;16)(p13;q22)": ("CBFB", "MYH11"),
    "t(12;21)(p13;q22)": ("ETV6", "RUNX1"), "t(1;19)(q23;p13)": ("TCF3", "PBX1"),
    "t(11;14)(q13;q32)": ("IGH", "CCND1"), "t(4;14)(p16;q32)": ("IGH", "NSD2"),
    "t(14;16)(q32;q23)": ("IGH", "MAF"), "t(14;18)(q32;q21)": ("IGH", "BCL2"),
    "t(8;14)(q24;q32)": ("IGH", "MYC"), "t(11;22)(q24;q12)": ("EWSR1", "FLI1"),
    "t(12;15)(p13;q25)": ("ETV6", "NTRK3"), "t(6;9)(p23;q34)": ("DEK", "NUP214"),
    "t(6;9)(p22;q34)": ("DEK", "NUP214"), "t(9;11)(p22;q23)": ("KMT2A", "MLLT3"),
    "t(9;11)(p21;q23)": ("KMT2A", "MLLT3"), "t(4;11)(q21;q23)": ("KMT2A", "AFF1"),
    "t(11;19)(q23;p13)": ("KMT2A", ""), "t(10;11)(p12;q23)": ("KMT2A", "MLLT10"),
    "t(6;11)(q27;q23)": ("KMT2A", "AFDN"), "t(17;22)(q22;q13)": ("COL1A1", "PDGFB"),
    "t(11;18)(q21;q21)": ("BIRC3", "MALT1"), "t(5;12)(q32;p13)": ("ETV6", "PDGFRB"),
    "t(5;12)(q33;p13)": ("ETV6", "PDGFRB"), "del(4)(q12q12)": ("FIP1L1", "PDGFRA"),
}  # fmt: skip
# Named without bands it is one thing alone.
_BY_CHROMOSOMES = {"t(9;22)": ("BCR", "ABL1")}


def find_fusion(text: str, genes: Mapping[str, str]) -> Fusion | None:
    """The fusion or rearrangement that a text names; None where it names none.

    A hyphen between two genes is a fusion only where both are known, or a word says so: `HLA-A` and
    `BRCA1/BRCA2 mutation` are none.
    """
    found = _DOUBLE_COLON.search(text)
    if found:
        named = tuple(
            symbol_of(each, genes)
            for each in (found["first"], found["second"])
            if not re.fullmatch(_ANY, each)
        )
        return Fusion(named, _breakpoint(text)) if named else None
    is_fusion = _FUSION_WORD.search(text) is not None
    is_rearranged = _REARRANGED.search(text) is not None
    pair = _pair(text, genes, sure=is_fusion or is_rearranged)
    if pair:
        return Fusion(pair, _breakpoint(text))
    by_name = _by_cytogenetics(text)
    if by_name is not None:
        return by_name
    if not (is_fusion or is_rearranged):
        return None
    named = tuple(dict.fromkeys(symbol for symbol, _, _ in genes_in(text, genes)))
    return Fusion(named[:2], _breakpoint(text), is_rearrangement=not is_fusion)


def _pair(text: str, genes: Mapping[str, str], *, sure: bool) -> tuple[str, str] | None:
    for found in _PAIR.finditer(text):
        first, second = found["first"], found["second"]
        known = [each.upper() in genes for each in (first, second)]
        is_joined_name = f"{first}-{second}".upper() in genes
        if is_joined_name or ("/" in found[0] and not sure):
            continue
        if all(known) or (sure and any(known) and all(map(looks_like_symbol, (first, second)))):
            return symbol_of(first, genes), symbol_of(second, genes)
        if sure and not genes and all(map(looks_like_symbol, (first, second))):
            return first, second
    return None


def _breakpoint(text: str) -> str:
    for pattern in _BREAKPOINTS:
        found = pattern.search(text)
        if found:
            return f"e{found['a']}::e{found['b']}"
    return ""


def _by_cytogenetics(text: str) -> Fusion | None:
    for found in _CYTOGENETIC.finditer(text):
        chromosomes = f"{found['kind']}({found['chromosomes']})"
        bands = re.sub(r"\.[0-9]+|~[pq0-9.]+", "", found["bands"] or "")
        genes = _BY_BANDS.get(f"{chromosomes}({bands})")
        if genes is None and not bands:
            genes = _BY_CHROMOSOMES.get(chromosomes)
        if genes:
            return Fusion(tuple(filter(None, genes)), by_cytogenetics=True)
    return None
