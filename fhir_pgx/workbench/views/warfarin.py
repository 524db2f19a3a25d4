"""Warfarin's dose against each input as a fragment of a page. Its style is `static/views.css`."""

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from fhir_pgx.workbench.drawings.dose_panel import (
    SERIES,
    UNITS,
    dose_panel,
    dose_text,
    highest_dose,
    series_key,
)
from fhir_pgx.workbench.templates import fragment
from fhir_pgx.workbench.text.plain import one_line
from fhir_pgx.workbench.views.record import record_of

STEPS = {"age": 10, "weight": 10, "height": 10}  # of the values that a table shows


def render_warfarin(view: Mapping[str, Any], *, level: int = 3, prefix: str = "warfarin") -> Markup:
    """The fragment of one view (`reports/warfarin_view.py`). `level` is that of its heading;
    `prefix` begins every id."""
    highest = highest_dose(view)
    names = {each["id"]: each["label"] for each in view.get("equations", ())}
    drawings = {
        (place, panel["name"]): dose_panel(
            panel, highest=highest, prefix=f"{prefix}-{place}-{panel['name']}"
        )
        for place, branch in enumerate(view.get("branches", ()))
        for panel in branch.get("panels", ())
    }
    return fragment(
        "views/warfarin.html",
        view=record_of(view),
        level=min(max(level, 2), 5),
        prefix=prefix,
        drawings=drawings,
        keys=[(series_key(each, prefix), names.get(each, each)) for each in _drawn(view)],
        names=names,
        units=UNITS,
        dose_text=dose_text,
        table_points=table_points,
        equations_of=equations_of,
        shown=one_line,
    )


def _drawn(view: Mapping[str, Any]) -> list[str]:
    """The equations that any panel of the view shows."""
    found = {
        each
        for branch in view.get("branches", ())
        for panel in branch.get("panels", ())
        for each in equations_of(panel)
    }
    return [each for each in SERIES if each in found]


def equations_of(panel: Mapping[str, Any]) -> list[str]:
    """The equations that a panel shows, in the order of their marks."""
    found = {dose["equation"] for point in panel["points"] for dose in point.get("doses") or ()}
    return [each for each in SERIES if each in found]


def table_points(panel: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The points of a panel for its table: of a curve the round values and the patient's own."""
    step = STEPS.get(panel["name"])
    if step is None:
        return list(panel["points"])
    return [
        each for each in panel["points"] if each.get("patient") or float(each["at"]) % step == 0
    ]
