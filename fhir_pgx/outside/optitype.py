"""OptiType: the HLA class I typing, `A1`, `A2`, `B1`, `B2`, `C1`, `C2`, `Reads`, `Objective`.

The first row is the best solution; rows after it are worse ones that were asked for, and are not
used. A homozygous locus has its allele in both columns. HLA-C bears on no drug that we hold.
Source: OptiType 1.3, README and `OptiTypePipeline.py`, `model.py`.
"""

from collections.abc import Iterator, Sequence

from fhir_pgx.outside.calls import CallFile, Item, called, is_no_call, not_called, unused_genes
from fhir_pgx.outside.table import Line, table_of

TOOL = "OptiType"
_COLUMNS = {"A1", "A2", "B1", "B2", "Reads", "Objective"}
_LOCI = ("A", "B")


def is_optitype(lines: Sequence[Line]) -> bool:
    return set(lines[0].cells) >= _COLUMNS


def read_optitype(lines: Sequence[Line], file: CallFile) -> Iterator[Item]:
    """The typing of HLA-A and HLA-B; a locus with one allele stated leaves the other open."""
    table = table_of(lines)
    for row in table.rows[1:]:
        yield file.refuse(row.path, "a solution that is not the best one; the first was used")
    for row in table.rows[:1]:
        for locus in _LOCI:
            alleles = [table.cell(row, f"{locus}{n}") for n in (1, 2)]
            known = [allele for allele in alleles if not is_no_call(allele)]
            if known:
                yield called(file, f"HLA-{locus}", ["/".join(known)], row.path)
            else:
                yield not_called(file, f"HLA-{locus}", row.path)
    if "C1" in table.columns:
        yield from unused_genes(file, ["HLA-C"])
