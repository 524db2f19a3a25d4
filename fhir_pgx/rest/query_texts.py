r"""The texts of a query: pieces, and FHIR's escapes `\,` `\|` `\$` `\\` within them."""

import re

_ESCAPED = re.compile(r"\\([,|$\\])")
_PIECE = re.compile(r"(?:\\.|[^\\])", re.DOTALL)


def split(text: str, sign: str) -> list[str]:
    """The pieces between signs that are not escaped; their own escapes stay."""
    if sign not in text:
        return [text]
    pieces = [""]
    for each in _PIECE.findall(text):
        if each == sign:
            pieces.append("")
        else:
            pieces[-1] += each
    if _ends_in_lone_escape(text):
        pieces[-1] += "\\"
    return pieces


def _ends_in_lone_escape(text: str) -> bool:
    bare = text.rstrip("\\")
    return (len(text) - len(bare)) % 2 == 1


def plain(text: str) -> str:
    """A piece without its escapes."""
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text


def escaped(text: str) -> str:
    """A text as it may stand in a query: the contrary of `plain`."""
    return re.sub(r"([,|$\\])", r"\\\1", text)
