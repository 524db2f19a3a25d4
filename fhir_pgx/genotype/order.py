"""The order in which a gene's alleles are written: `*1/*2`, never `*2/*1`."""

import re
from collections.abc import Collection, Mapping
from functools import lru_cache

from fhir_pgx.model.function_pairs import standard_name
from fhir_pgx.model.knowledge import GeneRules

_STAR = re.compile(r"\*(\d+)")


def places(rules: GeneRules, others: Collection[str] = ()) -> Mapping[str, int]:
    """Each allele's place: star alleles by number, all others as in the gene's file, `others` last.

    Of the others, one that the file knows by another name (NUDT15 *2, which is *3 there) stands
    beside that name.
    """
    found = _places(tuple(rules.alleles))
    if all(name in found for name in others):
        return found

    def place(name: str) -> tuple[int, int]:
        return _number(name), found.get(standard_name(name, rules), len(found))

    return {
        name: at for at, name in enumerate(sorted({**found, **dict.fromkeys(others)}, key=place))
    }


@lru_cache(maxsize=64)
def _places(names: tuple[str, ...]) -> Mapping[str, int]:
    return {name: at for at, name in enumerate(sorted(names, key=_number))}


def _number(name: str) -> int:
    star = _STAR.match(name)
    return int(star[1]) if star else 0
