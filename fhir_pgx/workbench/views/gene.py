"""One gene of one patient as a fragment of a page: track, haplotypes, scale, each with its table.

Its style is `static/views.css`. It works without JavaScript, and in print.
"""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from fhir_pgx.model.phenotype import BETWEEN, phenotype_told
from fhir_pgx.workbench.drawings.activity_scale import activity_scale, band_text, marker_text
from fhir_pgx.workbench.drawings.gene_track import gene_track, is_drawn_to_scale
from fhir_pgx.workbench.drawings.gene_words import legend, letter_of, positions_drawn
from fhir_pgx.workbench.templates import fragment
from fhir_pgx.workbench.text.plain import one_line
from fhir_pgx.workbench.views.record import record_of

WIDE, NARROW = 760, 330  # units; the style sheet shows the one that fits
SHOWN = 12  # positions of a table that stands open; a longer one is folded
HLA_WORDS = {"positive": "positive", "negative": "negative", "not-known": "not known"}


def render_gene(view: Mapping[str, Any], *, level: int = 3, prefix: str = "gene") -> Markup:
    """The fragment of one view (`reports/gene_view.py`). `level` is that of its heading; `prefix`
    begins every id, so that several genes can stand on one page."""
    has_track = bool(view.get("positions"))
    return fragment(
        "views/gene.html",
        view=record_of(view),
        level=min(max(level, 2), 5),
        prefix=prefix,
        wide=gene_track(view, width=WIDE, prefix=f"{prefix}-wide"),
        narrow=gene_track(view, width=NARROW, prefix=f"{prefix}-narrow"),
        to_scale=has_track and is_drawn_to_scale(view, WIDE),
        drawn=len(positions_drawn(view)) if has_track else 0,
        legend=legend(view, prefix),
        scale=activity_scale(view, width=NARROW, prefix=f"{prefix}-scale"),
        band_text=band_text,
        marker_text=marker_text,
        letter_of=letter_of,
        shown=one_line,
        hla_words=HLA_WORDS,
        phenotype=phenotype_told(
            view["status"],
            view.get("phenotype"),
            (each.get("phenotype") for each in view.get("candidates", ())),
        ),
        # Of results that disagree the score is one of theirs.
        score="" if view["status"] in BETWEEN else view.get("activity_score", ""),
        is_folded=len(view.get("positions", ())) > SHOWN,
    )
