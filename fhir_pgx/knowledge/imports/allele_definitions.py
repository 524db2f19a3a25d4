"""Named-allele definitions into our `alleles/*.yaml`, a file a gene.

    python -m fhir_pgx.knowledge.imports.allele_definitions --facts DIR

Reads `allele_definitions/*.json` with `exemptions.json`, `phenotypes/MT-RNR1.json`,
`variant_positions_b37_b38.csv` and `refseq_chromosomes.csv` of a facts release. Positions stay
1-based and spelled as in a VCF, on GRCh38 and GRCh37. Nothing is written where a source contradicts
itself: a name that does not mean its VCF spelling, or bases of GRCh37 that are of another variant.
"""

import argparse
import csv
import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fhir_pgx.errors import BrokenKnowledge
from fhir_pgx.knowledge.hgvs_bases import fault_of_name
from fhir_pgx.knowledge.imports.build37 import Place, Positions37
from fhir_pgx.knowledge.imports.definition_source import (
    Source,
    Variant,
    check_single_bases,
    read_source,
    site_name,
    sources,
    unique_names,
)
from fhir_pgx.knowledge.imports.indel_contexts import contexts_of
from fhir_pgx.knowledge.imports.mitochondrial import mt_rnr1
from fhir_pgx.knowledge.imports.site_names import site_names
from fhir_pgx.knowledge.imports.tables import flow
from fhir_pgx.model.definition import Site

HERE = Path(__file__).resolve().parents[1]
MINUS = {
    "ABCG2", "CACNA1S", "CYP2D6", "CYP3A4", "CYP3A5", "CYP4F2", "DPYD", "G6PD", "IFNL3", "TPMT",
    "VKORC1",
}  # fmt: skip
CITATIONS = {
    "definition": {
        "what": "Allele definitions of CPIC and PharmVar, as published with PharmCAT",
        "from": "PharmCAT v3.1.1, data of 2025-11-05",
        "licence": "CC0-1.0 (CPIC content); PharmVar's own terms (PharmVar content)",
    },
    "build37": {
        "what": "Positions on both builds, and protein names",
        "from": "pypgx 0.27.0",
        "licence": "MIT",
    },
}


def gene_file(source: Source, rows: Sequence[Mapping[str, str]], accessions: list[str]) -> str:
    """The text of one gene's file; `rows` are the gene's in the table of both builds, `accessions`
    the chromosome's on GRCh37 and GRCh38. Raises BrokenKnowledge on any contradiction."""
    names = unique_names(source)
    check_single_bases(source.variants)
    contexts = contexts_of(source.variants)
    positions = Positions37(rows)
    places = [positions.place(variant) for variant in source.variants]
    known = other_names(source, names, rows)
    sites = map(site, names, source.variants, places, contexts, known)
    extra = [
        site(site_name(variant), variant, positions.place(variant))
        for variant in source.exemptions.get("extraPositions", ())
    ]
    lines = [
        *header(source, places),
        *about(source, accessions),
        *lists(source, names),
        "sites:",
        *(f"  - {flow(each)}" for each in sites),
        *(["extra:"] if extra else []),
        *(f"  - {flow(each)}" for each in extra),
        "alleles:",
        *allele_lines(source, names),
    ]
    return "\n".join(lines) + "\n"


def other_names(
    source: Source, names: Sequence[str], rows: Sequence[Mapping[str, str]]
) -> list[dict[str, str]]:
    """The other names of each variant. One that its base cannot make is left out, and said so."""
    found = site_names(source.variants, source.alleles, rows, source.gene)
    for name, variant, known in zip(names, source.variants, found, strict=True):
        site = Site(name, variant["position"] - 1, variant["ref"], tuple(variant["alts"]))
        for each, allele in list(known.items()):
            fault = fault_of_name(each, allele, site, source.gene in MINUS)
            if fault:
                source.left_out.append(f"the name {fault}")
                del known[each]
    return found


def header(source: Source, places: Sequence[Place | None]) -> Iterator[str]:
    yield "# Written by imports/allele_definitions.py; do not edit. How to call them: calling.yaml."
    yield "# position: 1-based, GRCh38, spelled as in a VCF; position37: the same on GRCh37."
    inferred = sum(place is not None and place.is_inferred for place in places)
    without = sum(place is None for place in places)
    placed = len(places) - inferred - without
    yield (
        f"# {len(places)} sites; on GRCh37 {placed} are placed by a source, {inferred} between "
        f"neighbours, {without} not."
    )
    for what in source.left_out:
        yield f"# Left out: {what}."


def about(source: Source, accessions: Sequence[str]) -> Iterator[str]:
    yield f"gene: {source.gene}"
    yield f"chromosome: {flow(source.chromosome)}"
    yield f"strand: {'minus' if source.gene in MINUS else 'plus'}"
    yield f"accessions: {flow(dict(zip(('GRCh37', 'GRCh38'), accessions, strict=True)))}"
    yield f"release: {flow(source.content['version'])}"
    yield "citations:"
    for name, entry in CITATIONS.items():
        yield f"  {name}: {flow(entry)}"
    yield f"reference: {flow(source.reference)}"
    yield f"whole: {flow(source.whole)}"


def site(
    name: str,
    variant: Variant,
    place: Place | None,
    context: str = "",
    names: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A site as it stands in the file: members that say nothing are left out."""
    found: dict[str, Any] = {
        "name": name,
        "position": variant["position"],
        "ref": variant["ref"],
        "alts": variant["alts"],
    }
    if place is not None:
        found["position37"] = place.position
        if place.ref:
            found["ref37"] = place.ref
        if place.is_inferred:
            found["inferred37"] = True
    if context:
        found["context"] = context
    if names:
        found["names"] = dict(sorted(names.items()))
    return found


def lists(source: Source, names: Sequence[str]) -> Iterator[str]:
    """The members that few genes have: sub-alleles, sites needed, alleles expected of every test,
    picks among equal diplotypes."""
    at = {variant["position"]: name for variant, name in zip(source.variants, names, strict=True)}
    exemptions = source.exemptions
    core = source.content.get("suballelesMap")
    if core:
        yield f"core: {flow(core)}"
    required = [at[position] for position in exemptions.get("requiredPositions", ())]
    if required:
        yield f"required: {flow(required)}"
    tier1 = [name for name in exemptions.get("amp1Alleles", ()) if name in source.alleles]
    if tier1:
        yield f"tier1: {flow(tier1)}"
    picks = exemptions.get("unphasedDiplotypePriorities")
    if picks:
        yield "picks:"
        for each in picks:
            yield f"  - {flow({'among': each['list'], 'pick': each['pick']})}"


def allele_lines(source: Source, names: Sequence[str]) -> Iterator[str]:
    for name, cells in source.alleles.items():
        yield f"  {flow(name)}: {flow({names[place]: value for place, value in cells.items()})}"


def gene_files(facts: Path) -> dict[str, str]:
    """Each gene's file by its name; raises BrokenKnowledge, with the gene, on a contradiction."""
    with (facts / "variant_positions_b37_b38.csv").open(encoding="utf-8", newline="") as table:
        rows: dict[str, list[dict[str, str]]] = defaultdict(list)
        for row in csv.DictReader(table):
            rows[row["gene"]].append(row)
    with (facts / "refseq_chromosomes.csv").open(encoding="utf-8", newline="") as table:
        accessions = {
            row["chromosome"]: [row["grch37_refseq"], row["grch38_refseq"]]
            for row in csv.DictReader(table)
        }
    mitochondrial = json.loads((facts / "phenotypes" / "MT-RNR1.json").read_text(encoding="utf-8"))
    content, left_out = mt_rnr1(mitochondrial, rows["MT-RNR1"])
    read = [*sources(facts), read_source(content, {})]
    read[-1].left_out.extend(left_out)
    written = {}
    for source in read:
        try:
            text = gene_file(source, rows[source.gene], accessions[source.chromosome])
        except BrokenKnowledge as error:
            raise BrokenKnowledge(f"{source.gene}: {error}") from error
        written[f"{source.gene}.yaml"] = text
    return written


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--facts", type=Path, required=True, help="folder of a facts release")
    facts: Path = parser.parse_args(argv).facts
    try:
        files = gene_files(facts)
    except BrokenKnowledge as error:
        sys.exit(f"{error}; nothing was written")
    folder = HERE / "alleles"
    for old in folder.glob("*.yaml"):
        old.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
        print(name.removesuffix(".yaml"), text.splitlines()[2].removeprefix("# "))


if __name__ == "__main__":
    main()
