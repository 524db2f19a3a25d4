"""The card of a new cancer on the problem list: the biomarkers by which a label names a drug in
it, what is on file of them, and one order for those that are missing.
"""

from collections.abc import Sequence

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.detail import section
from fhir_pgx.cards.headline import capitalised
from fhir_pgx.cards.markdown import escape, plain
from fhir_pgx.cards.pretest import Requester
from fhir_pgx.cards.source import topic
from fhir_pgx.cards.therapy import therapy_card
from fhir_pgx.cards.tumour.request import TISSUE, not_ordered, offered_test, specimen_of
from fhir_pgx.cards.tumour.words import LOOKED_FOR
from fhir_pgx.model.card import Card, Source
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.test_order import TestOrder
from fhir_pgx.model.tumour import Cancer
from fhir_pgx.model.tumour_answer import BiomarkerState

_DRUGS = 3
_GENES = 4
STAGE = Caveat(
    "PGX-709",
    "Most of these drugs are for advanced or metastatic disease, or for a later line: whether a "
    "result would change anything now depends on the stage.",
)
_ROOM = 95  # signs of a summary beside the name of the cancer


def new_cancer_card(
    cancer: Cancer,
    own: Sequence[BiomarkerState],
    shared: Sequence[BiomarkerState],
    tests: Sequence[TestOrder],
    requester: Requester | None,
    context: CardContext,
) -> Card | None:
    """None where no label names a drug by a biomarker in this cancer. `own` are the cancer's
    biomarkers, `shared` those that hold for every solid tumour."""
    if not own:
        return None
    missing = [each for each in own if not each.is_answered]
    known = [each for each in (*own, *shared) if each.is_answered]
    left, running = not_ordered([(m.name, m.genes) for m in missing], tests)
    subject = topic("FDA", "tumour", (cancer.nodes[0],), "biomarkers")
    label = cancer.stated.label
    parts = (
        f"**New problem** {escape(label)}",
        section("On file", [f"{escape(e.name)}: {escape(e.state, 200)}." for e in known]),
        section("Without a usable result", [_line(each) for each in missing]),
        section(
            "For any solid tumour, where nothing else serves",
            [_line(each) for each in shared if not each.is_answered],
        ),
        section(
            "Ordered already",
            [escape(f"{each.label or 'a test'}, {each.reference}", 200) for each in running],
        ),
    )
    names = ", ".join(_short(each) for each in missing[:4])
    more = f" and {len(missing) - 4} more" if len(missing) > 4 else ""
    if missing:
        said = f"no usable result of {names}{more}, on which label therapy depends."
        if len(said) > _ROOM:
            few, left_over = ", ".join(_short(each) for each in missing[:2]), len(missing) - 2
            others = f" and {left_over} more" if left_over > 0 else ""
            said = f"no usable result of {few}{others}, on which label therapy depends."
        kinds = list(dict.fromkeys(kind for each in missing for kind in each.kinds))
        if kinds:  # the cancer is recorded more widely than any label row
            first = f"if it is {kinds[0]}" + (" or …" if kinds[1:] else "")
            few = ", ".join(_short(each) for each in missing[:2])
            others = f" and {len(missing) - 2} more" if len(missing) > 2 else ""
            said = f"{first}, no usable result of {few}{others}."
    else:
        said = "every biomarker that a label asks for here has a result on file."
    return therapy_card(
        subject=subject,
        summary=f"{capitalised(plain(label, 40))}: {said}",
        indicator="info",
        parts=parts,
        advice=(),
        context=context,
        about=f"new {cancer.stated.origin.reference}",
        limits=(LOOKED_FOR, STAGE),
        suggestions=offered_test(
            left,
            f"Therapy of {label}",
            requester,
            context,
            specimen=specimen_of(left, TISSUE),
        ),
        source=Source(
            "U.S. Food and Drug Administration (FDA): labels and companion diagnostics",
            "https://www.fda.gov/medical-devices/in-vitro-diagnostics/"
            "list-cleared-or-approved-companion-diagnostic-devices-in-vitro-and-imaging-tools",
            subject,
        ),
    )


def _short(marker: BiomarkerState) -> str:
    """`BRCA1 and 13 more genes` for a list of fourteen."""
    if len(marker.genes) <= _GENES:
        return marker.name
    return f"{marker.genes[0]} and {len(marker.genes) - 1} more genes"


def _line(marker: BiomarkerState) -> str:
    drugs = ", ".join(marker.drugs[:_DRUGS])
    more = f" and {len(marker.drugs) - _DRUGS} more" if len(marker.drugs) > _DRUGS else ""
    state = f" {escape(marker.state, 200)}." if marker.state else ""
    state += f" If it is {escape(' or '.join(marker.kinds[:3]), 120)}." if marker.kinds else ""
    return f"{escape(marker.name)}: changes the use of {escape(drugs, 200)}{more}.{state}"
