"""Boxes in columns, joined from left to right: where each stands. Pure geometry.

A band (a gene, a finding) is a row of its own across the columns; what belongs to no band is
centred over all of them. A joint that passes a column where it has no box gets a lane there, so
that no line runs behind a box. Units are those of the drawing, `y` downwards.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from fhir_pgx.workbench.drawings.text_width import BOLD, width_of, wrap
from fhir_pgx.workbench.drawings.way import Hold, Step, Way

BOX = 176.0
PAD = 8.0
TITLE, LINE, SMALL = 13.0, 12.0, 11.0
TITLE_STEP, LINE_STEP = 17.0, 15.0
TAG_STEP = 15.0
SPACE = 12.0  # between boxes of a column
BAND_HEAD, BAND_END = 24.0, 12.0
TOP = 30.0  # for the names of the columns
MARGIN = 8.0
LEAST_GAP = 34.0
MOST_TITLE, MOST_LINES = 5, 9
_LANE = 12.0


@dataclass(frozen=True, slots=True)
class Placed:
    """A box with its wrapped text. `is_cut`: not all of its lines are drawn."""

    step: Step
    x: float
    y: float
    height: float
    title: tuple[str, ...]
    lines: tuple[str, ...]
    is_cut: bool

    @property
    def middle(self) -> float:
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Line:
    """A joint's piece, from one column to the next. `words` stand at its middle, on its last."""

    x1: float
    y1: float
    x2: float
    y2: float
    hold: Hold
    words: str = ""
    is_last: bool = True


@dataclass(frozen=True, slots=True)
class Band:
    name: str
    y: float
    height: float


@dataclass(frozen=True, slots=True)
class Layout:
    """`columns` are name and left edge of those that hold a box."""

    width: float
    height: float
    columns: tuple[tuple[str, float], ...]
    bands: tuple[Band, ...]
    boxes: tuple[Placed, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class _Box:
    """What takes room in a column: a box, or a lane without one."""

    id: str
    height: float
    step: Step | None = None
    title: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class _Piece:
    start: str
    end: str
    hold: Hold
    words: str
    is_last: bool


def lay_out(way: Way) -> Layout:
    """Where everything of a way stands."""
    columns = tuple(name for name in way.columns if way.in_column(name))
    place = {step.id: columns.index(step.column) for step in way.steps}
    stacks: dict[tuple[int, str], list[_Box]] = {}
    for step in way.steps:
        stacks.setdefault((place[step.id], step.band), []).append(_box(step))
    pieces = _pieces(way, place, stacks)
    gaps = _gaps(pieces, place, len(columns))
    lefts = [MARGIN]
    for gap in gaps:
        lefts.append(lefts[-1] + BOX + gap)
    bands, bottom = _bands(way, stacks)
    boxes, middles, xs = _placed(stacks, bands, bottom, lefts)
    lines = [
        Line(
            xs[p.start][1], middles[p.start], xs[p.end][0], middles[p.end],
            p.hold, p.words, p.is_last,
        )
        for p in pieces
    ]  # fmt: skip
    lines += [
        Line(*xs_of_lane, hold=p.hold, is_last=False)
        for p in pieces
        if not p.is_last
        for xs_of_lane in [(xs[p.end][0], middles[p.end], xs[p.end][1], middles[p.end])]
    ]
    return Layout(
        width=lefts[-1] + BOX + MARGIN,
        height=bottom + MARGIN,
        columns=tuple(zip(columns, lefts, strict=True)),
        bands=bands,
        boxes=boxes,
        lines=tuple(lines),
    )


def _box(step: Step) -> _Box:
    inner = BOX - 2 * PAD
    whole_title = wrap(step.title, inner, TITLE * BOLD)
    title = wrap(step.title, inner, TITLE * BOLD, MOST_TITLE)
    whole = [line for text in step.lines for line in wrap(text, inner, LINE)]
    lines = whole[:MOST_LINES]
    is_cut = len(whole) > len(lines) or len(whole_title) > len(title)
    if is_cut:
        lines = [*lines[: MOST_LINES - 1], "… more in the list"]
    height = 2 * PAD + TAG_STEP + TITLE_STEP * len(title) + LINE_STEP * len(lines)
    return _Box(step.id, height, step, tuple(title), tuple(lines), is_cut)


def _pieces(
    way: Way, place: dict[str, int], stacks: dict[tuple[int, str], list[_Box]]
) -> list[_Piece]:
    """The joints, those that pass a column by way of a lane in it; a lane serves all that come from
    the same box alike."""
    band_of = {step.id: step.band for step in way.steps}
    pieces: dict[_Piece, None] = {}
    for joint in way.joints:
        if joint.start not in place or joint.end not in place:
            continue
        start = joint.start
        for column in range(place[joint.start] + 1, place[joint.end]):
            lane = f"lane {column} {joint.start} {joint.hold}"
            if lane not in place:
                place[lane] = column
                # Where the start is of no band, neither is the lane.
                stack = stacks.setdefault((column, band_of[joint.start]), [])
                stack.append(_Box(lane, _LANE))
            pieces[_Piece(start, lane, joint.hold, "", False)] = None
            start = lane
        pieces[_Piece(start, joint.end, joint.hold, joint.words, True)] = None
    return list(pieces)


def _gaps(pieces: Iterable[_Piece], place: Mapping[str, int], columns: int) -> list[float]:
    """Room between columns: as wide as the longest words in it need."""
    gaps = [LEAST_GAP] * max(0, columns - 1)
    for piece in pieces:
        gap = place[piece.start]
        if gap < len(gaps) and piece.words:
            gaps[gap] = max(gaps[gap], width_of(piece.words, SMALL) + 22)
    return gaps


def _stack_height(stack: Sequence[_Box]) -> float:
    return sum(box.height for box in stack) + SPACE * max(0, len(stack) - 1)


def _bands(
    way: Way, stacks: Mapping[tuple[int, str], Sequence[_Box]]
) -> tuple[tuple[Band, ...], float]:
    """The bands one below the other, and where the last ends; stretched where what spans them all
    is higher."""
    needed = {
        name: max((_stack_height(s) for (_, band), s in stacks.items() if band == name), default=0)
        for name in way.bands
    }
    across = max((_stack_height(s) for (_, band), s in stacks.items() if not band), default=0)
    total = sum(height + BAND_HEAD + BAND_END for height in needed.values())
    more = max(0.0, across - total) / max(1, len(needed))
    bands, y = [], TOP
    for name, height in needed.items():
        whole = height + BAND_HEAD + BAND_END + more
        bands.append(Band(name, y, whole))
        y += whole
    return tuple(bands), max(y, TOP + across)


def _placed(
    stacks: Mapping[tuple[int, str], Sequence[_Box]],
    bands: Sequence[Band],
    bottom: float,
    lefts: Sequence[float],
) -> tuple[tuple[Placed, ...], dict[str, float], dict[str, tuple[float, float]]]:
    """The boxes; the middle of each box and lane; and its left and right edge."""
    by_name = {band.name: band for band in bands}
    boxes: list[Placed] = []
    middles: dict[str, float] = {}
    edges: dict[str, tuple[float, float]] = {}
    for (column, name), stack in stacks.items():
        band = by_name.get(name)
        if band is None:
            first, room = TOP, bottom - TOP
        else:
            first, room = band.y + BAND_HEAD, band.height - BAND_HEAD - BAND_END
        y = first + max(0.0, (room - _stack_height(stack)) / 2)
        for box in stack:
            x = lefts[column]
            middles[box.id] = y + box.height / 2
            edges[box.id] = (x, x + BOX)
            if box.step is not None:
                boxes.append(Placed(box.step, x, y, box.height, box.title, box.lines, box.is_cut))
            y += box.height + SPACE
    return tuple(boxes), middles, edges
