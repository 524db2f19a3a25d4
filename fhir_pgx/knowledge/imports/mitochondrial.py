"""MT-RNR1 in the shape of the other definitions, from its allele names alone.

The source publishes functions for MT-RNR1 and no positions; the names say them (`m.1555A>G`, on
NC_012920.1, which both builds share). rsIDs, and the base before a deletion, come from the table
of both builds.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fhir_pgx.errors import BrokenKnowledge

_CHANGED = re.compile(r"m\.(\d+)([ACGT])>([ACGT])")
# CPIC writes the deletion of one base as `m.960C>del`.
_DELETED = re.compile(r"m\.(\d+)([ACGT])>del")


def mt_rnr1(
    source: Mapping[str, Any], rows: Sequence[Mapping[str, str]]
) -> tuple[dict[str, Any], list[str]]:
    """The definition as the source's other genes have it, and what could not be placed.

    Raises BrokenKnowledge where the table has other bases than a name says.
    """
    placed: dict[str, tuple[int, str, str, str]] = {}  # name → position, ref, alt, genomic name
    left_out = []
    for name in source["alleles"]:
        if name == "Reference":
            continue
        place = _changed(name) or _deleted(name, rows)
        if place is None:
            left_out.append(f"the allele {name}: its name does not say exactly what changes")
        else:
            placed[name] = place
    variants = list(_variants(placed.values(), rows))
    return {
        "gene": source["gene"],
        "chromosome": "chrM",
        "version": source["source_version"],
        "variants": variants,
        "namedAlleles": [
            {"name": "Reference", "reference": True, "alleles": [v["ref"] for v in variants]},
            *(
                {"name": n, "reference": False, "alleles": _cells(variants, p)}
                for n, p in placed.items()
            ),
        ],
    }, left_out


def _changed(name: str) -> tuple[int, str, str, str] | None:
    found = _CHANGED.fullmatch(name)
    return (int(found[1]), found[2], found[3], name) if found else None


def _deleted(name: str, rows: Iterable[Mapping[str, str]]) -> tuple[int, str, str, str] | None:
    """A deletion, left-aligned as the table has it: within a run of the same base before it."""
    found = _DELETED.fullmatch(name)
    if not found:
        return None
    last, base = int(found[1]), found[2]
    for row in rows:
        position, ref, alt = int(row["GRCh38Position"]), row["GRCh38Allele"], row["Variant"]
        if len(ref) == 2 and ref[1] == base and alt == ref[0] and 0 < last - position <= 5:
            return position, ref, alt, f"m.{last}del"
    return None


def _variants(
    placed: Iterable[tuple[int, str, str, str]], rows: Sequence[Mapping[str, str]]
) -> Iterable[dict[str, Any]]:
    by_place: dict[tuple[int, str], list[tuple[str, str]]] = {}
    for position, ref, alt, name in placed:
        by_place.setdefault((position, ref), []).append((alt, name))
    for (position, ref), alts in sorted(by_place.items()):
        here = [row for row in rows if row["GRCh38Position"] == str(position)]
        same = [row for row in here if row["GRCh38Allele"] == ref]
        if here and not same:
            raise BrokenKnowledge(f"the table has other bases than {ref} at {position}")
        ids = {row["rsID"] for row in same if row["rsID"].startswith("rs")}
        yield {
            "position": position,
            "rsid": ids.pop() if len(ids) == 1 else None,
            "chromosomeHgvsName": "; ".join(name for _, name in alts),
            "ref": ref,
            "alts": [alt for alt, _ in alts],
            "cpicToVcfAlleleMap": {},
        }


def _cells(
    variants: Sequence[Mapping[str, Any]], place: tuple[int, str, str, str]
) -> list[str | None]:
    position, ref, alt, _ = place
    return [alt if (v["position"], v["ref"]) == (position, ref) else None for v in variants]
