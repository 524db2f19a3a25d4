"""Names of genes in tumour reports → HGNC symbols: `HER2`, `HGNC:3430`, `PD-L1`, `EML4-ALK`.

The names come from knowledge; a name that it does not hold stays as stated.
"""

import re
from collections.abc import Iterable, Mapping

_TOKEN = re.compile(
    r"(?<![A-Za-z0-9.])[A-Za-z][A-Za-z0-9]{1,11}(?:-[A-Za-z0-9]{1,5})?(?![A-Za-z0-9])"
)
_SYMBOL = re.compile(r"[A-Z][A-Z0-9]{1,9}(?:orf[0-9]{1,3})?(?:-[A-Z0-9]{1,4})?")
_JOINTS = ("::", "--", "-", "/", "+")


def symbol_of(name: str, genes: Mapping[str, str]) -> str:
    """The symbol that a name means; the name itself where it is not known."""
    stated = name.strip()
    return genes.get(stated.upper(), stated)


def is_gene(name: str, genes: Mapping[str, str]) -> bool:
    """True for a known name in capitals (`MET`), or as the symbol is written (`C9orf72`)."""
    symbol = genes.get(name.upper())
    return symbol is not None and (name == name.upper() or name == symbol)


def symbols_of(stated: Iterable[str], genes: Mapping[str, str]) -> tuple[str, ...]:
    """The symbols of stated genes; `EML4-ALK` is two, unless it is itself a name (`HLA-A`)."""
    found: dict[str, None] = {}
    for name in stated:
        parts = pair_in(name, genes)
        found.update(dict.fromkeys(parts or (symbol_of(name, genes),)))
    return tuple(symbol for symbol in found if symbol)


def pair_in(name: str, genes: Mapping[str, str]) -> tuple[str, str] | None:
    """Two known genes written as one (`EML4-ALK`, `BCR/ABL`); None for one name."""
    if name.upper() in genes:
        return None
    for joint in _JOINTS:
        first, found, second = name.partition(joint)
        if found and is_gene(first, genes) and is_gene(second, genes):
            return symbol_of(first, genes), symbol_of(second, genes)
    return None


def looks_like_symbol(name: str) -> bool:
    return _SYMBOL.fullmatch(name) is not None


def genes_in(text: str, genes: Mapping[str, str]) -> list[tuple[str, int, int]]:
    """Every (symbol, start, end) of a known gene in a text, in order."""
    found = []
    for match in _TOKEN.finditer(text):
        name, start = match[0], match.start()
        if is_gene(name, genes):
            found.append((symbol_of(name, genes), start, match.end()))
            continue
        first, joint, second = name.partition("-")
        if joint and is_gene(first, genes):
            found.append((symbol_of(first, genes), start, start + len(first)))
        if joint and is_gene(second, genes):
            at = start + len(first) + 1
            found.append((symbol_of(second, genes), at, match.end()))
    return found
