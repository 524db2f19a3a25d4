"""Places in a JSON document, spelled as FHIRPath."""

import re
from collections.abc import Iterable
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


Trail = tuple[Any, ...]  # a step and the trail before it: `(1, ("component", ()))`


def objects(document: Any) -> list[tuple[Trail, dict[str, Any]]]:
    """Every object in a document with the trail to it, in the document's order.

    Most objects have nothing to report, so a trail is spelled (`spelled`) only where one has. Every
    write walks through here: the plain loops are for speed.
    """
    found: list[tuple[Trail, dict[str, Any]]] = []
    waiting: list[tuple[Trail, Any]] = [((), document)]
    while waiting:
        trail, value = waiting.pop()
        if value.__class__ is dict:
            found.append((trail, value))
            for name, inner in reversed(value.items()):
                if inner.__class__ is dict or inner.__class__ is list:
                    waiting.append(((name, trail), inner))
        elif value.__class__ is list:
            for i in range(len(value) - 1, -1, -1):
                waiting.append(((i, trail), value[i]))
    return found


def spelled(path: str, trail: Trail) -> str:
    """The path at the end of a trail that begins at `path`."""
    steps: list[str | int] = []
    while trail:
        step, trail = trail
        steps.append(step)
    return place(path, reversed(steps))
