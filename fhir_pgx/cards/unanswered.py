"""The quiet card of an order for which a source has no advice by this patient's results."""

import uuid
from collections.abc import Mapping, Sequence

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.detail import INCOMPLETE, is_untested, matched, result_line, section, told
from fhir_pgx.cards.form import is_for_local_use
from fhir_pgx.cards.headline import LIMIT, capitalised
from fhir_pgx.cards.markdown import cut, escape, plain
from fhir_pgx.cards.source import EXTENSION, SOURCES, topic
from fhir_pgx.model.card import Card, Facets, Source
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.phenotype import GeneResult
from fhir_pgx.model.recommendation import Unanswered


def limits_of(
    genes: Sequence[str], results: Mapping[str, GeneResult], context: CardContext
) -> list[Caveat]:
    """What limits an answer about these genes: their own caveats, what did not come, what came and
    was not read."""
    limits = {caveat: None for gene in genes if gene in results for caveat in results[gene].caveats}
    if context.incomplete:
        limits[INCOMPLETE] = None
    if context.unread:
        count = "1 resource" if context.unread == 1 else f"{context.unread} resources"
        limits[
            Caveat("PGX-617", f"{count} sent along could not be read; a result may stand there.")
        ] = None
    if elsewhere := results_elsewhere(genes, results, context):
        limits[elsewhere] = None
    return list(limits)


def results_elsewhere(
    genes: Sequence[str], results: Mapping[str, GeneResult], context: CardContext
) -> Caveat | None:
    """That a genetic report came without its results, where one of these genes has none."""
    bare = [gene for gene in genes if gene not in results or is_untested(results[gene])]
    if not context.reports or not bare:
        return None
    many = (
        "A genetic report is" if context.reports == 1 else f"{context.reports} genetic reports are"
    )
    its = "its" if context.reports == 1 else "their"
    return Caveat(
        "PGX-629",
        f"{many} on file and {its} results were not sent: a {' or '.join(bare)} result may be "
        "among them.",
    )


def unanswered_card(
    order: MedicationOrder,
    answer: Unanswered,
    results: Mapping[str, GeneResult],
    context: CardContext,
    *,
    source: str,
) -> Card | None:
    """An info card that a usable result is on file and no source has a row for it; None for an
    order for local use. What is missing is told by `pretest_card`."""
    if is_for_local_use(order):
        return None
    label, url = SOURCES[source]
    said = f"{source} has no advice for this {' and '.join(answer.genes)} result."
    subject = topic(source, answer.drug, answer.genes, answer.reason)
    parts = (
        f"**Order** {escape(order.concept.label or answer.drug)}{matched(order)}",
        escape(answer.text, 600),
        section("Results", [result_line(gene, results) for gene in answer.genes]),
        section("Limits", [told(each) for each in limits_of(answer.genes, results, context)]),
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
        facets=Facets(answer.drug, answer.rxcui, answer.genes, source=source, action=answer.reason),
        extension={
            EXTENSION: {
                "orders": [order.reference],
                "unanswered": answer.reason,
                "knowledge": {"release": context.knowledge_release},
            }
        },
    )
