"""Where views are drawn: the terminal's width and colours, and which signs may reach it.

Colours, and every other escape sequence, are written only where standard output is a terminal that
knows them, and `NO_COLOR` is not set. What the data hold is never markup, and never a control
character: a name in a record must not be able to clear the screen or pass for our own words.
"""

import io
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fhir_pgx.cli.output import print_text

PIPED_WIDTH: Final = 80  # columns, where nobody says how wide the reader's screen is
MOST_SIGNS: Final = 4_000  # of one text; a longer one says how much of it is not shown
NARROW: Final = 76  # columns; below, a row of many cells is shown as lines
_FEW_COLUMNS: Final = 2
_UNSEEN: Final = "\N{REPLACEMENT CHARACTER}"


def seen(value: Any) -> str:
    """A text as a terminal may show it, in one line.

    Blanks of all kinds become one; what cannot be seen (control and direction characters, escape
    sequences, signs without width) is shown as a replacement character, so that nobody overlooks
    that it is there.
    """
    text = str(value)
    if not text.isprintable():
        text = "".join(sign if sign.isprintable() else _shown(sign) for sign in text)
    line = " ".join(text.split())
    if len(line) <= MOST_SIGNS:
        return line
    return f"{line[:MOST_SIGNS]} … ({len(line) - MOST_SIGNS} more signs)"


def _shown(sign: str) -> str:
    is_blank = sign in "\t\n\r" or unicodedata.category(sign) in ("Zs", "Zl", "Zp")
    return " " if is_blank else _UNSEEN


def words(*parts: Any, style: str = "") -> Text:
    """The parts as one text; a part that is a Text keeps its look, all else is shown as `seen`."""
    built = Text(style=style)
    for part in parts:
        built.append_text(part) if isinstance(part, Text) else built.append(seen(part))
        built.append(" ")
    built.right_crop(1)
    return built


def strong(text: Any) -> Text:
    """A text that stands out: the beginning of a part, a name."""
    return Text(seen(text), style="bold")


def indented(part: RenderableType, columns: int = 2) -> Padding:
    return Padding(part, (0, 0, 0, columns))


def bullets(lines: Iterable[Any], sign: str = "-") -> list[RenderableType]:
    """A list; lines that wrap stay right of their sign."""
    found: list[RenderableType] = []
    for line in lines:
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_column(width=len(sign), no_wrap=True)
        grid.add_column(overflow="fold")
        grid.add_row(sign, line if isinstance(line, Text) else Text(seen(line)))
        found.append(indented(grid))
    return found


@dataclass(frozen=True, slots=True)
class Rows:
    """A table; on a narrow screen each row becomes a few lines, each with its column's name.

    Cells are folded and never cut. A column that is empty throughout is left out, and so is the
    line of an empty cell.
    """

    heads: Sequence[str]
    rows: Sequence[Sequence[str | Text]]
    title: str = ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.title:
            yield strong(self.title)
        is_narrow = options.max_width < NARROW and len(self.heads) > _FEW_COLUMNS
        yield from self._lines() if is_narrow else [self._table()]

    def _table(self) -> Table:
        cells = [[_cell(cell) for cell in row] for row in self.rows]
        used = [i for i in range(len(self.heads)) if any(row[i].plain for row in cells)]
        is_short = all(len(row[0]) <= NARROW // 3 for row in cells)
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1))
        for i in used:
            table.add_column(
                self.heads[i], overflow="fold", min_width=4, no_wrap=not i and is_short
            )
        for row in cells:
            table.add_row(*(row[i] for i in used))
        return table

    def _lines(self) -> Iterable[RenderableType]:
        for row in self.rows:
            first, *others = (_cell(cell) for cell in row)
            yield Text.assemble((f"{self.heads[0]} ", ""), (first.plain, "bold"))
            for head, cell in zip(self.heads[1:], others, strict=True):
                if cell.plain:
                    yield indented(Text.assemble(f"{head}: ", cell))


def _cell(cell: str | Text) -> Text:
    return cell if isinstance(cell, Text) else Text(seen(cell))


def drawn(parts: Iterable[RenderableType], *, width: int, is_terminal: bool) -> str:
    """The view as text, lines at most `width` columns wide.

    With escape sequences only where `is_terminal`, and there only where the terminal knows colours
    (`TERM`, `COLORTERM`) and `NO_COLOR` is empty or not set.
    """
    paper = io.StringIO()
    console = _console(paper, width, is_terminal=is_terminal)
    if console.no_color or not is_terminal:
        console = _console(paper, width, is_terminal=False)
    for part in parts:
        console.print(part)
    return "\n".join(line.rstrip() for line in paper.getvalue().splitlines())


def _console(paper: io.StringIO, width: int, *, is_terminal: bool) -> Console:
    return Console(
        file=paper,
        width=max(width, 20),
        force_terminal=is_terminal,
        color_system="auto" if is_terminal else None,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
    )


def print_view(parts: Iterable[RenderableType]) -> None:
    """Draw a view on standard output, as wide as the terminal is."""
    width = shutil.get_terminal_size((PIPED_WIDTH, 24)).columns
    print_text(drawn(parts, width=width, is_terminal=sys.stdout.isatty()))
