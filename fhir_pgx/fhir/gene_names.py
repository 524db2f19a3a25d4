"""Which gene a code, a display or a sentence names.

HGNC ids come as `HGNC:2621`, `2621` or the symbol, in systems written in several ways; texts say
`CYP2C19`, `CYP 2C19`, `cytochrome P450 2C19`, `IL28B`, `HLA-B*57:01`.
"""

import re

from fhir_pgx.fhir.notes import GENES_DISAGREE, note
from fhir_pgx.fhir.values import Concept
from fhir_pgx.model.drug import Coding
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.knowledge import Vocabulary

MAX_TEXT = 20_000  # a longer text is not searched for gene names

_NAME = re.compile(
    r"\b(?i:CYP(?:450)?|P-?450)[\s_-]?(?P<cyp>\d[A-Za-z]\d{1,2})(?![A-Za-z0-9])"
    r"|\b(?i:HLA)[\s_-]?(?P<hla>DRB[1345]|D[PQ][AB]1|[A-C])(?=$|[^A-Za-z])"
    r"|(?<![A-Za-z0-9])(?P<word>[A-Za-z][A-Za-z0-9]{1,11}(?:-[A-Z0-9]{2,5})?)(?![A-Za-z0-9])"
)
_OTHER_NAMES = {
    "IL28B": "IFNL3", "DPD": "DPYD", "VKORC": "VKORC1", "MTRNR1": "MT-RNR1", "OATP1B1": "SLCO1B1",
    "GBA1": "GBA",
}  # fmt: skip
_SYMBOL = re.compile(r"[A-Z][A-Z0-9]{1,9}(?:orf\d{1,3})?(?:-[A-Z0-9]{1,5})?")


def find_genes(text: str, vocabulary: Vocabulary) -> list[tuple[str, int, int]]:
    """Every (symbol, start, end) of a known gene named in a text, in order."""
    if len(text) > MAX_TEXT:
        return []
    found = []
    for match in _NAME.finditer(text):
        symbol = _symbol(match, vocabulary)
        if symbol:
            found.append((symbol, match.start(), match.end()))
    return found


def _symbol(match: re.Match[str], vocabulary: Vocabulary) -> str:
    cyp, hla, word = match.groups()
    if hla:
        return f"HLA-{hla.upper()}"
    if not word:
        return vocabulary.genes.get(f"CYP{cyp.upper()}", "")
    upper = word.upper()
    symbol = vocabulary.genes.get(upper) or _OTHER_NAMES.get(upper, "")
    # `ace`, `tnf` or `otc` in lower case are words, `cyp2c19` is not.
    if word in (upper, symbol) or (len(word) > 4 and not word.isalpha()):
        return symbol
    return ""


def named_genes(text: str, vocabulary: Vocabulary) -> tuple[str, ...]:
    """The distinct genes a text names, in order."""
    return tuple(dict.fromkeys([symbol for symbol, _, _ in find_genes(text, vocabulary)]))


def without_genes(text: str, vocabulary: Vocabulary) -> str:
    """The text without the gene names in it, its spaces single."""
    for _, start, end in reversed(find_genes(text, vocabulary)):
        text = f"{text[:start]} {text[end:]}"
    return " ".join(text.split())


def gene_of(concept: Concept, vocabulary: Vocabulary) -> tuple[str, tuple[Caveat, ...]]:
    """The gene that a gene-studied concept means, and a caveat where its parts disagree.

    The code leads, then display, then text. A gene that we have no knowledge of is taken by its
    display, so that its findings are not lost; empty where nothing names a gene.
    """
    by_code, by_words, coded = "", "", ""
    for coding in concept.codings:
        by_code = by_code or _by_code(coding, vocabulary)
        by_words = by_words or _by_words(coding.display, vocabulary)
        coded = coded or coding.code
    by_words = by_words or _by_words(concept.text, vocabulary)
    gene = by_code or by_words
    if not gene:
        return _unknown_symbol(concept), ()
    if by_code and by_words and by_code != by_words:
        return gene, (note(GENES_DISAGREE, kept=gene, other=by_words),)
    if not by_code and coded.startswith("HGNC:") and coded[5:].isdigit():
        return gene, (note(GENES_DISAGREE, kept=gene, other=f"the id {coded[:20]}"),)
    return gene, ()


def _by_code(coding: Coding, vocabulary: Vocabulary) -> str:
    code = coding.code
    if code.isdigit() and coding.system and "genenames" not in coding.system.lower():
        return ""  # a number of another registry (NCBI 1557) is not an HGNC number
    return vocabulary.genes.get(code.upper(), "")


def _by_words(words: str, vocabulary: Vocabulary) -> str:
    if not words or len(words) > 200:
        return ""
    whole = vocabulary.genes.get(words.upper(), "")
    if whole and not words.isdigit():
        return whole
    named = named_genes(words, vocabulary)
    return named[0] if len(named) == 1 else ""


def _unknown_symbol(concept: Concept) -> str:
    for words, _ in concept.stated:
        if _SYMBOL.fullmatch(words):
            return words
    return ""
