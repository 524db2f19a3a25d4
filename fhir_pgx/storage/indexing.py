"""The rows that a resource is found by, a list for each index table."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from fhir_pgx.model.genomic_index import IndexedVariant
from fhir_pgx.storage.keys import HEAD, fit, plain
from fhir_pgx.storage.places import scale_of
from fhir_pgx.storage.store import NewResource

Place = tuple[str, str, int]  # tenant, patient, key
Rows = dict[str, list[tuple[Any, ...]]]

COLUMNS = {
    "search_token": "param, code, system, type",
    "search_link": "param, to_type, to_id, type",
    "search_moment": "param, low, high, type",
    "search_word": "param, number, head, folded, exact, type",
    "search_amount": "param, low, high, system, code, type",
    "search_pair": "param, code, value_code, code_system, value_system, type",
    "variant_index": "number, type, id, genes, assembly, chromosome, scale, start, stop, ref, alt, "
    "presence, source_class, zygosity, structural, change_type, inner_start, inner_stop, "
    "outer_start, outer_stop",
    "variant_gene": "number, gene",
    "genotype_index": "number, type, id, gene, kind, name, haplotypes, source_class",
    "phenotype_index": "number, type, id, gene, phenotype, stated",
}


def _insert(table: str, columns: str) -> str:
    marks = ", ".join("?" * (3 + len(columns.split(", "))))
    return f"INSERT INTO {table} (tenant, patient, key, {columns}) VALUES ({marks})"  # noqa: S608


INSERT = {table: _insert(table, columns) for table, columns in COLUMNS.items()}
DELETE = {
    table: f"DELETE FROM {table} WHERE tenant = ? AND patient = ? AND key = ?"  # noqa: S608
    for table in COLUMNS
}


def add_rows(rows: Rows, place: Place, new: NewResource) -> None:
    """Add what a resource at this place is found by to the rows of each table."""
    for table, added in (*_search_rows(new), *_genomic_rows(new)):
        if added:
            rows.setdefault(table, []).extend((*place, *row) for row in added)


def _search_rows(new: NewResource) -> Iterator[tuple[str, Iterable[tuple[Any, ...]]]]:
    values, kind = new.values, new.type
    # A value that stands twice in a resource is one row.
    yield "search_token", {(x.param, fit(x.code), fit(x.system), kind) for x in values.tokens}
    yield "search_link", {(x.param, fit(x.type), fit(x.id), kind) for x in values.links}
    yield "search_moment", {(x.param, x.low, x.high, kind) for x in values.moments}
    yield (
        "search_word",
        [
            (x.param, number, plain(x.folded)[:HEAD], plain(x.folded), plain(x.exact), kind)
            for number, x in enumerate(values.words)
        ],
    )
    yield (
        "search_amount",
        {(x.param, x.low, x.high, fit(x.system), fit(x.code), kind) for x in values.amounts},
    )
    yield (
        "search_pair",
        {
            (
                x.param, fit(x.code), fit(x.value_code), fit(x.code_system), fit(x.value_system),
                kind,
            )
            for x in values.pairs
        },
    )  # fmt: skip


def _genomic_rows(new: NewResource) -> Iterator[tuple[str, Iterable[tuple[Any, ...]]]]:
    named, genomic = (new.type, new.id), new.genomic
    yield (
        "variant_index",
        [(number, *named, *_variant(x)) for number, x in enumerate(genomic.variants)],
    )
    yield (
        "variant_gene",
        {(number, gene) for number, x in enumerate(genomic.variants) for gene in x.genes},
    )
    yield (
        "genotype_index",
        [
            (number, *named, x.gene, x.kind, x.name, json.dumps(x.haplotypes), x.source_class)
            for number, x in enumerate(genomic.genotypes)
        ],
    )
    yield (
        "phenotype_index",
        [
            (number, *named, x.gene, x.phenotype, int(x.is_stated))
            for number, x in enumerate(genomic.phenotypes)
        ],
    )


def _variant(x: IndexedVariant) -> tuple[Any, ...]:
    is_placed = x.start is not None and x.end is not None
    scale = scale_of(x.start, x.end) if x.start is not None and x.end is not None else None
    return (
        json.dumps(x.genes),
        x.assembly,
        x.chromosome,
        scale,
        x.start if is_placed else None,
        x.end if is_placed else None,
        x.ref,
        x.alt,
        str(x.presence),
        str(x.source_class),
        x.zygosity,
        int(x.is_structural),
        x.change_type,
        *(x.inner or (None, None)),
        *(x.outer or (None, None)),
    )
