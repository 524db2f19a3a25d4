"""The card of a fluoropyrimidine or of irinotecan in colorectal cancer: what is known of the
tumour (RAS, BRAF, MSI) beside what is known of the patient (DPYD, UGT1A1), in one answer.

It informs alone: the pharmacogene's advice has a card of its own.
"""

from collections.abc import Mapping, Sequence

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.detail import is_untested, result_line, section
from fhir_pgx.cards.headline import capitalised
from fhir_pgx.cards.markdown import escape, plain
from fhir_pgx.cards.source import topic
from fhir_pgx.cards.therapy import therapy_card
from fhir_pgx.cards.tumour.words import cancer_words
from fhir_pgx.model.card import Card
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.phenotype import GeneResult
from fhir_pgx.model.tumour import Cancer
from fhir_pgx.model.tumour_answer import BiomarkerState

_OWN_CARD = "What the gene means for the dose stands on the card of the gene, where there is one."
_CHOOSES = (
    "The tumour's results choose what is given beside the chemotherapy (anti-EGFR antibody, "
    "encorafenib, immunotherapy); they do not change the dose."
)


def host_card(
    order: MedicationOrder,
    drug: str,
    gene: str,
    cancer: Cancer,
    states: Sequence[BiomarkerState],
    results: Mapping[str, GeneResult],
    context: CardContext,
) -> Card | None:
    """None where nothing of the tumour is on file."""
    known = [each for each in states if each.state]
    if not known:
        return None
    missing = [each.name.removesuffix(" mutation") for each in states if not each.is_answered]
    found = [e.state for e in known if e.is_answered and " not found in " not in e.state]
    not_found = [
        each.name.removesuffix(" mutation") for each in known if " not found in " in each.state
    ]
    tumour = "; ".join([*found, *([f"no {', '.join(not_found)} mutation"] if not_found else [])])
    parts = (
        f"**Order** {escape(order.concept.label or drug)}; cancer: {escape(cancer_words(cancer))}",
        section("Tumour", [_line(each) for each in states]),
        section("Patient (germline)", [result_line(gene, results)]),
        f"{_CHOOSES} {_OWN_CARD}",
    )
    without = f"no usable {', '.join(missing[:3])}" if missing else ""
    said = "; ".join(part for part in (tumour, without) if part)
    result = results.get(gene)
    untested = result is None or is_untested(result)
    host = "no result on file" if untested else (result and result.phenotype) or "see the detail"
    return therapy_card(
        subject=topic("fhir_pgx", drug, (gene,), "host-and-tumour"),
        summary=plain(f"{capitalised(drug)}: tumour {said}; patient's {gene}: {host}.", 300),
        indicator="info",
        parts=parts,
        advice=(),
        context=context,
        about=f"{order.reference} host and tumour",
        orders=(order.reference,),
        drug=drug,
    )


def _line(state: BiomarkerState) -> str:
    if not state.state:
        return f"{escape(state.name)}: no result on file."
    unusable = "" if state.is_answered else " (no usable answer)"
    return f"{escape(state.name)}: {escape(state.state, 200)}{unusable}."
