"""The activity scores of a gene with their phenotypes, and the patient among them; the phenotypes
alone, one under the other, for a gene without scores.

A filled triangle is the patient by the genes, an open diamond what other medicines make of it; each
is dashed where it is one of several, or a caution of ours that no rule states.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from fhir_pgx.workbench.drawings.svg import (
    fitted,
    group,
    line,
    picture,
    polygon,
    polyline,
    shown,
    tag,
    within,
    words,
)
from fhir_pgx.workbench.drawings.text_width import wrap

View = Mapping[str, Any]

LEFT, BAND, NAME_ROW = 14.0, 26.0, 17.0
LINE, SHAPE = 13.0, 20.0  # of a marker: a line of its words, and its shape
BOLD = 12.5  # units by which bold letters of 11.5 are measured
HIGHEST = 4.0  # the scale goes no further, unless the patient does
APART = 0.03  # of a unit: so far a band's end lies beside a score that is not its own
RUNG = 26.0


def activity_scale(view: View, *, width: int = 520, prefix: str = "scale") -> Markup:
    """The scale of one gene's view (`reports/gene_view.py`); empty for a gene without phenotypes.

    Where the patient has no place on it, a word stands in place of the marker.
    """
    scale = view["scale"]
    if scale["kind"] == "none":
        return Markup("")
    if scale["kind"] == "phenotype":
        return _ladder(view, width, prefix)
    return _Scores(view, width, prefix).drawn()


def number_of(score: str) -> float:
    """The number of a score, the lower bound of `≥3.0`."""
    return float(Decimal(score.removeprefix("≥")))


class _Scores:
    def __init__(self, view: View, width: int, prefix: str) -> None:
        self._view, self._width, self._prefix = view, width, prefix
        self._bands: Sequence[View] = view["scale"].get("bands", ())
        self._markers: Sequence[View] = view["scale"].get("markers", ())
        held = [number_of(s) for band in self._bands for s in band.get("scores", ())]
        own = [number_of(m["score"]) for m in self._markers if m.get("score", "")]
        high = max(min(max(held, default=2.0), HIGHEST), *own, 1.0)
        self._low, self._high = -0.15, high + 0.3
        self._right = width - LEFT

    def _at(self, score: float) -> float:
        share = (score - self._low) / (self._high - self._low)
        return LEFT + share * (self._right - LEFT)

    def drawn(self) -> Markup:
        rows, y = self._marker_rows(4.0)
        bands = self._drawn_bands(y)
        y += BAND
        axis, y = self._axis(y)
        names, y = self._names(y)
        return picture(
            self._width,
            y,
            (*bands, *axis, *names, *rows),
            title=f"{self._view['gene']}: activity score",
            desc=describe(self._view),
            prefix=self._prefix,
            class_="activity-scale",
        )

    def _marker_rows(self, y: float) -> tuple[list[Markup], float]:
        """The markers, each on a row of its own with a line down to the scale; a word where the
        genes give none."""
        drawn: list[Markup] = []
        word = self._view["scale"].get("word", "")
        if word:
            drawn.append(words(LEFT, y + 12, fitted(word, self._right - LEFT, 13), "word"))
            y += 20
        room = self._width - 8
        rows = [(row, wrap(row_text(row), room, BOLD, 3)) for row in _rows(self._markers)]
        foot = y + sum(LINE * len(lines) + SHAPE for _, lines in rows)
        for row, lines in rows:
            drawn.append(self._marker_row(row, lines, y, foot))
            y += LINE * len(lines) + SHAPE
        return drawn, foot + 2

    def _marker_row(
        self, row: Sequence[View], lines: Sequence[str], y: float, foot: float
    ) -> Markup:
        """The words of a row, its shapes under them, and a line down to the scale from each; a
        bracket over the whole band where a phenotype is known and no score."""
        inside: list[Markup] = []
        top = y + LINE * len(lines) + SHAPE / 2
        at = []
        for each in row:
            if each.get("score"):
                x = self._at(number_of(each["score"]))
            else:
                low, high = self._band_of(each["phenotype"])
                x = (low + high) / 2
                ends = ((low, top + 6), (low, top), (high, top), (high, top + 6))
                inside.append(polyline(ends, "bracket"))
            at.append(x)
            inside.append(line(x, top, x, foot + 2 + BAND, "lead"))
            inside += _shape(each["kind"], x, top)
            if each.get("score", "").startswith("≥"):
                inside.append(line(x, top, min(x + 34, self._right), top, "open-end"))
        for place, text in enumerate(lines, start=1):
            middle = within(sum(at) / len(at), text, BOLD, 3, self._width - 3)
            inside.append(words(middle, y + LINE * place, text, "marker-name", anchor="middle"))
        return group(inside, class_=marker_class(row[0]))

    def _band_of(self, phenotype: str) -> tuple[float, float]:
        edges = self._edges()
        for band, low, high in zip(self._bands, edges, edges[1:], strict=False):
            if band["phenotype"] == phenotype:
                return low, high
        return LEFT, self._right

    def _drawn_bands(self, y: float) -> list[Markup]:
        edges = self._edges()
        return [
            group(
                (
                    tag("title", band_text(band)),
                    tag("rect", x=low, y=y, width=high - low, height=BAND, class_="band"),
                    words((low + high) / 2, y + 17, place + 1, "band-number", anchor="middle"),
                ),
                class_=f"band-{place % 4}",
            )
            for place, (band, low, high) in enumerate(
                zip(self._bands, edges, edges[1:], strict=False)
            )
        ]

    def _edges(self) -> list[float]:
        """Where bands meet: halfway between their scores; where a guideline states the end, just
        beside it, on the side that it belongs to."""
        found = [self._at(self._low)]
        for before, after in zip(self._bands, self._bands[1:], strict=False):
            if before["high"] and number_of(before["high"]) == number_of(after["low"]):
                apart = -APART if after["includes_low"] else APART
                found.append(self._at(number_of(after["low"]) + apart))
            else:
                end = number_of(before["scores"][-1] if before.get("scores") else before["high"])
                found.append(self._at((end + number_of(after["low"])) / 2))
        return [*found, self._right]

    def _axis(self, y: float) -> tuple[list[Markup], float]:
        """A stroke for every score that a diplotype makes, a number for the round ones."""
        drawn = [line(LEFT, y, self._right, y, "axis")]
        scores = {
            number_of(score)
            for band in self._bands
            for score in band.get("scores", ())
            if number_of(score) <= self._high
        }
        for each in sorted(scores):
            is_round = (each * 2) % 1 == 0
            x = self._at(each)
            drawn.append(line(x, y, x, y + (6 if is_round else 4), "tick"))
            if is_round:
                drawn.append(words(x, y + 17, f"{each:.1f}", "soft small", anchor="middle"))
        y += 22
        drawn.append(words(LEFT, y + 8, "Activity score (no unit)", "soft small"))
        return drawn, y + 14

    def _names(self, y: float) -> tuple[list[Markup], float]:
        """The phenotypes, each beside the number of its band."""
        drawn = []
        for place, band in enumerate(self._bands):
            drawn.append(
                group(
                    (
                        tag("rect", x=LEFT, y=y + 1, width=22, height=14, class_="band"),
                        words(LEFT + 11, y + 12, place + 1, "band-number", anchor="middle"),
                        words(LEFT + 28, y + 12, band_text(band), "band-name"),
                    ),
                    class_=f"band-{place % 4}",
                )
            )
            y += NAME_ROW
        return drawn, y + 2


def band_text(band: View) -> str:
    """`Intermediate Metabolizer: above 0, below 1.25`."""
    low, high = band["low"], band["high"]
    if band.get("high") == low:
        return shown(f"{band['phenotype']}: {low}")
    begins = f"from {low}" if band["includes_low"] else f"above {low}"
    ends = "" if not high else f" to {high}" if band["includes_high"] else f", below {high}"
    if not band["includes_low"] and ends.startswith(" to"):
        ends = "," + ends
    return shown(f"{band['phenotype']}: {begins}{ends}")


def marker_text(marker: View) -> str:
    """`1.25 by the genes: Normal Metabolizer`."""
    score = marker.get("score", "")
    phenotype = marker.get("phenotype", "")
    if marker["kind"] == "genotype":
        how = "by the genes" if marker["certain"] else "possible by the genes"
    else:
        agents = ", ".join(marker.get("agents", ()))
        how = _by_agents(agents, is_rule=marker["certain"])
    value = score or phenotype
    beside = f": {phenotype}" if score and phenotype else ""
    return shown(f"{value} {how}{beside}")


def _by_agents(agents: str, *, is_rule: bool) -> str:
    return f"with {agents}" if is_rule else f"possible with {agents}, a caution of ours"


def _rows(markers: Sequence[View]) -> list[list[View]]:
    """The markers that stand on one row: of one kind and certainty, by the same agents; each place
    once."""
    found: dict[tuple[Any, ...], dict[tuple[str, str], View]] = {}
    for each in markers:
        if each.get("score") or each.get("phenotype"):
            row = (each["kind"], each["certain"], tuple(each.get("agents", ())))
            place = (each.get("score", ""), each.get("phenotype", ""))
            found.setdefault(row, {}).setdefault(place, each)
    return [list(row.values()) for row in found.values()]


def row_text(row: Sequence[View]) -> str:
    """`0.25, 0.5, 0.75 or 1.0 possible by the genes: Intermediate Metabolizer`."""
    if len(row) == 1:
        return marker_text(row[0])
    values = list(dict.fromkeys(each.get("score") or each["phenotype"] for each in row))
    phenotypes = list(dict.fromkeys(each.get("phenotype", "") for each in row))
    how = marker_text({**row[0], "score": "", "phenotype": ""}).strip()
    beside = f": {phenotypes[0]}" if len(phenotypes) == 1 and row[0].get("score") else ""
    return shown(f"{', '.join(values[:-1])} or {values[-1]} {how}{beside}")


def marker_class(marker: View) -> str:
    certain = "certain" if marker["certain"] else "possible"
    return f"marker marker-{marker['kind']} marker-{certain}"


def _shape(kind: str, x: float, y: float) -> tuple[Markup, ...]:
    if kind == "genotype":
        return (polygon(((x - 6, y - 5), (x + 6, y - 5), (x, y + 6)), "shape"),)
    return (polygon(((x, y - 7), (x + 7, y), (x, y + 7), (x - 7, y)), "shape"),)


# Genes without scores


def _ladder(view: View, width: int, prefix: str) -> Markup:
    """The phenotypes under each other, the most function on top; off it, what is no rung."""
    scale = view["scale"]
    rungs: list[str] = list(scale.get("rungs", ()))
    if scale.get("ordered"):
        rungs.reverse()
    markers = [each for row in _rows(scale.get("markers", ())) for each in row]
    drawn: list[Markup] = []
    y = 4.0
    if scale.get("word"):
        drawn.append(words(LEFT, y + 12, fitted(scale["word"], width - 2 * LEFT, 13), "word"))
        y += 20
    for rung in rungs:
        here = [each for each in markers if each.get("phenotype") == rung]
        drawn.append(_rung(rung, here, y, width))
        y += RUNG + NAME_ROW * len(here)
    note = "most function on top" if scale.get("ordered") else "listed; not an order"
    drawn.append(words(LEFT, y + 12, f"Phenotypes of {view['gene']}, {note}", "soft small"))
    return picture(
        width,
        y + 18,
        drawn,
        title=f"{view['gene']}: phenotype",
        desc=describe(view),
        prefix=prefix,
        class_="phenotype-ladder",
    )


def _rung(rung: str, here: Sequence[View], y: float, width: int) -> Markup:
    height = RUNG - 5 + NAME_ROW * len(here)
    inside: list[Markup] = [
        tag("rect", x=LEFT, y=y, width=width - 2 * LEFT, height=height, rx=3, class_="rung"),
        words(LEFT + 10, y + 15, fitted(rung, width - 4 * LEFT, 12), "rung-name"),
    ]
    for place, each in enumerate(here):
        at = y + 15 + NAME_ROW * (place + 1)
        text = _beside(each)
        inside.append(
            group(
                (
                    *_shape(each["kind"], LEFT + 20, at - 4),
                    words(LEFT + 34, at, fitted(text, width - 5 * LEFT, 11.5), "marker-name"),
                ),
                class_=marker_class(each),
            )
        )
    return group(inside, class_="rung-here" if here else "rung-there")


def _beside(marker: View) -> str:
    """`this patient, by the genes`."""
    if marker["kind"] == "genotype":
        return "this patient, by the genes" if marker["certain"] else "possible by the genes"
    agents = ", ".join(marker.get("agents", ()))
    return _by_agents(agents, is_rule=marker["certain"])


def describe(view: View) -> str:
    """The scale in a sentence or two."""
    scale = view["scale"]
    said = [scale["word"] + "." if scale.get("word") else ""]
    said += [f"{marker_text(each)}." for each in scale.get("markers", ())]
    return shown(" ".join(filter(None, said)) or "No place on the scale.")


__all__ = ["activity_scale", "band_text", "describe", "marker_text"]
