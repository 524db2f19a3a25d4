"""A gene's decision positions along the chromosome, and the patient's haplotypes under them."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from fhir_pgx.workbench.drawings.gene_words import (
    MOST,
    describe,
    letter_of,
    position_text,
    positions_drawn,
    row_name,
)
from fhir_pgx.workbench.drawings.marks import STATES, base_mark, mark, ring
from fhir_pgx.workbench.drawings.svg import (
    fitted,
    group,
    line,
    picture,
    polyline,
    shown,
    tag,
    within,
    words,
)
from fhir_pgx.workbench.drawings.text_width import width_of
from fhir_pgx.workbench.drawings.track_lines import (
    Placed,
    TrackLine,
    is_to_scale,
    length_text,
    scale_of,
    scaled_line,
    side_by_side,
    ticks,
)

View = Mapping[str, Any]

NARROW = 560  # below this width the names of rows stand above them
ROW = 21.0
LABELS = 74.0  # height of the slanting names above a line
RIGHT = 44.0  # room for a slanting name at the end of a line


def gene_track(
    view: View, *, width: int = 760, prefix: str = "track", compress: bool | None = None
) -> Markup:
    """The track of one gene's view (`reports/gene_view.py`), `width` units wide; empty for a gene
    without positions. `compress` sets the positions side by side (True), or to scale (False); left
    open, they are to scale where each can be told from the next."""
    if not view.get("positions"):
        return Markup("")
    return _Track(view, width, prefix, compress).drawn()


def is_drawn_to_scale(view: View, width: int) -> bool:
    """Whether the track of this width is to scale, when that is left open."""
    return _Track(view, width, "", None).to_scale


class _Track:
    def __init__(self, view: View, width: int, prefix: str, compress: bool | None) -> None:
        self._view, self._width, self._prefix = view, width, prefix
        self._hatch = f"{prefix}-hatch"
        self._positions: Sequence[View] = view["positions"]
        self._is_narrow = width < NARROW
        self._left = 14.0 if self._is_narrow else 150.0
        self._right = width - RIGHT
        self._scale = scale_of(self._positions, self._left, self._right)
        fits = is_to_scale(self._positions, self._scale)
        self.to_scale = fits if compress is None else not compress
        candidates = view.get("candidates", ())
        self._candidates = candidates[:MOST]
        self._left_out = len(candidates) - len(self._candidates)

    def drawn(self) -> Markup:
        parts: list[Markup] = []
        y = 4.0
        if not self.to_scale:
            drawn, y = self._strip(y)
            parts.append(drawn)
        for each in self._lines():
            drawn, y = self._line(each, y)
            parts.append(drawn)
        if self._left_out:
            more = f"and {self._left_out} more diplotypes that fit: see the table"
            parts.append(words(self._left, y + 10, more, "soft small"))
            y += 18
        return picture(
            self._width,
            y,
            parts,
            title=f"{self._view['gene']}: decision positions and haplotypes",
            desc=describe(self._view),
            prefix=self._prefix,
            class_="gene-track",
        )

    def _lines(self) -> tuple[TrackLine, ...]:
        if self.to_scale:
            return (scaled_line(self._positions, self._scale),)
        wanted = positions_drawn(self._view)
        return side_by_side(wanted, self._left, self._right) if wanted else ()

    # The strip to scale

    def _strip(self, y: float) -> tuple[Markup, float]:
        """Every position to scale, as a stroke; what is not the reference stands out."""
        parts = [words(2, y + 10, f"{self._place()}, to scale", "soft small")]
        base = y + 34
        parts.append(line(self._left, base, self._right, base, "axis"))
        for state in STATES:  # what is rare is drawn last, and is not hidden
            for each in self._positions:
                if each["state"] == state and not each.get("extra"):
                    x = self._scale.at(each["start"])
                    height = 8 if state == "reference" else 15
                    parts.append(line(x, base - height, x, base, f"stroke-{state}"))
        drawn, base = self._ticks(base)
        return group((*parts, *drawn), class_="strip"), base + 10

    def _ticks(self, base: float) -> tuple[list[Markup], float]:
        marks = ticks(self._scale, 92)
        if not marks:  # one position, or few bases: their own numbers
            marks = (self._scale.first + 1,)
        parts = []
        for each in marks:
            x = self._scale.at(each - 1)
            text = f"{each:,}"
            parts.append(line(x, base, x, base + 4, "tick"))
            middle = within(x, text, 11, 2, self._width - 2)
            parts.append(words(middle, base + 15, text, "soft small", anchor="middle"))
        return parts, base + 18

    def _place(self) -> str:
        held = self._view.get("definition", {})
        chromosome = held.get("chromosome", "")
        if self._is_narrow:
            return f"chr{chromosome}, {held.get('build', '')}"
        return f"Chromosome {chromosome} ({held.get('accession', '')}, {held.get('build', '')})"

    # One line of the track

    def _line(self, each: TrackLine, y: float) -> tuple[Markup, float]:
        named = [placed for placed in each.placed if _is_named(placed.position)]
        parts: list[Markup] = []
        y += LABELS if named else 14
        drawn, y = self._read_row(each, named, y)
        parts += drawn
        for number, candidate in enumerate(self._candidates, start=1):
            drawn, y = self._candidate(candidate, number, each, y)
            parts += drawn
        drawn, y = self._axis(each, y)
        return group((*parts, *drawn), class_="track-line"), y + 8

    def _read_row(
        self, each: TrackLine, named: Sequence[Placed], y: float
    ) -> tuple[list[Markup], float]:
        parts = [line(self._left - 6, y, _end(each), y, "thread")]
        if not self._is_narrow:
            parts.append(words(2, y + 4, "What was read", "row-name"))
        for placed in named:
            position = placed.position
            sign = "! " if position.get("could_change") else ""
            text = sign + fitted(position["site"], 74, 10)
            parts.append(words(placed.x + 3, y - 11, text, "site-name", turned=58))
        for placed in each.placed:
            position = placed.position
            if position.get("could_change"):
                parts.append(ring(placed.x, y))
            parts.append(
                mark(
                    position["state"],
                    placed.x,
                    y,
                    hatch=self._hatch,
                    zygosity=position.get("zygosity", ""),
                    title=position_text(position),
                )
            )
        return parts, y + ROW

    def _candidate(
        self, candidate: View, number: int, each: TrackLine, y: float
    ) -> tuple[list[Markup], float]:
        parts: list[Markup] = []
        if len(self._view.get("candidates", ())) > 1:
            text = f"Candidate {number}: {candidate['name']}"
            room = self._width - 4.0
            parts.append(words(2, y + 1, fitted(text, room, 11), "candidate-name"))
            y += ROW - 5
        for haplotype in candidate.get("haplotypes", ()):
            name = row_name(haplotype, is_arranged=candidate.get("arranged", True))
            if self._is_narrow:
                parts.append(words(2, y, fitted(name, self._width - 4.0, 11), "row-name"))
                y += 14
            else:
                parts.append(words(2, y + 4, fitted(name, self._left - 16, 11), "row-name"))
            parts += self._haplotype(haplotype, each, y)
            y += ROW
        return parts, y

    def _haplotype(self, haplotype: View, each: TrackLine, y: float) -> list[Markup]:
        carried: dict[str, list[tuple[View, View]]] = {}
        for part in haplotype.get("parts", ()):
            for base in part.get("carried", ()):
                carried.setdefault(base["site"], []).append((base, part))
        undefined = [p["allele"] for p in haplotype.get("parts", ()) if not p.get("defined")]
        parts = [line(self._left - 6, y, _end(each), y, "thread dashed" if undefined else "thread")]
        for placed in each.placed:
            here = carried.get(placed.position["site"])
            if not here:
                continue
            bases = list(dict.fromkeys(each for base, _ in here for each in base["bases"]))
            said = [
                f"{part['allele']} has {' or '.join(base['bases'])} at {base['site']}: "
                f"{base['word']}"
                for base, part in here
            ]
            parts.append(
                base_mark(
                    here[0][0]["support"],
                    letter_of(bases, placed.position["ref"]),
                    placed.x,
                    y,
                    hatch=self._hatch,
                    title=shown("; ".join(said)),
                )
            )
        if undefined:
            text = f"no position defines {', '.join(undefined)}"
            parts.append(words(self._left, y - 3, fitted(text, 300, 10), "soft small"))
        return parts

    def _axis(self, each: TrackLine, y: float) -> tuple[list[Markup], float]:
        parts = [line(self._left - 6, y, _end(each), y, "axis")]
        if self.to_scale:
            drawn, y = self._ticks(y)
            parts += drawn
            scaled = ", to scale" if len(self._positions) > 1 else ""
            return [*parts, words(2, y + 10, f"{self._place()}{scaled}", "soft small")], y + 14
        free = 0.0
        for place, placed in enumerate(each.placed):
            parts.append(line(placed.x, y, placed.x, y + 4, "tick"))
            text = f"{placed.position['position']:,}"
            x = max(placed.x - 6, 2)
            is_first = place == 0 or any(
                each.placed[place - 1].x < gap.x < placed.x for gap in each.gaps
            )
            if is_first and x >= free and x + width_of(text, 10) <= self._width - 2:
                parts.append(words(x, y + 15, text, "soft small"))
                free = x + width_of(text, 10) + 6
        for gap in each.gaps:
            parts.append(_zigzag(gap.x, y))
            parts.append(words(gap.x, y - 6, length_text(gap.bases), "gap-length", anchor="middle"))
        return parts, y + 20


def _end(each: TrackLine) -> float:
    return each.placed[-1].x + 10


def _zigzag(x: float, y: float) -> Markup:
    at = ((x - 6, y), (x - 3, y - 4), (x, y + 4), (x + 3, y - 4), (x + 6, y))
    return group(
        (tag("rect", x=x - 6, y=y - 3, width=12, height=6, class_="cover"), polyline(at, "axis")),
        class_="gap",
    )


def _is_named(position: View) -> bool:
    return position["state"] in ("variant", "no-call", "unknown-base", "conflict") or bool(
        position.get("could_change")
    )
