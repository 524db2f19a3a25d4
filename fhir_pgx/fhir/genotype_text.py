"""Telling diplotypes from single alleles in the texts that stand for them, without judging them.

`*1/*17`, `CYP2D6*7.001 / CYP2D6*1.001`, `C/T`, `c.[1905+1G>A];[=]`, GL Strings. What an allele
name means is decided by `genotype`; here only its kind and its gene are.

GL String operators, loosest first: `^` loci, `|` genotype list, `+` chromosomes, `~` phased
haplotype, `/` ambiguous allele (Milius 2013, PMID 23849068).
"""

import re
from collections.abc import Iterable

from fhir_pgx.model.finding import StatementKind

MAX_TEXT = 20_000
SINGLE_NUCLEOTIDE_GENES = frozenset(("VKORC1", "IFNL3", "IFNL4", "ABCG2"))

_STAR = (
    r"\*\d{1,3}[A-Z]{0,2}(?:\.\d{1,4})?(?:\s?[xX×](?:≥|>=)?(?:\d{1,2}|N))?"
    r"(?:\+\*\d{1,3}[A-Z]{0,2}(?:[xX×](?:\d{1,2}|N))?){0,3}"
)
_GENE = r"(?:[A-Z][A-Z0-9-]{2,9}[\s_]?)?"
STAR_PAIR = re.compile(rf"(?<![*/]){_STAR}\s?[/|]\s?{_GENE}{_STAR}(?![\w/*|+])")
STAR_ALLELE = re.compile(rf"(?<![*/]){_STAR}(?![\w/*:|+])")
NUCLEOTIDE_ALLELE = re.compile(
    r"(?<![\w.])[cm]\.[-*]?\d{1,7}(?:[+-]\d{1,6})?(?:_\d{1,7})?"
    r"(?:[ACGT]>[ACGT]|delins[ACGT]{1,20}|(?:del|dup|ins)[ACGT]{0,20})(?![\w/\]])"
)
_TWO_STARS = re.compile(r"\*\d[^*]{0,20}\*\d")
_COPIES = re.compile(r"(?i)[)\s][x×]\s?[\dn≥>]|\bdup|cop(?:y|ies)|multipl|amplif|delet|hybrid")
NUCLEOTIDE_PAIR = re.compile(r"(?<![A-Za-z0-9>*])[ACGT]\s?[/|]\s?[ACGT](?![A-Za-z0-9])")
_BARE_NUCLEOTIDES = re.compile(r"(?:rs\d{1,12}\s?:?\s?)?[ACGT]{2}")
HLA_ALLELE = re.compile(
    r"(?:HLA-)?(?P<locus>DRB[1345]|D[PQ][AB]1|[ABC])[*:](?P<fields>\d{2,4}(?::[0-9A-Z]{2,6}){0,3})"
    r"[A-Z]?(?!\w|:\w)"
)
_HLA_FIELDS = re.compile(r"\*?\d{2,4}:\d{2,4}")
_LOCUS = re.compile(r"(?<![A-Za-z0-9])(?:HLA-)?(DRB[1345]|D[PQ][AB]1|[ABC])(?=[*:+])")
_BETWEEN_LOCI = frozenset({"and", "hla"})
_RELEASE = re.compile(r"(?:hla#[^#\s]{0,20}#)?")
_NAMED = re.compile(r"\*\d|[cgmnp]\.|\brs\d|\breference\b|\bhla#", re.IGNORECASE)


def looks_like_genotype(text: str) -> bool:
    """True where the text holds allele names, a nucleotide pair or a GL String."""
    if len(text) > MAX_TEXT:
        return False
    return (
        _NAMED.search(text) is not None
        or NUCLEOTIDE_PAIR.search(text) is not None
        or _BARE_NUCLEOTIDES.fullmatch(text.strip()) is not None
        or HLA_ALLELE.search(text) is not None
    )


def is_star_text(text: str) -> bool:
    return "*" in text


def is_nucleotide_text(text: str) -> bool:
    return "*" not in text and (
        NUCLEOTIDE_PAIR.search(text) is not None
        or _BARE_NUCLEOTIDES.fullmatch(text.strip()) is not None
    )


def is_pair(text: str) -> bool:
    """True where `/` stands between two names, whatever the names are: `F508del/G551D`."""
    left, _, right = text.partition("/")
    return _holds_name(left) and _holds_name(right)


def _holds_name(part: str) -> bool:
    return any(sign.isalnum() for sign in part)


def kind_of(gene: str, text: str) -> StatementKind:
    """DIPLOTYPE where the text states both alleles, else HAPLOTYPE."""
    if gene.startswith("HLA-"):
        return _hla_kind(text)
    if "/" in text or "|" in text or ";" in text or _TWO_STARS.search(text):
        return StatementKind.DIPLOTYPE
    if _BARE_NUCLEOTIDES.fullmatch(text.strip()):
        return StatementKind.DIPLOTYPE
    return StatementKind.HAPLOTYPE


def _hla_kind(text: str) -> StatementKind:
    if "+" in text:
        return StatementKind.DIPLOTYPE
    if is_gl_string(text):
        return StatementKind.HAPLOTYPE  # `/` and `|` are then the ambiguity of one allele
    two = len(_HLA_FIELDS.findall(text[:MAX_TEXT])) == 2
    return StatementKind.DIPLOTYPE if two else StatementKind.HAPLOTYPE


def has_hla_slash(gene: str, text: str) -> bool:
    """True for `HLA-B*57:01/HLA-B*08:01`: two chromosomes to a laboratory, one to GL String."""
    return (
        gene.startswith("HLA-")
        and "/" in text
        and "+" not in text
        and _hla_kind(text) is StatementKind.DIPLOTYPE
    )


def is_gl_string(text: str) -> bool:
    return text.startswith("hla#")


def star_pair_in(text: str) -> str:
    """The one star diplotype inside a longer text, where the rest cannot change it.

    Empty where there is none, or several, or another allele, or a word on copies beside it
    (`(*1/*2)xN`): cut out, the pair would say less than the text does.
    """
    found = STAR_PAIR.findall(text) if len(text) <= MAX_TEXT else []
    if len(found) != 1:
        return ""
    rest = text.replace(found[0], " ")
    return "" if "*" in rest or _COPIES.search(rest) else found[0]


_ALLELE = r"(?:HLA-?)?(?:[A-C]w?|D[PQR][AB]\d?)?\*\d{2,4}(?::\d{2,4}){0,3}[NLSCAQGP]?"
# `B*57:01, B*44:02`: two alleles and nothing else are the two chromosomes.
_BESIDE = re.compile(rf"({_ALLELE})(?:\s?[,;]\s?|\s| and )({_ALLELE})")


def hla_pair(text: str) -> str:
    """Two alleles beside each other as a GL String joins them; any other text as it is."""
    found = _BESIDE.fullmatch(text.strip()) if len(text) < 100 else None
    return f"{found[1]}+{found[2]}" if found else text


def hla_by_locus(text: str) -> dict[str, str]:
    """A GL String's part for each locus it names, with its release prefix; empty if it names none.

    `A*01:01~B*08:01+A*02:01~B*57:01` becomes `A*01:01+A*02:01` and `B*08:01+B*57:01`. A string of
    one locus comes back as it was.
    """
    if len(text) > MAX_TEXT:
        return {}
    loci = dict.fromkeys(f"HLA-{found}" for found in _LOCUS.findall(text))
    if len(loci) <= 1:
        return dict.fromkeys(loci, text)
    prefix = _RELEASE.match(text)
    release = prefix[0] if prefix else ""
    body = text[len(release) :]
    parts: dict[str, list[str]] = {locus: [] for locus in loci}
    for block in body.split("^"):
        for locus, part in _block_by_locus(block).items():
            parts[locus].append(part)
    # A locus in several `^` blocks was not written by the grammar: its blocks are chromosomes.
    return {locus: release + "+".join(found) for locus, found in parts.items() if found}


def _block_by_locus(block: str) -> dict[str, str]:
    """Each locus's part. A word that is of no locus (`negative`) may be of any: it stays with
    all, and their typings are refused for it."""
    genotypes: dict[str, list[str]] = {}
    words: list[str] = []
    for genotype in block.split("|"):
        chromosomes: dict[str, list[str]] = {}
        for chromosome in genotype.split("+"):
            for piece in re.split(r"[~,;\s]+", chromosome):
                found = _LOCUS.search(piece)
                if found:
                    chromosomes.setdefault(f"HLA-{found[1]}", []).append(piece)
                elif piece and piece.lower() not in _BETWEEN_LOCI:
                    words.append(piece)
        for locus, alleles in chromosomes.items():
            genotypes.setdefault(locus, []).append("+".join(alleles))
    return {
        locus: " ".join(["|".join(dict.fromkeys(found)), *words])
        for locus, found in genotypes.items()
    }


def same_genotype(texts: Iterable[str]) -> bool:
    """True unless two of the texts state different star diplotypes (order does not count)."""
    stated = set()
    for text in texts:
        pair = STAR_PAIR.search(text) if len(text) < 200 else None
        if pair:
            stated.add(tuple(sorted(re.findall(r"\*[^\s/|A-Z]+[A-Z]?", pair[0]))))
    return len(stated) <= 1
