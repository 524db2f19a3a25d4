"""Tab-separated tables: lines with their numbers, columns by their names, rows of one sample."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fhir_pgx.errors import MixedPatients, UnreadableCalls

_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not blank: its number (1-based) and its cells, without white space around
    them and without the quotation marks that spreadsheets put there."""

    number: int
    cells: tuple[str, ...]

    @property
    def path(self) -> str:
        return f"line {self.number}"

    @property
    def is_comment(self) -> bool:
        return self.cells[0].startswith("#")


@dataclass(frozen=True, slots=True)
class Table:
    """A table with a header: its rows, and the place of each column by name."""

    columns: dict[str, int]
    rows: tuple[Line, ...]

    def cell(self, row: Line, *names: str) -> str:
        """The row's text in the first of these columns that the table has; empty where the table
        has none of them, or the row ends before it."""
        places = [self.columns[name] for name in names if name in self.columns]
        return row.cells[places[0]] if places and places[0] < len(row.cells) else ""


def lines_of(text: str) -> list[Line]:
    """The lines of a text that are not blank, comments among them."""
    return [
        Line(number, tuple(_plain(cell) for cell in line.split("\t")))
        for number, line in enumerate(_LINE_END.split(text), start=1)
        if line.strip()
    ]


def _plain(cell: str) -> str:
    text = cell.strip()
    return text[1:-1].strip() if len(text) > 1 and text[0] == text[-1] == '"' else text


def table_of(lines: Sequence[Line]) -> Table:
    """The lines as a table: the first line names the columns, a `#` before them left away."""
    names = [name.removeprefix("#") for name in lines[0].cells]
    rows = tuple(line for line in lines[1:] if not line.is_comment)
    return Table({name: i for i, name in reversed(list(enumerate(names)))}, rows)


def of_one_sample(table: Table, column: int, sample: str) -> tuple[Line, ...]:
    """The rows of the sample asked for, or of the only one where none is asked for.

    Raises MixedPatients where there are several and none is asked for, UnreadableCalls where the
    one asked for is not there.
    """
    samples = dict.fromkeys(row.cells[column] for row in table.rows if column < len(row.cells))
    if not sample and len(samples) > 1:
        raise MixedPatients(
            f"the table of calls holds {len(samples)} samples",
            where=table.rows[0].path,
            mend="name the sample, or send the lines of one",
        )
    if sample and sample not in samples:
        raise UnreadableCalls(
            f"the sample asked for is none of the {len(samples)} in the table of calls",
            mend="name a sample as the table has it",
        )
    return tuple(
        row for row in table.rows if not sample or row.cells[column : column + 1] == (sample,)
    )


def sample_of(rows: Sequence[Line], column: int) -> str:
    """The name of the sample of these rows of one; empty where there is no row with a name."""
    return next((row.cells[column] for row in rows if column < len(row.cells)), "")
