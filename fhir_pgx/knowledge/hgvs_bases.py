"""Whether a coding or protein name can mean the base change it is given to.

A coding name speaks of the transcript's strand: on a gene of the minus strand `c.415C>T` is G>A of
the chromosome. A protein name fits where one base of a codon makes the change, and its number is
that of the coding name's codon.
"""

import re
from collections import defaultdict
from itertools import product

from fhir_pgx.model.definition import Site

_CHANGED = re.compile(r"[cm]\.[\d*+_-]+([ACGT])>([ACGT])")
_LENGTH = re.compile(r"[cm]\.(-?\d+)(?:[+-]\d+)?(?:_(-?\d+)(?:[+-]\d+)?)?(del|dup)([ACGT]*)")
_REPLACED = re.compile(r"[cm]\.[\d*+_-]+del[ACGT]*ins([ACGT]+)")
_PROTEIN = re.compile(r"p\.([A-Z][a-z]{2})\d+([A-Z][a-z]{2})")
_EXONIC = re.compile(r"c\.(\d+)[ACGT]>[ACGT]")
_CODON = re.compile(r"p\.[A-Z][a-z]{2}(\d+)")
_COMPLEMENT = str.maketrans("ACGT", "TGCA")
_CODONS = dict(
    zip(
        map("".join, product("TCAG", repeat=3)),
        "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG",
        strict=True,
    )
)
_LETTERS = {
    "Ala": "A", "Arg": "R", "Asn": "N", "Asp": "D", "Cys": "C", "Gln": "Q", "Glu": "E",
    "Gly": "G", "His": "H", "Ile": "I", "Leu": "L", "Lys": "K", "Met": "M", "Phe": "F",
    "Pro": "P", "Ser": "S", "Thr": "T", "Trp": "W", "Tyr": "Y", "Val": "V", "Ter": "*",
}  # fmt: skip


def fault_of_name(name: str, allele: str, site: Site, minus: bool) -> str:
    """What is wrong where a name cannot mean this allele of the site; empty where it can."""
    if allele not in site.alts:
        return f"{name}: {site.name} has no allele {allele}"
    ref, alt = site.ref, allele
    if minus:
        ref, alt = ref.translate(_COMPLEMENT)[::-1], alt.translate(_COMPLEMENT)[::-1]
    if (changed := _CHANGED.fullmatch(name)) and (changed[1], changed[2]) != (ref, alt):
        return f"{name} is not {site.ref}>{allele} of {site.name}"
    if (length := _LENGTH.fullmatch(name)) and not _fits_length(length, site, allele, minus):
        return f"{name} does not insert or delete what {site.ref}>{allele} of {site.name} does"
    if (replaced := _REPLACED.fullmatch(name)) and replaced[1] != alt:
        return f"{name} is not {site.ref}>{allele} of {site.name}"
    protein = _PROTEIN.fullmatch(name) if len(ref) == len(alt) == 1 else None
    if protein and not _is_possible(protein[1], protein[2], ref, alt):
        return f"{name} is not made by {ref}>{alt} of {site.name}"
    return ""


def fault_of_codons(site: Site) -> str:
    """What is wrong where coding and protein names of one base speak of different codons."""
    if len(site.ref) != 1:
        return ""
    codons: dict[str, dict[int, str]] = defaultdict(dict)
    for name, allele in site.names.items():
        if coding := _EXONIC.fullmatch(name):
            codons[allele][(int(coding[1]) + 2) // 3] = name
        elif protein := _CODON.match(name):
            codons[allele][int(protein[1])] = name
    for names in codons.values():
        if len(names) > 1:
            return f"{' and '.join(names.values())} of {site.name} are of different codons"
    return ""


def _fits_length(found: re.Match[str], site: Site, allele: str, minus: bool) -> bool:
    first, last = int(found[1]), int(found[2] or found[1])
    is_dup = found[3] == "dup"
    shorter, longer = (site.ref, allele) if is_dup else (allele, site.ref)
    unit = longer[len(shorter) :]
    if len(unit) != last - first + 1 or not longer.startswith(shorter):
        return False
    if minus:
        unit = unit.translate(_COMPLEMENT)[::-1]
    # Shifted along a repeat, the same change begins at another base of its unit.
    stated = found[4] or unit
    return len(stated) == len(unit) and stated in unit + unit


def _is_possible(before: str, after: str, ref: str, alt: str) -> bool:
    for codon, amino_acid in _CODONS.items():
        if amino_acid != _LETTERS.get(before):
            continue
        for place, base in enumerate(codon):
            changed = codon[:place] + alt + codon[place + 1 :]
            if base == ref and _CODONS[changed] == _LETTERS.get(after):
                return True
    return False
