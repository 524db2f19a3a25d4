"""pb-StarPhase: the JSON of `--output-calls`, with `gene_details` by gene.

`simple_diplotypes` (core alleles) are read where they are given, else `diplotypes`: all of them
fit the data. `NO_MATCH` is a no call; its inexact matches are no call either. Source:
pb-StarPhase 0.8 to 2.2, user guide, "Output call file", and `starphase_json.rs`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_pgx.outside.calls import CallFile, Item, called, is_no_call, not_called, unused_genes

TOOL = "StarPhase"


def is_starphase(document: Any) -> bool:
    return isinstance(document, Mapping) and {"pbstarphase_version", "gene_details"} <= set(
        document
    )


def read_starphase(document: Mapping[str, Any], file: CallFile) -> Iterator[Item]:
    """The diplotypes of each gene; the path is that of the gene in the document."""
    details = document["gene_details"]
    if not isinstance(details, Mapping):
        yield file.refuse("gene_details", "an object by gene is expected")
        return
    unused: list[str] = []
    for symbol, detail in details.items():
        gene = file.gene(symbol)
        if gene is None:
            unused.append(symbol)
        else:
            yield _call(gene, detail, f"gene_details.{symbol}", file)
    yield from unused_genes(file, unused)


def _call(gene: str, detail: Any, path: str, file: CallFile) -> Item:
    listed = detail if isinstance(detail, Mapping) else {}
    diplotypes = listed.get("simple_diplotypes") or listed.get("diplotypes")
    pairs = [_pair(each) for each in diplotypes] if isinstance(diplotypes, list) else [None]
    options = [pair for pair in pairs if pair is not None]
    if len(options) < len(pairs):
        return file.refuse(path, "a list of diplotypes with `hap1` and `hap2` is expected")
    if not options or any(is_no_call(option) for option in options):
        return not_called(file, gene, path)
    return called(file, gene, options, path)


def _pair(diplotype: Any) -> str | None:
    """`hap1/hap2`; None where either is not a text."""
    if not isinstance(diplotype, Mapping):
        return None
    first, second = diplotype.get("hap1"), diplotype.get("hap2")
    if not isinstance(first, str) or not isinstance(second, str):
        return None
    return f"{first}/{second}"
