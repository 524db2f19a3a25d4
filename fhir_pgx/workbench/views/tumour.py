"""A patient's tumours as a fragment of a page: findings, biomarkers, options by tier.

Its style is `static/tumour.css`. Nothing on it is an order, and nothing on it makes one.
"""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from fhir_pgx.workbench.templates import fragment
from fhir_pgx.workbench.text.plain import one_line
from fhir_pgx.workbench.views.tumour_findings import finding_tables, marker_rows
from fhir_pgx.workbench.views.tumour_options import cancer_drawn


def render_tumour(view: Mapping[str, Any], *, level: int = 3, prefix: str = "tumour") -> Markup:
    """The JSON of `Pipeline.tumour_view`. `level` is that of its headings, `prefix` begins every
    id."""
    cancers = view.get("cancers") or ()
    knowledge = view.get("knowledge") or {}
    return fragment(
        "views/tumour.html",
        subject=one_line(view.get("subject")),
        release=one_line(knowledge.get("release")),
        tables=finding_tables(view.get("findings") or ()),
        markers=marker_rows(view.get("biomarkers") or (), cancers),
        cancers=[cancer_drawn(each) for each in cancers],
        reported=[_reported(each) for each in view.get("reported") or ()],
        caveats=[
            f"{one_line(each.get('text'))} ({one_line(each.get('code'))})"
            for each in view.get("caveats") or ()
        ],
        not_understood=[
            (one_line(each.get("reference")), one_line(each.get("reason")))
            for each in view.get("not_understood") or ()
        ],
        level=min(max(level, 2), 4),
        prefix=prefix,
    )


def _reported(each: Mapping[str, Any]) -> str:
    genes = ", ".join(one_line(gene) for gene in each.get("genes") or ()) or "no gene named"
    said = [one_line(text) for text in (*(each.get("texts") or ()), *(each.get("drugs") or ()))]
    level = one_line(each.get("level"))
    words = "; ".join(text for text in said if text) or "no words"
    return (
        f"{genes}: {words}{f', level {level}' if level else ''} ({one_line(each.get('reference'))})"
    )
