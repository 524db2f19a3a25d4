"""A way as a picture (SVG). Every colour is a class of `static/trace.css`; what a step is stands in
words and in the shape of its box too, so that nothing rests on colour.

Square and solid: as a resource, a laboratory or a source states it. Round and dashed: inferred by
us. Dotted: missing. A line with a gap and a cross is a way that ends there; the words say why.
"""

from collections.abc import Iterable

from markupsafe import Markup

from fhir_pgx.workbench.drawings.layered import (
    BOX,
    LINE_STEP,
    PAD,
    TAG_STEP,
    TITLE_STEP,
    Band,
    Layout,
    Line,
    Placed,
    lay_out,
)
from fhir_pgx.workbench.drawings.way import SPEAKER_WORDS, STATE_SIGNS, STATE_WORDS, Way

_LANE_GAP = 7.0  # half of the gap in a broken line
_HIGH = 13.0  # of a line of words


def draw_way(way: Way, *, prefix: str) -> Markup:
    """The picture. `prefix` begins the ids of its title and description, and must be its own."""
    layout = lay_out(way)
    return Markup(
        '<svg class="trace-svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" aria-labelledby="{prefix}-title {prefix}-desc">'
        '<title id="{prefix}-title">{title}</title><desc id="{prefix}-desc">{desc}</desc>'
        "{body}</svg>"
    ).format(
        width=_n(layout.width),
        height=_n(layout.height),
        prefix=prefix,
        title=f"How the advice comes about: {way.title}",
        desc=(
            f"{len(layout.boxes)} boxes in the columns "
            f"{', '.join(name for name, _ in layout.columns)}, joined from left to right. "
            "The same stands as a list below."
        ),
        body=_body(layout),
    )


def _body(layout: Layout) -> Markup:
    return Markup("").join(
        (
            _all(_band(each, layout.width) for each in layout.bands),
            _all(_heading(name, x) for name, x in layout.columns),
            _all(_line(each) for each in layout.lines),
            _all(_box(each) for each in layout.boxes),
            _all(_words(*each) for each in _apart(layout.lines)),
        )
    )


def _all(parts: Iterable[Markup]) -> Markup:
    return Markup("").join(parts)


def _heading(name: str, x: float) -> Markup:
    return Markup('<text class="trace-column" x="{}" y="18">{}</text>').format(_n(x), name)


def _band(band: Band, width: float) -> Markup:
    return Markup(
        '<g class="trace-band"><line class="trace-band-line" x1="0" x2="{}" y1="{}" y2="{}"/>'
        '<text class="trace-band-name" x="8" y="{}">{}</text></g>'
    ).format(_n(width), _n(band.y), _n(band.y), _n(band.y + 16), band.name)


def _box(placed: Placed) -> Markup:
    step = placed.step
    sign = f"{STATE_SIGNS[step.state]} {STATE_WORDS[step.state]}" if step.state else ""
    tag = " · ".join(each for each in (SPEAKER_WORDS[step.speaker], sign) if each)
    classes = f"trace-box trace-box--{step.speaker}" + (f" is-{step.state}" if step.state else "")
    y = placed.y + PAD + 10
    texts = [_text("trace-tag", placed.x + PAD, y, tag)]
    y += TAG_STEP + 2
    for line in placed.title:
        texts.append(_text("trace-title", placed.x + PAD, y, line))
        y += TITLE_STEP
    for line in placed.lines:
        texts.append(_text("trace-line", placed.x + PAD, y - 2, line))
        y += LINE_STEP
    return Markup(
        '<g class="{}"><rect class="trace-rect" x="{}" y="{}" width="{}" height="{}" rx="{}"/>'
        "{}{}</g>"
    ).format(
        classes,
        _n(placed.x),
        _n(placed.y),
        _n(BOX),
        _n(placed.height),
        10 if step.speaker == "inferred" else 0,
        _second_border(placed),
        _all(texts),
    )


def _second_border(placed: Placed) -> Markup:
    """A source's box has a double border: told apart in print and without colour."""
    if placed.step.speaker != "source":
        return Markup("")
    return Markup('<rect class="trace-rect-inner" x="{}" y="{}" width="{}" height="{}"/>').format(
        _n(placed.x + 3), _n(placed.y + 3), _n(BOX - 6), _n(placed.height - 6)
    )


def _text(name: str, x: float, y: float, text: str) -> Markup:
    return Markup('<text class="{}" x="{}" y="{}">{}</text>').format(name, _n(x), _n(y), text)


def _line(line: Line) -> Markup:
    """A curve; a broken one in two, with a cross where it ends."""
    bend = (line.x2 - line.x1) / 2
    whole = (
        f"M{_n(line.x1)} {_n(line.y1)}C{_n(line.x1 + bend)} {_n(line.y1)} "
        f"{_n(line.x2 - bend)} {_n(line.y2)} {_n(line.x2)} {_n(line.y2)}"
    )
    drawn = Markup('<path class="trace-joint trace-joint--{}" d="{}"/>').format(line.hold, whole)
    if not line.is_last:
        return drawn
    drawn += Markup('<path class="trace-arrow" d="{}"/>').format(
        f"M{_n(line.x2 - 6)} {_n(line.y2 - 4)}L{_n(line.x2)} {_n(line.y2)}"
        f"L{_n(line.x2 - 6)} {_n(line.y2 + 4)}Z"
    )
    if line.hold != "broken":
        return drawn
    x, y, size = (line.x1 + line.x2) / 2, (line.y1 + line.y2) / 2, 4.0
    return drawn + Markup(
        '<circle class="trace-gap" cx="{}" cy="{}" r="{}"/><path class="trace-cross" d="{}"/>'
    ).format(
        _n(x),
        _n(y),
        _n(_LANE_GAP),
        f"M{_n(x - size)} {_n(y - size)}L{_n(x + size)} {_n(y + size)}"
        f"M{_n(x - size)} {_n(y + size)}L{_n(x + size)} {_n(y - size)}",
    )


def _apart(lines: Iterable[Line]) -> list[tuple[str, float, float]]:
    """Words with their places: above the middle of the line, or further along it where others
    stand there already."""
    placed: list[tuple[str, float, float]] = []
    for line in lines:
        if not line.words:
            continue
        places = [_along(line, part) for part in (0.5, 0.25, 0.75, 0.12, 0.88)]
        free = (p for p in places if all(abs(p[1] - y) > _HIGH for _, _, y in placed))
        _x, y = next(free, places[0])
        placed.append((line.words, (line.x1 + line.x2) / 2, y))
    return placed


def _along(line: Line, part: float) -> tuple[float, float]:
    """A place on the curve: its bends lie at half of the way, as `_line` draws it."""
    far = part * part * (3 - 2 * part)
    return line.x1 + (line.x2 - line.x1) * part, line.y1 + (line.y2 - line.y1) * far


def _words(words: str, x: float, y: float) -> Markup:
    """Above their line, upon a ground of their own."""
    return Markup('<text class="trace-words" x="{}" y="{}">{}</text>').format(
        _n(x), _n(y - 9), words
    )


def _n(number: float) -> str:
    """A number as SVG has it, to a tenth: the same on every machine."""
    return f"{number:.1f}".removesuffix(".0")
