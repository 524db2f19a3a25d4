"""A computed dose against one input: a curve over a number, or a mark for each answer.

Every panel of a view has the same axis of doses, so that panels compare. An equation is told by
the shape of its mark and the dashes of its line; a range that a guideline's change leaves is a
shaded band, or a stroke through the mark.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from markupsafe import Markup

from fhir_pgx.workbench.drawings.svg import (
    fitted,
    group,
    key_picture,
    line,
    picture,
    polygon,
    polyline,
    shown,
    tag,
    within,
    words,
)
from fhir_pgx.workbench.drawings.text_width import width_of

View = Mapping[str, Any]

WIDTH, HEIGHT = 300.0, 200.0
LEFT, RIGHT, TOP = 38.0, 12.0, 24.0
SERIES = ("iwpc-pharmacogenetic", "gage-pharmacogenetic", "iwpc-clinical", "gage-clinical")
UNITS = {"a": "years", "kg": "kg", "cm": "cm", "{INR}": "INR"}


def highest_dose(view: View) -> float:
    """The end of the axis of doses for every panel of a view: a round number of mg a week."""
    doses = (
        float(dose["high"])
        for branch in view.get("branches", ())
        for panel in branch.get("panels", ())
        for point in panel.get("points", ())
        for dose in point.get("doses", ())
    )
    step = _dose_step(most := max(doses, default=50.0))
    return float(-(-most // step) * step)


def _dose_step(most: float) -> int:
    return next((step for step in (5, 10, 20, 50, 100) if most / step <= 6), 200)


def dose_panel(panel: View, *, highest: float, prefix: str = "panel") -> Markup:
    """The drawing of one panel (`reports/warfarin_view.py`), doses from 0 to `highest` mg a
    week."""
    return _Panel(panel, highest, prefix).drawn()


def dose_text(dose: View) -> str:
    """`16.7`, or `17.6 to 18.4`, in mg a week."""
    low, high = (f"{float(dose[each]):.1f}" for each in ("low", "high"))
    return low if low == high else f"{low} to {high}"


def describe(panel: View) -> str:
    """The panel in a sentence or two."""
    unit = UNITS.get(panel.get("unit", ""), "")
    own = f"{panel['value']} {unit}".strip() if panel["state"] != "not-known" else panel["value"]
    text = f"Dose against {panel['label']}. This patient: {own} ({panel['word']})."
    here = [p for p in panel["points"] if p.get("patient")]
    for point in here:
        doses = "; ".join(f"{_name(d)} {dose_text(d)} mg a week" for d in point.get("doses", ()))
        text += f" {doses}." if doses else " No dose."
    return shown(text)


def _name(dose: View) -> str:
    return str(dose["equation"]).replace("-", " ")


class _Panel:
    def __init__(self, panel: View, highest: float, prefix: str) -> None:
        self._panel, self._highest, self._prefix = panel, highest, prefix
        self._points: Sequence[View] = panel["points"]
        self._is_line = panel["kind"] == "line"
        self._turned = not self._is_line and (
            sum(width_of(p["label"], 11) + 6 for p in self._points) > WIDTH - LEFT - RIGHT
        )
        self._base = HEIGHT - (62.0 if self._turned else 40.0)

    def drawn(self) -> Markup:
        inside = [*self._frame(), *(self._curves() if self._is_line else self._steps())]
        return picture(
            WIDTH,
            HEIGHT,
            inside,
            title=f"Warfarin dose against {self._panel['label']}",
            desc=describe(self._panel),
            prefix=self._prefix,
            class_=f"dose-panel input-{self._panel['state']}",
        )

    def _y(self, dose: float) -> float:
        return self._base - (self._base - TOP) * dose / self._highest

    def _frame(self) -> list[Markup]:
        found = [words(2, 11, "mg a week", "soft small")]
        step = _dose_step(self._highest)
        for dose in range(0, int(self._highest) + 1, step):
            y = self._y(dose)
            found.append(line(LEFT, y, WIDTH - RIGHT, y, "axis" if dose == 0 else "grid"))
            found.append(words(LEFT - 6, y + 4, dose, "soft small", anchor="end"))
        return found

    # Over a number

    def _curves(self) -> list[Markup]:
        at = [float(point["at"]) for point in self._points]
        first, last = at[0], at[-1]

        def x_of(value: float) -> float:
            return LEFT + (WIDTH - RIGHT - LEFT) * (value - first) / ((last - first) or 1)

        found = self._numbers(first, last, x_of)
        found += self._without_dose(x_of)
        for place, name in enumerate(SERIES):
            for run in self._runs(name):
                found.append(
                    group(
                        self._curve([(x_of(x), low, high) for x, low, high in run]),
                        class_=f"series series-{place}",
                    )
                )
        for point in self._points:
            if point.get("patient"):
                found += self._own(x_of(float(point["at"])), point)
        return found

    def _numbers(self, first: float, last: float, x_of: Any) -> list[Markup]:
        span = last - first
        step = next(s for s in (0.5, 1, 5, 10, 20, 50, 100, 500) if span / s <= 7)
        value = -(-first // step) * step
        found = []
        while value <= last:
            x = x_of(value)
            found.append(line(x, self._base, x, self._base + 4, "tick"))
            found.append(words(x, self._base + 16, f"{value:g}", "soft small", anchor="middle"))
            value += step
        unit = UNITS.get(self._panel.get("unit", ""), "")
        text = f"{self._panel['label']}, {unit}" if unit and unit != "INR" else self._panel["label"]
        found.append(
            words((LEFT + WIDTH) / 2, self._base + 32, text, "soft small", anchor="middle")
        )
        return found

    def _runs(self, name: str) -> Iterable[list[tuple[float, float, float]]]:
        """The stretches over which an equation gives a dose: value, low and high."""
        values = []
        for point in self._points:
            dose = next((d for d in point.get("doses", ()) if d["equation"] == name), None)
            values.append(
                (float(point["at"]), float(dose["low"]), float(dose["high"])) if dose else None
            )
        for is_there, run in groupby(values, key=lambda each: each is not None):
            if is_there:
                yield [each for each in run if each is not None]

    def _curve(self, run: Sequence[tuple[float, float, float]]) -> list[Markup]:
        low = [(x, self._y(least)) for x, least, _ in run]
        high = [(x, self._y(most)) for x, _, most in run]
        if low == high:
            return [polyline(low, "curve")]
        return [
            polygon((*low, *reversed(high)), "range"),
            polyline(low, "curve"),
            polyline(high, "curve"),
        ]

    def _without_dose(self, x_of: Any) -> list[Markup]:
        """Where nothing is computed, hatched, with the word."""
        found = []
        for is_empty, run in groupby(self._points, key=lambda each: not each.get("doses")):
            if not is_empty:
                continue
            at = [x_of(float(each["at"])) for each in run]
            low, high = at[0] - 1, max(at[-1], at[0] + 2) + 1
            found.append(self._nothing(low, high))
        return found

    def _nothing(self, low: float, high: float) -> Markup:
        text = "no dose"
        middle = within((low + high) / 2, text, 12, LEFT, WIDTH - RIGHT)
        return group(
            (
                tag(
                    "rect",
                    x=low,
                    y=TOP,
                    width=high - low,
                    height=self._base - TOP,
                    fill=f"url(#{self._prefix}-hatch)",
                    class_="no-dose",
                ),
                words(middle, (TOP + self._base) / 2, text, "no-dose-word", anchor="middle"),
            ),
            class_="without-dose",
        )

    def _own(self, x: float, point: View) -> list[Markup]:
        """The patient's own value: a line, its words above, and the mark of each dose."""
        is_assumed = self._panel["state"] == "assumed"
        text = f"assumed: {point['label']}" if is_assumed else f"patient: {point['label']}"
        middle = within(x, text, 12, 60, WIDTH - 2)
        found = [
            line(x, TOP - 6, x, self._base, "own-line"),
            words(middle, TOP - 10, text, "own-name", anchor="middle"),
        ]
        doses = point.get("doses", ())
        middles = [self._y((float(d["low"]) + float(d["high"])) / 2) for d in doses]
        is_close = max(middles, default=0) - min(middles, default=0) < 10
        for place, dose in enumerate(doses):
            # At one height, one would hide the other.
            aside = (place - (len(doses) - 1) / 2) * 9 if is_close else 0
            found.append(self._dose(dose, x + aside))
        return [group(found, class_="own assumed" if is_assumed else "own")]

    def _dose(self, dose: View, x: float) -> Markup:
        """The mark of a dose, with a stroke over its range."""
        place = SERIES.index(dose["equation"]) if dose["equation"] in SERIES else len(SERIES)
        low, high = self._y(float(dose["low"])), self._y(float(dose["high"]))
        inside = [tag("title", f"{_name(dose)}: {dose_text(dose)} mg a week")]
        if low != high:
            inside.append(line(x, low, x, high, "whisker"))
        inside += series_mark(place, x, (low + high) / 2)
        return group(inside, class_=f"dose series series-{place}")

    # Over answers

    def _steps(self) -> list[Markup]:
        room = WIDTH - LEFT - RIGHT
        step = room / len(self._points)
        found: list[Markup] = []
        for place, point in enumerate(self._points):
            x = LEFT + step * (place + 0.5)
            column = self._column(point, x, step)
            found.append(group(column, class_=self._column_class(point)))
        text = self._panel["label"]
        found.append(
            words(
                (LEFT + WIDTH) / 2,
                HEIGHT - 6,
                fitted(text, room, 10),
                "soft small",
                anchor="middle",
            )
        )
        return found

    def _column_class(self, point: View) -> str:
        if not point.get("patient"):
            return "column"
        return "column own assumed" if self._panel["state"] == "assumed" else "column own"

    def _column(self, point: View, x: float, step: float) -> list[Markup]:
        found: list[Markup] = []
        if point.get("patient"):
            found.append(
                tag("rect", x=x - step / 2 + 1, y=TOP - 4, width=step - 2,
                    height=self._base - TOP + 4, class_="own-column")
            )  # fmt: skip
            word = "assumed" if self._panel["state"] == "assumed" else "patient"
            middle = within(x, word, 12, 60, WIDTH - 2)
            found.append(words(middle, TOP - 9, word, "own-name", anchor="middle"))
        doses = point.get("doses", ())
        if not doses:
            found.append(tag("title", shown(point.get("refusal") or "no dose")))
            found.append(words(x, self._base - 8, "✕", "no-dose-word", anchor="middle"))
        apart = min(12.0, step / 3)
        for place, dose in enumerate(doses):
            at = x + (place - (len(doses) - 1) / 2) * apart
            found.append(self._dose(dose, at))
        label = shown(point["label"])
        if self._turned:
            found.append(words(x + 4, self._base + 13, label, "step-name", anchor="end", turned=45))
        else:
            found.append(words(x, self._base + 16, label, "step-name", anchor="middle"))
        return found


def series_mark(place: int, x: float, y: float) -> list[Markup]:
    """The mark of an equation: a disc, a diamond, a square, a triangle; the last two open, for the
    equations without genes."""
    if place == 0:
        return [tag("circle", cx=x, cy=y, r=4.5, class_="full")]
    if place == 1:
        return [polygon(((x, y - 5.5), (x + 5.5, y), (x, y + 5.5), (x - 5.5, y)), "full")]
    if place == 2:
        return [tag("rect", x=x - 4, y=y - 4, width=8, height=8, class_="hollow")]
    return [polygon(((x, y - 5), (x + 5, y + 4), (x - 5, y + 4)), "hollow")]


def series_key(equation: str, prefix: str) -> Markup:
    """The mark and line of an equation, for a legend."""
    place = SERIES.index(equation) if equation in SERIES else len(SERIES)
    shape = group(
        (line(0, 9, 18, 9, "curve"), *series_mark(place, 9, 9)), class_=f"series series-{place}"
    )
    return key_picture(shape, f"{prefix}-key-hatch")
