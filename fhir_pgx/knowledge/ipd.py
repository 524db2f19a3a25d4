"""Reads an operator's own, unmodified copy of IPD-IMGT/HLA.

Its licence (CC BY-ND) lets nobody mirror or change its files, so none is shipped: a folder is named
by the setting `ipd_path` that holds `hla_nom_p.txt`, `hla_nom_g.txt` and `rel_dna_ser.txt` as the
database publishes them (its folder `wmda`). Source: IPD-IMGT/HLA, WMDA reports.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from fhir_pgx.errors import InvalidSetting
from fhir_pgx.model.knowledge import Knowledge
from fhir_pgx.model.transplant import GroupTables

P_GROUPS, G_GROUPS, SEROLOGY = FILES = ("hla_nom_p.txt", "hla_nom_g.txt", "rel_dna_ser.txt")
_VERSION = re.compile(r"#\s*version:\s*(?:IPD-)?IMGT/HLA\s+([\d.]+)")
_FIELDS = re.compile(r"(\d+:\d+)(?::\d+){0,2}([A-Z]?)")
_SERIES = {
    "A": "A", "B": "B", "C": "Cw", "DRB1": "DR", "DRB3": "DR", "DRB4": "DR", "DRB5": "DR",
    "DQB1": "DQ",
}  # fmt: skip
_NOT_EXPRESSED = "N"
_SETTING = "ipd_path"
_MEND = f"name a folder with {', '.join(FILES)} as IPD-IMGT/HLA publishes them, or leave it empty"


def with_ipd(knowledge: Knowledge, folder: str) -> Knowledge:
    """The knowledge with the tables of a folder; as it is where `folder` is empty."""
    if not folder:
        return knowledge
    transplant = replace(knowledge.therapies.transplant, tables=load_ipd(Path(folder)))
    return replace(knowledge, therapies=replace(knowledge.therapies, transplant=transplant))


def load_ipd(folder: Path) -> GroupTables:
    """The three tables. Raises InvalidSetting where a file is missing, is not what it should be, or
    is of another release than the others: half a table reads as a mismatch."""
    texts = {name: _text(folder / name) for name in FILES}
    releases = {name: _release(name, text) for name, text in texts.items()}
    if len(set(releases.values())) > 1:
        raise _broken(f"the files are of several releases: {sorted(set(releases.values()))}")
    p_group, null = _p_groups(texts[P_GROUPS])
    of_g_group, null_in_group = _g_groups(texts[G_GROUPS], p_group)
    if not p_group or not of_g_group:
        raise _broken("a table of groups is empty")
    return GroupTables(
        releases[P_GROUPS],
        p_group,
        of_g_group,
        null,
        null_in_group,
        _antigens(texts[SEROLOGY]),
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise _broken(f"{path.name} cannot be read") from error


def _broken(text: str) -> InvalidSetting:
    return InvalidSetting(f"{_SETTING}: {text}", where=_SETTING, mend=_MEND)


def _release(name: str, text: str) -> str:
    found = _VERSION.search(text[:2000])
    if not found:
        raise _broken(f"{name} does not say its version")
    return found[1]


def _rows(name: str, text: str, columns: int) -> Iterator[list[str]]:
    """The rows without comments, each with its locus first (`A*` becomes `A`)."""
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = line.strip().split(";")
        if len(cells) < columns or not cells[0].endswith("*"):
            raise _broken(f"{name} line {number} is not a row of that table")
        yield [cells[0][:-1], *cells[1:]]


def _names(locus: str, cell: str) -> list[tuple[str, bool]]:
    """The two-field name of each allele of a cell, and whether the allele is expressed."""
    found = (_FIELDS.fullmatch(each) for each in cell.split("/"))
    return [(f"{locus}*{each[1]}", each[2] != _NOT_EXPRESSED) for each in found if each]


def _p_groups(text: str) -> tuple[dict[str, str], frozenset[str]]:
    """The P group of each name that has an expressed allele, and the names that have none."""
    groups: dict[str, str] = {}
    null: set[str] = set()
    for locus, cell, group, *_ in _rows(P_GROUPS, text, 3):
        for name, is_expressed in _names(locus, cell):
            if is_expressed:
                groups.setdefault(name, f"{locus}*{group}" if group else name)
            else:
                null.add(name)
    return groups, frozenset(null - groups.keys())


def _g_groups(text: str, p_group: dict[str, str]) -> tuple[dict[str, str], frozenset[str]]:
    """The P group of each G group, and the G groups that hold an allele that is not expressed."""
    groups: dict[str, str] = {}
    with_null: set[str] = set()
    for locus, cell, group, *_ in _rows(G_GROUPS, text, 3):
        if not group:
            continue
        name = f"{locus}*{group}"
        for member, is_expressed in _names(locus, cell):
            if not is_expressed:
                with_null.add(name)
            elif member in p_group:
                groups.setdefault(name, p_group[member])
    return groups, frozenset(with_null)


def _antigens(text: str) -> dict[str, tuple[str, ...]]:
    """The antigens of each name: the unambiguous one, else the possible, assumed or assigned ones.
    A name whose alleles disagree has all of theirs; one of which nothing is known is left out."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    open_names: set[str] = set()
    for locus, allele, *kinds in _rows(SEROLOGY, text, 3):
        series = _SERIES.get(locus)
        named = _names(locus, allele)
        if series is None or not named or not named[0][1]:
            continue
        numbers = next((cell for cell in kinds if cell.strip("?0/")), "")
        told = [number for number in numbers.split("/") if number.isdigit() and number != "0"]
        if not told:
            open_names.add(named[0][0])
        found[named[0][0]] |= {f"{series}{number}": None for number in told}
    return {name: tuple(each) for name, each in found.items() if each and name not in open_names}
