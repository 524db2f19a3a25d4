"""Genes of which every variant found is listed, and the lowest functions decide (DPYD, RYR1,
MT-RNR1): no star diplotype is forced on them. Source: pgx reference, 4.2.

Where the phase is known, each copy counts with its variant of lowest function. Where it is not, the
variants are listed flat, and what decides is the least favourable way they can lie.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from itertools import product

from fhir_pgx.genotype.components_found import Names, Strands, Variants, in_order
from fhir_pgx.genotype.table import CallTable
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.genotype import Diplotype

MOST_BLOCKS = 8  # 128 ways to lie; beyond that the two lowest of all are taken
# Functions without a number, the least favourable first, by how they begin.
_WORST_FIRST = ("Malignant Hyperthermia associated", "Increased risk", "Uncertain", "Normal")


@dataclass(frozen=True, slots=True)
class ComponentCall:
    """The diplotypes, least favourable first, with the alleles whose functions decide in each.

    `pairs` has the deciding alleles of every way in which the variants can lie, or of more where
    the ways are too many to try.
    """

    diplotypes: tuple[Diplotype, ...]
    looked_up: tuple[Names, ...]
    pairs: tuple[Names, ...]
    caveats: tuple[Caveat, ...]


def call_components(table: CallTable, variants: Variants) -> ComponentCall:
    """How the variants lie, and which decide."""
    if variants.copies == 1:
        return _call_single(table, variants)
    ways = list(_ways(table, variants))
    keys = {table.key_of(pair) for _, pair in ways}
    caveats = list(variants.caveats)
    if len(keys) > 1 or (not ways and len(variants.blocks) > 1):
        caveats.append(
            Caveat(
                "PGX-645",
                f"Whether the {table.gene} variants lie on one copy or on both is not known; the "
                "less favourable case was taken.",
            )
        )
    pairs = tuple(dict.fromkeys(pair for _, pair in ways))
    if len(variants.blocks) < 2 or (ways and variants.phased == len(variants.blocks)):
        found = dict(ways)
        return ComponentCall(tuple(found), tuple(found.values()), pairs, tuple(caveats))
    flat = _flat(table, variants)
    lowest = pairs[0] if pairs and variants.phased else _two_lowest(table, flat)
    diplotype = Diplotype(flat, written=", ".join(flat))
    # Too many ways to try: the second copy may decide by any of the variants, or by none.
    others = dict.fromkeys((*flat, *(() if variants.both else (table.definition.reference,))))
    pairs = pairs or tuple(_two_lowest(table, (_lowest(table, flat), other)) for other in others)
    return ComponentCall((diplotype,), (lowest,), pairs, tuple(caveats))


def _call_single(table: CallTable, variants: Variants) -> ComponentCall:
    """The variants of the only copy."""
    names = in_order(table, [*variants.both, *(n for b in variants.blocks for s in b for n in s)])
    strand = names or (table.definition.reference,)
    written = _strand_text(strand) if len(strand) > 1 else ""
    lowest = (_lowest(table, strand),)
    return ComponentCall(
        (Diplotype(strand, written=written),), (lowest,), (lowest,), variants.caveats
    )


def _ways(table: CallTable, variants: Variants) -> list[tuple[Diplotype, Names]]:
    """Every way in which the blocks can lie to each other, least favourable first; none where they
    are too many to try."""
    if len(variants.blocks) > MOST_BLOCKS:
        return []
    found = []
    for turns in product((False, True), repeat=max(0, len(variants.blocks) - 1)):
        strands = (list(variants.both), list(variants.both))
        for turn, block in zip((False, *turns), variants.blocks, strict=False):
            strands[turn].extend(block[0])
            strands[not turn].extend(block[1])
        found.append(_as_diplotype(table, strands))
    return sorted(found, key=lambda way: _unfavourable_first(table, *way))


def _unfavourable_first(
    table: CallTable, diplotype: Diplotype, lowest: Names
) -> tuple[object, ...]:
    """A key for sorting: by what decides, then as written."""
    weights = [_weight(table, name) for name in _by_weight(table, lowest)]
    return weights, [table.place[name] for name in diplotype.haplotypes], diplotype.name


def _as_diplotype(table: CallTable, strands: Strands) -> tuple[Diplotype, Names]:
    reference = (table.definition.reference,)
    ordered = sorted(
        (in_order(table, strand) or reference for strand in strands),
        key=lambda names: [table.place[name] for name in names],
    )
    names = tuple(name for strand in ordered for name in strand)
    written = "/".join(_strand_text(strand) for strand in ordered) if len(names) > 2 else ""
    lowest = tuple(_lowest(table, strand) for strand in ordered)
    return Diplotype(names, written=written), lowest


def _flat(table: CallTable, variants: Variants) -> Names:
    """Every variant, one that is on both copies twice."""
    names = [*variants.both, *variants.both]
    return in_order(table, [*names, *(n for block in variants.blocks for s in block for n in s)])


def _two_lowest(table: CallTable, names: Iterable[str]) -> Names:
    return in_order(table, _by_weight(table, names)[:2])


def _lowest(table: CallTable, names: Iterable[str]) -> str:
    return _by_weight(table, names)[0]


def _by_weight(table: CallTable, names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: _weight(table, name))


def _weight(table: CallTable, name: str) -> tuple[Decimal, bool, int]:
    """Lowest function first; among equals the variants that every guideline knows."""
    preferred = name in table.definition.preferred
    return function_rank(table.labels.get(name)), not preferred, table.place[name]


def function_rank(function: str | None) -> Decimal:
    """An activity value, or the place of a function's words; lower is less favourable.

    A variant without a function ranks just before those of normal function: it is not passed over.
    """
    for place, word in enumerate(_WORST_FIRST):
        if function and function.startswith(word):
            return Decimal(place)
    try:
        return Decimal(function or "0.99")
    except InvalidOperation:
        return Decimal("0.99")


def _strand_text(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"[{' + '.join(names)}]"
