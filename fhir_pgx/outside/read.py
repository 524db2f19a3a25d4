"""Calls made elsewhere: which tool's file it is, told by its header or shape, never by its name."""

import json
from collections.abc import Iterable
from typing import Any

from fhir_pgx.errors import UnreadableCalls
from fhir_pgx.model.finding import NotUnderstood, Statement
from fhir_pgx.model.knowledge import Vocabulary
from fhir_pgx.outside import aldy, cyrius, optitype, pharmcat, pypgx, starphase
from fhir_pgx.outside.calls import CallFile, Item, OfSample, OutsideCalls
from fhir_pgx.outside.table import Line, lines_of

_FORMATS = (
    "PharmCAT's outside-call table (gene, diplotype, phenotype, activity score), or the output of "
    "PyPGx, Aldy, Cyrius, StarPhase (JSON) or OptiType as the tool wrote it"
)


def read_outside_calls(
    data: bytes, *, name: str, vocabulary: Vocabulary, sample: str = ""
) -> OutsideCalls:
    """The statements of one file of calls, and what of it is not used.

    `name` is the file's name, for the places told; `sample` the one to read where the file holds
    several. Raises UnreadableCalls for a shape that is none of the formats, MixedPatients where
    there are several samples and none is named.
    """
    tool, found = _read(data, CallFile(name, vocabulary, sample))
    items = list(found)
    statements = tuple(item for item in items if isinstance(item, Statement))
    left = tuple(item for item in items if isinstance(item, NotUnderstood))
    named = next((item.name for item in items if isinstance(item, OfSample)), "")
    if not statements and not left:
        left = (NotUnderstood(name, f"the {tool} file holds no call"),)
    return OutsideCalls(statements, left, tool, named)


def _read(data: bytes, file: CallFile) -> tuple[str, Iterable[Item]]:
    if pypgx.is_archive(data):
        return pypgx.TOOL, pypgx.read_archive(data, file)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _unreadable("bytes that are not UTF-8") from None
    if text.lstrip().startswith("{"):
        document = _json(text)
        if not starphase.is_starphase(document):
            raise _unreadable("a JSON object without `pbstarphase_version` and `gene_details`")
        return starphase.TOOL, starphase.read_starphase(document, file)
    return _read_table(lines_of(text), file)


def _read_table(lines: list[Line], file: CallFile) -> tuple[str, Iterable[Item]]:
    if not lines:
        raise _unreadable("an empty file")
    if aldy.is_aldy(lines):
        return aldy.TOOL, aldy.read_aldy(lines, file)
    rows = [line for line in lines if not line.is_comment]
    if not rows:
        raise _unreadable("comments alone")
    if cyrius.is_cyrius(rows):
        return cyrius.TOOL, cyrius.read_cyrius(rows, file)
    if pypgx.is_pypgx(rows):
        return pypgx.TOOL, pypgx.read_pypgx(rows, file)
    if optitype.is_optitype(rows):
        return optitype.TOOL, optitype.read_optitype(rows, file)
    if pharmcat.is_pharmcat(rows, file):
        return pharmcat.TOOL, pharmcat.read_pharmcat(rows, file)
    columns = len(rows[0].cells)
    what = "1 column" if columns == 1 else f"{columns} columns"
    raise _unreadable(f"{what} between tabs, of no format we know", rows[0].number)


def _json(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise _unreadable("something that begins as JSON and is none") from None


def _once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """The members as a dict. Raises ValueError where a key stands twice: one would be lost."""
    found = dict(members)
    if len(found) < len(members):
        raise ValueError
    return found


def _no_number(word: str) -> Any:
    raise ValueError(word)


def _unreadable(what: str, line: int = 1) -> UnreadableCalls:
    # The text itself may name a person: only its shape is told.
    return UnreadableCalls(f"line {line}: {what}", where=f"line {line}", mend=f"send {_FORMATS}")
