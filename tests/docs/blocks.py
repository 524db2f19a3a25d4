"""The blocks of code that a page shows, fenced or indented, as a list of values.

A comment before a block says how it is run: `<!-- not run: REASON -->`; `<!-- fails with N -->`
where its last command is to end with that exit code; `<!-- refused -->` for a file with a fault. A
title
(`toml title="policy.toml"`) names the file that the block is.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAPERS = (
    ROOT / "README.md",
    ROOT / "examples" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
)
SHELL = ("console", "sh")

_FENCE = re.compile(r"^(?P<in> *)```(?P<info>[^\n`]*)\n(?P<text>.*?)^(?P=in)```$", re.M | re.S)
_INDENTED = re.compile(r"(?:(?<=\n\n)|^)(?: {4,}\S.*\n(?:(?: *\n)*(?= {4}))?)+", re.M)
_MARK = re.compile(r"<!-- (not run: (?P<why>[^>]+?)|fails with (?P<code>\d+)|refused) -->\s*\Z")
_PROGRAM = re.compile(
    r"(?:[A-Z_]+=\S* )*(?:\.venv/bin/)?(?:fhir-pgx|curl|make|python3?|docker|pip|jq|createdb)\b"
)


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a page. `line` is that of its first sign; `not_run` the reason that stands
    before it, `code` the exit code of its last command."""

    page: str
    line: int
    language: str
    text: str
    title: str = ""
    not_run: str = ""
    code: int = 0
    refused: bool = False

    @property
    def first(self) -> str:
        """Its first line, by which lists name it."""
        return self.text.strip().splitlines()[0]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks_of(path: Path) -> list[Block]:
    return read_blocks(path.read_text(encoding="utf-8"), name_of(path))


def read_blocks(text: str, page: str) -> list[Block]:
    """Every fenced block; of the indented ones, those that begin with a program of ours. A fence
    without a language is one of shell commands where it begins so."""
    found = [_fenced(match, text, page) for match in _FENCE.finditer(text)]
    blank = _FENCE.sub(lambda match: re.sub(r"[^\n]+", "`", match[0]), text)
    for match in _INDENTED.finditer(blank):
        inside = dedent(match[0])
        if _PROGRAM.match(inside):
            line = blank.count("\n", 0, match.start()) + 1
            found.append(Block(page, line, "sh", inside, **_marks(blank[: match.start()])))
    return sorted(found, key=lambda block: block.line)


def _fenced(match: re.Match[str], text: str, page: str) -> Block:
    language, _, rest = match["info"].strip().partition(" ")
    title = re.search(r'title="([^"]+)"', rest)
    inside = dedent(match["text"])
    if not language and re.match(r"[A-Z]+=|" + _PROGRAM.pattern, inside):
        language = "sh"
    return Block(
        page,
        text.count("\n", 0, match.start()) + 1,
        language,
        inside,
        title=title[1] if title else "",
        **_marks(text[: match.start()]),
    )


def _marks(before: str) -> dict[str, Any]:
    mark = _MARK.search(before)
    if mark is None:
        return {}
    if mark["why"] or mark["code"]:
        return {"not_run": mark["why"]} if mark["why"] else {"code": int(mark["code"])}
    return {"refused": True}
