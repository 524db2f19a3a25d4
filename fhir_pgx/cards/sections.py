"""A card's detail taken apart at the borders of its sections, and made to fit a client.

A section begins with a paragraph that opens in bold and runs to the next. Sections are kept or left
out whole: half an advice is another advice.
"""

import re
from collections.abc import Sequence

_TITLE = re.compile(r"\*\*(.+?)(?<!\\)\*\*")
_RULE = re.compile(r"\|(?: *:?-+:? *\|)+")
_CELL = re.compile(r"((?:\\.|[^\\|])*)\|")
_PARAGRAPH = "\n\n"


def sections(detail: str) -> list[str]:
    """The sections of a detail; joined with an empty line between them they are the detail."""
    found: list[str] = []
    for paragraph in detail.split(_PARAGRAPH) if detail else ():
        if found and not _TITLE.match(paragraph):
            found[-1] += _PARAGRAPH + paragraph
        else:
            found.append(paragraph)
    return found


def title(section: str) -> str:
    """The words in bold that a section opens with; empty where it opens without."""
    found = _TITLE.match(section)
    return found.group(1) if found else ""


def without_tables(detail: str) -> str:
    """Every table as a list, an item a row: the first cell and those without a heading say of whom,
    the others what, each but the second with its heading."""
    paragraphs = detail.split(_PARAGRAPH)
    return _PARAGRAPH.join(_as_list(paragraph) for paragraph in paragraphs)


def _as_list(paragraph: str) -> str:
    lines = paragraph.split("\n")
    if len(lines) < 2 or not _RULE.fullmatch(lines[1].strip()):
        return paragraph
    headings = _cells(lines[0])
    return "\n".join(f"- {_item(headings, _cells(line))}" for line in lines[2:])


def _cells(line: str) -> list[str]:
    """The cells of a row, empty ones too. An escaped bar is part of its cell."""
    return [cell.strip() for cell in _CELL.findall(line.strip().removeprefix("|"))]


def _item(headings: Sequence[str], cells: Sequence[str]) -> str:
    """`CPIC (CYP2C19), leads this card: Use half the dose; Strength: Strong`."""
    named = list(zip(headings, cells, strict=False))
    plain = [cell for heading, cell in named[2:] if cell and not heading]
    about = [f"{heading}: {cell}" for heading, cell in named[2:] if cell and heading]
    who = ", ".join([*cells[:1], *plain])
    said = [cell.removesuffix(".") for cell in (*cells[1:2], *about) if cell]
    return f"{who}: {'; '.join(said)}" if said else who


def fit(detail: str, most: int | None, spare: Sequence[str]) -> str:
    """The detail at most `most` code points long, if leaving out sections of `spare` does it.

    They go in that order, one by one, and the detail then names them. What is not in `spare` stays
    whatever the length: no advice, caveat or source is lost for want of room.
    """
    if most is None:
        return detail
    kept, left = sections(detail), list[str]()
    for name in spare:
        if len(_joined(kept, left)) <= most:
            break
        if any(title(section) == name for section in kept):
            kept = [section for section in kept if title(section) != name]
            left.append(name)
    return _joined(kept, left)


def _joined(kept: Sequence[str], left: Sequence[str]) -> str:
    more = f"**More** {'; '.join(left)}: left out for want of room." if left else ""
    return _PARAGRAPH.join(_with(kept, more, ()))


def with_section(detail: str, added: str, after: Sequence[str] = ()) -> str:
    """The detail with a section more: behind the last that has a title of `after`; else before
    the source, which comes last."""
    return _PARAGRAPH.join(_with(sections(detail), added, after)) if added else detail


def _with(kept: Sequence[str], added: str, after: Sequence[str]) -> list[str]:
    if not added:
        return list(kept)
    titles = [title(section) for section in kept]
    behind = [i + 1 for i, name in enumerate(titles) if name in after]
    place = behind[-1] if behind else len(kept) - (titles[-1:] == ["Source"])
    return [*kept[:place], added, *kept[place:]]
