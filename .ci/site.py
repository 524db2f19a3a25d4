"""What MkDocs needs so that the papers read the same on the site as on a forge.

The pages of `docs/` link to files beside it (the README, the examples, a policy). On a forge such
a link opens the file; on the site there would be nothing. So every file that a page links to is
carried into the site under `repository/`, a Markdown file as a page, a folder without a README as
a list of its files, and the links are written anew. Python-Markdown takes a list for one only
after an empty line and with four blanks to a level; forges are less strict, and so are our pages.
"""

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[1]
DOCS = "docs"
CARRIED = "repository"

_LINK = re.compile(r"(?P<begin>\]\()(?P<to>[^)\s]+)(?P<end>\))")
_FENCE = re.compile(r"^ *(`{3,}|~{3,})")
_ITEM = re.compile(r"^(?P<indent> *)(?P<mark>[-*+]|\d+[.)])(?P<gap> +)(?=\S)")
_SEARCH = 'data-md-component="search" role="dialog"'
_HEADING = re.compile(r"^#\s+(.+)$", re.MULTILINE)


def on_config(config: Any) -> Any:
    """A folder named in the navigation (`decisions/`) stands for its pages."""
    config.nav = _unfolded(config.nav)
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add what is linked to from `docs/`, and what those files link to."""
    own = [file.src_uri for file in files.documentation_pages()]
    waiting = [f"{DOCS}/{uri}" for uri in own]
    seen = set(waiting)
    while waiting:
        path = waiting.pop()
        for target in _carried(path):
            if target in seen:
                continue
            seen.add(target)
            files.append(_file(config, target))
            if _is_page(target):
                waiting.append(target)
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """The text of a page with links of the site, and lists that Python-Markdown sees."""
    path = path_of(page.file.src_uri)
    return spaced(relinked(markdown, path, page.file.src_uri))


def on_post_page(output: str, **_: Any) -> str:
    """The page with a name for the theme's search, which readers of the screen cannot tell else."""
    return output.replace(_SEARCH, f'{_SEARCH} aria-label="Search"')


def _unfolded(entry: Any) -> Any:
    if isinstance(entry, list):
        return [_unfolded(each) for each in entry]
    if isinstance(entry, dict):
        return {title: _unfolded(each) for title, each in entry.items()}
    if entry.endswith("/"):
        found = sorted((ROOT / DOCS / entry).glob("*.md"))
        return [f"{entry}README.md", *(f"{entry}{page.name}" for page in found)]
    return entry


def uri_of(path: str) -> str:
    """Where a file of the repository stands in the site."""
    if path.startswith(f"{DOCS}/"):
        return path.removeprefix(f"{DOCS}/")
    return f"{CARRIED}/{path}" if Path(path).suffix else f"{CARRIED}/{path}.txt"


def path_of(uri: str) -> str:
    """The file of the repository that a page of the site was made of."""
    inside = uri.removeprefix(f"{CARRIED}/")
    return inside if inside != uri else f"{DOCS}/{uri}"


def target_of(link: str, path: str) -> str | None:
    """The file of the repository that a link of the file `path` leads to; None for one to another
    host, to a place of the same page, or to nothing that is there."""
    if re.match(r"[a-z][a-z0-9+.-]*:", link) or link.startswith(("#", "/")):
        return None
    file = link.partition("#")[0]
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), file))
    there = ROOT / target
    if target.startswith("..") or not there.exists():
        return None
    # A folder reads as its README; without one, as a list that is written here.
    return f"{target}/README.md" if there.is_dir() else target


def relinked(text: str, path: str, uri: str) -> str:
    """The text with every link to a file of ours as the site has it."""

    def again(link: re.Match[str]) -> str:
        target = target_of(link["to"], path)
        if target is None:
            return link[0]
        _, mark, place = link["to"].partition("#")
        there = posixpath.relpath(uri_of(target), posixpath.dirname(uri) or ".")
        return f"{link['begin']}{there}{mark}{place}{link['end']}"

    return "".join(line if is_code else _LINK.sub(again, line) for line, is_code in _lines(text))


def spaced(text: str) -> str:
    """The text with an empty line before each list and table that a paragraph runs into, and four
    blanks to each level of a list."""
    written: list[str] = []
    levels: list[int] = []  # where the text of each open list item begins, as it was written
    for line, is_code in _lines(text):
        if not line.strip():
            written.append(line)
            continue
        indent = len(line) - len(line.lstrip(" "))
        item = None if is_code else _ITEM.match(line)
        after_gap = not written or not written[-1].strip()
        # A line of a paragraph may stand further left than its item: it is still of the item.
        if item or after_gap or is_code:
            while levels and indent < levels[-1]:
                levels.pop()
        depth = len(levels)
        body = line[min(indent, levels[-1]) :] if levels else line
        if item and not after_gap and not levels and not _is_item(written[-1]):
            written.append("\n")
        if not is_code and line.startswith("|") and written and _is_prose(written[-1]):
            written.append("\n")
        written.append("    " * depth + body)
        if item:
            levels.append(len(item[0]))
    return "".join(written)


def _lines(text: str) -> Iterator[tuple[str, bool]]:
    """Each line with its end, and whether it is of a fenced block."""
    fence = ""
    for line in text.splitlines(keepends=True):
        mark = _FENCE.match(line)
        if fence:
            yield line, True
            if mark and mark[1].startswith(fence):
                fence = ""
        else:
            fence = mark[1] if mark else ""
            yield line, bool(mark)


def _is_item(line: str) -> bool:
    return bool(_ITEM.match(line)) or line.startswith(" ")


def _is_prose(line: str) -> bool:
    return bool(line.strip()) and not line.startswith(("|", "#"))


def _carried(path: str) -> Iterator[str]:
    """The files outside of `docs/`, and folders' lists, that a page links to."""
    for line, is_code in _lines(_text(path)):
        for link in () if is_code else _LINK.finditer(line):
            target = target_of(link["to"], path)
            if target and (not target.startswith(f"{DOCS}/") or not (ROOT / target).exists()):
                yield target


def _is_page(path: str) -> bool:
    return path.endswith(".md")


def _text(path: str) -> str:
    file = ROOT / path
    return file.read_text(encoding="utf-8") if file.exists() else _listed(file.parent)


def _listed(folder: Path) -> str:
    """A page that lists the files of a folder, each page by its heading."""
    lines = [f"# {folder.name.capitalize()}", ""]
    for file in sorted(folder.iterdir()):
        if file.is_file():
            heading = _HEADING.search(file.read_text("utf-8")) if file.suffix == ".md" else None
            lines.append(f"- [{heading[1] if heading else file.name}]({file.name})")
    return "\n".join(lines) + "\n"


def _file(config: Any, path: str) -> File:
    file = ROOT / path
    if not file.exists():
        return File.generated(config, uri_of(path), content=_listed(file.parent))
    return File.generated(config, uri_of(path), abs_src_path=str(file))
