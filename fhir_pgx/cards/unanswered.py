"""The quiet card of an order whose guidance this patient's results do not answer."""

import uuid
from collections.abc import Mapping

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.detail import INCOMPLETE, is_untested, matched, result_line, section, told
from fhir_pgx.cards.form import is_for_local_use
from fhir_pgx.cards.headline import LIMIT, capitalised
from fhir_pgx.cards.markdown import cut, escape, plain
from fhir_pgx.cards.source import EXTENSION, SOURCES, topic
from fhir_pgx.model.card import Card, Source
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.phenotype import GeneResult
from fhir_pgx.model.recommendation import Unanswered

_MISSING_IS_NOT_NORMAL = (
    "A missing or unusable result is not a normal result. If there is another result in the "
    "chart, it did not reach this service."
)


def _said(
    answer: Unanswered, results: Mapping[str, GeneResult], source: str, *, incomplete: bool
) -> str:
    """Each gene in its own state: not tested and tested without an answer are two things."""
    if answer.reason == "no-row":
        return f"{source} has no advice for this {' and '.join(answer.genes)} result."
    untested = [g for g in answer.genes if g not in results or is_untested(results[g])]
    tested = [g for g in answer.genes if g not in untested]
    where = "in the part of the data that came" if incomplete else "on file"
    tumour = any(c.code == "PGX-610" for g in untested if g in results for c in results[g].caveats)
    kind = "germline " if tumour else ""
    states = [f"no {kind}{' or '.join(untested)} result {where}"] if untested else []
    if tested:
        states.append(f"{' and '.join(tested)} on file without a usable answer")
    return f"{', '.join(states)}; {source} advice depends on it."


def unanswered_card(
    order: MedicationOrder,
    answer: Unanswered,
    results: Mapping[str, GeneResult],
    context: CardContext,
    *,
    source: str,
    important: bool,
) -> Card | None:
    """An info card that says what is missing; None where the settings ask for none.

    What is on file and was not usable is shown with its caveats: a tumour result, one allele of
    two, a variant that was not called.
    """
    caveats = [
        caveat for gene in answer.genes if gene in results for caveat in results[gene].caveats
    ]
    if is_for_local_use(order):
        return None
    untested = answer.reason == "not-tested" and not caveats
    if untested and (context.untested == "none" or not (important or context.untested == "all")):
        return None
    label, url = SOURCES[source]
    said = _said(answer, results, source, incomplete=context.incomplete)
    subject = topic(source, answer.drug, answer.genes, answer.reason)
    limits = dict.fromkeys([*caveats, *([INCOMPLETE] if context.incomplete else [])])
    if context.unread:
        count = "1 resource" if context.unread == 1 else f"{context.unread} resources"
        limits[
            Caveat("PGX-617", f"{count} sent along could not be read; a result may stand there.")
        ] = None
    parts = (
        f"**Order** {escape(order.concept.label or answer.drug)}{matched(order)}",
        escape(answer.text, 600),
        section("Results", [result_line(gene, results) for gene in answer.genes]),
        section("Limits", [told(caveat) for caveat in limits]),
        _MISSING_IS_NOT_NORMAL if answer.reason != "no-row" else "",
        f"**Source** {source}; knowledge release {context.knowledge_release}. This informs; the "
        "prescriber decides.",
    )
    return Card(
        uuid=str(uuid.uuid5(context.namespace, f"{order.reference} {subject.code}")),
        summary=cut(f"{plain(capitalised(answer.drug), 60)}: {said}", LIMIT),
        indicator="info",
        source=Source(label, url, subject),
        detail="\n\n".join(part for part in parts if part),
        orders=(order.reference,),
        extension={
            EXTENSION: {
                "orders": [order.reference],
                "unanswered": answer.reason,
                "knowledge": {"release": context.knowledge_release},
            }
        },
    )
