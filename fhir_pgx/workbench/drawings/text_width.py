"""How wide a text will be, without a font at hand: words wrapped for boxes of a drawing.

Widths are those of a wide sans-serif (DejaVu Sans), in parts of the font's size: with any other a
line may end early, and does not run out of its box. Signs of other scripts count as wide ones.
"""

import functools
import re
import unicodedata

_NARROW, _USUAL, _CAPITAL, _WIDE, _FULL = 0.33, 0.62, 0.7, 0.98, 1.1
BOLD = 1.12  # how much wider a bold text is
_SIGNS = {
    **dict.fromkeys("iIjl.,:;'|!·", _NARROW),
    **dict.fromkeys('ftr-()[]/ "`*', 0.4),
    **dict.fromkeys("mwMW@%—…", _WIDE),
    **dict.fromkeys("0123456789", 0.64),
}
# A long name breaks after its own joints first: `Observation/`, `cyp2c19-`.
_PARTS = re.compile(r"[^./_:-]*[./_:-]+|[^./_:-]+")


def width_of(text: str, size: float) -> float:
    """In the units of `size`."""
    return size * sum(_of_sign(sign) for sign in text)


@functools.lru_cache(maxsize=2_048)
def _of_sign(sign: str) -> float:
    known = _SIGNS.get(sign)
    if known is not None:
        return known
    if sign.isascii():
        return _CAPITAL if sign.isupper() else _USUAL
    if unicodedata.combining(sign):
        return 0.0
    return _FULL if unicodedata.east_asian_width(sign) in "WF" else 0.75


def wrap(text: str, width: float, size: float, most: int = 0) -> list[str]:
    """The text in lines that fit `width`; a word that does not is broken. Beyond `most` lines (0:
    any number) the last ends with an ellipsis: whoever draws it has the whole elsewhere."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        for piece in _pieces(word, width, size):
            longer = f"{line} {piece}" if line else piece
            if width_of(longer, size) <= width:
                line = longer
                continue
            lines.append(line)
            line = piece
            if most and len(lines) > most:
                break
    lines = [each for each in (*lines, line) if each]
    if most and len(lines) > most:
        return [*lines[: most - 1], _with_ellipsis(lines[most - 1], width, size)]
    return lines


def _pieces(word: str, width: float, size: float) -> list[str]:
    if width_of(word, size) <= width:
        return [word]
    pieces, piece = [], ""
    for part in _PARTS.findall(word[:400]):
        if piece and width_of(piece + part, size) > width:
            pieces.append(piece)
            piece = ""
        for sign in part:
            if piece and width_of(piece + sign, size) > width:
                pieces.append(piece)
                piece = ""
            piece += sign
    return [*pieces, piece]


def _with_ellipsis(line: str, width: float, size: float) -> str:
    while line and width_of(f"{line}…", size) > width:
        line = line[:-1]
    return f"{line.rstrip()}…"
