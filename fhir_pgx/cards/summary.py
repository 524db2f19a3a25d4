"""The quiet card of hooks about a chart: what is known, and which medicines in use it concerns."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fhir_pgx.cards.advised import advised
from fhir_pgx.cards.context import CardContext
from fhir_pgx.cards.detail import matched, result_line, section, told
from fhir_pgx.cards.headline import LIMIT, capitalised
from fhir_pgx.cards.markdown import cut, escape, items
from fhir_pgx.cards.source import EXTENSION, source_of, topic
from fhir_pgx.model.card import Card, Facets
from fhir_pgx.model.drug import MedicationOrder
from fhir_pgx.model.finding import Caveat
from fhir_pgx.model.phenotype import GeneResult
from fhir_pgx.model.recommendation import DrugAdvice, Recommendation


@dataclass(frozen=True, slots=True)
class Moment:
    """When a summary is shown: its part of the topic, so that one moment is overridden without the
    others, and its words; `summary` has `{count}` and `{names}`."""

    action: str
    summary: str
    heading: str = "Medicines in use"
    closing: str = "The advice in full comes with the next order of the medicine."


CHART = Moment("summary", "Pharmacogenomics: {count} in use concerned by results: {names}.")
ADMISSION = Moment("admission", "On admission: results concern {count} in use: {names}.")
DISCHARGE = Moment(
    "discharge",
    "At discharge: results concern {count} without a warning: {names}.",
    "Discharge medicines that results concern without a warning",
)
APPOINTMENT = Moment("appointment", "Before the visit: results concern {count} in use: {names}.")


def summary_card(
    concerned: Sequence[tuple[MedicationOrder, DrugAdvice]],
    results: Mapping[str, GeneResult],
    context: CardContext,
    moment: Moment = CHART,
    limits: Sequence[Caveat] = (),
) -> Card | None:
    """One card for all medicines in use that a result concerns; None where there is none.

    `limits` are what could not be looked at. It is `info` whatever it says: opening a chart is not
    an order, and a chart that alarms at every opening is silenced.
    """
    if not concerned:
        return None
    drugs = list(dict.fromkeys(advice.drug for _, advice in concerned))
    given = [(order, advice, advice.recommendations) for order, advice in concerned]
    genes = list(dict.fromkeys(gene for *_, answer in given for r in answer for gene in r.genes))
    sources = list(dict.fromkeys(advice.lead for _, advice in concerned))
    subject = topic("PGX", "medicines in use", (), moment.action)
    orders = tuple(dict.fromkeys(order.reference for order, _ in concerned))
    lines = _lines(given)
    count = "1 medicine" if len(drugs) == 1 else f"{len(drugs)} medicines"
    names = ", ".join(capitalised(drug) for drug in drugs)
    return Card(
        uuid=str(uuid.uuid5(context.namespace, subject.code)),
        summary=cut(moment.summary.format(count=count, names=names), LIMIT),
        indicator="info",
        source=source_of(sources, subject),
        detail="\n\n".join(
            part
            for part in (
                f"**{moment.heading}**\n\n{items(lines)}",
                f"**Results**\n\n{items([result_line(gene, results) for gene in genes])}",
                section("Limits", [told(caveat) for caveat in limits]),
                moment.closing,
                f"**Source** {', '.join(sources)}; knowledge release {context.knowledge_release}. "
                "This informs; the prescriber decides.",
            )
            if part
        ),
        orders=orders,
        rules=tuple(dict.fromkeys(r.rule for *_, answer in given for r in answer)),
        facets=Facets(
            "", genes=tuple(genes), serious=any(r.serious for *_, answer in given for r in answer)
        ),
        extension={
            EXTENSION: {
                "orders": list(orders),
                "knowledge": {"release": context.knowledge_release},
            }
        },
    )


def _lines(
    given: Sequence[tuple[MedicationOrder, DrugAdvice, tuple[Recommendation, ...]]],
) -> list[str]:
    """What is advised for each drug once, the gravest first, behind the orders it is for; and by
    whom, where not all of it is by one source."""
    is_mixed = len({advice.lead for _, advice, _ in given}) > 1
    said: dict[int, tuple[str, str]] = {}  # of each advice, which many orders may share
    held: dict[tuple[str, str], dict[str, int]] = {}
    for order, advice, _ in sorted(given, key=lambda each: not any(r.serious for r in each[2])):
        if id(advice) not in said:
            by = f" ({advice.lead})" if is_mixed else ""
            said[id(advice)] = (advice.drug, escape(advised(advice), 1500) + by)
        named = f"{escape(order.concept.label or advice.drug)}{matched(order)}"
        labels = held.setdefault(said[id(advice)], {})
        labels[named] = labels.get(named, 0) + 1
    return [
        "; ".join(f"{name}{f', {n} times' if n > 1 else ''}" for name, n in labels.items())
        + f": {text}"
        for (_, text), labels in held.items()
    ]
