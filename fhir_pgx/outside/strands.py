"""The strands of a called diplotype, written as the allele tables write them.

Callers write a strand with more than one copy of CYP2D6 in many ways: `*4+*68`, `*4.001+*68`,
`*2+*2`, `[*36 + *10]`. The tables have one: the hybrid before the whole gene, copies counted
(`*68+*4`, `*2x2`). Source: pgx reference, 4.4; the CYP2D6 alleles of CPIC's tables.
"""

import re
from collections import Counter
from collections.abc import Mapping

from fhir_pgx.model.finding import Caveat

_COPY = re.compile(r"(\*\d+)(?:\.\d{3})?(?:[x×](\d{1,2}))?")
_MANY = re.compile(r"(\*\d+)\s*[x×]?\s*(?:≥|>=)\s*3")  # PharmCAT's page writes `*1≥3`
# The CYP2D6/CYP2D7 hybrids that the tables name before the gene they stand beside.
_HYBRIDS = ("*13", "*36", "*68")


def plain_diplotype(
    gene: str, text: str, names: Mapping[tuple[str, str], str]
) -> tuple[str, tuple[Caveat, ...]]:
    """A diplotype as the tables write it, and what must be said of the reading.

    `names` are a tool's own names of alleles, by gene and name, and ours for them. What is no
    strand of whole copies (`*41+rs368858603`) stays as written: nothing is guessed.
    """
    strands = [strand.strip() for strand in text.split("/")]
    if len(strands) > 2:
        return text.strip(), ()
    plain = [_plain_strand(gene, strand, names) for strand in strands]
    notes = [
        Caveat("PGX-602", f"{gene} {was} was read as {now}.")
        for was, now in zip(strands, plain, strict=True)
        if re.sub(r"[\[\]\s]", "", was) != re.sub(r"[\[\]\s]", "", now)
    ]
    return "/".join(plain), tuple(dict.fromkeys(notes))


def _plain_strand(gene: str, strand: str, names: Mapping[tuple[str, str], str]) -> str:
    named = names.get((gene, strand), strand)
    if gene != "CYP2D6":
        return named
    many = _MANY.fullmatch(named)
    if many:
        return f"{many[1]}x≥3"
    parts = copies_of(named)
    if parts is None or len(named.split("+")) < 2:
        return named
    return joined(parts)


def copies_of(strand: str) -> list[str] | None:
    """The core alleles of a strand, one for each copy; None where it holds anything else."""
    copies: list[str] = []
    for part in strand.strip().strip("[]").split("+"):
        found = _COPY.fullmatch(part.strip())
        if not found:
            return None
        copies += [found[1]] * int(found[2] or 1)
    return copies


def joined(copies: list[str]) -> str:
    """`["*4", "*68"]` as `*68+*4`, `["*2", "*2"]` as `*2x2`."""
    counted = Counter(copies)
    order = sorted(counted, key=lambda name: (name not in _HYBRIDS, copies.index(name)))
    return "+".join(name if counted[name] == 1 else f"{name}x{counted[name]}" for name in order)
