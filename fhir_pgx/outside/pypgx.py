"""PyPGx: the table of results, in its archive (`results.zip`) or as `print-data` writes it.

The gene stands in the archive's metadata, not in the table: a table alone is read where somebody
has put a column `Gene` or `Symbol` before it, as pipelines that join several genes do.
`Indeterminate` as genotype is a no call. Source: PyPGx 0.27.0 (`api/utils.py`, `api/genotype.py`,
`sdk/utils.py`, allele table) and README, "Results interpretation".
"""

import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence

from fhir_pgx.errors import UnreadableCalls
from fhir_pgx.model.finding import Caveat, StatementKind
from fhir_pgx.outside.calls import (
    NO_CALL_WORDS,
    CallFile,
    Item,
    OfSample,
    called,
    is_no_call,
    not_called,
    stated,
    unused_genes,
)
from fhir_pgx.outside.table import Line, Table, lines_of, of_one_sample, sample_of, table_of

TOOL = "PyPGx"
MOST_BYTES = 50_000_000  # of the table, unpacked: thousands of samples
_COLUMNS = {"Genotype", "Haplotype1", "Haplotype2"}
_OF_A_CALL = _COLUMNS | {"Phenotype", "AlternativePhase", "VariantData", "CNV"}
_GENE_COLUMNS = ("Gene", "Symbol", "gene", "symbol")
_INDETERMINATE = NO_CALL_WORDS | {"indeterminate"}
# PyPGx names the alleles of these genes by the variant alone, and its absence `Reference`.
_NAMES = {
    ("ABCG2", "Reference"): "rs2231142 reference (G)",
    ("IFNL3", "Reference"): "rs12979860 reference (C)",
    ("IFNL3", "rs12979860"): "rs12979860 variant (T)",
    ("VKORC1", "Reference"): "rs9923231 reference (C)",
}


def is_pypgx(lines: Sequence[Line]) -> bool:
    return set(lines[0].cells) >= _COLUMNS


def is_archive(data: bytes) -> bool:
    return data.startswith(b"PK\x03\x04")


def read_archive(data: bytes, file: CallFile) -> list[Item]:
    """The calls of a results archive. Raises UnreadableCalls where it is no such archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            metadata = _member(archive, "metadata.txt")
            table = _member(archive, "data.tsv")
    except (zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, EOFError, OSError,
            NotImplementedError, RuntimeError, UnicodeDecodeError) as error:  # fmt: skip
        raise _no_archive("a zip archive that cannot be unpacked as PyPGx's results") from error
    facts = dict(line.partition("=")[::2] for line in metadata.splitlines())
    lines = lines_of(table)
    if not lines or "Genotype" not in lines[0].cells:
        raise _no_archive("a zip archive whose table has no column Genotype")
    return list(read_pypgx(lines, file, symbol=facts.get("Gene", "").strip()))


def _member(archive: zipfile.ZipFile, name: str) -> str:
    """The text of the only file of this name, whatever folder it lies in."""
    found = [info for info in archive.infolist() if info.filename.rsplit("/", 1)[-1] == name]
    if len(found) != 1 or found[0].file_size > MOST_BYTES:
        raise _no_archive(f"a zip archive without one {name} of at most {MOST_BYTES} bytes")
    with archive.open(found[0]) as member:
        # What the directory says of the size may be untrue.
        return member.read(MOST_BYTES).decode("utf-8-sig")


def _no_archive(what: str) -> UnreadableCalls:
    return UnreadableCalls(what, mend="send PyPGx's results.zip as it was written")


def read_pypgx(lines: Sequence[Line], file: CallFile, *, symbol: str = "") -> Iterator[Item]:
    """The calls of one sample; `symbol` is the gene of the whole table where it has one.

    Raises UnreadableCalls where nothing names the gene, MixedPatients where there are several
    samples.
    """
    table = table_of(lines)
    gene_column = next((name for name in _GENE_COLUMNS if name in table.columns), "")
    if not symbol and not gene_column:
        raise UnreadableCalls(
            "line 1 is the header of a PyPGx table, and nothing names its gene",
            where="line 1",
            mend="send results.zip, or put a column Gene before the table",
        )
    place = 1 if gene_column and table.columns[gene_column] == 0 else 0
    unused: list[str] = []
    rows = of_one_sample(table, place, file.sample)
    # Where somebody left the sample's column away, another stands in its place.
    is_named = all(table.columns.get(name) != place for name in _OF_A_CALL)
    yield OfSample(sample_of(rows, place) if is_named else "")
    for row in rows:
        stated_symbol = symbol or table.cell(row, gene_column)
        gene = file.gene(stated_symbol)
        if gene is None:
            unused.append(stated_symbol)
        else:
            yield from _call(gene, table, row, file)
    yield from unused_genes(file, unused)


def _call(gene: str, table: Table, row: Line, file: CallFile) -> Iterator[Item]:
    genotype = table.cell(row, "Genotype")
    if is_no_call(genotype, _INDETERMINATE):
        # Its phenotype is Indeterminate for want of a genotype: that is no answer either.
        yield not_called(file, gene, row.path)
        return
    caveats = _phase_caveats(gene, table.cell(row, "AlternativePhase"))
    yield called(file, gene, [_one_x(genotype)], row.path, names=_NAMES, caveats=caveats)
    phenotype = table.cell(row, "Phenotype")
    if not is_no_call(phenotype):
        yield stated(file, gene, StatementKind.PHENOTYPE, phenotype, row.path)


def _one_x(genotype: str) -> str:
    """`A/MALE`, one X chromosome, as `A/Y`."""
    halves = genotype.split("/")
    others = [half for half in halves if half.strip("* ") != "MALE"]
    return f"{others[0]}/Y" if len(others) == 1 and len(halves) == 2 else genotype


def _phase_caveats(gene: str, cell: str) -> tuple[Caveat, ...]:
    alleles = [name.strip() for name in cell.split(";") if not is_no_call(name)]
    if not alleles:
        return ()
    text = (
        f"The {gene} call rests on a statistical phase; were it another, {', '.join(alleles)} "
        "would be possible."
    )
    return (Caveat("PGX-547", text[:300]),)
