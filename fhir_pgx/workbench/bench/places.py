"""Where in a JSON text a member stands that a problem names."""

import re
from typing import Final

_MOST_PARTS: Final = 12
_PLACE: Final = re.compile(r"\[\d+\]")


def line_of(text: str, path: str) -> int:
    """The line, from 1, of the member that `context.draftOrders` names; of the deepest that is
    there, where one is missing; 0 where none of them is. Members are found by their names, in the
    order of the path, as a reader would look for them; places in a list (`entry[2]`) are not
    counted."""
    at = found = -1
    for name in _PLACE.sub("", path).split(".")[:_MOST_PARTS]:
        member = re.compile(rf'"{re.escape(name)}"[ \t\r\n]*:').search(text, at + 1)
        if member is None:
            break
        at = found = member.start()
    return text.count("\n", 0, found) + 1 if found >= 0 else 0
