"""Other names of decision positions, from the names of alleles and the table of both builds.

Coding names (`c.2846A>T`) come from alleles that one position makes, protein names
(`p.Gln141Lys`) from such alleles, too (CFTR `G551D`), and from the table's column `Impact`. Each
maps to the VCF allele it stands for. Whether a base fits its name is checked when the knowledge
is compiled.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

AMINO_ACIDS = {
    "A": "Ala", "R": "Arg", "N": "Asn", "D": "Asp", "C": "Cys", "Q": "Gln", "E": "Glu",
    "G": "Gly", "H": "His", "I": "Ile", "L": "Leu", "K": "Lys", "M": "Met", "F": "Phe",
    "P": "Pro", "S": "Ser", "T": "Thr", "W": "Trp", "Y": "Tyr", "V": "Val", "X": "Ter",
}  # fmt: skip
_CODING = re.compile(r"[cm]\.[\d*+_-]+(?:[ACGT]>[ACGT]|(?:del|dup|ins)[ACGT]*(?:ins[ACGT]+)?)")
_PROTEIN = re.compile(r"([A-Z])(\d+)([A-Z])(?:\([ACGT]>[ACGT]\))?")
# NAT2 has one coding exon, on the plus strand: c.1 is base 18,400,004 of chromosome 8.
_NAT2_BEFORE_FIRST = 18400003


def protein_name(text: str) -> str:
    """`Q141K` → `p.Gln141Lys`; empty for anything else."""
    found = _PROTEIN.fullmatch(text)
    if not found or not {found[1], found[3]} <= AMINO_ACIDS.keys():
        return ""
    return f"p.{AMINO_ACIDS[found[1]]}{found[2]}{AMINO_ACIDS[found[3]]}"


def coding_names(text: str) -> list[str]:
    """The coding (or mitochondrial) names in an allele's name, each also without deleted bases.

    `c.295_298delTCAT (*7)` → `c.295_298delTCAT`, `c.295_298del`.
    """
    found = _CODING.findall(text)
    short = [re.sub(r"(del|dup)[ACGT]+", r"\1", each) for each in found]
    return list(dict.fromkeys([*found, *short]))


def site_names(
    variants: Sequence[Mapping[str, Any]],
    alleles: Mapping[str, Mapping[int, str]],
    rows: Iterable[Mapping[str, str]],
    gene: str,
) -> list[dict[str, str]]:
    """Name → VCF allele of each variant, in the order of `variants`.

    `alleles` are the cells of each allele by the place of their variant; `rows` those of the gene
    in the table. A name that fits two alleles of a variant, or two variants, stands for none.
    """
    meant: dict[str, set[tuple[int, str]]] = defaultdict(set)
    for name, place, allele in (
        *_of_alleles(variants, alleles),
        *_of_rows(variants, rows),
        *(_of_nat2(variants) if gene == "NAT2" else ()),
    ):
        meant[name].add((place, allele))
    found: list[dict[str, str]] = [{} for _ in variants]
    for name, places in meant.items():
        if len(places) == 1:
            ((place, allele),) = places
            found[place][name] = allele
    return found


Named = tuple[str, int, str]  # name, place of the variant, allele


def _of_alleles(
    variants: Sequence[Mapping[str, Any]], alleles: Mapping[str, Mapping[int, str]]
) -> Iterator[Named]:
    for name, cells in alleles.items():
        if len(cells) != 1:
            continue
        ((place, allele),) = cells.items()
        names = [*coding_names(name), protein_name(name)]
        if allele in variants[place]["alts"]:
            yield from ((each, place, allele) for each in names if each)


def _of_rows(
    variants: Sequence[Mapping[str, Any]], rows: Iterable[Mapping[str, str]]
) -> Iterator[Named]:
    places = {(v["position"], v["ref"]): place for place, v in enumerate(variants)}
    for row in rows:
        # The name on GRCh38 has the allele meant; the column `Variant` is GRCh37's.
        *_, ref, alt = row["GRCh38Name"].split("-")
        place = places.get((int(row["GRCh38Position"]), ref))
        name = protein_name(row["Impact"])
        if name and place is not None and len(ref) == 1 and alt in variants[place]["alts"]:
            yield name, place, alt


def _of_nat2(variants: Sequence[Mapping[str, Any]]) -> Iterator[Named]:
    for place, variant in enumerate(variants):
        number = variant["position"] - _NAT2_BEFORE_FIRST
        if 1 <= number <= 873 and len(variant["ref"]) == 1:
            for alt in variant["alts"]:
                yield f"c.{number}{variant['ref']}>{alt}", place, alt
