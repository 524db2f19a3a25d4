"""Cyrius: the table of CYP2D6 genotypes, `Sample`, `Genotype`, `Filter`.

`None` is a no call. `*1/*46;*43/*45` are two genotypes that fit; `*1_*2_*68` are copies not
assigned to strands: every way to assign them is an option. Source: Cyrius 1.1.1, README,
"Interpreting the output", and `star_caller.py`.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

from fhir_pgx.model.finding import Caveat
from fhir_pgx.outside.calls import CallFile, Item, OfSample, called, is_no_call, not_called
from fhir_pgx.outside.strands import copies_of, joined
from fhir_pgx.outside.table import Line, of_one_sample, sample_of, table_of

TOOL = "Cyrius"
GENE = "CYP2D6"
_HEADER = ("Sample", "Genotype", "Filter")
# These filters say what the genotype itself shows; any other says that it is less certain.
_SHOWN = frozenset({"PASS", "More_than_one_possible_genotype", "Not_assigned_to_haplotypes"})
_MOST_COPIES = 8  # the caller itself goes to six


def is_cyrius(lines: Sequence[Line]) -> bool:
    return lines[0].cells == _HEADER


def read_cyrius(lines: Sequence[Line], file: CallFile) -> Iterator[Item]:
    """The genotype of one sample. Raises MixedPatients where the table holds several."""
    table = table_of(lines)
    rows = of_one_sample(table, 0, file.sample)
    yield OfSample(sample_of(rows, 0))
    for row in rows:
        genotype = table.cell(row, "Genotype")
        if len(row.cells) > len(_HEADER):
            yield file.refuse(row.path, f"{len(row.cells)} columns where 3 are expected")
        elif is_no_call(genotype):
            yield not_called(file, GENE, row.path)
        else:
            options = [each for part in genotype.split(";") for each in _assigned(part.strip())]
            caveats = _caveats(table.cell(row, "Filter"))
            yield called(file, GENE, options, row.path, caveats=caveats)


def _caveats(flag: str) -> tuple[Caveat, ...]:
    if flag in _SHOWN or is_no_call(flag):
        return ()
    text = f"The tool that called {GENE} marks its call as less certain ({flag[:60]})."
    return (Caveat("PGX-546", text),)


def _assigned(genotype: str) -> list[str]:
    """The diplotypes that a genotype stands for: itself where its strands are told apart.

    A text that is not made of copies stays as it is.
    """
    if "/" in genotype:
        return [genotype]
    copies: list[str] = []
    for part in genotype.split("_"):
        found = copies_of(part)
        if found is None:
            return [genotype]
        copies += found
    if not 2 <= len(copies) <= _MOST_COPIES:
        return [genotype]
    pairs = [
        sorted(
            (
                joined([copies[i] for i in one]),
                joined([copies[i] for i in range(len(copies)) if i not in one]),
            )
        )
        for size in range(1, len(copies) // 2 + 1)
        for one in combinations(range(len(copies)), size)
    ]
    return list(dict.fromkeys("/".join(pair) for pair in pairs))
