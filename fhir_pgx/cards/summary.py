"""The quiet card of patient-view: what is known, and which medicines in use it concerns."""

import uuid
from collections.abc import Mapping, Sequence

from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.detail import matched, result_line
from fhir_pgx.cards.headline import LIMIT, capitalised, headline
from fhir_pgx.cards.markdown import cut, escape, items
from fhir_pgx.cards.source import EXTENSION, SOURCES, topic
from fhir_pgx.model.card import Card, Source
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.phenotype import GeneResult
from fhir_pgx.model.recommendation import Recommendation


def summary_card(
    concerned: Sequence[tuple[MedicationOrder, tuple[Recommendation, ...]]],
    results: Mapping[str, GeneResult],
    context: CardContext,
) -> Card | None:
    """One card for all medicines in use that a result concerns; None where there is none.

    It is `info` whatever it says: opening a chart is not an order, and a chart that alarms at
    every opening is silenced.
    """
    if not concerned:
        return None
    label, url = SOURCES["CPIC"]
    drugs = list(dict.fromkeys(answer[0].drug for _, answer in concerned))
    genes = list(dict.fromkeys(gene for _, answer in concerned for gene in answer[0].genes))
    subject = topic("CPIC", "medicines in use", (), "summary")
    lines = []
    weightiest = sorted(concerned, key=lambda each: not any(r.serious for r in each[1]))
    for order, answer in weightiest:
        said = headline(answer).split(": ", 1)[1]
        lines.append(
            f"{escape(order.concept.label or answer[0].drug)}{matched(order)}: {escape(said, 300)}"
        )
    count = "1 medicine" if len(drugs) == 1 else f"{len(drugs)} medicines"
    names = ", ".join(capitalised(drug) for drug in drugs)
    return Card(
        uuid=str(uuid.uuid5(context.namespace, subject.code)),
        summary=cut(f"Pharmacogenomics: {count} in use concerned by results: {names}.", LIMIT),
        indicator="info",
        source=Source(label, url, subject),
        detail="\n\n".join(
            (
                f"**Medicines in use**\n\n{items(lines)}",
                f"**Results**\n\n{items([result_line(gene, results) for gene in genes])}",
                "The advice in full comes with the next order of the medicine.",
                f"**Source** CPIC; knowledge release {context.knowledge_release}. This informs; "
                "the prescriber decides.",
            )
        ),
        orders=tuple(order.reference for order, _ in concerned),
        rules=tuple(r.rule for _, answer in concerned for r in answer),
        extension={
            EXTENSION: {
                "orders": [order.reference for order, _ in concerned],
                "knowledge": {"release": context.knowledge_release},
            }
        },
    )
