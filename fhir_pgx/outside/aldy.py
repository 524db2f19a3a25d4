"""Aldy: its table of decompositions, one line a variant, with `Gene`, `SolutionID` and `Major`.

Only the major star alleles are read: each solution's once. Solutions are equally good, so several
are several diplotypes it may be. Source: Aldy 4, README, "Output", and `diplotype.py`; issue 45
(`*41+rs…` is a new variant, a solution of two deletions has no line), issue 109 (TPMT).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from fhir_pgx.outside.calls import (
    CallFile,
    Item,
    OfSample,
    called,
    is_no_call,
    not_called,
    unused_genes,
)
from fhir_pgx.outside.table import Line, Table, of_one_sample, sample_of, table_of

TOOL = "Aldy"
_HEADER = ("Sample", "Gene", "SolutionID", "Major")
_NAMES = {("TPMT", "*3"): "*3A"}  # issue 109: `*3` alone is the allele with both variants


def is_aldy(lines: Sequence[Line]) -> bool:
    return tuple(name.removeprefix("#") for name in lines[0].cells[:4]) == _HEADER


def read_aldy(lines: Sequence[Line], file: CallFile) -> Iterator[Item]:
    """The diplotypes of each gene of one sample. Raises MixedPatients where there are several."""
    table = table_of(lines)
    by_gene: dict[str, list[Line]] = defaultdict(list)
    unused: list[str] = []
    rows = of_one_sample(table, 0, file.sample)
    yield OfSample(sample_of(rows, 0))
    for row in rows:
        symbol = table.cell(row, "Gene")
        gene = file.gene(symbol)
        if len(row.cells) < len(_HEADER):
            yield file.refuse(row.path, f"{len(row.cells)} columns where 4 or more are expected")
        elif gene is None:
            unused.append(symbol)
        else:
            by_gene[gene].append(row)
    for gene, found in by_gene.items():
        yield _call(gene, table, found, file)
    yield from _solutions_without_lines(lines, file)
    yield from unused_genes(file, unused)


def _call(gene: str, table: Table, rows: list[Line], file: CallFile) -> Item:
    by_major = {table.cell(row, "Major"): row for row in reversed(rows)}
    path = rows[0].path
    if any(is_no_call(major) for major in by_major):
        return not_called(file, gene, path)
    majors = dict.fromkeys(table.cell(row, "Major") for row in rows)
    return called(file, gene, list(majors), path, names=_NAMES)


def _solutions_without_lines(lines: Sequence[Line], file: CallFile) -> Iterator[Item]:
    """Aldy writes the gene's name only beside a variant or allele: a gene wholly deleted has
    none."""
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        is_solution = line.cells[0].startswith("#Solution")
        if is_solution and (following is None or following.is_comment):
            yield file.refuse(line.path, "a solution without a line that names its gene")
