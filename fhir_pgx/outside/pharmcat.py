"""PharmCAT's outside-call table: gene, diplotype, phenotype, activity score; `#` for comments.

Columns may be left out from the right, and left empty; one of the three must be there. Several
lines of a gene are several calls it may be. pb-StarPhase and others write this table too
(`NO_MATCH/NO_MATCH`; `Multiple/Multiple` where they do not settle it).
Source: PharmCAT 3, documentation, "Outside Call Format" (read 2026-10).
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from fhir_pgx.model.finding import Presence, StatementKind
from fhir_pgx.outside.calls import (
    CallFile,
    Item,
    allele_presence,
    called,
    is_no_call,
    not_called,
    stated,
)
from fhir_pgx.outside.table import Line

TOOL = "PharmCAT"
MOST_COLUMNS = 4
_HLA_STATE = re.compile(
    r"(?:HLA-[A-Z0-9]+\s*)?(\*?\d{2,3}:\d{2,3}\S*)\s+(positive|negative)", re.IGNORECASE
)
_UNSETTLED = frozenset({"multiple", "ambiguous"})


def is_pharmcat(lines: Sequence[Line], file: CallFile) -> bool:
    """Whether any line is a gene and something of it, in no more columns than PharmCAT has."""
    return any(
        2 <= len(line.cells) <= MOST_COLUMNS and file.gene(line.cells[0]) is not None
        for line in lines
        if not line.is_comment
    )


def read_pharmcat(lines: Sequence[Line], file: CallFile) -> Iterator[Item]:
    """The calls of the table. A line that cannot be used is told, and the others are read."""
    by_gene: dict[str, list[tuple[Line, tuple[str, str, str]]]] = defaultdict(list)
    for line in lines:
        if line.is_comment or _is_header(line):
            continue
        gene, cells, fault = _fields(line, file)
        if fault or gene is None:
            yield file.refuse(line.path, fault)
        else:
            by_gene[gene].append((line, cells))
    for gene, found in by_gene.items():
        yield from _diplotypes(gene, [(line, cells[0]) for line, cells in found], file)
        for line, cells in found:
            yield from _beside(gene, line, cells, file)


def _is_header(line: Line) -> bool:
    return line.cells[0].casefold() == "gene"


def _fields(line: Line, file: CallFile) -> tuple[str | None, tuple[str, str, str], str]:
    """The line's gene and its three values, or what is wrong with it."""
    cells = list(line.cells)
    while cells and not cells[-1]:
        cells.pop()
    empty = ("", "", "")
    if len(cells) > MOST_COLUMNS:
        return None, empty, f"{len(cells)} columns where at most {MOST_COLUMNS} are expected"
    gene = file.gene(cells[0]) if cells else None
    if gene is None:
        return None, empty, "the first column names no gene we know"
    if len(cells) < 2:
        return None, empty, f"no diplotype, phenotype or activity score of {gene}"
    diplotype, phenotype, score = [*cells[1:], "", ""][:3]
    return gene, (diplotype, phenotype, score), ""


def _diplotypes(gene: str, found: list[tuple[Line, str]], file: CallFile) -> Iterator[Item]:
    """The gene's diplotypes, all lines together; a line without a call stands alone."""
    settled = [(line, text) for line, text in found if text and not _is_unsettled(text)]
    options = [(line, text) for line, text in settled if not is_no_call(text)]
    if options:
        numbers = ", ".join(str(line.number) for line, _ in options)
        path = f"lines {numbers}" if len(options) > 1 else f"line {numbers}"
        yield called(file, gene, [text for _, text in options], path)
    for line, text in found:
        if _is_unsettled(text):
            yield not_called(file, gene, line.path, Presence.INDETERMINATE)


def _beside(gene: str, line: Line, cells: tuple[str, str, str], file: CallFile) -> Iterator[Item]:
    """The line's phenotype and activity score; a no call where the line has no answer at all."""
    _, phenotype, score = cells
    if all(is_no_call(cell) for cell in cells):
        yield not_called(file, gene, line.path)
        return
    if phenotype and not is_no_call(phenotype):
        yield from _phenotype(gene, phenotype, line, file)
    if score and not is_no_call(score):
        yield stated(file, gene, StatementKind.ACTIVITY_SCORE, score, line.path)


def _phenotype(gene: str, text: str, line: Line, file: CallFile) -> Iterator[Item]:
    if not gene.startswith("HLA-"):
        yield stated(file, gene, StatementKind.PHENOTYPE, text, line.path)
        return
    for part in re.split(r"\s*[;,]\s*", text):
        found = _HLA_STATE.fullmatch(part)
        if found:
            is_present = found[2].casefold() == "positive"
            yield allele_presence(file, gene, found[1], line.path, is_present=is_present)
        else:
            yield file.refuse(line.path, f"the result stated for {gene} is not `*57:01 positive`")


def _is_unsettled(text: str) -> bool:
    return bool(text) and is_no_call(text, _UNSETTLED)
