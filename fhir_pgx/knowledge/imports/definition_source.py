"""What the source says of a gene's alleles, without what its exemptions take away.

The source's files have a table: variants (decision positions) across, named alleles down, a cell
where the allele says something. Positions are 1-based.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.imports.indel_contexts import is_indel

Variant = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """What the facts say of one gene.

    `alleles` are cells by the place of their variant in `variants`; `left_out` says what of the
    source has no place in our file, and why.
    """

    content: Mapping[str, Any]
    variants: list[Variant]
    alleles: dict[str, dict[int, str]]
    whole: list[str]
    exemptions: Mapping[str, Any] = field(default_factory=dict)
    left_out: list[str] = field(default_factory=list)

    @property
    def gene(self) -> str:
        return str(self.content["gene"])

    @property
    def chromosome(self) -> str:
        """`1` to `22`, `X` or `MT`."""
        name: str = self.content["chromosome"].removeprefix("chr")
        return "MT" if name == "M" else name

    @property
    def reference(self) -> str:
        (name,) = [a["name"] for a in self.content["namedAlleles"] if a["reference"]]
        return str(name)


def read_source(content: Mapping[str, Any], exemptions: Mapping[str, Any]) -> Source:
    """One gene's definition without what its exemptions take away.

    A position is ignored where position and alleles are those of the exemption: two variants may
    share a position. An allele that is left without a cell by that is left out with it.
    """
    ignored = {_key(each) for each in exemptions.get("ignoredPositions", ())}
    kept = [at for at, each in enumerate(content["variants"]) if _key(each) not in ignored]
    left_out = [
        f"the position {_key(each)[0]} ({each['chromosomeHgvsName']}): ignored by its source"
        for each in content["variants"]
        if _key(each) in ignored
    ]
    alleles: dict[str, dict[int, str]] = {}
    whole = []
    for named in content["namedAlleles"]:
        name = named["name"]
        values = [named["alleles"][at] for at in kept]
        cells = {place: value for place, value in enumerate(values) if value is not None}
        is_whole = None not in named["alleles"]
        if name in exemptions.get("ignoredAlleles", ()) or (not cells and not is_whole):
            left_out.append(f"the allele {name}: {'ignored' if cells else 'without a position'}")
            continue
        if is_whole:
            whole.append(name)
            refs = [content["variants"][at]["ref"] for at in kept]
            cells = {place: value for place, value in cells.items() if value != refs[place]}
        alleles[name] = cells
    variants = [content["variants"][at] for at in kept]
    return Source(content, variants, alleles, whole, exemptions, left_out)


def _key(variant: Variant) -> tuple[Any, ...]:
    return (variant["position"], variant["ref"], *sorted(variant["alts"]))


def site_name(variant: Variant) -> str:
    """The rsID; else the genomic name, its alleles joined where it has several."""
    if variant["rsid"]:
        return str(variant["rsid"])
    name: str = variant["chromosomeHgvsName"]
    if ";" not in name:
        return name
    return f"{name[:2]}{variant['position']}{variant['ref']}>{'/'.join(variant['alts'])}"


def unique_names(source: Source) -> list[str]:
    """The name of each variant; raises BrokenKnowledge where two have the same."""
    names = [site_name(variant) for variant in source.variants]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BrokenKnowledge(f"{source.gene}: two positions are called {', '.join(twice)}")
    return names


def check_single_bases(variants: Sequence[Variant]) -> None:
    """That the genomic name of each single-base variant says its position and bases."""
    for variant in variants:
        if is_indel(variant):
            continue
        said = {part.strip() for part in variant["chromosomeHgvsName"].split(";")}
        meant = {f"{variant['position']}{variant['ref']}>{alt}" for alt in variant["alts"]}
        if {re.sub(r"^[gm]\.", "", each) for each in said} != meant:
            raise BrokenKnowledge(f"{variant['chromosomeHgvsName']} is not {sorted(meant)}")


def sources(facts: Path) -> Iterator[Source]:
    folder = facts / "allele_definitions"
    exemptions = json.loads((folder / "exemptions.json").read_text(encoding="utf-8"))
    for path in sorted(folder.glob("*.json")):
        if path.name != "exemptions.json":
            content = json.loads(path.read_text(encoding="utf-8"))
            yield read_source(content, exemptions.get(content["gene"], {}))
