"""Places in a JSON document, spelled as FHIRPath."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_SAFE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,63}")


def joined(path: str, step: str | int) -> str:
    """The path one step further: `a.b` or `a[3]`; a name of odd shape is not repeated."""
    if isinstance(step, int):
        return f"{path}[{step}]"
    shown = step if _SAFE_NAME.fullmatch(step) else "(unnamed)"
    return f"{path}.{shown}" if path else shown


def place(path: str, steps: Iterable[str | int]) -> str:
    """The path at the end of several steps."""
    for step in steps:
        path = joined(path, step)
    return path


def objects(document: Any, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every object in a document with its path, in the document's order."""
    waiting: list[tuple[str, Any]] = [(path, document)]
    while waiting:
        here, value = waiting.pop()
        if isinstance(value, Mapping):
            yield here, value
            members = [(joined(here, name), inner) for name, inner in value.items()]
            waiting.extend(reversed(members))
        elif isinstance(value, list):
            waiting.extend((f"{here}[{i}]", value[i]) for i in reversed(range(len(value))))
